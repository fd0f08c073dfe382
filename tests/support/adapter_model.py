"""A trained adapter as the toolkit lays it out, made up for tests."""
import json
import struct

import numpy as np


def write_adapter(folder, labels, hidden=8, channels=128):
    """The toolkit's adapter_model/ with made-up weights, the last layer's bias in favour of the last label."""
    rng, tensors = np.random.default_rng(3), {}
    for name, shape in (("vision_embd.0.weight", (512, channels)), ("vision_embd.0.bias", (512,)),
                        ("vision_embd.2.weight", (512, 512)), ("vision_embd.2.bias", (512,)),
                        ("vision_embd.3.weight", (512,)), ("vision_embd.3.bias", (512,)),
                        ("retrieval_conv.0.weight", (hidden, 512, 3)), ("retrieval_conv.0.bias", (hidden,)),
                        ("retrieval_conv.2.weight", (hidden, hidden, 3)), ("retrieval_conv.2.bias", (hidden,)),
                        ("prediction_head.0.weight", (len(labels), hidden))):
        tensors[name] = rng.normal(0, 0.05, shape).astype("<f4")
    tensors["prediction_head.0.bias"] = np.arange(len(labels), dtype="<f4") * 3
    header, data = {}, b""
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape),
                        "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    folder.mkdir()
    (folder / "adapter.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (folder / "config.json").write_text(json.dumps({"in_channels": channels, "hidden_dim": hidden, "labels": labels}))

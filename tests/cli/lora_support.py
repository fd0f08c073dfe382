"""LoRA files by hand, and what NumPy makes of them."""
import hashlib
import json
import struct
from pathlib import Path

import numpy


def read(path):
    """Name -> f32 array of a safetensors file, and its metadata."""
    content = Path(path).read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, row in header.items():
        begin, end = (8 + size + offset for offset in row["data_offsets"])
        if row["dtype"] == "BF16":
            array = (numpy.frombuffer(content[begin:end], "<u2").astype("<u4") << 16).view("<f4")
        else:
            array = numpy.frombuffer(content[begin:end], {"F32": "<f4", "F16": "<f2"}[row["dtype"]]).astype("<f4")
        tensors[name] = array.reshape(row["shape"])
    return tensors, metadata


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        raw = numpy.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(numpy.shape(array)), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)
    return Path(path)


def metadata_for(model, rank, alpha):
    sha = hashlib.sha256((Path(model) / "model.safetensors").read_bytes()).hexdigest()
    return {"format": "mi2-lora-1", "base_sha256": sha, "rank": str(rank), "alpha": str(alpha), "targets": '["attn"]'}


def make_lora(model, path, rank=2, alpha=3.0):
    """Additions to all linear layers of attention and MLP of a model."""
    random = numpy.random.default_rng(5)
    tensors = {}
    for name, array in read(Path(model) / "model.safetensors")[0].items():
        if array.ndim != 2 or not any(part in name for part in ("attn", "ffn", "mlp")):
            continue
        tensors[name + ".lora_A"] = random.normal(0, 0.1, (rank, array.shape[1]))
        tensors[name + ".lora_B"] = random.normal(0, 0.1, (array.shape[0], rank))
    return write(path, tensors, metadata_for(model, rank, alpha))


def merged(model, lora):
    """W + alpha / rank * B A, in f64, as PEFT's merge_and_unload() has it."""
    tensors, _ = read(Path(model) / "model.safetensors")
    changes, metadata = read(lora)
    scale = float(metadata["alpha"]) / int(metadata["rank"])
    result = {}
    for name, array in tensors.items():
        value = changes.get(name, array).astype("f8")
        if name + ".lora_A" in changes:
            value = value + scale * (changes[name + ".lora_B"].astype("f8") @ changes[name + ".lora_A"].astype("f8"))
        result[name] = value
    return result


def merged_folder(model, lora, folder):
    """A model directory of the two."""
    folder.mkdir()
    for file in ("config.yaml", "vocab.json", "merges.txt"):
        if (Path(model) / file).exists():
            (folder / file).write_bytes((Path(model) / file).read_bytes())
    write(folder / "model.safetensors", merged(model, lora), {"format": "pt"})
    return folder

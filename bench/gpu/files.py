"""Files and golden values, with nothing but numpy: the machine with the GPU may have no more."""
import json
import pathlib
import struct

import numpy

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"
TYPES = {"F32": numpy.float32, "I64": numpy.int64, "U8": numpy.uint8}


def read_tensors(path):
    """name -> array, of a safetensors file; tensors of other types are left out."""
    content = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in TYPES:
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = numpy.frombuffer(content[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write_tensors(path, tensors):
    """f32 arrays as a safetensors file."""
    header, blocks, at = {}, [], 0
    for name, values in tensors.items():
        block = numpy.ascontiguousarray(values, numpy.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def numbers(config, key):
    """The numbers in a list of a config.yaml."""
    line = next(line for line in config.splitlines() if line.strip().startswith(key + ":"))
    return [float(word) for word in line.split(":", 1)[1].strip(" []").split(",")]


class Golden:
    """Expected values of one of the golden models, and what goes in: pixels of one profile, and ids."""

    def __init__(self, name):
        folder = GOLDEN / "data" / name
        self.config_path = folder / "config.yaml"
        self.config = self.config_path.read_text()
        self.expected = read_tensors(folder / "expected.safetensors")
        cases = json.loads((folder / "cases.json").read_text())
        ids = {case["text"]: case["input_ids"]
               for case in map(json.loads, (GOLDEN / "data/tokenizer_cases.jsonl").read_text().splitlines())}
        self.ids = [ids[text] for text in cases["texts"]]
        self.profile = "raw" if "resized.raw.0" in self.expected else "azure"
        self.image_vectors = self.expected[f"image_features.{self.profile}"]
        self.text_vectors = self.expected["text_features"]

    def pixels(self):
        """f32 [B, H, W, 3], normalised."""
        images = numpy.stack([self.expected[f"resized.{self.profile}.{i}"] for i in range(len(self.image_vectors))])
        mean, std = (numpy.float32(numbers(self.config, key)) for key in ("IMAGE_MEAN", "IMAGE_STD"))
        return (images.transpose(0, 2, 3, 1).astype(numpy.float32) / 255 - mean) / std


def least_cosine(one, other):
    """The smallest cosine of rows; NaN counts as -1."""
    cosines = (one * other).sum(1) / numpy.linalg.norm(one, axis=1) / numpy.linalg.norm(other, axis=1)
    return float(numpy.nan_to_num(cosines, nan=-1).min())


def worst_difference(one, other):
    """The largest difference of a number; NaN counts as infinity."""
    return float(numpy.nan_to_num(numpy.abs(one - other), nan=numpy.inf).max())

"""What the tests of mi2 adapter write and read."""
import csv
import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from torch_file import write_torch as torch_file  # noqa: E402, F401


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        values = np.ascontiguousarray(values, dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    header.pop("__metadata__", None)
    data = raw[8 + length:]
    return {name: np.frombuffer(data[slice(*row["data_offsets"])], "<f4").reshape(row["shape"])
            for name, row in header.items()}


def write_embeddings(path, names, vectors):
    with open(path, "w", encoding="utf-8") as f:
        for name, vector in zip(names, vectors):
            f.write(json.dumps({"path": name, "embedding": [float(np.float32(v)) for v in vector]}) + "\n")
    return str(path)


def write_labels(path, rows, header=("path", "split", "label")):
    with open(path, "w", newline="", encoding="utf-8") as f:
        table = csv.writer(f)
        table.writerow(header)
        table.writerows(rows)
    return str(path)


def toolkit_weights(in_channels, hidden, labels):
    """Of an adapter of the healthcareai toolkit, at random."""
    random = np.random.default_rng(11)
    shapes = {"vision_embd.0.weight": (512, in_channels), "vision_embd.0.bias": (512,),
              "vision_embd.2.weight": (512, 512), "vision_embd.2.bias": (512,),
              "vision_embd.3.weight": (512,), "vision_embd.3.bias": (512,),
              "retrieval_conv.0.weight": (hidden, 512, 3), "retrieval_conv.0.bias": (hidden,),
              "retrieval_conv.2.weight": (hidden, hidden, 3), "retrieval_conv.2.bias": (hidden,),
              "prediction_head.0.weight": (labels, hidden), "prediction_head.0.bias": (labels,)}
    return {name: random.normal(size=shape).astype(np.float32) / math.sqrt(shape[1] if len(shape) > 1 else 1)
            for name, shape in shapes.items()}


def scores(mi2, head, embeddings, *more):
    """{path: {label: score}}"""
    rows = mi2.rows("adapter", "classify", "--head", str(head), "--embeddings", str(embeddings), "--format", "jsonl", *more)
    return {row["path"]: {score["label"]: score["score"] for score in row["labels"]} for row in rows}


def train(mi2, folder, x, table, header, target, *more, name="head", status=0, samples="60"):
    """A head of a target: its stem and its report."""
    names = [f"{i:04}.png" for i in range(len(x))]
    embeddings = write_embeddings(folder / "e.jsonl", names, x)
    labels = write_labels(folder / "labels.csv", ([n, *row] for n, row in zip(names, table)), ("path", *header))
    done = mi2("adapter", "train", "--embeddings", embeddings, "--labels", labels, "--out", str(folder / name),
               "--force", "--target", target, "--format", "json", "--bootstrap", samples, "--threads", "1",
               "--report", str(folder / "report"), *more, status=status)
    return folder / name, json.loads(done.stdout) if status == 0 else done.errors


def weights(head):
    return read_safetensors(Path(f"{head}.safetensors"))["weight"][0]


def predictions(mi2, head):
    rows = mi2.rows("adapter", "predict", "--head", str(head), "--embeddings", str(head.parent / "e.jsonl"),
                    "--format", "jsonl")
    return np.array([row["labels"][0]["score"] for row in rows])

#!/usr/bin/env python3
"""Makes models/starter of a trained model: weights in F16, and what its test compares the program's vectors with.

    publish.py PROGRAM TRAINED DATA [OUT]     TRAINED: mi2 train's model folder; DATA: manifest.csv and the images

Writes model.safetensors, cases.json and expected.safetensors into OUT (models/starter). The expected vectors are f32 of
the F16 weights by bench/peers/torch_port.py: images of split `test` as Pillow resizes them (profile raw), and the texts
of OUT/labels.txt. Prints the least cosine of PyTorch's bf16 with its f32. Needs torch, safetensors, Pillow, PyYAML, numpy.
"""
import csv
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
from torch_port import MedImageInsight, normalise  # noqa: E402


def pixels(path, config):
    """As the profile raw: u8 [3, H, W], resized as Pillow does."""
    height, width = config["IMAGE_ENCODER"]["IMAGE_SIZE"]
    image = Image.open(path).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def token_ids(program, model, texts):
    done = subprocess.run([program, "tokenize", "--model", model, "--", *texts], check=True, capture_output=True, text=True)
    return [json.loads(line)["input_ids"] for line in done.stdout.splitlines()]


def main():
    program, trained, data = sys.argv[1:4]
    out = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else ROOT / "models" / "starter"
    config = yaml.safe_load((out / "config.yaml").read_text())
    half = {name: value.half() for name, value in load_file(pathlib.Path(trained) / "model.safetensors").items()}
    assert all(value.isfinite().all() for value in half.values()), "a weight is too large for F16"
    save_file(half, out / "model.safetensors")

    model = MedImageInsight(config, {name: value.float() for name, value in half.items()})
    rows = csv.DictReader((pathlib.Path(data) / "manifest.csv").open(newline=""))
    files = [row["file"] for row in rows if row["split"] == "test"]
    texts = [line for line in (out / "labels.txt").read_text().splitlines() if line]
    with torch.inference_mode():
        inputs = [normalise(pixels(pathlib.Path(data) / name, config), config)[None] for name in files]
        images = torch.cat([model.image(each) for each in inputs])
        vectors = torch.stack([model.text(ids) for ids in token_ids(program, out, texts)])
        with torch.autocast("cpu", torch.bfloat16):
            lesser = torch.cat([model.image(each) for each in inputs]).float()
    save_file({"image_features.raw": images, "text_features": vectors}, out / "expected.safetensors")
    (out / "cases.json").write_text(json.dumps({"images": files, "texts": texts}, indent=1) + "\n")
    print("bf16 against f32, PyTorch: least cosine", torch.cosine_similarity(images, lesser).min().item())


if __name__ == "__main__":
    main()

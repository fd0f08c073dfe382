#!/usr/bin/env python3
"""How mi2's dtypes stand outliers: tiny golden weights made to have them (variants.py), against the port in f64.

    outliers.py MI2 GOLDEN [--seeds 1,2] [--kinds norm_gain,fc1] [--isa avx2]

GOLDEN is the folder with the tiny model's weights (scripts/make_golden.sh: build/golden/tiny). Prints, for images and
texts, the least cosine of bf16 and int8 and the largest difference of f32 and bf16x3, each beside PyTorch's own.
Needs torch, safetensors, numpy, PyYAML, Pillow.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import variants
import yaml
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
import torch_port  # noqa: E402

DATA = ROOT / "tests" / "golden" / "data"
ROWS = {"none": [1], "residual": [10, 100, 1000], "tamed": [10, 100], "norm_gain": [3, 10, 20, 50],
        "moved": [20, 100, 1000], "queries_and_keys": [3, 10, 20, 50, 200], "values": [20, 200], "fc1": [20, 200, 2000],
        "heavy_tails": [2.2, 1.8]}
DTYPES = ("f32", "bf16x3", "bf16", "int8")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mi2")
    parser.add_argument("golden", type=pathlib.Path)
    parser.add_argument("--seeds", default="1", help="1 changes the first channels, others draw them")
    parser.add_argument("--kinds", default=",".join(ROWS))
    parser.add_argument("--isa", help="MI2_ISA")
    return parser.parse_args()


class Inputs:
    """Images as PNG files of the model's size, which mi2 embeds as they are, and texts."""

    def __init__(self, folder, config, mi2, model):
        height, width = config["IMAGE_ENCODER"]["IMAGE_SIZE"]
        self.paths, self.pixels = [], []
        for k, path in enumerate(sorted((DATA / "images").glob("*.*"))[:8]):
            image = Image.open(path).convert("RGB").resize((width, height), Image.BICUBIC)
            self.paths.append(f"{folder}/p{k}.png")
            image.save(self.paths[-1])
            samples = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)
            self.pixels.append(torch_port.normalise(samples, config)[None])
        self.texts = json.loads((DATA / "tiny" / "cases.json").read_text())["texts"]
        self.json = f"{folder}/texts.json"
        pathlib.Path(self.json).write_text(json.dumps(self.texts))
        done = subprocess.run([mi2, "tokenize", "--model", model, "--texts-json", self.json], capture_output=True,
                              text=True, check=True)
        self.ids = [json.loads(line)["input_ids"] for line in done.stdout.splitlines()]


def ported(model, inputs, dtype):
    with torch.no_grad():
        rows = [model.image(pixels.to(dtype)).double() for pixels in inputs.pixels]
        rows += [model.text(ids)[None].double() for ids in inputs.ids]
    return torch.cat(rows)


def embedded(mi2, model, dtype, inputs, isa):
    """Vectors, or none where this machine has no such dtype."""
    environment = {**os.environ, **({"MI2_ISA": isa} if isa else {})}
    done = subprocess.run([mi2, "embed", "--model", model, "--dtype", dtype, "--texts-json", inputs.json,
                           *inputs.paths], capture_output=True, text=True, env=environment)
    if done.returncode:
        print(done.stderr.strip()[-200:], file=sys.stderr)
        return None
    return torch.tensor([json.loads(line)["embedding"] for line in done.stdout.splitlines()], dtype=torch.float64)


def cosines(vectors, wanted, images):
    if vectors is None:
        return "-"
    each = torch.nn.functional.cosine_similarity(vectors, wanted)
    return f"{each[:images].min():.4f}, {each[images:].min():.4f}"


def largest(vectors, wanted):
    return "-" if vectors is None else f"{(vectors - wanted).abs().max():.0e}"


def row_of(kind, severity, seed, base, config, folder, options):
    weights = variants.variant(base, kind, severity, seed)
    model = f"{folder}/model"
    pathlib.Path(model).mkdir(exist_ok=True)
    variants.write(f"{model}/model.safetensors", weights)
    pathlib.Path(model, "config.yaml").write_text(yaml.safe_dump(config))
    inputs = Inputs(folder, config, options.mi2, model)
    tensors = {name: torch.from_numpy(values) for name, values in weights.items()}
    images = len(inputs.pixels)
    wanted = ported(torch_port.MedImageInsight(config, tensors).double(), inputs, torch.float64)
    plain = torch_port.MedImageInsight(config, tensors).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = ported(plain, inputs, torch.float32)
    f32, split, bf16, int8 = (embedded(options.mi2, model, dtype, inputs, options.isa) for dtype in DTYPES)
    name = kind.replace("_", " ") + ("" if kind == "none" else f" {severity:g}") + (f", seed {seed}" if seed > 1 else "")
    return [name, cosines(half, wanted, images), cosines(bf16, wanted, images), cosines(int8, wanted, images),
            largest(ported(plain, inputs, torch.float32), wanted), largest(f32, wanted), largest(split, wanted)]


def main():
    options = arguments()
    torch.set_num_threads(1)
    base = variants.read(options.golden / "model.safetensors")
    config = yaml.safe_load((DATA / "tiny" / "config.yaml").read_text())
    print("| weights | PyTorch bf16 | bf16 | int8 | PyTorch f32, off by | f32 | bf16x3 |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for seed in map(int, options.seeds.split(",")):
            for kind in options.kinds.split(","):
                for severity in ROWS[kind]:
                    print("| " + " | ".join(row_of(kind, severity, seed, base, config, folder, options)) + " |", flush=True)


if __name__ == "__main__":
    main()

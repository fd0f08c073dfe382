#!/usr/bin/env python3
"""Times mi2 against other ways to run the same model on this machine, in one run, taking turns.

    race.py --mi2 build/mi2 --model build/golden/full [--rounds 3] [--json OUT]

Peers: PyTorch (eager f32, compiled bf16) and ONNX Runtime (f32, exported from the PyTorch port). Every peer's vector is
compared with PyTorch's f32 vector before anything is timed, mi2's too. Batch 1, all cores. Needs requirements.txt beside
this file.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from torch_port import MedImageInsight


def test_picture(width, height):
    """A smooth picture with some noise, u8 [H, W, 3], of the model's own size: nobody has to resize it."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / (17 + 9 * c)) * np.cos(y / (29 - 5 * c)) for c in range(3)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)


def normalise(picture, encoder):
    x = (picture.astype(np.float32) / 255 - np.float32(encoder["IMAGE_MEAN"])) / np.float32(encoder["IMAGE_STD"])
    return torch.from_numpy(x).permute(2, 0, 1)[None].contiguous()


def cosine(a, b):
    a, b = (np.asarray(v, np.float64).ravel() for v in (a, b))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def mi2(program, command, model, dtype, *arguments):
    """What the command prints, as JSON."""
    line = [program, command, "--model", model, "--dtype", dtype, *arguments]
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def onnx_session(model, x, folder):
    path = os.path.join(folder, "image.onnx")
    torch.onnx.export(model, (x,), path, input_names=["x"], output_names=["y"], dynamo=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mi2", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    config = yaml.safe_load(open(os.path.join(args.model, "config.yaml")))
    picture = test_picture(*config["IMAGE_ENCODER"]["IMAGE_SIZE"])
    x = normalise(picture, config["IMAGE_ENCODER"])
    weights = load_file(os.path.join(args.model, "model.safetensors"))
    runners = {}
    with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        f32 = MedImageInsight(config, weights).eval()
        want = f32(x).numpy()
        runners["pytorch eager f32"] = lambda: f32(x).numpy()
        # The exporter cannot follow parameters made under inference mode.
        with torch.inference_mode(False), torch.no_grad():
            session = onnx_session(MedImageInsight(config, weights).eval(), x, folder)
        runners["onnxruntime f32"] = lambda: session.run(None, {"x": x.numpy()})[0]
        bf16 = MedImageInsight(config, {k: v.to(torch.bfloat16) for k, v in weights.items()}).eval()
        compiled = torch.compile(bf16)
        narrow = x.to(torch.bfloat16)
        runners["pytorch compiled bf16"] = lambda: compiled(narrow).float().numpy()
        png = os.path.join(folder, "picture.png")
        Image.fromarray(picture).save(png)
        checks = {**runners}
        for dtype in ("f32", "bf16"):
            checks["mi2 " + dtype] = lambda dtype=dtype: mi2(args.mi2, "embed", args.model, dtype, png)["embedding"]
        cosines, first = {}, {}
        for name, run in checks.items():
            start = time.perf_counter()
            cosines[name] = cosine(run(), want)
            first[name] = time.perf_counter() - start
            print(f"{name}: cosine to PyTorch f32 {cosines[name]:.6f}, first run {first[name]:.1f} s", file=sys.stderr)
            if cosines[name] < 0.999:
                sys.exit(f"{name} computes something else; its time would mean nothing")
        seconds = {name: [] for name in [*runners, "mi2 f32", "mi2 bf16"]}
        reports = {}
        for _ in range(args.rounds):
            for name, run in runners.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
            for dtype in ("f32", "bf16"):
                reports[dtype] = mi2(args.mi2, "bench", args.model, dtype, "--rounds", "1", "--json")
                seconds["mi2 " + dtype].append(reports[dtype]["image"]["median_s"])
    result = {"cpu": reports["f32"]["cpu"], "threads": os.cpu_count(), "rounds": args.rounds, "torch": torch.__version__,
              "onnxruntime": onnxruntime.__version__, "cosine": cosines,
              "mi2_start_to_first_embedding_s": {dtype: first["mi2 " + dtype] for dtype in reports},
              "mi2_resident_bytes": {dtype: report["resident_bytes"] for dtype, report in reports.items()},
              "image_s": {name: {"median": statistics.median(v), "min": min(v), "max": max(v)}
                          for name, v in seconds.items()}}
    medians = {name: row["median"] for name, row in result["image_s"].items()}
    result["ratios"] = {"mi2 f32 / onnxruntime f32": medians["mi2 f32"] / medians["onnxruntime f32"],
                        "mi2 bf16 / pytorch compiled bf16": medians["mi2 bf16"] / medians["pytorch compiled bf16"]}
    print(json.dumps(result, indent=2))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(result, f, indent=2)


if __name__ == "__main__":
    main()

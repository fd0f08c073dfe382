#!/usr/bin/env python3
"""Times mi2 against other ways to run the same model on this machine, in one run, taking turns.

    race.py --mi2 build/mi2 --model build/golden/full [--rounds 3] [--json OUT]

Peers: PyTorch (eager f32, compiled bf16) and ONNX Runtime (f32, exported from the PyTorch port). Every peer's vector is
compared with PyTorch's f32 vector before anything is timed. Batch 1, all cores. Needs requirements.txt beside this file.
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
from safetensors.torch import load_file

from torch_port import MedImageInsight


def test_pixels(size):
    """The pattern `mi2 bench` uses, as [1, 3, H, W]."""
    i = np.arange(size[0] * size[1] * 3) % 10007
    x = (np.sin(0.37 * i) * 1.5).astype(np.float32).reshape(1, size[0], size[1], 3)
    return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()


def cosine(a, b):
    a, b = (np.asarray(v, np.float64).ravel() for v in (a, b))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def mi2_bench(program, model, dtype, rounds):
    """Median seconds of an image, of one process."""
    out = subprocess.run([program, "bench", "--model", model, "--dtype", dtype, "--rounds", str(rounds), "--json"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def onnx_session(model, x, folder):
    path = os.path.join(folder, "image.onnx")
    torch.onnx.export(model, (x,), path, input_names=["x"], output_names=["y"], dynamo=False)
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
    x = test_pixels(config["IMAGE_ENCODER"]["IMAGE_SIZE"])
    weights = load_file(os.path.join(args.model, "model.safetensors"))
    runners = {}
    with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        f32 = MedImageInsight(config, weights).eval()
        want = f32(x).numpy()
        runners["pytorch eager f32"] = lambda: f32(x).numpy()
        # The tracer cannot follow parameters made under inference mode.
        with torch.inference_mode(False), torch.no_grad():
            session = onnx_session(MedImageInsight(config, weights).eval(), x, folder)
        runners["onnxruntime f32"] = lambda: session.run(None, {"x": x.numpy()})[0]
        bf16 = MedImageInsight(config, {k: v.to(torch.bfloat16) for k, v in weights.items()}).eval()
        compiled = torch.compile(bf16)
        narrow = x.to(torch.bfloat16)
        runners["pytorch compiled bf16"] = lambda: compiled(narrow).float().numpy()
        cosines = {}
        for name, run in runners.items():
            start = time.perf_counter()
            cosines[name] = cosine(run(), want)
            print(f"{name}: cosine to PyTorch f32 {cosines[name]:.6f}, first run {time.perf_counter() - start:.1f} s",
                  file=sys.stderr)
            if cosines[name] < 0.99:
                sys.exit(f"{name} computes something else; its time would mean nothing")
        seconds = {name: [] for name in [*runners, "mi2 f32", "mi2 bf16"]}
        cpu = ""
        for _ in range(args.rounds):
            for name, run in runners.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
            for dtype in ("f32", "bf16"):
                report = mi2_bench(args.mi2, args.model, dtype, 1)
                seconds["mi2 " + dtype].append(report["image"]["median_s"])
                cpu = report["cpu"]
    result = {"cpu": cpu, "threads": os.cpu_count(), "rounds": args.rounds, "torch": torch.__version__,
              "onnxruntime": onnxruntime.__version__, "cosine": cosines,
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

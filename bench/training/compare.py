#!/usr/bin/env python3
"""Race training steps of mi2 against plain PyTorch: same weights, same batch, same threads, turn by turn.

    compare.py --steps PROGRAM [--rounds 3] [--json] [--kinds whole,lora,..] MODEL_DIR[:BATCH]...

Kinds of steps: whole (all weights), lora (additions of rank 8 to attention and MLP), recomputed (activation
checkpointing), cached (gradient caching in four pieces), and two of them joined by +.

Prints medians of forward + backward + clipping + AdamW, and their ratio. The losses of both must agree at every step,
or there is no result.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy
import yaml
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
STEPS = 6  # of one turn; the first warms up
# f32 sums in another order, through six steps of AdamW.
TOLERANCE = 2e-3


RANK = 8
PIECES = 4


def factors(folder, random):
    """First factors of additions to the linear layers of attention and MLP."""
    shapes = {name: value.shape for name, value in load_file(folder / "model.safetensors").items()}
    return {name + ".lora_A": random.uniform(-1, 1, (RANK, shape[1])).astype(numpy.float32) / numpy.float32(shape[1] ** 0.5)
            for name, shape in shapes.items() if len(shape) == 2 and any(part in name for part in ("attn.", "ffn.", "mlp."))}


def options_of(kind):
    return ["--recompute"] * ("recomputed" in kind) + ["--pieces", str(PIECES)] * ("cached" in kind)


def write_batch(path, folder, count, lora):
    """Noise images, captions of 8 to 14 tokens of which half are alike, as a data set's classes have them."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    width, height = config["IMAGE_ENCODER"]["IMAGE_SIZE"]
    random = numpy.random.default_rng(0)
    captions = [[49406, *random.integers(300, 40000, 6 + i % 7), 49407] for i in range(count // 2)]
    texts = [captions[i % len(captions)] for i in range(count)]
    save_file({"pixels": random.standard_normal((count, height, width, 3), dtype=numpy.float32),
               "lengths": numpy.array([len(text) for text in texts], numpy.float32),
               "ids": numpy.array(sum(texts, []), numpy.float32),
               "classes": numpy.array([i % (count // 2) for i in range(count)], numpy.float32),
               **(factors(folder, random) if lora else {})}, path)


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def race(folder, count, kind, program, rounds):
    with tempfile.TemporaryDirectory() as temporary:
        batch = os.path.join(temporary, "batch.safetensors")
        write_batch(batch, folder, count, "lora" in kind)
        commands = {"mi2": [program], "pytorch": [sys.executable, str(HERE / "plain.py")]}
        seconds, losses = {name: [] for name in commands}, {}
        for _ in range(rounds):
            for name, command in commands.items():
                done = subprocess.run([*command, str(folder), batch, str(STEPS), *options_of(kind)], capture_output=True,
                                      text=True, check=False)
                if done.returncode != 0:
                    raise SystemExit(f"{name}, {folder}, {kind}: exit status {done.returncode}: {done.stderr}")
                result = json.loads(done.stdout)
                seconds[name] += result["seconds"][1:]
                losses[name] = result["losses"]
    difference = float(numpy.max(numpy.abs(numpy.subtract(losses["mi2"], losses["pytorch"]))))  # NaN if one is
    if not difference <= TOLERANCE:  # of a NaN too
        raise SystemExit(f"{folder}: losses differ by {difference:.3g}: {losses}")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {"model": folder.name, "batch": count, "kind": kind, "loss_difference": difference, "step_seconds": medians,
            "images_per_second": {name: count / value for name, value in medians.items()},
            "ratio": medians["mi2"] / medians["pytorch"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", required=True, help="the program mi2_training_steps")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default="whole")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("models", nargs="+", metavar="MODEL_DIR[:BATCH]")
    arguments = parser.parse_args()
    cases = []
    for text in arguments.models:
        folder, _, batch = text.partition(":")
        cases += [race(pathlib.Path(folder), int(batch or 32), kind, arguments.steps, arguments.rounds)
                  for kind in arguments.kinds.split(",")]
    report = {"cpu": cpu_name(), "threads": os.cpu_count(), "cases": cases}
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{report['cpu']}, {report['threads']} threads; seconds a training step, f32")
    for case in cases:
        print(f"{case['model']:12} batch {case['batch']:3}  {case['kind']:14}  mi2 {case['step_seconds']['mi2']:.3f}  "
              f"PyTorch {case['step_seconds']['pytorch']:.3f}  ratio {case['ratio']:.2f}  "
              f"({case['images_per_second']['mi2']:.1f} images/s)")


if __name__ == "__main__":
    main()

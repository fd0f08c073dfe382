"""What the tests of mi2 train run and read."""
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy
import pytest
from PIL import Image

NEEDS_TORCH = pytest.mark.skipif(not (Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch").exists(),
                                 reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")

# Two processes add f32 numbers in another order than one; the issue of training asks for 1e-4.
SAME_LOSS = 1e-4

# Half of the batches blended; most of them mixed, half of those by CutMix.
MIXUP = {"AUG__MIXUP": 0.8, "AUG__MIXUP_PROB": 0.5}
CUTMIX = {"AUG__MIXUP": 0.8, "AUG__MIXCUT": 1.0, "AUG__MIXUP_PROB": 0.8}


def make_data(root):
    """48 pictures of two classes that are easy to tell apart, with a manifest and prompts."""
    random = numpy.random.default_rng(1)
    rows = ["file,split,label,caption"]
    for i in range(48):
        kind = i % 2
        noise = random.integers(0, 60, (60, 50 + i, 3))
        noise[..., 0 if kind else 2] += 150
        Image.fromarray(noise.astype("uint8")).save(root / f"{i}.png")
        rows.append(f"{i}.png,{'test' if i >= 40 else 'train'},{'red' if kind else 'blue'},a {'red' if kind else 'blue'} picture")
    (root / "manifest.csv").write_text("\n".join(rows) + "\n")
    (root / "prompts.csv").write_text("label,prompt\nred,a red picture\nblue,a blue picture\n")
    return root


def settings(data, folder, **more):
    """A run of 10 steps of 8 pictures, dropout and all, in one dictionary of dotted keys."""
    values = {"MODEL": os.environ["MI2_TINY_MODEL"], "SAVE_DIR": str(folder), "START_LEARNING_RATE": 1e-4, "SEED": 3,
              "MAX_STEPS": 10, "LOG_EVERY": 1, "TRAIN.BATCH_SIZE_TOTAL": 8, "DATASET.ROOT": str(data),
              "DATASET.TRAIN": "[{PATH: manifest.csv, SPLIT: train}]", "EVAL.EVERY_EPOCHS": 0,
              "WEIGHT_SMOOTHING.decay": 0.9, "WORKERS": 1}
    values.update({key.replace("__", "."): value for key, value in more.items()})
    return values


def arguments(values, folder):
    config = Path(str(folder) + ".yaml")
    config.write_text("{}\n")
    made = ["train", str(config)]
    for key, value in values.items():
        made += ["--set", f"{key}={value}"]
    return made


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run(values, folder, *more, status=0, before=(), **options):
    done = subprocess.run([*before, os.environ["MI2_BIN"], *arguments(values, folder), *more], capture_output=True,
                          text=True, timeout=300, env=environment(), check=False, **options)
    assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.stderr}"
    return done


def losses(folder):
    """step -> loss of a run's log."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


def close(one, other):
    assert one.keys() == other.keys()
    assert all(abs(one[step] - other[step]) <= SAME_LOSS for step in one), (one, other)  # max() may lose a NaN


def weights(path):
    """The bytes of a safetensors file after its header, and its metadata."""
    content = Path(path).read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    return content[8 + size:], json.loads(content[8:8 + size]).get("__metadata__", {})


def as_older(path, run, **values):
    """Makes a checkpoint one of version 0.1, with some of its tensors set to a number each."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header, numbers = json.loads(content[8:8 + size]), bytearray(content[8 + size:])
    for name, value in values.items():
        begin, end = header[name.replace("__", ".")]["data_offsets"]
        numbers[begin:end] = numpy.full((end - begin) // 4, value, "<f4").tobytes()
    metadata = header["__metadata__"]
    header["__metadata__"] = {"format": "mi2-train-checkpoint-1", "run": run,
                              **{key: metadata[key] for key in ("step", "skipped", "best_step", "without_better")}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)

#!/usr/bin/env python3
"""Time how long a program takes that opens an archive of many rows, answers one search and ends.

    opening.py --program PROGRAM [--model DIR] [--wide DIR] [--rows 1000000] [--rounds 5]

The archive is generated (tests/support/large_archive.py), of the dimensions of the model: of the starter's, and of those
of the full-size model --wide, if it is there, and if this machine has the memory and the disk that its rows take. The
search before the first that is timed makes the codes, and leaves what is read in the page cache. Every answer is compared
with the nearest rows by NumPy. Prints JSON with the bars and whether each holds; exit status 1 if one does not.
"""
import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from adding_race import ROOT, timed

sys.path.insert(0, str(ROOT / "tests" / "support"))
import large_archive  # noqa: E402

NEAREST = 10
TIE = 1e-6


def dimensions_of(program, model, folder):
    """Of the vectors that a model makes."""
    out = folder / "one.npy"
    timed(program, "embed", "--model", model, "--quiet", "--force", "--text", "chest", "--out", out)
    return np.load(out).shape[1]


def lacks(rows, dimensions):
    """What this machine has too little of to make the archive; nothing: of nothing."""
    needed = 4 * dimensions * rows
    memory = int(Path("/proc/meminfo").read_text().split("MemAvailable:")[1].split()[0]) * 1024
    # While it is made its rows are in memory three times; on the disk they are there once, and a quarter of them as codes.
    if memory < 3.5 * needed:
        return f"memory: {3.5 * needed / 1e9:.0f} GB are needed, {memory / 1e9:.0f} GB are there"
    free = shutil.disk_usage(ROOT / "build").free
    return f"disk: {2 * needed / 1e9:.0f} GB are needed, {free / 1e9:.0f} GB are there" if free < 2 * needed else ""


def check(found, rows, item):
    """Whether the scores of what was found are those of the nearest images."""
    images = np.flatnonzero(~rows.pooled)
    rough = rows.vectors[images] @ rows.vectors[item]
    near = images[np.argpartition(-rough, 5 * NEAREST)[:5 * NEAREST]]
    exact = np.sort(rows.vectors[near].astype(np.float64) @ rows.vectors[item].astype(np.float64))[::-1][:NEAREST]
    scores = [row["score"] for row in found]
    if len(scores) != NEAREST or np.abs(np.array(scores) - exact).max() > TIE or not all(row["exact"] for row in found):
        sys.exit(f"bench-archive: the search by item {item} found other images than the nearest")


def time_opening(program, model, count, rounds, folder):
    """@returns seconds of a search, the first one's, and what was opened."""
    rows = large_archive.make(program, model, folder, count, thumbnails=False)
    out = folder / "found.jsonl"
    costs = []
    items = np.flatnonzero(~rows.pooled)[np.linspace(0, (~rows.pooled).sum() - 1, rounds + 2).astype(int)[1:]]
    for item in items:
        costs.append(timed(program, "index", "search", "--quiet", folder / "archive", "--item", item, "--by", "image",
                           "--same-patient", "include", "-k", NEAREST, "--force", "--out", out))
        check([json.loads(line) for line in out.read_text().splitlines()], rows, int(item))
    return {"rows": len(rows.vectors), "dimensions": rows.vectors.shape[1], "first_seconds": round(costs[0].seconds, 3),
            "seconds": round(statistics.median(cost.seconds for cost in costs[1:]), 3),
            "processor": round(statistics.median(cost.processor for cost in costs[1:]), 3),
            "resident_mb": round(max(cost.peak for cost in costs[1:]) / 1e6)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "models/starter")
    parser.add_argument("--wide", type=Path, default=ROOT / "build/golden/full")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measured, left_out = [], []
    for model in (options.model, options.wide):
        if not (model / "config.yaml").exists():
            left_out.append(f"there is no model {model} (scripts/make_golden.sh makes it)")
            continue
        with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
            dimensions = dimensions_of(options.program, model, Path(name))
            if short := lacks(options.rows, dimensions):
                left_out.append(f"{options.rows} rows of {dimensions} dimensions: too little {short}")
                continue
            measured.append(time_opening(options.program, model, options.rows, options.rounds, Path(name)))
    bars = [{"what": f"opening {one['rows']} rows of {one['dimensions']} dimensions and answering, seconds",
             "value": one["seconds"], "at most": 1.0, "holds": one["seconds"] <= 1.0} for one in measured]
    print(json.dumps({"archives": measured, "bars": bars, "left_out": left_out}, indent=2))
    return 0 if all(bar["holds"] for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Race mi2 index map against umap-learn: same vectors, same neighbours, in one run on one machine.

    map_race.py --program PROGRAM (--images DIR [--model DIR] | --archive DIR) [--rounds 3] [--neighbours 15]

With --images an archive is made first, untimed; with --archive the map it keeps is replaced. The program is timed
as a whole: starting, reading, the exact search, the map and writing it. umap-learn is timed on vectors in memory, in a
process where it has run before, so that its compilation does not count. How well a map keeps neighbours is scikit-learn's
trustworthiness of the 15 nearest. Prints JSON, and says which bars are missed; exit status 1 if any is.
"""
import argparse
import csv
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import umap
from sklearn.manifold import trustworthiness

NEAREST = 15
MOST_JUDGED = 10_000  # trustworthiness takes the square of that in memory


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)


def vectors_of(program, archive, folder):
    """[images, dimensions] of the archive's images, by row."""
    out = folder / "vectors.npy"
    run(program, "index", "export", archive, "--out", out)
    return numpy.load(out)


def race_mi2(program, archive, folder, neighbours, rounds):
    """Seconds of each round, and the places in the order of the vectors."""
    out = folder / "map.csv"
    seconds = []
    for _ in range(rounds + 1):  # the first makes the codes and fills the cache
        shutil.rmtree(archive / "map", ignore_errors=True)
        start = time.perf_counter()
        run(program, "index", "map", archive, "--neighbours", neighbours, "--out", out, "--force", "--quiet")
        seconds.append(time.perf_counter() - start)
    with open(out, encoding="utf-8", newline="") as file:
        places = [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]
    return seconds[1:], numpy.array(places, numpy.float32)


def race_umap(vectors, neighbours, rounds):
    seconds = []
    for _ in range(rounds + 1):  # the first compiles
        start = time.perf_counter()
        places = umap.UMAP(n_neighbors=neighbours, min_dist=0.1, metric="euclidean").fit_transform(vectors)
        seconds.append(time.perf_counter() - start)
    return seconds[1:], places


def kept(vectors, places):
    chosen = numpy.linspace(0, len(vectors) - 1, min(len(vectors), MOST_JUDGED)).astype(int)
    return float(trustworthiness(vectors[chosen], places[chosen], n_neighbors=NEAREST))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path("models/starter"))
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--images", type=pathlib.Path)
    source.add_argument("--archive", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--neighbours", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        archive = options.archive
        if archive is None:
            archive = folder / "archive"
            run(options.program, "index", "add", "--model", options.model, "--no-thumbnails", archive, options.images)
        vectors = vectors_of(options.program, archive, folder)
        mi2_seconds, mi2_places = race_mi2(options.program, archive, folder, options.neighbours, options.rounds)
        if len(mi2_places) != len(vectors):
            sys.exit(f"expected {len(vectors)} points, got {len(mi2_places)}")
        umap_seconds, umap_places = race_umap(vectors, options.neighbours, options.rounds)
    report = {"points": len(vectors),
              "mi2": {"seconds": statistics.median(mi2_seconds), "trustworthiness": kept(vectors, mi2_places)},
              "umap": {"seconds": statistics.median(umap_seconds), "trustworthiness": kept(vectors, umap_places),
                       "version": umap.__version__}}
    bars = {"time / umap's": (report["mi2"]["seconds"] / report["umap"]["seconds"], 0.3),
            "trustworthiness below umap's": (report["umap"]["trustworthiness"] - report["mi2"]["trustworthiness"], 0.002)}
    report["bars"] = {what: round(value, 4) for what, (value, _) in bars.items()}
    report["missed"] = [what for what, (value, most) in bars.items() if value > most]
    print(json.dumps(report, indent=2))
    return 1 if report["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""How near an image has to be to its nearest label to be one of the starter model's twenty: thresholds.json, from the
images that the model was trained on.

    calibrate.py PROGRAM MODEL DATA > demo/thresholds.json

DATA has manifest.csv with the columns file, split and label. Of each label, the cosine that all but 5 % of its training
images reach; labels are in the order of MODEL/labels.txt, which is that of the manifest.
"""
import csv
import json
import pathlib
import subprocess
import sys

SHARE_LEFT_OUT = 0.05


def embedded(program, model, *arguments, stdin=""):
    """The rows of mi2 embed."""
    done = subprocess.run([program, "embed", "--model", model, *arguments], check=True, capture_output=True, text=True,
                          input=stdin)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    program, model, data = sys.argv[1:4]
    rows = [row for row in csv.DictReader((pathlib.Path(data) / "manifest.csv").open()) if row["split"] == "train"]
    names = list(dict.fromkeys(row["label"] for row in rows))
    labels = [line for line in (pathlib.Path(model) / "labels.txt").read_text().splitlines() if line]
    assert len(names) == len(labels), "the manifest has other labels than the model"
    texts = embedded(program, model, *[word for label in labels for word in ("--text", label)])
    paths = [str(pathlib.Path(data) / row["file"]) for row in rows]
    images = embedded(program, model, "--files-from", "-", stdin="\n".join(paths))
    found = {row["path"]: row["embedding"] for row in images}
    thresholds = {}
    for name, label, text in zip(names, labels, texts):
        cosines = sorted(sum(a * b for a, b in zip(found[path], text["embedding"]))
                         for path, row in zip(paths, rows) if row["label"] == name and path in found)
        thresholds[label] = round(cosines[int(SHARE_LEFT_OUT * len(cosines))], 4)
    json.dump(thresholds, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

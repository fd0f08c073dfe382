#!/usr/bin/env python3
"""Run mi2 on the images of a folder and print what it answers.

    show.py PROGRAM MODEL EXAMPLES
"""
import json
import pathlib
import shlex
import subprocess
import sys

# What the starter model is asked to find among the images; it knows captions of this kind.
QUERIES = [
    "fundus photograph retina diabetic retinopathy",
    "histopathology stained tissue section",
    "computed tomography head axial",
    "magnetic resonance imaging brain no tumor",
    "ultrasound breast no lesion",
]


def run(*command):
    """Runs a command of mi2 and returns what it wrote to standard output."""
    print("\n$", shlex.join(str(word) for word in command), flush=True)
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def rows(text):
    """JSON lines to a list."""
    return [json.loads(line) for line in text.splitlines()]


def similarity(a, b):
    """The cosine of two unit vectors."""
    return sum(x * y for x, y in zip(a, b))


def ranked(vector, candidates):
    """(similarity, name) of the candidates, nearest first. candidates: name -> vector."""
    return sorted(((similarity(vector, other), name) for name, other in candidates.items()), reverse=True)


def print_table(head, lines):
    """Prints columns as wide as their widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *lines)]
    for line in (head, ["-" * width for width in widths], *lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


# What labels of the starter model begin with.
MODALITIES = ["x-ray", "ultrasound", "magnetic resonance imaging", "dermoscopy", "light microscopy", "histopathology",
              "fluorescence microscopy", "fundus photograph", "computed tomography"]


def modality_of(scores):
    """(modality, probability): that of the labels that begin so, together. scores: [{label, score}], all of them."""
    found = {name: sum(row["score"] for row in scores if row["label"].startswith(name)) for name in MODALITIES}
    return max(found.items(), key=lambda item: item[1])


def is_none_of_them(vector, labels, thresholds):
    """Whether the nearest label is farther than all but a few training images of that label were. labels: text -> vector."""
    cosine, nearest = ranked(vector, labels)[0]
    return cosine < thresholds[nearest]


def print_labels(scores, modalities, nones):
    print_table(["image", "modality", "probability", "most likely label", "probability"],
                [[name, modalities[name][0], f"{modalities[name][1]:.3f}",
                  "none of the twenty" if name in nones else found[0]["label"],
                  "" if name in nones else f"{found[0]['score']:.3f}"] for name, found in scores.items()])


def main():
    program, model, examples = (pathlib.Path(argument) for argument in sys.argv[1:4])
    pictures = sorted(path for path in examples.iterdir() if path.is_file() and path.suffix != ".md")
    labels = [line for line in (model / "labels.txt").read_text("utf-8").splitlines() if line]
    thresholds = json.loads((pathlib.Path(__file__).parent / "thresholds.json").read_text("utf-8"))

    texts = [word for text in QUERIES + labels for word in ("--text", text)]
    embedded = rows(run(program, "embed", "--model", model, "--format", "jsonl", *texts, *pictures))
    images = {pathlib.Path(row["path"]).name: row["embedding"] for row in embedded if "path" in row}
    vectors = {row["text"]: row["embedding"] for row in embedded if "text" in row}

    answers = {text: ranked(vectors[text], images) for text in QUERIES}
    print("\nText to image: the nearest images, with their cosine")
    print_table(["text", "nearest", "second"],
                [[text, *(f"{other} {cosine:.3f}{'' if cosine >= thresholds[text] else ' *'}" for cosine, other in near[:2])]
                 for text, near in answers.items()])
    print("* farther than nearly all images of that kind that the starter was trained on: probably another kind")

    neighbours = {name: ranked(vector, {other: images[other] for other in images if other != name})
                  for name, vector in images.items()}
    print("\nImage to image: the nearest other images, with their cosine")
    print_table(["image", "nearest", "second"],
                [[name, *(f"{other} {cosine:.3f}" for cosine, other in near[:2])] for name, near in neighbours.items()])

    classified = rows(run(program, "classify", "--model", model, "--labels-file", model / "labels.txt", "--format",
                          "jsonl", *pictures))
    scores = {pathlib.Path(row["path"]).name: row["labels"] for row in classified}
    modalities = {name: modality_of(found) for name, found in scores.items()}
    label_vectors = {text: vectors[text] for text in labels}
    nones = {name for name, vector in images.items() if is_none_of_them(vector, label_vectors, thresholds)}
    print("\nLabels without training")
    print_labels(scores, modalities, nones)

    print("\nThe starter model is for trying the program, never for care, triage or any decision about a person.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

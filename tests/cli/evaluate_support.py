"""Tables for tests of mi2 evaluate, and its reports read."""
import csv
import json
import shutil

import numpy as np
import pytest

LABELS = ["ant", "bee", "cat"]


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows([header, *rows])
    return str(path)


def write_dataset(root, recipe, picture):
    """A folder of two images with their labels, and the recipe that reads it."""
    root.mkdir()
    write(root / "labels.csv", ["image", "label"], [["a.png", "a"], ["b.png", "b"]])
    for name in "ab":
        shutil.copy(picture, root / f"{name}.png")
    recipe.write_text("""title: T
about: A
licence: L
task: labels
rows: [{table: labels.csv, columns: {image: image, label: label}}]
image: {key: image, by: name}
texts: {template: "{label}"}
splits: {all: {drawn: {test: 1}}}
""")


@pytest.fixture
def data(tmp_path):
    """Probabilities of 240 rows of three labels and 120 patients, and who they are."""
    random = np.random.default_rng(4)
    truth = random.integers(0, 3, 240)
    logits = random.normal(size=(240, 3))
    logits[np.arange(240), truth] += 1.2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    data = {"truth": truth, "p": p, "ids": [f"i{i}" for i in range(240)], "sex": np.where(random.random(240) < 0.4, "F", "M"),
            "folder": tmp_path, "patient": [f"p{i // 2}" for i in range(240)]}
    write_tables(data)
    return data


def write_tables(data, order=None, labels=None, **columns):
    rows = range(len(data["ids"])) if order is None else order
    folder = data["folder"]
    write(folder / "p.csv", ["id", *LABELS], [[data["ids"][i], *map(repr, map(float, data["p"][i]))] for i in range(len(data["ids"]))])
    names = labels or [LABELS[t] for t in data["truth"]]
    write(folder / "l.csv", ["id", "label", "sex", *columns],
          [[data["ids"][i], names[i], data["sex"][i], *(column[i] for column in columns.values())] for i in rows])


def evaluate(mi2, folder, *more, predictions="p.csv", labels="l.csv", samples=200, **options):
    return mi2("evaluate", "--predictions", str(folder / predictions), "--labels", str(folder / labels), "--out",
               str(folder / "r"), "--bootstrap", str(samples), *more, with_model=False, **options)


def report(mi2, folder, *more, **options):
    evaluate(mi2, folder, *more, **options)
    return json.loads((folder / "r" / "report.json").read_text())


def value(found, key):
    return found["figures"][key]["value"]

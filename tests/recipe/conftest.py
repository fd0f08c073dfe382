"""mi2 dataset, on look-alikes of what is published. MI2_BIN is the program."""
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "lookalikes"))

LABEL_TEXTS = HERE.parents[1] / "evaluation" / "label_texts.csv"


class Prepared:
    """What mi2 dataset prepare wrote."""

    def __init__(self, folder: Path, errors: str):
        self.folder, self.errors = folder, errors
        with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file))
        with open(folder / "prompts.csv", newline="", encoding="utf-8") as file:
            self.prompts = {row["label"]: row["prompt"] for row in csv.DictReader(file)}
        self.recipe = json.loads((folder / "recipe.json").read_text())
        self.by_id = {row["id"]: row for row in self.rows}
        for row in self.rows:
            assert Path(row["file"]).is_file(), row

    def counts(self, column="label"):
        found = {}
        for row in self.rows:
            found[row[column]] = found.get(row[column], 0) + 1
        return found

    def splits_of(self, column):
        found = {}
        for row in self.rows:
            found.setdefault(row[column], set()).add(row["split"])
        return found


def run(*arguments, status=0):
    done = subprocess.run([os.environ["MI2_BIN"], "dataset", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.stderr}"
    return done


@pytest.fixture(scope="session")
def dataset():
    """The program: dataset("list")."""
    return run


@pytest.fixture
def prepare(tmp_path):
    """prepare(NAME, ROOT, ...) runs mi2 dataset prepare, and gives what it wrote."""
    def call(name, root, *arguments, out="out"):
        before = listing(root)
        source = ("--recipe", name) if str(name).endswith(".yaml") else (name,)
        done = run("prepare", *source, "--root", root, "--out", tmp_path / out, *arguments)
        assert listing(root) == before, "the dataset's folder was written to"
        return Prepared(tmp_path / out, done.stderr)
    return call


def listing(root):
    return sorted((str(path), path.stat().st_mtime_ns) for path in Path(root).rglob("*"))


@pytest.fixture(scope="session")
def texts():
    """The published texts, by row."""
    with open(LABEL_TEXTS, newline="", encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file)]

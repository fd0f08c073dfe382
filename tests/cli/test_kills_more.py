"""Further commands that write, killed as those of test_kills.py: each of their files is the old one, the new one or not
there, never half of one, files of others stay, and the next run removes what the killed one left."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from adapter_support import write_embeddings, write_labels, write_safetensors
from dicom_studies import write_hospital
from evaluate_support import write_dataset
from index_support import add
from push_support import make_archive
from test_adapter_toolkit import toolkit_weights
from tracing import NEEDS_KILLS, Traced

pytestmark = NEEDS_KILLS

WITH_ARCHIVE = subprocess.run([os.environ.get("MI2_BIN", "false"), "index", "--help"], capture_output=True,
                              check=False).returncode == 0
NEEDS_ARCHIVE = pytest.mark.skipif(not WITH_ARCHIVE, reason="this build has no archives (MI2_WITH_ARCHIVE=OFF)")
# Times, figures and identifiers, which differ from run to run.
NUMBER = re.compile(rb"[0-9A-Fa-f.:+-]*[0-9][0-9A-Fa-f.:+-]*")
# As what a killed run leaves is named, without the digits by which the program knows its own.
FOREIGN = ".mi2-0123456789abcdef"


def files(folder):
    """{name: content without numbers} of all that has its name: half of a file lacks what is after them."""
    return {str(path.relative_to(folder)): NUMBER.sub(b"0", path.read_bytes())
            for path in folder.rglob("*") if path.is_file() and not is_unfinished(path)}


def is_unfinished(path):
    """A run that goes on later keeps its rows under names of its own; chain.jsonl grows by lines."""
    return ".mi2-" in str(path) or path.suffix in (".part", ".job") or path.name == "chain.jsonl"


@pytest.fixture(scope="module")
def vectors(mi2, tmp_path_factory):
    """Eight vectors of the model with their labels, and an adapter that takes them."""
    folder = tmp_path_factory.mktemp("vectors")
    x = np.array([row["embedding"] for row in mi2.rows("embed", *[a for i in range(8) for a in ("--text", f"{i}")])])
    write_embeddings(folder / "e.jsonl", [f"{i}.png" for i in range(8)], x)
    write_labels(folder / "l.csv", [(f"{i}.png", "ab"[i % 2]) for i in range(8)], ("path", "label"))
    size = x.shape[1]
    (folder / "toolkit").mkdir()
    (folder / "toolkit" / "config.json").write_text(json.dumps({"in_channels": size, "hidden_dim": 4, "labels": ["x", "y"]}))
    write_safetensors(folder / "toolkit" / "model.safetensors", toolkit_weights(size, 4, 2))
    mi2("adapter", "import", "--out", str(folder / "head"), str(folder / "toolkit"))
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Probabilities of two labels, and the truth."""
    folder = tmp_path_factory.mktemp("tables")
    p = np.random.default_rng(3).uniform(0.1, 0.9, 24)
    write_labels(folder / "p.csv", [(f"i{i}", 1 - a, a) for i, a in enumerate(p)], ("id", "ant", "bee"))
    write_labels(folder / "l.csv", [(f"i{i}", "ant" if i % 3 else "bee") for i in range(24)], ("id", "label"))
    return folder


@pytest.fixture(scope="module")
def archive(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    write_hospital(folder / "in", series=2, slices=4)
    add(mi2, folder / "a", folder / "in")
    return folder / "a"


@pytest.fixture(scope="module")
def carded(mi2, tmp_path_factory):
    return make_archive(mi2, tmp_path_factory.mktemp("carded"))


@pytest.fixture
def place(tmp_path):
    return tmp_path / "place"


def killed_everywhere(mi2, tmp_path, place, arguments, only=None, over_old=True, together=False, of_one_run=False,
                      after=lambda: None):
    """Kills a command at each call that writes. @returns what it writes if nobody disturbs it, by name.

    over_old: whether it replaces files that are there; together: whether all of its files are there or none; of_one_run:
    whether old ones are never beside new ones; after: called after each kill."""
    arguments = [str(argument) for argument in arguments]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    mi2(*arguments)
    new = files(place)
    assert new
    foreign = [place / (name + FOREIGN) for name in (new if over_old else {Path(name).parts[0] for name in new})]

    def prepare():
        shutil.rmtree(place)
        place.mkdir()
        for name in new if over_old else ():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(b"old")
        for path in foreign:
            path.write_bytes(b"theirs")

    unfinished = False
    for call, done in Traced(mi2, tmp_path, *arguments).each("signal=KILL", prepare, only):
        found = files(place)
        assert set(found.values()) <= {b"old", *new.values()}, (call, sorted(found))
        assert not together or found in ({}, new), call
        assert not of_one_run or set(found.values()) == {b"old"} or b"old" not in found.values(), call
        assert all(path.is_file() and path.read_bytes() == b"theirs" for path in foreign), call
        unfinished = unfinished or (done.returncode != 0 and found != new)
        after()
    assert unfinished
    return new


def runs_again(mi2, place, arguments):
    """The next run leaves nothing of the killed one, and all of others."""
    foreign = [path for path in place.rglob("*") if path.name.endswith(FOREIGN)]
    mi2(*[str(argument) for argument in arguments])
    assert foreign and sorted(foreign) == sorted(path for path in place.rglob("*")
                                                 if is_unfinished(path) and path.name != "chain.jsonl")


def test_a_package_for_azure_ml(mi2, place, tmp_path):
    arguments = ("package", "azureml", "--model", mi2.model, place / "out")
    new = killed_everywhere(mi2, tmp_path, place, arguments, {"write", "mkdir", "rename", "renameat2"}, over_old=False,
                            together=True)
    shutil.rmtree(place / "out", ignore_errors=True)
    runs_again(mi2, place, arguments)
    assert files(place) == new


@pytest.mark.parametrize("command, out", [("embed", "f.npy"), ("embed", "f.jsonl"), ("classify", "s.csv")])
def test_features_and_scores_of_an_adapter(mi2, vectors, place, tmp_path, command, out):
    arguments = ("adapter", command, "--head", vectors / "head", "--embeddings", vectors / "e.jsonl", "--force", "--out",
                 place / out)
    new = killed_everywhere(mi2, tmp_path, place, arguments)
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_scores_and_a_report_of_what_they_are_worth(mi2, vectors, place, tmp_path):
    arguments = ("classify", "--labels", "a,b", "--embeddings", vectors / "e.jsonl", "--truth", vectors / "l.csv",
                 "--report", place / "r", "--force", "--threads", "1", "--out", place / "s.csv")
    new = killed_everywhere(mi2, tmp_path, place, arguments, of_one_run=True)
    assert {"s.csv", "r/report.json"} <= set(new)
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_an_evaluation_of_tables(mi2, tables, place, tmp_path):
    arguments = ("evaluate", "--predictions", tables / "p.csv", "--labels", tables / "l.csv", "--bootstrap", "0", "--out",
                 place / "r")
    new = killed_everywhere(mi2, tmp_path, place, arguments)
    assert {"r/report.json", "r/report.html", "r/rows.csv"} <= set(new)
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_a_comparison_of_two_evaluations(mi2, tables, place, tmp_path):
    for name in ("first", "second"):
        mi2("evaluate", "--predictions", str(tables / "p.csv"), "--labels", str(tables / "l.csv"), "--bootstrap", "0", "--out",
            str(tmp_path / name))
    arguments = ("evaluate", "--compare", tmp_path / "first", tmp_path / "second", "--bootstrap", "50", "--out", place / "c")
    new = killed_everywhere(mi2, tmp_path, place, arguments, of_one_run=True)
    assert set(new) == {"c/comparison.json", "c/comparison.html"}
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_the_manifest_of_a_dataset(mi2, picture, place, tmp_path):
    root = tmp_path / "dataset"
    write_dataset(root, tmp_path / "recipe.yaml", picture)
    arguments = ("dataset", "prepare", "--recipe", tmp_path / "recipe.yaml", "--root", root, "--out", place / "d")
    new = killed_everywhere(mi2, tmp_path, place, arguments, of_one_run=True)
    assert set(new) == {"d/manifest.csv", "d/prompts.csv", "d/recipe.json"}
    runs_again(mi2, place, arguments)
    assert files(place) == new


@pytest.mark.parametrize("out", ["m.png", "m.json", "m.npy"])
def test_a_heatmap_and_its_numbers(mi2, picture, place, tmp_path, out):
    arguments = ("heatmap", picture, "--text", "lung", "--threads", "1", "--force", "--out", place / out)
    new = killed_everywhere(mi2, tmp_path, place, arguments, of_one_run=True)
    assert set(new) == ({"m.png", "m.png.json"} if out == "m.png" else {out})
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_a_model_card(mi2, place, tmp_path):
    arguments = ("report", "model-card", mi2.model, "--force", "--out", place / "card")
    new = killed_everywhere(mi2, tmp_path, place, arguments)
    assert set(new) == {"card/README.md", "card/model-card.json", "card/model-card.html"}
    runs_again(mi2, place, arguments)
    assert files(place) == new


def test_manual_pages(mi2, place, tmp_path):
    arguments = ("man", "--dir", place)
    new = killed_everywhere(mi2, tmp_path, place, arguments, {"write", "rename"})
    runs_again(mi2, place, arguments)
    assert files(place) == new


@NEEDS_ARCHIVE
@pytest.mark.parametrize("arguments", [("dups",), ("outliers", "--reference", "date<2024", "-k", "2"),
                                       ("tags", "--field", "modality", "-k", "2")],
                         ids=lambda arguments: arguments[0])
def test_what_is_found_in_an_archive(mi2, archive, place, tmp_path, arguments):
    arguments = ("index", arguments[0], archive, *arguments[1:], "--force", "--out", place / "found.csv")
    new = killed_everywhere(mi2, tmp_path, place, arguments)
    runs_again(mi2, place, arguments)
    assert files(place) == new


@NEEDS_ARCHIVE
def test_a_map_and_what_the_archive_keeps_of_it(mi2, archive, place, tmp_path):
    own = shutil.copytree(archive, tmp_path / "own")
    arguments = ("index", "map", own, "--neighbours", "5", "--refit", "--force", "--out", place / "map.csv")

    def the_archive_can_be_read():
        mi2("index", "map", str(own), "--out", "-", with_model=False)

    new = killed_everywhere(mi2, tmp_path, place, arguments, after=the_archive_can_be_read)
    runs_again(mi2, place, arguments)
    assert files(place) == new
    assert not [path for path in own.rglob("*") if ".mi2-" in path.name]


@NEEDS_ARCHIVE
def test_objects_for_a_pacs(mi2, carded, place, tmp_path):
    card, = (carded / "cards").glob("*.json")
    arguments = ("index", "push", carded / "a", card, "--out", place)
    new = killed_everywhere(mi2, tmp_path, place, arguments)
    assert len(new) == 6
    runs_again(mi2, place, arguments)
    assert files(place) == new


@NEEDS_ARCHIVE
def test_the_card_of_a_search(mi2, archive, place, tmp_path):
    arguments = ("index", "search", archive, "--text", "lung", "--by", "image", "-k", "3", "--cards", place / "cards")
    # Each run's card has a name of its own.
    killed_everywhere(mi2, tmp_path, place, arguments, over_old=False)
    runs_again(mi2, place, arguments)

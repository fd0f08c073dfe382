"""Every command, to a disk without room: it says so, old files stay whole, and nothing half is left."""
import os
import shutil
from pathlib import Path

import pytest
from evaluate_support import write_dataset
from kill_support import fill, small_disk
from test_help import commands_of, leaves_of
from test_kills_more import NEEDS_ARCHIVE, WITH_ARCHIVE, archive, carded, tables, vectors  # noqa: F401

NEEDS_TORCH = pytest.mark.skipif(not (Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch").exists(),
                                 reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")

# Commands that write to standard output alone. Words in braces are of the fixture `inputs`.
PRINTED = [
    "tokenize lung",
    "inspect {model}",
    "bench --model {model} --rounds 1",
    "dataset list",
    "dataset describe starter",
    "dataset figures",
    "report carbon --gpu-hours 2 --watts 300",
    "index search {archive} --text lung",
    "index stats {archive}",
    "index overlap {archive} {archive}",
    "index replay {carded}/a {card}",
    "help embed",
    "man embed",
    "completion bash",
]
# Commands that write files: OUT is where.
WRITTEN = [
    "embed {picture} --force --out OUT.jsonl",
    "embed {picture} --force --out OUT.npy",
    "classify {picture} --labels a,b --force --out OUT.csv",
    "heatmap {picture} --text lung --force --out OUT.png",
    "batch --force {rows} OUT.csv",
    "pack --model {model} --dtype bf16 --force OUT.mi2",
    "package mlflow --model {model} OUT",
    "package azureml --model {model} OUT",
    "fidelity --model {model} {picture} --dtypes bf16 --force --out OUT.md",
    "adapter train --embeddings {vectors}/e.jsonl --labels {vectors}/l.csv --force --out OUT",
    "adapter import {vectors}/toolkit --force --out OUT",
    "adapter classify --head {vectors}/head --embeddings {vectors}/e.jsonl --force --out OUT.csv",
    "adapter embed --head {vectors}/head --embeddings {vectors}/e.jsonl --force --out OUT.npy",
    "knn --train {vectors}/e.jsonl --labels {vectors}/l.csv --k 1 {vectors}/e.jsonl --force --out OUT.csv",
    "evaluate --predictions {tables}/p.csv --labels {tables}/l.csv --bootstrap 0 --out OUT",
    "dataset prepare --recipe {recipe} --root {dataset} --out OUT",
    "report model-card {model} --out OUT",
    "man --dir OUT",
    "index dups {archive} --force --out OUT.csv",
    "index outliers {archive} --reference date<2024 -k 2 --force --out OUT.csv",
    "index drift {archive} --reference date<2024 --test date>=2024 --force --out OUT.csv",
    "index tags {archive} --field modality -k 2 --force --out OUT.csv",
    "index map {archive} --neighbours 5 --force --out OUT.csv",
    "index export {archive} --force --out OUT.npy",
    "index search {archive} --text lung --cards OUT",
    "index push {carded}/a {card} --out OUT",
    "index backup {archive} OUT",
]
# Where the others' tests are, or why there is none.
ELSEWHERE = {
    "train": "test_train.py", "serve": "writes its log", "listen": "test_listen_bounds.py",
    "adapter predict": "as adapter classify, for heads of targets", "index add": "test_index_kills.py",
    "index verify": "test_index_kills_more.py: as rm", "index verify-cards": "says what it finds on standard error",
    "index verify-audit": "as verify-cards",
    "index reembed": "test_index_reembed.py", "index rm": "test_index_kills_more.py",
    "index compact": "test_index_kills_more.py", "index label": "test_index_labels.py", "index share": "writes into a database",
}


def command_of(line, commands):
    """The words of a line that name a command: "index search"."""
    words = line.split()
    while " ".join(words) not in commands:
        words.pop()
    return " ".join(words)


@pytest.fixture(scope="module")
def inputs(mi2, images, tables, vectors, tmp_path_factory, request):  # noqa: F811
    folder = tmp_path_factory.mktemp("inputs")
    picture = str(images / "gray.png")
    write_dataset(folder / "dataset", folder / "recipe.yaml", picture)
    (folder / "rows.csv").write_text("image,text\n,lung\n")
    found = {"model": mi2.model, "picture": picture, "tables": tables, "vectors": vectors, "rows": folder / "rows.csv",
             "recipe": folder / "recipe.yaml", "dataset": folder / "dataset"}
    if WITH_ARCHIVE:
        found |= {name: request.getfixturevalue(name) for name in ("archive", "carded")}
        (found["card"],) = (found["carded"] / "cards").glob("*.json")
    return found


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    with small_disk(tmp_path_factory.mktemp("disks") / "small", "48m") as folder:
        yield folder


def needs(line):
    if line.startswith("adapter train"):
        return NEEDS_TORCH
    return NEEDS_ARCHIVE if line.startswith("index") else ()


def of_a_build(lines):
    return [pytest.param(line, marks=needs(line), id=line.split(" {")[0]) for line in lines]


def test_each_command_is_here(mi2):
    commands = commands_of(mi2)
    known = {command_of(line, commands) for line in [*PRINTED, *WRITTEN] if WITH_ARCHIVE or not line.startswith("index")}
    assert leaves_of(mi2) - known == {name for name in ELSEWHERE if WITH_ARCHIVE or name.split()[0] not in ("index", "listen")}


@pytest.mark.parametrize("line", of_a_build(PRINTED))
def test_what_cannot_be_printed_is_an_error(mi2, inputs, line):
    with open("/dev/full", "wb") as full:
        done = mi2(*line.format(**inputs).split(), status=3, stdout=full)
    assert "standard output" in done.errors and "No space left on device" in done.errors


@pytest.mark.parametrize("line", of_a_build(WRITTEN))
def test_a_full_disk_is_said_and_spares_what_is_there(mi2, inputs, disk, line):
    place = disk / "place"
    place.mkdir()
    arguments = line.replace("OUT", f"{place}/out").format(**inputs).split()
    old = {word: b"old" for word in arguments if "--force" in arguments and word.startswith(str(place))}
    for path, content in old.items():
        Path(path).write_bytes(content)
    ballast = fill(disk, 0)
    try:
        done = mi2(*arguments, status=3)
        ballast.unlink()
        left = {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}
        assert str(place) in done.errors and "No space left on" in done.errors
        # A batch goes on from its rows, the chain of cards is one of lines: both are there, and empty.
        assert {path: content for path, content in left.items() if not path.endswith((".part", "chain.jsonl"))} == old
        assert all(content in (b"", b"old") for content in left.values())
        mi2(*arguments)
    finally:
        ballast.unlink(missing_ok=True)
        shutil.rmtree(place)


@pytest.mark.parametrize("line", of_a_build([line for line in WRITTEN if " --force " in line]))
def test_what_is_there_is_replaced_only_by_force(mi2, inputs, tmp_path, line):
    arguments = line.replace("OUT", f"{tmp_path}/out").format(**inputs).split()
    mi2(*arguments)
    written = sorted(tmp_path.iterdir())
    for path in written:
        path.write_bytes(b"mine")
    refused = mi2(*[word for word in arguments if word != "--force"], status=2)
    assert "exists" in refused.errors, refused.errors
    assert sorted(tmp_path.iterdir()) == written and all(path.read_bytes() == b"mine" for path in written)
    mi2(*arguments)
    assert sorted(tmp_path.iterdir()) == written and not any(path.read_bytes() == b"mine" for path in written)

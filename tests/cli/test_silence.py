"""No command is silent for long on a terminal: each says what it waits for when a file takes its time to open."""
import os
import re
from pathlib import Path

import numpy as np
import pytest
from terminal import run_on_terminal
from tracing import NEEDS_STRACE

pytestmark = NEEDS_STRACE

WITH_TORCH = (Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch").exists()
# A first line comes after 1.5 to 2 seconds.
SECONDS = 2.6


def shown_while_waiting(mi2, slow, *arguments, opening=1):
    """What a command shows on a terminal, the first (or another) opening of `slow` taking long."""
    late = f"inject=openat:delay_enter={round(SECONDS * 1e6)}:when={opening}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat", "-P", str(slow), "-e", late, mi2.path]
    status, _, shown = run_on_terminal([*command, *map(str, arguments)], mi2.environment())
    assert status == 0, shown
    # The line is gone in the end.
    assert "\r\x1b[K" in shown
    return shown


@pytest.fixture
def weights(mi2):
    return next(Path(mi2.model).rglob("*.safetensors"))


@pytest.fixture
def vectors(tmp_path):
    """Twelve embeddings of two labels."""
    random = np.random.default_rng(1)
    np.save(tmp_path / "v.npy", random.normal(size=(12, 6)).astype(np.float32))
    (tmp_path / "l.txt").write_text("a\nb\n" * 6)
    return tmp_path


def test_commands_that_read_a_model(mi2, weights, tmp_path):
    rows = tmp_path / "in.jsonl"
    rows.write_text('{"text": "a"}\n')
    for arguments in (("inspect", mi2.model), ("pack", "--model", mi2.model, "--dtype", "f32", tmp_path / "m.mi2")):
        assert re.search(r"reading the model, (0:0)?[1-3]", shown_while_waiting(mi2, weights, *arguments)), arguments
    package = ("package", "mlflow", "--model", mi2.model)
    assert "reading the model, 0:0" in shown_while_waiting(mi2, weights, *package, tmp_path / "checked")
    # It copies files by then, and draws the bar again.
    shown = shown_while_waiting(mi2, weights, *package, tmp_path / "copied", opening=2)
    assert re.search(r"( \d+/\d+ files)[^\r]*\r[^\r]*\1", shown)
    assert "loading the model, 0:0" in shown_while_waiting(mi2, weights, "batch", rows, tmp_path / "out.jsonl")


def test_commands_that_read_vectors(mi2, vectors):
    known = ("--train", vectors / "v.npy", "--labels", vectors / "l.txt")
    shown = shown_while_waiting(mi2, vectors / "v.npy", "knn", *known, "--out", vectors / "o.csv", vectors / "v.npy")
    assert "reading the embeddings, 0:0" in shown


@pytest.mark.skipif(not WITH_TORCH, reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
def test_adapters(mi2, vectors):
    head = vectors / "head"
    shown = shown_while_waiting(mi2, vectors / "v.npy", "adapter", "train", "--out", head, "--labels", vectors / "l.txt",
                                "--embeddings", vectors / "v.npy")
    assert "reading the embeddings, 0:0" in shown
    shown = shown_while_waiting(mi2, vectors / "v.npy", "adapter", "classify", "--head", head, "--out", vectors / "o.csv",
                                "--embeddings", vectors / "v.npy")
    assert "reading the embeddings, 0:0" in shown


@pytest.mark.parametrize("command", [["embed"], ["classify", "--labels", "a,b"], ["fidelity", "--dtypes", "f32"]])
def test_commands_that_look_through_folders(mi2, folder, command):
    shown = shown_while_waiting(mi2, folder / "b" / "no_extension", *command, "--threads", "1", folder)
    assert "looking for images, " in shown


def test_bench_while_it_loads_and_between_what_it_times(mi2, weights):
    arguments = ("--model", mi2.model, "--rounds", "1", "--threads", "1")
    shown = shown_while_waiting(mi2, weights, "bench", *arguments)
    assert "loading the model, 0:0" in shown and "2/2 image passes" in shown and "2/2 text passes" in shown
    assert re.search(r"loading the model, [1-3] s", shown_while_waiting(mi2, weights, "bench", "--serve", *arguments[:2]))


def test_bench_while_it_measures_the_machine(mi2):
    status, _, shown = run_on_terminal([mi2.path, "bench", "--peak", "--threads", "1"], mi2.environment())
    found = re.findall(r"(\d+)/(\d+) measurements", shown)
    assert status == 0 and shown.endswith("\r\x1b[K")
    assert [int(done) for done, _ in found][0] == 0 and len({total for _, total in found}) == 1
    assert {int(done) for done, _ in found} == set(range(int(found[0][1]) + 1))


def test_fidelity_while_it_prepares_and_while_it_loads(mi2, weights, picture):
    arguments = ("fidelity", "--dtypes", "f32", "--threads", "1", picture)
    assert "images to prepare, 0:0" in shown_while_waiting(mi2, picture, *arguments)
    assert " images, 0:0" in shown_while_waiting(mi2, weights, *arguments)

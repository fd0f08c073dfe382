"""Inputs that fail: each alone has its own status; among others it costs only its own row."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from lora_support import read, write


def test_truncated_picture_alone(mi2, bad_picture):
    done = mi2("embed", bad_picture, status=3)
    assert done.errors.startswith(f"mi2: {bad_picture}: ") and done.errors.count("\n") == 1 and done.stdout == b""


def test_missing_file_alone(mi2, tmp_path):
    missing = str(tmp_path / "none.png")
    assert missing in mi2("embed", missing, status=7).errors


def test_unsupported_format_alone(mi2, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj\n")
    assert str(path) in mi2("embed", str(path), status=4).errors


def test_too_large_alone(mi2, picture):
    assert picture in mi2("embed", "--max-pixels", "10", picture, status=5).errors
    assert picture in mi2("embed", "--max-file-size", "1K", picture, status=5).errors
    with open(picture, "rb") as file:
        mi2("embed", "--max-file-size", "1K", "-", stdin=file.read(), status=5)


def test_empty_standard_input(mi2):
    assert "mi2: -: " in mi2("embed", "-", status=3).errors


def test_special_file(mi2):
    assert "/dev/zero" in mi2("embed", "/dev/zero", status=3).errors


def test_folder_without_pictures(mi2, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    assert str(tmp_path) in mi2("embed", str(tmp_path), status=7).errors


@pytest.mark.parametrize("batch", ["1", "2", "16"])
def test_one_bad_among_many(mi2, images, bad_picture, tmp_path, batch):
    good = [str(images / name) for name in ("gray.png", "grey.jpg", "rgba.png")]
    missing = str(tmp_path / "none.png")
    done = mi2("embed", "--batch", batch, good[0], bad_picture, good[1], missing, good[2], "--text", "t", status=8)
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row.get("path", "t") for row in rows] == [*good, "t"]
    alone = mi2.rows("embed", *good)
    np.testing.assert_allclose([row["embedding"] for row in rows[:3]], [row["embedding"] for row in alone], atol=1e-6)
    lines = done.errors.splitlines()
    assert lines[0].startswith(f"mi2: {bad_picture}: ") and lines[1].startswith(f"mi2: {missing}: ")
    assert lines[2].startswith("mi2: 2 of 6 inputs failed")


@pytest.fixture
def broken_word(mi2, tmp_path):
    """A model whose vector of every text with the word "pleural" is no number."""
    row, = mi2.rows("tokenize", "pleural")
    tensors, metadata = read(Path(mi2.model) / "model.safetensors")
    name, = (name for name in tensors if name.endswith("token_embedding.weight"))
    tensors[name] = tensors[name].copy()
    tensors[name][row["input_ids"][1]] = 3e38  # whose mean, summed in f32, is infinite
    folder = tmp_path / "broken"
    shutil.copytree(mi2.model, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    write(folder / "model.safetensors", tensors, metadata)
    return str(folder)


@pytest.mark.parametrize("kept", [False, True], ids=["at once", "kept"])
def test_a_text_that_fails_leaves_the_others_their_own_names(mi2, broken_word, picture, tmp_path, kept):
    texts = ["one", "pleural effusion", "two", "no pleural effusion", "three"]
    out = tmp_path / "out.jsonl"
    done = mi2("embed", "--model", broken_word, picture, *[a for text in texts for a in ("--text", text)],
               *(["--out", str(out)] if kept else []), status=8)
    rows = [json.loads(line) for line in (out.read_bytes() if kept else done.stdout).decode().splitlines()]
    assert [row.get("text") for row in rows] == [None, "one", "two", "three"]
    assert "text 2: " in done.errors and "text 4: " in done.errors and "pleural" not in done.errors
    for row in rows[1:]:
        alone, = mi2.rows("embed", "--text", row["text"])
        np.testing.assert_allclose(row["embedding"], alone["embedding"], atol=1e-5)


def test_bad_rows_are_absent_from_npy(mi2, picture, bad_picture, tmp_path):
    out = tmp_path / "v.npy"
    done = mi2("embed", "--format", "npy", "--out", str(out), bad_picture, picture, status=8)
    wanted = np.array([mi2.rows("embed", picture)[0]["embedding"]], dtype=np.float32)
    np.testing.assert_array_equal(np.load(out), wanted)
    assert bad_picture in done.errors and "no row" in done.errors


@pytest.mark.parametrize("output_format", ["jsonl", "csv", "npy"])
def test_all_bad_gives_the_first_ones_status_and_writes_nothing(mi2, bad_picture, tmp_path, output_format):
    missing, out = str(tmp_path / "none.png"), tmp_path / "out"
    assert mi2("embed", "--format", output_format, missing, bad_picture, status=7).stdout == b""
    mi2("embed", "--format", output_format, "--out", str(out), bad_picture, missing, status=3)
    assert not out.exists()


def test_messages_hold_no_escape_sequences(mi2, tmp_path):
    done = mi2("embed", str(tmp_path / "a\x1b[31m\nred.png"), status=7)
    assert "\x1b" not in done.errors and done.errors.count("\n") == 1


def test_texts_never_reach_messages(mi2, bad_picture):
    done = mi2("embed", bad_picture, "--text", "Jane Doe " * 100, status=8)
    assert "Jane" not in done.errors

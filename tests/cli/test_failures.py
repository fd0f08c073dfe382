"""Inputs that fail: each alone has its own status; among others it costs only its own row."""
import json

import numpy as np
import pytest


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

"""Doubts about an image are part of the answer, and --strict refuses what has any."""
import base64
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "blank.png"
    Image.new("L", (20, 20), 77).save(path)
    return str(path)


@pytest.fixture
def hot(tmp_path):
    """16 bits, of which one pixel takes the whole range."""
    samples = np.full((200, 200), 1000, np.uint16)
    samples[3, 4] = 60000
    path = tmp_path / "hot.tif"
    Image.fromarray(samples).save(path)
    return str(path)


def test_warnings_go_to_standard_error_and_into_json_lines(mi2, picture, blank):
    done = mi2("embed", picture, blank)
    clean, doubtful = (json.loads(line) for line in done.stdout.decode().splitlines())
    assert "warnings" not in clean
    assert doubtful["warnings"] == ["one_value: every pixel has the same value"]
    assert done.errors == f"mi2: warning: {blank}: one_value: every pixel has the same value\n"
    assert doubtful["embedding"] != clean["embedding"]


@pytest.mark.parametrize("output_format", ["csv", "npy"])
def test_formats_without_a_place_have_them_on_standard_error(mi2, blank, output_format):
    assert "one_value" in mi2("embed", "--format", output_format, blank).errors


def test_a_hot_pixel_is_named(mi2, hot):
    assert "hot_pixels: all but 1 of 40000 pixels" in mi2("embed", "--intensity", "minmax", hot).errors


def test_classify_says_them_too(mi2, blank):
    done = mi2("classify", "--labels", "a,b", "--format", "jsonl", blank)
    assert json.loads(done.stdout)["warnings"] == ["one_value: every pixel has the same value"]


def test_strict_refuses_them(mi2, picture, blank):
    done = mi2("embed", "--strict", picture, blank, status=8)
    assert len(done.stdout.splitlines()) == 1
    assert f"{blank}: refused, since strict: one_value" in done.errors
    mi2("embed", "--strict", blank, status=3)


def test_batch_puts_them_into_the_row(mi2, blank, tmp_path):
    image = base64.b64encode(Path(blank).read_bytes()).decode()
    (tmp_path / "in.jsonl").write_text(json.dumps({"image": image, "text": "x"}) + "\n")
    done = mi2("batch", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"))
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert row["warnings"] == ["one_value: every pixel has the same value"]
    assert "mi2: warning: row 1: one_value" in done.errors

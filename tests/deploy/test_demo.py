"""The demo's own judgement: which modality, and whether an image is none of the labels; and its searches."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from pydicom.data import get_testdata_file

sys.path.insert(0, str(ROOT / "demo"))
import show  # noqa: E402

LABELS = (ROOT / "models/starter/labels.txt").read_text().splitlines()


def test_every_label_is_of_one_modality():
    for label in LABELS:
        assert sum(label.startswith(name) for name in show.MODALITIES) == 1, label


def test_the_labels_of_a_modality_count_together():
    scores = [{"label": "fundus photograph retina diabetic retinopathy", "score": 0.4},
              {"label": "ultrasound breast no lesion", "score": 0.25},
              {"label": "ultrasound breast benign lesion", "score": 0.2},
              {"label": "ultrasound breast malignant tumor", "score": 0.15}]
    assert show.modality_of(scores) == ("ultrasound", pytest.approx(0.6))


def test_every_label_has_a_threshold():
    thresholds = json.loads((ROOT / "demo/thresholds.json").read_text())
    assert list(thresholds) == LABELS and all(0 < cosine < 1 for cosine in thresholds.values())


@pytest.mark.parametrize("vector, none", [
    ((0.8, 0.6), True),   # nearest to a, and not near enough for it; that b would take it is of no account
    ((0.9, 0.435), False),  # as near as it has to be
    ((0.6, 0.8), False),
    ((-0.8, 0.6), False), ((-0.9, 0.435), True)])
def test_the_nearest_label_decides_whether_an_image_is_none_of_them(vector, none):
    assert show.is_none_of_them(vector, {"a": (1, 0), "b": (0, 1)}, {"a": 0.9, "b": 0.5}) is none


def test_search_by_text_is_shown_before_labels(tmp_path):
    for name in ("colour_a.jpg", "gray.png", "rgba.png"):
        shutil.copy(ROOT / "tests/golden/data/images" / name, tmp_path)
    done = subprocess.run([sys.executable, ROOT / "demo/show.py", os.environ["MI2_BIN"], ROOT / "models/starter", tmp_path],
                          capture_output=True, text=True, check=True, timeout=120)
    titles = [line for line in done.stdout.splitlines() if line.startswith(("Text to image", "Image to image", "Labels"))]
    assert [title.split(":")[0] for title in titles] == ["Text to image", "Image to image", "Labels without training"]


def test_the_archive_is_searched_by_text_and_by_picture_and_a_card_of_each_search_is_there(tmp_path):
    program, model = os.environ["MI2_BIN"], os.environ["MI2_STARTER_MODEL"]
    examples = tmp_path / "examples"
    examples.mkdir()
    # As much as is there without a network.
    shutil.copy(get_testdata_file("MR_small.dcm", download=False), examples / "mr-small.dcm")
    for name in ("gray.png", "rgba.png", "colour_a.jpg", "wide.jpg"):
        shutil.copy(ROOT / "tests/golden/data/images" / name, examples)
    subprocess.run([program, "index", "add", "--model", model, tmp_path / "a", examples], check=True, capture_output=True)

    def searched():
        command = [sys.executable, ROOT / "demo/search.py", program, model, examples, tmp_path / "a", tmp_path / "cards"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    # As the second run of the demo does, with other cards.
    found = searched() + searched()
    assert found.count("rank") == 4 and found.count(f"--image {examples / 'mr-small.dcm'}") == 2
    pages = [Path(page) for page in re.findall(r"^  file://(.+\.html)$", found, re.MULTILINE)]
    assert len(set(pages)) == 4
    by_text, by_picture = (page.read_text() for page in pages[:2])
    assert "fundus photograph retina" in by_text and "fundus photograph retina" not in by_picture
    assert all(page.count("data:image/webp;base64,") >= 3 for page in (by_text, by_picture))
    subprocess.run([program, "index", "verify-cards", tmp_path / "cards"], check=True, capture_output=True)

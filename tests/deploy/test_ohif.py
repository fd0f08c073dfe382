"""What mi2 index push sends to a PACS, in a viewer of others: OHIF over an Orthanc, in Chromium."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import ohif
import pytest
from orthanc import Orthanc

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from dicom_studies import uid, write_study  # noqa: E402

PICTURE, REPORT = "mi2 search results, picture (research use)", "mi2 search results (research use)"


def _mi2(*command):
    done = subprocess.run([os.environ["MI2_BIN"], "index", *map(str, command)], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


def _push(folder, orthanc):
    """A study of three slices with the objects of a search that has found them."""
    for path in write_study(folder / "in", "x", PixelSpacing=[1, 1], StudyDate="20240115"):
        orthanc.store(path)
    model = ["--model", os.environ["MI2_STARTER_MODEL"]]
    _mi2("add", *model, folder / "a", folder / "in")
    _mi2("search", *model, folder / "a", "--text", "lung, pneumothorax", "--by", "image", "--cards", folder / "cards")
    (card,) = (folder / "cards").glob("*.json")
    assert "2 objects sent" in _mi2("push", folder / "a", card, "--to", f"stow:{orthanc.base}/dicom-web", "--send").stderr


def test_ohif_shows_the_picture_and_the_report_beside_the_images(tmp_path):
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None or not (ROOT / "web/node_modules/playwright-core").exists():
        pytest.skip("node, chromium or the page's packages (cmake fetches them) are missing")
    files = ohif.dist()
    orthanc = Orthanc(tmp_path)
    try:
        _push(tmp_path, orthanc)
        with ohif.Viewer(files, orthanc.port) as viewer:
            address = f"{viewer.address}/viewer?StudyInstanceUIDs={uid('study', 'x')}"
            done = subprocess.run([node, Path(__file__).with_name("ohif_page.mjs"), address, PICTURE, REPORT],
                                  capture_output=True, text=True, check=False, timeout=240,
                                  env={**os.environ, "MI2_CHROMIUM": chromium})
            assert done.returncode == 0, done.stderr
            failed = viewer.failed
    finally:
        orthanc.end()
    seen = json.loads(done.stdout)
    assert seen["faults"] == [] and failed == []
    assert len(seen["series"]) == 3
    assert any(text.startswith("OT") and PICTURE in text for text in seen["series"])
    assert any(text.startswith("SR") and REPORT in text for text in seen["series"])
    assert seen["shades"] > 16
    for said in ("for research use only", "Search result 3 of 3", "Rank among the results of the search: 3 of 3",
                 "Cosine similarity to the query", "Query: text: lung, pneumothorax", "Images that were searched: 3"):
        assert said in seen["report"]

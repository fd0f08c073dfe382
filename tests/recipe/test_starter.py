"""The starter model on its own test split: the figures of its card, with intervals. Needs the shared data."""
import json
import os
import subprocess
from pathlib import Path

import pytest

DATA = Path(os.environ.get("MI2_SHARED_DATA", "none")) / "starter"


@pytest.mark.skipif(not DATA.is_dir(), reason="there is no ../shared/data/starter")
def test_the_figures_of_the_starters_card_are_reproduced(tmp_path):
    subprocess.run([os.environ["MI2_BIN"], "evaluate", "starter", "--root", DATA, "--model", os.environ["MI2_STARTER_MODEL"],
                    "--ways", "zero-shot,knn", "--bootstrap", "200", "--out", tmp_path / "r"], check=True, timeout=600,
                   stdout=subprocess.DEVNULL)
    found = json.loads((tmp_path / "r" / "evaluation.json").read_text())
    for row, way in (("starter-zero-shot", "zero-shot"), ("starter-knn-5", "knn-5")):
        published = {entry["name"]: entry["value"] for entry in found["published"]}[row]
        accuracy = found["ways"][way]["more"]["accuracy"]
        # The card's figures are of 567 images to four digits; half an image is 0.0009.
        assert accuracy["value"] == pytest.approx(published, abs=1e-4), way
        assert accuracy["interval"][0] < published < accuracy["interval"][1]
    subprocess.run([os.environ["MI2_BIN"], "report", "model-card", os.environ["MI2_STARTER_MODEL"], "--evaluation", tmp_path / "r",
                    "--name", "Starter", "--licence", "mit", "--out", tmp_path / "card"], check=True, timeout=60)
    low, high = found["ways"]["zero-shot"]["more"]["accuracy"]["interval"]
    assert f"0.8483 ({low:.4f} to {high:.4f}) | 567 |" in (tmp_path / "card" / "README.md").read_text()

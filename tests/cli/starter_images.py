"""The open images that the starter model was trained and tested on, where they lie beside the project."""
import csv
import os
from pathlib import Path

import pytest


def link_starter(folder):
    """Links to the images, a folder of them for each split: train, test, outlier.

    @returns the model's folder, and {link: row of the manifest}.
    """
    data = Path(os.environ.get("MI2_SHARED_DATA", "")) / "starter"
    model = os.environ.get("MI2_STARTER_MODEL", "")
    if not (data / "manifest.csv").is_file() or not Path(model).is_dir():
        pytest.skip("needs MI2_STARTER_MODEL and the images of MI2_SHARED_DATA/starter")
    rows = {}
    with (data / "manifest.csv").open(encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest):
            link = folder / row["split"] / row["file"].replace("/", "_")
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(data / row["file"])
            rows[str(link)] = row
    return model, rows

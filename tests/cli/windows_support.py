"""What tests of archives of several windows share."""
import json
import shutil

import numpy as np
import pytest
from dicom_studies import slice_of, write, write_study
from index_support import add, exported, table

WINDOWS = ("lung", "soft", "bone")
LIST = ",".join(WINDOWS)
SLICES = 5
HOUNSFIELD = {"RescaleIntercept": -1500, "RescaleSlope": 1}
LIVE = "SELECT id FROM item WHERE kind = 'frame' AND deleted_seq IS NULL ORDER BY id"


def write_frames(path, study):
    """A CT object of three frames."""
    parts = [slice_of(study, 0, number, patient=f"P{study}", **HOUNSFIELD) for number in range(3)]
    data = parts[0]
    data.NumberOfFrames, data.PixelData = 3, b"".join(part.PixelData for part in parts)
    return write(path, data)


@pytest.fixture(scope="module")
def source(tmp_path_factory, images):
    """Two CTs of one patient and one of another, an MR, a CT object of three frames, and a picture."""
    folder = tmp_path_factory.mktemp("windows") / "in"
    for study, patient in ((0, "P0"), (1, "P0"), (2, "P2")):
        write_study(folder, study, slices=SLICES, patient=patient, StudyDate=f"202{study}0115", **HOUNSFIELD)
    write_study(folder, 3, slices=SLICES, patient="P3", modality="MR")
    write_frames(folder / "4" / "frames.dcm", 4)
    shutil.copy(images / "rgba.png", folder / "picture.png")
    return folder


CT_IMAGES, OTHERS = 3 * SLICES + 3, SLICES + 1


@pytest.fixture(scope="module")
def filled(mi2, source, tmp_path_factory):
    """Only read."""
    archive = tmp_path_factory.mktemp("filled") / "a"
    add(mi2, archive, "--windows", LIST, source)
    return archive


def own(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "own")
    return tmp_path / "own"


def rows_of(mi2, archive, folder):
    """(what each row of an image is of, its vector), by number."""
    _, vectors = exported(mi2, archive, folder)
    lines = [json.loads(line) for line in (folder / "export-images.npy.rows.jsonl").read_text().splitlines()]
    rows = [line for line in lines if "path" in line]
    for row, (number,) in zip(rows, table(archive, LIVE), strict=True):
        row["item"] = number
    return rows, vectors.astype(np.float64)


def embedded(mi2, path, *arguments):
    return np.array([row["embedding"] for row in mi2.rows("embed", *arguments, str(path))], np.float32)


def names_of(rows, path):
    return [(row["frame"], row.get("window")) for row in rows if row["path"] == str(path)]


def save(folder, vector):
    np.save(folder / "v.npy", vector.astype(np.float32)[None])
    return folder / "v.npy"


def vectors_of(archive):
    return json.loads((archive / "archive.json").read_text())["dims"]

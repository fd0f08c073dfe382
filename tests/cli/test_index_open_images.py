"""An archive of the open images beside the project: its nearest are those of mi2 knn, and copies are no neighbours."""
import csv
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest
from dicom_studies import uid, write
from index_support import add, added, query, table
from pydicom.uid import JPEGLSNearLossless, RLELossless
from starter_images import link_starter

SERIES = Path(os.environ.get("MI2_SHARED_DATA", "")) / "dicom-series"
# Both programs compare vectors in f32 that were rounded once: nearer than this, either may come first.
TIE = 2e-6


def knn(mi2, folder, column):
    """Figures of the test images by the nearest train image's value in a column, and {image: its neighbours}."""
    figures = folder / f"{column}.json"
    vectors = str(folder / "v.jsonl")
    rows = mi2.rows("knn", "--train", vectors, "--labels", str(folder / "labels.csv"), "--labels-column", column, "--k", "1",
                    "--format", "jsonl", "--figures", str(figures), vectors, with_model=False)
    return json.loads(figures.read_text()), {row["path"]: row["neighbours"] for row in rows}


@pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="embeds 2,474 images twice: minutes under sanitizers")
def test_the_nearest_train_image_of_each_of_the_starters_test_images_is_the_one_that_knn_finds(mi2, tmp_path):
    model, images = link_starter(tmp_path)
    archive, folders = tmp_path / "a", [str(tmp_path / "train"), str(tmp_path / "test")]
    mi2("index", "add", "--model", model, "--no-thumbnails", str(archive), *folders, with_model=False)
    mi2("embed", "--model", model, "--out", str(tmp_path / "v.jsonl"), *folders, with_model=False)
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        labels = csv.writer(file)
        labels.writerow(["path", "split", "label", "modality"])
        labels.writerows([link, row["split"], row["label"], row["modality"]] for link, row in images.items())

    items = dict(table(archive, "SELECT instance.locator, item.id FROM item JOIN instance ON instance.id = item.instance"
                                " WHERE item.kind = 'frame'"))
    asked = [link for link, row in images.items() if row["split"] == "test"]
    assert len(items) == 2474 and len(asked) == 567

    def nearest(link):
        (row,) = query(mi2, archive, "--item", items[link], "--where", "path~/train/", "--by", "image", "-k", 1,
                       with_model=False)
        return row

    with ThreadPoolExecutor(2) as both:
        found = dict(zip(asked, both.map(nearest, asked)))
    for column in ("label", "modality"):
        figures, neighbours = knn(mi2, tmp_path, column)
        assert figures["rows"] == len(asked)
        ties = 0
        for link in asked:
            (wanted,), row = neighbours[link], found[link]
            assert row["exact"] and row["score"] == pytest.approx(1 - wanted["distance"], abs=TIE)
            ties += row["path"] != wanted["path"]
        right = sum(images[row["path"]][column] == images[link][column] for link, row in found.items())
        assert abs(right - figures["accuracy"] * len(asked)) <= ties + 1e-6
    for link in asked[::120]:
        # A file from outside is compared as an image of the archive is.
        (row,) = mi2.rows("index", "search", str(archive), "--model", model, "--image", link, "--where", "path~/train/",
                          "--by", "image", "-k", "1", "--format", "jsonl", with_model=False)
        assert row["score"] == pytest.approx(found[link]["score"], abs=TIE)


def another(data, name, **tags):
    """The same picture as an object of another patient's study."""
    data.PatientID, data.PatientName, data.AccessionNumber = f"copy {name}", f"Copy^{name}", ""
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study", name), uid("series", name)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("sop", name, data.SOPInstanceUID)
    data.FrameOfReferenceUID = uid("reference", name)
    for tag, value in tags.items():
        setattr(data, tag, value)
    return data


def groups(mi2, archive, level):
    """Of each group {file: why}."""
    found = mi2.rows("index", "dups", str(archive), "--level", level, "--format", "jsonl", with_model=False)
    return [{str(Path(member["path"]).relative_to(archive.parent / "in")): member["why"] for member in group["members"]}
            for group in found]


@pytest.mark.parametrize("series, place", [("ct-head-ge", 10), ("mr-t1-7t", 12)])
def test_copies_of_a_real_slice_are_told_from_the_slices_beside_it(mi2, tmp_path, series, place):
    if not (SERIES / series).is_dir():
        pytest.skip("needs MI2_SHARED_DATA/dicom-series")
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(SERIES / series, folder / "as it is")
    slices = sorted((folder / "as it is").iterdir())
    assert added(add(mi2, archive, folder)) == len(slices) >= 28
    # Neighbours of a series are no copies of each other, however alike they are.
    for level in ("object", "pixels", "reencoded"):
        assert groups(mi2, archive, level) == []

    one = slices[place]
    (folder / "copies").mkdir()
    shutil.copy(one, folder / "copies" / "file.dcm")
    retagged = another(pydicom.dcmread(one), "retagged", SeriesDescription="exported again")
    write(folder / "copies" / "retagged.dcm", retagged)
    for name, syntax, options in (("encoded", RLELossless, {}), ("lossy", JPEGLSNearLossless, {"jls_error": 1})):
        data = another(pydicom.dcmread(one), name)
        data.compress(syntax, generate_instance_uid=False, **options)
        write(folder / "copies" / f"{name}.dcm", data)
    assert added(add(mi2, archive, folder)) == 3  # the file is there already

    original = f"as it is/{one.name}"
    assert groups(mi2, archive, "object") == [{original: "first", "copies/file.dcm": "copy"}]
    lossless = {original: "first", "copies/encoded.dcm": "pixels", "copies/retagged.dcm": "pixels"}
    assert groups(mi2, archive, "pixels") == [lossless]
    assert groups(mi2, archive, "reencoded") == [{**lossless, "copies/lossy.dcm": "reencoded"}]


@pytest.mark.parametrize("level, options", [("pixels", None), ("reencoded", {"jls_error": 1})])
def test_a_series_that_was_sent_again_as_another_patients_is_matched_slice_by_slice(mi2, tmp_path, level, options):
    if not (SERIES / "ct-head-ge").is_dir():
        pytest.skip("needs MI2_SHARED_DATA/dicom-series")
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(SERIES / "ct-head-ge", folder / "first")
    names = sorted(path.name for path in (folder / "first").iterdir())
    for name in names:
        data = another(pydicom.dcmread(folder / "first" / name), "again")
        if options:
            data.compress(JPEGLSNearLossless, generate_instance_uid=False, **options)
        write(folder / "again" / name, data)
    add(mi2, archive, folder)
    found = [set(group) for group in groups(mi2, archive, level)]
    assert sorted(map(sorted, found)) == [[f"again/{name}", f"first/{name}"] for name in names]

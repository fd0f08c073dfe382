"""Archives of several windows, from Python."""
import sys

import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import TEXT
from conftest import ROOT

sys.path.append(str(ROOT / "tests" / "cli"))
from dicom_studies import write_study  # noqa: E402

HOUNSFIELD = {"RescaleIntercept": -1500, "RescaleSlope": 1}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    write_study(folder, 0, slices=2, patient="P0", **HOUNSFIELD)
    write_study(folder, 1, slices=1, patient="P1", modality="MR")
    return folder


def test_each_image_of_a_ct_is_an_item_for_each_window(model, study, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model, windows="lung,bone")
    assert archive.space["windows"] == "lung,bone" and archive.add(study).images == 3
    vectors, items = archive.vectors()
    assert sorted(item.window for item in items) == ["", "bone", "bone", "lung", "lung"]
    found = archive.search(text=TEXT, by="image", k=10)
    assert len(found) == 3 and {result.item.window for result in found} <= {"", "lung", "bone"}
    counted = archive.stats()["totals"]
    assert (counted["images"], counted["image_rows"]) == (3, 5)
    assert archive.add(study).images == 0 and len(vectors) == 5


def test_the_archives_own_model_adds_and_asks_through_its_windows(model_path, study, tmp_path):
    mi2.Archive.create(tmp_path / "a", model=model_path, windows="lung,bone").close()
    archive = mi2.Archive(tmp_path / "a", model=model_path)
    assert archive.add(study).images == 3
    path = str(study / "0" / "s0" / "00.dcm")
    first = archive.search(image=path, by="image", same_patient="include", k=1)[0]
    assert (first.item.path, first.item.window) == (path, "lung") and first.score == pytest.approx(1, abs=1e-5)
    assert np.isfinite(archive.vectors()[0]).all()


def test_an_image_is_seen_through_the_usual_window_of_a_model_without_one_and_another_is_refused(
        model, model_path, study, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model, windows="lung,bone")
    archive.add(study)
    path = str(study / "0" / "s0" / "00.dcm")
    found = {}
    for window in (None, "lung", "bone"):
        own = model if window is None else mi2.load(model_path, window=window)
        with mi2.Archive(tmp_path / "a", model=own) as asked:
            found[window] = asked.search(image=path, by="image", same_patient="include", k=1)[0]
            assert found[window].score == pytest.approx(1, abs=1e-5)
    assert [result.item.window for result in found.values()] == ["lung", "lung", "bone"]
    with mi2.Archive(tmp_path / "a", model=mi2.load(model_path, window="soft")) as asked:
        with pytest.raises(mi2.BadArgument, match="windows"):
            asked.search(image=path)


def test_images_of_several_windows_are_embedded_again_to_verify_them(model, study, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model, windows="lung,bone")
    archive.add(study)
    again = archive.verify(deep=True, model=model)
    assert again.sound and again.embedded_again == 5 and again.left_out == {}


def test_what_is_no_list_of_windows_is_refused(model, tmp_path):
    for text in ("", "lung,lung", "liver", "lung"):
        with pytest.raises(mi2.BadArgument, match="windows"):
            mi2.Archive.create(tmp_path / "b", model=model, windows=text)

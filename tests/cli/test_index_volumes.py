"""Series of several kinds of images: localisers beside slices, and volumes by time or b-value, each chosen from alone."""
import numpy as np
import pydicom
import pytest
from dicom_studies import slice_of, uid, write
from index_support import add, added, exported, sound, table, totals
from reembed_support import other, reembed  # noqa: F401

SCOUT = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
SLICE = {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}


def put(folder, number, place=None, **more):
    """An image of the one series, which lies at a place: where its number says, unless there is another."""
    data = slice_of("x", 0, number, ImagePositionPatient=[0, 0, 5 * (number if place is None else place)], **more)
    return str(write(folder / f"{number:02}.dcm", data))


def expect_mean_of(mi2, archive, folder, files):
    """The mean of the only series, and how many images it is of."""
    names, vectors = exported(mi2, archive, folder)
    rows = vectors[[names.index(file) for file in files]].astype(np.float64)
    mean = rows.sum(axis=0) / np.linalg.norm(rows.sum(axis=0))
    [found] = exported(mi2, archive, folder, "series")[1]
    assert np.abs(found - mean).max() < 1e-7
    assert table(archive, "SELECT pooled_from FROM item WHERE kind = 'series' AND deleted_seq IS NULL") == [(len(files),)]


def test_the_mean_of_a_series_is_without_its_localisers(mi2, tmp_path):
    scouts = [put(tmp_path / "in", number, **SCOUT) for number in (0, 6)]
    slices = [put(tmp_path / "in", number, **SLICE) for number in range(1, 6)]
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "in")) == 7
    expect_mean_of(mi2, archive, tmp_path, slices)
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(scouts + slices)
    assert "sound" in sound(mi2, archive)


@pytest.mark.parametrize("kind", ["CTImageFrameTypeSequence", "MRImageFrameTypeSequence", "PETFrameTypeSequence"])
def test_frames_of_an_enhanced_object_say_which_are_localisers(mi2, tmp_path, kind):
    def frame_of(image):
        frame_type, frame = pydicom.Dataset(), pydicom.Dataset()
        frame_type.FrameType = image["ImageType"]
        setattr(frame, kind, [frame_type])
        return frame
    data = slice_of("x", 0, 0, **SLICE)
    data.NumberOfFrames, data.PixelData = 3, b"".join(slice_of("x", 0, number).PixelData for number in range(3))
    data.PerFrameFunctionalGroupsSequence = [frame_of(image) for image in (SLICE, SCOUT, SLICE)]
    archive = tmp_path / "a"
    assert added(add(mi2, archive, write(tmp_path / "in" / "x.dcm", data))) == 3
    assert table(archive, "SELECT count(*) FROM localizer") == [(1,)]
    assert table(archive, "SELECT pooled_from FROM item WHERE kind = 'series' AND deleted_seq IS NULL") == [(2,)]


def test_the_mean_follows_what_comes_later_and_what_goes(mi2, tmp_path):
    scouts = [put(tmp_path / "first", number, **SCOUT) for number in (0, 1)]
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "first")
    expect_mean_of(mi2, archive, tmp_path, scouts)  # there is nothing else
    slices = [put(tmp_path / "then", number, **SLICE) for number in range(2, 5)]
    add(mi2, archive, tmp_path / "then")
    expect_mean_of(mi2, archive, tmp_path, slices)
    late = put(tmp_path / "late", 5, **SCOUT)
    add(mi2, archive, tmp_path / "late")
    expect_mean_of(mi2, archive, tmp_path, slices)
    mi2("index", "rm", str(archive), "--source", str(tmp_path / "then"), "--yes", with_model=False)
    expect_mean_of(mi2, archive, tmp_path, [*scouts, late])
    assert "sound" in sound(mi2, archive)


def test_what_is_erased_leaves_no_trace_of_localisers(mi2, tmp_path):
    put(tmp_path / "in", 0, **SCOUT)
    put(tmp_path / "in", 1, **SLICE)
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    assert table(archive, "SELECT count(*) FROM localizer") == [(1,)]
    mi2("index", "rm", str(archive), "--study", uid("study", "x"), "--erase", "--yes", with_model=False)
    assert table(archive, "SELECT count(*) FROM localizer") == [(0,)]
    assert "sound" in sound(mi2, archive)


def test_another_model_leaves_the_localisers_out_too(mi2, other, tmp_path):  # noqa: F811
    put(tmp_path / "in", 0, **SCOUT)
    slices = [put(tmp_path / "in", number, **SLICE) for number in range(1, 4)]
    add(mi2, tmp_path / "a", tmp_path / "in")
    reembed(mi2, other, tmp_path / "a", tmp_path / "b")
    expect_mean_of(mi2, tmp_path / "b", tmp_path, slices)


def test_localisers_are_chosen_from_alone(mi2, tmp_path):
    for number in range(3):
        put(tmp_path / "in", number, **SCOUT)
    for number in range(3, 8):
        put(tmp_path / "in", number, **SLICE)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, "--slices", "center:1", tmp_path / "in")) == 2
    assert sorted(exported(mi2, archive, tmp_path)[0]) == [str(tmp_path / "in" / name) for name in ("01.dcm", "05.dcm")]


BY_TIME = ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2})
BY_B_VALUE = ({"DiffusionBValue": 0.0}, {"DiffusionBValue": 800.0})


@pytest.mark.parametrize("kinds", [BY_TIME, BY_B_VALUE])
def test_each_volume_of_a_series_is_chosen_from_alone(mi2, tmp_path, kinds):
    # One place after the other, and in one of them the second volume first.
    places, number = 5, 0
    wanted = []
    for place in range(places):
        for kind in reversed(kinds) if place == 2 else kinds:
            path = put(tmp_path / "in", number, place, **kind)
            wanted += [path] if place in (1, 3) else []
            number += 1
    archive = tmp_path / "a"
    assert added(add(mi2, archive, "--slices", "max:2", tmp_path / "in")) == 4
    assert sorted(exported(mi2, archive, tmp_path)[0]) == wanted
    assert added(add(mi2, archive, "--slices", "max:2", tmp_path / "in")) == 0
    assert added(add(mi2, archive, tmp_path / "in")) == 2 * places - 4
    assert totals(mi2, archive)["pooled"] == 1


def test_moments_of_one_place_are_no_volumes(mi2, tmp_path):
    for moment in range(6):
        put(tmp_path / "in", moment, 0, TemporalPositionIdentifier=moment + 1)
    assert added(add(mi2, tmp_path / "a", "--slices", "max:2", tmp_path / "in")) == 2


def test_volumes_do_not_change_what_is_added_without_a_choice(mi2, tmp_path):
    files = [put(tmp_path / "in", 3 * time + place, place, TemporalPositionIdentifier=time)
             for time in (1, 2) for place in range(3)]
    assert added(add(mi2, tmp_path / "a", tmp_path / "in")) == 6
    expect_mean_of(mi2, tmp_path / "a", tmp_path, files)

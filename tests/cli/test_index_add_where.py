"""add --where: what is added is what a search with the same filter would find, and nothing of the rest is remembered."""
import json
import re
import subprocess
import time
import zipfile
from pathlib import Path

import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from dicomweb_support import fill, server  # noqa: F401 (a fixture)
from index_support import add, added, exported, query, sound, table, totals
from orthanc_server import OrthancServer

CT = ["--where", "modality=CT"]
FILTERS = ["modality=ct", "modality!=CT", "not modality in (CT,US)", "date>=2022", "date=2021-01", "date<2021-01-15 or date>2024",
           "body_part~HEA", "body_part=chest and not modality=MR", "site=north", "site!=south", "station=s1", "not station=s1",
           "kvp>=100", "kvp!=80", "not kvp<1000", "thickness in (1,2.5)", "sex=m", "birth_year<1960", "not birth_year>=1960",
           f"study={uid('study', 2)}", f"series in ({uid('series', 1, 0)},{uid('series', 3, 0)})", f"image={uid('sop', 4, 0, 1)}",
           "path~/2/s0/", "path~.png", "plane=axial", "not plane=axial", "study_description~étude", "series_description=''",
           "manufacturer=x or model~y or software=1 or kernel=b or contrast=c or laterality=L or protocol~p or image_type~prim",
           "field_strength>1"]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, images):
    """Studies with and without most of what a header may say, and a picture that says nothing."""
    folder = tmp_path_factory.mktemp("hospital")
    known = write_hospital(folder)
    for path, (study, _, _) in known.items():
        data = pydicom.dcmread(path)
        if study % 2 == 0:
            data.StationName, data.KVP, data.SliceThickness = f"S{study // 2}", [80, 100, 120][study // 2], [1, 2.5, 5][study // 2]
        data.PatientSex, data.PatientBirthDate = "MFM"[study // 2], f"19{50 + 10 * (study // 2)}0101"
        if study == 3:
            data.SpecificCharacterSet, data.StudyDescription = "ISO_IR 192", "Étude du crâne"
            data.Manufacturer, data.ImageType, data.ConvolutionKernel = "X", ["ORIGINAL", "PRIMARY"], "B"
            data.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        data.save_as(path)
    (folder / "picture.png").write_bytes((images / "rgba.png").read_bytes())
    return folder, known


@pytest.fixture(scope="module")
def filled(mi2, hospital, tmp_path_factory):
    archive = tmp_path_factory.mktemp("filled") / "archive"
    add(mi2, archive, hospital[0], "--site", "north")
    return archive


def left_out(errors):
    found = re.search(r"(\d+) left out by --where", errors)
    return int(found[1]) if found else 0


def names(mi2, archive, tmp_path):
    return sorted(exported(mi2, archive, tmp_path)[0])


@pytest.mark.parametrize("where", FILTERS)
def test_what_is_added_is_what_a_search_would_find(mi2, hospital, filled, tmp_path, where):
    wanted = sorted(row["path"] for row in query(mi2, filled, "--text", "x", "--by", "image", "-k", 100, "--where", where))
    said = mi2("index", "add", "--dry-run", str(tmp_path / "a"), str(hospital[0]), "--site", "north", "--where", where).errors
    assert re.search(rf"\b{len(wanted)} images of \d+ files would be embedded; 0 files refused", said), said
    assert left_out(said) == 19 - len(wanted)
    errors = add(mi2, tmp_path / "a", hospital[0], "--site", "north", "--where", where)
    assert (added(errors), left_out(errors)) == (len(wanted), 19 - len(wanted))
    if wanted:
        assert names(mi2, tmp_path / "a", tmp_path) == wanted


def test_a_second_run_changes_nothing_and_one_without_a_filter_adds_the_rest(mi2, hospital, tmp_path):
    archive = tmp_path / "a"
    assert added(add(mi2, archive, hospital[0], *CT)) == 9
    errors = add(mi2, archive, hospital[0], *CT)
    assert added(errors) == 0 and "9 files unchanged" in errors and left_out(errors) == 10
    # What is there already stays, whatever is asked for now.
    errors = add(mi2, archive, hospital[0], "--where", "modality=MR")
    assert added(errors) == 9 and "9 files unchanged" in errors and left_out(errors) == 1
    assert table(archive, "SELECT count(*) FROM refused WHERE code <> 'skipped'") == [(0,)]
    assert added(add(mi2, archive, hospital[0])) == 1 and totals(mi2, archive)["images"] == 19
    sound(mi2, archive)


@pytest.mark.parametrize("where, words", [
    ("slices>1", ["slices", "once they are added"]), ("kind=frame", ["kind", "added whole"]), ("frame=1", ["frame"]),
    ("modality=CT and position<3", ["position"]), ("source=1", ["source"]), ("not label.finding=x", ["label", "what is in the archive"]),
    ("modalty=CT", ["did you mean modality?"]), ("modality=", ["filter"])])
def test_a_field_that_is_not_known_before_is_refused_by_name(mi2, hospital, tmp_path, where, words):
    errors = mi2("index", "add", str(tmp_path / "a"), str(hospital[0]), "--where", where, status=2).errors
    assert all(word in errors for word in words) and not (tmp_path / "a").exists()


def test_zips_and_chosen_slices_are_filtered_too(mi2, hospital, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as out:
        for path in hospital[1]:
            out.write(path, str(Path(path).relative_to(hospital[0])))
    errors = add(mi2, tmp_path / "a", tmp_path / "all.zip", *CT, "--slices", "max:1")
    assert added(errors) == 3 and left_out(errors) == 9
    assert {row["modality"] for row in query(mi2, tmp_path / "a", "--text", "x")} == {"CT"}
    assert added(add(mi2, tmp_path / "a", tmp_path / "all.zip", *CT)) == 6


def test_a_file_that_changed_and_is_left_out_keeps_what_the_archive_has(mi2, tmp_path):
    path = write(tmp_path / "in" / "x.dcm", slice_of("x", 0, 0))
    assert added(add(mi2, tmp_path / "a", tmp_path / "in", *CT)) == 1
    write(path, slice_of("x", 0, 0, modality="MR"))
    errors = add(mi2, tmp_path / "a", tmp_path / "in", *CT)
    assert (added(errors), left_out(errors)) == (0, 1) and "replaced" not in errors
    assert "1 files replaced" in add(mi2, tmp_path / "a", tmp_path / "in")


def test_a_copy_that_is_let_by_stands_for_its_object(mi2, tmp_path):
    [first] = write_study(tmp_path / "in" / "one", "x", slices=1)
    other = tmp_path / "in" / "two" / "x.dcm"
    other.parent.mkdir()
    other.write_bytes(first.read_bytes())
    errors = add(mi2, tmp_path / "a", tmp_path / "in", "--where", "path~/two/")
    assert (added(errors), left_out(errors)) == (1, 1) and names(mi2, tmp_path / "a", tmp_path) == [str(other)]
    assert "1 copies" in add(mi2, tmp_path / "a", tmp_path / "in")


def test_paths_that_tell_are_not_spoken_of_where_they_are_left_out(mi2, tmp_path):
    write(tmp_path / "in" / "Meier^Hans" / "x.dcm", slice_of("x", 0, 0))
    assert "patient's name" not in add(mi2, tmp_path / "a", tmp_path / "in", "--where", "modality=MR")
    assert "patient's name" in add(mi2, tmp_path / "a", tmp_path / "in", *CT)


def test_vectors_are_not_filtered(mi2, hospital, tmp_path):
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(hospital[0] / "picture.png"))
    errors = mi2("index", "add", str(tmp_path / "a"), str(tmp_path / "v.npy"), *CT, status=2).errors
    assert "--where: expected images as SOURCE, got vectors" in errors


def test_a_server_is_filtered_by_what_its_objects_say(mi2, server, tmp_path):  # noqa: F811
    fill(server, 4, slices=3)
    archive = tmp_path / "a"
    assert "which of them --where lets by" in mi2("index", "add", "--dry-run", str(archive), server.url(), *CT).errors
    errors = add(mi2, archive, server.url(), *CT)
    assert (added(errors), left_out(errors)) == (6, 6)
    before = len(server.fetched())
    errors = add(mi2, archive, server.url(), *CT)
    assert (added(errors), left_out(errors)) == (0, 6) and len(server.fetched()) == before + 2  # both studies of MR
    assert added(add(mi2, archive, server.url())) == 6 and totals(mi2, archive)["images"] == 12
    sound(mi2, archive)


def test_what_a_filter_left_out_of_an_orthanc_comes_with_a_run_without(mi2, tmp_path):
    with OrthancServer() as orthanc:
        for study in range(4):
            orthanc.add(slice_of(study, 0, 0, modality="CT" if study % 2 == 0 else "MR"))
        archive = tmp_path / "a"
        errors = add(mi2, archive, orthanc.url(), *CT)
        assert (added(errors), left_out(errors)) == (2, 2)
        assert (added(add(mi2, archive, orthanc.url(), *CT)), added(add(mi2, archive, orthanc.url()))) == (0, 2)
        orthanc.add(slice_of(7, 0, 0, modality="MR"))
        assert left_out(add(mi2, archive, orthanc.url(), *CT)) == 1
        assert added(add(mi2, archive, orthanc.url())) == 1


def watching(mi2, archive, source, *arguments):
    return subprocess.Popen([mi2.path, "index", "add", "--watch=1", str(archive), str(source), *arguments], env=mi2.environment(),
                            stderr=subprocess.PIPE, text=True)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_folder_that_is_watched_is_filtered_at_each_look(mi2, tmp_path):
    write_study(tmp_path / "in", "a")
    process = watching(mi2, tmp_path / "a", tmp_path / "in", *CT)
    try:
        until(lambda: (tmp_path / "a" / "catalog.sqlite").exists() and totals(mi2, tmp_path / "a")["images"] == 3)
        write_study(tmp_path / "in", "b", modality="MR")
        write_study(tmp_path / "in", "c", slices=2)
        until(lambda: totals(mi2, tmp_path / "a")["images"] == 5)
    finally:
        process.terminate()
        process.communicate()
    assert {row["modality"] for row in query(mi2, tmp_path / "a", "--text", "x", "--by", "image")} == {"CT"}


def test_a_server_that_is_watched_gives_what_is_left_out_once(mi2, server, tmp_path):  # noqa: F811
    fill(server, 2, slices=2)
    process = watching(mi2, tmp_path / "a", server.url(), *CT)
    try:
        until(lambda: len(server.fetched()) == 2)
        requests = len(server.requests)
        until(lambda: len(server.requests) >= requests + 4)  # some looks later
        assert len(server.fetched()) == 2
        server.add(slice_of("new", 0, 0, StudyDate="20200101"))
        until(lambda: totals(mi2, tmp_path / "a")["images"] == 3)
        assert len(server.fetched()) == 3
    finally:
        process.terminate()
        process.communicate()


def test_stats_know_nothing_of_what_was_left_out(mi2, hospital, tmp_path):
    add(mi2, tmp_path / "a", hospital[0], *CT)
    known = json.loads(mi2("index", "stats", str(tmp_path / "a"), "--format", "json", with_model=False).stdout)
    assert known["totals"]["refused"] == 0 and known["refused_by"] == {}

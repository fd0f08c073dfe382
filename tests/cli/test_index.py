"""Archives as their users know them: added to, added to again, searched, and looked into."""
import fcntl
import os
import shutil
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, added, exported, query, sound, stats, table, totals

TEXT = "chest x-ray"
# Under sanitizers a start of the program takes longer than what it does.
COUNTS = (3,) if os.environ.get("MI2_SANITIZE") else (1, 3, 100)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


@pytest.fixture(scope="module")
def filled(mi2, hospital, tmp_path_factory):
    """An archive that tests only read."""
    archive = tmp_path_factory.mktemp("filled") / "archive"
    mi2("index", "add", str(archive), str(hospital[0]))
    return archive


def test_what_is_added_is_counted_and_the_same_again_embeds_nothing(mi2, hospital, tmp_path):
    archive = tmp_path / "a"
    assert added(add(mi2, archive, hospital[0])) == 18
    before = table(archive, "SELECT * FROM item")
    again = add(mi2, archive, hospital[0])
    assert added(again) == 0 and "18 files unchanged" in again
    assert table(archive, "SELECT * FROM item") == before
    found = totals(mi2, archive)
    assert (found["images"], found["studies"], found["series"], found["patients"]) == (18, 6, 6, 3)
    assert "sound" in sound(mi2, archive)


def test_an_archive_keeps_what_adding_to_it_cost(mi2, hospital, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, hospital[0] / "0")
    stated = ("--watts", "250-400", "--pue", "1.5", "--carbon-intensity", "100")
    first = stats(mi2, archive)["energy"]
    assert first["runs"] == 1 and first["co2e_kg"]["low"] == pytest.approx(first["energy_kwh"]["low"] * .473) and first["last"]["factors"]["intensity"]["source"]
    errors = add(mi2, archive, hospital[0], *stated)
    second = stats(mi2, archive)["energy"]
    last = second["last"]
    assert second["runs"] == 2 and last["method"] == "stated" and "CO2e (stated)" in errors
    assert last["energy_kwh"]["high"] == pytest.approx(last["hours"] * 400 * 1.5 / 1000)
    assert last["co2e_kg"]["low"] == pytest.approx(last["energy_kwh"]["low"] * .1)
    for key in ("energy_kwh", "co2e_kg"):
        assert second[key]["high"] == pytest.approx(first[key]["high"] + last[key]["high"])
    assert second["hours"] == pytest.approx(first["hours"] + last["hours"])
    # A run that adds nothing leaves the archive as it is.
    assert "energy" not in add(mi2, archive, hospital[0]) and stats(mi2, archive)["energy"] == second
    assert "kWh" in mi2("index", "stats", str(archive), with_model=False).stdout.decode() and "sound" in sound(mi2, archive)
    assert "--pue" in mi2("index", "add", str(archive), str(hospital[0]), "--pue", "0.5", status=2).errors
    for text, said in (("[]", "is no account of energy"), ('{"runs": 9, "runs": 1}', "the key of an earlier one")):
        with sqlite3.connect(archive / "catalog.sqlite") as catalog:
            catalog.execute("UPDATE meta SET value = ? WHERE key = 'energy'", (text,))
        assert said in mi2("index", "stats", str(archive), with_model=False, status=3).errors


def test_headers_come_into_the_catalog(mi2, filled):
    rows = table(filled, "SELECT modality, body_part, plane, study.date FROM series JOIN study ON study.id = series.study"
                         " ORDER BY study.date")
    assert rows[0] == ("CT", "CHEST", "axial", "2020-01-15") and rows[5] == ("MR", "HEAD", "axial", "2025-01-15")


def test_a_series_vector_is_the_unit_mean_of_its_slices(mi2, filled, tmp_path):
    names, vectors = exported(mi2, filled, tmp_path)
    series, means = exported(mi2, filled, tmp_path, "series")
    assert len(series) == 6
    for study in range(6):
        own = vectors[[i for i, name in enumerate(names) if f"/{study}/s0/" in name]].astype(np.float64)
        mean = own.sum(axis=0) / np.linalg.norm(own.sum(axis=0))
        found = means[series.index(uid("series", study, 0))]
        assert np.abs(found - mean).max() < 1e-7


def test_vectors_are_those_of_embed(mi2, hospital, filled, tmp_path):
    names, vectors = exported(mi2, filled, tmp_path)
    out = tmp_path / "e.npy"
    mi2("embed", "--out", str(out), *names)
    assert np.array_equal(np.load(out), vectors)


FILTERS = {
    "": lambda study, modality: True,
    "modality=CT": lambda study, modality: modality == "CT",
    "modality in (MR) and date<2023": lambda study, modality: modality == "MR" and study < 3,
    "not body_part~head": lambda study, modality: study < 3,
    "date=2024": lambda study, modality: study == 4,
    "modality=US": lambda study, modality: False,
}


@pytest.mark.parametrize("where", FILTERS)
@pytest.mark.parametrize("by", ["image", "series", "study", "patient"])
def test_a_search_is_numpys_under_any_filter_and_grouping(mi2, hospital, filled, tmp_path, where, by):
    names, vectors = exported(mi2, filled, tmp_path)
    out = tmp_path / "q.npy"
    mi2("embed", "--text", TEXT, "--out", str(out))
    scores = vectors.astype(np.float64) @ np.load(out)[0].astype(np.float64)
    scores /= np.linalg.norm(np.load(out)[0].astype(np.float64))
    best = {}
    for name, score in zip(names, scores):
        study, patient, modality = hospital[1][name]
        if FILTERS[where](study, modality):
            group = {"image": name, "series": study, "study": study, "patient": patient}[by]
            best[group] = max(best.get(group, -2), score)
    for k in COUNTS:
        found = query(mi2, filled, "--text", TEXT, "--by", by, "-k", k, *(["--where", where] if where else []))
        wanted = sorted(best.values(), reverse=True)[:k]
        assert len(found) == len(wanted)
        assert np.allclose([row["score"] for row in found], wanted, atol=1e-6)
        assert all(row["exact"] is True for row in found)
        for row in found:
            allowed = sum(FILTERS[where](study, modality) for study, _, modality in hospital[1].values())
            assert row["searched"] == allowed and row["excluded"]["filter"] == 18 - allowed


def test_the_same_patient_is_left_out_for_queries_that_have_one(mi2, hospital, filled):
    path = next(iter(hospital[1]))
    whose = {name: patient for name, (_, patient, _) in hospital[1].items()}
    item = query(mi2, filled, "--text", TEXT, "--by", "image", "-k", 100, "--where", f'path="{path}"')[0]["item"]
    for subject in (["--item", item], ["--study", uid("study", 0)], ["--series", uid("series", 0, 0)], ["--image", path]):
        out = query(mi2, filled, *subject, "--by", "image", "-k", 100)
        assert len(out) == 12 and all(whose[row["path"]] != "P0" for row in out), subject
        assert all(row["excluded"]["same_patient"] == 6 for row in out)
        both = query(mi2, filled, *subject, "--by", "image", "-k", 100, "--same-patient", "include")
        assert len(both) == 18
        only = query(mi2, filled, *subject, "--by", "image", "-k", 100, "--same-patient", "only")
        assert len(only) == 6 and all(whose[row["path"]] == "P0" for row in only)
        assert only[0]["excluded"]["other_patients"] == 12
    assert len(query(mi2, filled, "--text", TEXT, "--by", "image", "-k", 100)) == 18


def test_a_text_can_be_looked_away_from(mi2, filled, tmp_path):
    names, vectors = exported(mi2, filled, tmp_path)
    out = tmp_path / "q.npy"
    mi2("embed", "--text", TEXT, "--text", "brain MRI", "--out", str(out))
    a, b = np.load(out).astype(np.float64)
    direction = a / np.linalg.norm(a) - b / np.linalg.norm(b)
    scores = np.sort(vectors.astype(np.float64) @ direction / np.linalg.norm(direction))[::-1]
    found = query(mi2, filled, "--text", TEXT, "--not-text", "brain MRI", "--by", "image", "-k", 100)
    assert np.allclose([row["score"] for row in found], scores, atol=1e-6)
    assert "verdict" not in found[0]


def test_verdicts_follow_the_scores(mi2, filled):
    found = query(mi2, filled, "--text", TEXT, "--by", "image", "-k", 100)
    ranks = [["none", "weak", "match"].index(row["verdict"]) for row in found]
    assert ranks == sorted(ranks, reverse=True) and all(0 <= row["percentile"] <= 100 for row in found)


def test_formats_say_the_same(mi2, filled):
    rows = query(mi2, filled, "--text", TEXT, "-k", "3")
    csv = mi2("index", "search", str(filled), "--text", TEXT, "-k", "3", "--format", "csv").stdout.decode().splitlines()
    assert csv[0].startswith("rank,score,verdict,item,path") and len(csv) == 4
    people = mi2("index", "search", str(filled), "--text", TEXT, "-k", "3").stdout.decode().splitlines()
    for row, line, written in zip(rows, csv[1:], people[1:]):
        assert line.split(",")[3] == str(row["item"]) and row["path"] in line and row["path"] in written


def test_a_changed_file_is_computed_anew_and_a_touched_one_is_not(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x")
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    os.utime(files[0], (1, 1))
    assert added(add(mi2, archive, tmp_path / "in")) == 0
    changed = slice_of("x", 0, 1)
    changed.PixelData = bytes(reversed(changed.PixelData))
    before, times = exported(mi2, archive, tmp_path)[1], os.stat(files[1])
    write(files[1], changed)
    os.utime(files[1], ns=(times.st_atime_ns, times.st_mtime_ns))  # as a program would that hides it
    errors = add(mi2, archive, tmp_path / "in")
    assert added(errors) == 1 and "1 files replaced" in errors
    names, after = exported(mi2, archive, tmp_path)
    assert len(names) == 3 and not np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
    assert totals(mi2, archive)["deleted"] == 2  # the slice and the series' mean before it
    sound(mi2, archive)


def test_a_late_slice_makes_the_series_vector_anew(mi2, tmp_path):
    archive = tmp_path / "a"
    write_study(tmp_path / "in", "x", slices=2)
    add(mi2, archive, tmp_path / "in")
    write_study(tmp_path / "in", "x", slices=4)
    assert added(add(mi2, archive, tmp_path / "in")) >= 2
    vectors = exported(mi2, archive, tmp_path)[1].astype(np.float64)
    mean = exported(mi2, archive, tmp_path, "series")[1]
    assert len(vectors) == 4 and len(mean) == 1
    assert np.abs(mean[0] - vectors.sum(axis=0) / np.linalg.norm(vectors.sum(axis=0))).max() < 1e-7


def test_copies_are_passed_over_and_other_objects_of_one_identifier_are_conflicts(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x")
    shutil.copy(files[0], tmp_path / "in" / "x" / "zcopy.dcm")
    other = slice_of("x", 0, 1)
    other.PixelData = bytes(len(other.PixelData))
    write(tmp_path / "in" / "x" / "zother.dcm", other)
    archive = tmp_path / "a"
    errors = add(mi2, archive, tmp_path / "in")
    assert added(errors) == 3 and "1 copies" in errors and "1 conflicts" in errors
    (conflict,) = table(archive, "SELECT locator, kept, file_sha256, kept_sha256 FROM conflict")
    assert conflict[0].endswith("zother.dcm") and conflict[1] == str(files[1]) and conflict[2] != conflict[3]
    assert "5 files unchanged" in add(mi2, archive, tmp_path / "in")


def test_a_moved_folder_is_not_computed_again(mi2, tmp_path):
    write_study(tmp_path / "in", "x")
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    errors = add(mi2, archive, tmp_path / "elsewhere")
    assert added(errors) == 0 and "3 files moved" in errors
    assert all("/elsewhere/" in name for name in exported(mi2, archive, tmp_path)[0])


def test_a_file_that_takes_another_objects_content_loses_its_own(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x")
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    shutil.copy(files[0], files[2])
    errors = add(mi2, archive, tmp_path / "in")
    assert added(errors) == 0 and "1 copies" in errors
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(map(str, files[:2]))
    # And a copy that changes leaves the original where it is.
    write(files[2], slice_of("x", 0, 9))
    assert added(add(mi2, archive, tmp_path / "in")) == 1
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(map(str, files))


@pytest.mark.parametrize(("slices", "wanted"), [("all", range(9)), ("max:3", (1, 4, 7)), ("every:4", (0, 4, 8)),
                                                ("center:3", (3, 4, 5)), ("center:20", range(9)), ("max:20", range(9))])
def test_slices_are_chosen_in_the_order_in_which_they_lie(mi2, tmp_path, slices, wanted):
    files = write_study(tmp_path / "in", "x", slices=9)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, "--slices", slices, tmp_path / "in")) == len(wanted)
    assert sorted(exported(mi2, archive, tmp_path)[0]) == [str(files[i]) for i in wanted]
    assert added(add(mi2, archive, "--slices", slices, tmp_path / "in")) == 0
    # With more chosen only those that are missing are computed.
    assert added(add(mi2, archive, tmp_path / "in")) == 9 - len(wanted)
    assert totals(mi2, archive)["images"] == 9
    sound(mi2, archive)


def test_a_wrong_choice_of_slices_is_refused(mi2, tmp_path):
    for wrong in ("max", "max:0", "max:-1", "every:x", "some", "center:99999999999999999999"):
        assert "slices" in add(mi2, tmp_path / "a", "--slices", wrong, tmp_path, status=2)


def test_images_without_a_header_are_items_by_their_path(mi2, folder, tmp_path):
    archive = tmp_path / "a"
    errors = add(mi2, archive, folder)
    assert added(errors) == 3 and "no image" in errors
    found = query(mi2, archive, "--text", TEXT, "-k", 100)
    assert len(found) == 3 and all("study" not in row for row in found)
    item = found[0]["item"]
    assert item not in [row["item"] for row in query(mi2, archive, "--item", item, "-k", 100)]


def test_zips_and_dicomdirs_are_sources(mi2, tmp_path):
    from pydicom.fileset import FileSet

    files = write_study(tmp_path / "in", "x")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        for path in files:
            made.write(path, path.name)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "x.zip")) == 3
    assert added(add(mi2, archive, tmp_path / "x.zip")) == 0
    fileset = FileSet()
    for path in write_study(tmp_path / "more", "y", StudyDate="20200101", StudyTime="10", StudyID="1", SeriesNumber=1):
        fileset.add(path)
    fileset.write(tmp_path / "media")
    assert added(add(mi2, archive, tmp_path / "media" / "DICOMDIR")) == 3
    assert totals(mi2, archive)["studies"] == 2


def test_what_cannot_be_read_is_recorded_and_the_rest_is_added(mi2, bad_picture, picture, tmp_path):
    archive = tmp_path / "a"
    errors = add(mi2, archive, picture, bad_picture, status=8)
    assert added(errors) == 1 and bad_picture in errors
    assert table(archive, "SELECT locator, code FROM refused") == [(bad_picture, "bad_file")]
    shutil.copy(picture, bad_picture)
    assert added(add(mi2, archive, picture, bad_picture)) == 1
    assert table(archive, "SELECT * FROM refused") == []
    assert "cut.png" in add(mi2, tmp_path / "b", tmp_path / "missing" / "cut.png", status=7)


def test_vectors_of_another_space_are_refused_by_name(mi2, filled, picture):
    assert "profile" in add(mi2, filled, "--profile", "azure", picture, status=2)
    assert "windows" in add(mi2, filled, "--window", "lung", picture, status=2)
    errors = mi2("index", "search", str(filled), "--text", TEXT, "--profile", "azure", status=2).errors
    assert "profile" in errors


def test_one_process_writes_and_others_read_meanwhile(mi2, filled, picture):
    with open(filled / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process writes" in add(mi2, filled, picture, status=6)
        mi2("index", "rm", str(filled), "--study", "1", "--yes", status=6, with_model=False)
        assert len(query(mi2, filled, "--text", TEXT, "-k", 2)) == 2
        sound(mi2, filled)


def test_a_path_means_the_same_file_from_anywhere(mi2, images, tmp_path):
    for name, picture in (("one", "gray.png"), ("two", "rgba.png")):
        (tmp_path / name).mkdir()
        shutil.copy(images / picture, tmp_path / name / "x.png")
        add(mi2, tmp_path / "a", "x.png", "./x.png", cwd=tmp_path / name)
    assert sorted(exported(mi2, tmp_path / "a", tmp_path)[0]) == [str(tmp_path / "one/x.png"), str(tmp_path / "two/x.png")]


@pytest.mark.parametrize("name", ["v.mhd", "volume"])
def test_a_volume_whose_voxels_change_is_computed_anew(mi2, tmp_path, name):
    header = ["ObjectType = Image", "NDims = 3", "DimSize = 8 8 2", "ElementType = MET_UCHAR", "ElementDataFile = v.raw"]
    (tmp_path / name).write_text("\n".join(header) + "\n")
    (tmp_path / "v.raw").write_bytes(bytes(range(128)))
    assert added(add(mi2, tmp_path / "a", tmp_path / name)) == 2
    assert added(add(mi2, tmp_path / "a", tmp_path / name)) == 0
    (tmp_path / "v.raw").write_bytes(bytes(reversed(range(128))))
    assert added(add(mi2, tmp_path / "a", tmp_path / name)) == 2
    assert totals(mi2, tmp_path / "a")["images"] == 2


def test_a_dry_run_writes_nothing(mi2, hospital, filled, tmp_path):
    assert "18 images of 18 files" in add(mi2, tmp_path / "a", "--dry-run", hospital[0])
    assert not (tmp_path / "a").exists()
    assert "0 images of 0 files" in add(mi2, filled, "--dry-run", hospital[0])


def test_only_an_empty_folder_becomes_an_archive(mi2, picture, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "notes.txt" in add(mi2, tmp_path, picture, status=2)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    for command in (["stats"], ["verify"], ["search", "--item", "0"], ["export"], ["dups"], ["rm", "--study", "1", "--yes"]):
        assert "archive" in mi2("index", *command, str(tmp_path), status=7, with_model=False).errors
    assert not (tmp_path / "lock").exists() or (tmp_path / "lock").stat().st_size == 0


def test_a_query_must_make_sense(mi2, filled):
    assert "text" in mi2("index", "search", str(filled), status=2, with_model=False).errors
    assert "--model" in mi2("index", "search", str(filled), "--text", "x", status=2, with_model=False).errors
    assert "modality" in mi2("index", "search", str(filled), "--item", "0", "--where", "modalty=CT", status=2,
                             with_model=False).errors
    mi2("index", "search", str(filled), "--item", "999999", status=7, with_model=False)
    mi2("index", "search", str(filled), "--item", "-1", status=2, with_model=False)
    mi2("index", "search", str(filled), "--study", "1.2.3", status=7, with_model=False)
    mi2("index", "search", str(filled), "--text", "x", "--same-patient", "only", status=2)
    mi2("index", "search", str(filled), "--text", "x", "--not-text", "x", status=2)


def test_equal_identifiers_of_two_sites_are_two_patients(mi2, tmp_path):
    write_study(tmp_path / "in", "a")
    write_study(tmp_path / "in2", "b")
    archive = tmp_path / "arch"
    add(mi2, archive, "--site", "north", tmp_path / "in")
    add(mi2, archive, "--site", "south", tmp_path / "in2")
    assert totals(mi2, archive)["patients"] == 2
    assert len(query(mi2, archive, "--study", uid("study", "a"))) == 1
    assert [row["site"] for row in query(mi2, archive, "--text", TEXT, "--where", "site=south")] == ["south"]
    assert stats(mi2, archive)["site"] == {"north": 3, "south": 3}


def test_the_first_of_many_objects_with_one_identifier_is_kept(mi2, tmp_path):
    shared = Path(os.environ.get("MI2_SHARED_DATA", "")) / "dicom-transfer-syntaxes"
    if not shared.is_dir():
        pytest.skip("MI2_SHARED_DATA has no dicom-transfer-syntaxes")
    files = sorted(shared.glob("CTImage.dcm*"))
    kept = {}
    for path in files:
        kept.setdefault(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID, path.read_bytes())
    copies = sum(path.read_bytes() in kept.values() for path in files) - len(kept)
    archive = tmp_path / "a"
    mi2("index", "add", str(archive), *map(str, files))
    assert totals(mi2, archive)["images"] == len(kept) < len(files)
    assert totals(mi2, archive)["conflicts"] == len(files) - len(kept) - copies > 0
    assert all(one != other for one, other in table(archive, "SELECT file_sha256, kept_sha256 FROM conflict"))


def test_real_studies_are_read_with_their_series(mi2, tmp_path):
    shared = Path(os.environ.get("MI2_SHARED_DATA", "")) / "dicom-series"
    if not shared.is_dir():
        pytest.skip("MI2_SHARED_DATA has no dicom-series")
    archive = tmp_path / "a"
    mi2("index", "add", str(archive), "--slices", "max:4", str(shared))
    assert stats(mi2, archive)["modality"]["CT"] == 4
    found = query(mi2, archive, "--text", TEXT, "--where", "modality=CT", "--by", "series")
    assert len(found) == 1 and found[0]["body_part"] == "HEAD"
    sound(mi2, archive)

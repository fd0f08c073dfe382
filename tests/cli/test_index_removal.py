"""Archives from which something is removed: it is not found any more, and erased it leaves nothing."""
import sqlite3

import pytest
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, added, exported, query, sound, stats

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


@pytest.fixture
def removable(mi2, hospital, tmp_path):
    archive = tmp_path / "removable"
    add(mi2, archive, hospital[0])
    return archive


def test_what_is_removed_is_not_found_and_counted(mi2, removable):
    assert "--yes" in mi2("index", "rm", str(removable), "--study", uid("study", 0), status=2, with_model=False).errors
    mi2("index", "rm", str(removable), "--study", uid("study", 0), "--yes", with_model=False)
    found = query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)
    assert len(found) == 15 and found[0]["excluded"]["deleted"] == 4
    mi2("index", "rm", str(removable), "--patient", "P1", "--yes", with_model=False)
    assert len(query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)) == 9
    mi2("index", "rm", str(removable), "--where", "modality=MR and date>=2025", "--yes", with_model=False)
    left = stats(mi2, removable)
    assert (left["totals"]["images"], left["totals"]["patients"], left["newest_study"]) == (6, 2, "2024-01-15")
    mi2("index", "rm", str(removable), "--patient", "P1", "--yes", status=7, with_model=False)
    sound(mi2, removable)


def test_what_is_erased_leaves_nothing(mi2, hospital, removable, tmp_path):
    names, vectors = exported(mi2, removable, tmp_path)
    query(mi2, removable, "--text", TEXT)  # makes codes
    gone = [i for i, name in enumerate(names) if hospital[1][name][1] == "P1"]
    mi2("index", "rm", str(removable), "--patient", "P1", "--erase", "--yes", with_model=False)
    content = b"".join(path.read_bytes() for path in removable.rglob("*") if path.is_file())
    for i, name in enumerate(names):
        assert (vectors[i].tobytes() in content) == (i not in gone)
        assert (name.encode() in content) == (i not in gone)
    for study in range(6):
        assert (uid("study", study).encode() in content) == (study not in (2, 3))
    sound(mi2, removable)
    assert len(query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)) == 12
    assert added(add(mi2, removable, hospital[0])) == 6
    sound(mi2, removable)


def test_of_an_erased_study_no_path_is_left(mi2, tmp_path):
    files = write_study(tmp_path / "gone", "x")
    rival = slice_of("x", 0, 1)
    rival.PixelData = bytes(len(rival.PixelData))
    write(tmp_path / "gone" / "x" / "zother.dcm", rival)
    other = write_study(tmp_path / "stays", "y", slices=1)
    archive = tmp_path / "a"
    add(mi2, archive, "--slices", "max:1", *files, tmp_path / "gone" / "x" / "zother.dcm", *other)
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        # As a run that cannot decode some of an object's frames.
        catalog.execute("INSERT INTO refused VALUES (?, 'bad_file', 'cut', '')", [f"{files[1]}, frame 2 of 3"])
        # The sources of a run are kept: here they name each file.
        catalog.execute("UPDATE source SET url = 'elsewhere'")
    catalog.close()
    mi2("index", "rm", str(archive), "--study", uid("study", "x"), "--erase", "--yes", with_model=False)
    content = b"".join(path.read_bytes() for path in archive.rglob("*") if path.is_file())
    assert b"/gone/" not in content and str(other[0]).encode() in content
    sound(mi2, archive)


def test_without_its_key_an_archive_still_leaves_out_the_patient_of_an_image_that_it_has(mi2, hospital, removable):
    (removable / "key").unlink()
    found = query(mi2, removable, "--image", next(iter(hospital[1])), "--by", "image", "-k", 100)
    assert len(found) == 12 and all(row["excluded"]["same_patient"] == 6 for row in found)

"""Archives from which something is removed: it is not found any more, and erased it leaves nothing."""
import hashlib
import sqlite3
from pathlib import Path

import pytest
from catalog_support import packed
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
        assert (f"{Path(name).parent}/".encode() in content) == (i not in gone)
    for study in range(6):
        assert (uid("study", study).encode() in content) == (study not in (2, 3))
        assert (packed(uid("sop", study, 0, 1)) in content) == (study not in (2, 3))
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
    assert b"/gone/" not in content and str(other[0].parent).encode() in content
    sound(mi2, archive)


def test_of_a_folder_that_has_no_file_any_more_nothing_is_left(mi2, tmp_path):
    old, new, archive = tmp_path / "before", tmp_path / "after", tmp_path / "a"
    write_study(old, "x")
    write_study(old, "y")
    add(mi2, archive, old)
    old.rename(new)
    assert "6 files moved" in add(mi2, archive, new)
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        assert all(path.startswith(str(new)) for path, in catalog.execute("SELECT path FROM folder"))
    catalog.close()
    sound(mi2, archive)


def test_of_an_erased_study_nothing_is_left_that_its_server_did_not_give(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x") + write_study(tmp_path / "in", "y", slices=1)
    archive = tmp_path / "a"
    add(mi2, archive, *files)
    studies = "dicomweb:http://pacs.example/studies"
    gone = [f"{studies}/{uid('study', 'x')}", f"{studies}/{uid('study', 'x')}/series/1.2/instances/1.2.3",
            f"{studies}/{uid('study', 'x')}/series/1.2/instances/1.2.4, frame 2 of 3"]
    stays = [f"{studies}/{uid('study', 'y')}/series/1.2/instances/1.2.5", f"{studies}/{uid('study', 'x')}1/series/1.2"]
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        catalog.executemany("INSERT INTO refused VALUES (?, 'skipped', 'no pixels', '')", [[one] for one in gone + stays])
    catalog.close()
    mi2("index", "rm", str(archive), "--study", uid("study", "x"), "--erase", "--yes", with_model=False)
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        assert sorted(row for row, in catalog.execute("SELECT locator FROM refused")) == sorted(stays)
    catalog.close()
    sound(mi2, archive)


def test_erasing_takes_what_a_killed_run_had_fetched(mi2, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, *write_study(tmp_path / "in", "x", slices=1))
    stem = b"fetched.mi2-0123abcd"  # as base::Partial names it
    dead = archive / "spool" / (stem + hashlib.sha256(stem).hexdigest()[:8].encode()).decode()
    (dead / "0").mkdir(parents=True)
    (dead / "0" / "0").write_bytes(b"Doe^John")
    (archive / "spool" / "000000000001_PEER_1.2.dcm").write_bytes(b"waits to be embedded")
    mi2("index", "rm", str(archive), "--study", uid("study", "x"), "--erase", "--yes", with_model=False)
    assert not dead.exists() and [path.name for path in (archive / "spool").iterdir()] == ["000000000001_PEER_1.2.dcm"]


def test_without_its_key_an_archive_still_leaves_out_the_patient_of_an_image_that_it_has(mi2, hospital, removable):
    (removable / "key").unlink()
    found = query(mi2, removable, "--image", next(iter(hospital[1])), "--by", "image", "-k", 100)
    assert len(found) == 12 and all(row["excluded"]["same_patient"] == 6 for row in found)


def test_an_archive_without_its_key_is_sound_and_not_damaged(mi2, removable):
    key = (removable / "key").read_bytes()
    (removable / "key").unlink()
    for options in ([], ["--deep"], ["--repair"]):
        errors = mi2("index", "verify", str(removable), *options, with_model=False, status=7).errors
        assert "its key is missing" in errors and "sound" in errors, errors
    (removable / "key").write_bytes(key[:10])
    assert "hexadecimal digits" in mi2("index", "verify", str(removable), with_model=False, status=3).errors
    (removable / "key").write_bytes(key)
    assert "key" not in mi2("index", "verify", str(removable), with_model=False).errors


def test_evidence_cards_are_not_reached_and_the_help_says_so(mi2, removable, tmp_path):
    gone = uid("study", 0)
    mi2("index", "search", str(removable), "--text", TEXT, "--by", "image", "-k", "100", "--cards", str(tmp_path / "cards"))
    mi2("index", "rm", str(removable), "--study", gone, "--erase", "--yes", with_model=False)
    (card,) = (tmp_path / "cards").glob("*.json")
    assert card.stem != "chain" and gone in card.read_text()
    text = " ".join(mi2("index", "rm", "--help", with_model=False).stdout.decode().split())
    assert "does not reach evidence cards" in text

"""mi2 index compact: what was removed gives back its room, and nothing else changes."""
import fcntl
import json
import os
import shutil

import pytest
from dicom_studies import uid, write_hospital, write_study
from index_support import add, added, exported, query, sound, table
from kill_support import mounted

GONE = range(10, 20)  # side by side in the files, so that whole blocks of the disk hold nothing else
WHERE = "study in (" + ",".join(uid("study", study) for study in GONE) + ")"


@pytest.fixture(scope="module")
def whole(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    write_hospital(folder / "in", studies=24, slices=4)
    add(mi2, folder / "a", folder / "in")
    return folder / "a"


@pytest.fixture
def archive(mi2, whole, tmp_path):
    """With ten studies removed."""
    shutil.copytree(whole, tmp_path / "a")
    mi2("index", "rm", str(tmp_path / "a"), "--where", WHERE, "--yes", with_model=False)
    return tmp_path / "a"


def compact(mi2, archive, *arguments, **options):
    done = mi2("index", "compact", str(archive), *arguments, with_model=False, **options)
    return json.loads(done.stdout) if "json" in arguments else done


def blocks(archive, part):
    os.sync()  # a file system may give blocks to what was written only then
    return sum(path.stat().st_blocks * 512 for path in (archive / part).iterdir())


def all_near(mi2, archive, *arguments):
    return query(mi2, archive, "--item", 0, "--by", "image", "-k", 200, "--same-patient", "include", *arguments,
                 with_model=False)


def test_what_comes_back_is_said_before_and_comes_back(mi2, archive, tmp_path):
    found, vectors = all_near(mi2, archive), exported(mi2, archive, tmp_path)
    lengths = [path.stat().st_size for path in sorted((archive / "vectors").iterdir())]
    before = blocks(archive, "vectors")
    plan = compact(mi2, archive, "--dry-run", "--format", "json")
    assert plan["rows"] == plan["erased"] == 50 and plan["would_come_back"]["vectors"] >= 4096
    assert plan["before"]["vectors"] == before == blocks(archive, "vectors")
    done = compact(mi2, archive, "--format", "json")
    assert (done["rows"], done["erased"]) == (50, 50) and done["before"]["vectors"] == before
    assert done["after"]["vectors"] == blocks(archive, "vectors") <= before - plan["would_come_back"]["vectors"]
    assert done["after"]["thumbnails"] <= done["before"]["thumbnails"] - plan["would_come_back"]["thumbnails"]
    # Files are as long as readers have them mapped, and all that stays is where and what it was.
    assert [path.stat().st_size for path in sorted((archive / "vectors").iterdir())] == lengths
    sound(mi2, archive)
    names, numbers = exported(mi2, archive, tmp_path)
    assert names == vectors[0] and (numbers == vectors[1]).all()
    again = all_near(mi2, archive)
    assert [(row["item"], row["score"]) for row in again] == [(row["item"], row["score"]) for row in found]
    assert len(again) == 56 and all(row["exact"] for row in again)


def test_again_there_is_nothing_to_do(mi2, archive):
    assert "50 rows are empty, 50 of them erased for it" in compact(mi2, archive).stdout.decode()
    plan = compact(mi2, archive, "--dry-run", "--format", "json")
    assert plan["erased"] == 0 and set(plan["would_come_back"].values()) == {0}
    assert "would come back" in compact(mi2, archive, "--dry-run").stdout.decode()
    assert compact(mi2, archive, "--format", "json")["erased"] == 0
    sound(mi2, archive)


def test_what_had_been_erased_before_gives_back_its_room_too(mi2, whole, tmp_path):
    archive = tmp_path / "a"
    shutil.copytree(whole, archive)
    mi2("index", "rm", str(archive), "--where", WHERE, "--erase", "--yes", with_model=False)
    before = blocks(archive, "vectors")
    done = compact(mi2, archive, "--format", "json")
    assert (done["rows"], done["erased"]) == (50, 0) and blocks(archive, "vectors") < before
    sound(mi2, archive)


def test_of_what_was_removed_nothing_is_left(mi2, archive):
    compact(mi2, archive)
    content = b"".join(path.read_bytes() for path in archive.rglob("*") if path.is_file())
    for study in range(24):
        assert (uid("study", study).encode() in content) == (study not in GONE)


def test_an_archive_that_was_compacted_is_added_to_copied_and_removed_from(mi2, archive, whole, tmp_path):
    compact(mi2, archive)
    assert added(add(mi2, archive, whole.parent / "in")) == 40
    write_study(tmp_path / "more", "more")
    assert added(add(mi2, archive, tmp_path / "more")) == 3
    assert len(all_near(mi2, archive)) == 99
    mi2("index", "backup", str(archive), str(tmp_path / "copy"), with_model=False)
    assert compact(mi2, tmp_path / "copy", "--format", "json")["rows"] == 50
    sound(mi2, tmp_path / "copy")
    mi2("index", "rm", str(archive), "--study", uid("study", "more"), "--erase", "--yes", with_model=False)
    sound(mi2, archive)


def test_an_older_snapshot_and_its_card_name_what_is_gone(mi2, archive, tmp_path):
    snapshot = table(archive, "SELECT max(seq) FROM change")[0][0] - 1
    assert len(all_near(mi2, archive, "--at", snapshot, "--cards", tmp_path / "cards")) == 96
    (card,) = (tmp_path / "cards").glob("*.json")
    compact(mi2, archive)
    then = all_near(mi2, archive, "--at", snapshot)
    assert len(then) == 56 and then[0]["excluded"]["erased"] == 50
    said = mi2("index", "replay", str(archive), str(card), with_model=False, status=9)
    assert "has been erased since" in said.stdout.decode() + said.errors


def test_where_files_have_no_holes_nothing_is_changed(mi2, archive, tmp_path):
    with mounted(tmp_path / "ram", "-t", "ramfs", "ramfs") as place:
        shutil.copytree(archive, place / "a")
        before = {path: path.read_bytes() for path in (place / "a").rglob("*") if path.is_file()}
        assert "nothing was changed" in compact(mi2, place / "a", status=4).errors
        assert {path: path.read_bytes() for path in (place / "a").rglob("*") if path.is_file()} == before


def test_one_writes_at_a_time_and_without_an_archive_nothing_is_done(mi2, archive, tmp_path):
    with open(archive / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process writes" in compact(mi2, archive, status=6).errors
        assert compact(mi2, archive, "--dry-run", "--format", "json")["erased"] == 50
    assert "no archive" in compact(mi2, tmp_path / "none", status=7).errors

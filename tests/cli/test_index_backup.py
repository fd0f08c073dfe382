"""mi2 index backup: an archive as it was at one moment, whatever happens meanwhile."""
import os
import signal
import stat
import subprocess
import time

import pytest
from dicom_studies import write_hospital
from index_support import add, exported, query, sound, totals


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder)
    archive = tmp_path_factory.mktemp("whole") / "a"
    add(mi2, archive, folder)
    return archive


def backup(mi2, archive, to, **options):
    return mi2("index", "backup", str(archive), str(to), with_model=False, **options).errors


def left_over(folder):
    return [entry.name for entry in folder.iterdir() if ".mi2-" in entry.name]


def test_a_backup_answers_as_the_archive_does(mi2, hospital, tmp_path):
    said = backup(mi2, hospital, tmp_path / "copy")
    assert "18 rows" not in said and "24 rows" in said  # and the means of six series
    sound(mi2, tmp_path / "copy")
    assert (exported(mi2, tmp_path / "copy", tmp_path)[1] == exported(mi2, hospital, tmp_path)[1]).all()
    first = query(mi2, hospital, "--text", "chest x-ray", "-k", 20)
    assert query(mi2, tmp_path / "copy", "--text", "chest x-ray", "-k", 20) == first
    assert stat.S_IMODE((tmp_path / "copy" / "key").stat().st_mode) == 0o600
    packs = sorted(path.name for path in (hospital / "thumbs").iterdir())
    assert packs and sorted(path.name for path in (tmp_path / "copy" / "thumbs").iterdir()) == packs


def test_a_backup_can_be_added_to(mi2, hospital, tmp_path):
    backup(mi2, hospital, tmp_path / "copy")
    write_hospital(tmp_path / "more", studies=8)
    add(mi2, tmp_path / "copy", tmp_path / "more")
    assert totals(mi2, tmp_path / "copy")["studies"] == 8 and totals(mi2, hospital)["studies"] == 6
    sound(mi2, tmp_path / "copy")


def test_while_another_adds_whole_studies_are_copied(mi2, tmp_path):
    write_hospital(tmp_path / "images", studies=24, slices=4)
    archive = tmp_path / "a"
    adding = subprocess.Popen([mi2.path, "index", "add", "--batch", "1", str(archive), str(tmp_path / "images")],
                              env=mi2.environment(), stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not (archive / "archive.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        copies = []
        while adding.poll() is None or not copies:
            copies.append(tmp_path / f"copy{len(copies)}")
            backup(mi2, archive, copies[-1])
    finally:
        adding.wait()
    assert adding.returncode == 0
    before = 0
    for copy in copies:
        sound(mi2, copy)
        found = totals(mi2, copy)
        assert found["images"] == 4 * found["studies"] >= before
        before = found["images"]
    backup(mi2, archive, tmp_path / "last")
    assert totals(mi2, tmp_path / "last")["images"] == 96


def test_damage_is_not_copied(mi2, tmp_path):
    write_hospital(tmp_path / "images", studies=2)
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "images")
    with open(archive / "vectors" / "000001.f32", "r+b") as file:
        file.seek(64 + 5)
        file.write(b"\x7f")
    errors = backup(mi2, archive, tmp_path / "copy", status=3)
    assert "row 0" in errors and not (tmp_path / "copy").exists() and not left_over(tmp_path)


def test_what_is_there_is_never_written_over(mi2, hospital, tmp_path):
    (tmp_path / "copy").mkdir()
    assert "already exists" in backup(mi2, hospital, tmp_path / "copy", status=2)
    assert list((tmp_path / "copy").iterdir()) == []
    assert "copy" in backup(mi2, tmp_path / "copy", tmp_path / "other", status=7) and not (tmp_path / "other").exists()


def test_a_killed_backup_leaves_no_copy_and_the_next_one_cleans_up(mi2, hospital, tmp_path):
    for _ in range(3 if os.environ.get("MI2_SANITIZE") else 10):
        run = subprocess.Popen([mi2.path, "index", "backup", str(hospital), str(tmp_path / "copy")],
                               stderr=subprocess.DEVNULL)
        time.sleep(0.004)
        run.send_signal(signal.SIGKILL)
        run.wait()
        if (tmp_path / "copy").exists():
            sound(mi2, tmp_path / "copy")
            break
    else:
        backup(mi2, hospital, tmp_path / "copy")
    sound(mi2, tmp_path / "copy")
    backup(mi2, hospital, tmp_path / "copy2")
    assert not left_over(tmp_path)

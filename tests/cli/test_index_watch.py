"""mi2 index add --watch: what comes later is added too."""
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest
from dicom_studies import slice_of, uid, write, write_study
from index_support import sound, table, totals
from listen_support import PATIENCE, until


def settle(*paths):
    """As if they had been written a minute ago."""
    for path in paths:
        os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture
def watching(mi2, tmp_path):
    """Starts to watch the folder `in`. @returns the process, with what it says in its list `lines`."""
    running = []

    def start(*arguments, source=tmp_path / "in", watch=("--watch=1",)):
        one = subprocess.Popen([mi2.path, "index", "add", *watch, *arguments, str(tmp_path / "a"), str(source)],
                               cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=mi2.environment())
        one.lines = []
        one.reader = threading.Thread(target=lambda: one.lines.extend(one.stderr), daemon=True)
        one.reader.start()
        running.append(one)
        until(lambda: any("looking again" in line for line in one.lines) or one.poll() is not None)
        return one
    yield start
    for one in running:
        one.kill()
        one.wait()


def wait_for_images(mi2, tmp_path, count):
    until(lambda: totals(mi2, tmp_path / "a")["images"] == count)


def end(process, by=signal.SIGINT):
    process.send_signal(by)
    status = process.wait(PATIENCE)
    process.reader.join(PATIENCE)
    return status


def test_files_that_come_later_are_added(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "in", "x"))
    process = watching()
    assert totals(mi2, tmp_path / "a")["images"] == 3
    settle(*write_study(tmp_path / "in", "y"))
    wait_for_images(mi2, tmp_path, 6)
    changed = write(tmp_path / "in" / "y" / "s0" / "00.dcm", slice_of("y", 0, 7))
    settle(changed)
    until(lambda: (uid("sop", "y", 0, 7),) in table(tmp_path / "a", "SELECT sop_uid FROM instance"))
    assert end(process) == 0
    said = "".join(process.lines)
    assert said.count("images added") >= 3 and said.count("energy: ") == said.count("images added")
    assert "1 files replaced" in said
    assert totals(mi2, tmp_path / "a")["images"] == 6
    sound(mi2, tmp_path / "a")


def test_others_write_between_two_looks(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "in", "x"), *write_study(tmp_path / "in", "y"))
    process = watching()
    mi2("index", "rm", str(tmp_path / "a"), "--study", uid("study", "x"), "--yes", with_model=False)
    assert totals(mi2, tmp_path / "a")["images"] == 3
    assert end(process, signal.SIGTERM) == 0


def test_a_file_that_is_still_written_waits(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "in", "x"))
    process = watching()
    late = tmp_path / "in" / "x" / "late.dcm"
    content = write(tmp_path / "late.dcm", slice_of("x", 0, 9)).read_bytes()
    with late.open("wb") as file:  # for longer than two looks
        for part in range(0, len(content), len(content) // 12):
            file.write(content[part:part + len(content) // 12])
            file.flush()
            time.sleep(0.25)
    wait_for_images(mi2, tmp_path, 4)
    assert end(process) == 0
    assert not any("late.dcm" in line for line in process.lines)


def test_what_cannot_be_read_is_said_once(mi2, watching, bad_picture, tmp_path):
    files = write_study(tmp_path / "in", "x")
    settle(*files, shutil.copy(bad_picture, tmp_path / "in" / "bad.png"))
    process = watching()
    for number in range(3):
        settle(write(tmp_path / "in" / "x" / f"more{number}.dcm", slice_of("x", 0, 10 + number)))
        wait_for_images(mi2, tmp_path, 4 + number)
    assert end(process) == 0
    assert sum("bad.png" in line for line in process.lines) == 1


def test_a_source_that_is_away_for_a_while_comes_back(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "in", "x"))
    process = watching()
    (tmp_path / "in").rename(tmp_path / "away")
    time.sleep(2.5)
    assert process.poll() is None
    settle(*write_study(tmp_path / "away", "y"))
    (tmp_path / "away").rename(tmp_path / "in")
    wait_for_images(mi2, tmp_path, 6)
    assert end(process) == 0


@pytest.mark.parametrize("seconds", ["0", "1.5", "x", "-1", "86401", "nan"])
def test_seconds_that_are_none_are_refused(mi2, tmp_path, seconds):
    write_study(tmp_path / "in", "x")
    errors = mi2("index", "add", f"--watch={seconds}", str(tmp_path / "a"), str(tmp_path / "in"), status=2).errors
    assert "--watch" in errors and not (tmp_path / "a").exists()
    mi2("index", "add", "--watch", "--dry-run", str(tmp_path / "a"), str(tmp_path / "in"), status=2)


def test_the_seconds_may_stand_behind_a_blank(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "in", "x"))
    process = watching(watch=("--watch", "1"))
    assert any("looking again every 1 s" in line for line in process.lines)
    settle(*write_study(tmp_path / "in", "y"))
    wait_for_images(mi2, tmp_path, 6)
    assert end(process) == 0


def test_a_folder_that_is_called_as_a_number_is_a_source(mi2, watching, tmp_path):
    settle(*write_study(tmp_path / "7", "x"), *write_study(tmp_path / "in", "y"))
    process = subprocess.Popen([mi2.path, "index", "add", str(tmp_path / "a"), str(tmp_path / "in"), "--watch", "7"], cwd=tmp_path,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=mi2.environment())
    for line in process.stderr:
        if "looking again" in line:
            break
    process.kill()
    process.wait()
    process.stderr.close()
    assert "every 30 s" in line and totals(mi2, tmp_path / "a")["images"] == 6


@pytest.mark.parametrize("seconds", ["0", "1.5", "-1", "86401"])
def test_seconds_behind_a_blank_that_are_none_are_refused(mi2, tmp_path, seconds):
    write_study(tmp_path / "in", "x")
    errors = mi2("index", "add", str(tmp_path / "a"), str(tmp_path / "in"), "--watch", seconds, status=2).errors
    assert "--watch: expected 1 to 86400 seconds" in errors and not (tmp_path / "a").exists()

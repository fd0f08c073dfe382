"""Standard streams, full disks, closed pipes, signals and terminals."""
import os
import signal
import subprocess
import time

import pytest
from terminal import run_on_terminal


@pytest.mark.parametrize("arguments", [
    ["embed", "--format", "jsonl"], ["embed", "--format", "csv"], ["embed", "--format", "npy"],
    ["classify", "--labels", "a,b"],
])
def test_full_disk(mi2, picture, arguments):
    with open("/dev/full", "wb") as full:
        done = mi2(*arguments, picture, status=3, stdout=full)
    assert "standard output" in done.errors
    assert "/dev/full" in mi2(*arguments, "--out", "/dev/full", picture, status=3).errors


def test_full_disk_tokenize(mi2):
    with open("/dev/full", "wb") as full:
        mi2("tokenize", "a", status=3, stdout=full)


@pytest.mark.parametrize("output_format", ["jsonl", "csv", "npy"])
def test_closed_pipe_is_an_error_and_not_a_signal(mi2, images, output_format):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = mi2("embed", "--format", output_format, str(images), status=3, stdout=write_end)
    os.close(write_end)
    assert "standard output" in done.errors


def test_closed_standard_output(mi2, picture, tmp_path):
    command = f'exec "{mi2.path}" embed "$0" >&-'
    done = subprocess.run(["sh", "-c", command, picture], env=mi2.environment(), stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    command = f'exec "{mi2.path}" embed --out "$1" "$0" >&- <&- 2>&-'
    out = tmp_path / "out"
    done = subprocess.run(["sh", "-c", command, picture, out], env=mi2.environment(), check=False)
    assert done.returncode == 0 and out.read_bytes() == mi2("embed", picture).stdout


def test_out_in_a_missing_folder(mi2, picture, tmp_path):
    out = str(tmp_path / "none" / "out")
    assert out in mi2("embed", "--out", out, picture, status=3).errors


def test_out_that_is_a_folder(mi2, picture, tmp_path):
    mi2("embed", "--out", str(tmp_path), picture, status=2)


def test_out_to_a_device_leaves_the_device(mi2, picture):
    mi2("embed", "--out", "/dev/null", picture)
    assert not os.path.isfile("/dev/null")


def _start_long_run(mi2, picture, out):
    process = subprocess.Popen([mi2.path, "embed", "--batch", "1", "--out", str(out), *[picture] * 20000],
                               env=mi2.environment(), stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(path.stat().st_size > 0 for path in out.parent.iterdir()):
            return process
        time.sleep(0.02)
    process.kill()
    raise AssertionError("no row was written in a minute")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_only_what_the_next_goes_on_with(mi2, picture, tmp_path, number):
    process = _start_long_run(mi2, picture, tmp_path / "out")
    process.send_signal(number)
    assert process.wait(60) == -number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.job", "out.part"]


def test_killed_run_leaves_no_result(mi2, picture, tmp_path):
    process = _start_long_run(mi2, picture, tmp_path / "out")
    process.kill()
    process.wait(60)
    assert not (tmp_path / "out").exists()


def _errors_on_a_terminal(mi2, *arguments):
    return run_on_terminal([mi2.path, *arguments], mi2.environment())


def test_progress_only_on_a_terminal(mi2, images, picture):
    status, output, shown = _errors_on_a_terminal(mi2, "embed", "--batch", "2", str(images))
    assert status == 0 and "/s, " in shown and "left" in shown and "images" in shown
    assert shown.endswith("\r\x1b[K")
    quiet = mi2("embed", "--batch", "2", str(images))
    assert quiet.errors == "" and quiet.stdout == output
    assert _errors_on_a_terminal(mi2, "embed", picture)[2] == ""


@pytest.mark.parametrize("command", [["embed"], ["classify", "--labels", "a,b"]])
def test_frames_are_counted_on_a_terminal(mi2, images, command):
    status, output, shown = _errors_on_a_terminal(mi2, *command, "--batch", "2", "--frames", "all", str(images))
    assert status == 0 and " frames, " in shown and "/s" in shown and shown.endswith("\r\x1b[K")
    quiet = mi2(*command, "--batch", "2", "--frames", "all", str(images))
    assert quiet.errors == "" and quiet.stdout == output


def test_messages_stand_on_lines_of_their_own_beside_the_bar(mi2, picture, bad_picture):
    status, _, shown = _errors_on_a_terminal(mi2, "embed", "--batch", "1", picture, bad_picture, picture)
    assert status == 8 and f"\r\x1b[Kmi2: {bad_picture}: " in shown


@pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="a sanitizer keeps freed memory for a while")
def test_memory_does_not_grow_with_inputs(mi2, picture):
    def peak(count):
        process = subprocess.Popen([mi2.path, "embed", "--batch", "2", *[picture] * count], env=mi2.environment(),
                                   stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss
    assert peak(200) < peak(20) + 20000  # KiB

"""The systemd unit of mi2 listen: what it says is what the program takes, and it ends in the time that it is given."""
import os
import re
import shlex
import signal
import subprocess
import time

from conftest import options_in, unit_environment, unit_lines

UNIT = "mi2-listen"


def arguments():
    """Those of the unit, from "listen" on."""
    [start] = unit_lines("ExecStart", UNIT)
    program, *rest = shlex.split(start.replace("$MI2_LISTEN_OPTIONS", unit_environment(UNIT)["MI2_LISTEN_OPTIONS"]))
    assert program == "/usr/local/bin/mi2" and rest[0] == "listen"
    return rest


def settings():
    """{option: value}"""
    *options, _ = arguments()[1:]
    return dict(zip(options[::2], options[1::2], strict=True))


def test_its_options_are_those_of_mi2_listen_and_others_may_send_to_it(listen_help):
    assert set(settings()) <= options_in(listen_help)
    assert settings()["--bind"] == "0.0.0.0" and "--accept-from" in settings()


def test_it_may_write_the_archive_and_nothing_else():
    assert unit_lines("ProtectSystem", UNIT) == ["strict"] and unit_lines("PrivateTmp", UNIT) == ["yes"]
    assert unit_lines("ReadWritePaths", UNIT) == [arguments()[-1]]


def test_it_is_a_user_of_its_own_without_any_capability():
    assert unit_lines("User", UNIT) == unit_lines("Group", UNIT) == ["mi2-archive"]
    assert unit_lines("CapabilityBoundingSet", UNIT) == unit_lines("AmbientCapabilities", UNIT) == [""]
    assert int(settings()["--port"]) >= 1024


def test_the_archive_and_the_model_are_on_the_mount_that_it_waits_for():
    [mounted] = unit_lines("RequiresMountsFor", UNIT)
    assert arguments()[-1].startswith(mounted + "/") and unit_environment(UNIT)["MI2_MODEL"].startswith(mounted + "/")


def test_it_listens_with_these_arguments_and_ends_in_time(listen_help, tmp_path):
    """On a free port of this machine alone; the folder is there and empty, as the README makes it."""
    archive = tmp_path / "archive"
    archive.mkdir(mode=0o700)
    taken = {**settings(), "--port": "0", "--bind": "127.0.0.1"}
    process = subprocess.Popen([os.environ["MI2_BIN"], "listen", *(word for pair in taken.items() for word in pair), archive],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "MI2_MODEL": os.environ["MI2_STARTER_MODEL"]})
    try:
        line = process.stdout.readline()
        assert re.fullmatch(rf"listening on {taken['--aet']}@127\.0\.0\.1:\d+\n", line), line
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        [patience] = unit_lines("TimeoutStopSec", UNIT)
        _, said = process.communicate(timeout=int(patience))
        assert process.returncode == 0, said
        assert time.monotonic() - start < int(patience) and (archive / "archive.json").exists()
    finally:
        process.kill()
        process.wait()


def test_without_others_it_has_the_port_that_modalities_expect(listen_help):
    default = re.search(r"--port N=(\d+) ", listen_help)[1]
    assert settings()["--port"] == default == "11112"

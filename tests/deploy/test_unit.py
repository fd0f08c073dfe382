"""The systemd units: systemd understands them, and they keep the services away from what they do not need."""
import os
import re
import shutil
import subprocess

import pytest
from conftest import DEPLOY, unit_environment, unit_lines

UNITS = ["mi2", "mi2-listen"]


@pytest.fixture(params=UNITS)
def unit(request, tmp_path):
    """A unit with the program that was built: systemd looks whether it can be started."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("the program systemd-analyze is not installed")
    path = tmp_path / f"{request.param}.service"
    text = (DEPLOY / "systemd" / path.name).read_text()
    path.write_text(text.replace("/usr/local/bin/mi2", os.environ["MI2_BIN"]))
    return path


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def test_systemd_understands_the_unit(unit):
    status, said = analyze("verify", "--man=no", unit)
    # It looks at the units of this machine too, and may say something about those.
    assert status == 0 and [line for line in said.splitlines() if unit.name in line] == []


def test_systemd_finds_little_exposed(unit):
    # 0 to 10. What is left: the network, the host's root directory, which it cannot write, and a supplementary group.
    status, said = analyze("security", "--offline=yes", "--threshold=20", "--no-pager", unit)
    assert status == 0, said.splitlines()[-1]


def test_reload_is_the_signal_that_the_server_takes(help_text):
    [reload] = unit_lines("ExecReload")
    signal = re.search(r"-(\w+) \$MAINPID$", reload)[1]
    assert re.search(rf"^  {signal} +reload models, keys, rights and certificates", help_text, re.MULTILINE)


@pytest.mark.parametrize(("name", "helped"), [("mi2", "help_text"), ("mi2-listen", "listen_help")])
def test_it_is_not_started_again_for_mistakes_that_stay(request, name, helped):
    text = request.getfixturevalue(helped)
    names = dict(re.findall(r"^ +(\d+)  (.+)$", text.split("Exit status:")[1], re.MULTILINE))
    [statuses] = unit_lines("RestartPreventExitStatus", name)
    assert [names[status] for status in statuses.split()] == ["bad argument", "bad file", "unsupported"]


@pytest.mark.parametrize("name", UNITS)
def test_no_memory_reaches_a_disk(name):
    assert unit_lines("LimitCORE", name) == ["0"] and unit_lines("MemorySwapMax", name) == ["0"]


@pytest.mark.parametrize("name", UNITS)
def test_the_environment_has_what_the_unit_uses(name):
    used = set(re.findall(r"\$(MI2_\w+)", " ".join(unit_lines("ExecStart", name))))
    assert used | {"MI2_MODEL"} == set(unit_environment(name))
    assert unit_lines("EnvironmentFile", name) == [f"/etc/mi2/{name}.env"]

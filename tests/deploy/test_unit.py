"""The systemd unit: systemd understands it, and it keeps the service away from what it does not need."""
import os
import re
import shutil
import subprocess

import pytest
from conftest import DEPLOY, unit_environment, unit_lines


@pytest.fixture
def unit(tmp_path):
    """The unit with the program that was built: systemd looks whether it can be started."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("the program systemd-analyze is not installed")
    text = (DEPLOY / "systemd/mi2.service").read_text()
    path = tmp_path / "mi2.service"
    path.write_text(text.replace("/usr/local/bin/mi2", os.environ["MI2_BIN"]))
    return path


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def test_systemd_understands_the_unit(unit):
    status, said = analyze("verify", "--man=no", unit)
    # It looks at the units of this machine too, and may say something about those.
    assert status == 0 and [line for line in said.splitlines() if "mi2.service" in line] == []


def test_systemd_finds_little_exposed(unit):
    # 0 to 10. What is left: the network, the host's root directory, which it cannot write, and a supplementary group.
    status, said = analyze("security", "--offline=yes", "--threshold=20", "--no-pager", unit)
    assert status == 0, said.splitlines()[-1]


def test_reload_is_the_signal_that_the_server_takes(help_text):
    [reload] = unit_lines("ExecReload")
    signal = re.search(r"-(\w+) \$MAINPID$", reload)[1]
    assert re.search(rf"^  {signal} +reload models, keys, rights and certificates", help_text, re.MULTILINE)


def test_it_is_not_started_again_for_mistakes_that_stay(help_text):
    names = dict(re.findall(r"^ +(\d+)  (.+)$", help_text.split("Exit status:")[1], re.MULTILINE))
    [statuses] = unit_lines("RestartPreventExitStatus")
    assert [names[status] for status in statuses.split()] == ["bad argument", "bad file", "unsupported"]


def test_no_memory_reaches_a_disk():
    assert unit_lines("LimitCORE") == ["0"] and unit_lines("MemorySwapMax") == ["0"]


def test_the_environment_has_what_the_unit_uses():
    used = set(re.findall(r"\$(MI2_\w+)", " ".join(unit_lines("ExecStart"))))
    assert used | {"MI2_MODEL"} == set(unit_environment())

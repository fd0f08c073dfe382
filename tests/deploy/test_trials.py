"""The scripts that try packages and the image on bare systems: what they judge, and what they refuse before they begin.

The trials themselves need root, a network and minutes; CONTRIBUTING.md says when to run them.
"""
import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

SCRIPTS = ROOT / "scripts"
README = """
| package | runs on | not on |
|---|---|---|
| `mi2_1_amd64.deb` (1 MB) | Debian 12 | Debian 13, for its libraries |
| `mi2-1-linux.tar.gz` (1 MB) | Linux | |
| `medimageinsight-1.whl` (1 MB) | Python 3.11 | Debian 13 and Debian 14 |
"""
WORKS = {"status": 0, "bytes": 6154416, "seconds": 9.3, "installed_kib": 14140, "sha256": "ab"}


def judged(tmp_path, facts, *options, readme=README):
    """Runs package_trials.py on {(debian, package): {key: value}}."""
    records = tmp_path / "records"
    lines = [f"debian{debian}\t{package}\t{key}\t{value}\n" for (debian, package), values in facts.items()
             for key, value in {"debian": debian, **values}.items()]
    records.write_text("".join(lines))
    (tmp_path / "README.md").write_text(readme)
    return subprocess.run([sys.executable, SCRIPTS / "package_trials.py", *options, records, tmp_path / "README.md"],
                          capture_output=True, text=True, timeout=60, check=False)


def script(name, *arguments):
    return subprocess.run([SCRIPTS / name, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_packages_that_work_or_are_refused_as_the_table_says_are_good(tmp_path):
    done = judged(tmp_path, {(12, "deb"): WORKS, (13, "tarball"): WORKS,
                             (13, "deb"): {"status": 3, "reason": "lacks libboost"}})
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines == ["release package size installs in to result", "debian12 deb 6.2 MB 9.3 s 14 MB the same bits",
                     "debian13 tarball 6.2 MB 9.3 s 14 MB the same bits",
                     "debian13 deb - - - refused: lacks libboost"]


@pytest.mark.parametrize("debian, package, values, result", [
    (12, "deb", {"status": 3, "reason": "lacks libx"}, "refused: lacks libx, which README.md does not say"),
    (13, "tarball", {"status": 3, "reason": "needs GLIBC_2.99"},
     "refused: needs GLIBC_2.99, which README.md does not say"),
    (14, "wheel", WORKS, "works, though README.md says not"),
    (12, "wheel", {"status": 1, "reason": "other vectors than build/mi2"}, "FAILED: other vectors than build/mi2"),
    (13, "deb", {"status": 100}, "FAILED: see the log"),
])
def test_anything_else_is_a_failure(tmp_path, debian, package, values, result):
    done = judged(tmp_path, {(12, "tarball"): WORKS, (debian, package): values}, "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["good"] is False and [trial["good"] for trial in found["trials"]] == [True, False]
    assert found["trials"][1]["result"] == result


def test_no_trial_is_a_failure(tmp_path):
    assert judged(tmp_path, {}).returncode == 1


@pytest.mark.parametrize("readme, reason", [
    ("no table\n", "expected one table"),
    (README.replace("not on", "remarks"), "expected one table"),
    (README.replace(".whl", ".egg"), "expected one row whose package ends with .whl, found 0"),
])
def test_a_readme_without_the_table_is_an_error(tmp_path, readme, reason):
    done = judged(tmp_path, {(12, "deb"): WORKS}, readme=readme)
    assert done.returncode == 2 and reason in done.stderr


def test_a_number_that_is_none_is_an_error(tmp_path):
    done = judged(tmp_path, {(12, "deb"): WORKS | {"bytes": "many"}})
    assert done.returncode == 2 and "records" in done.stderr


def test_readme_has_the_table(tmp_path):
    done = judged(tmp_path, {(debian, package): WORKS for debian in (12, 13) for package in ("deb", "tarball", "wheel")},
                  readme=(ROOT / "README.md").read_text())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name, arguments, reason", [
    ("try_packages.sh", [], "usage: try_packages.sh"),
    ("try_packages.sh", ["--all", "FOLDER"], "unknown option --all"),
    ("try_packages.sh", ["FOLDER", "../bookworm"], "got ../bookworm"),
    ("try_image.sh", [], "usage: try_image.sh"),
    ("try_image.sh", ["--help"], "usage: try_image.sh"),
    ("try_image.sh", ["FOLDER", "more"], "usage: try_image.sh"),
])
def test_wrong_arguments_are_refused_before_anything_is_made(tmp_path, name, arguments, reason):
    folder = tmp_path / "folder"
    done = script(name, *[str(folder) if argument == "FOLDER" else argument for argument in arguments])
    assert done.returncode == 2 and reason in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("user, reason", [("1000", "needs root"), ("0", "needs no-such-program")])
def test_what_a_trial_needs_is_named(tmp_path, user, reason):
    (tmp_path / "id").write_text(f"#!/bin/sh\necho {user}\n")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(["bash", "-c", 'source "$1"; chroot_need sh no-such-program; echo went on', "try_it.sh",
                           SCRIPTS / "chroot.sh"], env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and done.stderr.startswith(f"try_it: {reason}") and done.stdout == ""


def test_settings_of_the_network_are_taken_along_and_no_others():
    listed = 'source "$1"; printf "%s\\n" "${chroot_environment[@]}"'
    environment = {"PATH": os.environ["PATH"], "https_proxy": "http://proxy.invalid:3128", "MI2_MODEL": "/elsewhere"}
    done = subprocess.run(["bash", "-c", listed, "try_it.sh", SCRIPTS / "chroot.sh"], env=environment,
                          capture_output=True, text=True, timeout=60, check=True)
    names = [line.split("=", 1)[0] for line in done.stdout.splitlines()]
    assert names == ["HOME", "PATH", "LANG", "DEBIAN_FRONTEND", "https_proxy"]
    assert "https_proxy=http://proxy.invalid:3128" in done.stdout.splitlines()


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_bash(path):
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr

"""The image: built from what scripts/ knows, with the packages that the program is linked to."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DEPLOY, ROOT, image_command

TEXT = (DEPLOY / "container/Containerfile").read_text()
BUILD, RUN = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]


@pytest.fixture(scope="module")
def packages():
    done = subprocess.run([ROOT / "scripts/runtime_packages.sh", os.environ["MI2_BIN"]], capture_output=True, text=True,
                          timeout=120, check=False)
    if "is of no package" in done.stderr:
        pytest.skip(f"not a Debian machine: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def linked():
    text = subprocess.run(["ldd", os.environ["MI2_BIN"]], capture_output=True, text=True, check=True).stdout
    return re.findall(r"=> (/\S+) ", text)


def test_the_packages_to_build_are_those_of_install_deps():
    assert "RUN scripts/install_deps.sh build\n" in BUILD and "apt-get" not in BUILD


def test_the_packages_to_run_are_those_of_the_linked_libraries(packages):
    assert packages == sorted(set(packages)) and linked()
    files = subprocess.run(["dpkg-query", "--listfiles", *packages], capture_output=True, text=True, check=True).stdout
    owned = {os.path.realpath(line) for line in files.splitlines()}
    assert [path for path in linked() if os.path.realpath(path) not in owned] == []
    assert [name for name in packages if name.endswith("-dev")] == []


def test_only_what_runs_is_installed_beside_them():
    installed = re.search(r"apt-get install (.*?) *\\?$", RUN, re.MULTILINE)[1].split()
    assert [word for word in installed if not word.startswith("--")] == ["ca-certificates", "curl"]
    assert "scripts/runtime_packages.sh /out/mi2 >/out/packages" in BUILD
    assert "--from=build /out/packages" in RUN and "--arg-file=/usr/local/share/mi2/packages" in RUN


def test_both_stages_are_the_debian_that_install_deps_names():
    images = re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)
    assert images == ["debian:12-slim"] * 2
    assert "Debian 12 (bookworm)" in (ROOT / "scripts/install_deps.sh").read_text()


def test_it_is_built_without_torch_and_runs_without_root():
    assert "MI2_WITH_TORCH=OFF scripts/build.sh release mi2" in BUILD
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", RUN, re.MULTILINE)
    assert image_command()[0] == "serve" and re.search(r'^ENTRYPOINT \["mi2"\]$', RUN, re.MULTILINE)


def test_what_is_copied_is_there_and_not_left_out():
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    sources = [word for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE) for word in line.split()[:-1]]
    for source in sources:
        assert (ROOT / source).exists() and source.split("/")[0] not in ignored, source
    # CMake reads these; without one of them the build would stop at once.
    for folder in re.findall(r"^add_subdirectory\((\w+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE):
        assert folder not in ignored


def test_a_missing_library_is_named(tmp_path):
    broken = tmp_path / "program"
    broken.write_text("not a program")
    done = subprocess.run([ROOT / "scripts/runtime_packages.sh", broken], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stdout == ""


CONTAINER_FILES = sorted(path for folder in ("deploy", "src") for path in (ROOT / folder).rglob("Containerfile*"))


@pytest.mark.parametrize("path", CONTAINER_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_hadolint_has_nothing_to_say(path, tmp_path):
    assert len(CONTAINER_FILES) >= 3
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("the program hadolint is not installed")
    # Of a template, what mi2 package makes of it.
    text = path.read_text().replace("{{python}}", "3.11").replace("{{copy_wheels}}", "COPY wheels wheels")
    assert "{{" not in text
    (tmp_path / "Containerfile").write_text(text)
    subprocess.run([hadolint, tmp_path / "Containerfile"], check=True)

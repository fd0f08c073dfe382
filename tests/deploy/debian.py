"""Programs of Debian packages, for tests: the machine's own, or unpacked from a download, so that no service starts."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "downloads" / "deploy"


def unpacked_at(packages, file):
    """The folder in which packages are unpacked, with `file` (a pattern) in it. Skips if they cannot be had."""
    place = FOLDER / packages[0]
    if not list(place.glob(file)):
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["apt-get", "-o", "APT::Sandbox::User=", "-qq", "download", *packages], cwd=place,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{packages[0]} cannot be downloaded: {done.stderr.strip()[:200]}")
        for archive in place.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive, place], check=True)
    return place


def unpacked(packages, program):
    """(the program, where its libraries are). Skips if the packages cannot be had."""
    installed = shutil.which(Path(program).name)
    if installed:
        return installed, ""
    place = unpacked_at(packages, program)
    libraries = ":".join(str(path) for path in place.glob("usr/lib/*") if os.path.isdir(path))
    return str(place / program), libraries

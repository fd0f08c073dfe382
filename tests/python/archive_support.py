"""DICOM studies of our own, and mi2 index as the package's peer."""
import json
import os
import subprocess
import sys

from conftest import ROOT

sys.path.append(str(ROOT / "tests" / "cli"))
from dicom_studies import uid, write_hospital, write_study  # noqa: E402

__all__ = ["TEXT", "images_of", "index", "rows_of_index", "uid", "write_hospital", "write_study"]

TEXT = "chest x-ray"


def index(model, *arguments):
    """Runs mi2 index; gives what it wrote to standard output."""
    done = subprocess.run([os.environ["MI2_BIN"], "index", *map(str, arguments)], capture_output=True, timeout=300, check=False,
                          env={**os.environ, "MI2_MODEL": str(model)})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def rows_of_index(model, *arguments):
    return [json.loads(line) for line in index(model, *arguments, "--format", "jsonl").splitlines()]


def images_of(archive):
    return archive.stats()["totals"]["images"]

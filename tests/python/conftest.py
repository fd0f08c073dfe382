"""The package as its users have it: the wheel, installed in an environment of its own.

MI2_BIN is the program of the same build, MI2_TINY_MODEL and MI2_STARTER_MODEL are model folders.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "golden" / "data" / "images"
FIXTURES = ROOT / "tests" / "image" / "data"


def _folder(variable: str) -> str:
    folder = os.environ.get(variable, "")
    if not folder or not Path(folder).is_dir():
        pytest.skip(f"{variable} names no model folder: '{folder}'")
    return folder


@pytest.fixture(scope="session")
def model_path() -> str:
    return _folder("MI2_TINY_MODEL")


@pytest.fixture(scope="session")
def starter_path() -> str:
    return _folder("MI2_STARTER_MODEL")


@pytest.fixture(scope="session")
def model(model_path):
    import medimageinsight
    return medimageinsight.load(model_path)


@pytest.fixture(scope="session")
def azure_model(model_path):
    import medimageinsight
    return medimageinsight.load(model_path, profile="azure")


@pytest.fixture(scope="session")
def images():
    return sorted(IMAGES.iterdir())


@pytest.fixture(scope="session")
def program(model_path):
    """Runs mi2; gives the vectors it printed, float32 [rows, dimensions]."""
    def run(*arguments, model=model_path):
        done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", model, *map(str, arguments)],
                              capture_output=True, timeout=300, check=True)
        rows = [json.loads(line)["embedding"] for line in done.stdout.decode().splitlines()]
        return np.array(rows, dtype=np.float32)
    return run


@pytest.fixture
def cut_picture(tmp_path):
    """A PNG that ends in the middle."""
    path = tmp_path / "cut.png"
    content = (IMAGES / "gray.png").read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.fixture(scope="session")
def hospital(tmp_path_factory):
    """(folder, {path: (study, patient, modality)}): six studies of three slices, of three patients."""
    from archive_support import write_hospital
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


@pytest.fixture(scope="session")
def filled(hospital, model, tmp_path_factory):
    """An archive that tests only read."""
    import medimageinsight
    path = tmp_path_factory.mktemp("filled") / "archive"
    with medimageinsight.Archive.create(path, model=model) as made:
        added = made.add(hospital[0], site="north")
    assert (added.images, added.studies, added.refused) == (18, 6, 0)
    return path


@pytest.fixture
def archive(filled, model):
    import medimageinsight
    with medimageinsight.Archive(filled, model=model) as opened:
        yield opened


@pytest.fixture
def growing(filled, model, tmp_path):
    """An archive that may be changed."""
    import medimageinsight
    shutil.copytree(filled, tmp_path / "growing")
    with medimageinsight.Archive(tmp_path / "growing", model=model) as opened:
        yield opened

"""What tests of mi2 index reembed and overlap share: another model, and an archive in both."""
import json
import shutil

import numpy as np
import pytest
from dicom_studies import write_hospital


@pytest.fixture(scope="module")
def other(mi2, tmp_path_factory):
    """A model of the same shape with other weights."""
    folder = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(mi2.model, folder)
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header, draw = json.loads(content[8:start]), np.random.default_rng(3)
    for name, tensor in header.items():
        if name == "__metadata__" or tensor["dtype"] != "F32" or len(tensor["shape"]) < 2:
            continue
        first, end = tensor["data_offsets"]
        numbers = np.frombuffer(content, "<f4", (end - first) // 4, start + first)
        content[start + first:start + end] = (numbers * draw.normal(1, 0.3, len(numbers))).astype("<f4").tobytes()
    path.chmod(0o644)
    path.write_bytes(content)
    return str(folder)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder, studies=8, slices=4)


@pytest.fixture(scope="module")
def filled(mi2, hospital, other, tmp_path_factory):
    """(old, new) archives that tests only read."""
    root = tmp_path_factory.mktemp("filled")
    mi2("index", "add", str(root / "old"), str(hospital[0]))
    mi2("index", "reembed", "--model", other, str(root / "old"), str(root / "new"))
    return root / "old", root / "new"


def reembed(mi2, model, old, new, *arguments, **options):
    return mi2("index", "reembed", "--model", model, str(old), str(new), *map(str, arguments), **options)


def report(mi2, model, old, new, *arguments, **options):
    """(the report, standard error)."""
    done = reembed(mi2, model, old, new, "--format", "json", *arguments, **options)
    return json.loads(done.stdout), done.errors

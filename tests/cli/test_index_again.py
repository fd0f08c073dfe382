"""verify --deep --model: a sample of images is embedded again, and what its files no longer give is named."""
import contextlib
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom_studies import write_hospital
from index_support import add, exported

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

HEADER = 64


@pytest.fixture
def made(mi2, tmp_path):
    """An archive of 36 images, and their files."""
    known = write_hospital(tmp_path / "in", studies=6, slices=6)
    add(mi2, tmp_path / "a", tmp_path / "in")
    return tmp_path / "a", list(known)


def verify(mi2, archive, *arguments, status=0, model=True):
    chosen = ["--model", mi2.model] if model else []
    return mi2("index", "verify", "--deep", str(archive), *chosen, *map(str, arguments), status=status, with_model=False).errors


def crc32c(content):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in content:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def test_a_sample_gives_the_vectors_that_the_archive_has(mi2, made):
    archive, _ = made
    said = verify(mi2, archive)
    assert re.search(r"20 images embedded again, with cosines of (1\.0000|0\.9999)\d+ and more", said), said
    assert "could not be" not in said and verify(mi2, archive) == said
    said = verify(mi2, archive, model=False)
    assert "no image was embedded again; with --model 20 are" in said and "sound" in said
    assert "no image was embedded again" in mi2("index", "verify", "--deep", str(archive)).errors  # whatever MI2_MODEL is
    assert "embedded" not in mi2("index", "verify", str(archive)).errors
    assert "--model: expected --deep" in mi2("index", "verify", str(archive), "--model", mi2.model, status=2).errors


def test_a_vector_of_something_else_is_named_and_not_repaired(mi2, made, tmp_path):
    archive, _ = made
    segment = archive / "vectors" / "000001.f32"
    content = bytearray(segment.read_bytes())
    wrong = np.zeros(exported(mi2, archive, tmp_path)[1].shape[1], np.float32)
    wrong[0] = 1
    # Written as if it had always been so: no checksum tells.
    with contextlib.closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        for (row,) in catalog.execute("SELECT id FROM item").fetchall():
            content[HEADER + row * wrong.nbytes:HEADER + (row + 1) * wrong.nbytes] = wrong.tobytes()
        catalog.execute("UPDATE item SET crc32c = ?", (crc32c(wrong.tobytes()),))
        catalog.commit()
    segment.write_bytes(content)
    before = segment.read_bytes()
    assert "no image was embedded again" in verify(mi2, archive, model=False)
    said = verify(mi2, archive, status=3)
    assert len(re.findall(r"item \d+: its image gives another vector than the archive has", said)) == 20
    verify(mi2, archive, "--repair", status=3)
    assert segment.read_bytes() == before


def test_what_cannot_be_compared_is_counted_with_the_reason(mi2, made, tmp_path):
    archive, files = made
    for path in files[:18]:
        Path(path).unlink()
    said = verify(mi2, archive)
    assert re.search(r"; could not be: \d+ not on a disk of this machine, or not there any more", said), said
    assert 9 <= int(re.search(r"(\d+) images embedded again", said)[1]) <= 11
    for path in files[18:]:
        Path(path).write_bytes(Path(path).read_bytes() + b"\0\0")
    said = verify(mi2, archive)
    assert "no image was embedded again; could not be: " in said and "changed since it was added" in said


def test_files_that_are_back_are_compared_again_and_few_images_all_are(mi2, made, tmp_path):
    archive, files = made
    mi2("index", "rm", str(archive), "--where", "not path~/0/", "--yes", with_model=False)
    assert "6 images embedded again" in verify(mi2, archive)
    shutil.move(tmp_path / "in", tmp_path / "away")
    assert "no image was embedded again; could not be: 6 " in verify(mi2, archive)
    shutil.move(tmp_path / "away", tmp_path / "in")
    assert "6 images embedded again" in verify(mi2, archive)


def test_vectors_without_pictures_are_said_to_be_so(mi2, tmp_path, picture):
    mi2("embed", picture, "--out", str(tmp_path / "v.npy"))
    np.save(tmp_path / "w.npy", np.load(tmp_path / "v.npy"))
    (tmp_path / "w.csv").write_text("path\nnowhere.png\n")
    add(mi2, tmp_path / "a", tmp_path / "w.npy", "--table", tmp_path / "w.csv")
    assert "could not be: 1 the item came as a vector" in verify(mi2, tmp_path / "a")


def test_tiles_of_slides_are_embedded_again_too(mi2, tmp_path):
    finest = make.picture(640, 512)
    make.write_svs(tmp_path / "slide.svs", [finest, make.halved(finest)], compression=make.DEFLATE)
    add(mi2, tmp_path / "a", tmp_path / "slide.svs", "--tiles", "all", "--level", "0")
    said = verify(mi2, tmp_path / "a")
    assert re.search(r"[1-9]\d* images embedded again, with cosines of (1\.0000|0\.9999)", said), said


def test_another_model_is_refused_before_anything_is_read(mi2, made, tmp_path):
    archive, _ = made
    said = verify(mi2, archive, "--profile", "mcp", status=2)
    assert "the model and its options" in said and "sound" not in said
    assert verify(mi2, archive, "--model", tmp_path / "none", model=False, status=7)

"""Thumbnails in an archive: made with the vectors, erased with them, checked and mended."""
import io
import shutil

import numpy as np
import pytest
from catalog_support import make_older
from dicom_studies import uid, write_hospital
from index_support import add, added, query, sound, table, totals
from PIL import Image

HEADER = 64


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    """An archive that tests copy or only read, the folder that it is of, and one of another."""
    folder = tmp_path_factory.mktemp("made")
    write_hospital(folder / "in", studies=4)
    rng = np.random.default_rng(5)
    shades = rng.integers(0, 256, (3, 4, 3), np.uint8).repeat(100, axis=0).repeat(100, axis=1)
    Image.fromarray(shades).save(folder / "in" / "wide.png")
    add(mi2, folder / "a", folder / "in")
    return folder


@pytest.fixture
def archive(made, tmp_path):
    shutil.copytree(made / "a", tmp_path / "a")
    return tmp_path / "a"


def pack(archive):
    return archive / "thumbs" / "000001.pack"


def thumbs(archive):
    """{item: file}"""
    content = pack(archive).read_bytes()
    return {item: content[offset:offset + size] for item, offset, size in table(archive, "SELECT item, offset, size FROM thumb")}


def item_of(archive, name):
    return table(archive, "SELECT item.id FROM item JOIN instance ON instance.id = item.instance"
                          f" WHERE instance.locator LIKE '%{name}'")[0][0]


def test_each_image_has_a_small_one_in_its_proportions(mi2, made):
    found = thumbs(made / "a")
    assert len(found) == totals(mi2, made / "a")["images"] == totals(mi2, made / "a")["thumbnails"] == 13
    wide = Image.open(io.BytesIO(found[item_of(made / "a", "wide.png")]))
    assert (wide.format, wide.size) == ("WEBP", (192, 144))
    original = Image.open(made / "in" / "wide.png").resize((4, 3), Image.BOX)
    assert np.abs(np.int32(wide.convert("RGB").resize((4, 3), Image.BOX)) - np.int32(original)).max() < 12
    assert Image.open(io.BytesIO(found[item_of(made / "a", "0/s0/00.dcm")])).size == (32, 32)  # never enlarged
    assert all(file[12:16] == b"VP8 " for file in found.values())  # no EXIF, XMP or profile
    rows = query(mi2, made / "a", "--item", 0, "--same-patient", "include", "-k", 3, with_model=False)
    assert all(row["thumb"] is True for row in rows)


def test_size_can_be_chosen_and_none_kept(mi2, made, tmp_path):
    add(mi2, tmp_path / "a", "--thumbnails", 64, made / "in" / "wide.png")
    (small,) = thumbs(tmp_path / "a").values()
    assert Image.open(io.BytesIO(small)).size == (64, 48)
    add(mi2, tmp_path / "a", "--no-thumbnails", made / "in" / "0")
    assert len(thumbs(tmp_path / "a")) == 1 and totals(mi2, tmp_path / "a")["images"] == 4
    sound(mi2, tmp_path / "a")
    mi2("index", "add", str(tmp_path / "b"), "--thumbnails", "5000", str(made / "in"), status=2)


def test_what_is_erased_leaves_no_thumbnail(mi2, made, archive):
    before = thumbs(archive)
    gone = {item for (item,) in table(archive, "SELECT item.id FROM item JOIN series ON series.id = item.series JOIN study"
                                               f" ON study.id = study WHERE study.uid = '{uid('study', 1)}'")} & set(before)
    mi2("index", "rm", str(archive), "--study", uid("study", 1), "--yes", with_model=False)
    assert thumbs(archive) == before  # removed is not erased
    mi2("index", "rm", str(archive), "--study", uid("study", 3), "--erase", "--yes", with_model=False)
    content = pack(archive).read_bytes()
    left = thumbs(archive)
    assert len(left) == 7 and not gone & set(left)
    assert all((file in content) == (item in left) for item, file in before.items())
    sound(mi2, archive)
    assert added(add(mi2, archive, made / "in")) == 6
    assert len(thumbs(archive)) == 13
    sound(mi2, archive)


def spoilt(archive):
    content = bytearray(pack(archive).read_bytes())
    content[HEADER + 40] ^= 1
    pack(archive).write_bytes(content)
    return 1


def cut(archive):
    pack(archive).write_bytes(pack(archive).read_bytes()[:-10])
    return 1


def without(archive):
    pack(archive).unlink()
    return 13


def of_another(archive):
    content = bytearray(pack(archive).read_bytes())
    content[30] ^= 1
    pack(archive).write_bytes(content)
    return 13


@pytest.mark.parametrize("damage", [spoilt, cut, without, of_another])
def test_damage_is_found_by_name_and_costs_no_image(mi2, made, archive, damage):
    before = thumbs(archive)
    lost = damage(archive)
    assert "000001.pack" in sound(mi2, archive, status=3)
    mi2("index", "verify", str(archive), with_model=False, status=0 if damage is spoilt else 3)
    if damage is not spoilt:
        assert "000001.pack" in mi2("index", "add", str(archive), str(made / "in"), status=3).errors
    errors = mi2("index", "verify", "--repair", str(archive), with_model=False).errors
    assert f"{lost} thumbnail" in errors and "0 images" in errors
    sound(mi2, archive)
    assert totals(mi2, archive)["images"] == 13 and totals(mi2, archive)["thumbnails"] == 13 - lost
    content, left = pack(archive).read_bytes(), thumbs(archive)
    # No erasure would find what is no row's any more. A damaged thumbnail is looked for by its end, which is not.
    assert all((file[-40:] in content) == (item in left) for item, file in before.items())
    assert added(add(mi2, archive, made / "in")) == 0


def test_an_archive_of_the_format_before_is_searched_and_added_to(mi2, made, archive):
    make_older(archive, 1)
    shutil.rmtree(archive / "thumbs")
    rows = query(mi2, archive, "--item", 0, "-k", 2, with_model=False)
    assert len(rows) == 2 and not any("thumb" in row for row in rows)
    assert totals(mi2, archive)["thumbnails"] == 0
    sound(mi2, archive)
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("1",)]  # who only reads changes nothing
    write_hospital(made / "more", studies=1, slices=5)
    assert added(add(mi2, archive, made / "more")) == 2  # three of the five are there
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    assert len(thumbs(archive)) == 2
    sound(mi2, archive)

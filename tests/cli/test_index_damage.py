"""Archives that were cut, swapped, written over or made by somebody else: refused by name, found by verify, and repaired
where that can be."""
import json
import shutil
import sqlite3
import struct

import pytest
from dicom_studies import write_hospital, write_study
from index_support import exported, query, sound, totals

HEADER, TEXT = 64, "chest x-ray"


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    write_hospital(folder / "in", studies=4)
    mi2("index", "add", str(folder / "a"), str(folder / "in"))
    mi2("index", "add", str(folder / "other"), str(folder / "in" / "0"))
    return folder


@pytest.fixture
def archive(made, tmp_path):
    shutil.copytree(made / "a", tmp_path / "a")
    return tmp_path / "a"


def segment(archive):
    return archive / "vectors" / "000001.f32"


def refused(mi2, archive, *names, status=3):
    """By every command that looks at it."""
    for command in (["search", "--item", "0"], ["export"], ["verify"], ["rm", "--study", "1", "--yes"]):
        errors = mi2("index", *command, str(archive), with_model=False, status=status).errors
        assert all(name in errors for name in names), (command, errors)


def cut(archive):
    content = segment(archive).read_bytes()
    segment(archive).write_bytes(content[:len(content) // 2])


def cut_header(archive):
    segment(archive).write_bytes(segment(archive).read_bytes()[:40])


def without(archive):
    segment(archive).unlink()


def spoilt_header(archive):
    content = bytearray(segment(archive).read_bytes())
    content[20] ^= 1
    segment(archive).write_bytes(content)


@pytest.mark.parametrize("damage", [cut, cut_header, without, spoilt_header])
def test_a_damaged_segment_is_refused_and_repaired(mi2, made, archive, damage):
    damage(archive)
    errors = mi2("index", "search", str(archive), "--item", "0", with_model=False, status=7 if damage is without else 3).errors
    assert "000001.f32" in errors
    assert "000001.f32" in sound(mi2, archive, status=3)
    before = totals(mi2, made / "a")["images"]
    mi2("index", "verify", "--repair", str(archive), with_model=False)
    sound(mi2, archive)
    mi2("index", "add", str(archive), str(made / "in"))
    assert totals(mi2, archive)["images"] == before
    sound(mi2, archive)


def test_an_archive_that_lost_its_archive_json_is_not_made_anew(mi2, made, archive):
    (archive / "archive.json").unlink()
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    assert "archive.json" in mi2("index", "add", str(archive), str(made / "in"), status=3).errors
    assert {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()} == before
    shutil.copy(made / "a" / "archive.json", archive)
    sound(mi2, archive)


def test_a_segment_of_another_archive_is_refused(mi2, made, archive):
    shutil.copy(segment(made / "other"), segment(archive))
    refused(mi2, archive, "000001.f32", "another archive")


def test_a_catalog_of_another_archive_is_refused(mi2, made, archive):
    shutil.copy(made / "other" / "catalog.sqlite", archive / "catalog.sqlite")
    refused(mi2, archive, "catalog.sqlite", "another")


def test_a_vector_that_was_written_over_is_never_a_hit(mi2, made, archive, tmp_path):
    names, vectors = exported(mi2, made / "a", tmp_path)
    (first,) = query(mi2, made / "a", "--text", TEXT, "--by", "image", "-k", 1)
    at = HEADER + first["item"] * vectors.shape[1] * 4
    content = bytearray(segment(archive).read_bytes())
    content[at] ^= 1  # the least bit: it is a unit vector still
    segment(archive).write_bytes(content)
    errors = mi2("index", "search", str(archive), "--text", TEXT, "-k", "1", status=3).errors
    assert "000001.f32" in errors and f"row {first['item']}" in errors
    mi2("index", "verify", str(archive), with_model=False)  # only --deep looks at each
    assert f"row {first['item']}" in sound(mi2, archive, status=3)
    mi2("index", "verify", "--repair", str(archive), with_model=False)
    assert totals(mi2, archive)["images"] == len(names) - 1
    mi2("index", "add", str(archive), str(made / "in"))
    assert query(mi2, archive, "--text", TEXT, "--by", "image", "-k", 1)[0]["score"] == first["score"]
    sound(mi2, archive)


def test_a_series_mean_is_not_made_of_a_damaged_slice(mi2, made, archive, tmp_path):
    content = bytearray(segment(archive).read_bytes())
    content[HEADER] ^= 1  # of the first slice of the first study
    segment(archive).write_bytes(content)
    write_study(tmp_path / "late", 0, slices=4, patient="P0")
    late = tmp_path / "late" / "0" / "s0" / "03.dcm"
    assert "row 0" in mi2("index", "add", str(archive), str(late), status=3).errors
    assert totals(mi2, archive) == totals(mi2, made / "a")
    mi2("index", "verify", "--repair", str(archive), with_model=False)
    mi2("index", "add", str(archive), str(made / "in"), str(late))
    assert totals(mi2, archive)["images"] == totals(mi2, made / "a")["images"] + 1
    sound(mi2, archive)


def edit(archive, **values):
    content = json.loads((archive / "archive.json").read_text())
    content.update(values)
    (archive / "archive.json").write_text(json.dumps(content))


def test_another_version_is_refused_by_its_number(mi2, archive, picture):
    edit(archive, format=2)
    refused(mi2, archive, "format 1, got 2", status=4)
    assert "format 1, got 2" in mi2("index", "add", str(archive), picture, status=4).errors


def test_the_catalog_of_another_version_is_refused(mi2, archive):
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE meta SET value = '9' WHERE key = 'format'")
    refused(mi2, archive, "catalog.sqlite", "expected format 6, got 9", status=4)


@pytest.mark.parametrize("values", [{"dims": 0}, {"dims": 2**31}, {"dims": "64"}, {"id": "x"}, {"space": []}, {"format": "1"},
                                    {"created": 1}])
def test_a_broken_description_is_refused(mi2, archive, values):
    edit(archive, **values)
    refused(mi2, archive, "archive.json")


def test_another_number_of_dimensions_is_refused(mi2, archive):
    edit(archive, dims=32)
    refused(mi2, archive, "000001.f32", "dimensions")


def test_a_catalog_that_is_none_is_refused(mi2, archive):
    for content in (b"", b"not a database" * 1000, (archive / "catalog.sqlite").read_bytes()[:5000]):
        (archive / "catalog.sqlite").write_bytes(content)
        refused(mi2, archive, "catalog.sqlite")


@pytest.mark.parametrize("change", ["UPDATE item SET id = -5 WHERE id = 0", "UPDATE item SET id = 1 << 40 WHERE id = 0",
                                    "UPDATE item SET id = 9223372036854775807 WHERE id = 0",
                                    "INSERT INTO meta VALUES ('rewrites', 'many')", "DELETE FROM item WHERE id = 3"])
def test_a_catalog_with_rows_that_cannot_be_is_no_sound_one(mi2, archive, change):
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        catalog.execute(change)
    done = mi2("index", "search", str(archive), "--item", "1", "--by", "image", with_model=False,
               status=0 if "DELETE" in change or "rewrites" in change else 3)
    assert "internal" not in done.errors
    assert "internal" not in sound(mi2, archive, status=0 if "rewrites" in change else 3)
    if "1 <<" in change or "92" in change:
        assert "catalog" in mi2("index", "verify", "--repair", str(archive), with_model=False, status=3).errors


@pytest.mark.parametrize("change, word", [
    ("UPDATE item SET frame = 9223372036854775807 WHERE kind IS NULL", "frame"),
    ("UPDATE item SET frame = -1 WHERE kind IS NULL", "frame"),
    ("UPDATE background SET score = 9e999", "background"), ("UPDATE background SET place = -place", "background")])
def test_numbers_that_nothing_has_are_refused_and_found(mi2, archive, change, word):
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        catalog.execute(change)
    assert word in mi2("index", "search", str(archive), "--item", "0", with_model=False, status=3).errors
    assert word in sound(mi2, archive, status=3)


def test_codes_of_other_rows_are_not_believed(mi2, made, archive):
    wanted = query(mi2, made / "a", "--text", TEXT, "-k", 9)
    query(mi2, made / "other", "--text", TEXT)
    for content in ((made / "other" / "codes" / "000001.q8").read_bytes(), b"", struct.pack("64x")):
        (archive / "codes" / "000001.q8").write_bytes(content)
        assert query(mi2, archive, "--text", TEXT, "-k", 9) == wanted

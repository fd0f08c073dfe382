"""Catalogs of older formats: read as they are, and brought up to date by the next who writes; and what format 4 packs."""
import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from catalog_support import make_older, packed, table
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, added, exported, query, sound, stats
from kill_support import killed, kills, undisturbed
from PIL import Image

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    """An archive with one of everything: a copy, a conflict, slices that were not chosen, images without a series, a file
    that cannot be read, a study that was removed, and one that was erased."""
    folder = tmp_path_factory.mktemp("formats")
    known = write_hospital(folder / "in", studies=6)
    first = next(iter(known))
    (folder / "in" / "copy").mkdir()
    shutil.copy(first, folder / "in" / "copy" / "of.dcm")
    rival = slice_of(0, 0, 1, patient="P0")
    rival.PixelData = bytes(len(rival.PixelData))
    write(folder / "in" / "rival.dcm", rival)
    for number in range(3):
        Image.new("L", (40, 30), 60 * number + 20).save(folder / "in" / f"picture {number}.png")
    write(folder / "in" / "cut.dcm", slice_of("cut", 0, 0)).write_bytes(b"\0" * 128 + b"DICM cut")
    archive = folder / "a"
    write_study(folder / "few", "few", slices=5, patient="P7")
    add(mi2, archive, folder / "in", status=8)
    add(mi2, archive, "--slices", "max:2", folder / "few")
    mi2("index", "rm", str(archive), "--study", uid("study", 5), "--yes", with_model=False)
    mi2("index", "rm", str(archive), "--study", uid("study", 4), "--erase", "--yes", with_model=False)
    mi2("index", "rm", str(archive), "--study", uid("study", 3), "--yes", with_model=False)
    return folder


def everything(mi2, archive, tmp_path):
    """What an archive answers."""
    found = [query(mi2, archive, "--text", TEXT, "--by", by, "-k", 50) for by in ("image", "series", "patient")]
    found += [query(mi2, archive, "--item", item, "-k", 9, with_model=False) for item in (0, 3)]
    found += [query(mi2, archive, "--study", uid("study", 0), "--same-patient", "include", with_model=False)]
    for where in ("slices>=3", f"image={uid('sop', 1, 0, 2)}", "path~copy or path~picture", "kind=frame", "source=1"):
        found.append(query(mi2, archive, "--text", TEXT, "--by", "image", "--where", where, "-k", 50))
    for level in ("object", "pixels"):
        found.append(mi2("index", "dups", str(archive), "--level", level, "--format", "jsonl", with_model=False).stdout)
    names, vectors = exported(mi2, archive, tmp_path)
    numbers = stats(mi2, archive)
    return found, names, vectors.tobytes(), {name: numbers[name] for name in numbers if name not in ("bytes", "space")}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_older_catalog_answers_the_same_and_is_brought_up_to_date_by_who_writes(mi2, made, tmp_path, number):
    archive = tmp_path / "a"
    shutil.copytree(made / "a", archive)
    make_older(archive, number)
    before = (archive / "catalog.sqlite").read_bytes()
    answers = everything(mi2, archive, tmp_path)
    sound(mi2, archive)
    assert (archive / "catalog.sqlite").read_bytes() == before  # who only reads changes nothing
    if number == 3:
        assert answers == everything(mi2, made / "a", tmp_path)
    # Nothing is read again: all files are known.
    assert added(add(mi2, archive, made / "in", status=8)) == 9  # of the three studies that were removed
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    sound(mi2, archive)
    same = tmp_path / "same"
    shutil.copytree(made / "a", same)
    make_older(same, number)
    mi2("index", "compact", str(same), with_model=False)
    assert table(same, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    wanted = tmp_path / "wanted"
    shutil.copytree(made / "a", wanted)
    mi2("index", "compact", str(wanted), with_model=False)
    if number == 3:
        for name, order in (("instance", "id"), ("item", "id"), ("file", "locator"), ("conflict", "locator"), ("run", "owner, first")):
            columns = "id, sop_uid, series, number, locator, file_sha256, deleted_seq" if name == "instance" else "*"
            columns = "locator, sha256, instance, outcome, slices" if name == "file" else columns
            sql = f"SELECT {columns} FROM {name} ORDER BY {order}"
            assert table(same, sql) == table(wanted, sql), name
        assert everything(mi2, same, tmp_path) == everything(mi2, wanted, tmp_path)
    sound(mi2, same)


def test_files_of_an_older_catalog_are_not_read_again(mi2, made, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, made / "few")
    make_older(archive, 3)
    assert "5 files unchanged" in add(mi2, archive, made / "few")


def test_a_catalog_that_cannot_be_converted_stays_what_it_was(mi2, made, tmp_path):
    archive = tmp_path / "a"
    shutil.copytree(made / "a", archive)
    make_older(archive, 3)
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute("UPDATE pixels SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x') WHERE item = 0")
        catalog.commit()
    wanted = query(mi2, archive, "--text", TEXT, "-k", 9)
    assert "a hash that is none" in mi2("index", "add", str(archive), str(made / "few"), status=3).errors
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("3",)]
    assert query(mi2, archive, "--text", TEXT, "-k", 9) == wanted
    sound(mi2, archive)


def test_a_kill_while_it_is_converted_leaves_the_old_or_the_new_catalog(mi2, made, tmp_path):
    old, archive = tmp_path / "old", tmp_path / "a"
    shutil.copytree(made / "a", old)
    make_older(old, 3)
    arguments = ["index", "compact", archive]
    shutil.copytree(old, archive)
    duration = undisturbed(mi2, *arguments)
    for seed in range(kills(20)):
        shutil.rmtree(archive)
        shutil.copytree(old, archive)
        list(killed(mi2, arguments, duration, seed=seed, times=1))
        assert table(archive, "SELECT value FROM meta WHERE key = 'format'") in ([("3",)], [("6",)])
        assert json.loads(mi2("index", "stats", str(archive), "--format", "json", with_model=False).stdout)["totals"]["images"] > 9
        mi2("index", "compact", str(archive), with_model=False)
        sound(mi2, archive)


def test_one_who_reads_goes_on_while_it_is_converted(mi2, made, tmp_path):
    archive = tmp_path / "a"
    shutil.copytree(made / "a", archive)
    make_older(archive, 3)
    with closing(sqlite3.connect(archive / "catalog.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        count = reader.execute("SELECT count(locator) FROM instance").fetchone()
        add(mi2, archive, made / "few")
        assert reader.execute("SELECT count(locator) FROM instance").fetchone() == count
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]


@pytest.mark.parametrize("name", ["1.2.840.113619.2.55.3", "1.2.3.4", "no.uid-at.all", "1", "ee.1"])
def test_an_identifier_comes_back_as_it_was(mi2, tmp_path, name):
    data = slice_of("x", 0, 0)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = name
    write(tmp_path / "in" / "x.dcm", data)
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    (row,) = query(mi2, archive, "--text", TEXT, "--by", "image")
    assert row["image"] == name
    (same,) = query(mi2, archive, "--text", TEXT, "--by", "image", "--where", f"image='{name}'")
    assert same["item"] == row["item"] and added(add(mi2, archive, tmp_path / "in")) == 0


@pytest.mark.parametrize("change, said", [
    ("DELETE FROM run", "a row of table item refers to one of run that is not there"),
    ("DELETE FROM instance WHERE id = 1", "a row of table item refers to one of instance that is not there"),
    ("UPDATE item SET series = 99 WHERE id = 0", "refers to one of series that is not there"),
    ("INSERT INTO item (id, instance, series, frame, space, crc32c, added_seq) SELECT (SELECT max(id) + 1 FROM item), instance,"
     " series, frame, space, crc32c, added_seq FROM item WHERE id = 0", "two images are of one frame"),
    ("UPDATE instance SET sop_uid = x'cc' WHERE id = 1", "an identifier of an object that is none")])
def test_a_catalog_whose_parts_do_not_fit_is_no_sound_one(mi2, made, tmp_path, change, said):
    archive = tmp_path / "a"
    shutil.copytree(made / "a", archive)
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute(change)
        catalog.commit()
    assert said in sound(mi2, archive, status=3)


def test_the_catalog_of_an_image_takes_few_bytes(mi2, tmp_path):
    """The figure of docs/archive.md."""
    write_study(tmp_path / "in", "x", slices=8, series=40)
    archive = tmp_path / "a"
    add(mi2, archive, "--no-thumbnails", tmp_path / "in")
    empty = tmp_path / "empty"
    write_study(tmp_path / "one", "y", slices=1)
    add(mi2, empty, "--no-thumbnails", tmp_path / "one")
    size = (archive / "catalog.sqlite").stat().st_size - (empty / "catalog.sqlite").stat().st_size
    assert size / 319 < 420 and packed("1.2") == b"\x1a\x2f"

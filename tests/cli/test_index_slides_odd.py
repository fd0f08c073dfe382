"""Whole slides in archives where something is odd: copies, resolutions without bounds, damage, vectors of their pages."""
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from index_support import add, added, query, sound, table, totals
from test_index_slides import TEXT, filled, levels, make, own, places, side, source, write_slide  # noqa: F401 (fixtures)

pytest.importorskip("pydicom")


def test_a_copy_that_sorts_before_a_slide_leaves_its_tiles_where_they_are(mi2, levels, tmp_path):  # noqa: F811
    write_slide(tmp_path / "in" / "b", levels)
    archive = tmp_path / "a"
    add(mi2, archive, "--mpp", "1", "--tiles", "all", tmp_path / "in")
    before = places(mi2, archive)
    shutil.copytree(tmp_path / "in" / "b", tmp_path / "in" / "a")
    assert "0 images added" in add(mi2, archive, tmp_path / "in")
    assert places(mi2, archive) == before and len(before) == 1
    assert "0 images added" in add(mi2, archive, tmp_path / "in") and "sound" in sound(mi2, archive)


@pytest.mark.parametrize("millimetres", ["1e306", "1e6", "0", "-1"])
def test_a_resolution_that_is_none_is_not_known(mi2, levels, millimetres, tmp_path):  # noqa: F811
    (tmp_path / "in").mkdir()
    slide = make.dicom_slide(levels[1], mpp=1, number=1)
    slide.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [millimetres] * 2
    slide.save_as(tmp_path / "in" / "1.dcm", enforce_file_format=True)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", "--tiles", "all", tmp_path / "in")
    assert all(row["tile"].get("mpp", 0) == 0 for row in query(mi2, archive, "--text", TEXT, "--by", "tile"))
    assert "resolution" in mi2("index", "add", str(tmp_path / "b"), "--mpp", "1", str(tmp_path / "in"), status=2).errors


def test_vectors_of_a_slides_pages_do_not_take_the_place_of_its_tiles(mi2, levels, tmp_path):  # noqa: F811
    slide = tmp_path / "a.svs"
    make.write_svs(slide, levels, compression=make.DEFLATE)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", "--tiles", "all", slide)
    before = totals(mi2, archive)["images"]
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(slide))
    for _ in range(2):
        said = add(mi2, archive, tmp_path / "v.npy", status=3)
        assert "by the tiles of a slide" in said and totals(mi2, archive)["images"] == before
        slide.unlink(missing_ok=True)


def test_erasing_a_slide_leaves_nothing_that_tells_how_many_tiles_it_had(mi2, levels, tmp_path):  # noqa: F811
    write_slide(tmp_path / "in", levels)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", tmp_path / "in")
    mi2("index", "rm", str(archive), "--where", "frame>=1", "--erase", "--yes", with_model=False)
    for name in ("instance", "lot", "tile", "folder", "run", "series", "study"):
        assert table(archive, f"SELECT count(*) FROM main.{name}") == [(0,)], name
    assert "sound" in sound(mi2, archive)


def test_a_tile_that_cannot_be_read_is_refused_and_tried_again(mi2, levels, side, tmp_path):  # noqa: F811
    folder, archive = tmp_path / "in", tmp_path / "a"
    folder.mkdir()
    make.write_svs(folder / "a.svs", levels[:1], compression=make.DEFLATE)
    whole = (folder / "a.svs").read_bytes()
    compressed = make.encoded(make.tiles_of(levels[0], 64)[-1], make.DEFLATE)
    at = whole.index(compressed)
    (folder / "a.svs").write_bytes(whole[:at] + bytes(len(compressed)) + whole[at + len(compressed):])
    errors = mi2("index", "add", str(archive), "--level", "0", "--tiles", "all", str(folder), status=8).errors
    assert added(errors) == 5 and "1 refused" in errors
    assert table(archive, "SELECT locator FROM refused") == [(f"{folder / 'a.svs'}, frame 6 of 6",)]
    assert added(mi2("index", "add", str(archive), str(folder), status=3).errors) == 0  # it still is not
    assert totals(mi2, archive)["tiles"] == 5
    (folder / "a.svs").write_bytes(whole)
    assert added(add(mi2, archive, folder)) == 6 and totals(mi2, archive)["refused"] == 0


def test_what_cannot_be_done_is_refused_by_name(mi2, source, tmp_path):  # noqa: F811
    archive = str(tmp_path / "a")
    run = ["index", "add", archive]
    assert "--level and --mpp" in mi2(*run, "--level", "0", "--mpp", "1", str(source), status=2).errors
    assert "--no-tiles" in mi2(*run, "--no-tiles", "--mpp", "1", str(source), status=2).errors
    assert "expected tissue or all" in mi2(*run, "--tiles", "some", str(source), status=2).errors
    assert "expected files" in mi2(*run, "--mpp", "1", "orthanc:http://127.0.0.1:1", status=4).errors
    assert not Path(archive).exists()
    errors = mi2(*run, "--level", "7", str(source), status=8).errors
    assert errors.count("it has no level 7") == 2 and added(errors) == 1  # the picture
    assert "no level is as fine" in mi2(*run, "--mpp", "0.01", str(source / "a.svs"), status=2).errors
    with zipfile.ZipFile(tmp_path / "slides.zip", "w") as packed:
        packed.write(source / "a.svs", "a.svs")
        packed.write(source / "b" / "2.dcm", "2.dcm")
    errors = mi2("index", "add", str(tmp_path / "z"), "--level", "0", str(tmp_path / "slides.zip"), status=4).errors
    assert errors.count("expected a whole slide in a file of its own") == 2
    assert "2 whole slides were read as pictures" in add(mi2, tmp_path / "z", tmp_path / "slides.zip")


def test_a_tile_has_no_slices(mi2, filled):  # noqa: F811
    def found(*where):
        return {row["item"]: "tile" in row for row in query(mi2, filled, "--text", TEXT, "--by", "tile", "-k", 1000, *where)}

    everything = found()
    assert any(everything.values()) and not all(everything.values())
    assert not any(found("--where", "slices>=0").values())
    assert found("--where", "not slices>=0") == {item: tile for item, tile in everything.items() if tile}


@pytest.mark.parametrize("change", ["read_width = 0", "read_width = 4000000000", "level = 99", "level = -1",
                                    "x = -5", "mpp = 9e999", "read_height = 1"])
def test_a_catalog_of_nobody_knows_whom_is_refused_and_never_read_past_the_slide(mi2, filled, tmp_path, change):  # noqa: F811
    archive = own(filled, tmp_path)
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute(f"UPDATE tile SET {change}")
        catalog.execute("UPDATE item SET frame = frame + 1000 WHERE kind IS NULL")
        catalog.commit()
    done = mi2.path, ["index", "search", str(archive), "--text", TEXT, "--by", "tile", "--format", "jsonl",
                      "--cards", str(tmp_path / "cards"), "--heatmap"]
    ran = subprocess.run([done[0], *done[1]], env=mi2.environment(), capture_output=True, timeout=120)
    assert ran.returncode in (0, 3), ran.stderr
    if ran.returncode == 0:
        page = next((tmp_path / "cards").glob("*.html")).read_text()
        assert "No map" in page

"""Whole slides in archives: tiles as items with their places, found, shown, kept, erased and computed anew."""
import contextlib
import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from index_support import add, added, exported, query, sound, table, totals
from reembed_support import other  # noqa: F401 (a fixture)
from test_slides import peak

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

pytest.importorskip("pydicom")

TEXT = "h&e stain, colon"
PLACE = ("level", "x", "y", "width", "height", "mpp")
LIVE = "SELECT count(*) FROM item WHERE kind = 'frame' AND deleted_seq IS NULL"


@pytest.fixture(scope="module")
def side(mi2):
    """Of the model's image."""
    import yaml
    config = yaml.safe_load((Path(mi2.model) / "config.yaml").read_text())
    return config["IMAGE_ENCODER"]["IMAGE_SIZE"][0] if "IMAGE_ENCODER" in config else 480


@pytest.fixture(scope="module")
def levels(side):
    finest = make.picture(side * 5 // 2, side * 2)
    return [finest, make.halved(finest)]


def write_slide(folder, levels, series="1.2.826.0.1.3680043.2.1"):
    """A slide of DICOM objects: the coarse level first, and a label."""
    folder.mkdir(parents=True, exist_ok=True)
    make.write_dicom(folder / "1.dcm", levels[1], mpp=1, number=1, series=series)
    make.write_dicom(folder / "2.dcm", levels[0], mpp=0.5, number=2, series=series)
    make.write_dicom(folder / "3.dcm", levels[1][:64, :64], number=3, flavour="LABEL", series=series)


@pytest.fixture(scope="module")
def source(tmp_path_factory, levels, images):
    """A TIFF slide, one of DICOM objects, and a picture that is no slide."""
    folder = tmp_path_factory.mktemp("slides") / "in"
    folder.mkdir()
    make.write_svs(folder / "a.svs", levels, compression=make.DEFLATE)
    write_slide(folder / "b", [np.flip(level, 1).copy() for level in levels])
    shutil.copy(images / "rgba.png", folder / "c.png")
    return folder


@pytest.fixture(scope="module")
def filled(mi2, source, tmp_path_factory):
    """By all tiles of level 0; only read."""
    archive = tmp_path_factory.mktemp("filled") / "a"
    add(mi2, archive, "--level", "0", "--tiles", "all", source)
    return archive


def own(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "own")
    return tmp_path / "own"


def places(mi2, archive):
    """{path: {frame: place}}"""
    found = {}
    for row in query(mi2, archive, "--text", TEXT, "--by", "tile", "-k", "1000"):
        if "tile" in row:
            found.setdefault(row["path"], {})[row["frame"]] = row["tile"]
    return found


def vectors(mi2, *arguments):
    return [row["embedding"] for row in mi2.rows("embed", *map(str, arguments))]


def test_each_tile_is_an_item_with_the_vector_and_the_place_that_embed_gives_it(mi2, filled, source, tmp_path):
    names, found = exported(mi2, filled, tmp_path)
    by_name = {name: found[[i for i, one in enumerate(names) if one == name]] for name in names}
    for path, slide in ((source / "a.svs", source / "a.svs"), (source / "b" / "2.dcm", source / "b")):
        rows = mi2.rows("embed", "--level", "0", "--tiles", "all", str(slide))
        assert np.array_equal(by_name[str(path)], np.array([row["embedding"] for row in rows], np.float32))
        assert places(mi2, filled)[str(path)] == {row["frame"]: row["tile"] for row in rows}
    assert set(by_name) == {str(source / "a.svs"), str(source / "b" / "2.dcm"), str(source / "c.png")}
    assert np.array_equal(by_name[str(source / "c.png")], np.array(vectors(mi2, source / "c.png"), np.float32))
    counted = totals(mi2, filled)
    assert (counted["images"], counted["tiles"], counted["thumbnails"], counted["instances"]) == (13, 12, 13, 3)
    lines = (tmp_path / "export-images.npy.rows.jsonl").read_text().splitlines()
    assert sum("tile" in json.loads(line) for line in lines) == 12
    assert "sound" in sound(mi2, filled)


def test_a_slides_series_is_the_unit_mean_of_its_tiles(mi2, filled, source, tmp_path):
    names, tiles = exported(mi2, filled, tmp_path)
    _, series = exported(mi2, filled, tmp_path, kind="series")
    mean = tiles[[i for i, name in enumerate(names) if name.endswith("2.dcm")]].astype(np.float64).sum(0)
    assert series.shape[0] == 1 and np.allclose(series[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_tissue_alone_by_the_numbers_that_all_tiles_have(mi2, source, tmp_path):
    everything = mi2.rows("embed", "--mpp", "0.25", "--tiles", "all", str(source / "a.svs"), status=2)
    assert everything == []  # no level is as fine
    add(mi2, tmp_path / "a", "--level", "0", source / "a.svs")
    tissue = mi2.rows("embed", "--level", "0", str(source / "a.svs"))
    everything = {tuple(row["tile"].values()): row["frame"]
                  for row in mi2.rows("embed", "--level", "0", "--tiles", "all", str(source / "a.svs"))}
    wanted = {everything[tuple(row["tile"].values())]: row["tile"] for row in tissue}
    assert places(mi2, tmp_path / "a")[str(source / "a.svs")] == wanted and 0 < len(wanted)


def test_a_resolution_is_read_from_the_level_whose_object_has_the_tiles(mi2, source, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, "--mpp", "1", "--tiles", "all", source)
    rows = mi2.rows("embed", "--mpp", "1", "--tiles", "all", str(source / "b"))
    found = places(mi2, archive)
    assert found[str(source / "b" / "1.dcm")] == {row["frame"]: row["tile"] for row in rows}
    assert str(source / "b" / "2.dcm") not in found and rows[0]["tile"]["level"] == 1
    names, matrix = exported(mi2, archive, tmp_path)
    of_slide = matrix[[i for i, name in enumerate(names) if name.endswith("1.dcm")]]
    assert np.array_equal(of_slide, np.array([row["embedding"] for row in rows], np.float32))
    # Between two levels, tiles are scaled.
    add(mi2, tmp_path / "b", "--mpp", "0.75", "--tiles", "all", source)
    rows = mi2.rows("embed", "--mpp", "0.75", "--tiles", "all", str(source / "b"))
    assert places(mi2, tmp_path / "b")[str(source / "b" / "2.dcm")] == {row["frame"]: row["tile"] for row in rows}


def test_without_an_option_a_slide_is_a_picture_and_add_says_so_once(mi2, source, tmp_path):
    archive = tmp_path / "a"
    errors = add(mi2, archive, source)
    assert errors.count("whole slides were read as pictures; --mpp 0.5") == 1 and totals(mi2, archive)["tiles"] == 0
    assert "pictures" not in add(mi2, archive, source)
    assert table(archive, "SELECT count(*) FROM tile") == [(0,)]


def test_the_next_add_of_a_source_does_the_same(mi2, source, levels, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(source, folder)
    first = added(add(mi2, archive, "--mpp", "0.5", folder))
    assert first > 1
    for arguments in ((), ("--mpp", "0.5"), ("--tiles", "tissue", "--mpp", "0.5")):
        assert added(add(mi2, archive, *arguments, folder)) == 0
    make.write_svs(folder / "d.svs", levels[:1], compression=make.DEFLATE)
    assert added(add(mi2, archive, folder)) > 0  # what is new too
    assert str(folder / "d.svs") in places(mi2, archive)
    # By another name of the source, a slide stays what it is; of what it is not told, a new one is a picture.
    before = totals(mi2, archive)
    make.write_svs(folder / "e.svs", levels, compression=make.DEFLATE)
    errors = add(mi2, archive, folder / "a.svs", folder / "e.svs", folder / "b")
    assert added(errors) > 0 and "1 whole slides were read as pictures" in errors
    assert totals(mi2, archive)["tiles"] == before["tiles"]
    assert "sound" in sound(mi2, archive)


def test_another_choice_computes_a_slide_anew_and_more_tiles_only_those(mi2, source, tmp_path):
    archive = tmp_path / "a"
    tissue = added(add(mi2, archive, "--level", "0", source / "a.svs"))
    everything = added(add(mi2, archive, "--level", "0", "--tiles", "all", source / "a.svs"))
    assert tissue + everything == 6 == len(places(mi2, archive)[str(source / "a.svs")])
    errors = add(mi2, archive, "--level", "1", "--tiles", "all", source / "a.svs")
    assert added(errors) == 2 and "1 files replaced" in errors and table(archive, LIVE) == [(2,)]
    errors = add(mi2, archive, "--no-tiles", source / "a.svs")
    pages = added(errors)
    assert pages > 0 and places(mi2, archive) == {} and table(archive, LIVE) == [(pages,)]
    assert added(add(mi2, archive, source / "a.svs")) == 0  # that is remembered too
    assert added(add(mi2, archive, "--level", "1", "--tiles", "all", source / "a.svs")) == 2
    assert table(archive, LIVE) == [(2,)] and "sound" in sound(mi2, archive)


def test_a_level_that_comes_later_takes_the_tiles(mi2, source, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    folder.mkdir()
    shutil.copy(source / "b" / "2.dcm", folder)
    assert added(add(mi2, archive, "--mpp", "1", "--tiles", "all", folder)) > 0
    assert list(places(mi2, archive)) == [str(folder / "2.dcm")]
    shutil.copy(source / "b" / "1.dcm", folder)
    shutil.copy(source / "b" / "3.dcm", folder)
    add(mi2, archive, folder)
    found = places(mi2, archive)
    assert list(found) == [str(folder / "1.dcm")] and len(found[str(folder / "1.dcm")]) == 2
    assert added(add(mi2, archive, folder)) == 0 and totals(mi2, archive)["instances"] == 1
    # A label does not change, a level does.
    write_slide(folder, [np.flip(make.picture(900, 700, seed=4), 0).copy(), make.picture(450, 350, seed=5)])
    errors = add(mi2, archive, folder)
    assert "replaced" in errors and len(places(mi2, archive)) == 1 and "sound" in sound(mi2, archive)


def test_a_slide_that_moved_or_is_there_twice_is_not_computed_again(mi2, source, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(source / "b", folder / "x")
    add(mi2, archive, "--level", "0", "--tiles", "all", folder)
    (folder / "x").rename(folder / "y")
    errors = add(mi2, archive, folder)
    assert added(errors) == 0 and "1 files moved" in errors
    assert added(add(mi2, archive, folder)) == 0
    assert list(places(mi2, archive)) == [str(folder / "y" / "2.dcm")]
    shutil.copy(folder / "y" / "1.dcm", folder / "y" / "4.dcm")  # the same level, byte for byte
    assert added(add(mi2, archive, folder)) == 0 and len(places(mi2, archive)) == 1
    assert "sound" in sound(mi2, archive)


def test_tiles_are_results_or_grouped_into_their_slide(mi2, filled, source):
    tiles = query(mi2, filled, "--text", TEXT, "--by", "tile", "-k", "100")
    assert len(tiles) == 13 and [row["rank"] for row in tiles] == list(range(1, 14))
    best = {}
    for row in tiles:
        best.setdefault(row["path"], (row["item"], row["score"]))
    for by in ("image", "series", "study"):
        found = query(mi2, filled, "--text", TEXT, "--by", by, "-k", "100")
        assert {row["path"]: (row["item"], row["score"]) for row in found} == best, by
        assert all("tile" in row for row in found if not row["path"].endswith(".png"))
    mean, = query(mi2, filled, "--text", TEXT, "--match", "mean")
    assert "tile" not in mean


def test_each_format_of_results_carries_the_rectangle(mi2, filled, tmp_path):
    arguments = ["index", "search", str(filled), "--text", TEXT, "--by", "tile", "-k", "100"]
    rows = mi2.rows(*arguments, "--format", "jsonl")
    lines = list(csv.DictReader(io.StringIO(mi2(*arguments, "--format", "csv").stdout.decode())))
    printed = mi2(*arguments).stdout.decode().splitlines()[1:]
    for row, line, text in zip(rows, lines, printed, strict=True):
        tile = row.get("tile")
        assert [line[key] for key in PLACE] == ([f"{tile[key]:g}" for key in PLACE] if tile else [""] * 6)
        if tile:
            assert text.endswith(f" at {tile['x']},{tile['y']} {tile['width']}x{tile['height']}")
    # Without tiles there are no columns of them.
    done = mi2(*arguments, "--where", "path~png", "--format", "csv")
    assert done.stdout.decode().splitlines()[0].endswith("exact,snapshot,percentile,agrees,differs")


def test_a_card_carries_the_rectangle_and_is_replayed(mi2, filled, tmp_path):
    row = query(mi2, filled, "--text", TEXT, "--by", "tile", "--cards", tmp_path / "cards", "--heatmap")[0]
    file, = (tmp_path / "cards").glob("*.json")
    card = json.loads(file.read_text())
    assert card["asked"]["by"] == "tile" and card["card"] == 4 and card["results"][0]["tile"] == row["tile"]
    page = file.with_suffix(".html").read_text()
    tile = row["tile"]
    assert f"{tile['x']},{tile['y']},{tile['width']},{tile['height']} of level 0" in page
    assert "Map of" in page and "No map" not in page
    mi2("index", "replay", str(filled), str(file), with_model=False)
    mi2("index", "verify-cards", str(tmp_path / "cards"), with_model=False)


def test_an_item_that_is_a_tile_is_searched_for_and_leaves_its_slide_out(mi2, filled, source):
    item = next(row for row in query(mi2, filled, "--text", TEXT, "--by", "tile", "-k", "100")
                if row["path"].endswith("2.dcm"))
    found = query(mi2, filled, "--item", item["item"], "--by", "tile", "-k", "100")
    assert found and all(not row["path"].endswith("2.dcm") for row in found)
    found = query(mi2, filled, "--item", item["item"], "--by", "tile", "--same-patient", "include")
    assert found[0]["item"] == item["item"] and found[0]["score"] == pytest.approx(1, abs=1e-5)
    assert query(mi2, filled, "--series", item["series"], "--by", "image", "--same-patient", "include")


def test_what_is_removed_is_erased_with_its_rectangles_and_compacted(mi2, filled, tmp_path):
    archive = own(filled, tmp_path)
    study = table(archive, "SELECT uid FROM study")[0][0]
    snapshot = query(mi2, archive, "--text", TEXT)[0]["snapshot"]
    mi2("index", "rm", str(archive), "--study", study, "--yes", with_model=False)
    assert table(archive, "SELECT count(*) FROM tile") == [(12,)] and totals(mi2, archive)["tiles"] == 6
    before = query(mi2, archive, "--text", TEXT, "--by", "tile", "--at", snapshot, "-k", "100")
    assert sum("tile" in row for row in before) == 12
    mi2("index", "compact", str(archive), with_model=False)
    assert table(archive, "SELECT count(*) FROM tile") == [(6,)]
    assert len(places(mi2, archive)) == 1 and "sound" in sound(mi2, archive)
    mi2("index", "rm", str(archive), "--where", "path~svs", "--erase", "--yes", with_model=False)
    assert table(archive, "SELECT count(*) FROM tile") == [(0,)] and "sound" in sound(mi2, archive)


def test_a_backup_and_another_model_keep_the_tiles(mi2, filled, source, other, tmp_path):  # noqa: F811
    mi2("index", "backup", str(filled), str(tmp_path / "copy"), with_model=False)
    assert places(mi2, tmp_path / "copy") == places(mi2, filled)
    new = tmp_path / "new"
    mi2("index", "reembed", "--model", other, str(filled), str(new), with_model=False)
    rows = "SELECT item.frame, tile.level, x, y, width, height, mpp, read_width, locator FROM tile " \
           "JOIN item ON item.id = tile.item JOIN instance ON instance.id = item.instance ORDER BY locator, frame"
    assert table(new, rows) == table(filled, rows) and "sound" in sound(mi2, new)
    names, found = exported(mi2, new, tmp_path)
    direct = mi2.rows("embed", "--model", other, "--level", "0", "--tiles", "all", str(source / "a.svs"))
    assert np.array_equal(found[[i for i, name in enumerate(names) if name.endswith("svs")]],
                          np.array([row["embedding"] for row in direct], np.float32))
    again = mi2("index", "reembed", "--model", other, str(filled), str(new), with_model=False).errors
    assert "0 images embedded" in again
    # The choice goes with the files.
    assert added(mi2("index", "add", "--model", other, str(new), str(source / "a.svs"), str(source / "b"),
                     with_model=False).errors) == 0


def test_another_choice_in_the_first_archive_reaches_the_other(mi2, source, other, tmp_path):  # noqa: F811
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "in"
    shutil.copytree(source / "b", folder)
    for choice in (["--level", "0", "--tiles", "all"], ["--mpp", "0.6", "--tiles", "all"], ["--no-tiles"],
                   ["--level", "0", "--tiles", "all"]):
        add(mi2, old, *choice, folder)
        mi2("index", "reembed", "--model", other, str(old), str(new), with_model=False)
        where = "SELECT item.frame, x, y, width, height FROM item LEFT JOIN tile ON tile.item = item.id " \
                "WHERE item.kind = 'frame' AND deleted_seq IS NULL ORDER BY instance, frame"
        assert table(new, where) == table(old, where), choice
    assert "sound" in sound(mi2, new)


def test_a_dry_run_counts_tiles_and_adds_nothing(mi2, source, tmp_path):
    errors = add(mi2, tmp_path / "a", "--dry-run", "--level", "0", "--tiles", "all", source)
    assert "13 images of" in errors and not (tmp_path / "a").exists()


@pytest.mark.parametrize("kind", ["tif", "dcm"])
def test_a_slide_of_ten_thousand_million_pixels_takes_little_memory(mi2, tmp_path, kind):
    if os.environ.get("MI2_SANITIZE"):
        pytest.skip("sanitizers take memory of their own")
    tissue = make.picture(256, 256)
    tissue[:] = np.clip(tissue.astype(int) - (10, 90, 40), 0, 255)
    path = tmp_path / "in" / f"a.{kind}"
    path.parent.mkdir()
    where = {391 * y + x: tissue for y in (7, 200) for x in range(100, 110)}
    if kind == "tif":
        make.write_sparse_tiff(path, 100_000, 256, where)
    else:
        make.write_dicom(path, None, tile=256, sparse=True, size=(100_000, 100_000), places=where, mpp=0.5)
    small = tmp_path / "small"
    small.mkdir()
    make.write_svs(small / "a.svs", [make.picture(500, 500)], compression=make.DEFLATE)
    base = peak(mi2, "index", "add", str(tmp_path / "s"), "--mpp", "0.5", str(small))
    assert peak(mi2, "index", "add", str(tmp_path / "a"), "--mpp", "0.5", str(path.parent)) < base + 200
    assert totals(mi2, tmp_path / "a")["tiles"] > 0


def test_a_catalog_without_tiles_is_read_and_converted_by_who_writes(mi2, images, source, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, images / "rgba.png")
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.executescript("DROP TABLE voi; DROP TABLE localizer; DROP TABLE tile; DROP TABLE tiling;"
                              "UPDATE meta SET value = '4' WHERE key = 'format'")
    assert len(query(mi2, archive, "--text", TEXT, "--by", "tile")) == 1 and totals(mi2, archive)["tiles"] == 0
    assert "sound" in sound(mi2, archive)
    assert added(add(mi2, archive, "--level", "1", "--tiles", "all", source / "a.svs")) == 2
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    assert len(places(mi2, archive)) == 1


def test_a_killed_run_goes_on_behind_the_last_part_that_was_committed(mi2, side, tmp_path):
    folder, archive = tmp_path / "in", tmp_path / "a"
    folder.mkdir()
    tile = side // 16 * 16
    make.write_sparse_tiff(folder / "a.tif", side * 100, tile, {67: make.picture(tile, tile)})
    run = [mi2.path, "index", "add", str(archive), "--level", "0", "--tiles", "all", "--no-thumbnails", str(folder)]
    child = subprocess.Popen(run, env=mi2.environment(), stderr=subprocess.DEVNULL)
    there = 0
    while there < 4096 and child.poll() is None:
        time.sleep(0.05)
        if (archive / "catalog.sqlite").exists():
            with contextlib.suppress(sqlite3.Error):
                there = table(archive, LIVE)[0][0]
    child.kill()
    child.wait()
    there = table(archive, LIVE)[0][0]
    assert there in (4096, 8192)
    assert "sound" in sound(mi2, archive)
    assert added(add(mi2, archive, folder)) == 10_000 - there
    assert added(add(mi2, archive, folder)) == 0
    found = table(archive, "SELECT count(DISTINCT frame) FROM item WHERE kind = 'frame' AND deleted_seq IS NULL")
    assert found == [(10_000,)] and "sound" in sound(mi2, archive)


def test_a_watched_folder_goes_on_by_tiles_and_takes_levels_as_they_come(mi2, source, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    folder.mkdir()
    shutil.copy(source / "b" / "2.dcm", folder)
    os.utime(folder / "2.dcm", (time.time() - 60,) * 2)
    run = [mi2.path, "index", "add", "--watch=1", "--mpp", "1", "--tiles", "all", str(archive), str(folder)]
    child = subprocess.Popen(run, env=mi2.environment(), stderr=subprocess.PIPE)
    read = "SELECT DISTINCT locator FROM tile JOIN item ON item.id = tile.item JOIN instance ON instance.id = item.instance " \
           "WHERE item.deleted_seq IS NULL"

    def wait_for(wanted):
        for _ in range(300):
            with contextlib.suppress(sqlite3.Error):
                if table(archive, read) == wanted:
                    return
            time.sleep(0.1)
        raise AssertionError(table(archive, read))

    try:
        wait_for([(str(folder / "2.dcm"),)])
        shutil.copy(source / "b" / "1.dcm", folder / "part")
        os.utime(folder / "part", (time.time() - 60,) * 2)
        (folder / "part").rename(folder / "1.dcm")
        wait_for([(str(folder / "1.dcm"),)])
    finally:
        child.send_signal(signal.SIGINT)
        errors = child.communicate()[1].decode()
    assert child.returncode == 0, errors
    assert "sound" in sound(mi2, archive)

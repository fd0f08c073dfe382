"""Whole slides: tiles as rows, one slide of many levels, and memory that does not grow with the slide."""
import base64
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

pytest.importorskip("pydicom")


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


@pytest.fixture(scope="module")
def svs(tmp_path_factory, levels):
    path = tmp_path_factory.mktemp("slides") / "a.svs"
    make.write_svs(path, levels, compression=make.DEFLATE)
    return str(path)


def test_every_tile_is_a_row_with_the_vector_of_its_pixels(mi2, svs, levels, side, tmp_path):
    rows = mi2.rows("embed", "--level", "0", "--tiles", "all", svs)
    tiles = make.tiles_of(levels[0], side)
    assert [row["frame"] for row in rows] == list(range(1, 7)) and {row["frames"] for row in rows} == {6}
    assert {row["path"] for row in rows} == {svs}
    assert rows[4]["tile"] == {"level": 0, "x": side, "y": side, "width": side, "height": side, "mpp": 0.5}
    for i, tile in enumerate(tiles):
        Image.fromarray(tile).save(tmp_path / f"{i}.png")
    alone = mi2.rows("embed", *[str(tmp_path / f"{i}.png") for i in range(6)])
    assert [row["embedding"] for row in rows] == [row["embedding"] for row in alone]


def test_a_resolution_is_scaled_to(mi2, svs, levels, side, tmp_path):
    rows = mi2.rows("embed", "--mpp", "0.75", "--tiles", "all", svs)
    assert rows[0]["tile"]["level"] == 0 and abs(rows[0]["tile"]["mpp"] - 0.75) < 0.01
    Image.fromarray(make.tiles_of(levels[0], rows[0]["tile"]["width"])[0]).save(tmp_path / "0.png")
    assert rows[0]["embedding"] == mi2.rows("embed", str(tmp_path / "0.png"))[0]["embedding"]


def test_tissue_alone_unless_all_are_asked_for(mi2, svs):
    tissue = mi2.rows("embed", "--level", "1", svs)
    everything = mi2.rows("embed", "--level", "1", "--tiles", "all", svs)
    assert 0 < len(tissue) <= len(everything) == 2


def test_without_an_option_of_slides_it_is_an_image_as_before(mi2, svs, levels, tmp_path):
    Image.fromarray(levels[0]).save(tmp_path / "whole.png")
    row, = mi2.rows("embed", svs)
    assert "frame" not in row and "tile" not in row
    assert row["embedding"] == mi2.rows("embed", str(tmp_path / "whole.png"))[0]["embedding"]


def test_frames_choose_among_the_tiles(mi2, svs):
    rows = mi2.rows("embed", "--level", "0", "--tiles", "all", "--frames", "every:4", svs)
    assert [row["frame"] for row in rows] == [1, 5]


def test_columns_of_csv_and_lines_beside_an_array(mi2, svs, tmp_path):
    done = mi2("embed", "--level", "1", "--tiles", "all", "--format", "csv", svs)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert [rows[1][key] for key in ("frame", "level", "y", "mpp")] == ["2", "1", "0", "1"] and "e0" in rows[0]
    out = tmp_path / "v.npy"
    mi2("embed", "--level", "1", "--tiles", "all", "--out", str(out), svs)
    lines = [json.loads(line) for line in Path(f"{out}.rows.jsonl").read_text().splitlines()]
    assert lines[1]["tile"]["level"] == 1 and lines[1]["frames"] == 2
    scored = mi2("classify", "--level", "1", "--tiles", "all", "--labels", "a,b", "--format", "csv", svs)
    assert scored.stdout.decode().splitlines()[0] == "path,frame,level,x,y,width,height,mpp,rank,label,score"
    scored = mi2.rows("classify", "--level", "1", "--tiles", "all", "--labels", "a,b", "--format", "jsonl", svs)
    assert scored[0]["tile"]["x"] == 0 and scored[0]["frame"] == 1


def test_batch_takes_one_tile_of_a_slide(mi2, svs, tmp_path, side):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"image": base64.b64encode(Path(svs).read_bytes()).decode()}) + "\n")

    def vector(*options):
        out = tmp_path / "out.jsonl"
        mi2("batch", "--profile", "raw", "--force", *options, str(rows), str(out))
        return json.loads(out.read_text())

    tile = vector("--level", "0", "--tiles", "all", "--frames", "2")
    assert tile == vector("--level", "0", "--tiles", "all", "--frames", "2") != vector("--level", "0", "--frames", "first")
    assert tile != vector()


def test_objects_of_a_folder_are_one_slide(mi2, levels, side, tmp_path):
    folder = tmp_path / "slide"
    folder.mkdir()
    make.write_dicom(folder / "1.dcm", levels[1], mpp=1, number=1)
    make.write_dicom(folder / "2.dcm", levels[0], mpp=0.5, number=2)
    make.write_dicom(folder / "3.dcm", levels[1][:64, :64], number=3, flavour="LABEL")
    rows = mi2.rows("embed", "--mpp", "1", "--tiles", "all", str(folder))
    assert {row["path"] for row in rows} == {str(folder / "2.dcm")}
    assert [row["tile"]["level"] for row in rows] == [1, 1]
    assert rows[1]["tile"]["x"] == side * 2
    alone = mi2.rows("embed", "--level", "0", "--tiles", "all", str(folder / "1.dcm"))
    assert [row["embedding"] for row in rows] == [row["embedding"] for row in alone]


def test_what_cannot_be_done_is_said(mi2, svs, picture):
    assert "it has no level 7: level 0" in mi2("embed", "--level", "7", svs, status=2).errors
    assert "no level is as fine as 0.1 um" in mi2("embed", "--mpp", "0.1", svs, status=2).errors
    assert "expected a whole slide, got PNG" in mi2("embed", "--level", "0", picture, status=4).errors
    assert "--level and --mpp" in mi2("embed", "--level", "0", "--mpp", "1", svs, status=2).errors
    assert "--level: expected a whole number" in mi2("embed", "--level", "x", svs, status=2).errors
    assert "--tiles: expected tissue or all" in mi2("embed", "--tiles", "some", svs, status=2).errors
    assert "--series" in mi2("embed", "--level", "0", "--series", svs, status=2).errors


def peak(mi2, *arguments):
    """Rows, and MiB of resident memory at most."""
    with open(os.devnull, "wb") as nothing:
        child = subprocess.Popen([mi2.path, *arguments], stdout=nothing, stderr=subprocess.PIPE, env=mi2.environment())
        errors = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, errors
    return usage.ru_maxrss / 1024


@pytest.mark.parametrize("kind", ["tif", "dcm"])
def test_a_slide_of_ten_thousand_million_pixels_takes_little_memory(mi2, tmp_path, kind):
    if os.environ.get("MI2_SANITIZE"):
        pytest.skip("sanitizers take memory of their own")
    tissue = make.picture(256, 256)
    tissue[:] = np.clip(tissue.astype(int) - (10, 90, 40), 0, 255)
    path = str(tmp_path / f"a.{kind}")
    places = {391 * y + x: tissue for y in (7, 200) for x in range(100, 110)}
    if kind == "tif":
        make.write_sparse_tiff(path, 100_000, 256, places)
    else:
        make.write_dicom(path, None, tile=256, sparse=True, size=(100_000, 100_000), places=places, coded=make.JPEG)
    one = np.zeros((64, 64, 3), np.uint8)
    Image.fromarray(one).save(tmp_path / "a.png")
    base = peak(mi2, "embed", str(tmp_path / "a.png"))
    out = tmp_path / "v.jsonl"
    most = peak(mi2, "embed", "--level", "0", "--frames", "every:9", "--out", str(out), path)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) > 1 and rows[0]["frames"] > 9
    assert all(99 * 256 <= row["tile"]["x"] <= 110 * 256 for row in rows)
    assert most - base < 160, (most, base)

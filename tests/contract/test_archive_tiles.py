"""Tiles of whole slides over HTTP: where they lie, what they show, and where in them something is."""
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from archive_support import MODEL, PATHS, mi2, rights_file, search
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

pytest.importorskip("pydicom")

TEXT = "h&e stain, colon"


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """(archive, pixels of the finest level): an SVS, and DICOM objects of two levels of which the coarse one is read."""
    root = tmp_path_factory.mktemp("tiles")
    folder = root / "in"
    (folder / "b").mkdir(parents=True)
    finest = make.picture(700, 500)
    make.write_svs(folder / "a.svs", [finest], compression=make.DEFLATE)
    make.write_dicom(folder / "b" / "1.dcm", make.halved(finest), mpp=1, number=1)
    make.write_dicom(folder / "b" / "2.dcm", finest, mpp=0.5, number=2)
    mi2("index", "add", "--model", MODEL, "--mpp", "1", "--tiles", "all", root / "a", folder)
    return root / "a", finest


@pytest.fixture
def server(serve, slides, tmp_path):
    return serve("--archive", f"a={slides[0]}", "--archive-rights", rights_file(tmp_path, PATHS), "--dtype", "f32")


def tiles_in(server):
    rows = search(server, {"text": TEXT, "by": "tile", "k": 100})["results"]
    return {name: [row for row in rows if row["path"].endswith(name)] for name in ("a.svs", "1.dcm")}


def test_tiles_are_results_with_their_rectangles_or_one_image(server):
    found = tiles_in(server)
    assert all(rows and all("tile" in row for row in rows) for rows in found.values())
    images = search(server, {"text": TEXT, "by": "image", "k": 100})["results"]
    assert {row["item"] for row in images} == {rows[0]["item"] for rows in found.values()}
    first = found["1.dcm"][0]
    item = server.get(f"/v1/archives/a/items/{first['item']}").json()
    assert item["tile"] == first["tile"] and item["tile"]["level"] == 1 and item["thumb"]
    study = server.get(f"/v1/archives/a/studies/{first['study']}").json()
    assert [row["tile"] for row in study["series"][0]["items"]] == [
        row["tile"] for row in sorted(found["1.dcm"], key=lambda row: row["frame"])]


def test_the_picture_of_an_item_is_the_tile(server, slides):
    for name, rows in tiles_in(server).items():
        row = next(row for row in rows if row["tile"]["x"] == row["tile"]["y"] == 0)
        answer = server.get(f"/v1/archives/a/items/{row['item']}/pixels")
        assert answer.status == 200, answer.body
        shown = np.asarray(Image.open(io.BytesIO(answer.body)))
        level = slides[1] if name == "a.svs" else make.halved(slides[1])
        side = int(answer.headers["x-mi2-columns"])
        assert shown.shape[:2] == (int(answer.headers["x-mi2-rows"]), side)
        part = level[:side, :side]
        assert np.array_equal(shown[:part.shape[0], :part.shape[1]], part)
        assert server.get(f"/v1/archives/a/items/{row['item']}/pixels",
                          headers={"If-None-Match": answer.headers["etag"]}).status == 304


def test_a_heatmap_of_an_item_is_of_the_tile(server):
    for rows in tiles_in(server).values():
        answer = server.post(f"/v1/archives/a/items/{rows[0]['item']}/heatmap", {"text": TEXT})
        assert answer.status == 200, answer.body
        assert answer.json()["maps"][0]["whole"] == pytest.approx(rows[0]["score"], abs=1e-6)

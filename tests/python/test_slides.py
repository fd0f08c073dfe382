"""Whole slides in Python: the rows of the program, and where each tile lies."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "slide"))
import make_slides as make  # noqa: E402

SIDE = 120
"""Of the tiny model's image."""


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """An SVS of two levels, and a folder with an OME-TIFF, a DICOM slide and a file that is no image."""
    folder = tmp_path_factory.mktemp("slides")
    finest = make.picture(SIDE * 5 // 2, SIDE * 2)
    svs, others = folder / "a.svs", folder / "others"
    make.write_svs(svs, [finest, make.halved(finest)], compression=make.DEFLATE)
    others.mkdir()
    make.write_ome(others / "b.ome.tif", [make.picture(SIDE * 2, SIDE, seed=2)])
    shutil.copy(ROOT / "fuzz" / "corpus" / "slide" / "full.dcm", others)
    (others / "notes.txt").write_text("no image")
    return [svs, others]


@pytest.fixture(scope="module")
def rows_of_program(model_path):
    def run(paths, *options):
        done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", model_path, *options, *map(str, paths)],
                              capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]
    return run


@pytest.mark.parametrize("options, arguments", [
    (["--level", "0", "--tiles", "all"], {"level": 0, "tiles": "all"}),
    (["--mpp", "0.75", "--tiles", "all"], {"mpp": 0.75, "tiles": "all"}),
    (["--tiles", "tissue"], {}),
    (["--level", "0", "--tiles", "all", "--frames", "every:2"], {"level": np.int64(0), "tiles": "all", "frames": "every:2"}),
])
def test_tiles_are_the_programs(model, slides, rows_of_program, options, arguments):
    given = slides if "all" in options else slides[:1]
    if "mpp" in arguments:
        given = [slides[0], slides[1] / "b.ome.tif"]  # the DICOM slide is of another resolution
    wanted = rows_of_program(given, *options)
    found = model.embed_tiles(given, batch=3, **arguments)
    assert found.path == [row["path"] for row in wanted] and wanted
    assert found.frame.tolist() == [row["frame"] for row in wanted]
    for name in ("level", "x", "y", "width", "height"):
        assert getattr(found, name).dtype == np.int64
        assert getattr(found, name).tolist() == [row["tile"][name] for row in wanted]
    assert found.mpp.tolist() == [row["tile"].get("mpp", 0) for row in wanted]
    assert found.vectors.tobytes() == np.array([row["embedding"] for row in wanted], np.float32).tobytes()


def test_one_path_is_a_slide(model, slides):
    found = model.embed_tiles(str(slides[0]), level=1, tiles="all")
    assert found.path == [str(slides[0])] * 2 and found.x.tolist() == [0, SIDE * 2]
    none = model.embed_tiles([], level=0)
    assert none.vectors.shape == (0, model.dimensions) and none.path == [] and none.mpp.dtype == np.float64


def test_a_slide_that_cannot_be_opened_is_one_row(model, slides, images):
    given = [slides[0], images[0], "nowhere.svs", slides[0]]
    told = []
    found = model.embed_tiles(given, level=1, tiles="all", on_error=lambda row, error: told.append((row, error.code)))
    assert told == [(2, "unsupported"), (3, "not_found")]
    assert found.frame.tolist() == [1, 2, 0, 0, 1, 2] and np.isnan(found.vectors[:, 0]).tolist() == [0, 0, 1, 1, 0, 0]
    assert found.path == [str(path) for path in (slides[0], slides[0], *given[1:3], slides[0], slides[0])]
    kept = model.embed_tiles(given, level=1, tiles="all", on_error="skip")
    assert kept.frame.tolist() == [1, 2, 1, 2] and kept.path == [str(slides[0])] * 4
    assert kept.vectors.tobytes() == found.vectors[[0, 1, 4, 5]].tobytes()
    with pytest.raises(mi2.Unsupported, match="expected a whole slide"):
        model.embed_tiles(given, level=1)


def test_what_makes_no_sense_is_refused(model, slides):
    for arguments in ({"level": 0, "mpp": 1.0}, {"level": -1}, {"level": 7}, {"mpp": 0.001}, {"mpp": float("nan")},
                      {"tiles": "some"}, {"level": 0, "frames": "99"}):
        with pytest.raises(mi2.BadArgument):
            model.embed_tiles(slides[0], **arguments)
    for arguments in ({"level": True}, {"level": "0"}, {"mpp": [1]}, {"frames": 1.5}):
        with pytest.raises(mi2.WrongType):
            model.embed_tiles(slides[0], **arguments)
    for paths in (3, b"a.svs", None, [None], [b"a.svs"]):
        with pytest.raises(mi2.WrongType):
            model.embed_tiles(paths)
    with pytest.raises(mi2.NotFound):
        model.embed_tiles("-")


def test_progress_ends_the_call(model, slides):
    told = []
    model.embed_tiles(slides[0], level=0, tiles="all", batch=4, progress=lambda *now: told.append(now))
    assert told == [(4, None), (6, None)]

    def stop(*_):
        raise KeyError("enough")
    with pytest.raises(KeyError, match="enough"):
        model.embed_tiles(slides[0], level=0, tiles="all", batch=2, progress=stop)

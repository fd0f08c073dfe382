"""Frames in Python: the rows of the program, and which frame each of them is."""
import json
import os
import subprocess

import medimageinsight as mi2
import numpy as np
import pytest
from PIL import Image

from score_server import served, serving

SELECTIONS = ["all", "middle", "first", "4", "every:2", "center:2", "center:9"]


@pytest.fixture
def pages(tmp_path):
    """A TIFF of five pages; each has its own grey."""
    path = tmp_path / "pages.tif"
    first, *more = [Image.fromarray(np.full((20, 30), 40 * page, np.uint8)) for page in range(5)]
    first.save(path, save_all=True, append_images=more)
    return path


@pytest.fixture
def rows_of_program(model_path):
    """(number of the frame, vector) of each row that `mi2 embed --frames SELECTION PATH..` writes."""
    def run(selection, *paths):
        done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", model_path, "--frames", selection,
                               *map(str, paths)], capture_output=True, check=True)
        rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
        return [row["frame"] for row in rows], np.array([row["embedding"] for row in rows], np.float32)
    return run


@pytest.mark.parametrize("selection", SELECTIONS)
def test_frames_are_the_programs(model, pages, images, rows_of_program, selection):
    given = [pages, images[0]] if selection != "4" else [pages]
    numbers, wanted = rows_of_program(selection, *given)
    found = model.embed_frames(given, selection, batch=2)
    assert found.frame.tolist() == numbers and found.vectors.tobytes() == wanted.tobytes()
    assert found.image.tolist() == sorted(found.image) and set(found.image) == set(range(len(given)))
    assert model.embed_images(given, frames=selection).tobytes() == wanted.tobytes()
    assert model.embed_images([path.read_bytes() for path in given], frames=selection).tobytes() == wanted.tobytes()


def test_a_number_may_be_one(model, pages):
    wanted = model.embed_images(pages, frames="4").tobytes()
    assert model.embed_images(pages, frames=4).tobytes() == wanted
    assert model.embed_images(pages, frames=np.int64(4)).tobytes() == wanted
    assert wanted != model.embed_images(pages).tobytes()


def test_a_decoded_image_is_one_frame(model, pages):
    with Image.open(pages) as opened:
        opened.seek(2)
        wanted = model.embed_images(pages, frames=3).tobytes()
        for selection in ("all", "middle", "first", 1, "every:3", "center:4"):
            found = model.embed_frames(opened, selection)
            assert found.vectors.tobytes() == wanted and (found.image.tolist(), found.frame.tolist()) == ([0], [1])
        with pytest.raises(mi2.BadArgument, match="from 1 to 1, got 2"):
            model.embed_images(opened, frames=2)


def test_classify_scores_each_selected_frame(model, pages):
    scores = model.classify(pages, ["a", "b"], frames="all")
    assert len(scores) == 5
    assert scores[3] == model.classify(pages, ["a", "b"], frames=4)[0]


def test_errors_name_the_image_and_keep_the_others(model, pages, cut_picture):
    told = []
    mixed = [pages, cut_picture, np.zeros((5, 3, 9), np.uint8), pages]
    found = model.embed_frames(mixed, "every:2", batch=2, on_error=lambda index, error: told.append((index, error.code)))
    assert found.image.tolist() == [0, 0, 0, 1, 2, 3, 3, 3] and found.frame.tolist() == [1, 3, 5, 1, 0, 1, 3, 5]
    assert told == [(1, "bad_file"), (2, "bad_argument")]
    assert np.isnan(found.vectors[3:5]).all() and not np.isnan(found.vectors[[0, 1, 2, 5, 6, 7]]).any()
    with pytest.raises(mi2.BadArgument, match="pages.tif.*from 1 to 5, got 6"):
        model.embed_images(pages, frames=6)


def test_selections_that_make_no_sense_are_refused(model, pages):
    for wrong in ("", "0", 0, -1, "every:0", "some", "1,2", "1.0", "²"):
        with pytest.raises(mi2.BadArgument, match="frames: expected middle"):
            model.embed_images(pages, frames=wrong)
    for wrong in (True, 1.0, b"1", ["all"]):
        with pytest.raises(TypeError, match="frames"):
            model.embed_images(pages, frames=wrong)
    assert model.embed_frames([], "all").vectors.shape == (0, model.dimensions)


def test_progress_knows_a_total_only_of_one_frame_per_image(model, pages):
    told = []
    model.embed_images([pages, pages], frames=2, progress=lambda *now: told.append(now))
    assert told[-1] == (2, 2)
    model.embed_frames([pages, pages], batch=5, progress=lambda *now: told.append(now))
    assert told[-1] == (10, None)


def test_what_a_callers_function_raises_ends_the_call(model, pages):
    class Mine(Exception):
        pass

    done = []

    def stop(*now):
        done.append(now)
        raise Mine

    def source():
        yield from [pages] * 3
        raise Mine

    with pytest.raises(Mine):
        model.embed_frames([pages] * 10, batch=2, progress=stop)
    assert done == [(2, None)]
    with pytest.raises(Mine):
        model.embed_frames(source(), batch=2)
    assert model.embed_frames(pages).frame.tolist() == [1, 2, 3, 4, 5]


def test_a_server_chooses_one_frame(model_path, model, pages):
    with served(model_path) as url, mi2.Client(url, profile="raw") as client:
        for frames in ("middle", "first", 4):
            found = client.embed_images(pages, frames=frames)
            assert found.tobytes() == model.embed_images(pages, frames=frames).tobytes()
        assert client.classify(pages, ["a", "b"], frames=4) == client.classify([np.full((20, 30), 120, np.uint8)], ["a", "b"])
        with pytest.raises(mi2.BadArgument, match="frame"):
            client.embed_images(pages, frames="all")


def test_a_server_that_passes_over_frames_is_found_out(model, pages):
    """The hosted model passes over params that it does not know, and so would answer of another frame."""
    with serving({"azure": model}) as server, mi2.Client(server.url, profile=None) as client:
        with pytest.raises(mi2.Unsupported, match="frames='4'"):
            client.embed_images(pages, frames=4)
        assert client.embed_images(pages, frames="middle").tobytes() == client.embed_images(pages).tobytes()

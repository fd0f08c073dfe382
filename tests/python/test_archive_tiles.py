"""Whole slides in archives by their tiles, from Python."""
import sys

import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import TEXT
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "slide"))
import make_slides as make  # noqa: E402

SIDE = 120
"""Of the tiny model's image."""


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """A slide of two levels, 2.5 tiles wide and 2 high."""
    finest = make.picture(SIDE * 5 // 2, SIDE * 2)
    path = tmp_path_factory.mktemp("slide") / "a.svs"
    make.write_svs(path, [finest, make.halved(finest)], compression=make.DEFLATE)
    return path


def test_a_slide_is_added_by_tiles_that_say_where_they_lie(model, slide, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    assert archive.add(slide, level=0, tiles="all").images == 6
    vectors, items = archive.vectors()
    wanted = model.embed_tiles(str(slide), level=0, tiles="all")
    np.testing.assert_allclose(vectors, np.asarray(wanted.vectors), atol=1e-6)  # the same tiles in other batches
    assert [(item.tile.level, item.tile.x, item.tile.y) for item in items] == \
        [(0, x * SIDE, y * SIDE) for y in range(2) for x in range(3)]
    assert {(item.tile.width, item.tile.height) for item in items} == {(SIDE, SIDE)}
    found = archive.search(text=TEXT, by="tile", k=10)
    assert len(found) == 6 and all(result.item.tile is not None for result in found)
    assert len(archive.search(text=TEXT, by="image", k=10)) == 1


def test_the_choice_is_kept_and_another_embeds_again(model, slide, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    archive.add(slide, level=1, tiles="all")
    before = archive.stats()["totals"]["images"]
    assert archive.add(slide).images == 0 and archive.stats()["totals"]["images"] == before
    # As a picture it has the pages of its file.
    as_picture = archive.add(slide, tiles="none")
    assert as_picture.replaced == 1 and as_picture.images == archive.stats()["totals"]["images"]
    assert {item.tile for item in archive.items()} == {None}


@pytest.mark.parametrize("options, word", [({"level": -1}, "level"), ({"level": 0, "mpp": 0.5}, "mpp"), ({"mpp": 0}, "mpp"),
                                           ({"tiles": "some"}, "tiles"), ({"level": 99, "tiles": "all"}, "level")])
def test_what_is_no_choice_of_tiles_is_refused(model, slide, tmp_path, options, word):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    try:
        added = archive.add(slide, **options)
    except mi2.Error as error:
        assert word in str(error)
    else:
        assert added.refused == 1 and archive.stats()["totals"]["images"] == 0

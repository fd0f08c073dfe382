"""Searches by a part of an image, through a window, and of an earlier snapshot."""
import json

import medimageinsight as mi2
import pytest
from PIL import Image

from archive_support import TEXT, uid, write_study
from conftest import IMAGES

HOUNSFIELD = {"RescaleIntercept": -1500, "RescaleSlope": 1}


@pytest.fixture
def part(tmp_path):
    """(an image, a region of it, the region as a file)."""
    with Image.open(IMAGES / "colour_a.jpg") as whole:
        x, y, width, height = whole.width // 4, whole.height // 5, whole.width // 2, whole.height // 3
        whole.convert("RGB").crop((x, y, x + width, y + height)).save(tmp_path / "part.png")
    return IMAGES / "colour_a.jpg", (x, y, width, height), tmp_path / "part.png"


def test_a_region_is_searched_for_as_an_image_of_its_own(archive, part):
    image, region, cut = part
    wanted = archive.search(image=str(cut), by="image")
    assert archive.search(image=str(image), region=region, by="image") == wanted
    assert archive.search(image=image.read_bytes(), region=list(region), by="image") == wanted
    assert archive.search(image=str(image), by="image") != wanted


def test_a_card_says_which_region_it_was(archive, part):
    image, region, _ = part
    card = archive.search(image=str(image), region=region, card=True).card
    asked, = json.loads(card.json)["asked"]["parts"]
    assert asked["region"] == ",".join(map(str, region)) and len(asked["sha256"]) == 64


@pytest.mark.parametrize("region, error, match", [
    ((0, 0, 1), mi2.BadArgument, "4|x, y, width, height"),
    ((0, 0, 0, 1), mi2.BadArgument, "width"),
    ((-1, 0, 1, 1), mi2.BadArgument, "region: x"),
    ((0, 0, 1.5, 1), mi2.WrongType, "whole number"),
    ("0,0,1,1", mi2.WrongType, "region"),
    ((0, 0, 100_000, 1), mi2.BadArgument, "within its"),
])
def test_a_region_that_is_none_is_named(archive, part, region, error, match):
    with pytest.raises(error, match=match):
        archive.search(image=str(part[0]), region=region)


def test_a_region_or_a_window_is_of_an_images_file(archive, part):
    image = str(part[0])
    for options in ({"text": TEXT}, {"image": [image, image]}, {"image": Image.open(image)}):
        with pytest.raises(mi2.BadArgument, match="region"):
            archive.search(**options, region=(0, 0, 1, 1))
    for options in ({"text": TEXT}, {"image": Image.open(image)}):
        with pytest.raises(mi2.BadArgument, match="window"):
            archive.search(**options, window="file")


def test_an_image_is_seen_through_the_window_that_is_named(model_path, tmp_path):
    path, *_ = write_study(tmp_path / "in", 0, slices=2, patient="P0", **HOUNSFIELD)
    mi2.Archive.create(tmp_path / "a", model=model_path, windows="lung,bone").close()
    with mi2.Archive(tmp_path / "a", model=model_path) as archive:
        archive.add(tmp_path / "in")
        for window in ("lung", "bone"):
            first = archive.search(image=str(path), window=window, by="image", same_patient="include", k=1)[0]
            assert (first.item.path, first.item.window) == (str(path), window) and first.score == pytest.approx(1, abs=1e-5)
        for window in ("brain", "file", "40,400"):
            with pytest.raises(mi2.BadArgument, match="windows"):
                archive.search(image=str(path), window=window)
        with pytest.raises(mi2.BadArgument, match="window"):
            archive.search(image=str(path), window="wide")


def test_an_earlier_snapshot_is_searched_as_it_was(growing, tmp_path):
    def found(**options):
        rows = growing.search(text=TEXT, by="image", k=100, **options)
        return rows.snapshot, [(row.item.item, row.score) for row in rows]

    before = found()
    write_study(tmp_path / "more", "new", slices=2)
    growing.add(tmp_path / "more")
    growing.remove(study=uid("study", 0))
    assert found()[1] != before[1]
    assert found(at=before[0]) == before
    for wrong in (0, -1, 10**9):
        with pytest.raises(mi2.BadArgument):
            growing.search(text=TEXT, at=wrong)

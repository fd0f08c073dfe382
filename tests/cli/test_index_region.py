"""mi2 index search --region: a part of an image, as the page cuts it out; and --heatmap: maps on the pages of cards."""
import json
import shutil

import pytest
from index_support import add, query
from PIL import Image


@pytest.fixture(scope="module")
def archive(mi2, images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("region") / "archive"
    add(mi2, folder, images)
    return folder


@pytest.fixture
def part(images, tmp_path):
    """(image, region, the region as a file)."""
    with Image.open(images / "colour_a.jpg") as whole:
        width, height = whole.size
        region = (width // 4, height // 5, width // 2, height // 3)
        cut = whole.convert("RGB").crop((region[0], region[1], region[0] + region[2], region[1] + region[3]))
    cut.save(tmp_path / "part.png")
    return images / "colour_a.jpg", ",".join(map(str, region)), tmp_path / "part.png"


def found(mi2, archive, *arguments):
    """Items and scores, whoever's they are."""
    rows = query(mi2, archive, "--by", "image", "--same-patient", "include", *arguments)
    return [(row["item"], row["score"]) for row in rows]


def test_a_region_is_searched_for_as_an_image_of_its_own(mi2, archive, part):
    image, region, cut = part
    wanted = found(mi2, archive, "--image", cut)
    assert found(mi2, archive, "--image", image, "--region", region) == wanted
    assert found(mi2, archive, "--image", image) != wanted


def test_a_card_says_which_part_was_searched_for(mi2, archive, part, tmp_path):
    image, region, _ = part
    found(mi2, archive, "--image", image, "--region", region, "--cards", tmp_path / "cards")
    (file,) = (tmp_path / "cards").glob("*.json")
    (asked,) = json.loads(file.read_text())["asked"]["parts"]
    assert asked["region"] == region
    assert region in file.with_suffix(".html").read_text()
    mi2("index", "replay", str(archive), str(file), with_model=False)


@pytest.mark.parametrize("region, words", [("0,0,100000,10", "within its"), ("0,0,0,10", "X,Y,WIDTH,HEIGHT"),
                                           ("1,2,3", "X,Y,WIDTH,HEIGHT")])
def test_a_region_that_is_none_is_refused(mi2, archive, part, region, words):
    done = mi2("index", "search", str(archive), "--image", str(part[0]), "--region", region, status=2)
    assert words in done.errors and done.stdout == b""


def test_a_region_is_of_one_image(mi2, archive, part):
    image, region, _ = part
    for arguments in (("--text", "a"), ("--image", str(image), "--image", str(image))):
        done = mi2("index", "search", str(archive), *arguments, "--region", region, status=2)
        assert "expected one --image" in done.errors


def test_a_cards_page_shows_where_in_the_results_images_is_what_was_asked_for(mi2, images, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("colour_a.jpg", "gray.png"):
        shutil.copy(images / name, pictures)
    archive, cards = tmp_path / "archive", tmp_path / "cards"
    add(mi2, archive, pictures)

    def page():
        """The page of a new card, and its JSON."""
        before = set(cards.glob("*.json"))
        found(mi2, archive, "--text", "chest x-ray", "--cards", cards, "--heatmap")
        (card,) = set(cards.glob("*.json")) - before
        return card.with_suffix(".html").read_text(), card

    shown, card = page()
    assert shown.count('alt="thumbnail"') == shown.count('alt="map"') == shown.count("dark blue") == 2
    mi2("index", "replay", str(archive), str(card), with_model=False)
    with open(pictures / "gray.png", "ab") as file:
        file.write(b"\0")
    (pictures / "colour_a.jpg").unlink()
    shown, _ = page()
    assert shown.count('alt="thumbnail"') == 2 and 'alt="map"' not in shown
    assert "changed since it was added" in shown and "not there any more" in shown
    assert str(pictures) not in shown


def test_maps_take_a_card_and_a_model(mi2, archive, tmp_path):
    assert "--cards" in mi2("index", "search", str(archive), "--item", "0", "--heatmap", status=2).errors
    done = mi2("index", "search", str(archive), "--item", "0", "--cards", str(tmp_path / "cards"), "--heatmap", status=2,
               with_model=False)
    assert "--model: expected the archive's model" in done.errors and not (tmp_path / "cards").exists()

"""Evidence cards in Python: those of the program, kept in its chains, and replayed to the last bit."""
import copy
import hashlib
import json
import pickle
import re
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest
from PIL import Image

from archive_support import TEXT, index, uid, write_study

PICTURE = Image.fromarray((np.arange(64 * 64) % 251).astype(np.uint8).reshape(64, 64))


def without(card, *names):
    return {name: value for name, value in json.loads(card.json).items() if name not in names}


def without_id(text):
    return re.sub(r'"id":"[0-9a-f]{64}",', "", text, count=1)


def forged(card, folder, old, new):
    """The file of another card, with a text in place of another and with the hash of that."""
    text = without_id(card.json)
    assert old in text
    text = text.replace(old, new, 1)
    path = folder / "forged.json"
    path.write_text(text.replace('"made_at"', f'"id":"{hashlib.sha256(text.encode()).hexdigest()}","made_at"', 1))
    return path


def test_a_search_has_a_card_if_it_is_asked_for(archive):
    assert archive.search(text=TEXT).card is None
    found = archive.search(text=TEXT, k=3, card=True)
    card = json.loads(found.card.json)
    assert card["id"] == found.card.id == hashlib.sha256(without_id(found.card.json).encode()).hexdigest()
    assert [(row["rank"], row["score"], row["item"]) for row in card["results"]] == [(row.rank, row.score, row.item.item) for row in found]
    assert (card["searched"]["rows"], card["searched"]["snapshot"]) == (found.searched, found.snapshot)
    assert found == archive.search(text=TEXT, k=3) and found.card.id[:12] in repr(found.card)


def test_a_card_is_the_programs(archive, model_path, filled, hospital, tmp_path):
    path = next(iter(hospital[1]))
    for number, (options, arguments) in enumerate((
            ({"text": [TEXT, "a dog"], "not_text": "brain MRI", "k": 4}, ["--text", TEXT, "--text", "a dog", "--not-text", "brain MRI", "-k", "4"]),
            ({"image": path, "by": "image", "site": "north"}, ["--image", path, "--by", "image", "--site", "north"]),
            ({"item": 3, "by": "series", "where": "modality=CT"}, ["--item", 3, "--by", "series", "--where", "modality=CT"]),
            ({"study": uid("study", 2), "match": "mean", "same_patient": "include"},
             ["--study", uid("study", 2), "--match", "mean", "--same-patient", "include"]))):
        index(model_path, "search", filled, *arguments, "--cards", tmp_path / str(number))
        file, = (tmp_path / str(number)).glob("*.json")
        chance = ("id", "previous", "made_at")
        assert without(archive.search(card=True, **options).card, *chance) == without(mi2.Card.load(file), *chance)


def test_every_kind_of_query_replays_the_same(archive, model, hospital):
    path = next(iter(hospital[1]))
    vector = model.embed_texts(TEXT)[0]
    for options in ({"text": TEXT}, {"image": path}, {"image": Path(path).read_bytes()}, {"item": 0}, {"series": uid("series", 1, 0)},
                    {"image": PICTURE}, {"vector": np.stack([vector, -vector[::-1]])},
                    {"text": TEXT, "not_text": "a foot", "item": 2, "by": "patient"}):
        card = archive.search(card=True, **options).card
        again = archive.replay(card)
        assert again == (card.id, [], []) and again.same
        assert json.loads(card.json)["results"]


def test_what_was_asked_is_on_the_card(archive, model, hospital):
    path = next(iter(hospital[1]))
    card = archive.search(image=[path, PICTURE], vector=model.embed_texts(TEXT), card=True).card
    parts = json.loads(card.json)["asked"]["parts"]
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert [(part["as"], part.get("sha256")) for part in parts] == [("vector", None), ("image", digest), ("image", None)]
    assert path not in card.json + card.html and "an image that was no file" in card.html


def test_a_page_needs_nothing_else(archive):
    card = archive.search(text="a <b>bold</b> text", card=True).card
    assert card.html.count("data:image/webp;base64,UklGR") == 6
    assert "://" not in card.html and "<script" not in card.html and "&lt;b&gt;bold" in card.html and card.id in card.html


def test_a_chain_is_the_programs(archive, model_path, filled, tmp_path):
    folder = tmp_path / "new" / "cards"
    made = archive.search(text=TEXT, card=True).card
    first = made.save(folder)
    assert first == made and (folder / f"{first.id}.json").read_text() == first.json + "\n"
    assert (folder / f"{first.id}.html").read_text() == first.html
    index(model_path, "search", filled, "--item", 1, "--cards", folder)
    third = made.save(str(folder))
    assert third != made and third.id != made.id and without(third, "id", "previous") == without(made, "id")
    second = mi2.Card.load(folder / f"{json.loads(third.json)['previous']}.json")
    assert json.loads(second.json)["previous"] == first.id
    assert index(model_path, "verify-cards", folder) == f"sound: 3 cards, the last {third.id}\n"
    assert third.html.count("data:image/webp") == 6
    for card in (first, second, third):
        assert archive.replay(card).same and archive.replay(folder / f"{card.id}.json").same
        assert index(model_path, "replay", filled, folder / f"{card.id}.json").startswith("the same")


def test_a_card_that_was_read_is_the_same_without_its_thumbnails(archive, tmp_path):
    saved = archive.search(text=TEXT, card=True).card.save(tmp_path)
    read = mi2.Card.load(tmp_path / f"{saved.id}.json")
    assert read == saved and hash(read) == hash(saved) and read != saved.json
    assert "data:image" not in read.html and read.html.count("no thumbnail") == 6


def test_cards_are_pickled_and_copied_with_their_page(archive):
    found = archive.search(text=TEXT, card=True)
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert other == found and other.card == found.card and other.card.html == found.card.html
        assert archive.replay(other.card).same


def test_more_images_change_nothing_and_what_was_removed_is_said(growing, tmp_path):
    found = growing.search(text=TEXT, card=True)
    write_study(tmp_path / "more", "new", slices=2, patient="P9")
    growing.add(tmp_path / "more")
    assert growing.replay(found.card).same
    growing.remove(study=found[0].item.study)
    again = growing.replay(found.card)
    assert again.same and f"result 1 (item {found[0].item.item}) has been deleted since; its vector is still there" in again.notes
    growing.remove(study=found[1].item.study, erase=True)
    again = growing.replay(found.card)
    assert not again.same and again.card == found.card.id
    erased = [difference for difference in again.differences if difference.what == "erased"]
    assert [difference.rank for difference in erased] == [1, 2] and "has been erased since" in erased[0].text


def test_what_was_changed_is_noticed(archive, tmp_path):
    card = archive.search(text=TEXT, card=True).card
    file = tmp_path / "card.json"
    file.write_text(card.json.replace('"rows":18', '"rows":19'))
    with pytest.raises(mi2.BadFile, match="changed since it was written"):
        archive.replay(file)
    score = re.search(r'"score":[^,]*', card.json)[0]
    again = archive.replay(forged(card, tmp_path, score, '"score":0.5'))
    assert [(difference.what, difference.rank) for difference in again.differences] == [("score", 1)]
    assert "score 0.5 on the card" in again.differences[0].text


def test_a_replay_tells_how_far_it_is(archive):
    card = archive.search(text=TEXT, card=True).card
    assert archive.replay(card, progress=lambda done, total: None).same


def test_what_makes_no_sense_is_refused(archive, growing, model, tmp_path):
    card = archive.search(text=TEXT, card=True).card
    with pytest.raises(mi2.WrongType, match="card"):
        archive.search(text=TEXT, card="yes")
    with pytest.raises(mi2.BadArgument, match="k=1001"):
        archive.search(text=TEXT, k=1001, card=True)
    for call in (archive.replay, mi2.Card.load):
        with pytest.raises(mi2.WrongType, match="not a path"):
            call(3)
        with pytest.raises(mi2.NotFound):
            call(tmp_path / "none.json")
    (tmp_path / "other.json").write_text('{"card": 1}')
    (tmp_path / "future.json").write_text('{"card":99}')
    with pytest.raises(mi2.BadFile):
        mi2.Card.load(tmp_path / "other.json")
    with pytest.raises(mi2.Unsupported, match="another version"):
        mi2.Card.load(tmp_path / "future.json")
    with pytest.raises(mi2.BadFile):
        card.save(tmp_path / "other.json")
    with mi2.Archive.create(tmp_path / "another", model=model) as another, pytest.raises(mi2.BadArgument, match="another one"):
        another.replay(card)
    write_study(tmp_path / "more", "new", slices=1)
    growing.add(tmp_path / "more")
    with pytest.raises(mi2.BadArgument, match="an older copy"):
        archive.replay(growing.search(text=TEXT, card=True).card)
    archive.close()
    with pytest.raises(mi2.BadArgument, match="closed"):
        archive.replay(card)


def test_a_build_without_archives_says_so(archive, tmp_path, monkeypatch):
    card = archive.search(text=TEXT, card=True).card.save(tmp_path)
    monkeypatch.delattr("medimageinsight._core.Archive")
    with pytest.raises(mi2.Unsupported, match="MI2_WITH_ARCHIVE"):
        mi2.Card.load(tmp_path / f"{card.id}.json")

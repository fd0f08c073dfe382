"""Evidence cards as their users know them: written, replayed to the bit, and looked into for what was changed."""
import base64
import hashlib
import json
import re
import shutil

import numpy as np
import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, query

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


@pytest.fixture(scope="module")
def filled(mi2, hospital, tmp_path_factory):
    """An archive that tests only read or copy."""
    archive = tmp_path_factory.mktemp("filled") / "archive"
    add(mi2, archive, hospital[0])
    return archive


@pytest.fixture
def own(filled, tmp_path):
    """An archive that a test changes."""
    shutil.copytree(filled, tmp_path / "own")
    return tmp_path / "own"


def carded(mi2, archive, folder, *arguments, **options):
    """Searches with a card. @returns the results, and the card's file."""
    before = set(folder.glob("*.json"))
    found = query(mi2, archive, *arguments, "--cards", folder, **options)
    (card,) = set(folder.glob("*.json")) - before
    return found, card


def replay(mi2, archive, card, *arguments, status=0, **options):
    options.setdefault("with_model", False)
    done = mi2("index", "replay", str(archive), str(card), *map(str, arguments), status=status, **options)
    done.text = done.stdout.decode()
    return done


def chain(mi2, folder, status=0):
    done = mi2("index", "verify-cards", str(folder), status=status, with_model=False)
    return done.stdout.decode() + done.errors


def without_id(text):
    return re.sub(r'"id":"[0-9a-f]{64}",', "", text.rstrip("\n"), count=1)


def forge(file, old, new):
    """Another card with a text in place of another, and with the hash of that. @returns its file."""
    text = without_id(file.read_text().replace(old, new, 1))
    digest = hashlib.sha256(text.encode()).hexdigest()
    other = file.with_name("forged.json")
    other.write_text(text.replace('"made_at"', f'"id":"{digest}","made_at"', 1))
    return other


def test_a_card_holds_what_was_asked_searched_and_found(mi2, filled, tmp_path):
    found, file = carded(mi2, filled, tmp_path / "cards", "--text", TEXT, "--where", "modality=CT", "-k", 2)
    text = file.read_text()
    card = json.loads(text)
    assert file.stem == card["id"] == hashlib.sha256(without_id(text).encode()).hexdigest()
    (part,) = card["asked"]["parts"]
    assert (part["as"], part["text"], part["weight"]) == ("text", TEXT, 1.0)
    vector = np.frombuffer(base64.b64decode(part["vector"]), "<f4")
    wanted = mi2.rows("embed", "--text", TEXT)[0]["embedding"]
    assert vector.tolist() == np.array(wanted, "<f4").tolist()
    assert (card["asked"]["where"], card["asked"]["k"], card["asked"]["by"]) == ("modality=CT", 2, "study")
    assert card["searched"]["exact"] and card["searched"]["rows"] == 9 and card["searched"]["excluded"]["filter"] == 9
    assert card["searched"]["snapshot"] == found[0]["snapshot"] and card["archive"]["id"] == found[0]["archive"]
    assert card["asked"]["model"]["weights_sha256"] == card["archive"]["space"]["weights_sha256"]
    assert len(card["results"]) == len(found) == 2
    for result, row in zip(card["results"], found):
        assert all(result.get(key) == row.get(key) for key in ("rank", "score", "percentile", "verdict", "item", "study", "series", "image"))
        assert result["sop_class"] == "1.2.840.10008.5.1.4.1.1.2" and result["frame"] == 1
        assert result["file_sha256"] == hashlib.sha256(open(row["path"], "rb").read()).hexdigest()
        assert result["provenance"]["dtype"] == "f32"


def test_a_page_needs_nothing_else(mi2, filled, tmp_path):
    _, file = carded(mi2, filled, tmp_path / "cards", "--text", "a <b>bold</b> & \"quoted\" text")
    page = file.with_suffix(".html").read_text()
    assert page.count("data:image/webp;base64,UklGR") == 6
    assert "://" not in page and "<script" not in page and "default-src 'none'" in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;" in page and "<b>" not in page
    assert "18 rows of the archive were searched" in page and "Research use only" in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page and file.stem in page


@pytest.mark.parametrize("arguments", [
    ["--text", TEXT], ["--text", TEXT, "--not-text", "a foot", "--by", "patient"], ["--item", 0], ["--match", "mean", "--text", TEXT],
    ["--series", uid("series", 2, 0), "--by", "series", "-k", 3], ["--study", uid("study", 3), "--same-patient", "only"],
    ["--item", 4, "--where", "modality=MR and date>=2021", "--same-patient", "include", "--by", "image", "-k", 1000]])
def test_a_card_replays_the_same_without_the_model(mi2, filled, tmp_path, arguments):
    found, file = carded(mi2, filled, tmp_path / "cards", *arguments)
    done = replay(mi2, filled, file)
    assert done.text.startswith(f"the same: {len(found)} results of {found[0]['searched']} rows, to the last bit")
    answer = json.loads(replay(mi2, filled, file, "--format", "json").text)
    assert answer == {"card": file.stem, "same": True, "differences": [], "notes": []}


def test_of_an_image_neither_it_nor_the_model_is_needed(mi2, hospital, filled, tmp_path):
    image = tmp_path / "query.dcm"
    shutil.copy(next(iter(hospital[1])), image)
    found, file = carded(mi2, filled, tmp_path / "cards", "--image", image)
    (part,) = json.loads(file.read_text())["asked"]["parts"]
    assert part["as"] == "image" and part["sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()
    assert "query.dcm" not in file.read_text() + file.with_suffix(".html").read_text()
    image.unlink()
    assert len(found) == 4 and "the same: 4 results" in replay(mi2, filled, file).text  # the patient is left out again


def test_of_vectors_the_file_is_named_by_its_hash(mi2, filled, tmp_path):
    mi2("embed", "--text", TEXT, "--text", "a foot", "--format", "npy", "--out", str(tmp_path / "q.npy"))
    _, file = carded(mi2, filled, tmp_path / "cards", "--vector", tmp_path / "q.npy", with_model=False)
    parts = json.loads(file.read_text())["asked"]["parts"]
    digest = hashlib.sha256((tmp_path / "q.npy").read_bytes()).hexdigest()
    assert [(part["as"], part["sha256"], part["place"]) for part in parts] == [("vector", digest, 0), ("vector", digest, 1)]
    assert "the same" in replay(mi2, filled, file).text


def test_more_images_change_nothing(mi2, own, tmp_path):
    _, file = carded(mi2, own, tmp_path / "cards", "--text", TEXT, "--by", "image", "-k", 100)
    write_study(tmp_path / "more", "new", slices=5, patient="P9")
    add(mi2, own, tmp_path / "more")
    assert len(query(mi2, own, "--text", TEXT, "--by", "image", "-k", 100)) == 23
    answer = json.loads(replay(mi2, own, file, "--format", "json").text)
    assert answer["same"]
    # What verdicts rest on is made anew when images are added: then it is said.
    assert answer["notes"] in ([], ["what percentiles and verdicts rest on has changed since: they were not compared"])


def test_whoever_is_linked_by_now_a_replay_leaves_out_who_was(mi2, tmp_path):
    def same_picture(study, patient):
        data = slice_of(study, 0, 9, patient=patient)
        data.PixelData = slice_of("a", 0, 0).PixelData
        write(tmp_path / "in" / study / "same.dcm", data)

    for patient in "abcd":
        write_study(tmp_path / "in", patient, patient=patient)
    same_picture("b", "b")
    archive = tmp_path / "archive"
    add(mi2, archive, tmp_path / "in")
    asked = ["--study", uid("study", "a")]
    found, file = carded(mi2, archive, tmp_path / "cards", *asked)
    assert {row["study"] for row in found} == {uid("study", "c"), uid("study", "d")}
    searched = json.loads(file.read_text())["searched"]
    assert searched["excluded"]["linked_patients"] == 4 and len(searched["linked"]) == 1
    same_picture("c", "c")
    add(mi2, archive, tmp_path / "in")
    assert {row["study"] for row in query(mi2, archive, *asked)} == {uid("study", "d")}
    assert "the same: 2 results" in replay(mi2, archive, file).text


def test_what_was_removed_is_said_and_still_found(mi2, own, tmp_path):
    found, file = carded(mi2, own, tmp_path / "cards", "--text", TEXT)
    mi2("index", "rm", str(own), "--study", found[1]["study"], "--yes", with_model=False)
    assert len(query(mi2, own, "--text", TEXT)) == 5
    done = replay(mi2, own, file)
    assert "the same: 6 results" in done.text
    assert f"result 2 (item {found[1]['item']}) has been deleted since; its vector is still there" in done.errors
    assert "3 rows of the snapshot have been deleted or replaced since" in done.errors


def test_what_was_erased_is_named_and_not_the_same(mi2, own, tmp_path):
    found, file = carded(mi2, own, tmp_path / "cards", "--text", TEXT)
    mi2("index", "rm", str(own), "--study", found[1]["study"], "--erase", "--yes", with_model=False)
    done = replay(mi2, own, file, status=9)
    assert f"result 2 (item {found[1]['item']}) has been erased since" in done.text and "the same" not in done.text
    assert "4 rows of the snapshot have been erased since" in done.errors
    answer = json.loads(replay(mi2, own, file, "--format", "json", status=9).text)
    assert [d["rank"] for d in answer["differences"] if d["what"] == "erased"] == [2]
    assert all(d["what"] in ("erased", "rank") for d in answer["differences"])


def test_a_changed_digit_is_noticed(mi2, filled, tmp_path):
    _, file = carded(mi2, filled, tmp_path / "cards", "--text", TEXT)
    text = file.read_text()
    assert '"rows":18' in text
    file.write_text(text.replace('"rows":18', '"rows":19'))
    assert "changed since it was written" in replay(mi2, filled, file, status=3).errors
    assert "changed since it was written" in chain(mi2, tmp_path / "cards", status=3)
    file.write_text(text.replace(",", ", ", 1))
    replay(mi2, filled, file, status=3)
    file.write_text(text)
    # Whoever computes the hash anew as well is found out by the archive.
    other = forge(file, re.search(r'"score":[^,]*', text)[0], '"score":0.5')
    done = replay(mi2, filled, other, status=9)
    assert "result 1 (item " in done.text and ": score 0.5 on the card, " in done.text


def test_another_archive_is_noticed(mi2, filled, hospital, own, tmp_path):
    _, file = carded(mi2, filled, tmp_path / "cards", "--text", TEXT)
    other = tmp_path / "other"
    add(mi2, other, hospital[0])
    assert "another one" in replay(mi2, other, file, status=2).errors
    write_study(tmp_path / "more", "new", patient="P9")
    add(mi2, own, tmp_path / "more")
    _, newer = carded(mi2, own, tmp_path / "newer", "--text", TEXT)
    assert "an older copy" in replay(mi2, filled, newer, status=2).errors
    # A copy of the archive is as good.
    mi2("index", "backup", str(own), str(tmp_path / "copy"), with_model=False)
    assert "the same" in replay(mi2, tmp_path / "copy", newer).text
    assert "the same" in replay(mi2, tmp_path / "copy", file).text


def test_a_chain_of_cards_is_checked(mi2, filled, tmp_path):
    folder = tmp_path / "cards"
    files = [carded(mi2, filled, folder, "--text", TEXT)[1] for _ in range(3)]  # the same content thrice, three cards
    cards = [json.loads(file.read_text()) for file in files]
    assert len({card["id"] for card in cards}) == 3
    assert [card.get("previous") for card in cards] == [None, cards[0]["id"], cards[1]["id"]]
    assert chain(mi2, folder) == f"sound: 3 cards, the last {cards[2]['id']}\n"
    kept = files[1].read_text()
    files[1].unlink()
    assert f"line 2: card {cards[1]['id']} is not there" in chain(mi2, folder, status=3)
    files[1].write_text(kept)
    page = files[0].with_suffix(".html")
    page.write_text(page.read_text().replace("Evidence", "evidence"))
    assert f"line 1: the page of card {cards[0]['id']} was changed" in chain(mi2, folder, status=3)
    assert "no cards" in chain(mi2, tmp_path, status=7)


def test_hostile_tags_stay_text(mi2, tmp_path):
    folder = tmp_path / "in <img src=x onerror=alert(1)>"
    for file in write_study(folder, "x", StudyDescription="<script>alert(1)</script>", StationName="\"><b>CT",
                            SeriesDescription="a\"b{}%s"):
        shutil.move(file, file.with_name(f"\"><script>{file.name}"))
    archive = tmp_path / "a"
    add(mi2, archive, folder)
    _, file = carded(mi2, archive, tmp_path / "cards", "--text", TEXT, "--card-paths")
    result = json.loads(file.read_text())["results"][0]
    assert result["study_description"] == "<script>alert(1)</script>" and result["path"].startswith(str(folder))
    page = file.with_suffix(".html").read_text()
    assert "<script" not in page and "<b>" not in page and "src=x" in page
    assert len(re.findall("<img", page)) == page.count('<img alt="thumbnail" src="data:image/webp;base64,')
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "the same" in replay(mi2, archive, file).text


def test_no_name_no_identifier_and_no_path_is_on_a_card(mi2, tmp_path):
    secrets = ["zwetschgenbaum", "ottokar", "zx-99417-q", "acc-7731-y", "birth"]
    folder = tmp_path / "ward-7-zwetschgenbaum"
    write_study(folder, "x", patient="ZX-99417-Q", name="Zwetschgenbaum^Ottokar", AccessionNumber="ACC-7731-Y",
                PatientBirthDate="19530412", StudyDescription="CT Thorax zwetschgenbaum", SeriesDescription="axial ZX-99417-Q")
    archive = tmp_path / "a"
    mi2("index", "add", str(archive), str(folder))
    said = ""
    for arguments in (["--text", TEXT], ["--image", next(folder.rglob("*.dcm")), "--same-patient", "include"]):
        _, file = carded(mi2, archive, tmp_path / "cards", *arguments)
        done = replay(mi2, archive, file)
        said += done.text + done.errors
    files = b"".join(path.read_bytes() for path in (tmp_path / "cards").iterdir()).decode()
    # Base64 may hold any word.
    everything = re.sub(r'base64,[^"]*|"vector":"[^"]*"', "", files + said).lower()
    assert not [secret for secret in secrets if secret in everything]
    assert "axial ***" in everything


def test_texts_are_embedded_again_if_asked_to(mi2, filled, tmp_path):
    _, file = carded(mi2, filled, tmp_path / "cards", "--text", TEXT, "--text", "a lung", "--not-text", "a foot")
    assert "the same" in replay(mi2, filled, file, "--embed", with_model=True).text
    assert "--model" in replay(mi2, filled, file, "--embed", status=2).errors
    other = forge(file, '"text":"a lung"', '"text":"a bone"')
    assert "the same" in replay(mi2, filled, other).text
    done = replay(mi2, filled, other, "--embed", with_model=True, status=9)
    assert "part 2 of the query: the model makes another vector of its text now" in done.text
    _, item = carded(mi2, filled, tmp_path / "cards", "--item", 0)
    assert "no texts" in replay(mi2, filled, item, "--embed", with_model=True).errors


def test_a_search_of_an_earlier_snapshot_finds_what_was_there(mi2, own, tmp_path):
    before = query(mi2, own, "--text", TEXT, "--by", "image", "-k", 100)
    snapshot = before[0]["snapshot"]
    write_study(tmp_path / "more", "new", slices=2, patient="P9")
    add(mi2, own, tmp_path / "more")
    mi2("index", "rm", str(own), "--study", uid("study", 0), "--yes", with_model=False)
    now = query(mi2, own, "--text", TEXT, "--by", "image", "-k", 100, "--at", snapshot)
    assert [(row["item"], row["score"]) for row in now] == [(row["item"], row["score"]) for row in before]
    assert {row["study"] for row in now if row.get("deleted")} == {uid("study", 0)} and now[0]["snapshot"] == snapshot
    assert len(query(mi2, own, "--text", TEXT, "--by", "image", "-k", 100)) == 17
    # A card of an earlier snapshot replays as one.
    _, file = carded(mi2, own, tmp_path / "cards", "--text", TEXT, "--at", snapshot)
    assert json.loads(file.read_text())["searched"]["snapshot"] == snapshot
    assert "the same" in replay(mi2, own, file).text
    assert "later one" in mi2("index", "search", str(own), "--item", "5", "--at", "999", status=2, with_model=False).errors


def test_of_an_image_that_is_no_dicom_object_the_file_is_named_by_its_hash(mi2, images, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, images / "gray.png")
    _, file = carded(mi2, archive, tmp_path / "cards", "--text", TEXT)
    (result,) = json.loads(file.read_text())["results"]
    assert result["file_sha256"] == hashlib.sha256((images / "gray.png").read_bytes()).hexdigest()
    assert not {"image", "study", "series", "sop_class", "path"} & set(result)
    assert "the same" in replay(mi2, archive, file).text


def test_of_a_changed_file_the_card_names_the_object_that_was_there(mi2, own, hospital, tmp_path):
    folder = tmp_path / "in"
    (path, *_) = write_study(folder, "changing", slices=1, patient="P8")
    add(mi2, own, folder)
    _, file = carded(mi2, own, tmp_path / "cards", "--image", path, "--same-patient", "include", "-k", 1)
    data = pydicom.dcmread(path)
    data.PixelData = data.PixelData[::-1]
    write(path, data)
    add(mi2, own, folder)
    assert "the same: 1 results" in replay(mi2, own, file).text


def test_a_wrong_command_line_makes_no_card(mi2, filled, tmp_path):
    base = ["index", "search", str(filled), "--item", "0"]
    assert "-k up to 1000" in mi2(*base, "-k", "1001", "--cards", str(tmp_path / "c"), status=2, with_model=False).errors
    mi2(*base, "--card-paths", status=2, with_model=False)
    (tmp_path / "file").write_text("")
    mi2(*base, "--cards", str(tmp_path / "file"), status=3, with_model=False)
    assert not (tmp_path / "c").exists()
    replay(mi2, filled, tmp_path / "none.json", status=7)
    (tmp_path / "other.json").write_text('{"card": 1}')
    replay(mi2, filled, tmp_path / "other.json", status=3)
    (tmp_path / "future.json").write_text('{"card":99}')
    assert "another version" in replay(mi2, filled, tmp_path / "future.json", status=4).errors

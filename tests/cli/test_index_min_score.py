"""--min-score leaves out of an answer what scores too little, and nothing else; cards replay it."""
import json
import re

import pytest
from dicom_studies import uid, write_hospital
from index_support import add, query

TEXT = ["--text", "chest x-ray"]
ITEM = ["--item", "0", "--same-patient", "include"]
OF_SCORES = ("excluded", "min_score")


@pytest.fixture(scope="module")
def filled(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    write_hospital(folder / "in")
    add(mi2, folder / "archive", folder / "in")
    return folder / "archive"


def without(row):
    return {name: value for name, value in row.items() if name not in OF_SCORES}


def search(mi2, archive, *arguments, status=0):
    """What standard error says."""
    return mi2("index", "search", str(archive), *map(str, arguments), status=status).errors


@pytest.mark.parametrize("more", [
    [], ["-k", 4], ["--by", "image", "-k", 100], ["--by", "patient"], ["--by", "series", "--match", "mean"],
    ["--match", "maxsim"], ["--where", "modality=MR", "--by", "image"], ["--by", "tile", "-k", 7]])
@pytest.mark.parametrize("asked", [TEXT, ITEM])
def test_what_scores_less_is_left_out_and_counted_and_nothing_else_changes(mi2, filled, asked, more):
    everything = query(mi2, filled, *asked, *more)
    for place in (0, len(everything) // 2, len(everything) - 1):
        score = min(everything[place]["score"], 1.0)  # rounded, that of an image with itself may be above
        kept = query(mi2, filled, *asked, *more, "--min-score", repr(score))
        wanted = [row for row in everything if row["score"] >= score]
        assert [without(row) for row in kept] == [without(row) for row in wanted]
        for row in kept:
            assert row["min_score"] == score
            assert row["excluded"] == {**everything[0]["excluded"], "score": len(everything) - len(wanted)}
    assert all(row["excluded"]["score"] == 0 for row in query(mi2, filled, *asked, *more, "--min-score=-1"))


@pytest.mark.parametrize("asked", [TEXT, ITEM, ["--text", "a bowl of noodles"], ["--study", uid("study", 3)]])
def test_auto_leaves_out_what_has_the_verdict_none(mi2, filled, asked):
    everything = query(mi2, filled, *asked, "--by", "image", "-k", 100)
    wanted = [row for row in everything if row["verdict"] != "none"]
    kept = query(mi2, filled, *asked, "--by", "image", "-k", 100, "--min-score", "auto")
    assert [without(row) for row in kept] == [without(row) for row in wanted]
    errors = search(mi2, filled, *asked, "--by", "image", "-k", 100, "--min-score", "auto")
    out = len(everything) - len(wanted)
    assert (f"{out} of the {len(everything)} nearest left out" in errors) == (out > 0)
    if kept:
        same = query(mi2, filled, *asked, "--by", "image", "-k", 100, "--min-score", repr(kept[0]["min_score"]))
        assert same == kept and kept[0]["excluded"]["score"] == out


def test_an_answer_of_nothing_says_why(mi2, filled):
    assert query(mi2, filled, *TEXT, "--min-score", "1") == []
    assert "6 of the 6 nearest left out: they score less than 1.0000" in search(mi2, filled, *TEXT, "--min-score", "1")
    csv = mi2("index", "search", str(filled), *TEXT, "--min-score", "1", "--format", "csv").stdout.decode()
    assert csv.count("\n") == 1


@pytest.mark.parametrize("score", ["nan", "NaN", "inf", "-inf", "1.5", "-1.01", "1e400", "", "0.5x", "Auto", " 0.5"])
def test_a_score_that_is_none_is_refused(mi2, filled, score):
    assert "--min-score: expected auto or a number from -1 to 1" in search(mi2, filled, *TEXT, f"--min-score={score}", status=2) or score == ""


@pytest.mark.parametrize("asked", [["--text", "x", "--item", 0], [*TEXT, "--not-text", "y"], [*ITEM, "--match", "maxsim"]])
def test_auto_is_refused_where_there_is_no_verdict(mi2, filled, asked):
    assert "the archive has no verdict on what this query finds" in search(mi2, filled, *asked, "--min-score", "auto", status=2)
    assert all("verdict" not in row for row in query(mi2, filled, *asked, "--min-score", "-1"))


@pytest.mark.parametrize("score", ["auto", "0.5", "-0.25", "1"])
@pytest.mark.parametrize("asked", [TEXT, ITEM])
def test_a_card_keeps_the_score_and_replays_to_the_bit(mi2, filled, tmp_path, asked, score):
    found = query(mi2, filled, *asked, "--by", "image", "--min-score", score, "--cards", tmp_path / "cards")
    (file,) = (tmp_path / "cards").glob("*.json")
    card = json.loads(file.read_text())
    assert card["card"] == 5 and card["asked"].get("min_score_auto", False) == (score == "auto")
    assert card["searched"]["excluded"]["score"] == 10 - len(found) == 10 - len(card["results"])
    if score != "auto":
        assert card["asked"]["min_score"] == float(score)
    answer = json.loads(mi2("index", "replay", str(filled), str(file), "--format", "json", with_model=False).stdout)
    assert answer["same"] and answer["differences"] == []
    page = file.with_suffix(".html").read_text()
    assert "least score" in page and ("are not shown: they score less" in page) == (len(found) < 10)
    forged = file.read_text().replace('"min_score":', '"min_scorf":')
    file.write_text(forged)
    assert "expected" in mi2("index", "replay", str(filled), str(file), with_model=False, status=3).errors


def test_a_card_without_a_least_score_is_as_it_always_was(mi2, filled, tmp_path):
    query(mi2, filled, *TEXT, "--cards", tmp_path / "cards")
    (file,) = (tmp_path / "cards").glob("*.json")
    text = file.read_text()
    assert re.search(r'"card":1,', text) and "min_score" not in text and '"score":0,' not in text

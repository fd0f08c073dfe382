"""ODIR-5K: one keyword per eye."""
import odir5k
import pytest
from conftest import run


@pytest.mark.parametrize("form", ["csv", "full_df"])
def test_an_eye_has_the_one_keyword_that_is_left(prepare, tmp_path, texts, form):
    expected = odir5k.make(tmp_path / "odir", form)
    found = prepare("odir5k", tmp_path / "odir")
    assert {row["id"]: row["label"] for row in found.rows} == expected["labels"]["drop"]
    assert list(found.prompts.values()) == texts[878:957]
    assert all(row["caption"] == "retinal fundus " + row["label"] and row["caption"] in texts[878:957] for row in found.rows)
    assert found.recipe["excluded"] == {
        "no file of that name": 1, "no published text for the label 'a keyword that nobody published'": 1,
        "with no keyword but lens dust": 1, "with several keywords": 3, "without a keyword": 1}
    counts = found.recipe["counts"]
    assert counts["patients in the table"] == expected["patients"] and counts["eyes"] == expected["eyes"] - 1
    assert counts["eyes with one keyword, words on quality left out"] == len(expected["labels"]["drop"]) + 1
    assert counts["eyes with one keyword, words on quality counted"] == len(expected["labels"]["keep"]) + 1
    assert counts.get("rows of a patient that the table has already", 0) == (
        expected["patients"] if form == "full_df" else 0)
    row = found.by_id["1_right"]
    assert (row["patient"], row["eye"], row["age"], row["sex"]) == ("1", "right", "21", "male")


def test_a_workbook_says_the_same(prepare, tmp_path):
    pytest.importorskip("openpyxl")
    expected = odir5k.make(tmp_path / "odir", "xlsx")
    found = prepare("odir5k", tmp_path / "odir")
    assert {row["id"]: row["label"] for row in found.rows} == expected["labels"]["drop"]


def test_words_on_quality_may_count(prepare, tmp_path):
    expected = odir5k.make(tmp_path / "odir")
    found = prepare("odir5k", tmp_path / "odir", "--set", "quality=keep")
    assert {row["id"]: row["label"] for row in found.rows} == expected["labels"]["keep"]


def test_patients_stay_together_by_default(prepare, tmp_path):
    odir5k.make(tmp_path / "odir")
    found = prepare("odir5k", tmp_path / "odir")
    assert found.recipe["leaks"]["in_several_splits"] == 0
    assert all(len(splits) == 1 for splits in found.splits_of("patient").values())


def test_the_published_split_is_a_fifth_of_each_frequent_keyword_and_leaks(prepare, tmp_path):
    odir5k.make(tmp_path / "odir")
    found = prepare("odir5k", tmp_path / "odir", "--protocol", "published")
    per_label = {}
    for row in found.rows:
        per_label.setdefault(row["label"], []).append(row["split"])
    # 39 and 1 beside lens dust; 20; 10 and 1 beside low quality; 9 are too few.
    assert {name: splits.count("test") for name, splits in per_label.items() if "test" in splits} == {
        "normal fundus": 8, "moderate non proliferative retinopathy": 4, "glaucoma": 2}
    assert found.recipe["counts"]["keywords that the published split draws from"] == 3
    assert found.recipe["leaks"]["in_several_splits"] > 0 and "more than one split" in found.errors
    tests = {row["id"] for row in found.rows if row["split"] == "test"}
    again = prepare("odir5k", tmp_path / "odir", "--protocol", "published", out="b")
    other = prepare("odir5k", tmp_path / "odir", "--protocol", "published", "--seed", "7", out="c")
    assert tests == {row["id"] for row in again.rows if row["split"] == "test"}
    assert tests != {row["id"] for row in other.rows if row["split"] == "test"}


def test_preprocessed_copies_are_never_mixed_with_the_originals(prepare, tmp_path):
    expected = odir5k.make(tmp_path / "odir", preprocessed=True)
    found = prepare("odir5k", tmp_path / "odir", out="a")
    assert all("preprocessed_images" not in row["file"] for row in found.rows)
    assert len(found.rows) == len(expected["labels"]["drop"])
    found = prepare("odir5k", tmp_path / "odir", "--set", "images=preprocessed", out="b")
    assert all("preprocessed_images" in row["file"] for row in found.rows)
    assert len(found.rows) == len(expected["labels"]["drop"]) + 1


def test_two_rows_of_a_patient_that_differ_are_refused_by_line(tmp_path):
    odir5k.make(tmp_path / "odir", "full_df")
    path = tmp_path / "odir" / "full_df.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    lines[2] = lines[2].replace("_left.jpg", "_other.jpg", 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run("prepare", "odir5k", "--root", tmp_path / "odir", "--out", tmp_path / "out", status=3)
    assert "full_df.csv: line 3" in done.stderr and "line 2" in done.stderr

"""IRMA: texts of codes."""
import irma
import pytest
from conftest import run


def excluded(numbers):
    """Why the look-alike's rows are left out."""
    reasons = {11: "without a code", 12: "with a code that leaves a place open",
               13: "with a code that the table does not have", 14: "with a code that is none",
               15: "no published text for the label 'cranium facial cranium eye area, other orientation right anterior "
                   "oblique (RAO)'"}
    found = {"no file of that name": 1}
    for number in numbers:
        if number % 16 in reasons:
            found[reasons[number % 16]] = found.get(reasons[number % 16], 0) + 1
    return found


@pytest.mark.parametrize("table,nested", [("txt", True), ("four files", False)])
def test_a_class_is_an_anatomy_and_a_direction(prepare, tmp_path, texts, table, nested):
    expected = irma.make(tmp_path / "irma", table, nested=nested)
    found = prepare("irma", tmp_path / "irma")
    assert set(found.by_id) == set(expected)
    for name, row in expected.items():
        got = found.by_id[name]
        assert (got["label"], got["irma_code"], got["split"]) == (row["label"], row["code"], row["split"])
        assert got["caption"] == "x-ray " + row["label"] and got["caption"] in texts[20:157]
        assert int(got["file"].rsplit("/", 1)[1].split(".")[0]) == int(name)
        assert f"_{row['split']}." in got["file"]
    assert list(found.prompts.values()) == texts[20:157]
    assert found.recipe["excluded"] == excluded(range(irma.TOTAL))


def test_a_year_has_its_own_images(prepare, tmp_path):
    expected = irma.make(tmp_path / "irma")
    old = prepare("irma", tmp_path / "irma", "--set", "year=2005", out="a")
    assert set(old.by_id) == {name for name, row in expected.items() if row["old"] != "\\N"}
    newer = prepare("irma", tmp_path / "irma", "--set", "year=2007", out="b")
    assert set(newer.by_id) == {name for name, row in expected.items() if row["number"] % 2}


def test_a_list_without_a_header_is_read_and_its_lack_of_splits_said(prepare, tmp_path):
    expected = irma.make(tmp_path / "irma", "four files", "plain")
    for path in sorted((tmp_path / "irma").glob("ImageCLEF*")):
        path.rename(tmp_path / "irma" / f"images{path.name[-3:]}")
    found = prepare("irma", tmp_path / "irma")
    assert {row["id"]: row["label"] for row in found.rows} == {name: row["label"] for name, row in expected.items()}
    assert set(found.counts("split")) == {"test"} and "says nothing of splits" in found.errors


def test_a_number_of_both_splits_is_two_images(prepare, tmp_path):
    irma.make(tmp_path / "irma")
    path = tmp_path / "irma" / "ImageCLEFmed2009_test_codes.03.csv"
    path.write_text(path.read_text(encoding="utf-8-sig") + "1880;1121-120-91a-700;1;1;1;1\n")
    folder = tmp_path / "irma" / "ImageCLEFmed2009_test.03" / "ImageCLEFmed2009_test.03"
    irma.write_png(folder / "00001880.png", 200)
    found = prepare("irma", tmp_path / "irma")
    assert "train.02" in found.by_id["train-1880"]["file"] and "test.03" in found.by_id["test-1880"]["file"]
    assert found.by_id["test-1880"]["label"].endswith("toe, coronal anteroposterior (AP, coronal) unspecified")


@pytest.mark.parametrize("name,word", [("code-2008-04-14.txt", "no table of the IRMA code"),
                                       ("ImageCLEFmed2009_t*_codes*", "no codes of images")])
def test_what_is_missing_is_named(tmp_path, name, word):
    irma.make(tmp_path / "irma")
    for path in sorted((tmp_path / "irma").glob(name)):
        path.unlink()
    done = run("prepare", "irma", "--root", tmp_path / "irma", "--out", tmp_path / "out", status=7)
    assert word in done.stderr


def test_a_damaged_table_is_refused_by_line(tmp_path):
    irma.make(tmp_path / "irma")
    path = tmp_path / "irma" / "code-2008-04-14.txt"
    path.write_text("** T axis\n[1] x-ray\nno code\n")
    done = run("prepare", "irma", "--root", tmp_path / "irma", "--out", tmp_path / "out", status=3)
    assert "code-2008-04-14.txt: line 3" in done.stderr

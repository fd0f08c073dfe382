"""MIMIC-CXR: which images are frontal, and what their reports say."""
import csv
import json

import mimic
import pytest
from conftest import run


def expect_texts(found, expected, which):
    wanted = {name: row for name, row in expected.items() if row[which] is not None}
    assert set(found.by_id) == set(wanted)
    for name, row in wanted.items():
        got = found.by_id[name]
        assert (got["findings"], got["impression"]) == row[which], (row["study"], got)
        assert (got["study"], got["split"], got["view"]) == (row["study"], row["split"], row["view"])


@pytest.mark.parametrize("ending,reports", [("jpg", "files"), ("dcm", "zip"), ("jpg", "elsewhere")])
def test_frontal_images_have_findings_and_impression_of_their_studys_report(prepare, tmp_path, ending, reports):
    expected = mimic.make(tmp_path / "mimic", ending, reports)
    found = prepare("mimic-cxr", tmp_path / "mimic")
    expect_texts(found, expected, "ours")
    assert all(row["file"].endswith(f"{row['id']}.{ending}") for row in found.rows)
    assert found.recipe["excluded"] == {
        "of a lateral view": 3, "of a view that is neither AP nor PA": 2, "of no named view": 1,
        "of a report with neither findings nor impression": 2, "without a report": 1}
    counts = found.recipe["counts"]
    assert counts["frontal images by ViewPosition"] == 11 and counts["frontal images by ViewCodeSequence"] == 2
    assert counts["reports with findings and impression"] == 4
    assert counts["reports with findings alone"] == 3 and counts["reports with an impression alone"] == 2
    assert counts["reports whose last paragraph is taken for the findings"] == 2
    assert counts["reports behind an addendum or a wet read"] == 1 and counts["studies without a text"] == 3


def test_the_makers_rules_are_kept_with_what_they_miss(prepare, tmp_path):
    expected = mimic.make(tmp_path / "mimic")
    found = prepare("mimic-cxr", tmp_path / "mimic", "--set", "sections=mimic-official")
    expect_texts(found, expected, "theirs")


def test_one_text_per_study_is_the_impression_first(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    found = prepare("mimic-cxr", tmp_path / "mimic", "--set", "sections=mimic-official", "--set", "texts=one")
    texts = {row["study"]: (row["findings"], row["impression"]) for row in found.rows}
    assert texts["50000001"] == ("", "No acute process, as ___ said.")
    assert texts["50000013"] == ("Heart size has not changed.", "")
    assert texts["50000012"] == ("None.", "")  # the comparison, where there is nothing else


def test_gaps_of_names_may_be_dropped(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    found = prepare("mimic-cxr", tmp_path / "mimic", "--set", "gaps=drop")
    assert found.by_id[mimic.name_of(1)]["impression"] == "No acute process, as said."
    assert found.recipe["settings"]["gaps"] == "drop"


def test_ages_are_those_at_the_study_and_labels_are_joined(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    found = prepare("mimic-cxr", tmp_path / "mimic")
    first = found.by_id[mimic.name_of(1)]
    assert (first["age"], first["sex"], first["patient"]) == ("54", "female", "10000032")
    assert (first["Atelectasis"], first["Consolidation"], first["Fracture"]) == ("1.0", "-1.0", "")
    assert found.by_id[mimic.name_of(10)]["Atelectasis"] == ""
    assert found.by_id[mimic.name_of(5)]["age"] == ""  # 171 is no age
    assert found.by_id[mimic.name_of(11)]["sex"] == ""  # not in the table of patients
    assert found.recipe["leaks"] == {"by": "patient", "groups": 6, "in_several_splits": 0, "images_without": 0}


def test_people_and_labels_are_optional_and_their_lack_is_said(prepare, tmp_path):
    mimic.make(tmp_path / "mimic", patients=False)
    (tmp_path / "mimic" / "mimic-cxr-2.0.0-chexpert.csv").unlink()
    found = prepare("mimic-cxr", tmp_path / "mimic")
    assert "patients.csv" in found.errors and "chexpert" in found.errors
    assert {row["age"] + row["sex"] + row["Edema"] for row in found.rows} == {""}


def test_where_an_image_is_there_twice_a_setting_says_which(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    for path in sorted((tmp_path / "mimic").rglob("*.jpg")):
        path.with_suffix(".dcm").write_bytes(path.read_bytes())
    assert all(row["file"].endswith(".jpg") for row in prepare("mimic-cxr", tmp_path / "mimic", out="a").rows)
    found = prepare("mimic-cxr", tmp_path / "mimic", "--set", "images=dcm", out="b")
    assert all(row["file"].endswith(".dcm") for row in found.rows)


def test_the_makers_own_table_of_sections_is_read(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    with open(tmp_path / "mimic" / "mimic_cxr_sectioned.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study", "impression", "findings", "last_paragraph", "comparison"])
        writer.writerow(["s50000001", "One\n two.", "", "", ""])
        writer.writerow(["s50000002", "", "", "Three.", "None."])
    found = prepare("mimic-cxr", tmp_path / "mimic", "--set", "sections=table")
    texts = {row["study"]: (row["findings"], row["impression"]) for row in found.rows}
    assert texts == {"50000001": ("", "One two."), "50000002": ("Three.", "")}
    assert found.recipe["excluded"]["without a report"] == 10


def test_without_any_report_the_dataset_is_refused_and_no_text_is_printed(tmp_path):
    mimic.make(tmp_path / "mimic")
    for path in sorted((tmp_path / "mimic").rglob("s*.txt")):
        path.unlink()
    done = run("prepare", "mimic-cxr", "--root", tmp_path / "mimic", "--out", tmp_path / "out", status=7)
    assert "no report" in done.stderr and "mimic-cxr-reports.zip" in done.stderr
    (tmp_path / "mimic" / "mimic-cxr-reports.zip").write_bytes(b"PK\x03\x04 broken")
    done = run("prepare", "mimic-cxr", "--root", tmp_path / "mimic", "--out", tmp_path / "out", status=3)
    assert "mimic-cxr-reports.zip" in done.stderr


def test_a_report_of_any_bytes_gives_a_text_that_is_utf8(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    path = tmp_path / "mimic" / mimic.report_path("10000032", 50000002)
    path.write_bytes(b" IMPRESSION: caf\xe9 \x00\x01 \xff end.\n")
    found = prepare("mimic-cxr", tmp_path / "mimic")
    assert found.by_id[mimic.name_of(4)]["impression"] == "caf\ufffd \ufffd end."
    path.write_bytes(b"x" * (2 << 20))
    done = run("prepare", "mimic-cxr", "--root", tmp_path / "mimic", "--out", tmp_path / "out2", status=5)
    assert "s50000002.txt" in done.stderr and "xxxx" not in done.stderr


def test_no_text_of_a_report_is_in_the_recipes_record(prepare, tmp_path):
    mimic.make(tmp_path / "mimic")
    found = prepare("mimic-cxr", tmp_path / "mimic")
    assert "spine" not in json.dumps(found.recipe) and "spine" not in found.errors

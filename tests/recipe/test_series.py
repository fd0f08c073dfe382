"""UPENN-GBM and TCGA-SARC: DICOM series and what they say of themselves."""
import pydicom
import pytest
import series


@pytest.mark.parametrize("name,collection", [("upenn-gbm", "UPENN-GBM"), ("tcga-sarc", "TCGA-SARC")])
def test_each_series_gives_its_middle_slice_with_its_text(prepare, tmp_path, name, collection):
    expected = series.make(tmp_path / "root", collection)
    found = prepare(name, tmp_path / "root")
    assert {row["series"]: row["text"] for row in found.rows} == expected["texts"]
    assert found.recipe["excluded"] == expected["excluded"]
    counts = found.recipe["counts"]
    assert {key: counts.get(key) for key in expected["counts"]} == expected["counts"]
    for row in found.rows:
        assert row["sex"] == "female" and row["age"] == "61" and row["split"] == "train"
        data = pydicom.dcmread(row["file"])
        slices = {4: 2, 3: 1, 1: 0}
        count = 3 if row["series"] == expected["nameless"] else 1 if row["plane"] == "coronal" else 4
        # Instance numbers go against the places.
        assert data.SeriesInstanceUID == row["series"] and data.InstanceNumber == count - slices[count]


def test_published_texts_come_out_letter_by_letter(prepare, tmp_path, texts):
    expected = series.make(tmp_path / "root")
    found = prepare("upenn-gbm", tmp_path / "root")
    assert len(set(expected["texts"].values()) & set(texts[450:474])) == 4
    assert {row["text"] for row in found.rows} >= set(expected["texts"].values()) & set(texts[450:474])


def test_descriptions_alone_if_asked(prepare, tmp_path):
    expected = series.make(tmp_path / "root")
    found = prepare("upenn-gbm", tmp_path / "root", "--set", "text=series")
    assert {row["text"] for row in found.rows} == {"Axial Flair T", "t axial stealth post", "T SAG SPACE",
                                                   "COR T POST FS", "T of", "AXIAL CAP"}
    assert found.recipe["excluded"] == expected["excluded"] | {"series without a description": 1}


def test_several_slices_are_spread_over_a_series(prepare, tmp_path):
    expected = series.make(tmp_path / "root")
    found = prepare("upenn-gbm", tmp_path / "root", "--set", "slices=2")
    assert len(found.rows) == 7 * 2 - 1  # one has a single slice
    places = {}
    for row in found.rows:
        data = pydicom.dcmread(row["file"])
        places.setdefault(row["series"], []).append(int(data.InstanceNumber))
    full = [sorted(numbers) for uid, numbers in places.items()
            if len(numbers) == 2 and uid != expected["nameless"]]
    assert all(numbers == [1, 3] for numbers in full)
    whole = prepare("upenn-gbm", tmp_path / "root", "--set", "slices=100", out="all")
    assert len(whole.rows) == 5 * 4 + 1 + 3


def test_names_are_in_no_text_and_no_message(prepare, tmp_path):
    series.make(tmp_path / "root")
    found = prepare("upenn-gbm", tmp_path / "root")
    for path in found.folder.iterdir():
        assert "meier" not in path.read_text().lower()
    assert "meier" not in found.errors.lower() and "stealth" not in found.errors


def test_patients_stay_together_where_some_are_held_out(prepare, tmp_path):
    series.make(tmp_path / "root")
    found = prepare("upenn-gbm", tmp_path / "root", "--protocol", "patient")
    assert all(len(splits) == 1 for splits in found.splits_of("patient").values())


def test_a_collection_without_its_table_does_as_well(prepare, tmp_path):
    expected = series.make(tmp_path / "root")
    (tmp_path / "root" / "manifest-1700000000000" / "metadata.csv").write_text("no,such,table\n1\n")
    found = prepare("upenn-gbm", tmp_path / "root")
    assert {row["series"]: row["text"] for row in found.rows} == expected["texts"]
    assert any("not used as an index" in warning for warning in found.recipe["warnings"])


def test_sex_and_age_that_dicom_lacks_are_those_of_the_clinical_table(prepare, tmp_path):
    series.make(tmp_path / "root")
    for path in (tmp_path / "root").rglob("*/UPENN-GBM/UPENN-GBM-0000[23]/**/1-*"):
        data = pydicom.dcmread(path)
        data.PatientSex, data.PatientAge = "", ""
        data.save_as(path)
    without = prepare("upenn-gbm", tmp_path / "root", out="a")
    assert any("UPENN-GBM_clinical_info_v*.csv" in warning for warning in without.recipe["warnings"])
    assert {(row["sex"], row["age"]) for row in without.rows if row["patient"] != "UPENN-GBM-00001"} == {("", "")}
    header = "ID,Gender,Age_at_scan_years,Survival\n"
    (tmp_path / "root" / "UPENN-GBM_clinical_info_v1.1.csv").write_text(header + "UPENN-GBM-00002_11,F,9,1\n")
    (tmp_path / "root" / "UPENN-GBM_clinical_info_v2.1.csv").write_text(
        header + "UPENN-GBM-00001_11,M,40.5,1\nUPENN-GBM-00002_11,M,63.24,1\nUPENN-GBM-00003_11,F,55.1,1\n"
        "UPENN-GBM-00003_21,F,56.0,1\n")
    found = prepare("upenn-gbm", tmp_path / "root", out="b")
    people = {row["patient"][-5:]: (row["sex"], row["age"]) for row in found.rows}
    # What DICOM says stays; of two sessions with two ages none is this image's for sure.
    assert people == {"00001": ("female", "61"), "00002": ("male", "63.24"), "00003": ("female", "")}
    assert found.recipe["counts"]["patients of whom sessions say different things, left as DICOM has them"] == 1


def test_slices_is_a_number(dataset, tmp_path):
    series.make(tmp_path / "root")
    done = dataset("prepare", "upenn-gbm", "--root", tmp_path / "root", "--out", tmp_path / "o", "--set", "slices=0",
                   status=2)
    assert "slices is '0'" in done.stderr and "middle or a number" in done.stderr

"""NIH's chest radiographs, RSNA's bone ages and mammograms."""
import boneage
import mammography
import nih
import pytest


@pytest.mark.parametrize("generation", ["2020", "2017"])
def test_both_generations_of_nihs_table_are_read(prepare, tmp_path, generation):
    expected = nih.make(tmp_path / "nih", generation)
    found = prepare("chestxray14", tmp_path / "nih")
    assert len(found.rows) == expected["images"]
    assert found.counts("split") == {"train": expected["train"], "test": expected["test"]}
    assert found.recipe["excluded"] == {"no file of that name": expected["missing"],
                                        "in no list of a split": expected["unlisted"]}
    row = found.by_id["00000000_000"]
    assert row["label"] == "Atelectasis|Cardiomegaly" and row["sex"] == "male" and row["patient"] == "0"
    assert row["age"] == ("58" if generation == "2017" else "20")
    assert found.recipe["leaks"]["in_several_splits"] == 0
    if generation == "2017":
        assert found.by_id["00000001_001"]["age"] == "" and found.by_id["00000003_000"]["age"] == "0.5"
        assert found.recipe["counts"]["ages that are none, left empty"] == 1


def test_boxes_are_read_though_their_header_has_more_names_than_cells(prepare, tmp_path, texts):
    nih.make(tmp_path / "nih")
    found = prepare("nih-boxes", tmp_path / "nih")
    assert found.recipe["excluded"] == {"no file of that name": 1} and len(found.rows) == 2
    row = found.by_id["00000000_000.png Infiltrate 1.0,2.0"]
    assert row["caption"] == texts[8] and (row["x"], row["y"], row["w"], row["h"]) == ("1.0", "2.0", "3.0", "4.0")
    assert row["patient"] == "0" and row["sex"] == "male"


def test_the_long_tail_goes_by_the_names_of_columns(prepare, tmp_path, texts):
    expected = nih.make_long_tail(tmp_path / "nih")
    found = prepare("nih-cxr-lt", tmp_path / "nih")
    assert found.counts("split") == {name: expected[name] for name in ("train", "val", "test")}
    assert list(found.prompts.values()) == texts[0:20]
    for number in range(40):
        if number != 11:
            row = found.by_id[f"{number // 2:08d}_{number % 2:03d}"]
            assert row["label"] == nih.FINDINGS[number % 20] and row["caption"] == texts[number % 20]
            assert row["patient"] == str(number // 2)
    assert found.counts("balanced_test") == {"": 35, "yes": expected["balanced"]}


@pytest.mark.parametrize("nested", [True, False])
def test_three_tables_of_bone_ages_are_one_set(prepare, tmp_path, nested):
    expected = boneage.make(tmp_path / "hands", nested)
    found = prepare("rsna-boneage", tmp_path / "hands")
    assert found.counts("split") == expected
    assert found.recipe["excluded"] == {"no age": 1}
    row = found.by_id["train-1378"]
    assert row["caption"] == "x-ray pediatric hand, age 12 months Female" and row["label"] == "12"
    # 1377 names an image of both sets.
    assert "Test Set Images" in found.by_id["test-1377"]["file"]
    assert "training" in found.by_id["train-1377"]["file"] and found.by_id["test-1377"]["label"] == "100.5"


def test_equal_texts_of_bone_ages_are_one_class(prepare, tmp_path, texts):
    boneage.make(tmp_path / "hands")
    found = prepare("rsna-boneage", tmp_path / "hands")
    assert list(found.prompts.values()) == list(dict.fromkeys(texts[157:415])) and len(found.prompts) == 252


def test_mammograms_have_four_labels_and_patients_stay_together(prepare, tmp_path, texts):
    expected = mammography.make(tmp_path / "rsna")
    found = prepare("rsna-mammography", tmp_path / "rsna")
    assert len(found.rows) == expected["images"] and found.recipe["patients"] == expected["patients"]
    assert list(found.prompts.values()) == texts[761:765]
    for row in found.rows:
        patient = int(row["patient"]) - 10000
        assert row["label"] == (("cancer " if patient % 5 == 0 else "benign ") +
                                ("with implant" if patient % 3 == 0 else "without implant"))
        assert row["density"] == ("B" if row["site"] == "1" else "")
    assert all(len(splits) == 1 for splits in found.splits_of("patient").values())
    published = prepare("rsna-mammography", tmp_path / "rsna", "--protocol", "published", out="b")
    assert published.counts("split")["test"] == expected["published_test"]
    assert published.recipe["leaks"]["in_several_splits"] > 0 and "more than one split" in published.errors

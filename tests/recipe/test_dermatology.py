"""ISIC 2019, PAD-UFES-20 and SD-198."""
import isic2019
import padufes20
import sd198


def test_isic_rows_have_the_published_texts_and_their_people(prepare, tmp_path, texts):
    expected = isic2019.make(tmp_path / "isic")
    found = prepare("isic2019", tmp_path / "isic")
    assert len(found.rows) == expected["images"]
    assert found.recipe["excluded"] == {"of an unknown condition": expected["unknown"],
                                        "not of the part that the protocol lesion splits": expected["test"]}
    assert list(found.prompts.values()) == texts[746:754]
    assert {row["caption"] for row in found.rows} == set(texts[746:754])
    row = found.by_id["ISIC_0000000_downsampled"]
    assert row["label"] == "Melanoma" and row["age"] == "" and row["sex"] == "male" and row["lesion"] == ""
    assert found.by_id["ISIC_0000001"]["lesion"] == "MEL_0" and found.by_id["ISIC_0000001"]["age"] == "5"


def test_isic_lesions_stay_in_one_split_by_default_and_leaks_are_counted_otherwise(prepare, tmp_path):
    isic2019.make(tmp_path / "isic")
    whole = prepare("isic2019", tmp_path / "isic", out="a")
    assert all(len(splits) == 1 for lesion, splits in whole.splits_of("lesion").items() if lesion)
    assert whole.recipe["leaks"]["in_several_splits"] == 0 and "more than one split" not in whole.errors
    assert abs(whole.counts("split")["test"] - 15) <= 3
    drawn = prepare("isic2019", tmp_path / "isic", "--protocol", "published", out="b")
    assert drawn.recipe["leaks"]["in_several_splits"] > 0 and "lesions have images in more than one split" in drawn.errors
    per_label = {}
    for row in drawn.rows:
        per_label.setdefault(row["label"], []).append(row["split"])
    assert all(splits.count("test") == round(0.2 * len(splits)) for splits in per_label.values())
    official = prepare("isic2019", tmp_path / "isic", "--protocol", "official", out="c")
    assert official.counts("split") == {"train": 70, "test": 4}


def test_pad_reproduces_the_published_numbers_and_counts_patients_on_both_sides(prepare, tmp_path, texts):
    expected = padufes20.make(tmp_path / "pad")
    found = prepare("padufes20", tmp_path / "pad")
    assert len(found.rows) == expected["images"]
    assert sorted(found.counts().values()) == sorted(expected["counts"].values())
    assert found.counts("split")["test"] == expected["test"]
    assert found.recipe["excluded"] == {"no file of that name": 1}
    assert list(found.prompts.values()) == texts[872:878]
    leaks = found.recipe["leaks"]
    assert leaks["by"] == "patient" and leaks["in_several_splits"] > 0
    assert f"{leaks['in_several_splits']} of {leaks['groups']} patients" in found.errors
    assert {row["sex"] for row in found.rows} == {"", "female", "male"}
    together = prepare("padufes20", tmp_path / "pad", "--protocol", "patient", out="b")
    assert together.recipe["leaks"]["in_several_splits"] == 0
    assert all(len(splits) == 1 for splits in together.splits_of("patient").values())


def test_sd198_takes_texts_from_folders_and_half_of_each_class_rounded_down(prepare, tmp_path, texts):
    expected = sd198.make(tmp_path / "sd")
    found = prepare("sd198", tmp_path / "sd")
    assert len(found.rows) == expected["images"] and found.counts("split")["train"] == expected["train"]
    assert found.recipe["excluded"] == {"no published text for the label 'Not a Disease'": expected["without_text"]}
    assert list(found.prompts.values()) == texts[548:746]
    assert {row["label"] for row in found.rows} >= {"Beau's Lines", "Actinic solar Damage(Actinic Cheilitis)"}
    assert {row["caption"] for row in found.rows} <= set(texts[548:746])

"""Datasets that are folders of images: OCT, BUSI, HMC-QU."""
import shutil

import busi
import hmc_qu
import oct
import pytest
from pixels import write_png


@pytest.mark.parametrize("name, folder", [("oct2017", "OCT2017 "), ("oct2018", "CellData/OCT")])
def test_oct_counts_the_patients_of_several_splits(prepare, tmp_path, texts, name, folder):
    expected = oct.make(tmp_path / "oct", folder)
    found = prepare(name, tmp_path / "oct")
    assert len(found.rows) == expected["images"] and found.recipe["patients"] == expected["patients"]
    assert found.recipe["leaks"]["in_several_splits"] == expected["in_several"]
    assert f"{expected['in_several']} of {expected['patients']} patients" in found.errors
    assert list(found.prompts.values()) == texts[960:964]
    assert found.by_id["val/DME/DME-30521-1"]["caption"] == texts[961]
    apart = prepare(name, tmp_path / "oct", "--protocol", "patient", out="b")
    assert apart.recipe["leaks"]["in_several_splits"] == 0


def test_a_name_that_contradicts_its_folder_is_left_out(prepare, tmp_path):
    expected = oct.make(tmp_path / "oct")
    write_png(tmp_path / "oct" / "OCT2017 " / "train" / "CNV" / "DME-77-1.jpeg", 77)
    write_png(tmp_path / "oct" / "OCT2017 " / "train" / "CNV" / "odd.jpeg", 78)
    found = prepare("oct2017", tmp_path / "oct")
    assert found.recipe["excluded"] == {"its name says another diagnosis than its folder": 1}
    assert found.recipe["counts"]["images whose path fits no pattern, left out"] == 1
    assert len(found.rows) == expected["images"]


def test_a_dataset_unpacked_twice_is_read_once(prepare, dataset, tmp_path):
    expected = busi.make(tmp_path / "busi")
    shutil.copytree(tmp_path / "busi" / "Dataset_BUSI_with_GT", tmp_path / "busi" / "again" / "Dataset_BUSI_with_GT")
    found = prepare("busi", tmp_path / "busi")
    assert len(found.rows) == expected["images"]
    assert found.recipe["excluded"] == {"a mask": expected["masks"],
                                        "the same file again": expected["images"] + expected["masks"]}
    write_png(tmp_path / "busi" / "again" / "Dataset_BUSI_with_GT" / "benign" / "benign (1).png", 55)
    done = dataset("prepare", "busi", "--root", tmp_path / "busi", "--out", tmp_path / "x", status=3)
    assert "differs from it" in done.stderr


def test_masks_are_no_images(prepare, tmp_path, texts):
    expected = busi.make(tmp_path / "busi")
    found = prepare("busi", tmp_path / "busi")
    assert len(found.rows) == expected["images"] and found.recipe["excluded"] == {"a mask": expected["masks"]}
    assert found.counts() == {"benign": 5, "malignant": 4, "normal": 3} and found.counts("split") == {"test": 12}
    assert list(found.prompts.values()) == texts[957:960]


def test_the_folder_of_an_echocardiogram_is_its_view(prepare, tmp_path, texts):
    expected = hmc_qu.make(tmp_path / "hmc")
    found = prepare("hmc-qu", tmp_path / "hmc")
    assert found.counts() == expected
    assert found.by_id["2 Chamber (2CH)/ES00010_4CH_1"]["caption"] == texts[964]

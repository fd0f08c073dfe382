"""LIDC-IDRI: from XML and slices to tiles."""
from pathlib import Path

import lidc
import numpy as np
import objects
import pytest
from PIL import Image


def tile_files(found):
    return {row["file"]: Path(row["file"]).read_bytes() for row in found.rows}


def shown(pixels):
    """Lung window, after the rescale. PS3.3 C.11.2.1.2."""
    hounsfield = pixels - 24.0
    return np.floor(np.clip((hounsfield + 600.5) / 1499 + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)


def test_tiles_have_the_greatest_kind_that_any_reader_marked(prepare, tmp_path, texts):
    expected = lidc.make(tmp_path / "lidc")
    found = prepare("lidc", tmp_path / "lidc")
    assert found.counts() == expected["any"]
    assert list(found.prompts.values()) == texts[757:761]
    assert {row["caption"] for row in found.rows} == set(texts[757:761])
    counts = found.recipe["counts"]
    assert {name: counts.get(name) for name in expected["counts"]} == expected["counts"]
    assert found.recipe["excluded"] == {}
    marked = {(row["patient"], row["slice"], row["tile"]): row for row in found.rows if row["label"] != "no mass"}
    first = [(slice_, tile) for patient, slice_, tile in marked if patient == "LIDC-IDRI-0001"]
    assert sorted(first) == sorted([("1", "0"), ("1", "1"), ("1", "2"), ("2", "4"), ("2", "12"), ("2", "20"),
                                    ("3", "6"), ("3", "7"), ("3", "11"), ("3", "12")])
    assert marked["LIDC-IDRI-0001", "1", "0"]["malignancy"] == "4"
    assert marked["LIDC-IDRI-0001", "2", "12"]["malignancy"] == "1"
    assert marked["LIDC-IDRI-0001", "2", "4"]["malignancy"] == ""
    assert marked["LIDC-IDRI-0002", "3", "18"]["malignancy"] == "5"


def test_tiles_are_cut_from_the_slice_in_a_lung_window(prepare, tmp_path):
    lidc.make(tmp_path / "lidc")
    found = prepare("lidc", tmp_path / "lidc")
    edges = [0, 25, 51, 76, 102, 128]
    for row in found.rows:
        whole = shown(objects.noise("lidc", row["patient"], int(row["slice"]) - 1, size=lidc.SIZE))
        y, x = divmod(int(row["tile"]), 5)
        np.testing.assert_array_equal(np.asarray(Image.open(row["file"])),
                                      whole[edges[y]:edges[y + 1], edges[x]:edges[x + 1]])


def test_tiles_without_a_mass_are_free_and_drawn_by_the_seed(prepare, tmp_path):
    lidc.make(tmp_path / "lidc")
    first = prepare("lidc", tmp_path / "lidc", out="a")
    again = prepare("lidc", tmp_path / "lidc", out="b")
    other = prepare("lidc", tmp_path / "lidc", "--seed", "1", out="c")
    more = prepare("lidc", tmp_path / "lidc", "--set", "background=3", out="d")
    none = prepare("lidc", tmp_path / "lidc", "--set", "background=0", out="e")

    def free(found):
        return {(row["patient"], row["slice"], row["tile"]) for row in found.rows if row["label"] == "no mass"}
    assert free(first) == free(again) != free(other)
    assert len(free(first)) == len(free(other)) == 14 and free(first) < free(more) and len(free(more)) == 42
    assert free(none) == set() and len(none.rows) == 14
    marked = {(row["patient"], row["slice"], row["tile"]) for row in first.rows if row["label"] != "no mass"}
    assert not marked & free(more)
    # Only of slices that somebody marked.
    assert {(patient, slice_) for patient, slice_, _ in free(more)} <= {(p, s) for p, s, _ in marked}


def test_the_majority_of_readers_decides_if_asked(prepare, tmp_path):
    expected = lidc.make(tmp_path / "lidc")
    found = prepare("lidc", tmp_path / "lidc", "--set", "readers=majority")
    assert found.counts() == expected["majority"]
    assert found.recipe["excluded"] == {"tile that too few readers marked": expected["few readers"]}
    twelve = next(row for row in found.rows if row["slice"] == "2" and row["tile"] == "12")
    assert twelve["label"] == "mass lung nodule less than 3mm" and twelve["malignancy"] == ""


def test_patients_stay_in_one_split(prepare, tmp_path):
    lidc.make(tmp_path / "lidc")
    found = prepare("lidc", tmp_path / "lidc")
    assert all(len(splits) == 1 for splits in found.splits_of("patient").values())
    assert found.counts("split")["test"] > 0 and found.recipe["leaks"]["in_several_splits"] == 0


def test_a_second_run_mends_what_is_missing_and_touches_nothing_else(prepare, tmp_path):
    lidc.make(tmp_path / "lidc")
    found = prepare("lidc", tmp_path / "lidc")
    whole = tile_files(found)
    gone, cut, *rest = sorted(whole)
    Path(gone).unlink()
    Path(cut).write_bytes(whole[cut][:40])
    times = {path: Path(path).stat().st_mtime_ns for path in rest}
    manifest = (found.folder / "manifest.csv").read_bytes()
    again = prepare("lidc", tmp_path / "lidc")
    assert tile_files(again) == whole and (again.folder / "manifest.csv").read_bytes() == manifest
    assert {path: Path(path).stat().st_mtime_ns for path in rest} == times
    assert len(list((found.folder / "images").rglob("*"))) == len(whole) + 5  # and a folder per patient


@pytest.mark.parametrize("value", ["x", "-1", "1e9", "nan", ""])
def test_background_is_a_number(dataset, tmp_path, value):
    lidc.make(tmp_path / "lidc")
    done = dataset("prepare", "lidc", "--root", tmp_path / "lidc", "--out", tmp_path / "o", "--set",
                   f"background={value}", status=2)
    assert "background" in done.stderr and "from 0 to 1000" in done.stderr


def test_a_folder_without_readings_is_refused(dataset, tmp_path):
    lidc.write_scan(tmp_path / "lidc", "LIDC-IDRI-0001", 2)
    done = dataset("prepare", "lidc", "--root", tmp_path / "lidc", "--out", tmp_path / "o", status=7)
    assert "no XML file of a reading" in done.stderr

"""PatchCamelyon, beside h5py."""
import hashlib
from pathlib import Path

import h5py
import numpy as np
import pcam
import pytest
from PIL import Image

STEM = "camelyonpatch_level_2_split_"


def test_patches_are_as_h5py_reads_them(prepare, tmp_path, texts):
    expected = pcam.make(tmp_path / "pcam")
    found = prepare("pcam", tmp_path / "pcam")
    assert found.counts("split") == expected
    assert list(found.prompts.values()) == texts[755:757]
    for split in pcam.COUNT:
        x, y = pcam.arrays(split)
        for i, pixels in enumerate(x):
            row = found.by_id[f"{split}-{i:06d}"]
            np.testing.assert_array_equal(np.asarray(Image.open(row["file"])), pixels)
            assert row["label"] == ("malignant" if y[i] else "non-malignant")
            assert row["patient"] == f"camelyon16_{split}_{i // 4:03d}"
            assert Path(row["file"]).parent.name == split
    assert found.recipe["leaks"]["in_several_splits"] == 0
    # What was unpacked to be read is gone.
    assert sorted(path.name for path in found.folder.iterdir()) == ["images", "manifest.csv", "prompts.csv", "recipe.json"]


def test_a_limit_takes_the_first_of_each_split_and_a_second_run_writes_only_the_rest(prepare, tmp_path):
    pcam.make(tmp_path / "pcam")
    first = prepare("pcam", tmp_path / "pcam", "--set", "limit=10")
    assert first.counts("split") == {"train": 10, "val": 8, "test": 6}
    times = {row["file"]: Path(row["file"]).stat().st_mtime_ns for row in first.rows}
    whole = prepare("pcam", tmp_path / "pcam")
    assert len(whole.rows) == 47
    assert {file: Path(file).stat().st_mtime_ns for file in times} == times


@pytest.mark.parametrize("chunks", [(5, 7, 11, 2), (1, 96, 96, 3), (33, 96, 96, 1), (64, 100, 100, 4), (3, 96, 96, 3)])
def test_chunks_of_any_shape_are_put_together(prepare, tmp_path, chunks):
    pcam.make(tmp_path / "pcam")
    for path in (tmp_path / "pcam").rglob("*"):
        if path.is_file() and "train" not in path.name:
            path.unlink()
    x, _ = pcam.arrays("train")
    path = tmp_path / "pcam" / "pcam" / f"{STEM}train_x.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("x", shape=x.shape, dtype="uint8", maxshape=(None, None, None, None), chunks=chunks,
                                   compression="gzip")
        data[:] = x
        for i in range(40):  # a tree of several levels in the root, too
            file.create_dataset(f"other{i}", data=[i])
    found = prepare("pcam", tmp_path / "pcam")
    for i, row in enumerate(found.rows):
        np.testing.assert_array_equal(np.asarray(Image.open(row["file"])), x[i])


def test_what_is_not_read_is_refused_by_words(dataset, tmp_path):
    pcam.make(tmp_path / "pcam")
    base = tmp_path / "pcam" / "pcam"
    x, _ = pcam.arrays("train")
    path = base / f"{STEM}train_x.h5"

    def refused(status, *words):
        done = dataset("prepare", "pcam", "--root", tmp_path / "pcam", "--out", tmp_path / "o", status=status)
        assert all(word in done.stderr for word in (path.name[:-3], *words)), done.stderr

    pcam.write_array(path, "x", x, chunks=True, compression="lzf")
    refused(4, "filter 32000", "h5repack")
    pcam.write_array(path, "x", x.astype("float32"))
    refused(4, "unsigned bytes")
    pcam.write_array(path, "images", x)
    refused(3, "no array 'x'")
    pcam.write_array(path, "x", x[:5])
    refused(3, "33 patches")
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("x", data=x)
    refused(4, "newer format")
    pcam.write_array(path, "x", x, chunks=(8, 96, 96, 3), compression="gzip")
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    refused(3, "ends before")
    middle = bytearray(whole)
    middle[len(whole) // 2:len(whole) // 2 + 64] = bytes(64)
    path.write_bytes(bytes(middle))
    refused(3, "broken")
    path.unlink()
    done = dataset("prepare", "pcam", "--root", tmp_path / "pcam", "--out", tmp_path / "o", status=7)
    assert "train_x.h5 beside it" in done.stderr


def test_a_table_that_is_missing_is_said(prepare, tmp_path):
    pcam.make(tmp_path / "pcam")
    (tmp_path / "pcam" / "pcam" / f"{STEM}test_meta.csv").unlink()
    found = prepare("pcam", tmp_path / "pcam")
    assert any("no table of the slides of test" in warning for warning in found.recipe["warnings"])
    assert found.by_id["test-000000"]["patient"] == "" != found.by_id["train-000000"]["patient"]


def test_packed_files_are_compared_with_their_published_md5(prepare, dataset, tmp_path):
    pcam.make(tmp_path / "pcam")
    found = prepare("pcam", tmp_path / "pcam")
    packed = {path.name: path for path in (tmp_path / "pcam").rglob("*.h5.gz")}
    assert {Path(row["file"]).name for row in found.recipe["checked"]} == set(packed) and len(packed) == 2
    for row in found.recipe["checked"]:
        md5 = hashlib.md5(packed[Path(row["file"]).name].read_bytes()).hexdigest()
        assert row["md5"] == md5 != row["published"]
        assert any(md5 in warning and "another file" in warning for warning in found.recipe["warnings"])
    done = dataset("prepare", "pcam", "--root", tmp_path / "pcam", "--out", tmp_path / "s", "--strict", status=3)
    assert "another MD5 than published" in done.stderr
    # Where it is the published file, nothing is said.
    text = (Path(__file__).resolve().parents[2] / "evaluation" / "datasets" / "pcam.yaml").read_text()
    for row in found.recipe["checked"]:
        text = text.replace(row["published"], row["md5"])
    (tmp_path / "own.yaml").write_text(text)
    same = prepare(tmp_path / "own.yaml", tmp_path / "pcam", out="same")
    assert all(row["md5"] == row["published"] for row in same.recipe["checked"])
    assert not any("MD5" in warning for warning in same.recipe["warnings"])
    (tmp_path / "own.yaml").write_text(text.replace(row["md5"], "12"))
    done = dataset("prepare", "--recipe", tmp_path / "own.yaml", "--root", tmp_path / "pcam", "--out", tmp_path / "o", status=3)
    assert "no MD5" in done.stderr

"""Sources that change between two runs of mi2 index add, and what a run could not read: nothing is lost in silence."""
import shutil
import struct
import zipfile

import pytest
from dicom_studies import slice_of, write, write_study
from index_support import add, added, exported, sound, table
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless


def test_files_that_are_renumbered_lose_no_object(mi2, tmp_path):
    folder, archive = tmp_path / "in", tmp_path / "a"
    slices = [slice_of("x", 0, n) for n in range(5)]
    for place, content in enumerate(slices[1:]):
        write(folder / f"{place}.dcm", content)
    add(mi2, archive, folder)
    for place, content in enumerate(slices):  # one more in front: each file has what the one before it had
        write(folder / f"{place}.dcm", content)
    add(mi2, archive, folder)
    assert sorted(exported(mi2, archive, tmp_path)[0]) == [str(folder / f"{place}.dcm") for place in range(5)]
    (folder / "0.dcm").rename(tmp_path / "kept")  # two change places
    (folder / "4.dcm").rename(folder / "0.dcm")
    (tmp_path / "kept").rename(folder / "4.dcm")
    add(mi2, archive, folder)
    assert sorted(exported(mi2, archive, tmp_path)[0]) == [str(folder / f"{place}.dcm") for place in range(5)]
    assert added(add(mi2, archive, folder)) == 0
    sound(mi2, archive)


def test_a_copy_stays_when_the_file_that_it_is_of_changes(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x")
    copy, archive = tmp_path / "in" / "x" / "zcopy.dcm", tmp_path / "a"
    shutil.copy(files[0], copy)
    add(mi2, archive, tmp_path / "in")
    write(files[0], slice_of("x", 0, 9))
    errors = add(mi2, archive, tmp_path / "in")
    assert added(errors) == 2 and "2 files unchanged" in errors
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(map(str, [*files, copy]))


def test_a_conflict_is_added_once_the_object_that_was_kept_is_gone(mi2, tmp_path):
    files = write_study(tmp_path / "in", "x")
    rival, archive = tmp_path / "in" / "x" / "zother.dcm", tmp_path / "a"
    other = slice_of("x", 0, 1)
    other.PixelData = bytes(len(other.PixelData))
    write(rival, other)
    content = rival.read_bytes()
    rival.write_bytes(b"no image")
    add(mi2, archive, tmp_path / "in", status=8)
    rival.write_bytes(content)
    assert "1 conflicts" in add(mi2, archive, tmp_path / "in")
    assert table(archive, "SELECT locator FROM refused") == []
    mi2("index", "rm", str(archive), "--where", f'path="{files[1]}"', "--yes", with_model=False)
    files[1].unlink()
    assert added(add(mi2, archive, tmp_path / "in")) == 1
    assert str(rival) in exported(mi2, archive, tmp_path)[0]


def test_an_object_that_repeats_a_damaged_one_is_added(mi2, tmp_path):
    damaged = slice_of("x", 0, 1)
    damaged.compress(RLELossless, generate_instance_uid=False)
    damaged.PixelData = damaged.PixelData[:20] + bytes(64) + damaged.PixelData[84:]  # of no segments
    bad = write(tmp_path / "in" / "0.dcm", damaged)
    good = write(tmp_path / "in" / "1.dcm", slice_of("x", 0, 1))
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "in", status=8)) == 1
    assert exported(mi2, archive, tmp_path)[0] == [str(good)]
    assert table(archive, "SELECT locator FROM refused") == [(str(bad),)]
    sound(mi2, archive)


@pytest.mark.parametrize("ending", ["zip", "ZIP", "export"])
def test_what_is_in_a_zip_is_there_as_long_as_the_zip_is(mi2, tmp_path, ending):
    files = write_study(tmp_path / "in", "x")
    first, second, archive = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}", tmp_path / "a"
    with zipfile.ZipFile(first, "w") as made:
        for path in files:
            made.write(path, path.name)
    add(mi2, archive, first)
    assert "3 copies" in add(mi2, archive, tmp_path / "in")
    assert all(name.startswith(f"{first}/") for name in exported(mi2, archive, tmp_path)[0])
    first.rename(second)
    errors = add(mi2, archive, second)
    assert added(errors) == 0 and "3 files moved" in errors
    assert all(name.startswith(f"{second}/") for name in exported(mi2, archive, tmp_path)[0])


def rle(number):
    pixels = bytes((number * 40 + i) % 256 for i in range(32 * 32))
    runs = b"".join(bytes([127]) + pixels[at:at + 128] for at in range(0, len(pixels), 128))
    return struct.pack("<16I", 1, 64, *[0] * 14) + runs


def frames_of(*streams):
    made = slice_of("x", 0, 0)
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.WindowCenter, made.WindowWidth = 128, 256
    made.NumberOfFrames = len(streams)
    made.PixelData = encapsulate(list(streams))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = RLELossless
    return made


def test_a_frame_that_cannot_be_read_is_tried_again(mi2, picture, tmp_path):
    path, archive = tmp_path / "frames.dcm", tmp_path / "a"
    write(path, frames_of(rle(0), bytes(64), rle(2)))
    for images in (3, 0):
        errors = add(mi2, archive, picture, path, status=8)
        assert added(errors) == images and "1 refused" in errors
        assert table(archive, "SELECT locator FROM refused") == [(f"{path}, frame 2 of 3",)]
    assert table(archive, "SELECT frame FROM item WHERE kind = 'frame' AND series NOT NULL") == [(0,), (2,)]
    write(path, frames_of(rle(0), rle(1), rle(2)))
    assert added(add(mi2, archive, picture, path)) == 3
    assert table(archive, "SELECT * FROM refused") == []
    assert "2 files unchanged" in add(mi2, archive, picture, path)
    sound(mi2, archive)

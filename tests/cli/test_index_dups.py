"""mi2 index dups, and linked patients in searches: what is the same picture, and what only looks like it."""
import copy
import csv
import hashlib
import io
import shutil
import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest
from catalog_support import make_older
from dicom_studies import slice_of, uid, write, write_hospital
from index_support import add, added, query, sound, stats, table, totals
from PIL import Image
from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless,
                         JPEGLSLossless, JPEGLSNearLossless, RLELossless)

SIDE = 64


def pixels(seed):
    """12 bits: soft shapes and some noise, of its own for each seed."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    shapes = sum(rng.uniform(0.3, 1) * np.sin(rng.uniform(3, 14) * rows + rng.uniform(3, 14) * columns + rng.uniform(0, 6))
                 for _ in range(4))
    return ((shapes + 3 + rng.normal(0, 0.02, (SIDE, SIDE))) * 600).clip(60, 4000).astype("<u2")


def ct(values, study, number=0, **more):
    data = slice_of(study, 0, number, **more)
    data.Rows, data.Columns = values.shape
    data.PixelData = values.tobytes()
    return data


def renamed(data, name):
    data = copy.deepcopy(data)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("renamed", name)
    return data


def in_syntax(data, name, syntax, **options):
    data = renamed(data, name)
    if syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless, JPEGLSNearLossless):
        data.compress(syntax, generate_instance_uid=False, **options)
    else:
        data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    return data


LOSSLESS = {"implicit": ImplicitVRLittleEndian, "deflated": DeflatedExplicitVRLittleEndian, "big": ExplicitVRBigEndian,
            "rle": RLELossless, "jls": JPEGLSLossless, "j2k": JPEG2000Lossless}


def dups(mi2, archive, *arguments):
    return mi2.rows("index", "dups", str(archive), "--format", "jsonl", *map(str, arguments), with_model=False)


def names(groups):
    return [{Path(member["path"]).name for member in group["members"]} for group in groups]


def said(mi2, archive, *arguments, **options):
    return mi2("index", "dups", str(archive), *map(str, arguments), with_model=False, **options).errors


@pytest.fixture(scope="module")
def encoded(mi2, tmp_path_factory):
    """A CT as it is, in lossless transfer syntaxes, with losses, and another one."""
    folder = tmp_path_factory.mktemp("encoded")
    first = ct(pixels(1), "a")
    write(folder / "in" / "plain.dcm", first)
    for name, syntax in LOSSLESS.items():
        write(folder / "in" / f"{name}.dcm", in_syntax(first, name, syntax))
    write(folder / "in" / "lossy.dcm", in_syntax(first, "lossy", JPEGLSNearLossless, jls_error=3))
    write(folder / "in" / "other.dcm", ct(pixels(2), "a", 1))
    add(mi2, folder / "a", folder / "in")
    return folder


def test_lossless_encodings_have_the_same_pixels_and_lossy_ones_show_the_same(mi2, encoded):
    lossless = {"plain.dcm"} | {f"{name}.dcm" for name in LOSSLESS}
    (group,) = dups(mi2, encoded / "a")
    assert names([group]) == [lossless] and group["patients"] == 1 and group["level"] == "pixels"
    assert [member["why"] for member in group["members"]] == ["first"] + ["pixels"] * len(LOSSLESS)
    assert all(abs(member["cosine"] - 1) < 1e-5 and member["bits"] == 0 for member in group["members"])
    (group,) = dups(mi2, encoded / "a", "--level", "reencoded")
    assert names([group]) == [lossless | {"lossy.dcm"}]
    (lossy,) = [member for member in group["members"] if member["path"].endswith("lossy.dcm")]
    assert lossy["why"] in ("reencoded", "first") and lossy["bits"] <= 4 and lossy["cosine"] > 0.999
    assert dups(mi2, encoded / "a", "--level", "object") == []


def test_the_hashes_are_what_the_documents_say(mi2, encoded, tmp_path):
    head = f"mi2 pixels 1\nMONOCHROME2 16 unsigned {SIDE} {SIDE}\n".encode()
    ((found, count),) = table(encoded / "a", "SELECT sha256, count(*) FROM pixels GROUP BY sha256 HAVING count(*) > 1")
    assert found == hashlib.sha256(head + pixels(1).tobytes()).hexdigest()[:32] and count == 1 + len(LOSSLESS)
    shades = np.random.default_rng(3).integers(0, 256, (37, 50, 3), np.uint8)
    Image.fromarray(shades).save(tmp_path / "colour.png")
    add(mi2, tmp_path / "a", tmp_path / "colour.png")
    ((sha256, blank, dhash),) = table(tmp_path / "a", "SELECT sha256, blank, dhash FROM pixels")
    assert sha256 == hashlib.sha256(b"mi2 pixels 1\nRGB 8 unsigned 50 37\n" + shades.tobytes()).hexdigest()[:32] and blank == 0
    grey = shades @ np.array([299, 587, 114])
    cells = np.array([[grey[r * 37 // 8:(r + 1) * 37 // 8, c * 50 // 9:(c + 1) * 50 // 9].mean() for c in range(9)]
                      for r in range(8)]) / 1000
    bits = (np.diff(cells, axis=1) > 1).ravel()
    assert struct.pack(">q", dhash) == np.packbits(bits).tobytes()


def test_values_count_and_not_the_bits_around_them(mi2, tmp_path):
    values = pixels(60).astype("<i2") - 2000
    masked = values.astype("<u2") & 0xFFF
    for n, (name, stored, tags) in enumerate([
            ("extended", values, {"PixelRepresentation": 1}), ("masked", masked, {"PixelRepresentation": 1}),
            ("high", masked << 4, {"PixelRepresentation": 1, "HighBit": 15}), ("unsigned", masked, {}),
            ("inverse", values, {"PixelRepresentation": 1, "PhotometricInterpretation": "MONOCHROME1"})]):
        data = ct(stored, "a", n)
        for tag, value in {**tags, "WindowCenter": 0}.items():
            setattr(data, tag, value)
        write(tmp_path / "in" / f"{name}.dcm", data)
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert names(dups(mi2, tmp_path / "a")) == [{"extended.dcm", "masked.dcm", "high.dcm"}]


def test_pictures_are_compared_by_their_samples_not_by_their_files(mi2, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    grey = (pixels(4) // 16).astype(np.uint8)
    deep = pixels(5) * 15
    same = {"grey.png": Image.fromarray(grey), "rgb.png": Image.fromarray(np.stack([grey] * 3, -1)),
            "grey.tif": Image.fromarray(grey), "grey.bmp": Image.fromarray(grey), "palette.gif": Image.fromarray(grey)}
    for name, image in same.items():
        image.save(folder / name)
    Image.fromarray(np.stack([grey] * 3, -1)).save(folder / "rgb.webp", lossless=True)
    for name in ("deep.png", "deep.tif", "deep.jp2"):
        Image.fromarray(deep.astype(np.uint16)).save(folder / name)
    Image.fromarray(deep.astype(np.uint16)).save(folder / "turned.tif", tiffinfo={274: 6})  # the same bytes
    Image.fromarray(grey[:, ::-1].copy()).save(folder / "flipped.png")
    Image.fromarray((grey.astype(int) + 20).clip(0, 255).astype(np.uint8)).save(folder / "brighter.png")
    Image.fromarray(grey.reshape(SIDE // 2, SIDE * 2)).save(folder / "other-shape.png")
    shutil.copy(folder / "grey.png", folder / "copy.png")
    add(mi2, tmp_path / "a", folder)
    groups = dups(mi2, tmp_path / "a")
    assert sorted(map(sorted, names(groups))) == [sorted([*same, "rgb.webp", "copy.png"]),
                                                  ["deep.jp2", "deep.png", "deep.tif"]]
    assert all(group["patients"] == 0 for group in groups)
    (files,) = dups(mi2, tmp_path / "a", "--level", "object")
    assert names([files]) == [{"grey.png", "copy.png"}] and [m["why"] for m in files["members"]] == ["first", "file"]
    for group in names(dups(mi2, tmp_path / "a", "--level", "reencoded")):
        assert len(group & {"grey.png", "flipped.png", "other-shape.png", "deep.png"}) <= 1


def test_files_of_one_object_are_told_from_conflicts(mi2, tmp_path):
    data = ct(pixels(6), "a")
    first = write(tmp_path / "in" / "0.dcm", data)
    shutil.copy(first, tmp_path / "in" / "1.dcm")
    write(tmp_path / "in" / "2.dcm", ct(pixels(7), "a"))
    write(tmp_path / "in" / "3.dcm", ct(pixels(8), "a", 1))
    add(mi2, tmp_path / "a", tmp_path / "in")
    (group,) = dups(mi2, tmp_path / "a", "--level", "object")
    assert {Path(member["path"]).name: member["why"] for member in group["members"]} == {
        "0.dcm": "first", "1.dcm": "copy", "2.dcm": "conflict"}
    assert ["item" in member for member in group["members"]] == [True, False, False]
    assert dups(mi2, tmp_path / "a") == []
    assert dups(mi2, tmp_path / "a", "--level", "object", "--where", "modality=MR") == []


def test_files_that_are_chosen_repeat_each_other_although_the_first_of_all_is_not(mi2, tmp_path):
    for folder, name in [("a-first", "x"), ("b-later", "y"), ("b-later", "z"), ("b-later", "w")]:
        (tmp_path / "in" / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels(9 if name == "w" else 6) // 16).astype(np.uint8)).save(tmp_path / "in" / folder / f"{name}.png")
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert names(dups(mi2, tmp_path / "a", "--level", "object")) == [{"x.png", "y.png", "z.png"}]
    (group,) = dups(mi2, tmp_path / "a", "--level", "object", "--where", "path~b-later")
    assert [(Path(member["path"]).name, member["why"]) for member in group["members"]] == [("y.png", "first"), ("z.png", "file")]
    assert dups(mi2, tmp_path / "a", "--level", "object", "--where", "path~a-first") == []


@pytest.mark.parametrize("apart", ["one series", "one frame of reference"])
def test_neighbouring_slices_are_never_copies(mi2, tmp_path, apart):
    """Slices that differ less than a copy with losses would."""
    slices = {}
    for n in range(6):
        study = "a" if apart == "one series" else f"study {n}"
        more = {} if apart == "one series" else {"FrameOfReferenceUID": uid("reference")}
        slices[f"{n}.dcm"] = ct(pixels(9) + np.uint16(n), study, n, **more)
    for name, data in slices.items():
        write(tmp_path / "in" / name, data)
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert dups(mi2, tmp_path / "a", "--level", "reencoded") == dups(mi2, tmp_path / "a") == []
    # As near to all of them, of another study: it is a copy of one, and makes no copies of the others.
    write(tmp_path / "more" / "copy.dcm", ct(pixels(9) + np.uint16(2), "elsewhere", patient="P7"))
    write(tmp_path / "more" / "near.dcm", ct(pixels(9) + np.uint16(9), "far away", patient="P8"))
    add(mi2, tmp_path / "a", tmp_path / "more")
    assert names(dups(mi2, tmp_path / "a")) == [{"2.dcm", "copy.dcm"}]
    groups = names(dups(mi2, tmp_path / "a", "--level", "reencoded"))
    assert groups and all(len(group & set(slices)) == 1 for group in groups)
    assert "near.dcm" in set().union(*groups)


def test_blank_images_are_counted_and_are_not_duplicates(mi2, tmp_path):
    for n in range(3):
        write(tmp_path / "in" / f"{n}.dcm", ct(np.full((SIDE, SIDE), 700, "<u2"), f"s{n}", patient=f"P{n}"))
    write(tmp_path / "in" / "3.dcm", ct(pixels(10), "s3", patient="P3"))
    add(mi2, tmp_path / "a", tmp_path / "in")
    for level in ("pixels", "reencoded"):
        assert dups(mi2, tmp_path / "a", "--level", level) == []
        assert "3 blank ones left out" in said(mi2, tmp_path / "a", "--level", level)
    (row, *_) = query(mi2, tmp_path / "a", "--study", uid("study", "s0"), with_model=False)
    assert row["excluded"]["linked_patients"] == 0 and row["searched"] == 3


def write_patients(folder, shared):
    """Three images of each patient, and the pictures of `shared`, {seed: patients}."""
    patients = sorted(set().union(*shared.values()))
    for patient in patients:
        values = [pixels(100 * ord(patient) + n) for n in range(3)]
        values += [pixels(seed) for seed, whose in shared.items() if patient in whose]
        for n, of in enumerate(values):
            write(folder / patient / f"{n}.dcm", ct(of, f"study {patient}", n, patient=patient))


def found_patients(mi2, archive, patient, *arguments):
    rows = query(mi2, archive, "--study", uid("study", f"study {patient}"), "--by", "image", "-k", 1000, *arguments,
                 with_model=False)
    return {row["path"].split("/")[-2] for row in rows}, rows[0]["excluded"]


def test_patients_with_the_same_picture_are_left_out_together(mi2, tmp_path):
    write_patients(tmp_path / "in", {20: {"A", "B"}, 21: {"B", "C"}, 22: {"D"}, 23: {"E"}})
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert sorted(group["patients"] for group in dups(mi2, tmp_path / "a")) == [2, 2]
    assert "2 groups of 4 images, 2 of several patients" in said(mi2, tmp_path / "a")
    found, excluded = found_patients(mi2, tmp_path / "a", "A")
    # C has no picture of A's, but one of B's.
    assert found == {"D", "E"} and excluded["same_patient"] == 4 and excluded["linked_patients"] == 5 + 4
    found, excluded = found_patients(mi2, tmp_path / "a", "A", "--where", "not path~/B/")
    assert found == {"D", "E"} and excluded["linked_patients"] == 4 and excluded["filter"] == 5
    found, excluded = found_patients(mi2, tmp_path / "a", "A", "--same-patient", "include")
    assert found == {"A", "B", "C", "D", "E"} and excluded["linked_patients"] == 0
    found, excluded = found_patients(mi2, tmp_path / "a", "A", "--same-patient", "only")
    assert found == {"A"} and excluded["other_patients"] == 5 + 4 + 4 + 4
    found, excluded = found_patients(mi2, tmp_path / "a", "D")
    assert found == {"A", "B", "C", "E"} and excluded["linked_patients"] == 0
    # What is removed links nobody.
    mi2("index", "rm", str(tmp_path / "a"), "--study", uid("study", "study B"), "--yes", with_model=False)
    found, excluded = found_patients(mi2, tmp_path / "a", "A")
    assert found == {"C", "D", "E"} and excluded["linked_patients"] == 0


def test_a_test_pattern_links_nobody(mi2, tmp_path):
    write_patients(tmp_path / "in", {30: {"A", "B", "C", "D"}, 31: {"C", "D"}})
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert sorted(group["patients"] for group in dups(mi2, tmp_path / "a")) == [2, 4]
    assert found_patients(mi2, tmp_path / "a", "A")[0] == {"B", "C", "D"}
    assert found_patients(mi2, tmp_path / "a", "C")[0] == {"A", "B"}


def test_an_archive_of_the_format_before_says_what_it_lacks(mi2, tmp_path):
    write_patients(tmp_path / "in", {40: {"A", "B"}})
    write_patients(tmp_path / "more", {41: {"C", "D"}})
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    assert stats(mi2, archive)["totals"]["without_pixel_hashes"] == 0
    make_older(archive, 2)
    assert dups(mi2, archive) == [] and "8 images were added before" in said(mi2, archive)
    assert totals(mi2, archive)["without_pixel_hashes"] == 8
    assert found_patients(mi2, archive, "A")[0] == {"B"}
    sound(mi2, archive)
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("2",)]  # who only reads changes nothing
    assert added(add(mi2, archive, tmp_path / "more")) == 8
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    (group,) = dups(mi2, archive)
    assert group["patients"] == 2 and all("/more/" in member["path"] for member in group["members"])
    assert "8 images were added before" in said(mi2, archive) and totals(mi2, archive)["without_pixel_hashes"] == 8
    sound(mi2, archive)
    # As the command says.
    mi2("index", "rm", str(archive), "--where", "path~/in/", "--yes", with_model=False)
    assert added(add(mi2, archive, tmp_path / "in")) == 8
    assert len(dups(mi2, archive)) == 2 and "were added before" not in said(mi2, archive)


def test_what_is_erased_leaves_no_hash(mi2, tmp_path):
    write_hospital(tmp_path / "in", studies=4)
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    of = ("SELECT pixels.sha256, pixels.dhash FROM pixels JOIN item ON item.id = pixels.item JOIN series"
          " ON series.id = item.series JOIN study ON study.id = series.study WHERE study.uid = '{}'")
    gone, kept = (table(archive, of.format(uid("study", study))) for study in (1, 2))
    assert len(gone) == len(kept) == 3

    def written(hashes):
        content = b"".join(path.read_bytes() for path in archive.glob("catalog.sqlite*"))
        # SQLite writes a number in as few of 6 or 8 bytes as hold it.
        size = {dhash: 6 if -2**47 <= dhash < 2**47 else 8 for _, dhash in hashes}
        return [(bytes.fromhex(sha256) in content, dhash.to_bytes(size[dhash], "big", signed=True) in content)
                for sha256, dhash in hashes]

    assert written(gone) == written(kept) == [(True, True)] * 3
    mi2("index", "rm", str(archive), "--study", uid("study", 1), "--erase", "--yes", with_model=False)
    assert written(gone) == [(False, False)] * 3 and written(kept) == [(True, True)] * 3
    sound(mi2, archive)


@pytest.mark.parametrize("change", [
    "UPDATE item SET pixels = zeroblob(16), blank = 0 WHERE kind = 'series'",
    "PRAGMA ignore_check_constraints = ON; UPDATE item SET pixels = x'00' WHERE id = 0"])
def test_hashes_that_are_none_are_damage(mi2, encoded, tmp_path, change):
    shutil.copytree(encoded / "a", tmp_path / "a")
    with sqlite3.connect(tmp_path / "a" / "catalog.sqlite") as catalog:
        catalog.executescript(change)
    assert ("CHECK constraint failed in item" if "PRAGMA" in change else "pixels") in sound(mi2, tmp_path / "a", status=3)


def test_results_are_written_in_each_format(mi2, encoded, tmp_path):
    out = mi2("index", "dups", str(encoded / "a"), with_model=False)
    lines = out.stdout.decode().splitlines()
    assert lines[0].split()[:3] == ["group", "patients", "why"] and len(lines) == 2 + len(LOSSLESS)
    assert f"1 group of {1 + len(LOSSLESS)} images; {3 + len(LOSSLESS)} images compared" in out.errors
    mi2("index", "dups", str(encoded / "a"), "--out", str(tmp_path / "d.csv"), with_model=False)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text())))
    assert len(rows) == 1 + len(LOSSLESS) and {row["group"] for row in rows} == {"1"}
    (group,) = dups(mi2, encoded / "a")
    assert [(row["item"], row["path"], row["why"]) for row in rows] == [
        (str(m["item"]), m["path"], m["why"]) for m in group["members"]]
    assert dups(mi2, encoded / "a", "--where", "path~/plain") == []


def test_a_limit_writes_the_first_groups_and_counts_all(mi2, tmp_path):
    write_patients(tmp_path / "in", {50: {"A", "B"}, 51: {"A", "C"}, 52: {"B", "C"}})
    add(mi2, tmp_path / "a", tmp_path / "in")
    every = dups(mi2, tmp_path / "a")
    assert len(every) == 3 and dups(mi2, tmp_path / "a", "--limit", 2) == every[:2]
    errors = said(mi2, tmp_path / "a", "--limit", 2)
    assert "3 groups of 6 images" in errors and "the first 2 of 3 groups written" in errors


def test_mistakes_are_named(mi2, encoded, tmp_path):
    assert "object" in said(mi2, encoded / "a", "--level", "acquisition", status=2)
    assert "modality" in said(mi2, encoded / "a", "--where", "modalty=CT", status=2)
    said(mi2, encoded / "a", "--limit", 0, status=2)
    assert "archive.json" in said(mi2, tmp_path, status=7)

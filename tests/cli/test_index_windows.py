"""Archives of several windows: each image of a CT as a row for each, found by the best."""
import csv
import io
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from dicom_studies import slice_of, uid, write, write_study
from index_support import add, added, exported, query, sound, stats, table, totals
from windows_support import (CT_IMAGES, HOUNSFIELD, LIST, OTHERS, SLICES, WINDOWS, embedded, filled, names_of, own,  # noqa: F401
                             rows_of, save, source, vectors_of)

SHARED = Path(os.environ.get("MI2_SHARED_DATA", "/nonexistent"))


def test_each_image_of_a_ct_has_the_vector_that_embed_gives_it_through_each_window_and_others_have_one(
        mi2, filled, source, tmp_path):
    rows, vectors = rows_of(mi2, filled, tmp_path)
    assert len(rows) == 3 * CT_IMAGES + OTHERS
    checked = 0
    for path in (source / "0" / "s0" / "01.dcm", source / "2" / "s0" / "04.dcm", source / "4" / "frames.dcm"):
        frames = ("--frames", "all") if path.name == "frames.dcm" else ()
        for window in WINDOWS:
            wanted = embedded(mi2, path, "--window", window, *frames)
            found = vectors[[i for i, row in enumerate(rows) if row["path"] == str(path) and row.get("window") == window]]
            assert np.array_equal(found.astype(np.float32), wanted)
            checked += len(found)
    assert checked == 6 + 9
    for path in (source / "3" / "s0" / "00.dcm", source / "picture.png"):
        assert names_of(rows, path) == [(1, None)]
        found = vectors[[i for i, row in enumerate(rows) if row["path"] == str(path)]]
        assert np.array_equal(found.astype(np.float32), embedded(mi2, path))
    assert "sound" in sound(mi2, filled)


def test_a_series_is_the_unit_mean_of_all_its_rows(mi2, filled, tmp_path):
    rows, vectors = rows_of(mi2, filled, tmp_path)
    _, means = exported(mi2, filled, tmp_path, kind="series")
    sums = {}
    for row, vector in zip(rows, vectors):
        series = Path(row["path"]).parent
        if row["path"].endswith(".dcm"):
            sums[series] = sums.get(series, 0) + vector
    wanted = np.array([one / np.linalg.norm(one) for one in sums.values()])
    assert means.shape == wanted.shape == (5, vectors.shape[1])
    assert np.allclose(sorted(map(tuple, means)), sorted(map(tuple, wanted)), atol=1e-6)


def keys_of(rows, by):
    """What of each row is one result."""
    found = []
    for row in rows:
        parts = Path(row["path"]).parts
        study = parts[parts.index("in") + 1]
        patient = "P0" if study in "01" else study
        found.append({"patient": patient, "study": study, "series": study, "image": (row["path"], row["frame"])}[by])
    return found


@pytest.mark.parametrize("by", ["image", "series", "study", "patient"])
def test_a_result_is_the_best_row_over_windows_too_as_numpy_finds_it(mi2, filled, tmp_path, by):
    rows, vectors = rows_of(mi2, filled, tmp_path)
    asked = vectors[7] + 0.7 * vectors[-4] + 0.1 * vectors[30]
    np.save(tmp_path / "q.npy", (asked / np.linalg.norm(asked)).astype(np.float32)[None])
    scores = vectors @ np.load(tmp_path / "q.npy")[0].astype(np.float64)
    keys = keys_of(rows, by)
    best = {}
    for i, key in enumerate(keys):
        if key not in best or scores[i] > scores[best[key]]:
            best[key] = i
    wanted = sorted(best.values(), key=lambda i: (-scores[i], rows[i]["item"]))
    found = query(mi2, filled, "--vector", tmp_path / "q.npy", "--by", by, "-k", "100", with_model=False)
    assert all(row["exact"] for row in found) and len(found) == len(wanted)
    np.testing.assert_allclose([row["score"] for row in found], scores[wanted], atol=1e-6)
    for row, i in zip(found, wanted):
        if abs(scores[i] - row["score"]) < 1e-12 or row["item"] == rows[i]["item"]:
            assert row.get("window") == rows[i].get("window")
    assert {row.get("window") for row in found} <= {None, *WINDOWS}


def test_a_filter_and_maxsim_take_the_best_of_all_windows(mi2, filled, tmp_path):
    rows, vectors = rows_of(mi2, filled, tmp_path)
    item = next(row["item"] for row in rows if row.get("window") == "soft")
    place = next(i for i, row in enumerate(rows) if row["item"] == item)
    found = query(mi2, filled, "--item", item, "--match", "maxsim", "--same-patient", "include", "-k", "9", with_model=False)
    scores = vectors @ vectors[place]
    keys = keys_of(rows, "study")
    wanted = sorted((max(scores[[k == key for k in keys]]) for key in set(keys)), reverse=True)
    np.testing.assert_allclose([row["score"] for row in found], wanted, atol=1e-6)
    only = query(mi2, filled, "--vector", save(tmp_path, vectors[place]), "--where", "modality=MR", "--by", "image", "-k", "99",
                 with_model=False)
    assert len(only) == SLICES and all("window" not in row for row in only)


def test_an_item_finds_its_own_image_once_and_leaves_out_its_patient_with_all_windows(mi2, filled, tmp_path):
    rows, _ = rows_of(mi2, filled, tmp_path)
    item = next(row["item"] for row in rows if row.get("window") == "bone" and "/0/" in row["path"])
    found = query(mi2, filled, "--item", item, "--by", "image", "--same-patient", "include", "-k", "100", with_model=False)
    images = [(row["path"], row["frame"]) for row in found]
    assert len(images) == len(set(images)) == CT_IMAGES + OTHERS
    assert found[0]["item"] == item and found[0]["score"] == pytest.approx(1, abs=1e-6)
    found = query(mi2, filled, "--item", item, "--by", "image", "-k", "100", with_model=False)
    assert len(found) == CT_IMAGES + OTHERS - 2 * SLICES
    assert found[0]["excluded"]["same_patient"] == 2 * SLICES * 3
    assert not any("/0/" in row["path"] or "/1/" in row["path"] for row in found)


def test_images_are_counted_as_images_and_rows_as_rows(mi2, filled, source, tmp_path):
    counted = totals(mi2, filled)
    assert (counted["images"], counted["image_rows"]) == (CT_IMAGES + OTHERS, 3 * CT_IMAGES + OTHERS)
    assert (counted["pooled"], counted["thumbnails"]) == (5, 3 * CT_IMAGES + OTHERS)
    found = stats(mi2, filled)
    assert found["windows"] == LIST and found["rows"] == 3 * CT_IMAGES + OTHERS + 5
    assert found["modality"] == {"CT": CT_IMAGES, "MR": SLICES, "-": 1}
    lines = mi2("index", "stats", str(filled), "--by", "modality", "--format", "csv", with_model=False).stdout.decode()
    assert {row["modality"]: int(row["images"]) for row in csv.DictReader(io.StringIO(lines))} == \
        {"CT": CT_IMAGES, "MR": SLICES, "": 1}
    found = query(mi2, filled, "--where", f"slices={SLICES}", "--vector", save(tmp_path, np.eye(1, vectors_of(filled))[0]),
                  with_model=False)
    assert {row["study"] for row in found} == {uid("study", study) for study in range(4)}
    assert "would be embedded" in add(mi2, tmp_path / "new", "--windows", LIST, "--dry-run", source)
    assert f"{CT_IMAGES + OTHERS} images of" in add(mi2, tmp_path / "new", "--windows", LIST, "--dry-run", source)


def test_slices_are_chosen_among_images(mi2, source, tmp_path):
    errors = add(mi2, tmp_path / "a", "--windows", LIST, "--slices", "max:2", source / "0")
    assert added(errors) == 2 and "with 6 vectors" in errors
    assert totals(mi2, tmp_path / "a")["image_rows"] == 6
    rows, _ = rows_of(mi2, tmp_path / "a", tmp_path)
    assert Counter(row["path"] for row in rows).most_common() == [(str(source / "0" / "s0" / name), 3)
                                                                  for name in ("01.dcm", "03.dcm")]
    # Further ones, and of those that are there none again.
    assert added(add(mi2, tmp_path / "a", source / "0")) == SLICES - 2
    rows, _ = rows_of(mi2, tmp_path / "a", tmp_path)
    assert set(Counter((row["path"], row["window"]) for row in rows).values()) == {1} and len(rows) == 3 * SLICES


def test_the_list_is_said_once_and_another_is_refused(mi2, filled, source, tmp_path):
    archive = own(filled, tmp_path)
    before = table(archive, "SELECT * FROM item")
    for arguments in ((), ("--windows", LIST)):
        assert added(add(mi2, archive, *arguments, source)) == 0
    assert table(archive, "SELECT * FROM item") == before
    write_study(tmp_path / "more", 7, slices=2, patient="P7", **HOUNSFIELD)
    for wrong in (("--windows", "soft,lung,bone"), ("--windows", "lung,soft"), ("--windows", "auto"), ("--windows", "lung"),
                  ("--window", "lung"), ("--window", "40,400")):
        for more in ((), ("--dry-run",)):
            assert f"expected windows {LIST}" in add(mi2, archive, *wrong, *more, tmp_path / "more", status=2)
    assert added(add(mi2, archive, tmp_path / "more")) == 2
    rows, _ = rows_of(mi2, archive, tmp_path)
    assert Counter(row["window"] for row in rows if "/more/" in row["path"]) == dict.fromkeys(WINDOWS, 2)
    assert "sound" in sound(mi2, archive)


@pytest.mark.parametrize("text", ["", "lung,lung", "lung,liver", "lung,", ",lung", "auto,lung", "40,400", "LUNG"])
def test_what_is_no_list_of_windows_is_refused(mi2, source, tmp_path, text):
    errors = add(mi2, tmp_path / "a", "--windows", text, source, status=2)
    assert "windows" in errors and not (tmp_path / "a").exists()


def test_a_window_beside_the_list_is_refused(mi2, source, tmp_path):
    assert "--window" in add(mi2, tmp_path / "a", "--windows", LIST, "--window", "lung", source, status=2)


def test_a_list_of_one_is_the_space_of_that_window(mi2, source, tmp_path):
    for first, second, space in ((("--windows", "soft"), ("--window", "soft"), "soft"), (("--windows", "auto"), (), "file"),
                                 ((), ("--windows", "file"), "file")):
        archive = tmp_path / "-".join(["a", *first])
        add(mi2, archive, *first, source / "0")
        assert stats(mi2, archive)["windows"] == space
        assert added(add(mi2, archive, *second, source / "0")) == 0
        assert table(archive, "SELECT count(*) FROM voi") == [(0,)] and totals(mi2, archive)["images"] == SLICES


def test_the_files_own_window_may_be_among_them(mi2, source, tmp_path):
    add(mi2, tmp_path / "a", "--windows", "file,bone", source / "0", source / "3")
    rows, vectors = rows_of(mi2, tmp_path / "a", tmp_path)
    path = source / "0" / "s0" / "02.dcm"
    places = {row.get("window"): i for i, row in enumerate(rows) if row["path"] == str(path)}
    assert set(places) == {"file", "bone"}
    assert np.array_equal(vectors[places["file"]].astype(np.float32), embedded(mi2, path)[0])
    assert {row.get("window") for row in rows if "/3/" in row["path"]} == {None}
    # An image that is asked for is seen through the file's own, if nobody says.
    for arguments, window in (((), "file"), (("--window", "bone"), "bone")):
        first = query(mi2, tmp_path / "a", "--image", path, "--by", "image", "--same-patient", "include", "-k", "1", *arguments)
        assert first[0]["score"] == pytest.approx(1, abs=1e-6) and first[0]["window"] == window
    assert "expected windows" in mi2("index", "search", str(tmp_path / "a"), "--image", str(path), "--window", "lung",
                                     status=2).errors


def test_an_image_that_is_asked_for_is_seen_through_the_first_window(mi2, filled, source):
    path = source / "2" / "s0" / "03.dcm"
    first = query(mi2, filled, "--image", path, "--by", "image", "--same-patient", "include", "-k", "1")[0]
    assert (first["path"], first["window"], first["score"]) == (str(path), "lung", pytest.approx(1, abs=1e-6))
    assert query(mi2, filled, "--text", "ct, chest", "--by", "image", "-k", "3")


def test_formats_name_the_window_and_an_archive_without_has_no_column(mi2, filled, source, tmp_path):
    arguments = ["index", "search", str(filled), "--text", "ct, chest", "--by", "image", "-k", "100"]
    lines = list(csv.DictReader(io.StringIO(mi2(*arguments, "--format", "csv").stdout.decode())))
    rows = mi2.rows(*arguments, "--format", "jsonl")
    assert [line["window"] for line in lines] == [row.get("window", "") for row in rows]
    shown = mi2(*arguments).stdout.decode().splitlines()[1:]
    assert all((f"window {row['window']}" in line) if "window" in row else ("window " not in line)
               for row, line in zip(rows, shown, strict=True))
    for name in ("e.csv", "e.jsonl"):
        mi2("index", "export", str(filled), "--out", str(tmp_path / name), with_model=False)
    with open(tmp_path / "e.csv") as file:
        found = Counter(row["window"] for row in csv.DictReader(file))
    assert found == {**dict.fromkeys(WINDOWS, CT_IMAGES), "": OTHERS}
    found = Counter(json.loads(line).get("window", "") for line in (tmp_path / "e.jsonl").read_text().splitlines())
    assert found == {**dict.fromkeys(WINDOWS, CT_IMAGES), "": OTHERS}
    add(mi2, tmp_path / "plain", source / "0")
    for what in (["index", "search", str(tmp_path / "plain"), "--text", "x", "--format", "csv"],
                 ["index", "export", str(tmp_path / "plain"), "--format", "csv"]):
        assert "window" not in mi2(*what).stdout.decode().splitlines()[0]


def test_volumes_are_seen_through_each_window_as_one_is_by_window(mi2, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    values = np.random.default_rng(1).normal(0, 400, (32, 32, 4)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii")
    add(mi2, tmp_path / "a", "--windows", "lung,bone", tmp_path / "v.nii")
    rows, vectors = rows_of(mi2, tmp_path / "a", tmp_path)
    assert len(rows) == 8 and totals(mi2, tmp_path / "a")["images"] == 4
    for window in ("lung", "bone"):
        found = vectors[[i for i, row in enumerate(rows) if row["window"] == window]].astype(np.float32)
        assert np.array_equal(found, embedded(mi2, tmp_path / "v.nii", "--window", window, "--frames", "all"))


def test_volumes_of_no_ct_have_a_row_through_their_own(mi2, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    values = np.random.default_rng(1).uniform(0, 1000, (32, 32, 4)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "mr.nii")
    colour = np.zeros((32, 32, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    for channel in "RGB":
        colour[channel] = np.random.default_rng(ord(channel)).integers(0, 255, colour.shape)
    nibabel.save(nibabel.Nifti1Image(colour, np.eye(4)), tmp_path / "colour.nii")
    said = add(mi2, tmp_path / "a", "--windows", "lung,bone", tmp_path / "mr.nii", tmp_path / "colour.nii")
    assert added(said) == 8 and "not_hounsfield" not in said
    rows, vectors = rows_of(mi2, tmp_path / "a", tmp_path)
    assert len(rows) == 8 and table(tmp_path / "a", "SELECT count(*) FROM voi") == [(0,)]
    for name in ("mr.nii", "colour.nii"):
        found = vectors[[i for i, row in enumerate(rows) if row["path"] == str(tmp_path / name)]].astype(np.float32)
        assert np.array_equal(found, embedded(mi2, tmp_path / name, "--frames", "all"))


def test_colour_of_a_ct_has_no_windows(mi2, tmp_path):
    data = slice_of(0, 0, 0, patient="P0")
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelData = np.random.default_rng(2).integers(0, 255, (32, 32, 3), np.uint8).tobytes()
    add(mi2, tmp_path / "a", "--windows", LIST, write(tmp_path / "c.dcm", data))
    assert totals(mi2, tmp_path / "a")["image_rows"] == 1 and table(tmp_path / "a", "SELECT count(*) FROM voi") == [(0,)]


def test_a_real_head_is_found_through_the_window_that_shows_it(mi2, tmp_path):
    folder = SHARED / "dicom-series" / "ct-head-ge"
    if not folder.is_dir():
        pytest.skip("needs MI2_SHARED_DATA/dicom-series")
    files = sorted(folder.resolve().glob("*.dcm"))[:6]
    add(mi2, tmp_path / "a", "--windows", "brain,bone", *files)
    rows, vectors = rows_of(mi2, tmp_path / "a", tmp_path)
    assert len(rows) == 12 and totals(mi2, tmp_path / "a")["images"] == 6
    for window in ("brain", "bone"):
        for file in files[::3]:
            place = next(i for i, row in enumerate(rows) if row["path"] == str(file) and row["window"] == window)
            assert np.array_equal(vectors[place].astype(np.float32), embedded(mi2, file, "--window", window)[0])
    thumbnails = table(tmp_path / "a", "SELECT count(*) FROM thumb")
    assert thumbnails == [(12,)]
    seen = query(mi2, tmp_path / "a", "--image", files[2], "--window", "bone", "--by", "image", "--same-patient", "include", "-k", "1")
    assert (seen[0]["path"], seen[0]["window"]) == (str(files[2]), "bone")

"""Archives of several windows as they are kept: killed, changed, removed, compared, copied, computed anew and damaged."""
import json
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from dicom_studies import slice_of, uid, write, write_study
from index_support import add, added, query, sound, stats, table, totals
from kill_support import killed, kills, undisturbed
from listen_support import listening, send, until, with_tools  # noqa: F401
from reembed_support import other, reembed  # noqa: F401
from windows_support import (CT_IMAGES, HOUNSFIELD, LIST, LIVE, OTHERS, SLICES, WINDOWS, embedded, filled, names_of,  # noqa: F401
                             own, rows_of, save, source, vectors_of)

HEADER = 64  # bytes before the first row of a file of vectors
# The first image that has no window: before the last one that has some.
FIRST_WITHOUT = "SELECT min(id) FROM item WHERE kind IS NULL AND id NOT IN (SELECT item FROM voi)"


def test_a_killed_run_goes_on_and_nothing_is_there_twice(mi2, source, tmp_path):
    command = ["index", "add", "--batch", "2", "--windows", LIST]
    duration = undisturbed(mi2, *command, tmp_path / "calm", source)
    archive = tmp_path / "a"
    for _ in killed(mi2, [*command, archive, source], duration, 11, kills(4)):
        if (archive / "archive.json").exists():
            assert "sound" in sound(mi2, archive)
    undisturbed(mi2, *command, archive, source)
    for one in (archive, tmp_path / "calm"):
        rows, vectors = rows_of(mi2, one, tmp_path)
        found = {(row["path"], row["frame"], row.get("window")): tuple(vector) for row, vector in zip(rows, vectors)}
        assert len(found) == len(rows) == 3 * CT_IMAGES + OTHERS
    assert totals(mi2, archive)["images"] == CT_IMAGES + OTHERS and "sound" in sound(mi2, archive)


def test_a_window_that_fails_is_tried_again_alone(mi2, tmp_path):
    """Through the bone window it is all black, which --strict refuses."""
    data = slice_of(0, 0, 0, patient="P0", RescaleIntercept=-1024, RescaleSlope=1)
    values = np.frombuffer(data.PixelData, "<u2").reshape(32, 32) % 300
    data.PixelData = (values + 1024 - 1000).astype("<u2").tobytes()
    path = write(tmp_path / "in" / "a.dcm", data)
    archive = tmp_path / "a"
    errors = add(mi2, archive, "--windows", "lung,bone", "--strict", path, status=8)
    assert errors.count("refused, since strict") == 1 and "1 refused" in errors
    counted = totals(mi2, archive)
    assert (counted["images"], counted["image_rows"], counted["refused"]) == (1, 1, 1)
    errors = add(mi2, archive, path)
    assert added(errors) == 1 and "vectors" not in errors
    counted = totals(mi2, archive)
    assert (counted["images"], counted["image_rows"], counted["refused"]) == (1, 2, 0)
    assert len(set(table(archive, "SELECT picture FROM voi"))) == 1 and "sound" in sound(mi2, archive)
    assert added(add(mi2, archive, path)) == 0


@with_tools
def test_what_is_received_is_seen_through_each_window(mi2, listening, tmp_path):  # noqa: F811
    server = listening("--windows", LIST)
    send(server.port, *write_study(tmp_path / "in", 0, slices=2, patient="P0", **HOUNSFIELD))
    until(lambda: (tmp_path / "a" / "archive.json").exists() and totals(mi2, tmp_path / "a")["images"] == 2)
    assert totals(mi2, tmp_path / "a")["image_rows"] == 6


@with_tools
def test_what_is_received_waits_if_an_archive_of_other_windows_has_taken_its_place(mi2, listening, tmp_path):  # noqa: F811
    server = listening("--windows", LIST)
    description = tmp_path / "a" / "archive.json"
    until(description.exists)
    made = json.loads(description.read_text())
    made["space"]["windows"] = "lung,soft"
    description.write_text(json.dumps(made))
    send(server.port, *write_study(tmp_path / "in", 0, slices=2, patient="P0", **HOUNSFIELD))
    until(lambda: "nothing can be added" in server.said())
    assert "expected windows lung,soft" in server.said() and totals(mi2, tmp_path / "a")["images"] == 0


def test_a_copy_is_a_duplicate_by_its_image_and_no_image_of_itself(mi2, source, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(source / "0", folder / "0")
    again = slice_of(8, 0, 2, patient="P8", **HOUNSFIELD)
    again.PixelData = slice_of(0, 0, 2).PixelData
    write(folder / "copy.dcm", again)
    add(mi2, archive, "--windows", LIST, folder)
    for level in ("pixels", "reencoded"):
        found = mi2.rows("index", "dups", str(archive), "--level", level, "--format", "jsonl", with_model=False)
        if level == "pixels":
            members = [row["path"] for group in found for row in group.get("members", [group])]
            assert sorted(members) == sorted([str(folder / "0" / "s0" / "02.dcm"), str(folder / "copy.dcm")])
        else:
            assert not found
    said = mi2("index", "dups", str(archive), with_model=False).errors
    assert f"{SLICES + 1}" in said
    # Both patients have the picture: as one, whatever the window.
    item = table(archive, LIVE)[0][0]
    excluded = query(mi2, archive, "--item", item, "--by", "image", with_model=False)
    assert excluded == []


def test_outliers_and_tags_have_no_row_of_the_same_patient_for_a_neighbour(mi2, filled):
    rows = mi2.rows("index", "outliers", str(filled), "--reference", "modality=CT", "--test", "modality=CT", "--pool", "image",
                    "--format", "jsonl", with_model=False)
    patients = dict(table(filled, "SELECT item.id, coalesce(study.patient, -item.instance) FROM item LEFT JOIN series ON "
                                  "series.id = item.series LEFT JOIN study ON study.id = series.study"))
    assert len(rows) == 3 * CT_IMAGES
    assert all(patients[row["item"]] != patients[row["nearest"]["item"]] for row in rows)
    center = mi2.rows("index", "outliers", str(filled), "--reference", "modality=CT", "--test", "modality=CT", "--pool",
                      "center20", "--format", "jsonl", with_model=False)
    assert sorted(row["images"] for row in center) == [3, SLICES, SLICES, SLICES]


def test_center20_is_of_slices_whatever_the_windows(mi2, tmp_path):
    write_study(tmp_path / "in", 0, slices=24, patient="P0", **HOUNSFIELD)
    write_study(tmp_path / "in", 2, slices=24, patient="P2", **HOUNSFIELD)
    add(mi2, tmp_path / "a", "--windows", "lung,bone", "--no-thumbnails", tmp_path / "in")
    found = mi2.rows("index", "outliers", str(tmp_path / "a"), "--reference", "modality=CT", "--test", "modality=CT", "--pool",
                     "center20", "-k", "1", "--format", "jsonl", with_model=False)
    assert [row["images"] for row in found] == [20, 20]


def test_what_is_removed_and_erased_takes_all_windows_with_it(mi2, filled, tmp_path):
    archive = own(filled, tmp_path)
    mi2("index", "rm", str(archive), "--study", uid("study", 2), "--yes", with_model=False)
    counted = totals(mi2, archive)
    assert (counted["images"], counted["image_rows"]) == (CT_IMAGES + OTHERS - SLICES, 3 * (CT_IMAGES - SLICES) + OTHERS)
    mi2("index", "rm", str(archive), "--study", uid("study", 4), "--erase", "--yes", with_model=False)
    assert table(archive, "SELECT count(*) FROM voi") == [(3 * 2 * SLICES,)]
    assert "sound" in sound(mi2, archive)
    mi2("index", "compact", str(archive), with_model=False)
    assert totals(mi2, archive)["image_rows"] == 3 * 2 * SLICES + OTHERS and "sound" in sound(mi2, archive)
    mi2("index", "backup", str(archive), str(tmp_path / "backup"), with_model=False)
    assert table(tmp_path / "backup", "SELECT * FROM voi") == table(archive, "SELECT * FROM voi")


def test_a_changed_file_is_embedded_anew_through_each_window(mi2, source, tmp_path):
    archive, folder = tmp_path / "a", tmp_path / "in"
    shutil.copytree(source / "0", folder)
    add(mi2, archive, "--windows", LIST, folder)
    data = slice_of(0, 0, 1, patient="P0", **HOUNSFIELD)
    data.PixelData = slice_of(5, 0, 1).PixelData
    path = write(folder / "s0" / "01.dcm", data)
    assert added(add(mi2, archive, folder)) == 1
    rows, vectors = rows_of(mi2, archive, tmp_path)
    assert len(rows) == 3 * SLICES and names_of(rows, path) == [(1, window) for window in WINDOWS]
    for window in WINDOWS:
        place = next(i for i, row in enumerate(rows) if row["path"] == str(path) and row["window"] == window)
        assert np.array_equal(vectors[place].astype(np.float32), embedded(mi2, path, "--window", window)[0])
    assert "sound" in sound(mi2, archive)


def test_another_model_embeds_all_windows_again_and_is_compared_with_this_one(mi2, filled, other, tmp_path):  # noqa: F811
    reembed(mi2, other, filled, tmp_path / "new")
    assert stats(mi2, tmp_path / "new")["windows"] == LIST
    for key in ("images", "image_rows", "pooled", "studies"):
        assert totals(mi2, tmp_path / "new")[key] == totals(mi2, filled)[key]
    names = [{(row["path"], row["frame"], row.get("window")) for row in rows_of(mi2, archive, tmp_path)[0]}
             for archive in (filled, tmp_path / "new")]
    assert names[0] == names[1] and len(names[0]) == 3 * CT_IMAGES + OTHERS
    before = table(tmp_path / "new", "SELECT * FROM item")
    reembed(mi2, other, filled, tmp_path / "new")
    assert table(tmp_path / "new", "SELECT * FROM item") == before
    found = json.loads(mi2("index", "overlap", str(filled), str(filled), "--format", "json", with_model=False).stdout)
    assert found["in_both"] == 3 * CT_IMAGES + OTHERS and found["neighbours"]["overlap"] == pytest.approx(1)
    # One window of it, which is compared with the rows through the same.
    reembed(mi2, other, filled, tmp_path / "one", "--window", "soft")
    for both in ((filled, tmp_path / "one"), (tmp_path / "one", filled)):
        found = json.loads(mi2("index", "overlap", *map(str, both), "--format", "json", with_model=False).stdout)
        assert found["in_both"] == CT_IMAGES + OTHERS
    assert totals(mi2, tmp_path / "one")["images"] == CT_IMAGES + OTHERS
    assert table(tmp_path / "one", "SELECT count(*) FROM voi") == [(0,)]


def test_a_card_names_the_window_and_replays_to_the_bit(mi2, filled, tmp_path):
    mi2("index", "search", str(filled), "--text", "ct, chest", "--by", "image", "-k", "5", "--cards", str(tmp_path / "cards"))
    path = next((tmp_path / "cards").glob("*.json"))
    card = json.loads(path.read_text())
    seen = {result["item"]: result.get("window") for result in card["results"]}
    known = dict(table(filled, "SELECT item, name FROM voi"))
    assert card["card"] == (6 if any(seen.values()) else 1) and seen == {item: known.get(item) for item in seen}
    mi2("index", "replay", str(filled), str(path), with_model=False)
    if window := next(filter(None, seen.values()), None):
        assert f">{window}<" in path.with_suffix(".html").read_text()


def test_vectors_of_who_knows_which_window_are_refused(mi2, filled, source, tmp_path):
    archive = own(filled, tmp_path)
    mi2("embed", str(source / "0" / "s0" / "00.dcm"), "--out", str(tmp_path / "v.npy"))
    assert "expected an archive of one window" in add(mi2, archive, tmp_path / "v.npy", status=4)
    assert "expected an archive of one window" in add(mi2, archive, "--dry-run", tmp_path / "v.npy", status=4)
    assert "--windows" in add(mi2, tmp_path / "new", "--windows", LIST, tmp_path / "v.npy", status=2)
    assert not (tmp_path / "new").exists()


def test_a_catalog_without_windows_is_read_and_converted_by_who_writes(mi2, source, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, source / "0")
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.executescript("DROP TABLE voi; DROP TABLE localizer; UPDATE meta SET value = '5' WHERE key = 'format'")
    assert len(query(mi2, archive, "--text", "ct", "--by", "image")) == SLICES and "sound" in sound(mi2, archive)
    assert added(add(mi2, archive, source / "1")) == SLICES
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    assert len(query(mi2, archive, "--text", "ct", "--by", "image", "-k", "100")) == 2 * SLICES


def test_images_are_embedded_again_through_the_window_of_each(mi2, source, tmp_path):
    add(mi2, tmp_path / "a", "--windows", LIST, source / "3", source / "0" / "s0" / "00.dcm")
    rows = table(tmp_path / "a", LIVE)
    for window in ((), ("--window", "40,400"), ("--window", "bone")):
        said = mi2("index", "verify", str(tmp_path / "a"), "--deep", "--model", mi2.model, *window, with_model=False).errors
        assert f"{len(rows)} images embedded again" in said and len(rows) == SLICES + 3


def test_repairing_one_row_of_an_image_takes_out_one_image(mi2, filled, tmp_path):
    archive = own(filled, tmp_path)
    assert table(archive, "SELECT count(*) FROM voi WHERE picture = 0") == [(len(WINDOWS),)]
    segment = archive / "vectors" / "000001.f32"
    content = bytearray(segment.read_bytes())
    content[HEADER] ^= 1  # of row 0
    segment.write_bytes(content)
    said = mi2("index", "verify", str(archive), "--repair", with_model=False).errors
    assert ": 1 images removed" in said
    assert totals(mi2, archive)["images"] == CT_IMAGES + OTHERS - 1


@pytest.mark.parametrize("change", ["UPDATE voi SET item = -1 WHERE item = 0",
                                    "INSERT INTO tile VALUES (-1, 0, 0, 0, 1, 1, 0, 1, 1)"])
def test_a_row_with_a_negative_number_is_refused_by_name(mi2, filled, tmp_path, change):
    archive = own(filled, tmp_path)
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute(change)
        catalog.commit()
    said = mi2("index", "search", str(archive), "--vector", str(save(tmp_path, np.eye(1, vectors_of(archive))[0])), "--by",
               "image", with_model=False, status=3).errors
    assert "a row with a negative number" in said


@pytest.mark.parametrize("change", ["UPDATE voi SET name = 'liver' WHERE item = 0", "UPDATE voi SET picture = -1 WHERE item = 0",
                                    "UPDATE voi SET picture = 0", "UPDATE voi SET picture = item",
                                    "UPDATE voi SET name = 'lung'", "DELETE FROM voi WHERE item = 0",
                                    f"UPDATE voi SET picture = ({FIRST_WITHOUT}) WHERE picture = (SELECT max(picture) FROM voi)"])
def test_a_catalog_whose_windows_make_no_sense_is_found(mi2, filled, tmp_path, change):
    archive = own(filled, tmp_path)
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute(change)
        catalog.commit()
    assert "sound" not in sound(mi2, archive, status=3)

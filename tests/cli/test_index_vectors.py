"""Files of vectors as a source of mi2 index add: what embed wrote, arrays with tables, and files of the worst kind."""
import csv
import json
import os
import shutil
import signal
import subprocess
import zipfile

import numpy as np
import pytest
from dicom_studies import slice_of, uid, write, write_hospital
from index_support import add, added, exported, query, sound, stats, table, totals

FACTS = ("SELECT modality, body_part, plane, description FROM series ORDER BY uid",
         "SELECT uid, date, site FROM study ORDER BY uid",
         "SELECT sop_uid, number, frames, locator, file_sha256 FROM instance WHERE deleted_seq IS NULL ORDER BY sop_uid",
         "SELECT kind, frame, position FROM item WHERE deleted_seq IS NULL ORDER BY kind, instance, frame",
         "SELECT sha256, blank, dhash FROM pixels ORDER BY sha256")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder)
    return folder


@pytest.fixture(scope="module")
def filled(mi2, hospital, tmp_path_factory):
    archive = tmp_path_factory.mktemp("filled") / "archive"
    add(mi2, archive, hospital)
    return archive


@pytest.fixture(scope="module")
def embedded(mi2, hospital, tmp_path_factory):
    """What embed writes of the hospital, in every format and with the model's name."""
    folder = tmp_path_factory.mktemp("embedded")
    for ending in ("npy", "jsonl", "csv"):
        mi2("embed", "--provenance", "--out", str(folder / f"v.{ending}"), str(hospital))
    return folder


def unit(rows, dimensions, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def dimensions(embedded):
    return np.load(embedded / "v.npy").shape[1]


def lines(path, rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def written(path, rows, header=None):
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(([header] if header else []) + rows)
    return path


def refused(archive):
    return dict(table(archive, "SELECT locator, reason FROM refused"))


@pytest.mark.parametrize("ending", ["npy", "jsonl", "csv"])
def test_what_embed_wrote_becomes_the_archive_that_adding_the_images_makes(mi2, hospital, filled, embedded, tmp_path, ending):
    archive = tmp_path / "a"
    source = embedded / f"v.{ending}"
    assert added(add(mi2, archive, source)) == 18
    for sql in FACTS:
        assert table(archive, sql) == table(filled, sql)
    assert totals(mi2, archive) == totals(mi2, filled)
    for asked in (("--text", "chest x-ray"), ("--text", "head", "--where", "modality=MR", "--by", "image"),
                  ("--study", uid("study", 0), "--by", "series")):
        one, other = query(mi2, archive, *asked), query(mi2, filled, *asked)
        assert one and [(row["study"], row["score"], row["verdict"] if "verdict" in row else None) for row in one] == \
            [(row["study"], row["score"], row["verdict"] if "verdict" in row else None) for row in other]
    assert table(archive, "SELECT count(*) FROM thumb") == table(filled, "SELECT count(*) FROM thumb")
    assert table(archive, "SELECT kind, url FROM source") == [("vectors", str(source))]
    assert "sound" in sound(mi2, archive)
    # Neither the vectors nor the images again change anything.
    before = table(archive, "SELECT * FROM item")
    assert "18 files unchanged" in add(mi2, archive, source)
    assert "18 files unchanged" in add(mi2, archive, hospital)
    assert table(archive, "SELECT * FROM item") == before


def test_the_dry_run_says_what_would_be_added_and_adds_nothing(mi2, embedded, filled, tmp_path):
    said = add(mi2, tmp_path / "a", embedded / "v.npy", "--dry-run")
    assert "18 vectors would be added" in said and not (tmp_path / "a").exists()
    assert "0 vectors would be added, 18 images are there already" in add(mi2, filled, embedded / "v.npy", "--dry-run")


def test_an_array_says_nothing_and_the_model_is_compared_with_it(mi2, hospital, embedded, tmp_path):
    plain = tmp_path / "plain.npy"
    mi2("embed", "--out", str(plain), str(hospital / "0"))
    assert added(add(mi2, tmp_path / "a", plain)) == 3
    made = stats(mi2, tmp_path / "a")
    assert any("unknown" in str(key) for key in json.dumps(made).split('"') if "mi2 unknown" in key)
    # The same rows of other images: eight of them are made again.
    rows = [json.loads(line) for line in (embedded / "v.jsonl").read_text().splitlines()]
    turned = [{**row, "embedding": other["embedding"]} for row, other in zip(rows, rows[9:] + rows[:9])]
    errors = mi2("index", "add", str(tmp_path / "b"), str(lines(tmp_path / "turned.jsonl", turned)), status=2).errors
    assert "the model makes another vector of its image" in errors and "nothing was added" in errors
    assert totals(mi2, tmp_path / "b")["images"] == 0


def test_rows_without_files_are_found_by_what_their_table_says(mi2, dimensions, tmp_path):
    vectors = unit(6, dimensions)
    np.save(tmp_path / "v.npy", vectors)
    rows = [[f"img-{i}", f"P{i // 2}", f"S{i // 2}", f"R{i // 2}", "CR" if i < 4 else "MR", "CHEST", f"2020-0{i + 1}-15", "F", 1950 + i,
             "1.5", "north", "ignored"] for i in range(6)]
    header = ["id", "patient", "study", "series", "modality", "body_part", "date", "sex", "birth_year", "field_strength", "site", "note"]
    facts = written(tmp_path / "rows.csv", rows, header)
    archive = tmp_path / "a"
    said = add(mi2, archive, tmp_path / "v.npy", "--table", facts)
    assert added(said) == 6 and "6 images are in no file here" in said and "columns of no field: note" in said
    assert "nothing but --model says" in said
    found = totals(mi2, archive)
    assert (found["images"], found["studies"], found["series"], found["patients"]) == (6, 3, 3, 3)
    assert "img-0" not in str(table(archive, "SELECT key FROM patient")) and "P0" not in str(table(archive, "SELECT * FROM patient"))
    for where, wanted in (("modality=CR", 4), ("site=north and birth_year>=1954", 2), ("date<2020-04", 4), ("study=S1", 2),
                          ("path~img-3", 1), ("field_strength=1.5 and sex=F", 6)):
        assert len(query(mi2, archive, "--text", "x", "--by", "image", "--where", where, "-k", 50)) == wanted, where
    np.save(tmp_path / "q.npy", vectors[4:5])
    best = query(mi2, archive, "--vector", tmp_path / "q.npy", "--by", "image", "-k", 1)[0]
    assert best["path"] == "vectors:img-4" and best["score"] == pytest.approx(1, abs=1e-6) and best["study"] == "S2"
    # A study's own patient is left out, as of images.
    assert {row["study"] for row in query(mi2, archive, "--study", "S0")} == {"S1", "S2"}
    assert "sound" in sound(mi2, archive)
    assert "6 files unchanged" in add(mi2, archive, tmp_path / "v.npy", "--table", facts)
    # Nothing has pixels, and what wants them says so.
    (tmp_path / "key").write_text("of a release, that nobody else has\n" * 2)
    assert "no file: vectors" in mi2("index", "export", str(archive), "--what", "dicom", "--anonymize", "basic", "--key", str(tmp_path / "key"),
                                     "--to", str(tmp_path / "out"), with_model=False, status=7).errors
    assert "no file: vectors" in mi2("index", "reembed", str(archive), str(tmp_path / "b"), status=7).errors


def test_a_changed_vector_or_line_takes_the_place_of_the_one_before(mi2, dimensions, tmp_path):
    vectors = unit(4, dimensions)
    names = [f"i{i}" for i in range(4)]
    archive, source = tmp_path / "a", tmp_path / "v.jsonl"

    def rows(matrix):
        return [{"path": name, "embedding": [float(x) for x in row]} for name, row in zip(names, matrix)]

    add(mi2, archive, lines(source, rows(vectors)))
    changed = vectors.copy()
    changed[2] = unit(1, dimensions, 9)[0]
    said = add(mi2, archive, lines(source, rows(changed)))
    assert added(said) == 1 and "3 files unchanged" in said and "1 files replaced" in said
    found, kept = exported(mi2, archive, tmp_path)
    assert np.array_equal(kept[[found.index(f"vectors:{name}") for name in names]], changed)
    facts = written(tmp_path / "f.csv", [[name, "CT"] for name in names], ["path", "modality"])
    assert added(add(mi2, archive, source, "--table", facts)) == 4 and totals(mi2, archive)["images"] == 4
    assert len(query(mi2, archive, "--text", "x", "--by", "image", "--where", "modality=CT")) == 4
    # Another file may have the same rows, and not others under the same names.
    again = lines(tmp_path / "again.jsonl", rows(changed))
    assert "4 files unchanged" in add(mi2, archive, again, "--table", facts)
    other = lines(tmp_path / "other.jsonl", rows(unit(4, dimensions, 3)))
    said = add(mi2, archive, other, "--table", facts, status=3)
    assert "of another source" in said and totals(mi2, archive)["images"] == 4
    assert "sound" in sound(mi2, archive)


def test_images_whose_files_were_added_by_others_replace_their_bare_vectors(mi2, hospital, dimensions, tmp_path):
    folder = tmp_path / "later"
    shutil.copytree(hospital / "2", folder)
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(folder))
    hidden = folder.rename(tmp_path / "away")
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "v.npy")
    # Another source has images of the same names, and keeps them.
    hidden.rename(folder)
    add(mi2, archive, folder)
    assert totals(mi2, archive)["images"] == 6
    said = add(mi2, archive, tmp_path / "v.npy")
    assert "3 files replaced" in said and totals(mi2, archive)["images"] == 3
    assert "3 files unchanged" in add(mi2, archive, tmp_path / "v.npy") and "sound" in sound(mi2, archive)


def test_lines_of_a_table_in_order_are_each_of_their_own_frame(mi2, dimensions, tmp_path):
    np.save(tmp_path / "v.npy", unit(4, dimensions))
    facts = written(tmp_path / "f.csv", [["cine", f + 1, 2.5 * f, "CT"] for f in range(4)], ["path", "frame", "position", "modality"])
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "v.npy", "--table", facts)
    assert sorted(table(archive, "SELECT frame, position FROM item WHERE kind = 'frame' AND deleted_seq IS NULL")) == \
        [(f, 2.5 * f) for f in range(4)]
    facts = written(tmp_path / "f.csv", [["cine", f + 1, 2.5 * f + (f == 3), "CT"] for f in range(4)], ["path", "frame", "position", "modality"])
    assert "1 files replaced" in add(mi2, archive, tmp_path / "v.npy", "--table", facts)
    facts = written(tmp_path / "f.csv", [["cine", f + 1, 0, "MR" if f == 2 else "CT"] for f in range(4)], ["path", "frame", "position", "modality"])
    assert "line 4 of the table says something else of its image than line 2" in add(mi2, tmp_path / "b", tmp_path / "v.npy", "--table", facts, status=8)


def test_doubles_count_and_frames_are_told_apart(mi2, dimensions, tmp_path):
    vectors = unit(4, dimensions)
    np.save(tmp_path / "v.npy", vectors.astype(np.float64))
    facts = written(tmp_path / "f.csv", [["cine", f + 1, 2.5 * f] for f in range(4)], ["path", "frame", "position"])
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "v.npy", "--table", facts)) == 4
    assert table(archive, "SELECT count(*), frames FROM instance") == [(1, 4)]
    found = query(mi2, archive, "--text", "x", "--by", "image", "-k", 9)
    assert sorted(row["frame"] for row in found) == [1, 2, 3, 4]


def test_frames_of_files_are_those_that_embed_chose(mi2, hospital, tmp_path):
    data = slice_of(50, 0, 1)
    frame = np.frombuffer(data.PixelData, "<u2")
    data.NumberOfFrames = 5
    data.PixelData = b"".join(np.roll(frame, 40 * f).tobytes() for f in range(5))
    cine = write(tmp_path / "cine" / "c.dcm", data)
    mi2("embed", "--out", str(tmp_path / "middle.jsonl"), str(cine))
    mi2("embed", "--frames", "all", "--out", str(tmp_path / "all.npy"), str(cine))
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "middle.jsonl")) == 1
    assert table(archive, "SELECT frame FROM item WHERE kind = 'frame'") == [(2,)]
    # Adding the file embeds the frames that are not there.
    assert added(add(mi2, archive, cine)) == 4 and totals(mi2, archive)["images"] == 5
    assert added(add(mi2, tmp_path / "b", tmp_path / "all.npy")) == 5
    assert "1 files unchanged" in add(mi2, tmp_path / "b", cine)
    assert np.abs(exported(mi2, archive, tmp_path)[1] @ exported(mi2, tmp_path / "b", tmp_path)[1].T).max() > .999


def test_a_table_says_what_pictures_do_not_and_a_header_goes_before_it(mi2, images, hospital, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("gray.png", "rgba.png"):
        shutil.copy(images / name, folder / name)
    shutil.copy(hospital / "0" / "s0" / "00.dcm", folder / "x.dcm")
    with zipfile.ZipFile(folder / "z.zip", "w") as zipped:
        zipped.write(images / "grey.jpg", "in/side.jpg")
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(folder))
    facts = written(tmp_path / "f.csv", [["pictures/gray.png", "CR", "A", "P1"], ["pictures/rgba.png", "DX", "A", "P1"],
                                         ["pictures/x.dcm", "US", "A", "P9"], ["elsewhere/q.png", "US", "B", "P2"]],
                    ["path", "modality", "study", "patient"])
    archive = tmp_path / "a"
    said = add(mi2, archive, tmp_path / "v.npy", "--table", facts)
    assert "1 lines are of no row" in said
    count = added(said)
    assert count == totals(mi2, archive)["images"] >= 3
    assert sorted(table(archive, "SELECT modality FROM series")) == [("CR",), ("CT",), ("DX",)]
    assert {row[0] for row in table(archive, "SELECT uid FROM study")} == {"A", uid("study", 0)}
    assert table(archive, "SELECT count(*) FROM thumb") == [(count,)]
    assert f"{count} files unchanged" in add(mi2, archive, folder)
    for bad, said in (([["pictures/gray.png", "soon"]], "a day as"), ([["", "2020-01-01"]], "expected a name")):
        done = mi2("index", "add", str(tmp_path / "b"), str(tmp_path / "v.npy"), "--table",
                   str(written(tmp_path / "bad.csv", bad, ["path", "date"])), status=8 if "soon" in str(bad) else 3)
        assert said in done.errors


def test_images_that_come_after_their_vectors_are_not_there_twice(mi2, hospital, tmp_path):
    folder = tmp_path / "later"
    shutil.copytree(hospital / "1", folder)
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(folder))
    hidden = folder.rename(tmp_path / "away")
    archive = tmp_path / "a"
    assert "3 images are in no file here" in add(mi2, archive, tmp_path / "v.npy")
    hidden.rename(folder)
    said = add(mi2, archive, tmp_path / "v.npy")
    assert added(said) == 3 and totals(mi2, archive)["images"] == 3 and "3 files replaced" in said
    assert all(row[0].startswith("/") for row in table(archive, "SELECT locator FROM instance WHERE deleted_seq IS NULL"))
    folder.rename(hidden)
    assert "3 files unchanged" in add(mi2, archive, tmp_path / "v.npy") and totals(mi2, archive)["images"] == 3


def test_a_source_of_vectors_is_removed_as_others_are(mi2, dimensions, tmp_path):
    archive = tmp_path / "a"
    for name in ("one", "two"):
        np.save(tmp_path / f"{name}.npy", unit(3, dimensions, len(name) + ord(name[0])))
        add(mi2, archive, tmp_path / f"{name}.npy")
    assert [(kind, url) for kind, url in table(archive, "SELECT kind, url FROM source")] == \
        [("vectors", str(tmp_path / "one.npy")), ("vectors", str(tmp_path / "two.npy"))]
    assert str(tmp_path / "two.npy") in json.dumps(stats(mi2, archive))
    mi2("index", "rm", str(archive), "--where", "source=1", "--erase", "--yes", with_model=False)
    assert totals(mi2, archive)["images"] == 3 and "sound" in sound(mi2, archive)
    assert added(add(mi2, archive, tmp_path / "one.npy")) == 3


def test_a_killed_run_goes_on_where_it_stopped(mi2, dimensions, tmp_path):
    np.save(tmp_path / "v.npy", unit(4000, dimensions))
    archive = tmp_path / "a"
    running = subprocess.Popen([mi2.path, "index", "add", str(archive), str(tmp_path / "v.npy")], env=mi2.environment(),
                               stderr=subprocess.DEVNULL)
    while running.poll() is None and (not (archive / "catalog.sqlite").exists()
                                      or not table(archive, "SELECT count(*) FROM sqlite_master WHERE name = 'item'")[0][0]
                                      or table(archive, "SELECT count(*) FROM item")[0][0] < 200):
        pass
    if running.poll() is None:
        os.kill(running.pid, signal.SIGKILL)
    running.wait()
    add(mi2, archive, tmp_path / "v.npy")
    assert totals(mi2, archive)["images"] == 4000 and "sound" in sound(mi2, archive)



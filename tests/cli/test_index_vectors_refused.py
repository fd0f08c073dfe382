"""Files of vectors as sources of archives: what of them is refused, and that nothing is guessed in its place."""
import json
import os
import shutil
import subprocess

import numpy as np
from dicom_studies import slice_of, write
from index_support import add, added, exported, sound, totals
from test_index_vectors import dimensions, embedded, hospital, lines, refused, unit, written  # noqa: F401 (fixtures)


def test_vectors_of_another_model_profile_or_size_are_refused_by_name(mi2, embedded, dimensions, tmp_path):  # noqa: F811
    rows = [json.loads(line) for line in (embedded / "v.jsonl").read_text().splitlines()]
    for key, value, said in (("weights_sha256", "0" * 64, "expected vectors of weights"),
                             ("profile", "azure", "expected vectors of profile")):
        other = [{**row, "provenance": {**row["provenance"], key: value}} for row in rows]
        errors = mi2("index", "add", str(tmp_path / "a"), str(lines(tmp_path / "o.jsonl", other)), status=2).errors
        assert said in errors and not (tmp_path / "a").exists()
    mixed = [rows[0], {**rows[1], "provenance": {**rows[1]["provenance"], "dtype": "int8"}}]
    assert "is of another model" in mi2("index", "add", str(tmp_path / "a"), str(lines(tmp_path / "m.jsonl", mixed)), status=3).errors
    np.save(tmp_path / "short.npy", unit(3, dimensions + 1))
    errors = mi2("index", "add", str(tmp_path / "a"), str(tmp_path / "short.npy"), status=2).errors
    assert f"vectors of {dimensions} numbers" in errors
    for name in ("v.parquet", "v.npz", "v.safetensors"):
        (tmp_path / name).write_bytes(b"PAR1")
        assert "expected embeddings as .npy, .jsonl or .csv" in mi2("index", "add", str(tmp_path / "a"), str(tmp_path / name), status=4).errors


def test_the_model_is_compared_with_images_that_are_there_already(mi2, hospital, embedded, dimensions, tmp_path):  # noqa: F811
    """Of an array that says nothing: with those of its images that the archive has, before its other rows are believed."""
    archive = tmp_path / "a"
    add(mi2, archive, hospital)
    rows = [json.loads(line) for line in (embedded / "v.jsonl").read_text().splitlines()]
    names = [row["path"] for row in rows] + [f"x{i}" for i in range(20)]
    np.save(tmp_path / "v.npy", unit(len(names), dimensions, 7))
    facts = written(tmp_path / "f.csv", [[name] for name in names], ["path"])
    errors = mi2("index", "add", str(archive), str(tmp_path / "v.npy"), "--table", str(facts), status=2).errors
    assert "the model makes another vector of its image" in errors and totals(mi2, archive)["images"] == 18


def test_frames_of_an_image_that_is_gone_are_not_lost_in_silence(mi2, tmp_path):
    data = slice_of(50, 0, 1)
    frame = np.frombuffer(data.PixelData, "<u2")
    data.NumberOfFrames = 5
    data.PixelData = b"".join(np.roll(frame, 40 * f).tobytes() for f in range(5))
    cine = write(tmp_path / "cine" / "c.dcm", data)
    mi2("embed", "--out", str(tmp_path / "middle.jsonl"), str(cine))
    mi2("embed", "--frames", "all", "--out", str(tmp_path / "all.npy"), str(cine))
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "middle.jsonl")
    os.remove(cine)
    assert "1 files unchanged" in add(mi2, archive, tmp_path / "middle.jsonl")
    said = add(mi2, archive, tmp_path / "all.npy", status=3)
    assert "5 refused" in said and "other frames of it" in said and totals(mi2, archive)["images"] == 1


def test_a_path_that_is_gone_and_names_another_image_now_is_not_passed_over(mi2, hospital, dimensions, tmp_path):  # noqa: F811
    folder, archive = tmp_path / "in", tmp_path / "a"
    shutil.copytree(hospital / "0", folder)
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(folder))
    add(mi2, archive, folder)
    names, vectors = exported(mi2, archive, tmp_path)
    shutil.rmtree(folder)
    assert "3 files unchanged" in add(mi2, archive, tmp_path / "v.npy")
    said = mi2("index", "add", "--dry-run", str(archive), str(tmp_path / "v.npy")).errors
    assert "3 images are there already" in said and "3 of those that are there have no file any more" in said
    other = np.concatenate([vectors[:1], unit(2, dimensions, 5)])
    np.save(tmp_path / "other.npy", other.astype(np.float32))
    facts = written(tmp_path / "f.csv", [[name] for name in names], ["path"])
    said = add(mi2, archive, tmp_path / "other.npy", "--table", facts, status=8)
    assert "1 files unchanged" in said and "2 refused" in said and "the archive has another image of this name" in said
    assert np.array_equal(exported(mi2, archive, tmp_path)[1], vectors)


def test_a_vector_older_than_its_image_does_not_take_the_place_of_another(mi2, hospital, tmp_path):  # noqa: F811
    folder = tmp_path / "in"
    shutil.copytree(hospital / "0", folder)
    archive = tmp_path / "a"
    add(mi2, archive, folder)
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(folder))
    changed = folder / "s0" / "01.dcm"
    data = slice_of(0, 0, 1)
    data.PixelData = bytes(reversed(data.PixelData))
    write(changed, data)
    os.utime(changed, (os.stat(tmp_path / "v.npy").st_mtime + 60,) * 2)
    before = exported(mi2, archive, tmp_path)
    said = add(mi2, archive, tmp_path / "v.npy", status=8)
    assert "has changed" in said and totals(mi2, archive)["images"] == 3
    assert np.array_equal(exported(mi2, archive, tmp_path)[1], before[1])


def test_a_site_of_a_table_does_not_split_a_patient_whom_headers_name(mi2, hospital, tmp_path):  # noqa: F811
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(hospital / "0"))
    rows = [json.loads(line)["path"] for line in (tmp_path / "v.npy.rows.jsonl").read_text().splitlines()[:-1]]
    facts = written(tmp_path / "f.csv", [[name, "north"] for name in rows], ["path", "site"])
    assert "expected the site of --site" in add(mi2, tmp_path / "a", tmp_path / "v.npy", "--table", facts, status=3)
    assert added(add(mi2, tmp_path / "b", "--site", "north", tmp_path / "v.npy", "--table", facts)) == 3


def test_a_frame_that_is_no_number_is_not_the_middle_one(mi2, dimensions, tmp_path):  # noqa: F811
    one = [float(x) for x in unit(1, dimensions)[0]]
    numbers = ",".join(map(str, one))
    head = "path,frame," + ",".join(f"e{i}" for i in range(dimensions))
    for frame in ("2.0", "-3", "two"):
        (tmp_path / "v.csv").write_text(f"{head}\na,{frame},{numbers}\nb,1,{numbers}\n")
        said = add(mi2, tmp_path / "a", "--dry-run", tmp_path / "v.csv", status=8)
        assert "1 vectors would be added" in said and "1 refused" in said
    for frame in ("2.0", "-3", '"2"', "18446744073709551615"):
        (tmp_path / "v.jsonl").write_text(f'{{"path": "a", "frame": {frame}, "embedding": {one}}}\n{{"path": "b", "embedding": {one}}}\n')
        said = add(mi2, tmp_path / "a", "--dry-run", tmp_path / "v.jsonl", status=8)
        assert "1 vectors would be added" in said and "1 refused" in said
    (tmp_path / "v.csv").write_text(f"{head}\na,1,{numbers}\rb,1,{numbers}\nc,1,{numbers}\n")
    said = add(mi2, tmp_path / "a", "--dry-run", tmp_path / "v.csv", status=8)
    assert "1 vectors would be added" in said and "1 refused" in said


def test_lines_that_cannot_be_read_end_the_run_before_they_fill_the_memory(mi2, dimensions, tmp_path):  # noqa: F811
    good = json.dumps({"path": "a", "embedding": [float(x) for x in unit(1, dimensions)[0]]})
    (tmp_path / "v.jsonl").write_text(good + "\n" + "x\n" * 200_000)
    assert "more than 100000 lines cannot be read" in mi2("index", "add", str(tmp_path / "a"), str(tmp_path / "v.jsonl"), status=3).errors
    assert not (tmp_path / "a").exists()


def test_bad_rows_are_refused_one_by_one_and_counted(mi2, dimensions, tmp_path):  # noqa: F811
    vectors = unit(8, dimensions)
    vectors[1, 3], vectors[2, 0] = np.nan, np.inf
    vectors[3] *= 12
    vectors[4] = 0
    np.save(tmp_path / "v.npy", vectors)
    said = add(mi2, tmp_path / "a", tmp_path / "v.npy", status=8)
    assert added(said) == 4 and "4 refused" in said
    for row, reason in ((2, "number 4 is not finite"), (3, "number 1 is not finite"), (4, "got one of 12"), (5, "got one of 0")):
        assert reason in refused(tmp_path / "a")[f"vectors:{tmp_path}/v.npy/row {row}"]
    vectors[1:5] = unit(4, dimensions, 5)
    np.save(tmp_path / "v.npy", vectors)
    assert added(add(mi2, tmp_path / "a", tmp_path / "v.npy")) == 4 and refused(tmp_path / "a") == {}
    good = [float(x) for x in unit(1, dimensions)[0]]
    text = json.dumps(good)
    rows = [{"path": "a", "embedding": good}, {"path": "a", "embedding": good}, {"text": "t", "embedding": good},
            f'{{"path": "b", "embedding": {text.replace("[", "[NaN, ", 1)}}}', f'{{"path": "c", "embedding": {text[:-30]}',
            {"path": "d", "frame": 3, "tile": {"level": 0}, "embedding": good}, {"path": "", "embedding": good},
            {"path": "e", "embedding": [1e39] + good[1:]}, "[]", {"path": "f\0g", "embedding": good},
            {"path": "x" * 5000, "embedding": good}, {"path": "z", "frame": 2 ** 60, "embedding": good}, {"path": "h", "embedding": good}]
    said = add(mi2, tmp_path / "b", lines(tmp_path / "v.jsonl", rows), status=8)
    assert added(said) == 2 and "11 refused" in said
    assert "of another" not in said and "before it is of the same image" in said and "is of a text" in said and "tile" in said
    assert "sound" in sound(mi2, tmp_path / "b")


def test_broken_files_are_refused_whole_and_nothing_is_made(mi2, dimensions, tmp_path):  # noqa: F811
    def npy(descr, shape, data=b"", order="False"):
        header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117) + "\n"
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data

    whole = npy("<f4", f"(2, {dimensions})", unit(2, dimensions).tobytes())
    files = {"cut.npy": whole[:-7], "head.npy": whole[:50], "longer.npy": whole + b"0000", "huge.npy": npy("<f4", "(18446744073709551615, 4096)"),
             "rows.npy": npy("<f4", f"(4294967296, {dimensions})"), "none.npy": npy("<f4", "(999999999999, 0)"),
             "empty.npy": npy("<f4", f"(0, {dimensions})"), "half.npy": npy("<f2", f"(2, {dimensions})", bytes(4 * dimensions)),
             "objects.npy": npy("|O", "(2, 2)", bytes(99)), "order.npy": npy("<f4", f"(2, {dimensions})", bytes(8 * dimensions), "True"),
             "one.npy": npy("<f4", "(8,)", bytes(32)), "zero.npy": b"", "empty.jsonl": b"\n\n", "labels.csv": b"path,label\na.png,1\n",
             "quote.csv": b'kind,input,e0\nimage,"a,1\n' * 3, "list.jsonl": b"{}\n" * 4}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        done = subprocess.run([mi2.path, "index", "add", str(tmp_path / "a"), str(tmp_path / name)], env=mi2.environment(), capture_output=True,
                              check=False, timeout=60)
        assert done.returncode in (2, 3, 4, 5), (name, done.returncode, done.stderr)
    assert not (tmp_path / "a").exists() or totals(mi2, tmp_path / "a")["images"] == 0
    # Names beside an array are of that array, or of none.
    np.save(tmp_path / "v.npy", unit(2, dimensions))
    shutil.copy(tmp_path / "list.jsonl", tmp_path / "v.npy.rows.jsonl")
    assert "of another array" in mi2("index", "add", str(tmp_path / "c"), str(tmp_path / "v.npy"), status=3).errors


def test_what_makes_no_sense_for_vectors_is_refused(mi2, embedded, hospital, tmp_path):  # noqa: F811
    source = str(embedded / "v.npy")
    for more, said in ((("--watch",), "--watch: expected images"), (("--slices", "max:2"), "--slices: expected images"),
                       ((str(hospital),), "files of vectors alone"), ((str(embedded / "v.csv"), "--table", str(embedded / "v.csv")), "one file of vectors")):
        assert said in mi2("index", "add", str(tmp_path / "a"), source, *more, status=2).errors
    assert "expected a file of vectors" in mi2("index", "add", str(tmp_path / "a"), str(hospital), "--table", source, status=2).errors
    assert not (tmp_path / "a").exists()

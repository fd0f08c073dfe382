"""Frames as items of their own: which are chosen, what rows say, and that each is the frame that pydicom reads."""
import csv
import importlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHARED = Path(os.environ.get("MI2_SHARED_DATA", "/nonexistent"))
MULTI_FRAME = {
    "CT": "dicom-transfer-syntaxes/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm",
    "MR": "dicom-extra/pydicom-data/emri_small.dcm",
    "MR-RLE": "dicom-extra/pydicom-data/emri_small_RLE.dcm",
    "US": "dicom-pydicom/examples_ybr_color.dcm",
    "US-palette": "dicom-extra/pydicom-data/OBXXXX1A_rle_2frame.dcm",
}


def dicom_file(path, frames, rows=16, columns=24):
    """12-bit grey in explicit VR little endian, written by hand; every frame is another pattern."""
    def element(group, number, kind, value):
        value += (b"\0" if kind == b"UI" else b" ") * (len(value) % 2)
        head = group.to_bytes(2, "little") + number.to_bytes(2, "little") + kind
        if kind in (b"OW", b"OB"):
            return head + b"\0\0" + len(value).to_bytes(4, "little") + value
        return head + len(value).to_bytes(2, "little") + value

    def short(value):
        return value.to_bytes(2, "little")

    meta = element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1")
    meta = element(2, 0, b"UL", len(meta).to_bytes(4, "little")) + meta
    with open(path, "wb") as file:
        file.write(b"\0" * 128 + b"DICM" + meta)
        for number, kind, value in ((0x02, b"US", short(1)), (0x04, b"CS", b"MONOCHROME2"),
                                    (0x08, b"IS", str(frames).encode()), (0x10, b"US", short(rows)),
                                    (0x11, b"US", short(columns)), (0x100, b"US", short(16)),
                                    (0x101, b"US", short(12)), (0x102, b"US", short(11)), (0x103, b"US", short(0)),
                                    (0x1050, b"DS", b"2048"), (0x1051, b"DS", b"4096")):
            file.write(element(0x28, number, kind, value))
        size = frames * rows * columns * 2
        file.write(b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little"))
        grid = np.arange(rows * columns, dtype=np.uint32).reshape(rows, columns)
        for frame in range(frames):
            file.write(((grid * (7 + frame % 50) + 301 * frame) % 4096).astype("<u2").tobytes())
    return str(path)


@pytest.fixture
def cine(tmp_path):
    return dicom_file(tmp_path / "cine.dcm", 7)


@pytest.fixture
def pages(tmp_path):
    """A TIFF of five pages; each has its own grey."""
    path = tmp_path / "pages.tif"
    first, *more = [Image.fromarray(np.full((20, 30), 40 * page, np.uint8)) for page in range(5)]
    first.save(path, save_all=True, append_images=more)
    return str(path)


def frames_of(rows):
    return [row["frame"] for row in rows]


@pytest.mark.parametrize("selection,numbers", [
    ("middle", [4]), ("all", [1, 2, 3, 4, 5, 6, 7]), ("first", [1]), ("7", [7]), ("every:3", [1, 4, 7]),
    ("center:2", [3, 4]), ("center:3", [3, 4, 5]), ("center:100", [1, 2, 3, 4, 5, 6, 7])])
def test_selections(mi2, cine, selection, numbers):
    rows = mi2.rows("embed", "--frames", selection, cine)
    assert frames_of(rows) == numbers
    assert {row["frames"] for row in rows} == {7} and {row["path"] for row in rows} == {cine}


def test_pages_of_a_tiff(mi2, pages):
    assert frames_of(mi2.rows("embed", "--frames", "every:2", pages)) == [1, 3, 5]
    assert frames_of(mi2.rows("embed", "--frames", "center:1", pages)) == [3]
    first, = mi2.rows("embed", pages)
    middle, = mi2.rows("embed", "--frames", "middle", pages)
    assert middle["frame"] == 1 and middle["embedding"] == first["embedding"]


def test_without_the_option_rows_are_what_they_were(mi2, cine, picture):
    row, other = mi2.rows("embed", cine, picture)
    assert list(row) == list(other) == ["path", "embedding"]
    middle, one = mi2.rows("embed", "--frames", "middle", cine, picture)
    assert list(middle) == ["path", "frame", "frames", "embedding"]
    assert middle["embedding"] == row["embedding"] and (one["frame"], one["frames"]) == (1, 1)


def test_every_format_says_which_frame(mi2, cine, tmp_path):
    rows = mi2.rows("embed", "--frames", "every:3", "--provenance", cine, "--text", "t")
    assert "frame" not in rows[-1]
    text = mi2("embed", "--frames", "every:3", "--provenance", "--format", "csv", cine, "--text", "t").stdout.decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert list(table[0])[:4] == ["kind", "input", "frame", "weights_sha256"]
    assert [line["frame"] for line in table] == ["1", "4", "7", ""]
    array = np.load(io.BytesIO(mi2("embed", "--frames", "every:3", "--format", "npy", cine).stdout))
    np.testing.assert_array_equal(array, np.array([row["embedding"] for row in rows[:-1]], np.float32))


def test_a_bad_selection_and_a_frame_that_is_not_there(mi2, cine, picture):
    wrong = mi2("embed", "--frames", "last", cine, status=2).errors
    assert "--frames: expected middle, all, first, N, every:K or center:K, got 'last'" in wrong
    assert "from 1 to 7, got 8" in mi2("embed", "--frames", "8", cine, status=2).errors
    done = mi2("embed", "--frames", "2", cine, picture, status=8)
    assert picture in done.errors and done.stdout.count(b"\n") == 1


def test_a_corrupt_frame_costs_its_own_row(mi2, tmp_path, cine):
    path = tmp_path / "cut.dcm"
    content = Path(cine).read_bytes()
    path.write_bytes(content[:-16 * 24 * 2 - 100])
    done = mi2("embed", "--frames", "all", str(path), cine, status=8)
    numbers = [(row["path"], row["frame"]) for row in map(json.loads, done.stdout.splitlines())]
    assert [number for name, number in numbers if name == cine] == [1, 2, 3, 4, 5, 6, 7]
    assert str(path) in done.errors


def test_classify_has_scores_per_frame(mi2, cine):
    options = ["classify", "--labels", "a,b", "--frames", "every:3"]
    rows = mi2.rows(*options, "--format", "jsonl", cine)
    assert frames_of(rows) == [1, 4, 7] and all(len(row["labels"]) == 2 for row in rows)
    table = list(csv.DictReader(io.StringIO(mi2(*options, "--format", "csv", cine).stdout.decode())))
    assert list(table[0]) == ["path", "frame", "rank", "label", "score"]
    assert [line["frame"] for line in table] == ["1", "1", "4", "4", "7", "7"]
    lines = mi2(*options, cine).stdout.decode().splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [f"{cine}, frame {n} of 7" for n in (1, 4, 7)]


def test_batch_takes_exactly_one_frame(mi2, cine, tmp_path):
    import base64
    source, out = tmp_path / "rows.jsonl", str(tmp_path / "out.jsonl")
    source.write_text(json.dumps({"image": base64.b64encode(Path(cine).read_bytes()).decode()}) + "\n")
    for selection in ("2", "first"):
        mi2("batch", "--profile", "raw", "--frames", selection, "--force", str(source), out)
        row, = map(json.loads, Path(out).read_text().splitlines())
        wanted, = mi2.rows("embed", "--frames", selection, cine)
        assert row["image_features"][0] == wanted["embedding"]
    mi2("batch", "--frames", "all", "--force", str(source), out, status=8)
    error = json.loads(Path(out).read_text())["error"]
    assert error["code"] == "bad_argument" and "one frame, got 7" in error["message"]


@pytest.mark.parametrize("output_format", ["jsonl", "csv"])
def test_classify_of_embeddings_of_frames_says_which(mi2, cine, picture, tmp_path, output_format):
    vectors = tmp_path / "v.jsonl"
    mi2("embed", "--frames", "every:3", "--out", str(vectors), cine)
    options = ["classify", "--labels", "a,b", "--format", output_format]
    of_images = mi2(*options, "--frames", "every:3", cine).stdout.decode()
    of_vectors = mi2(*options, "--embeddings", str(vectors)).stdout.decode()
    if output_format == "csv":
        assert of_vectors == of_images and of_vectors.startswith("path,frame,rank,label,score\n")
    else:
        assert frames_of(map(json.loads, of_vectors.splitlines())) == [1, 4, 7]
    # Where no row has a frame there is no column.
    mi2("embed", "--out", str(vectors), "--force", picture)
    assert mi2(*options, "--embeddings", str(vectors)).stdout.decode() == mi2(*options, picture).stdout.decode()


def test_a_batch_of_other_frames_is_not_gone_on_with(mi2, cine, tmp_path):
    import base64
    source, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    line = json.dumps({"image": base64.b64encode(Path(cine).read_bytes()).decode()}) + "\n"
    source.write_text(line * 400)
    process = subprocess.Popen([mi2.path, "batch", "--batch", "1", "--frames", "1", str(source), str(out)],
                               env=mi2.environment(), stderr=subprocess.DEVNULL)
    part = tmp_path / "out.jsonl.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size > 0):
        pass
    process.kill()
    process.wait(60)
    if not part.exists():
        pytest.skip("it was done before it was killed")
    assert "--restart" in mi2("batch", "--frames", "2", str(source), str(out), status=2).errors


def test_rows_of_frames_find_the_label_of_their_file(mi2, tmp_path):
    one, two = dicom_file(tmp_path / "one.dcm", 3), dicom_file(tmp_path / "two.dcm", 4)
    vectors, labels = str(tmp_path / "v.jsonl"), tmp_path / "labels.csv"
    mi2("embed", "--frames", "all", "--out", vectors, one, two)
    labels.write_text("path,label\none.dcm,a\ntwo.dcm,b\n")
    done = mi2("knn", "--train", vectors, "--labels", str(labels), "--k", "1", "--format", "jsonl", vectors)
    # The first three frames of both files are the same; the fourth is of one file alone.
    assert [json.loads(line)["labels"][0]["label"] for line in done.stdout.splitlines()] == ["a"] * 6 + ["b"]


def test_frames_of_one_file_do_not_vote_for_each_other_where_files_are_groups(mi2, tmp_path):
    vectors, labels = tmp_path / "v.jsonl", tmp_path / "labels.csv"
    rows = [("a.dcm", 1, [1, 0]), ("a.dcm", 2, [1, 0.1]), ("b.dcm", 1, [0, 1]), ("b.dcm", 2, [0.1, 1])]
    vectors.write_text("".join(json.dumps({"path": path, "frame": frame, "frames": 2, "embedding": vector}) + "\n"
                               for path, frame, vector in rows))
    labels.write_text("path,label\na.dcm,x\nb.dcm,y\n")

    def voted(*more):
        done = mi2("knn", "--train", str(vectors), "--labels", str(labels), "--k", "1", "--format", "jsonl", *more,
                   str(vectors), with_model=False)
        return [json.loads(line)["labels"][0]["label"] for line in done.stdout.splitlines()]
    assert voted() == list("xxyy") and voted("--group", "path") == list("yyxx")


@pytest.mark.parametrize("kind", MULTI_FRAME)
def test_each_row_is_the_frame_that_pydicom_reads(mi2, tmp_path, kind):
    path = SHARED / MULTI_FRAME[kind]
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    check_rows(mi2, tmp_path, path)


def test_each_row_is_the_frame_that_pydicom_reads_without_shared_data(mi2, tmp_path, cine):
    check_rows(mi2, tmp_path, Path(cine))


def check_rows(mi2, tmp_path, path):
    """Every row against the vector of a PNG that pydicom and docs/dicom.md make of the frame."""
    for module in ("pydicom", "pylibjpeg", "libjpeg", "jpeg_ls"):
        pytest.importorskip(module)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dicom"))
    reference = importlib.import_module("check_with_pydicom")
    dataset = reference.pydicom.dcmread(path, force=True)
    count = reference.frame_count(dataset)
    names = []
    for index in range(count):
        names.append(str(tmp_path / f"{index}.png"))
        Image.fromarray(reference.expected(dataset, index)).save(names[-1])
    rows = mi2.rows("embed", "--frames", "all", str(path))
    assert count > 1 and frames_of(rows) == list(range(1, count + 1))
    got = np.array([row["embedding"] for row in rows])
    wanted = np.array([row["embedding"] for row in mi2.rows("embed", *names)])
    if reference.tolerance(dataset) == 0:
        np.testing.assert_array_equal(got, wanted)
        return
    # Lossy decoders differ by a few grey levels. A frame must still be nearest to itself.
    near = got @ wanted.T
    assert near.diagonal().min() > 0.999
    np.testing.assert_allclose(near.diagonal(), near.max(axis=1), atol=1e-4)


@pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="a sanitizer keeps freed memory for a while")
def test_memory_does_not_grow_with_the_number_of_frames(mi2, tmp_path):
    def peak(frames):
        path = dicom_file(tmp_path / f"{frames}.dcm", frames, rows=256, columns=256)
        process = subprocess.Popen([mi2.path, "embed", "--batch", "2", "--frames", "all", path],
                                   env=mi2.environment(), stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss, os.stat(path).st_size // 1024
    few, small = peak(10)
    many, large = peak(150)
    # The file itself is in memory, once as it was read and once as DCMTK's pixel element; frames are not: prepared, 140
    # more would be 83 MiB for a model of 448 x 448 pixels.
    assert many - few < 2 * (large - small) + 20000, (few, many, small, large)  # KiB


def test_a_false_number_of_frames_is_one_error(mi2, tmp_path, cine):
    """Not one per frame that is claimed: two thousand million lines would hide every other file."""
    content = Path(cine).read_bytes()
    claims = content.replace(b"\x28\x00\x08\x00IS\x02\x007 ", b"\x28\x00\x08\x00IS\x0a\x002147483647")
    assert claims != content
    path = tmp_path / "claims.dcm"
    path.write_bytes(claims)
    for selection in ("all", "every:2", "center:1000000"):
        done = mi2("embed", "--frames", selection, str(path), cine, status=8)
        assert done.errors.count(str(path)) == 1
        assert cine in done.stdout.decode()


def test_an_unreadable_number_of_frames_hides_no_frame(mi2, tmp_path, cine):
    content = Path(cine).read_bytes()
    path = tmp_path / "odd.dcm"
    path.write_bytes(content.replace(b"\x28\x00\x08\x00IS\x02\x007 ", b"\x28\x00\x08\x00IS\x02\x00x "))
    for options in ((), ("--frames", "all"), ("--frames", "first")):
        assert "NumberOfFrames is not a whole number" in mi2("embed", *options, str(path), status=3).errors


def test_pages_before_a_break_are_read(mi2, tmp_path, pages):
    """The fifth page's place lies beyond the file: four pages, and an error that says after which."""
    content = bytearray(Path(pages).read_bytes())
    at, ends = int.from_bytes(content[4:8], "little"), []
    while at:
        ends.append(at + 2 + 12 * int.from_bytes(content[at:at + 2], "little"))
        at = int.from_bytes(content[ends[-1]:ends[-1] + 4], "little")
    content[ends[3]:ends[3] + 4] = (1 << 30).to_bytes(4, "little")
    path = tmp_path / "broken.tif"
    path.write_bytes(content)
    alone = mi2.rows("embed", str(path))
    for selection, number in (("middle", 1), ("first", 1), ("3", 3)):
        rows = mi2.rows("embed", "--frames", selection, str(path))
        assert frames_of(rows) == [number]
    assert mi2.rows("embed", "--frames", "middle", str(path))[0]["embedding"] == alone[0]["embedding"]
    done = mi2("embed", "--frames", "all", str(path), status=8)
    assert frames_of(map(json.loads, done.stdout.splitlines())) == [1, 2, 3, 4]
    assert "no page can be read after page 4" in done.errors


def test_what_is_read_of_a_file_of_embeddings_keeps_its_frames(mi2, tmp_path, cine):
    vectors, labels = str(tmp_path / "v.csv"), tmp_path / "labels.csv"
    mi2("embed", "--frames", "every:3", "--format", "csv", "--out", vectors, cine)
    labels.write_text("path,label\ncine.dcm,a\n")
    arguments = ("knn", "--train", vectors, "--labels", str(labels), "--k", "1", vectors)
    rows = [json.loads(line) for line in mi2(*arguments, "--format", "jsonl").stdout.splitlines()]
    assert frames_of(rows) == [1, 4, 7] and [row["neighbours"][0]["frame"] for row in rows] == [1, 4, 7]
    table = list(csv.DictReader(io.StringIO(mi2(*arguments, "--format", "csv").stdout.decode())))
    assert [row["frame"] for row in table] == ["1", "4", "7"]
    twice = tmp_path / "twice.csv"
    lines = Path(vectors).read_text().splitlines(keepends=True)
    twice.write_text("".join(lines + lines[1:]))
    assert "both match line 2" in mi2("knn", "--train", str(twice), "--labels", str(labels), vectors, status=2).errors


@pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="a sanitizer keeps freed memory for a while")
def test_memory_does_not_grow_with_the_batch_times_the_files(mi2, tmp_path):
    big = dicom_file(tmp_path / "big.dcm", 160, rows=256, columns=256)  # 20 MiB
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(24):
        os.link(big, folder / f"{i}.dcm")

    def peak(batch):
        process = subprocess.Popen([mi2.path, "embed", "--batch", batch, "--frames", "first", str(folder)],
                                   env=mi2.environment(), stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss
    # Two batches of 64 MiB of files at most, each file once more as DCMTK's pixel element; 24 files are 480 MiB.
    assert peak("24") - peak("1") < 300_000  # KiB


def slice_file(path, position, value):
    """One of dicom_file()'s with a place in a series: the elements of group 0020 go before group 0028."""
    plain = Path(dicom_file(path, 1)).read_bytes()
    at = plain.index(b"\x28\0\x02\0US")

    def text(number, kind, value):
        value += b" " * (len(value) % 2)
        return b"\x20\0" + number.to_bytes(2, "little") + kind + len(value).to_bytes(2, "little") + value

    place = (text(0x0E, b"UI", b"1.2.3.44") + text(0x32, b"DS", f"0\\0\\{position}".encode()) +
             text(0x37, b"DS", b"1\\0\\0\\0\\1\\0"))
    Path(path).write_bytes(plain[:at] + place + plain[at:-value])
    with open(path, "ab") as file:
        file.write(b"\xff\x0f" * (value // 2))
    return str(path)


def test_series_is_one_image_in_the_order_of_its_positions(mi2, tmp_path, picture):
    files = [slice_file(tmp_path / name, position, value)
             for name, position, value in (("a", 30, 200), ("b", -10, 300), ("c", 10, 400))]
    rows = mi2.rows("embed", "--series", "--frames", "all", *files, picture)
    assert [(row["path"], row["frame"], row["frames"]) for row in rows] == [
        (files[1], 1, 3), (files[2], 2, 3), (files[0], 3, 3), (picture, 1, 1)]
    alone = mi2.rows("embed", *files)
    assert np.allclose(rows[2]["embedding"], alone[0]["embedding"], atol=1e-6)
    middle = mi2.rows("embed", "--series", *files)
    assert [(row["path"], row["frame"]) for row in middle] == [(files[2], 2)]

"""mi2 embed: order, formats, folders, provenance."""
import csv
import io
import json
import zipfile

import numpy as np
import pytest


def test_images_then_texts_in_order(mi2, images, tmp_path):
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps(["from the file", ""]))
    pictures = [str(images / name) for name in ("rgba.png", "grey.jpg", "cmyk.jpg", "bilevel.png", "palette.png")]
    rows = mi2.rows("embed", "--text", "first", pictures[0], "--texts-json", str(texts), *pictures[1:],
                    "--text", "second", "--batch", "2")
    assert [row.get("path") for row in rows] == pictures + [None] * 4
    assert [row.get("text") for row in rows] == [None] * 5 + ["first", "second", "from the file", ""]
    for row in rows:
        assert abs(np.linalg.norm(np.array(row["embedding"])) - 1) < 1e-5
        assert set(row) == {"embedding", "path"} or set(row) == {"embedding", "text"}


def test_formats_hold_the_same_bits(mi2, images, tmp_path):
    inputs = [str(images), "--text", 'comma, "quote"\nline', "--text", "plain"]
    jsonl = mi2.rows("embed", *inputs)
    table = list(csv.reader(io.StringIO(mi2("embed", "--format", "csv", *inputs).stdout.decode(), newline="")))
    piped = np.load(io.BytesIO(mi2("embed", "--format", "npy", *inputs).stdout))
    out = tmp_path / "vectors.npy"
    assert mi2("embed", "--format", "npy", "--out", str(out), *inputs).stdout == b""
    filed = np.load(out)
    wanted = np.array([row["embedding"] for row in jsonl], dtype=np.float32)
    assert filed.dtype == np.dtype("<f4") and filed.flags["C_CONTIGUOUS"] and filed.shape == wanted.shape
    assert piped.tobytes() == filed.tobytes() == wanted.tobytes()
    assert table[0] == ["kind", "input", *[f"e{i}" for i in range(wanted.shape[1])]]
    assert np.array([row[2:] for row in table[1:]], dtype=np.float32).tobytes() == wanted.tobytes()
    assert [row[1] for row in table[1:]] == [row.get("path", row.get("text")) for row in jsonl]
    assert [row[0] for row in table[1:]] == ["image" if "path" in row else "text" for row in jsonl]


@pytest.mark.parametrize("output_format", ["jsonl", "csv", "npy"])
def test_out_holds_what_standard_output_would(mi2, picture, tmp_path, output_format):
    out = tmp_path / "result"
    out.write_text("old")
    piped = mi2("embed", "--format", output_format, picture).stdout
    mi2("embed", "--format", output_format, "--out", str(out), "--force", picture)
    assert out.read_bytes() == piped
    names = ["result", "result.rows.jsonl"] if output_format == "npy" else ["result"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_out_through_a_link_keeps_the_link(mi2, picture, tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    mi2("embed", "--force", "--out", str(tmp_path / "link"), picture)
    assert (tmp_path / "link").is_symlink() and json.loads((tmp_path / "real").read_text())


def test_folder_gives_its_pictures_sorted(mi2, folder):
    done = mi2("embed", str(folder))
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row["path"] for row in rows] == [str(folder / name) for name in ("a.png", "b/no_extension", "c.png")]
    assert "mi2: 4 files were not read: 2 no image, 1 empty, 1 linked folder\n" in done.errors
    assert "notes.txt" not in done.errors
    verbose = mi2("embed", "--verbose", str(folder))
    assert f"mi2: {folder}/notes.txt: not read: no image\n" in verbose.errors and verbose.stdout == done.stdout


def test_file_named_as_an_image_in_a_folder_must_be_one(mi2, folder):
    (folder / "lying.png").write_text("not a picture")
    (folder / "empty.dcm").write_bytes(b"")
    done = mi2("embed", str(folder), status=8)
    assert f"mi2: {folder}/lying.png: " in done.errors and f"mi2: {folder}/empty.dcm: " in done.errors
    assert len(done.stdout.splitlines()) == 3


def test_zip_gives_its_pictures(mi2, images, folder, tmp_path):
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "c.png", "deep/c")
        archive.write(folder / "a.png", "../../a.png")
        archive.writestr("deep/notes.txt", "no image")
    done = mi2("embed", "--verbose", str(path))
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row["path"] for row in rows] == [f"{path}/deep/c", f"{path}/../../a.png"]
    alone = mi2.rows("embed", str(folder / "c.png"), str(folder / "a.png"))
    np.testing.assert_allclose([row["embedding"] for row in rows], [row["embedding"] for row in alone], atol=1e-6)
    assert "1 files were not read: 1 no image" in done.errors
    path.write_bytes(path.read_bytes()[:100])
    assert str(path) in mi2("embed", str(path), status=3).errors


def test_standard_input(mi2, picture):
    with open(picture, "rb") as file:
        content = file.read()
    piped = mi2.rows("embed", "-", stdin=content)
    assert piped[0]["path"] == "-" and piped[0]["embedding"] == mi2.rows("embed", picture)[0]["embedding"]


def test_batches_do_not_change_results(mi2, images):
    alone = mi2.rows("embed", str(images), "--batch", "1")
    together = mi2.rows("embed", str(images), "--batch", "7", "--threads", "1")
    a, b = (np.array([row["embedding"] for row in rows]) for rows in (alone, together))
    assert np.abs(a - b).max() <= 1e-6


def test_profiles_and_dtypes_differ(mi2, images):
    large = str(images / "large.jpg")
    raw, azure, bf16 = (np.array(mi2.rows("embed", *options, large)[0]["embedding"])
                        for options in ([], ["--profile", "azure"], ["--dtype", "bf16"]))
    assert not np.array_equal(raw, azure) and not np.array_equal(raw, bf16)
    assert raw @ azure > 0.5 and raw @ bf16 > 0.99


def test_provenance(mi2, picture):
    row, = mi2.rows("embed", "--provenance", "--profile", "azure", "--dtype", "bf16", picture)
    provenance = row["provenance"]
    assert set(provenance) == {"weights_sha256", "profile", "dtype", "version", "instructions"}
    assert len(provenance["weights_sha256"]) == 64
    assert provenance["profile"] == "azure" and provenance["dtype"] == "bf16"
    assert f"mi2 {provenance['version']}" == mi2("--version").stdout.decode().strip()
    lines = list(csv.DictReader(io.StringIO(mi2("embed", "--provenance", "--format", "csv", picture).stdout.decode())))
    assert lines[0]["weights_sha256"] == provenance["weights_sha256"] and lines[0]["profile"] == "raw"


def test_long_texts_are_reported_once(mi2):
    done = mi2("embed", "--text", "a " * 500, "--text", "short", "--text", "b " * 500, "--batch", "1")
    assert done.errors.count("cut") == 1 and "2 of 3 texts" in done.errors


def test_path_that_is_not_utf8_gives_valid_json_and_csv(mi2, picture, tmp_path):
    path = bytes(tmp_path) + b"/caf\xe9\n.png"
    with open(picture, "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    assert mi2.rows("embed", path)[0]["path"].endswith("caf\ufffd\n.png")
    text = mi2("embed", "--format", "csv", path).stdout.decode()
    assert list(csv.reader(io.StringIO(text, newline="")))[1][1].endswith("caf\ufffd\n.png")

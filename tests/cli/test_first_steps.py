"""Mistakes that people make at first, as they type them, and the answer each gets; and what used to be wrong without a
word."""
import json
import shutil

import numpy as np
import pytest

# What is typed (PICTURE is an image, LABELS a file of labels) -> the status, and what the answer says.
MISTAKES = {
    "a mistyped command": (["embde", "PICTURE"], 2, "no command 'embde'; did you mean embed?"),
    "another program's word for a command": (["predict", "PICTURE"], 2, "did you mean classify?"),
    "a mistyped command of two words": (["adapter", "trian"], 2, "no command 'adapter trian'; did you mean train?"),
    "a mistyped option": (["embed", "--modle", "DIR", "PICTURE"], 2, "no option --modle; did you mean --model?"),
    "an option of another program": (["embed", "--batch-size", "8", "PICTURE"], 2, "did you mean --batch?"),
    "an output option that is longer": (["embed", "--output", "x.jsonl", "PICTURE"], 2, "did you mean --out?"),
    "an option before its command": (["--model", "DIR", "embed", "PICTURE"], 2, "mi2 COMMAND --model"),
    "a mistyped dtype": (["embed", "--dtype", "bf61", "PICTURE"], 2, "did you mean bf16?"),
    "a dtype that is not there": (["embed", "--dtype", "fp8", "PICTURE"], 2, "expected f32, bf16"),
    "a mistyped format": (["embed", "--format", "josnl", "PICTURE"], 2, "did you mean jsonl?"),
    "a text in place of a file": (["embed", "chest x-ray"], 7, "a text goes into --text"),
    "an address in place of a file": (["embed", "https://example.org/a.png"], 7, "curl"),
    "a file of labels as labels": (["classify", "--labels", "LABELS", "PICTURE"], 2, "--labels-file"),
    "one label": (["classify", "--labels", "chest x-ray", "PICTURE"], 2, "expected two or more, or --multilabel"),
    "no labels": (["classify", "PICTURE"], 2, "--labels A,B,C or --labels-file"),
    "a template without a place": (["classify", "--labels", "a,b", "--template", "an x-ray", "PICTURE"], 2, "{}"),
    "an output that is not written": (["embed", "--out", "v.npz", "PICTURE"], 2, ".jsonl, .csv, .npy"),
    "a data frame as output": (["embed", "--out", "v.parquet", "PICTURE"], 2, "to_parquet"),
    "an output that says another format": (["embed", "--format", "csv", "--out", "v.npy", "PICTURE"], 2, "--format is csv"),
    "an output that already exists": (["embed", "--out", "LABELS", "PICTURE"], 2, "--force"),
    "a list that is not there": (["embed", "--files-from", "none.txt"], 7, "none.txt"),
    "to resume without a file": (["embed", "--resume", "PICTURE"], 2, "--out FILE"),
    "images and vectors": (["classify", "--labels", "a,b", "--embeddings", "v.npy", "PICTURE"], 2, "--embeddings FILE"),
    "a profile that is not there": (["embed", "--profile", "azur", "PICTURE"], 2, "did you mean azure?"),
    "help for what is not there": (["help", "embedd"], 2, "did you mean embed?"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_an_answer_that_helps(mi2, picture, tmp_path, mistake):
    typed, status, answer = MISTAKES[mistake]
    (tmp_path / "labels.txt").write_text("a\nb\n")
    words = {"PICTURE": picture, "LABELS": "labels.txt", "DIR": mi2.model}
    done = mi2(*[words.get(word, word) for word in typed], status=status, cwd=tmp_path)
    assert answer in done.errors and done.stdout == b"", done.errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.txt"]


@pytest.mark.parametrize("typed,name,option", [
    (["embed", "--text", "an image", "--text", "FILE"], "report.txt", "PATH"), (["tokenize", "FILE"], "reports.json", "--texts-json"),
    (["heatmap", "PICTURE", "--text", "FILE"], "scan.png", "--image"),
    (["index", "search", "archive", "--text", "FILE"], "scan.png", "--image")])
def test_a_files_name_as_a_text_is_told_of_and_taken_as_it_is(mi2, picture, tmp_path, typed, name, option):
    if typed[0] == "index" and b"index" not in mi2("--help").stdout:
        pytest.skip("this build has no archives")
    if typed[0] == "index":
        mi2("index", "add", str(tmp_path / "archive"), picture)
    words = [{"FILE": name, "PICTURE": picture}.get(word, word) for word in typed]
    without = mi2(*words, cwd=tmp_path)
    assert "name of a file" not in without.errors
    (tmp_path / name).write_text("a finding of a patient")
    done = mi2(*words, cwd=tmp_path)
    number = 2 if typed[0] == "embed" else 1
    assert f"text {number} is the name of a file" in done.errors and option in done.errors, done.errors
    assert name not in done.errors and done.stdout == without.stdout


def test_a_missing_model_names_both_ways_to_give_one(mi2, picture):
    assert "MI2_MODEL in the environment" in mi2("embed", picture, status=2, with_model=False).errors


@pytest.mark.parametrize("typed,meant", [("fp32", "f32"), ("float32", "f32"), ("BF16", "bf16"), ("bfloat16", "bf16")])
def test_a_dtype_may_be_called_as_others_call_it(mi2, picture, typed, meant):
    row, = mi2.rows("embed", "--provenance", "--dtype", typed, picture)
    assert row["provenance"]["dtype"] == meant


@pytest.mark.parametrize("name,start", [("v.npy", b"\x93NUMPY"), ("v.csv", b"kind,input"), ("v.jsonl", b'{"path"'),
                                        ("v.ndjson", b'{"path"'), ("v", b'{"path"'), ("V.NPY", b"\x93NUMPY")])
def test_vectors_are_written_as_the_files_name_says(mi2, picture, tmp_path, name, start):
    mi2("embed", "--out", str(tmp_path / name), picture)
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize("name,start", [("s.csv", b"path,rank"), ("s.jsonl", b'{"path"'), ("s.txt", b"/"), ("s", b"/")])
def test_scores_are_written_as_the_files_name_says(mi2, picture, tmp_path, name, start):
    mi2("classify", "--labels", "a,b", "--out", str(tmp_path / name), picture)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_an_array_in_a_file_keeps_what_its_rows_are(mi2, images, tmp_path):
    """Names, frames and provenance go with the array; the commands that read it find them."""
    out, text = tmp_path / "v.npy", "a text"
    mi2("embed", "--provenance", "--out", str(out), "--text", text, str(images / "gray.png"), str(images / "grey.jpg"))
    rows = [json.loads(line) for line in (tmp_path / "v.npy.rows.jsonl").read_text().splitlines()]
    assert [row.get("path", row.get("text")) for row in rows[:-1]] == [
        str(images / "gray.png"), str(images / "grey.jpg"), text]
    assert rows[-1]["rows"] == 3 and rows[0]["provenance"]["dtype"] == "f32"
    found = mi2.rows("classify", "--labels", "a,b", "--format", "jsonl", "--embeddings", str(out))
    assert [row["path"] for row in found] == [str(images / "gray.png"), str(images / "grey.jpg"), text]
    (tmp_path / "labels.csv").write_text("path,label\ngray.png,a\ngrey.jpg,b\n")
    done = mi2("knn", "--train", str(out), "--labels", str(tmp_path / "labels.csv"), "--k", "1", str(out))
    assert str(images / "grey.jpg") in done.stdout.decode()


def test_an_array_that_was_changed_does_not_take_the_old_names(mi2, images, tmp_path):
    out = tmp_path / "v.npy"
    mi2("embed", "--out", str(out), str(images / "gray.png"), str(images / "grey.jpg"))
    np.save(out, np.load(out)[::-1].copy())
    done = mi2("classify", "--labels", "a,b", "--embeddings", str(out), status=3)
    assert "v.npy.rows.jsonl" in done.errors and "another array" in done.errors
    (tmp_path / "names.txt").write_text("x\ny\n")
    assert b"x\n" in mi2("classify", "--labels", "a,b", "--embeddings", str(out), "--paths", str(tmp_path / "names.txt")).stdout


@pytest.mark.parametrize("name", ["v.npy", "v.csv", "v.jsonl"])
def test_stored_vectors_score_as_their_images_do(mi2, images, tmp_path, name):
    out = tmp_path / name
    mi2("embed", "--provenance", "--out", str(out), str(images))
    arguments = ["classify", "--labels", "chest x-ray,brain MRI,skin", "--format", "jsonl"]
    assert mi2.rows(*arguments, "--embeddings", str(out)) == [
        {key: value for key, value in row.items() if key != "warnings"} for row in mi2.rows(*arguments, str(images))]


def test_vectors_of_another_model_are_not_scored(mi2, tmp_path):
    np.save(tmp_path / "v.npy", np.eye(3, dtype=np.float32))
    assert "vectors of 3 numbers" in mi2("classify", "--labels", "a,b", "--embeddings", str(tmp_path / "v.npy"),
                                         status=2).errors
    row = {"path": "a", "embedding": [1.0] + [0.0] * (len(mi2.rows("embed", "--text", "a")[0]["embedding"]) - 1),
           "provenance": {"weights_sha256": "0" * 64, "profile": "raw", "dtype": "f32", "version": "0.2.0"}}
    (tmp_path / "v.jsonl").write_text(json.dumps(row) + "\n")
    assert "two models" in mi2("classify", "--labels", "a,b", "--embeddings", str(tmp_path / "v.jsonl"), status=2).errors


@pytest.mark.parametrize("arguments", [["embed"], ["classify", "--labels", "a,b"]])
def test_a_result_is_replaced_only_by_force(mi2, picture, tmp_path, arguments):
    out = tmp_path / "result"
    out.write_text("mine")
    mi2(*arguments, "--out", str(out), picture, status=2)
    assert out.read_text() == "mine"
    mi2(*arguments, "--out", str(out), "--force", picture)
    assert out.read_text() != "mine"


def _listed(mi2, list_file, stdin=b"", cwd=None):
    return [row["path"] for row in mi2.rows("embed", "--files-from", str(list_file), stdin=stdin, cwd=cwd)]


def test_paths_come_from_a_list_or_a_table(mi2, picture, tmp_path):
    for name in ("a.png", "b c.png", "d.png"):
        shutil.copy(picture, tmp_path / name)
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfa.png\r\n\r\nb c.png\n")
    assert _listed(mi2, tmp_path / "list.txt", cwd=tmp_path) == ["a.png", "b c.png"]
    assert _listed(mi2, "-", stdin=b"d.png\na.png", cwd=tmp_path) == ["d.png", "a.png"]
    assert _listed(mi2, "-", stdin=b"b c.png\0a.png\0", cwd=tmp_path) == ["b c.png", "a.png"]
    (tmp_path / "t.csv").write_text("label,Image\nx,d.png\ny,a.png\n")
    assert _listed(mi2, tmp_path / "t.csv") == [str(tmp_path / "d.png"), str(tmp_path / "a.png")]
    (tmp_path / "empty.txt").write_text("\n")
    mi2("embed", "--files-from", str(tmp_path / "empty.txt"), status=2)
    (tmp_path / "none.csv").write_text("label\nx\n")
    assert "path" in mi2("embed", "--files-from", str(tmp_path / "none.csv"), status=3).errors


def test_listed_paths_are_classified_too(mi2, picture):
    done = mi2.rows("classify", "--labels", "a,b", "--format", "jsonl", "--files-from", "-", stdin=picture.encode())
    assert [row["path"] for row in done] == [picture]

"""mi2 batch: rows in, answers out, and the same answers when it is killed on the way."""
import base64
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from adapter_model import write_adapter

TEXT = "x-ray chest anteroposterior Cardiomegaly"


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


@pytest.fixture
def rows(images):
    """Good rows of every kind, and bad ones among them."""
    return [
        {"image": encoded(images / "gray.png"), "text": TEXT},
        {"image": "Zm9vYmFy"},
        {"text": 'comma, "quote"\nline'},
        {"image": encoded(images / "large.jpg"), "text": ""},
        {"image": "not base64"},
        {"image": None, "text": ""},
        {"image": "data:image/png;base64," + encoded(images / "rgba.png"), "text": None},
    ]


GOOD = [0, 2, 3, 6]


def write_csv(path, rows, columns=("image", "text")):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([[row.get(column) or "" for column in columns] for row in rows])
    return str(path)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_answer_every_row_in_its_place(mi2, rows, images, tmp_path):
    out = tmp_path / "out.jsonl"
    done = mi2("batch", write_lines(tmp_path / "in.jsonl", rows), str(out), "--batch", "2", status=8)
    answers = read_lines(out)
    assert len(answers) == len(rows)
    assert [i for i, answer in enumerate(answers) if "error" not in answer] == GOOD
    assert set(answers[0]) == {"image_features", "text_features", "scaling_factor"}
    assert set(answers[2]) == {"text_features", "scaling_factor"}
    assert set(answers[3]) == {"image_features", "scaling_factor"}
    assert answers[1]["error"]["message"].startswith("row 2: image: not an image of a format")
    assert [answers[i]["error"]["code"] for i in (4, 5)] == ["bad_argument", "bad_argument"]
    assert "3 of 7 rows failed" in done.errors and "row 5: image: not base64" in done.errors
    assert not list(tmp_path.glob("out.jsonl.*"))
    embedded = mi2.rows("embed", "--profile", "azure", str(images / "large.jpg"), "--text", TEXT)
    assert answers[3]["image_features"] == [embedded[0]["embedding"]]
    assert answers[0]["text_features"] == [embedded[1]["embedding"]]


def test_csv_holds_what_json_lines_hold(mi2, rows, tmp_path):
    mi2("batch", write_csv(tmp_path / "in.csv", rows), str(tmp_path / "out.csv"), status=8)
    mi2("batch", write_lines(tmp_path / "in.ndjson", rows), str(tmp_path / "out.jsonl"), status=8)
    table = read_csv(tmp_path / "out.csv")
    answers = read_lines(tmp_path / "out.jsonl")
    assert [row[0] for row in table] == [str(i + 1) for i in range(len(rows))]
    for row, answer in zip(table, answers):
        assert (json.loads(row[1]) if row[1] else None) == answer.get("image_features")
        assert (json.loads(row[2]) if row[2] else None) == answer.get("text_features")
        assert row[3] == (str(answer["scaling_factor"]) if "error" not in answer else "")
        assert row[4] == answer.get("error", {}).get("message", "")


def test_columns_in_any_order_or_only_one(mi2, tmp_path):
    texts = [{"text": "a"}, {"text": "b"}]
    mi2("batch", write_csv(tmp_path / "one.csv", texts, ["text"]), str(tmp_path / "one.out"))
    mi2("batch", write_csv(tmp_path / "two.csv", texts, ["text", "image"]), str(tmp_path / "two.out"))
    assert (tmp_path / "one.out").read_bytes() == (tmp_path / "two.out").read_bytes()


def many(tmp_path, count=400):
    rows = [{"text": f"text number {i}"} if i % 7 else {"image": "AAAA"} for i in range(count)]
    return write_lines(tmp_path / "in.jsonl", rows)


@pytest.mark.parametrize("rounds", [3])
def test_a_killed_run_goes_on_where_it_stopped(mi2, tmp_path, rounds):
    source = many(tmp_path)
    mi2("batch", source, str(tmp_path / "whole.jsonl"), status=8)
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    command = [mi2.path, "batch", source, str(out), "--batch", "1", "--threads", "1"]
    kept = 0
    for _ in range(rounds):
        process = subprocess.Popen(command, env=mi2.environment(), stderr=subprocess.DEVNULL)
        while process.poll() is None and (not part.exists() or part.stat().st_size <= kept):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if out.exists():
            break
        assert part.stat().st_size > kept
        kept = part.stat().st_size
    assert not out.exists(), "the run ended before it could be killed"
    with open(part, "ab") as file:
        file.write(b'{"text_features":[[0.12')  # a line that a power failure cut
    lines = part.read_bytes().count(b"\n")
    done = mi2("batch", source, str(out), status=8)
    assert f"resuming after {lines} of 400 rows" in done.errors
    assert f"{sum(1 for i in range(400) if i % 7 == 0)} of 400 rows failed" in done.errors
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def kill_once_begun(mi2, part, *arguments):
    command = [mi2.path, "batch", *arguments, "--batch", "1", "--threads", "1"]
    process = subprocess.Popen(command, env=mi2.environment(), stderr=subprocess.DEVNULL)
    while process.poll() is None and (not part.exists() or part.stat().st_size == 0):
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert part.exists()


def test_what_another_job_left_is_not_mixed_in(mi2, tmp_path):
    source = many(tmp_path, 40)
    out = tmp_path / "out.jsonl"
    kill_once_begun(mi2, tmp_path / "out.jsonl.part", source, str(out))
    for other in (["--profile", "raw"], ["--strict"], ["--level", "0"]):
        refused = mi2("batch", source, str(out), *other, status=2)
        assert "--restart" in refused.errors and not out.exists(), other
    mi2("batch", source, str(out), "--profile", "raw", "--restart", status=8)
    assert len(read_lines(out)) == 40


def test_an_adapter_that_was_trained_anew_makes_another_job(mi2, images, tmp_path):
    model, out = tmp_path / "model", tmp_path / "out.jsonl"
    shutil.copytree(mi2.model, model)
    channels = len(mi2.rows("embed", str(images / "gray.png"))[0]["embedding"])
    write_adapter(model / "adapter_model", ["a", "b"], channels=channels)
    source = write_lines(tmp_path / "in.jsonl", [{"image": encoded(images / "gray.png")}] * 400)
    arguments = ("--model", str(model), source, str(out))
    kill_once_begun(mi2, tmp_path / "out.jsonl.part", *arguments)
    shutil.rmtree(model / "adapter_model")
    write_adapter(model / "adapter_model", ["a", "b"], hidden=4, channels=channels)
    assert "--restart" in mi2("batch", *arguments, status=2).errors and not out.exists()


def test_an_interrupt_keeps_what_is_done(mi2, tmp_path):
    source = many(tmp_path)
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    process = subprocess.Popen([mi2.path, "batch", source, str(out), "--batch", "1"], env=mi2.environment(),
                               stderr=subprocess.DEVNULL)
    while process.poll() is None and (not part.exists() or part.stat().st_size == 0):
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM
    assert part.read_bytes().endswith(b"\n") and not out.exists()


def test_output_that_is_there_is_kept_unless_forced(mi2, tmp_path):
    source = write_lines(tmp_path / "in.jsonl", [{"text": "a"}])
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    assert "already exists" in mi2("batch", source, str(out), status=2).errors
    assert out.read_text() == "old"
    mi2("batch", source, str(out), "--force")
    assert len(read_lines(out)) == 1


@pytest.mark.parametrize("content, status, words", [
    ("", 3, "is empty"), ("label,id\na,b\n", 3, "expected a column image, text or both"), ("image,image\na,b\n", 3, "is a duplicate"),
])
def test_a_header_that_is_none_is_refused(mi2, tmp_path, content, status, words):
    (tmp_path / "in.csv").write_text(content)
    assert words in mi2("batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), status=status).errors


def test_rows_that_are_no_rows_are_told_in_place(mi2, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "a"}\n[1]\n{"text"\n\n{"label": "x"}\n{"text": "\xff"}\n{"text": "b"}')
    mi2("batch", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), status=8)
    answers = read_lines(tmp_path / "out.jsonl")
    assert ["error" in answer for answer in answers] == [False, True, True, True, True, False]
    (tmp_path / "in.csv").write_bytes(b'text\na\na,b\n"\xff"\nc\n"open')
    mi2("batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), status=8)
    assert [row[4] != "" for row in read_csv(tmp_path / "out.csv")] == [False, True, True, False, True]


def test_format_must_be_known(mi2, tmp_path):
    (tmp_path / "in.txt").write_text('{"text": "a"}\n')
    assert "--format" in mi2("batch", str(tmp_path / "in.txt"), str(tmp_path / "out"), status=2).errors
    mi2("batch", str(tmp_path / "in.txt"), str(tmp_path / "out"), "--format", "jsonl")
    assert mi2("batch", str(tmp_path / "none.csv"), str(tmp_path / "out2"), status=7).errors


def test_a_zero_shot_classifier_gives_scores(mi2, images, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for file in os.listdir(mi2.model):
        if file != "config.json":
            (model / file).symlink_to(os.path.join(os.path.abspath(mi2.model), file))
    (model / "config.json").write_text(json.dumps({"labels": ["chest x-ray", "skin photo"]}))
    source = write_lines(tmp_path / "in.jsonl", [{"image": encoded(images / "gray.png")}, {"text": "no text"}])
    mi2("batch", "--model", str(model), source, str(tmp_path / "out.jsonl"), status=8)
    scores, error = read_lines(tmp_path / "out.jsonl")
    assert {score["label"] for score in scores} == {"chest x-ray", "skin photo"}
    assert scores[0]["score"] >= scores[1]["score"] and np.isclose(sum(score["score"] for score in scores), 1)
    assert "takes no texts" in error["error"]["message"]
    source = write_csv(tmp_path / "in.csv", [{"image": encoded(images / "gray.png")}, {"image": "AAAA"}], ["image"])
    mi2("batch", "--model", str(model), source, str(tmp_path / "out.csv"), status=8)
    table = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text(), newline="")))
    assert json.loads(table[0][1]) == scores and table[1][1] == "" and "row 2" in table[1][2]


def test_a_folder_of_csvs_is_one_table_with_the_files_names(mi2, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "b, \"2\".csv").write_text("text\none\ntwo\n")
    (folder / "a.CSV").write_text("id,text,image\n7,three,\n8,,\n")
    (folder / "notes.txt").write_text("nothing")
    (folder / ".hidden.csv").write_text("text\nnot read\n")
    out = tmp_path / "out.csv"
    done = mi2("batch", str(folder), str(out), status=8)
    rows = list(csv.reader(io.StringIO(out.read_text())))
    assert [row[:2] for row in rows] == [["a.CSV", "1"], ["a.CSV", "2"], ["b, \"2\".csv", "1"], ["b, \"2\".csv", "2"]]
    assert "row 2: has neither" in rows[1][5] and "a.CSV: row 2" in done.errors and "1 of 4 rows failed" in done.errors
    mi2("batch", str(folder / "b, \"2\".csv"), str(tmp_path / "one.csv"))
    alone = list(csv.reader(io.StringIO((tmp_path / "one.csv").read_text())))
    assert [row[1:] for row in rows[2:]] == alone


def test_a_folder_goes_on_after_a_kill_and_counts_its_failures(mi2, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("text\n" + "".join("good\n\"\"\n" for _ in range(100)))
    out, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    mi2("batch", str(folder), str(tmp_path / "whole.csv"), status=8)
    process = subprocess.Popen([mi2.path, "batch", str(folder), str(out), "--batch", "1", "--threads", "1"],
                               env=mi2.environment(), stderr=subprocess.DEVNULL)
    while process.poll() is None and (not part.exists() or part.stat().st_size < 1000):
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert part.exists()
    assert "200 of 400 rows failed" in mi2("batch", str(folder), str(out), status=8).errors
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_what_is_no_folder_of_csvs_is_refused(mi2, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    assert "holds no *.csv" in mi2("batch", str(folder), str(tmp_path / "out.csv"), status=3).errors
    (folder / "a.csv").write_text("text\none\n")
    assert "in the folder of the input" in mi2("batch", str(folder), str(folder / "out.csv"), status=2).errors
    assert "is a folder" in mi2("batch", str(folder), str(tmp_path / "o"), "--format", "jsonl", status=2).errors


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_job_with_thousands_of_labels_goes_on(mi2, tmp_path):
    """Its description is longer than what is read back of one."""
    model = tmp_path / "model"
    shutil.copytree(mi2.model, model)
    (model / "config.json").write_text(json.dumps({"labels": [f"a rather long label, number {i}" for i in range(3000)]}))
    source = write_lines(tmp_path / "in.jsonl", [{"text": "a classifier refuses it"}])
    out = tmp_path / "out.jsonl"
    arguments = ("batch", "--model", str(model), str(source), str(out))
    # The second file that gets its name is the output.
    killed = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e",
                             "inject=rename:signal=KILL:when=2", mi2.path, *arguments], check=False, capture_output=True,
                            env={**mi2.environment(), "ASAN_OPTIONS": "detect_leaks=0"})
    job = tmp_path / "out.jsonl.job"
    assert killed.returncode != 0 and job.stat().st_size < 1 << 16 and not out.exists()
    assert "resuming after 1 of 1 rows" in mi2(*arguments, status=8).errors
    assert out.exists() and not job.exists()

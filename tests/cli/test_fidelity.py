"""mi2 fidelity: the starter model's dtypes against each other, and what is refused."""
import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

STARTER = os.environ.get("MI2_STARTER_MODEL", "")
SHARED = Path(os.environ.get("MI2_SHARED_DATA", "")) / "starter"
DTYPES = ["f32", "bf16"]
PART = {"cosine_min", "cosine_mean", "median_s"}

# With sanitizers mi2_fidelity_test and the tests of fewer pictures run.
without_sanitizers = pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="too slow with sanitizers")

pytestmark = pytest.mark.skipif(not Path(STARTER).is_dir(), reason="MI2_STARTER_MODEL names no model folder")


@pytest.fixture
def fidelity(mi2):
    """Runs mi2 fidelity with the starter model and one thread; the parsed report where it should succeed."""
    def run(*arguments, status=0, **options):
        done = mi2("fidelity", "--model", STARTER, "--threads", "1", "--format", "json", *map(str, arguments),
                   status=status, **options)
        return json.loads(done.stdout) if done.stdout else done
    return run


def check_schema(report, images, texts, labels=0, known=0):
    assert set(report) == {"version", "cpu", "isa", "model", "profile", "threads", "batch", "images", "texts",
                           "truncated_texts", "labels", "known", "dtypes"}
    assert (report["images"], report["texts"], report["labels"], report["known"]) == (images, texts, labels, known)
    assert report["profile"] == "raw" and report["threads"] == 1 and report["truncated_texts"] == 0
    for row in report["dtypes"]:
        assert set(row) == {"dtype", "image", "text", "agreement", "accuracy", "load_s", "resident_bytes",
                            "peak_bytes"}
        assert set(row["image"]) == set(row["text"]) == PART
        for part in (row["image"], row["text"]):
            assert part["cosine_min"] <= part["cosine_mean"] <= 1 and part["median_s"] > 0
        assert 0 < row["resident_bytes"] <= row["peak_bytes"] and row["load_s"] > 0
    f32 = report["dtypes"][0]
    assert f32["dtype"] == "f32" and f32["image"]["cosine_min"] == f32["text"]["cosine_min"] == 1


@pytest.fixture
def table(tmp_path, images):
    """A table of the golden pictures, whose labels are what f32 says of them, but for two; the model's own labels."""
    def write(labels, tops, wrong=0):
        path = tmp_path / "truth.csv"
        with open(path, "w", newline="", encoding="utf-8") as f:
            rows = csv.writer(f)
            rows.writerow(["path", "split", "label"])
            for number, (name, top) in enumerate(tops):
                label = labels[(labels.index(top) + 1) % len(labels)] if number < wrong else top
                rows.writerow([images / name, "test" if number % 2 else "train", label])
        return path
    return write


@pytest.fixture(scope="module")
def labels():
    return (Path(STARTER) / "labels.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def tops(mi2, images):
    found = mi2.rows("classify", "--model", STARTER, "--threads", "1", "--labels-file", f"{STARTER}/labels.txt",
                     "--top", "1", "--format", "jsonl", str(images))
    return [(Path(row["path"]).name, row["labels"][0]["label"]) for row in found]


@without_sanitizers
def test_without_pictures_patterns_are_measured(fidelity):
    report = fidelity()
    check_schema(report, images=16, texts=16)
    assert [row["dtype"] for row in report["dtypes"]][:2] == DTYPES
    for row in report["dtypes"]:
        assert row["agreement"] is None and row["accuracy"] is None
    bf16 = report["dtypes"][1]
    assert 0.998 <= bf16["image"]["cosine_min"] < 1  # docs/numerics.md
    assert 0.998 <= bf16["text"]["cosine_min"] < 1


def test_bf16_takes_less_memory(fidelity):
    f32, bf16 = fidelity("--dtypes", "bf16")["dtypes"]
    # 8.4 million parameters: 34 MB against 17 MB, and what both need besides.
    if not os.environ.get("MI2_SANITIZE"):
        assert 15e6 <= bf16["resident_bytes"] <= f32["resident_bytes"] - 8e6


def test_dtypes_choose_rows_and_f32_is_always_there(fidelity, picture):
    assert [row["dtype"] for row in fidelity("--dtypes", "bf16", picture)["dtypes"]] == DTYPES
    assert [row["dtype"] for row in fidelity("--dtypes", "f32", picture)["dtypes"]] == ["f32"]


def test_agreement_and_accuracy(fidelity, images, labels, tops, table):
    truth = table(labels, tops, wrong=2)
    report = fidelity("--dtypes", "bf16", "--labels-file", f"{STARTER}/labels.txt", "--truth", truth, images)
    check_schema(report, images=len(tops), texts=20, labels=20, known=len(tops))
    f32, bf16 = report["dtypes"]
    assert f32["agreement"] == 1
    assert f32["accuracy"] == pytest.approx(1 - 2 / len(tops))
    assert bf16["agreement"] >= 1 - 2 / len(tops) and abs(bf16["accuracy"] - f32["accuracy"]) <= 2 / len(tops)


def test_truth_names_the_pictures_and_split_chooses(fidelity, labels, tops, table):
    report = fidelity("--dtypes", "f32", "--labels-file", f"{STARTER}/labels.txt", "--truth", table(labels, tops),
                      "--split", "test")
    check_schema(report, images=len(tops) // 2, texts=20, labels=20, known=len(tops) // 2)
    assert report["dtypes"][0]["accuracy"] == 1


@without_sanitizers
def test_templates_are_averaged_as_classify_does(mi2, fidelity, images, labels, table):
    options = ["--labels-file", f"{STARTER}/labels.txt", "--template", "{}", "--template", "a photo of {}"]
    found = mi2.rows("classify", "--model", STARTER, "--threads", "1", *options, "--top", "1", "--format", "jsonl",
                     str(images))
    tops = [(Path(row["path"]).name, row["labels"][0]["label"]) for row in found]
    report = fidelity("--dtypes", "f32", *options, "--truth", table(labels, tops))
    check_schema(report, images=len(tops), texts=40, labels=20, known=len(tops))
    assert report["dtypes"][0]["accuracy"] == 1


@without_sanitizers
@pytest.mark.skipif(not (SHARED / "manifest.csv").exists(), reason=f"no starter images in {SHARED}")
def test_the_starters_card(fidelity):
    report = fidelity("--labels-file", f"{STARTER}/labels.txt", "--truth", SHARED / "manifest.csv", "--truth-column",
                      "caption", "--split", "test")
    check_schema(report, images=567, texts=20, labels=20, known=567)
    for row in report["dtypes"][:2]:
        assert row["image"]["cosine_min"] >= 0.998 and row["agreement"] >= 0.99
        assert abs(row["accuracy"] - 0.8483) <= 0.005  # models/starter/README.md


def test_table_and_markdown(mi2, picture, tmp_path):
    arguments = ["fidelity", "--model", STARTER, "--threads", "1", "--dtypes", "bf16", "--labels", "skin,knee", picture]
    lines = mi2(*arguments).stdout.decode().splitlines()
    assert lines[0] == f"{STARTER}: 1 image, 2 texts for 2 labels;" and lines[2] == ""
    assert lines[3].split()[0] == "dtype" and [line.split()[0] for line in lines[4:6]] == DTYPES
    assert len({len(line) for line in lines[3:]}) == 1
    out = tmp_path / "table.md"
    assert mi2(*arguments, "--format", "markdown", "--out", str(out)).stdout == b""
    rows = [line for line in out.read_text().splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1 and rows[2].startswith("| f32 | 1.000000 |")


def test_one_bad_picture_among_many(fidelity, mi2, picture, bad_picture, labels, tops, table):
    truth = table(labels, tops)
    done = mi2("fidelity", "--model", STARTER, "--threads", "1", "--dtypes", "f32", "--format", "json", "--labels-file",
               f"{STARTER}/labels.txt", "--truth", str(truth), bad_picture, picture, status=8)
    assert bad_picture in done.errors
    report = json.loads(done.stdout)
    check_schema(report, images=1, texts=20, labels=20, known=1)
    assert report["dtypes"][0]["accuracy"] == 1
    out = truth.parent / "out.json"
    failed = fidelity("--out", out, bad_picture, status=3)
    assert bad_picture in failed.errors and not out.exists()


def test_standard_input(fidelity, picture):
    with open(picture, "rb") as f:
        check_schema(fidelity("--dtypes", "f32", "-", stdin=f.read()), images=1, texts=16)


def test_model_from_environment_but_not_against_synthetic(mi2, picture):
    done = mi2("fidelity", "--threads", "1", "--dtypes", "f32", "--format", "json", picture)
    assert json.loads(done.stdout)["model"] == mi2.model
    assert "--model" in mi2("fidelity", picture, status=2, with_model=False).errors


@pytest.mark.parametrize("arguments", [
    ["--dtypes", "f64"], ["--dtypes", "bf16,bf16"], ["--dtypes", ","], ["--dtype", "bf16"], ["--synthetic", "full"],
    ["--synthetic", "small"], ["--format", "jsonl"], ["--batch", "0"], ["--threads", "-1"], ["--profile", "cooked"],
    ["--labels", "a,b,a"], ["--labels", "a", "--labels-file", "b"], ["--template", "a {}"],
    ["--labels", "a", "--template", "no place"], ["--truth", "t.csv"], ["--split", "test"],
    ["--truth-column", "label"], ["-", "-"],
])
def test_bad_arguments(fidelity, arguments):
    done = fidelity(*arguments, status=2)
    assert done.errors.startswith("mi2: error: ") and done.errors.count("\n") == 1


@pytest.mark.parametrize("content,status", [
    ("path,label\n{picture},unheard of\n", 2), ("path,label\nelsewhere.png,skin\n", 2), ("path\n{picture}\n", 3),
    ("path,label\n{picture}\n", 3), ("", 3), (None, 7),
])
def test_bad_truth(fidelity, picture, tmp_path, content, status):
    path = tmp_path / "truth.csv"
    if content is not None:
        path.write_text(content.format(picture=picture))
    assert str(path) in fidelity("--labels", "skin,knee", "--truth", path, picture, status=status).errors


def test_missing_model(mi2, picture, tmp_path):
    missing = str(tmp_path / "nowhere")
    done = mi2("fidelity", "--model", missing, picture, status=7)
    assert missing in done.errors and done.stdout == b""


def test_a_packed_file_has_no_dtypes_to_compare(mi2, picture, tmp_path):
    packed = str(tmp_path / "model.mi2")
    mi2("pack", "--dtype", "bf16", "--threads", "1", packed)
    done = mi2("fidelity", "--model", packed, picture, status=2)
    assert packed in done.errors and "needs the model's folder" in done.errors and done.stdout == b""


def test_broken_weights_are_named(mi2, picture, tmp_path):
    (tmp_path / "config.yaml").write_bytes((Path(STARTER) / "config.yaml").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    assert str(tmp_path) in mi2("fidelity", "--model", str(tmp_path), picture, status=3).errors


def test_termination_ends_the_child_and_leaves_no_file(mi2, images, tmp_path):
    out = tmp_path / "out" / "report.json"
    out.parent.mkdir()
    pictures = [str(path) for path in images.iterdir()] * 50
    with subprocess.Popen([mi2.path, "fidelity", "--model", STARTER, "--threads", "1", "--out", str(out), *pictures],
                          stderr=subprocess.DEVNULL) as running:
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        deadline = time.monotonic() + 60
        found = []
        while not found and time.monotonic() < deadline:
            found = children.read_text().split()
            time.sleep(0.02)
        assert found, "no child process"
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == -signal.SIGTERM
    assert not any(Path(f"/proc/{child}").exists() for child in found)
    assert list(out.parent.iterdir()) == []

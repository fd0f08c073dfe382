"""Calls of scores, and reports of mi2 classify against known labels."""
import csv
import io
import json
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from sklearn import metrics

from adapter_support import torch_file, write_embeddings
from test_adapter_toolkit import toolkit_weights

LABELS = ["chest x-ray", "brain MRI", "retina"]


@pytest.fixture(scope="module")
def archive(mi2, tmp_path_factory):
    """Vectors of 40 images that nobody has taken, and a table with what is on them."""
    folder = tmp_path_factory.mktemp("archive")
    texts = [row["embedding"] for row in mi2.rows("embed", *[a for label in LABELS for a in ("--text", label)])]
    random = np.random.default_rng(4)
    truth = random.integers(0, 3, 40)
    x = np.array(texts)[truth] + random.normal(size=(40, len(texts[0]))) * 0.6 / np.sqrt(len(texts[0])) * 3
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    names = [f"scans/{i:02}.png" for i in range(40)]
    embeddings = write_embeddings(folder / "e.jsonl", names, x)
    with open(folder / "truth.csv", "w", encoding="utf-8") as f:
        f.write("file,Label Category,split\n")
        for name, t in zip(names[:-1], truth):  # of the last one nothing is known
            f.write(f"{name},{LABELS[t]},{'val' if name < 'scans/10' else 'test'}\n")
    return folder, embeddings, names, truth


def classify(mi2, embeddings, *more, **options):
    return mi2("classify", "--labels", ",".join(LABELS), "--embeddings", embeddings, *more, **options)


def known_scores(mi2, archive, *more):
    """[39, 3] and the truth, as mi2 classify --format jsonl has them."""
    _, embeddings, _, truth = archive
    rows = [json.loads(line) for line in classify(mi2, embeddings, "--format", "jsonl", *more).stdout.splitlines()]
    table = [[{e["label"]: e["score"] for e in row["labels"]}[label] for label in LABELS] for row in rows]
    return np.array(table)[:-1], truth[:-1]


@pytest.mark.parametrize("more", [[], ["--multilabel"]])
def test_a_report_has_the_figures_of_scikit_learn(mi2, archive, tmp_path, more):
    folder, embeddings, _, _ = archive
    done = classify(mi2, embeddings, "--truth", str(folder / "truth.csv"), "--truth-column", "Label Category", "--report",
                    str(tmp_path / "r"), "--out", str(tmp_path / "s.csv"), *more)
    assert "1 of 40 images have no label" in done.errors and "39 images of known label" in done.errors
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    scores, truth = known_scores(mi2, archive, *more)
    called = scores.argmax(axis=1)
    assert report["rows"] == 39 and report["confusion"] == metrics.confusion_matrix(truth, called).tolist()
    assert report["accuracy"] == pytest.approx(metrics.accuracy_score(truth, called))
    assert report["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, called))
    assert report["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth, called))
    areas = [metrics.roc_auc_score(truth == c, scores[:, c]) for c in range(3)]
    assert report["mean_auc"] == pytest.approx(np.mean(areas))
    wanted = metrics.classification_report(truth, called, target_names=LABELS, output_dict=True, zero_division=0)
    for c, row in enumerate(report["classes"]):
        figures = wanted[row["label"]]
        assert [row["precision"], row["recall"], row["f1"], row["support"]] == pytest.approx(
            [figures["precision"], figures["recall"], figures["f1-score"], figures["support"]])
        assert row["auc"] == pytest.approx(areas[c])
        f1 = [metrics.f1_score(truth == c, scores[:, c] >= t / 20, zero_division=0) for t in range(20)]
        best = max(range(20), key=lambda t: (f1[t], t))
        assert row["best_f1"]["threshold"] == best / 20 and row["best_f1"]["f1"] == pytest.approx(f1[best])
    at_best = np.stack([scores[:, c] >= row["best_f1"]["threshold"] for c, row in enumerate(report["classes"])], axis=1)
    for kind in ("macro", "micro"):
        for found, answers in ((report[kind], called), (report["at_best_f1"][kind], at_best)):
            is_true = truth if answers.ndim == 1 else np.eye(3)[truth]
            figures = metrics.precision_recall_fscore_support(is_true, answers, average=kind, zero_division=0)[:3]
            assert [found["precision"], found["recall"], found["f1"]] == pytest.approx(figures)


def test_a_report_lists_every_answer_beside_the_truth(mi2, archive, tmp_path):
    folder, embeddings, names, truth = archive
    classify(mi2, embeddings, "--truth", str(folder / "truth.csv"), "--truth-column", "Label Category", "--report",
             str(tmp_path / "r"))
    rows = list(csv.DictReader(open(tmp_path / "r" / "predictions.csv", encoding="utf-8")))
    scores, _ = known_scores(mi2, archive)
    assert rows == [{"file_name": name, "zero_shot_pred": LABELS[best], "ground_truth_label": LABELS[t]}
                    for name, best, t in zip(names, scores.argmax(axis=1), truth[:-1])]
    text = (tmp_path / "r" / "report.txt").read_text()
    assert "39 images of known label" in text and all(label in text for label in LABELS)
    assert ElementTree.parse(tmp_path / "r" / "confusion.svg").getroot().tag.endswith("svg")


def test_a_report_is_of_the_split_that_was_asked_for(mi2, archive, tmp_path):
    folder, embeddings, _, _ = archive
    classify(mi2, embeddings, "--truth", str(folder / "truth.csv"), "--truth-column", "Label Category", "--split", "val",
             "--report", str(tmp_path / "r"))
    assert json.loads((tmp_path / "r" / "report.json").read_text())["rows"] == 10


def test_a_report_changes_no_answer(mi2, archive, tmp_path):
    folder, embeddings, _, _ = archive
    plain = classify(mi2, embeddings, "--format", "csv", "--top", "1").stdout
    with_report = classify(mi2, embeddings, "--format", "csv", "--top", "1", "--truth", str(folder / "truth.csv"),
                           "--truth-column", "Label Category", "--report", str(tmp_path / "r")).stdout
    assert plain == with_report


def test_a_report_of_images_counts_those_that_were_read(mi2, images, picture, bad_picture, tmp_path):
    for i in range(3):
        shutil.copy(picture, tmp_path / f"{i}.png")
    (tmp_path / "truth.csv").write_text("path,label\n0.png,brain MRI\n1.png,retina\ncut.png,retina\n")
    paths = [str(tmp_path / f"{i}.png") for i in range(3)]
    done = mi2("classify", "--labels", ",".join(LABELS), "--truth", str(tmp_path / "truth.csv"), "--report",
               str(tmp_path / "r"), "--out", str(tmp_path / "s.csv"), *paths, bad_picture, status=8)
    assert "1 of 4 images have no label" in done.errors
    rows = list(csv.reader(open(tmp_path / "r" / "predictions.csv", encoding="utf-8")))
    assert [row[0] for row in rows] == ["file_name", *paths[:2]]
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert report["rows"] == 2 and [row["support"] for row in report["classes"]] == [0, 1, 1]
    assert report["classes"][0]["auc"] is None and report["classes"][0]["best_f1"] is None


@pytest.mark.parametrize("more,status,words", [
    (["--truth", "TRUTH"], 2, "--report"), (["--report", "r"], 2, "--truth"),
    (["--truth", "nowhere.csv", "--report", "r"], 7, "nowhere.csv"),
    (["--truth", "TRUTH", "--report", "r"], 3, "no column 'label' or"),
    (["--truth", "TRUTH", "--truth-column", "split", "--report", "r"], 2, "line 2: its label is not one of the 3 labels"),
    (["--truth", "TRUTH", "--truth-column", "Label Category", "--split", "train", "--report", "r"], 2, "no row of split"),
])
def test_a_report_that_cannot_be_made_is_refused(mi2, archive, tmp_path, more, status, words):
    folder, embeddings, _, _ = archive
    more = [{"TRUTH": str(folder / "truth.csv"), "r": str(tmp_path / "r")}.get(word, word) for word in more]
    done = classify(mi2, embeddings, *more, status=status)
    assert words in done.errors and done.stdout == b"" and not (tmp_path / "r").exists()


def test_vectors_without_paths_have_no_report(mi2, archive, tmp_path):
    folder, _, _, _ = archive
    np.save(tmp_path / "e.npy", np.zeros((2, len(mi2.rows("embed", "--text", "a")[0]["embedding"])), np.float32))
    done = classify(mi2, str(tmp_path / "e.npy"), "--truth", str(folder / "truth.csv"), "--truth-column", "Label Category",
                    "--report", str(tmp_path / "r"), status=2)
    assert "--paths" in done.errors


# Calls

def words(mi2, *arguments):
    """[(score, call), ..] of CSV, the same in JSON lines and in the table."""
    rows = list(csv.DictReader(io.StringIO(mi2(*arguments, "--format", "csv").stdout.decode())))
    lines = mi2.rows(*arguments, "--format", "jsonl")
    flat = [(entry["score"], entry["call"]) for line in lines for entry in line["labels"]]
    assert flat == [(float(row["score"]), row["call"] or None) for row in rows]
    table = mi2(*arguments, "--format", "table", "--top", "99").stdout.decode().splitlines()
    assert [line.split()[2] for line in table if line.startswith("  ")] == [row["call"] or "-" for row in rows]
    return flat


@pytest.mark.parametrize("options,positive,possible", [
    (["--calls"], 0.20, 0.08), (["--positive-from", "0.5"], 0.5, 0.08), (["--possible-from", "0.2"], 0.2, 0.2),
    (["--calls", "--positive-from", "0.9", "--possible-from", "0.3"], 0.9, 0.3)])
def test_zero_shot_scores_are_called_by_the_cut_offs(mi2, archive, options, positive, possible):
    found = words(mi2, "classify", "--labels", ",".join(LABELS), "--embeddings", archive[1], *options)
    wanted = ["positive" if s >= positive else "possible" if s >= possible else "negative" for s, _ in found]
    assert [call for _, call in found] == wanted and len(set(wanted)) >= 2


def test_without_the_option_nothing_is_called(mi2, archive):
    assert b"call" not in classify(mi2, archive[1], "--format", "csv").stdout
    assert b"call" not in classify(mi2, archive[1], "--format", "jsonl").stdout


@pytest.mark.parametrize("options,message", [
    (["--positive-from", "0.05"], "--possible-from"), (["--positive-from", "1.5"], "--positive-from"),
    (["--possible-from", "nan"], "--possible-from")])
def test_cut_offs_that_make_no_sense_are_refused(mi2, archive, options, message):
    assert message in classify(mi2, archive[1], *options, status=2).errors


@pytest.fixture
def head(mi2, tmp_path):
    """An adapter of three labels, of which one has no thresholds, and vectors for it."""
    torch_file(tmp_path / "w.pth", toolkit_weights(20, 8, 3))
    mi2("adapter", "import", "--out", str(tmp_path / "h"), "--labels", "x,y,z", str(tmp_path / "w.pth"))
    x = np.random.default_rng(3).normal(size=(30, 20)) * 9
    return tmp_path / "h", write_embeddings(tmp_path / "e.jsonl", [f"{i}.png" for i in range(30)], x)


def with_points(head, points):
    described = json.loads((head.parent / "h.json").read_text())
    described["operating_points"] = [
        {"label": label, "youden": at and {"threshold": at[0], "sensitivity": 0.8, "specificity": 0.8},
         "sensitivity_90": at and {"threshold": at[1], "sensitivity": 0.9, "specificity": 0.6}}
        for label, at in zip("xyz", points)]
    (head.parent / "h.json").write_text(json.dumps(described))


def test_an_adapters_scores_are_called_by_its_operating_points(mi2, head):
    points = {"x": (0.5, 0.2), "y": (0.3, 0.3), "z": None}
    with_points(head[0], points.values())
    arguments = ["adapter", "classify", "--head", str(head[0]), "--embeddings", head[1], "--calls"]
    words(mi2, *arguments)
    seen = set()
    for row in mi2.rows(*arguments, "--format", "jsonl"):
        for entry in row["labels"]:
            at, score = points[entry["label"]], entry["score"]
            wanted = at and ("positive" if score >= at[0] else "negative" if score <= at[1] else "possible")
            assert entry["call"] == wanted
            seen.add((entry["label"], wanted))
    assert {("x", "positive"), ("x", "negative"), ("y", "positive"), ("y", "negative"), ("z", None)} <= seen


def test_an_adapter_without_points_is_called_only_by_cut_offs_given(mi2, head):
    arguments = ["adapter", "classify", "--head", str(head[0]), "--embeddings", head[1]]
    assert "no operating points" in mi2(*arguments, "--calls", status=2).errors
    with_points(head[0], [None, None, None])
    assert "no operating points" in mi2(*arguments, "--calls", status=2).errors
    assert "both" in mi2(*arguments, "--positive-from", "0.5", status=2).errors
    found = words(mi2, *arguments, "--positive-from", "0.6", "--possible-from", "0.1")
    assert [c for _, c in found] == ["positive" if s >= 0.6 else "possible" if s >= 0.1 else "negative" for s, _ in found]


def test_an_adapters_answers_are_reported_as_zero_shot_ones_are(mi2, head, tmp_path):
    (tmp_path / "truth.csv").write_text("path,label\n" + "".join(f"{i}.png,{'xyz'[i % 3]}\n" for i in range(30)))
    mi2("adapter", "classify", "--head", str(head[0]), "--embeddings", head[1], "--out", str(tmp_path / "s.jsonl"),
        "--truth", str(tmp_path / "truth.csv"), "--report", str(tmp_path / "r"))
    answers = [json.loads(line)["labels"][0]["label"] for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    rows = list(csv.DictReader(open(tmp_path / "r" / "predictions.csv", encoding="utf-8")))
    assert [row["adapter_pred"] for row in rows] == answers
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert report["accuracy"] == pytest.approx(np.mean([a == "xyz"[i % 3] for i, a in enumerate(answers)]))

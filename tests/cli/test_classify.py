"""mi2 classify: labels, scores, formats."""
import csv
import io
import json

import numpy as np
import pytest

LABELS = ["chest x-ray", "brain MRI", "retina", "skin", "histology", "knee", "hand"]


def test_scores_are_best_first_and_sum_to_one(mi2, images):
    rows = mi2.rows("classify", "--labels", ",".join(LABELS), "--format", "jsonl", str(images))
    assert len(rows) == len([path for path in images.iterdir()])
    for row in rows:
        scores = [entry["score"] for entry in row["labels"]]
        assert sorted(entry["label"] for entry in row["labels"]) == sorted(LABELS)
        assert scores == sorted(scores, reverse=True) and abs(sum(scores) - 1) < 1e-6


def test_scores_are_what_the_embeddings_say(mi2, picture):
    """The ratio of two softmax scores is exp(scale * difference): the same scale for every pair of labels."""
    image = np.array(mi2.rows("embed", picture)[0]["embedding"])
    texts = {row["text"]: np.array(row["embedding"])
             for row in mi2.rows("embed", *[a for label in LABELS for a in ("--text", label)])}
    row, = mi2.rows("classify", "--labels", ",".join(LABELS), "--format", "jsonl", picture)
    order = sorted(LABELS, key=lambda label: -(image @ texts[label]))
    scores = {entry["label"]: entry["score"] for entry in row["labels"]}
    best, worst = order[0], order[-1]
    scale = np.log(scores[best] / scores[worst]) / (image @ (texts[best] - texts[worst]))
    for label in LABELS:
        assert np.log(scores[best] / scores[label]) == pytest.approx(scale * (image @ (texts[best] - texts[label])),
                                                                     abs=1e-3)


@pytest.mark.parametrize("given", ["--labels", "labels.json", "prompts.csv", "labels.txt"])
def test_labels_are_read_as_a_list_as_json_and_as_a_table(mi2, picture, tmp_path, given):
    """A list as over HTTP, and the prompts.csv that mi2 dataset prepare writes."""
    wanted = mi2.rows("classify", "--labels", "chest x-ray,brain MRI", "--format", "jsonl", picture)
    listed = json.dumps(["chest x-ray", "brain MRI"])
    (tmp_path / "labels.json").write_text(listed)
    (tmp_path / "labels.txt").write_text(json.dumps(["chest x-ray", "brain MRI"], indent=1))
    (tmp_path / "prompts.csv").write_text("label,prompt\nchest x-ray,an x-ray of a chest\nbrain MRI,MRI of a brain\n")
    options = ["--labels", listed] if given == "--labels" else ["--labels-file", str(tmp_path / given)]
    assert mi2.rows("classify", *options, "--format", "jsonl", picture) == wanted


def test_multilabel_scores_each_label_alone(mi2, picture):
    def scores(labels):
        row, = mi2.rows("classify", "--multilabel", "--labels", labels, "--format", "jsonl", picture)
        return {entry["label"]: entry["score"] for entry in row["labels"]}
    assert scores("skin,knee")["knee"] == pytest.approx(scores("knee")["knee"], abs=1e-6)


def test_table_shows_five_and_top_overrides(mi2, picture):
    labels = ",".join(LABELS)
    lines = mi2("classify", "--labels", labels, picture).stdout.decode().splitlines()
    assert lines[0] == picture and len(lines) == 6 and lines[1].split()[0] == "1"
    assert len({line.index(line.split(maxsplit=2)[2]) for line in lines[1:]}) == 1
    assert len(mi2("classify", "--top", "2", "--labels", labels, picture).stdout.decode().splitlines()) == 3
    assert len(mi2("classify", "--top", "99", "--labels", labels, picture).stdout.decode().splitlines()) == 8
    row, = mi2.rows("classify", "--top", "3", "--labels", labels, "--format", "jsonl", picture)
    assert len(row["labels"]) == 3


def test_csv_is_jsonl(mi2, images):
    arguments = ["classify", "--labels", ",".join(LABELS), str(images)]
    rows = mi2.rows(*arguments, "--format", "jsonl")
    table = list(csv.DictReader(io.StringIO(mi2(*arguments, "--format", "csv").stdout.decode())))
    flat = [(row["path"], str(rank), entry["label"], entry["score"])
            for row in rows for rank, entry in enumerate(row["labels"], 1)]
    assert [(r["path"], r["rank"], r["label"], float(r["score"])) for r in table] == flat


def test_labels_file_is_labels(mi2, picture, tmp_path):
    path = tmp_path / "labels.txt"
    path.write_bytes(b"\xef\xbb\xbfchest x-ray\r\n\r\n  brain MRI \n\n\nretina")
    filed = mi2.rows("classify", "--labels-file", str(path), "--format", "jsonl", picture)
    assert filed == mi2.rows("classify", "--labels", " chest x-ray,brain MRI , retina,", "--format", "jsonl", picture)


def test_labels_file_keeps_commas(mi2, picture, tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("chest, frontal\nchest, lateral\n")
    row, = mi2.rows("classify", "--labels-file", str(path), "--format", "jsonl", picture)
    assert {entry["label"] for entry in row["labels"]} == {"chest, frontal", "chest, lateral"}


@pytest.mark.parametrize("content,status", [(b"\n \r\n", 3), (b"caf\xe9\n", 3), (None, 7)])
def test_bad_labels_file(mi2, picture, tmp_path, content, status):
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    assert str(path) in mi2("classify", "--labels-file", str(path), picture, status=status).errors


def test_templates_change_scores_and_the_plain_one_does_not(mi2, picture):
    arguments = ["classify", "--labels", "skin,knee,hand", "--format", "jsonl", picture]
    plain = mi2.rows(*arguments)
    assert mi2.rows(*arguments, "--template", "{}") == plain
    assert mi2.rows(*arguments, "--template", "an x-ray of a {}", "--template", "{}") != plain


def test_one_bad_picture_among_many(mi2, picture, bad_picture):
    done = mi2("classify", "--labels", "a,b", "--format", "jsonl", bad_picture, picture, status=8)
    assert len(done.stdout.splitlines()) == 1 and bad_picture in done.errors

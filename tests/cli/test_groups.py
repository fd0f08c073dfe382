"""Rows of one patient stay together: mi2 adapter train and mi2 knn, against scikit-learn, and what is said without one."""
import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from adapter_support import write_embeddings, write_labels

has_torch = (Path(os.environ["MI2_BIN"]).parent / "mi2-torch").exists()
needs_torch = pytest.mark.skipif(not has_torch, reason="built without libtorch")


class Study:
    """Rows of patients, in files: embeddings, and a table of labels with further columns."""

    def __init__(self, folder, vectors, labels, patients):
        self.folder, self.x, self.y, self.patients = folder, vectors.astype(np.float32), np.asarray(labels), patients
        self.names = [f"images/{i:04}.png" for i in range(len(self.y))]
        self.embeddings = write_embeddings(folder / "e.jsonl", self.names, self.x)

    def table(self, name="labels.csv", **columns):
        columns = {"path": self.names, "label": self.y, **columns}
        return write_labels(self.folder / name, zip(*columns.values()), list(columns))

    def adapter(self, mi2, table, *more, status=0, **options):
        done = mi2("adapter", "train", "--embeddings", self.embeddings, "--labels", table, "--out",
                   str(self.folder / "head"), "--force", "--format", "json", "--threads", "1", *more, status=status,
                   with_model=False, **options)
        return (json.loads(done.stdout), done.errors) if status == 0 else (None, done.errors)

    def knn(self, mi2, table, *more, query=None, status=0):
        figures = self.folder / "f.json"
        done = mi2("knn", "--train", self.embeddings, "--labels", table, "--figures", str(figures), "--force", "--format",
                   "jsonl", *more, query or self.embeddings, with_model=False, status=status)
        return json.loads(figures.read_text()) if status == 0 else None, done


@pytest.fixture
def noise(tmp_path):
    """40 patients of 8 nearly equal vectors; labels mean nothing: half of the patients, drawn by chance, are ill."""
    random = np.random.default_rng(11)
    ill = random.permutation(np.repeat([0, 1], 20))
    vectors = np.repeat(random.normal(size=(40, 32)), 8, axis=0) + 0.02 * random.normal(size=(320, 32))
    return Study(tmp_path, vectors, np.array(["healthy", "ill"])[np.repeat(ill, 8)],
                 np.repeat([f"p{i:02}" for i in range(40)], 8))


@pytest.fixture
def uneven(tmp_path):
    """Patients of 1 to 9 rows and of one, two or three labels that the vectors tell, though not surely."""
    random = np.random.default_rng(4)
    sizes = random.integers(1, 10, 60)
    patients = np.repeat([f"patient {i}" for i in range(60)], sizes)
    usual = np.repeat(random.integers(0, 3, 60), sizes)
    truth = np.where(random.random(len(usual)) < 0.3, random.integers(0, 3, len(usual)), usual)
    own = np.repeat(random.normal(size=(60, 10)), sizes, axis=0)
    vectors = random.normal(size=(3, 10))[truth] * 0.8 + 0.6 * own + 0.6 * random.normal(size=(len(truth), 10))
    order = random.permutation(len(truth))
    return Study(tmp_path, vectors[order], np.array(["ant", "bee", "cat"])[truth][order], patients[order])


def ovr_auc(study, probabilities):
    return roc_auc_score(study.y, probabilities, multi_class="ovr")


def sklearn_probabilities(study, folds, temperature, **options):
    """Of rows that their fold's classifier has not seen."""
    probe = LogisticRegression(tol=1e-10, max_iter=100_000, **options)
    logits = cross_val_predict(probe, study.x.astype(np.float64), study.y, groups=study.patients, cv=folds,
                               method="decision_function") / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@needs_torch
def test_patients_do_not_leak_between_folds(mi2, noise):
    plain, words = noise.adapter(mi2, noise.table(), "--bootstrap", "0")
    assert plain["mean_auc"]["value"] > 0.99 and plain["split"]["by"] == "row"
    assert "320 of 320 judged rows have a nearly equal row among those trained on" in words
    assert any("nearly equal" in warning for warning in plain["warnings"])
    grouped, words = noise.adapter(mi2, noise.table(patient=noise.patients), "--bootstrap", "200")
    # The labels mean nothing: of 40 patients the AUC's standard error is 0.09.
    assert 0.2 < grouped["mean_auc"]["value"] < 0.75 and "nearly equal" not in words
    assert grouped["split"]["column"] == "patient" and grouped["split"]["train"] == {"rows": 320, "groups": 40}
    assert [fold["groups"] for fold in grouped["split"]["folds"]] == [8] * 5
    # As wide as 40 patients make it, not 320 rows.
    assert grouped["mean_auc"]["high"] - grouped["mean_auc"]["low"] > 0.2


@needs_torch
def test_frames_of_one_file_do_not_leak_between_folds(mi2, noise):
    files = [f"images/{patient}.dcm" for patient in noise.patients]
    with open(noise.embeddings, "w", encoding="utf-8") as f:
        for i, (name, vector) in enumerate(zip(files, noise.x)):
            f.write(json.dumps({"path": name, "frame": i % 8 + 1, "frames": 8, "embedding": [float(v) for v in vector]}) + "\n")
    table = write_labels(noise.folder / "labels.csv", dict(zip(files, noise.y)).items(), ("path", "label"))
    report, words = noise.adapter(mi2, table, "--bootstrap", "0")
    assert report["split"]["column"] == "file" and report["split"]["train"] == {"rows": 320, "groups": 40}
    assert 0.2 < report["mean_auc"]["value"] < 0.75 and "the frames of one file stay together" in words


@needs_torch
def test_an_mlp_holds_out_whole_patients(mi2, noise):
    table = noise.table(case=noise.patients)
    report, _ = noise.adapter(mi2, table, "--group", "case", "--kind", "mlp", "--hidden-dim", "8", "--epochs", "20",
                              "--bootstrap", "0", "--report", str(noise.folder / "report"))
    parts = list(csv.DictReader(open(noise.folder / "report" / "rows.csv", encoding="utf-8")))
    of_patient = {}
    for row, patient in zip(parts, noise.patients):
        of_patient.setdefault(patient, set()).add(row["part"])
    assert sorted(map(tuple, of_patient.values())) == [("held out",)] * 8 + [("train",)] * 32
    assert report["split"]["chosen_on"] == {"rows": 64, "groups": 8} and report["mean_auc"]["value"] < 0.9


@needs_torch
def test_grouped_folds_are_those_of_stratified_group_k_fold_and_give_its_auc(mi2, uneven):
    report, _ = uneven.adapter(mi2, uneven.table(patient=uneven.patients), "--bootstrap", "0", "--report",
                               str(uneven.folder / "report"))
    folds = StratifiedGroupKFold(n_splits=5)
    wanted = np.zeros(len(uneven.y), int)
    for number, (_, held) in enumerate(folds.split(uneven.x, uneven.y, uneven.patients), start=1):
        wanted[held] = number
    rows = list(csv.DictReader(open(uneven.folder / "report" / "rows.csv", encoding="utf-8")))
    assert [row["path"] for row in rows] == uneven.names
    assert [int(row["fold"]) for row in rows] == wanted.tolist()
    found = sklearn_probabilities(uneven, folds, report["temperature"])
    # Both fits are converged; weights are kept as f32.
    assert report["mean_auc"]["value"] == pytest.approx(ovr_auc(uneven, found), abs=1e-6)
    assert report["evaluated_on"] == "train, cross-validated" and report["rows"] == len(uneven.y)


@needs_torch
def test_folds_of_a_column_give_the_auc_of_group_k_fold(mi2, uneven):
    folds = GroupKFold(n_splits=4)
    column = np.zeros(len(uneven.y), int)
    for number, (_, held) in enumerate(folds.split(uneven.x, uneven.y, uneven.patients)):
        column[held] = number
    table = uneven.table(patient=uneven.patients, fold=column)
    report, words = uneven.adapter(mi2, table, "--fold", "fold", "--bootstrap", "0")
    assert len(report["split"]["folds"]) == 4 and "are usual" not in words
    found = sklearn_probabilities(uneven, folds, report["temperature"])
    assert report["mean_auc"]["value"] == pytest.approx(ovr_auc(uneven, found), abs=1e-6)
    column[0] = (column[0] + 1) % 4
    assert "two folds" in uneven.adapter(mi2, uneven.table(patient=uneven.patients, fold=column), "--fold", "fold",
                                         status=2)[1]
    assert "--fold" in uneven.adapter(mi2, table, "--fold", "fold", "--kind", "mlp", status=2)[1]
    assert "no column 'part'" in uneven.adapter(mi2, table, "--fold", "part", status=3)[1]


@needs_torch
@pytest.mark.parametrize("change,status,words", [
    (lambda p: np.where(np.arange(len(p)) == 5, "", p), 3, "line 7: its patient is empty"),
    (lambda p: np.full(len(p), "p1"), 2, "all training rows are of one 'patient'"),
    (lambda p: np.where(np.isin(p, ["patient 1", "patient 2"]), "p", "q"), 0, "2 groups of 'patient' make 2 folds"),
])
def test_patients_that_make_no_folds_are_answered(mi2, uneven, change, status, words):
    assert words in uneven.adapter(mi2, uneven.table(patient=change(uneven.patients)), "--bootstrap", "0",
                                   status=status)[1]


@needs_torch
def test_a_label_of_one_patient_alone_is_not_judged(mi2, uneven):
    one = uneven.patients == uneven.patients[0]
    uneven.y = np.where(one, "dog", uneven.y)
    report, words = uneven.adapter(mi2, uneven.table(patient=uneven.patients), "--bootstrap", "100")
    assert f"{one.sum()} rows could not be judged" in words and f"'dog': {one.sum()}" in words
    dog = report["classes"][3]
    assert dog["label"] == "dog" and dog["support"] == 0 and dog["auc"]["value"] is None
    assert dog["train_groups"] == 1 and dog["youden"]["chosen"] is None
    assert report["rows"] == len(uneven.y) - one.sum() == sum(fold["rows"] for fold in report["split"]["folds"])
    uneven.y = np.where(one, "dog", "ant")
    assert "no training row can be judged" in uneven.adapter(
        mi2, uneven.table(patient=np.where(one, "p", "q")), status=2)[1]


@needs_torch
def test_a_patient_in_two_splits_is_said(mi2, uneven):
    split = np.where(np.arange(len(uneven.y)) % 4 == 0, "test", "train")
    report, words = uneven.adapter(mi2, uneven.table(patient=uneven.patients, split=split), "--bootstrap", "0")
    in_both = set(uneven.patients[split == "test"]) & set(uneven.patients[split == "train"])
    rows = sum(p in in_both for p in uneven.patients[split == "test"])
    assert report["split"]["in_several_parts"] == {"rows": rows, "groups": len(in_both)}
    assert f"{len(in_both)} groups of 'patient' are in more than one of train, val and test ({rows} rows" in words
    apart = np.where([hash_of(p) for p in uneven.patients], "test", "train")
    assert "more than one" not in uneven.adapter(mi2, uneven.table(patient=uneven.patients, split=apart))[1]


def hash_of(patient):
    return int(patient.split()[1]) % 3 == 0


@needs_torch
def test_tables_of_which_one_has_patients_are_refused(mi2, uneven):
    split = np.where(np.arange(len(uneven.y)) % 4 == 0, "test", "train")
    names, labels = np.array(uneven.names), uneven.y
    write_labels(uneven.folder / "train.csv", zip(names[split == "train"], labels[split == "train"],
                                                  uneven.patients[split == "train"]), ("path", "label", "patient_id"))
    test = write_labels(uneven.folder / "test.csv", zip(names[split == "test"], labels[split == "test"]),
                        ("path", "label"))
    assert "expected it in all or in none" in uneven.adapter(mi2, str(uneven.folder / "train.csv"), "--test-labels", test,
                                                             status=2)[1]


@needs_torch
@pytest.mark.parametrize("rows, warned", [
    ("four", "2 of 2 labels have fewer than 10 rows to be trained on ('no': 2)"),
    ("one positive", "1 of 2 labels have fewer than 10 rows to be trained on ('yes': 1)"),
    ("four patients", "2 of 2 labels have fewer than 10 groups to be trained on ('no': 2)")])
def test_a_handful_of_rows_is_warned_of_fits_no_temperature_and_has_no_intervals(mi2, tmp_path, rows, warned):
    random = np.random.default_rng(1)
    if rows == "four":
        truth, patients = np.array([0, 0, 1, 1]), None
        vectors = np.array([[1.0, 0.1], [0.2, 1.0], [0.9, 0.2], [0.1, 0.9]])
    elif rows == "one positive":
        truth, patients = np.r_[1, np.zeros(30, int)], None
        vectors = random.normal(size=(31, 6))
    else:
        truth, patients = np.repeat([0, 1, 0, 1], 25), np.repeat(list("abcd"), 25)
        vectors = np.repeat(random.normal(size=(4, 6)), 25, axis=0) + 0.3 * random.normal(size=(100, 6))
    study = Study(tmp_path, vectors, np.array(["no", "yes"])[truth], patients)
    table = study.table() if patients is None else study.table(patient=patients)
    report, words = study.adapter(mi2, table, "--c", "100", "--bootstrap", "200")
    assert f"warning: {warned}" in words and any(warning.startswith(warned) for warning in report["warnings"])
    assert report["temperature"] == 1 and "the temperature" in words
    assert report["mean_auc"]["low"] is None
    assert all(row["youden"]["chosen"] is None for row in report["classes"])
    assert [row["train_rows"] for row in report["classes"]] == [(truth == 0).sum(), (truth == 1).sum()]


@needs_torch
def test_rows_of_each_label_and_how_they_were_split_are_in_the_summary(mi2, uneven):
    done = mi2("adapter", "train", "--embeddings", uneven.embeddings, "--labels", uneven.table(patient=uneven.patients),
               "--out", str(uneven.folder / "head"), "--threads", "1", "--bootstrap", "50", with_model=False)
    text = done.stdout.decode()
    ants = uneven.y == "ant"
    people = len(set(uneven.patients[ants]))
    assert "split by 'patient', whose rows stay together" in text and "intervals by 'patient'" in text
    assert f"{ants.sum()} ({people}), {ants.sum()} ({people})" in text
    assert "fewer than 10" not in done.errors


def test_a_querys_own_patient_does_not_vote(mi2, noise):
    plain, done = noise.knn(mi2, noise.table())
    assert plain["mean_auc"] > 0.99 and "320 of 320 judged queries have a nearly equal row" in done.errors
    grouped, done = noise.knn(mi2, noise.table(patient=noise.patients))
    assert 0.25 < grouped["mean_auc"] < 0.75 and "nearly equal" not in done.errors
    own = dict(zip(noise.names, noise.patients))
    for line in done.stdout.splitlines():
        row = json.loads(line)
        assert len(row["neighbours"]) == 5
        assert all(own[n["path"]] != own[row["path"]] for n in row["neighbours"])


def test_queries_that_nobody_knows_are_said_to_have_no_patients(mi2, noise):
    np.save(noise.folder / "q.npy", noise.x[:4])
    done = mi2("knn", "--train", noise.embeddings, "--labels", noise.table(patient=noise.patients),
               str(noise.folder / "q.npy"), with_model=False)
    assert "patients are not kept apart" in done.errors


def test_neighbours_of_other_patients_are_scikit_learns(mi2, uneven):
    figures, _ = uneven.knn(mi2, uneven.table(subject=uneven.patients), "--group", "subject")
    model = KNeighborsClassifier(n_neighbors=5, metric="cosine", algorithm="brute")
    found = cross_val_predict(model, uneven.x.astype(np.float64), uneven.y, groups=uneven.patients,
                              cv=LeaveOneGroupOut(), method="predict_proba")
    assert figures["mean_auc"] == pytest.approx(ovr_auc(uneven, found), abs=1e-9)
    assert figures["rows"] == len(uneven.y)


def test_what_cannot_be_judged_is_counted_and_named_and_the_rest_is_done(mi2, noise):
    noise.x[0] = noise.x[200] = 0
    write_embeddings(noise.folder / "e.jsonl", noise.names, noise.x)
    noise.y = noise.y.astype(object)
    noise.y[210:213] = "only held out"
    split = np.where(np.arange(320) < 160, "train", "test")
    figures, done = noise.knn(mi2, noise.table(split=split))
    assert figures["rows"] == 156 and figures["not_judged"] == 4
    assert "1 rows are zero vectors, which have no direction, and do not count: 'images/0000.png'" in done.errors
    assert "2 queries are zero vectors, which have no direction, and have no answer: 'images/0000.png', 'images/0200.png'" in (
        done.errors)
    assert "3 queries cannot be judged" in done.errors and "'images/0210.png'" in done.errors
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 320 and rows[200] == {"path": "images/0200.png", "labels": [], "neighbours": []}
    assert sum(len(row["neighbours"]) == 5 for row in rows) == 318
    # A patient that is all there is has no other neighbours.
    alone = np.where(np.arange(320) < 160, "a", "b")
    figures, done = noise.knn(mi2, noise.table(split=split, patient=alone), "--k", "200")
    assert "160 queries have no answer" not in done.errors and "only 159 rows can be searched" in done.errors
    assert "159 queries have no answer, since all rows of --train are of their own patient" in done.errors


def test_patients_of_one_table_alone_are_said(mi2, noise):
    queries = noise.table("queries.csv")
    _, done = noise.knn(mi2, noise.table(patient=noise.patients), "--query-labels", queries)
    assert "queries.csv has none: patients are not kept apart" in done.errors
    empty = np.where(np.arange(320) == 3, "", noise.patients)
    _, done = noise.knn(mi2, noise.table(patient=empty), status=3)
    assert "line 5: its patient is empty" in done.errors
    (noise.folder / "labels.txt").write_text("".join(f"{label}\n" for label in noise.y))
    _, done = noise.knn(mi2, str(noise.folder / "labels.txt"), "--group", "patient", status=2)
    assert "a list of labels has no columns" in done.errors
    _, done = noise.knn(mi2, noise.table(), "--group", "patient", status=3)
    assert "no column 'patient'" in done.errors


def test_the_starters_own_manifest_is_judged(mi2, tmp_path):
    """Labels that only rows set aside have, as the manifest of the starter's images has them."""
    manifest = Path(os.environ.get("MI2_SHARED_DATA", "")) / "starter" / "manifest.csv"
    if not manifest.is_file():
        pytest.skip("needs MI2_SHARED_DATA/starter")
    rows = list(csv.DictReader(open(manifest, encoding="utf-8")))
    random = np.random.default_rng(0)
    names = [str(manifest.parent / row["file"]) for row in rows]
    labels = sorted({row["label"] for row in rows})
    centres = random.normal(size=(len(labels), 24))
    vectors = centres[[labels.index(row["label"]) for row in rows]] + random.normal(size=(len(rows), 24))
    embeddings = write_embeddings(tmp_path / "e.jsonl", names, vectors)
    done = mi2("knn", "--train", embeddings, "--labels", str(manifest), "--figures", str(tmp_path / "f.json"), "--out",
               str(tmp_path / "scores.txt"), embeddings, with_model=False)
    unknown = {row["label"] for row in rows} - {row["label"] for row in rows if row["split"] == "train"}
    count = sum(row["label"] in unknown for row in rows)
    held = sum(row["split"] != "train" for row in rows)
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["rows"] == held - count and figures["not_judged"] == count
    assert count == 0 or f"{count} queries cannot be judged" in done.errors


@needs_torch
@pytest.mark.parametrize("patients", [6, 1])
def test_a_run_says_what_its_neighbours_are_worth(mi2, tmp_path, patients):
    random = np.random.default_rng(1)
    rows = ["file,split,label,caption,who"]
    for i in range(12):
        Image.fromarray(random.integers(0, 255, (40, 40, 3)).astype("uint8")).save(tmp_path / f"{i}.png")
        label = "green" if i == 11 else ("red", "blue")[i % 2]
        rows.append(f"{i}.png,{'train' if i < 8 else 'test'},{label},a {label} image,p{i % patients}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "t.yaml").write_text("{}\n")
    source = f"PATH: {tmp_path}/manifest.csv, GROUP_COLUMN: who, SPLIT"
    values = {"MODEL": mi2.model, "SAVE_DIR": tmp_path / "run", "MAX_STEPS": 1, "START_LEARNING_RATE": 1e-4, "WORKERS": 1,
              "TRAIN.BATCH_SIZE_TOTAL": 4, "EVAL.KNN": 50, "EVAL_AT_START": "true", "EVAL.EVERY_EPOCHS": 0,
              "DATASET.TRAIN": f"[{{{source}: train}}]", "DATASET.VALIDATION": f"[{{{source}: test}}]"}
    done = mi2("train", str(tmp_path / "t.yaml"), *[part for key, value in values.items() for part in ("--set", f"{key}={value}")])
    assert f"{min(patients, 4)} of {min(patients, 4)} patients of DATASET.VALIDATION are trained on too" in done.errors
    assert "EVAL.KNN is 50, and the neighbours' bank has 8 images: all of them vote" in done.errors
    assert "1 of 4 images of DATASET.VALIDATION have a label that no image of the neighbours' bank has" in done.errors
    # Of one patient alone, nobody has a neighbour.
    assert ('"knn_accuracy":' in (tmp_path / "run" / "log.jsonl").read_text()) == (patients > 1)


@needs_torch
@pytest.mark.parametrize("column", ["", "patient"])
def test_a_run_without_patients_warns_of_images_that_are_nearly_equal_to_trained_ones(mi2, tmp_path, column):
    random = np.random.default_rng(2)
    rows = [f"file,split,label,{column or 'other'}"]
    for i in range(12):
        if i < 9:
            grey = np.kron(random.integers(0, 255, (4, 4)), np.ones((10, 10)))
        else:  # three of four are those of the split train with one pixel changed
            grey = np.array(Image.open(tmp_path / f"{i - 9}.png")).astype(float)
            grey[0, 0] = 128
        Image.fromarray(grey.astype("uint8")).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{'train' if i < 8 else 'test'},{('red', 'blue')[i % 2]},p{i}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "t.yaml").write_text("{}\n")
    source = f"PATH: {tmp_path}/manifest.csv, SPLIT"
    values = {"MODEL": mi2.model, "SAVE_DIR": tmp_path / "run", "MAX_STEPS": 2, "START_LEARNING_RATE": 1e-5, "WORKERS": 1,
              "TRAIN.BATCH_SIZE_TOTAL": 4, "EVAL.KNN": 3, "EVAL_AT_START": "true", "EVAL.EVERY_EPOCHS": 1,
              "DATASET.TRAIN": f"[{{{source}: train}}]", "DATASET.VALIDATION": f"[{{{source}: test}}]"}
    done = mi2("train", str(tmp_path / "t.yaml"), *[part for key, value in values.items() for part in ("--set", f"{key}={value}")])
    said = "3 of 4 images of DATASET.VALIDATION are nearly equal to one of DATASET.TRAIN"
    # Once, however often it is evaluated.
    assert done.errors.count(said) == (0 if column else 1)

"""mi2 knn: against scikit-learn, in every format, and what is refused."""
import json

import numpy as np
import pytest
from sklearn import metrics
from sklearn.neighbors import KNeighborsClassifier


@pytest.fixture
def data(tmp_path):
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, 140)
    vectors = (random.normal(size=(3, 10))[truth] + random.normal(size=(140, 10))).astype(np.float32)
    labels = np.array(["ant", "bee", "cat"])[truth]
    np.save(tmp_path / "train.npy", vectors[:100])
    np.save(tmp_path / "test.npy", vectors[100:])
    for name, rows in (("train", labels[:100]), ("test", labels[100:])):
        (tmp_path / f"{name}.txt").write_text("".join(f"{row}\n" for row in rows))
    return tmp_path, vectors, labels


def knn(mi2, folder, *more, **options):
    return mi2("knn", "--train", str(folder / "train.npy"), "--labels", str(folder / "train.txt"), *more,
               str(folder / "test.npy"), with_model=False, **options)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("vote,weights", [("majority", "uniform"), ("distance", "distance")])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_scores_and_figures_are_scikit_learns(mi2, data, metric, vote, weights, k):
    folder, vectors, labels = data
    model = KNeighborsClassifier(n_neighbors=k, metric=metric, weights=weights, algorithm="brute")
    model.fit(vectors[:100].astype(np.float64), labels[:100])
    done = knn(mi2, folder, "--k", str(k), "--metric", metric, "--vote", vote, "--format", "jsonl",
               "--query-labels", str(folder / "test.txt"), "--figures", str(folder / "f.json"))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = np.array([[{s["label"]: s["score"] for s in row["labels"]}.get(label, 0) for label in model.classes_]
                      for row in rows])
    # Distances are computed in f64 from f32 vectors on both sides.
    np.testing.assert_allclose(found, model.predict_proba(vectors[100:].astype(np.float64)), atol=1e-6)
    figures = json.loads((folder / "f.json").read_text())
    assert figures["rows"] == 40
    assert figures["accuracy"] == pytest.approx(model.score(vectors[100:].astype(np.float64), labels[100:]), abs=1e-9)
    assert f"accuracy {figures['accuracy']:.4f}" in done.errors


def test_neighbours_are_listed_nearest_first(mi2, data):
    folder, vectors, labels = data
    rows = [json.loads(line) for line in knn(mi2, folder, "--metric", "euclidean", "--format", "jsonl").stdout.splitlines()]
    for query, row in zip(vectors[100:].astype(np.float64), rows):
        distances = np.linalg.norm(vectors[:100].astype(np.float64) - query, axis=1)
        order = np.argsort(distances)[:5]
        assert [int(n["path"]) - 1 for n in row["neighbours"]] == order.tolist()
        assert [n["label"] for n in row["neighbours"]] == labels[order].tolist()
        np.testing.assert_allclose([n["distance"] for n in row["neighbours"]], distances[order], atol=1e-6)


def test_only_train_rows_of_a_table_with_splits_are_searched(mi2, data):
    folder, vectors, labels = data
    with open(folder / "all.jsonl", "w", encoding="utf-8") as f:
        for i, vector in enumerate(vectors):
            f.write(json.dumps({"path": f"d/{i}.png", "embedding": [float(v) for v in vector]}) + "\n")
    rows = [f"{i}.png,{'train' if i < 100 else 'test'},{label}" for i, label in enumerate(labels)]
    (folder / "labels.csv").write_text("path,split,label\n" + "\n".join(rows) + "\n")
    done = mi2("knn", "--train", str(folder / "all.jsonl"), "--labels", str(folder / "labels.csv"), "--k", "1",
               "--format", "jsonl", str(folder / "all.jsonl"), with_model=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 140 and "40 queries of known label" in done.errors and "140 q" not in done.errors
    assert all(int(row["neighbours"][0]["path"][2:-4]) < 100 for row in found)
    assert all(row["neighbours"][0]["distance"] < 1e-6 for row in found[:100])


@pytest.mark.parametrize("format_name,start", [("table", "1\n  1  "), ("csv", "path,rank,label,score\n1,1,")])
def test_formats_for_people_and_spreadsheets(mi2, data, format_name, start):
    assert knn(mi2, data[0], "--format", format_name).stdout.decode().startswith(start)


@pytest.mark.parametrize("more,status,words", [
    (["--metric", "dot", "--vote", "distance"], 2, "inner products"), (["--k", "0"], 2, "--k"),
    (["--figures", "f.json"], 2, "no query has a known label"), (["--query-labels", "nowhere.txt"], 7, "nowhere.txt"),
])
def test_what_makes_no_sense_is_refused(mi2, data, more, status, words):
    assert words in knn(mi2, data[0], *more, status=status).errors


def test_lists_of_another_length_are_refused(mi2, data):
    folder = data[0]
    (folder / "train.txt").write_text("ant\nbee\n")
    assert "2 labels" in knn(mi2, folder, status=2).errors


def test_more_shares_of_the_vote_than_fit_are_refused_before_the_search(mi2, tmp_path):
    rows = 8200  # each of a label of its own: 2^26 shares and some more
    for name in ("train", "test"):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(1).normal(size=(rows, 2)).astype(np.float32))
        (tmp_path / f"{name}.txt").write_text("".join(f"l{i}\n" for i in range(rows)))
    done = knn(mi2, tmp_path, "--query-labels", str(tmp_path / "test.txt"), status=5)
    assert "queries of known label: 8200 rows of 8200 labels" in done.errors and not done.stdout


def test_queries_of_other_dimensions_are_refused(mi2, data):
    folder = data[0]
    np.save(folder / "test.npy", np.ones((2, 3), np.float32))
    assert "3 dimensions" in knn(mi2, folder, status=2).errors


@pytest.mark.parametrize("vote,weights", [("majority", "uniform"), ("distance", "distance")])
def test_several_labels_of_a_row_are_judged_as_by_scikit_learn(mi2, data, vote, weights):
    folder, vectors, _ = data
    random = np.random.default_rng(4)
    truth = (vectors @ random.normal(size=(10, 3)) + random.normal(size=(140, 3)) > [0, 1, 2]).astype(int)
    names = np.array(["effusion", "mass", "nodule"])
    texts = ["|".join(names[row == 1][::order]) for row, order in zip(truth, random.choice([1, -1], 140))]
    for name, rows in (("train", texts[:100]), ("test", texts[100:])):
        lines = [f"{name}/{i}.png,{text}" for i, text in enumerate(rows)]
        (folder / f"{name}.csv").write_text("\n".join(["path,label", *lines, ""]))
        (folder / f"{name}.paths").write_text("".join(f"{name}/{i}.png\n" for i in range(len(rows))))
    wide = [{"path": f"test/{i}.png", "embedding": row.tolist()} for i, row in enumerate(vectors[100:])]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in wide))
    done = mi2("knn", "--train", str(folder / "train.npy"), "--paths", str(folder / "train.paths"), "--labels",
               str(folder / "train.csv"), "--query-labels", str(folder / "test.csv"), "--multi-label", "--k", "7",
               "--metric", "euclidean", "--vote", vote, "--format", "jsonl", "--figures", str(folder / "f.json"),
               str(folder / "test.jsonl"), with_model=False)
    model = KNeighborsClassifier(n_neighbors=7, weights=weights, algorithm="brute").fit(np.float64(vectors[:100]), truth[:100])
    wanted = np.stack([p[:, 1] for p in model.predict_proba(np.float64(vectors[100:]))], 1)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = np.array([[{s["label"]: s["score"] for s in row["labels"]}.get(name, 0) for name in names] for row in rows])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    figures = json.loads((folder / "f.json").read_text())
    y, called = truth[100:], found >= 0.5
    assert figures["rows"] == 40 and figures["not_judged"] == 0 and "" in texts[100:]
    assert figures["mean_auc"] == pytest.approx(metrics.roc_auc_score(y, found), abs=1e-9)
    assert figures["mean_average_precision"] == pytest.approx(metrics.average_precision_score(y, found), abs=1e-9)
    assert figures["macro_f1"] == pytest.approx(metrics.f1_score(y, called, average="macro"), abs=1e-9)
    assert figures["micro_f1"] == pytest.approx(metrics.f1_score(y, called, average="micro"), abs=1e-9)
    assert figures["exact_match"] == pytest.approx(metrics.accuracy_score(y, called), abs=1e-9)
    assert figures["hamming_loss"] == pytest.approx(metrics.hamming_loss(y, called), abs=1e-9)
    for c, row in enumerate(figures["labels"]):
        assert row["auc"] == pytest.approx(metrics.roc_auc_score(y[:, c], found[:, c]), abs=1e-9)
        assert row["f1"] == pytest.approx(metrics.f1_score(y[:, c], called[:, c]), abs=1e-9)


def test_a_finding_of_half_the_neighbours_is_called(mi2, tmp_path):
    """Six twelfths, added one by one, are less than a half in floating point."""
    rng = np.random.default_rng(3)
    np.save(tmp_path / "train.npy", rng.normal(size=(12, 4)).astype(np.float32))
    (tmp_path / "train.paths").write_text("".join(f"{i}.png\n" for i in range(12)))
    (tmp_path / "train.csv").write_text("path,label\n" + "".join(f"{i}.png,{f'a|b{i}' if i % 2 else f'c{i}'}\n" for i in range(12)))
    (tmp_path / "test.jsonl").write_text(json.dumps({"path": "q.png", "embedding": [1.0, 0, 0, 0]}) + "\n")
    (tmp_path / "test.csv").write_text("path,label\nq.png,a\n")
    mi2("knn", "--train", str(tmp_path / "train.npy"), "--paths", str(tmp_path / "train.paths"), "--labels",
        str(tmp_path / "train.csv"), "--query-labels", str(tmp_path / "test.csv"), "--multi-label", "--k", "12", "--vote",
        "majority", "--figures", str(tmp_path / "f.json"), str(tmp_path / "test.jsonl"), with_model=False)
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["exact_match"] == 1, figures


@pytest.mark.parametrize("option", ["--out", "--figures"])
def test_scores_and_figures_are_replaced_only_by_force(mi2, data, option):
    folder = data[0]
    there = folder / "there.csv"
    there.write_text("mine")
    asked = ("--query-labels", str(folder / "test.txt"), option, str(there))
    assert "--force" in knn(mi2, folder, *asked, status=2).errors
    assert there.read_text() == "mine"
    knn(mi2, folder, *asked, "--force")
    assert there.read_text() != "mine"

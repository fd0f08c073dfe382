"""mi2 adapter import of scikit-learn's classifiers and of weights alone; mi2 adapter embed."""
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from adapter_support import scores, torch_file, write_embeddings, write_safetensors
from test_adapter_toolkit import gelu, toolkit_forward, toolkit_weights

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "adapters.md"


def write_json(path, pipeline, labels=None, points=None):
    """As docs/adapters.md says: its own lines of Python."""
    code, = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(code, names)
    names["write_json"](path, pipeline, labels, points)


def data(classes, dimensions=12):
    """Overlapping groups far from 0, and of scales that differ: what a StandardScaler is for."""
    random = np.random.default_rng(classes)
    truth = np.repeat(np.arange(classes), 40)
    x = random.normal(size=(classes, dimensions))[truth] + random.normal(size=(len(truth), dimensions))
    return (x * np.logspace(-2, 1, dimensions) + 3).astype(np.float32).astype(np.float64), truth


def network(**options):
    return MLPClassifier(**{"hidden_layer_sizes": (9, 7), "max_iter": 30, "random_state": 0, **options})


def machine(**options):
    return SVC(**{"probability": True, "random_state": 0, **options})


@pytest.fixture(autouse=True)
def quiet():
    """Fits that are cut short, and options that a later scikit-learn drops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check(mi2, folder, pipeline, x, names, **more):
    write_json(folder / "head.json", pipeline, **more)
    head = folder / "taken"
    mi2("adapter", "import", "--force", "--out", str(head), str(folder / "head.json"))
    rows = [str(i) for i in range(len(x))]
    found = scores(mi2, head, write_embeddings(folder / "e.jsonl", rows, x))
    ours = np.array([[found[row][name] for name in names] for row in rows])
    wanted = np.asarray(pipeline.predict_proba(x))
    np.testing.assert_allclose(ours, wanted, atol=1e-9)  # both in f64, sums in another order


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", [
    LogisticRegression(), LogisticRegression(fit_intercept=False), network(), network(activation="tanh"),
    network(activation="logistic", hidden_layer_sizes=(5,)), network(activation="identity", hidden_layer_sizes=()),
    machine(kernel="linear"), machine(kernel="rbf"), machine(kernel="rbf", gamma=0.3, C=5),
], ids=lambda model: re.sub(r"\W+", " ", repr(model))[:60])
def test_an_imported_pipeline_gives_predict_proba(mi2, tmp_path, classes, model):
    x, truth = data(classes)
    pipeline = make_pipeline(StandardScaler(), model).fit(x, truth)
    check(mi2, tmp_path, pipeline, x[::7], [str(c) for c in range(classes)])


@pytest.mark.parametrize("scaler", [{"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}, None])
def test_a_scaler_does_what_it_was_told_and_no_more(mi2, tmp_path, scaler):
    x, truth = data(3)
    steps = [LogisticRegression(max_iter=50)] if scaler is None else [StandardScaler(**scaler), LogisticRegression(max_iter=50)]
    pipeline = make_pipeline(*steps).fit(x, np.array(["ant", "bee", "cat"])[truth])
    check(mi2, tmp_path, pipeline, x[::9], ["ant", "bee", "cat"])


def test_labels_that_may_hold_together_do_not_sum_to_one(mi2, tmp_path):
    x, truth = data(3)
    several = np.stack([truth == 0, truth != 1, x[:, 3] > np.median(x[:, 3])], axis=1).astype(int)
    pipeline = make_pipeline(StandardScaler(), network()).fit(x, several)
    check(mi2, tmp_path, pipeline, x[::7], ["a", "b", "c"], labels=["a", "b", "c"])


def test_older_kinds_of_logistic_regression_are_told_apart(mi2, tmp_path):
    """What predict_proba of multi_class="ovr" and of a multinomial model of two classes gives, from the same weights."""
    x, truth = data(3)
    x = x[::9]
    for classes, how in ((3, "ovr"), (2, "multinomial")):
        model = LogisticRegression(max_iter=50).fit(*data(classes))
        write_json(tmp_path / "head.json", make_pipeline(model))
        changed = json.loads((tmp_path / "head.json").read_text())
        changed["steps"][0]["multi_class"] = how
        (tmp_path / "head.json").write_text(json.dumps(changed))
        mi2("adapter", "import", "--force", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"))
        found = scores(mi2, tmp_path / "h", write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(len(x))], x))
        decision = model.decision_function(x)
        if how == "ovr":
            alone = 1 / (1 + np.exp(-decision))
            wanted = alone[:, 0] / alone.sum(axis=1)
        else:
            wanted = np.exp(-decision) / (np.exp(-decision) + np.exp(decision))
        np.testing.assert_allclose([found[str(i)]["0"] for i in range(len(x))], wanted, atol=1e-9)


def test_operating_points_of_a_bundle_become_calls(mi2, tmp_path):
    x, truth = data(3)
    pipeline = make_pipeline(StandardScaler(), network()).fit(x, truth)
    write_json(tmp_path / "head.json", pipeline, labels=["a", "b", "c"],
               points={"a": {"youden_j": 0.6, "sens90": 0.2, "auc": 0.9}, "c": {"youden_j": 0.3, "sens90": 0.5}})
    mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"))
    embeddings = write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(len(x))], x)
    rows = mi2.rows("adapter", "classify", "--head", str(tmp_path / "h"), "--embeddings", embeddings, "--format", "jsonl",
                    "--calls")
    seen = set()
    for row in rows:
        for entry in row["labels"]:
            score, label = entry["score"], entry["label"]
            wanted = {"a": "positive" if score >= 0.6 else "negative" if score <= 0.2 else "possible", "b": None,
                      "c": "positive" if score >= 0.3 else "negative"}[label]
            assert entry["call"] == wanted
            seen.add((label, wanted))
    assert len(seen) == 6  # every call that there is occurs


def test_imported_pipelines_have_the_features_of_their_last_hidden_layer(mi2, tmp_path):
    x, truth = data(3)
    pipeline = make_pipeline(StandardScaler(), network()).fit(x, truth)
    write_json(tmp_path / "head.json", pipeline)
    mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"))
    embeddings = write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(len(x))], x)
    rows = mi2.rows("adapter", "embed", "--head", str(tmp_path / "h"), "--embeddings", embeddings)
    hidden, model = pipeline[0].transform(x), pipeline[1]
    for weight, bias in list(zip(model.coefs_, model.intercepts_))[:-1]:
        hidden = np.maximum(hidden @ weight + bias, 0)
    np.testing.assert_allclose([row["embedding"] for row in rows], hidden, rtol=1e-6, atol=1e-6)  # written as f32


def damaged(change):
    def spoil(json_text):
        change(json_text)
        return json.dumps(json_text)
    return spoil


def step(number, **values):
    return damaged(lambda j: j["steps"][number].update(values))


@pytest.mark.parametrize("spoil,status,words", [
    (step(0, type="PCA"), 4, "steps[0].type"), (step(0, copy=True), 3, "steps[0].copy: is not a key"),
    (step(0, mean_=[1.0]), 3, "steps[0].scale_: expected 1 numbers, got 12"), (step(0, scale_=[0.0] * 12), 3, "no zeros"),
    (step(0, with_mean="yes"), 3, "steps[0].with_mean"), (step(1, activation="gelu"), 3, "steps[1].activation"),
    (step(1, out_activation_="identity"), 3, "out_activation_"), (step(1, coefs_=[]), 3, "steps[1].coefs_"),
    (damaged(lambda j: j["steps"][1]["coefs_"][0][0].append(1.0)), 3, "rows of one length"), (step(1, intercepts_=[[1.0]]), 3, "intercepts_"),
    (step(1, classes_=["a", "b"]), 3, "2 classes"), (step(1, classes_=[0.5, 1.5, 2.5]), 3, "labels"),
    (step(1, classes_=["a", "a", "b"]), 3, "label 2 is a duplicate"),
    (damaged(lambda j: j["steps"].pop(1)), 3, "no classifier"), (damaged(lambda j: j["steps"].pop(0)), None, ""),
    (damaged(lambda j: j["steps"].append(j["steps"][0])), 3, "no step after the classifier"),
    (damaged(lambda j: j.update(labels=["a"])), 3, "labels: expected one for each of 3 classes, got 1"),
    (damaged(lambda j: j.update(more=1)), 3, "more: is not a key"),
    (damaged(lambda j: j.update(operating_points={"x": {"youden_j": 0.1, "sens90": 0.1}})), 3, "names what is no label"),
    (damaged(lambda j: j.update(operating_points={"0": {"youden_j": 2, "sens90": 0.1}})), 3, "youden_j"),
    (damaged(lambda j: j.update(operating_points={"0": {"youden_j": 0.2}})), 3, "sens90: is missing"),
    (lambda j: json.dumps(j).replace('"scale_": [', '"scale_": [NaN, '), 3, "not valid JSON"),
    (lambda j: json.dumps(j)[:-2], 3, "not valid JSON"), (damaged(lambda j: j.update(format="onnx")), 3, "in_channels"),
])
def test_json_that_is_damaged_is_refused_by_its_key(mi2, tmp_path, spoil, status, words):
    x, truth = data(3)
    write_json(tmp_path / "head.json", make_pipeline(StandardScaler(), network()).fit(x, truth))
    (tmp_path / "head.json").write_text(spoil(json.loads((tmp_path / "head.json").read_text())))
    done = mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"), status=status or 0)
    assert words in done.errors and bool(list(tmp_path.glob("h.*"))) == (status is None)


@pytest.mark.parametrize("model,change,status,words", [
    (SVC(), {}, 4, "probability=True"), (machine(kernel="poly"), {}, 4, "expected linear or rbf"),
    (machine(), {"n_support_": [1, 1, 1]}, 3, "n_support_"), (machine(), {"dual_coef_": [[1.0]]}, 3, "dual_coef_"),
    (machine(), {"probB_": [0.1]}, 3, "probB_: expected 3 numbers, got 1"), (machine(), {"_gamma": -1}, 3, "_gamma"),
])
def test_machines_that_give_no_probabilities_are_refused(mi2, tmp_path, model, change, status, words):
    write_json(tmp_path / "head.json", make_pipeline(model.fit(*data(3))))
    changed = json.loads((tmp_path / "head.json").read_text())
    changed["steps"][0].update(change)
    (tmp_path / "head.json").write_text(json.dumps(changed))
    assert words in mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"), status=status).errors


def test_a_joblib_file_is_refused_with_the_way_out(mi2, tmp_path):
    (tmp_path / "weights.joblib").write_bytes(b"\x80\x05joblib")
    done = mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "weights.joblib"), status=4)
    assert "docs/adapters.md" in done.errors and not list(tmp_path.glob("h*"))


# Weights of the toolkit without their config.

def vectors_of(tmp_path, rows=5):
    x = np.random.default_rng(2).normal(size=(rows, 20)).astype(np.float32)
    return x, write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(rows)], x)


@pytest.mark.parametrize("name,prefix", [("best_metric_model.pth", ""), ("adapter_model.pth", "module."),
                                         ("model.pt", "model.adapter."), ("model.safetensors", "")])
def test_weights_alone_are_enough_with_labels(mi2, tmp_path, name, prefix):
    weights = toolkit_weights(20, 24, 3)
    named = {prefix + key: value for key, value in weights.items()}
    if name.endswith(".safetensors"):
        write_safetensors(tmp_path / name, named)
    else:
        torch_file(tmp_path / name, named)
    x, embeddings = vectors_of(tmp_path)
    mi2("adapter", "import", "--out", str(tmp_path / "h"), "--labels", "x,y,z", str(tmp_path / name))
    logits = toolkit_forward({k: v.astype(np.float64) for k, v in weights.items()}, x.astype(np.float64))
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = scores(mi2, tmp_path / "h", embeddings)
    np.testing.assert_allclose([[found[str(i)][label] for label in "xyz"] for i in range(5)], wanted, atol=1e-9)


def test_weights_alone_need_a_name_for_each_output(mi2, tmp_path):
    torch_file(tmp_path / "w.pth", toolkit_weights(20, 24, 3))
    base = ["adapter", "import", "--out", str(tmp_path / "h")]
    assert "each of its 3 outputs in order, got 0" in mi2(*base, str(tmp_path / "w.pth"), status=2).errors
    assert "got 2" in mi2(*base, "--labels", "a,b", str(tmp_path / "w.pth"), status=2).errors
    torch_file(tmp_path / "other.pth", {"fc.weight": np.ones((3, 4), np.float32)})
    assert "no adapter of the toolkit" in mi2(*base, "--labels", "a,b,c", str(tmp_path / "other.pth"), status=3).errors
    (tmp_path / "names.txt").write_text("one\ntwo, or three\nfour\n")
    mi2(*base, "--labels-file", str(tmp_path / "names.txt"), str(tmp_path / "w.pth"))
    assert json.loads((tmp_path / "h.json").read_text())["labels"] == ["one", "two, or three", "four"]


def test_a_fine_tuned_azure_folder_is_used_as_it_is(mi2, tmp_path):
    folder = tmp_path / "artifacts" / "adapter_model"
    folder.mkdir(parents=True)
    weights = toolkit_weights(20, 24, 3)
    (folder / "config.json").write_text(json.dumps({"in_channels": 20, "hidden_dim": 24, "labels": ["x", "y", "z"]}))
    torch_file(folder / "adapter_model.pth", {f"module.{key}": value for key, value in weights.items()})
    _, embeddings = vectors_of(tmp_path)
    mi2("adapter", "import", "--out", str(tmp_path / "h"), str(folder))
    assert scores(mi2, folder, embeddings) == scores(mi2, tmp_path / "h", embeddings)


# mi2 adapter embed

@pytest.fixture
def head(mi2, tmp_path):
    weights = toolkit_weights(20, 24, 3)
    torch_file(tmp_path / "w.pth", weights)
    mi2("adapter", "import", "--out", str(tmp_path / "h"), "--labels", "x,y,z", str(tmp_path / "w.pth"))
    return tmp_path / "h", {k: v.astype(np.float64) for k, v in weights.items()}


def features_of(w, x):
    y = gelu(x @ w["vision_embd.0.weight"].T + w["vision_embd.0.bias"])
    y = y @ w["vision_embd.2.weight"].T + w["vision_embd.2.bias"]
    y = (y - y.mean(axis=1, keepdims=True)) / np.sqrt(y.var(axis=1, keepdims=True) + 1e-5)
    y = y * w["vision_embd.3.weight"] + w["vision_embd.3.bias"]
    y = gelu(y @ w["retrieval_conv.0.weight"][:, :, 1].T + w["retrieval_conv.0.bias"])
    return y @ w["retrieval_conv.2.weight"][:, :, 1].T + w["retrieval_conv.2.bias"]


def test_features_are_what_the_last_layer_is_given(mi2, tmp_path, head):
    x, embeddings = vectors_of(tmp_path)
    mi2("adapter", "embed", "--head", str(head[0]), "--embeddings", embeddings, "--out", str(tmp_path / "f.npy"))
    found = np.load(tmp_path / "f.npy")
    np.testing.assert_allclose(found, features_of(head[1], x.astype(np.float64)), rtol=1e-5, atol=1e-5)  # written as f32
    rows = mi2.rows("adapter", "embed", "--head", str(head[0]), "--embeddings", embeddings)
    assert [row["path"] for row in rows] == [str(i) for i in range(5)]
    assert (np.array([row["embedding"] for row in rows], np.float32) == found).all()


def test_features_are_searched_as_embeddings_are(mi2, tmp_path, head):
    _, embeddings = vectors_of(tmp_path)
    mi2("adapter", "embed", "--head", str(head[0]), "--embeddings", embeddings, "--out", str(tmp_path / "f.npy"))
    (tmp_path / "labels.csv").write_text("path,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(5)))
    rows = mi2.rows("knn", "--train", str(tmp_path / "f.npy"), "--labels", str(tmp_path / "labels.csv"), "--k", "1",
                    "--metric", "euclidean", "--format", "jsonl", str(tmp_path / "f.npy"))
    assert [row["neighbours"][0]["path"] for row in rows] == [row["path"] for row in rows]


def test_features_do_not_pass_for_embeddings_of_the_model(mi2, tmp_path, head):
    x, _ = vectors_of(tmp_path)
    origin = {"weights_sha256": "a" * 64, "profile": "raw", "dtype": "f32", "version": "1"}
    (tmp_path / "e.jsonl").write_text(json.dumps({"path": "0", "embedding": x[0].tolist(), "provenance": origin}) + "\n")
    arguments = ["adapter", "embed", "--head", str(head[0]), "--embeddings", str(tmp_path / "e.jsonl")]
    row, = mi2.rows(*arguments, "--provenance")
    assert row["provenance"]["weights_sha256"] != "a" * 64 and row["provenance"]["profile"] == "raw"
    assert "provenance" not in mi2.rows(*arguments)[0]
    _, unknown = vectors_of(tmp_path)
    done = mi2("adapter", "embed", "--head", str(head[0]), "--embeddings", unknown, "--provenance", status=2)
    assert "where its vectors come from" in done.errors


def test_features_of_images_are_those_of_their_embeddings(mi2, tmp_path, picture):
    size = len(mi2.rows("embed", picture)[0]["embedding"])
    torch_file(tmp_path / "w.pth", toolkit_weights(size, 6, 2))
    mi2("adapter", "import", "--out", str(tmp_path / "h"), "--labels", "x,y", str(tmp_path / "w.pth"))
    mi2("embed", "--out", str(tmp_path / "e.jsonl"), picture)
    direct = mi2.rows("adapter", "embed", "--head", str(tmp_path / "h"), picture)
    assert direct == mi2.rows("adapter", "embed", "--head", str(tmp_path / "h"), "--embeddings", str(tmp_path / "e.jsonl"))
    assert len(direct[0]["embedding"]) == 6


def test_an_adapter_of_one_layer_has_no_features(mi2, tmp_path):
    write_json(tmp_path / "head.json", make_pipeline(LogisticRegression(max_iter=50).fit(*data(2))))
    mi2("adapter", "import", "--out", str(tmp_path / "h"), str(tmp_path / "head.json"))
    embeddings = write_embeddings(tmp_path / "e.jsonl", ["0"], data(2)[0][:1])
    done = mi2("adapter", "embed", "--head", str(tmp_path / "h"), "--embeddings", embeddings, "--out",
               str(tmp_path / "f.npy"), status=4)
    assert "no features" in done.errors and not (tmp_path / "f.npy").exists()

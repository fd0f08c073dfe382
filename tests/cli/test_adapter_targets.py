"""mi2 adapter train --target: several findings, numbers and survival, against statsmodels and scikit-learn."""
import json
import os
import subprocess
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVR

from adapter_support import predictions, scores, train, weights, write_labels

has_torch = (Path(os.environ["MI2_BIN"]).parent / "mi2-torch").exists()
pytestmark = pytest.mark.skipif(not has_torch, reason="built without libtorch")


def harrell(risk, time, event, fold=None):
    """By its definition, pair by pair."""
    right = pairs = 0
    for a, b in combinations(range(len(time)), 2):
        if fold is not None and fold[a] != fold[b]:
            continue
        if (time[b], not event[b]) < (time[a], not event[a]):
            a, b = b, a
        if not event[a] or (time[a] == time[b] and event[b]):
            continue
        pairs += 1
        right += 1 if risk[a] > risk[b] else 0.5 if risk[a] == risk[b] else 0
    return right / pairs


def heart():
    """Stanford's heart transplants, which statsmodels ships: age and its square, time and event."""
    data = sm.datasets.heart.load_pandas().data
    age = (data["age"].to_numpy() - 45) / 10
    return np.float32(np.stack([age, age**2], 1)), data["survival"].to_numpy(), data["censors"].to_numpy() == 1


def tied(rows=300, dimensions=6):
    """Whole months, so that many events are of one time."""
    random = np.random.default_rng(5)
    x = random.normal(size=(rows, dimensions)).astype(np.float32)
    hazard = np.exp(x @ np.linspace(-1, 1, dimensions))
    time, censored = random.exponential(8 / hazard), random.exponential(12, rows)
    return x, np.ceil(np.minimum(time, censored)), time <= censored


@pytest.mark.parametrize("data", [heart, tied])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_is_statsmodels(mi2, tmp_path, data, ties):
    x, time, event = data()
    table = zip(time, event.astype(int))
    head, report = train(mi2, tmp_path, x, table, ("time", "dead"), "survival", "--labels-column", "time", "--event", "dead",
                         "--ties", ties, "--c", "1e9")
    wanted = sm.PHReg(time, np.float64(x), status=event.astype(int), ties=ties).fit()
    np.testing.assert_allclose(weights(head), wanted.params, atol=1e-4)
    assert report["training"]["converged"] == 1
    assert abs(report["training"]["loss"] * event.sum() + wanted.llf) < 1e-4 * abs(wanted.llf)


def test_the_penalty_of_cox_is_that_of_statsmodels(mi2, tmp_path):
    x, time, event = tied(120)
    c = 0.05
    head, _ = train(mi2, tmp_path, x, zip(time, event.astype(int)), ("label", "dead"), "survival", "--event", "dead",
                    "--ties", "breslow", "--c", str(c))
    model = sm.PHReg(time, np.float64(x), status=event.astype(int), ties="breslow")
    # At the minimum of |w|^2 / 2 - c * log likelihood, which statsmodels has the slope of.
    w = np.float64(weights(head))
    np.testing.assert_allclose(c * model.score(w), w, atol=1e-5)


def test_more_dimensions_than_rows_have_a_minimum_too(mi2, tmp_path):
    x, time, event = tied(40, 120)
    head, report = train(mi2, tmp_path, x, zip(time, event.astype(int)), ("label", "dead"), "survival", "--event", "dead",
                         "--ties", "breslow", "--c", "0.5")
    w = np.float64(weights(head))
    model = sm.PHReg(time, np.float64(x), status=event.astype(int), ties="breslow")
    np.testing.assert_allclose(0.5 * model.score(w), w, atol=1e-5)
    assert report["training"]["converged"] == 1


def test_c_index_is_harrells_on_test_rows_and_within_folds(mi2, tmp_path):
    x, time, event = tied(150)
    x[::7] = x[0]  # equal risks
    split = np.where(np.arange(150) % 3 == 0, "test", "train")
    columns = ("time", "dead", "split")
    options = ("--labels-column", "time", "--event", "dead")
    head, report = train(mi2, tmp_path, x, zip(time, event.astype(int), split), columns, "survival", *options)
    test = split == "test"
    risk = predictions(mi2, head)
    assert abs(report["c_index"]["value"] - harrell(risk[test], time[test], event[test])) < 1e-9
    assert report["c_index"]["low"] < report["c_index"]["value"] < report["c_index"]["high"]
    # Log hazards of two fits are not on one scale: only rows that one fit judged are compared.
    fold = np.arange(150) % 5
    head, report = train(mi2, tmp_path, x, zip(time, event.astype(int), fold), ("time", "dead", "fold"), "survival", *options,
                         "--fold", "fold")
    judged = np.zeros(150)
    for f in range(5):
        out = fold == f
        other, _ = train(mi2, tmp_path, x, zip(time, event.astype(int), np.where(out, "test", "train")), columns, "survival",
                         *options, name="other", samples="0")
        judged[out] = predictions(mi2, other)[out]
    assert abs(report["c_index"]["value"] - harrell(judged, time, event, fold)) < 1e-9


def ages(rows=160, dimensions=8, seed=2):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, dimensions)).astype(np.float32)
    return x, 90 + 40 * (x @ np.linspace(-1, 1, dimensions)) + random.laplace(size=rows) * 15


@pytest.mark.parametrize("c", [0.02, 1.0, 30.0])
def test_numbers_are_support_vector_regression_without_a_margin(mi2, tmp_path, c):
    x, y = ages()
    head, report = train(mi2, tmp_path, x, zip(y), ("months",), "number", "--labels-column", "months", "--c", str(c))
    centre, spread = np.median(y), y.std()
    model = SVR(kernel="linear", epsilon=0, C=c, tol=1e-8).fit(np.float64(x), (y - centre) / spread)
    np.testing.assert_allclose(predictions(mi2, head), model.predict(np.float64(x)) * spread + centre, atol=0.02)
    assert report["training"]["converged"] == 1
    assert json.loads(Path(f"{head}.json").read_text())["labels"] == ["months"]


def test_numbers_do_not_depend_on_their_unit(mi2, tmp_path):
    x, y = ages()
    months = predictions(mi2, train(mi2, tmp_path, x, zip(y), ("label",), "number")[0])
    years = predictions(mi2, train(mi2, tmp_path, x, zip(y / 12), ("label",), "number")[0])
    np.testing.assert_allclose(months, years * 12, rtol=1e-4)


def test_the_error_of_numbers_is_that_of_the_predictions_with_an_interval_by_patient(mi2, tmp_path):
    x, y = ages(40)
    x, y, patient = np.repeat(x, 8, 0), np.repeat(y, 8), np.repeat(np.arange(40), 8)
    split = np.where(patient % 2 == 0, "test", "train")
    widths = {}
    for column in ("patient", "other"):
        head, report = train(mi2, tmp_path, x, zip(y, split, patient), ("label", "split", column), "number", samples="400")
        test = split == "test"
        found = predictions(mi2, head)[test]
        figure = report["mean_absolute_error"]
        assert abs(figure["value"] - metrics.mean_absolute_error(y[test], found)) < 1e-9
        assert abs(report["root_mean_square_error"]["value"] - metrics.mean_squared_error(y[test], found) ** 0.5) < 1e-9
        median = report["mean_absolute_error_of_median"]["value"]
        assert abs(median - np.abs(y[test] - np.median(y[~test])).mean()) < 1e-9
        widths[column] = figure["high"] - figure["low"]
    # Eight equal rows of a patient tell no more than one.
    assert 2 < widths["patient"] / widths["other"] < 4


def findings(rows=240, dimensions=10):
    random = np.random.default_rng(8)
    x = random.normal(size=(rows, dimensions)).astype(np.float32)
    logits = x @ random.normal(size=(dimensions, 3)) + random.normal(size=(rows, 3)) - [0, 1, 2]
    return x, (logits > 0).astype(int)


NAMES = np.array(["effusion", "mass", "nodule"])


def joined(truth):
    return ["|".join(NAMES[row == 1]) for row in truth]


def test_findings_are_a_logistic_regression_each_and_their_figures_scikit_learns(mi2, tmp_path):
    x, truth = findings()
    split = np.where(np.arange(len(x)) % 3 == 0, "test", "train")
    head, report = train(mi2, tmp_path, x, zip(joined(truth), split), ("label", "split"), "findings", "--c", "0.5")
    found = scores(mi2, head, tmp_path / "e.jsonl")
    ours = np.array([[found[f"{i:04}.png"][name] for name in NAMES] for i in range(len(x))])
    wanted = np.stack([LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(np.float64(x[split == "train"]), column)
                       .predict_proba(np.float64(x))[:, 1] for column in truth[split == "train"].T], 1)
    np.testing.assert_allclose(ours, wanted, atol=1e-4)
    y, p = truth[split == "test"], ours[split == "test"]
    called = p >= 0.5
    for key, value in {"mean_auc": metrics.roc_auc_score(y, p), "mean_average_precision": metrics.average_precision_score(y, p),
                       "macro_f1": metrics.f1_score(y, called, average="macro"),
                       "micro_f1": metrics.f1_score(y, called, average="micro"),
                       "exact_match": metrics.accuracy_score(y, called),
                       "hamming_loss": metrics.hamming_loss(y, called)}.items():
        assert abs(report[key]["value"] - value) < 1e-9, key
    for c, row in enumerate(report["findings"]):
        assert row["label"] == NAMES[c] and row["positives"] == y[:, c].sum()
        assert abs(row["auc"]["value"] - metrics.roc_auc_score(y[:, c], p[:, c])) < 1e-9
        assert row["auc"]["low"] < row["auc"]["value"] <= row["auc"]["high"]
        assert abs(row["precision"] - metrics.precision_score(y[:, c], called[:, c])) < 1e-9
        assert abs(row["recall"] - metrics.recall_score(y[:, c], called[:, c])) < 1e-9
    assert "" in joined(y) and any("|" in text for text in joined(y))


def test_a_finding_of_one_patient_is_not_judged_by_the_fit_that_lacks_it(mi2, tmp_path):
    x, truth = findings()
    patient = np.arange(len(x)) // 6
    truth[:, 2] = patient == 3
    _, report = train(mi2, tmp_path, x, zip(joined(truth), patient), ("label", "patient"), "findings")
    assert report["split"]["by"] == "group" and 0 < report["split"]["unjudged"]["nodule"] < len(x)
    nodule = report["findings"][2]
    assert nodule["auc"]["value"] is None and nodule["positives"] == 0
    assert report["findings"][0]["auc"]["value"] > 0.7


@pytest.mark.parametrize("target", ["findings", "number", "survival"])
def test_an_mlp_learns_every_target(mi2, tmp_path, target):
    options = ["--kind", "mlp", "--hidden-dim", "16", "--epochs", "12", "--learning-rate", "3e-3"]
    if target == "findings":
        x, truth = findings()
        _, report = train(mi2, tmp_path, x, zip(joined(truth)), ("label",), target, *options)
        assert report["mean_auc"]["value"] > 0.8 and report["training"]["validation_mean_auc"] > 0.8
    elif target == "number":
        x, y = ages()
        _, report = train(mi2, tmp_path, x, zip(y), ("label",), target, *options)
        assert report["mean_absolute_error"]["value"] < 0.7 * report["mean_absolute_error_of_median"]["value"]
    else:
        x, time, event = tied()
        head, report = train(mi2, tmp_path, x, zip(time, event.astype(int)), ("label", "dead"), target, "--event", "dead",
                             *options)
        assert report["c_index"]["value"] > 0.7
        assert harrell(predictions(mi2, head), time, event) > 0.7
    assert report["evaluated_on"] == "held out of train"


def test_each_command_refuses_the_heads_of_the_other(mi2, tmp_path):
    x, y = ages(60)
    number, _ = train(mi2, tmp_path, x, zip(y), ("label",), "number")
    one, _ = train(mi2, tmp_path, x, zip(np.where(y > 90, "old", "young")), ("label",), "label", name="one")
    embeddings = ("--embeddings", str(tmp_path / "e.jsonl"))
    assert "mi2 adapter predict" in mi2("adapter", "classify", "--head", str(number), *embeddings, status=2).errors
    assert "mi2 adapter classify" in mi2("adapter", "predict", "--head", str(one), *embeddings, status=2).errors
    assert json.loads(Path(f"{number}.json").read_text())["version"] == 2
    assert json.loads(Path(f"{one}.json").read_text())["version"] == 1


def test_truth_that_a_target_cannot_use_is_refused_with_its_line(mi2, tmp_path):
    x, time, event = tied(30)
    dead = event.astype(int)

    def refused(words, table, header, target, *more, status=2):
        errors = train(mi2, tmp_path, x, table, header, target, *more, status=status)[1]
        assert words in errors and not (tmp_path / "head.json").exists(), errors

    refused("--event COLUMN", zip(time, dead), ("label", "dead"), "survival")
    refused("--event: expected --target survival", zip(time, dead), ("label", "dead"), "number", "--event", "dead")
    refused("line 4: its event: expected 1 or 0", zip(time, np.where(np.arange(30) == 2, 7, dead)), ("label", "dead"),
            "survival", "--event", "dead", status=3)
    refused("line 3: column 'label': expected a time of at least 0", zip(np.where(np.arange(30) == 1, -1, time), dead),
            ("label", "dead"), "survival", "--event", "dead", status=3)
    refused("no training row has had the event", zip(time, dead * 0), ("label", "dead"), "survival", "--event", "dead")
    refused("line 2: column 'label': expected a number", zip(["4 years", *time[1:]]), ("label",), "number", status=3)
    refused("line 2: column 'label': expected a number", zip(["nan", *time[1:]]), ("label",), "number", status=3)
    refused("--balanced", zip(time), ("label",), "number", "--balanced")
    refused("--classes", zip(time), ("label",), "number", "--classes", "a,b")
    refused("no training row has a finding", zip([""] * 30), ("label",), "findings")
    refused("finding 'mass' is in every training row", zip(["mass"] * 30), ("label",), "findings")


def test_more_findings_than_the_limit_are_refused_before_they_are_kept(mi2, tmp_path):
    rows = 8193  # times as many labels: just over 2^26
    errors = train(mi2, tmp_path, np.ones((rows, 2)), ([f"finding {i}"] for i in range(rows)), ("label",), "findings",
                   status=5)[1]
    assert "8193 rows of 8193 labels; expected at most 67108864" in errors


@pytest.mark.parametrize("target", ["number", "survival"])
def test_a_fit_without_room_is_refused_before_it_begins(tmp_path, target):
    """3,000 rows of 1,000 numbers are 12 MB, and a fit takes some 200: more than the limit leaves."""
    np.save(tmp_path / "e.npy", np.random.default_rng(0).normal(size=(3000, 1000)).astype(np.float32))
    names = [f"{i}.png" for i in range(3000)]
    (tmp_path / "paths.txt").write_text("\n".join(names) + "\n")
    labels = write_labels(tmp_path / "labels.csv", ([n, i % 97, i % 2] for i, n in enumerate(names)), ("path", "label", "dead"))
    done = subprocess.run(["sh", "-c", f'ulimit -d {300 << 10}; exec "$0" "$@"', os.environ["MI2_BIN"], "adapter", "train",
                           "--embeddings", str(tmp_path / "e.npy"), "--paths", str(tmp_path / "paths.txt"), "--labels", labels,
                           "--target", target, *(["--event", "dead"] if target == "survival" else []), "--threads", "1",
                           "--out", str(tmp_path / "head")], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 5, done.stderr
    assert f"3000 rows of 1000 numbers, kind linear, target {target}: need about" in done.stderr
    assert not (tmp_path / "head.json").exists()

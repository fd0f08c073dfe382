"""mi2 adapter train --target ordinal: proportional odds, against statsmodels' OrderedModel and scikit-learn."""
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn import metrics
from statsmodels.miscmodels.ordinal_model import OrderedModel

from adapter_support import predictions, read_safetensors, scores, train, weights, write_safetensors

has_torch = (Path(os.environ["MI2_BIN"]).parent / "mi2-torch").exists()
pytestmark = pytest.mark.skipif(not has_torch, reason="built without libtorch")


def marriages(rows=6366):
    """How 6,366 women rate their marriage, 1 to 5, which statsmodels ships."""
    data = sm.datasets.fair.load_pandas().data.iloc[:rows]
    x = data[["age", "yrs_married", "children", "religious", "educ"]].to_numpy()
    return np.float32((x - x.mean(0)) / x.std(0)), data["rate_marriage"].to_numpy().astype(int)


def grades(rows=240, dimensions=6, seed=4):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, dimensions)).astype(np.float32)
    return x, np.digitize(x @ np.linspace(-1, 2, dimensions) + random.logistic(size=rows), [-2, 0, 1, 3])


def fitted(x, y):
    """statsmodels' model, its weights and its cuts."""
    model = OrderedModel(y, np.float64(x), distr="logit")
    found = model.fit(method="bfgs", disp=0, gtol=1e-6, maxiter=2000)
    assert abs(model.score(found.params)).max() < 1e-2  # over all rows, whose curvature is some hundreds
    return found, found.params[:x.shape[1]], model.transform_threshold_params(found.params)[1:-1]


def probabilities(mi2, head, x):
    found = scores(mi2, head, Path(head).parent / "e.jsonl")
    labels = json.loads(Path(f"{head}.json").read_text())["labels"]
    return np.array([[found[f"{i:04}.png"][label] for label in labels] for i in range(len(x))])


@pytest.mark.parametrize("data", [marriages, grades])
def test_proportional_odds_are_statsmodels(mi2, tmp_path, data):
    x, y = data()
    head, report = train(mi2, tmp_path, x, zip(y), ("grade",), "ordinal", "--labels-column", "grade", "--c", "1e9", samples="0")
    model, slopes, cuts = fitted(x, y)
    np.testing.assert_allclose(weights(head), slopes, atol=1e-4)
    np.testing.assert_allclose(-read_safetensors(Path(f"{head}.safetensors"))["bias"], cuts, atol=1e-4)
    assert report["training"]["converged"] == 1
    assert abs(report["training"]["loss"] * len(y) + model.llf) < 1e-4 * abs(model.llf)
    wanted = model.model.predict(model.params, exog=np.float64(x))
    np.testing.assert_allclose(probabilities(mi2, head, x), wanted, atol=1e-4)
    np.testing.assert_allclose(predictions(mi2, head), wanted @ np.unique(y), atol=1e-3)


def slope(at, x, y):
    """Of the log likelihood by weights and cuts, by steps along the imaginary axis."""
    def log_likelihood(at):
        edges = np.concatenate([[-60], at[x.shape[1]:], [60]])
        below = 1 / (1 + np.exp(-(edges[None, :] - (x @ at[:x.shape[1]])[:, None])))
        return np.log(below[np.arange(len(y)), y + 1] - below[np.arange(len(y)), y]).sum()
    return np.array([log_likelihood(at + 1e-30j * step).imag / 1e-30 for step in np.eye(len(at))])


@pytest.mark.parametrize("rows,dimensions", [(240, 6), (40, 120)])
def test_the_penalty_stops_where_its_slope_is_the_likelihoods(mi2, tmp_path, rows, dimensions):
    """At the minimum of |w|^2 / 2 - c * log likelihood, also where there are more dimensions than rows."""
    x, y = grades(rows, dimensions)
    c = 0.05
    head, report = train(mi2, tmp_path, x, zip(y), ("label",), "ordinal", "--c", str(c), samples="0")
    w, bias = np.float64(weights(head)), np.float64(read_safetensors(Path(f"{head}.safetensors"))["bias"])
    found = slope(np.concatenate([w, -bias]), np.float64(x), np.unique(y, return_inverse=True)[1])
    np.testing.assert_allclose(c * found, np.concatenate([w, 0 * bias]), atol=1e-5)
    assert report["training"]["converged"] == 1


def test_standardizing_changes_the_penalty_alone(mi2, tmp_path):
    x, y = grades()
    x = x * [1, 10, 0.1, 1, 1, 1] + 3
    plain, _ = train(mi2, tmp_path, x, zip(y), ("label",), "ordinal", "--c", "1e9", samples="0")
    other, _ = train(mi2, tmp_path, x, zip(y), ("label",), "ordinal", "--c", "1e9", "--standardize", name="other", samples="0")
    np.testing.assert_allclose(predictions(mi2, plain), predictions(mi2, other), atol=1e-4)


def test_figures_are_scikit_learns_with_intervals_by_patient(mi2, tmp_path):
    x, y = grades(60)
    x, y, patient = np.repeat(x, 8, 0), 10 * np.repeat(y, 8), np.repeat(np.arange(60), 8)
    split = np.where(patient % 2 == 0, "test", "train")
    test, widths = split == "test", {}
    for column in ("patient", "other"):
        head, report = train(mi2, tmp_path, x, zip(y, split, patient), ("label", "split", column), "ordinal", samples="400")
        p = probabilities(mi2, head, x)[test]
        calls, expected = np.unique(y)[p.argmax(1)], p @ np.unique(y)
        np.testing.assert_allclose(predictions(mi2, head)[test], expected, atol=1e-5)
        assert abs(report["mean_absolute_error"]["value"] - metrics.mean_absolute_error(y[test], expected)) < 1e-6
        kappa = metrics.cohen_kappa_score(y[test], calls, weights="quadratic")
        assert abs(report["kappa_quadratic"]["value"] - kappa) < 1e-9
        assert abs(report["accuracy"]["value"] - metrics.accuracy_score(y[test], calls)) < 1e-9
        median = report["mean_absolute_error_of_median"]["value"]
        assert abs(median - np.abs(y[test] - np.median(y[~test])).mean()) < 1e-9
        for key in ("mean_absolute_error", "kappa_quadratic", "accuracy"):
            assert report[key]["low"] < report[key]["value"] < report[key]["high"]
        widths[column] = report["kappa_quadratic"]["high"] - report["kappa_quadratic"]["low"]
    # Eight equal rows of a patient tell no more than one.
    assert 1.7 < widths["patient"] / widths["other"] < 4.5
    assert "quadratic kappa" in (tmp_path / "report" / "report.html").read_text()


def test_a_grade_of_one_patient_is_not_judged_by_the_fit_that_lacks_it(mi2, tmp_path):
    x, y = grades()
    patient = np.arange(len(x)) // 6
    # Between two others, and the last: both ends of what a fold's fit has to do without.
    for rare, grade in ((3, 2), (5, 9)):
        given = np.where(y == 2, 1, y)
        given[patient == rare] = grade
        head, report = train(mi2, tmp_path, x, zip(given, patient), ("label", "patient"), "ordinal")
        assert report["split"]["unjudged"] == {str(grade): 6}
        assert report["kappa_quadratic"]["value"] > 0.4
        assert json.loads(Path(f"{head}.json").read_text())["labels"] == sorted(set(map(str, given)))


def test_both_commands_answer_and_labels_are_numbers_in_order(mi2, tmp_path):
    x, y = grades()
    # 10 is above 9, and 7.50 is 7.5.
    names = np.array(["7.50", "9", "10", "1e1", "-3"])
    head, _ = train(mi2, tmp_path, x, zip(names[y]), ("label",), "ordinal", samples="0")
    record = json.loads(Path(f"{head}.json").read_text())
    assert record["labels"] == ["-3", "7.5", "9", "10"] and record["version"] == 2 and record["target"] == "ordinal"
    p = probabilities(mi2, head, x)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
    rows = mi2.rows("adapter", "predict", "--head", str(head), "--embeddings", str(tmp_path / "e.jsonl"), "--format", "jsonl")
    assert {label["label"] for row in rows for label in row["labels"]} == {"expected"}
    np.testing.assert_allclose(predictions(mi2, head), p @ [-3, 7.5, 9, 10], atol=1e-4)


def test_what_ordinal_labels_cannot_be_is_refused(mi2, tmp_path):
    x, y = grades(60)

    def refused(words, table, *more, header=("label",), status=2):
        errors = train(mi2, tmp_path, x, table, header, "ordinal", *more, status=status)[1]
        assert words in errors and not (tmp_path / "head.json").exists(), errors

    refused("line 2: column 'label': expected a number", zip(["severe", *y[1:]]), status=3)
    refused("expected --kind linear", zip(y), "--kind", "mlp")
    refused("--balanced", zip(y), "--balanced")
    refused("--classes", zip(y), "--classes", "0,1")
    refused("two or more labels", zip([1] * 60))
    split = ["test"] + ["train"] * 59
    refused("line 2: its label is on no training row", zip([77, *y[1:]], split), header=("label", "split"))
    x, y = grades(300)
    refused("at most 256 different numbers, got 300", zip(np.arange(300)))


@pytest.mark.parametrize("change,words", [
    (lambda r, t: r.update(labels=["0", "2", "1", "3", "4"]), "numbers from the smallest up, got '1' in place 3"),
    (lambda r, t: r.update(labels=["0", "1", "2", "3", "much"]), "got 'much' in place 5"),
    (lambda r, t: t.update(bias=t["bias"][::-1].copy()), "expected descending numbers"),
    (lambda r, t: t.update(bias=t["bias"][:3].copy()), "expected shape [4], got [3]"),
    (lambda r, t: t.update(weight=np.repeat(t["weight"], 5, 0)), "expected shape [1, 6], got [5, 6]"),
    (lambda r, t: r.update(temperature=2.0), "temperature: of target ordinal expected 1")])
def test_a_damaged_ordinal_head_is_refused(mi2, tmp_path, change, words):
    x, y = grades(80)
    head, _ = train(mi2, tmp_path, x, zip(y), ("label",), "ordinal", samples="0")
    record, tensors = json.loads(Path(f"{head}.json").read_text()), dict(read_safetensors(Path(f"{head}.safetensors")))
    change(record, tensors)
    write_safetensors(Path(f"{head}.safetensors"), tensors)
    content = Path(f"{head}.safetensors").read_bytes()
    record["data_sha256"] = hashlib.sha256(content[8 + int.from_bytes(content[:8], "little"):]).hexdigest()
    Path(f"{head}.json").write_text(json.dumps(record))
    assert words in mi2("adapter", "predict", "--head", str(head), "--embeddings", str(tmp_path / "e.jsonl"), status=3).errors

"""mi2 evaluate: against scikit-learn and others; its report, its groups and its options."""
import html.parser
import json
import os
import re
import subprocess

import numpy as np
import pytest
from evaluate_support import LABELS, data, evaluate, report, value, write, write_tables  # noqa: F401 (data is a fixture)
from sklearn import metrics
from sklearn.linear_model import LogisticRegression


def test_statistics_alone_state_no_energy(mi2, data):
    assert "--watts has no effect" in evaluate(mi2, data["folder"], "--watts", "5", status=2).errors


def test_figures_are_scikit_learns(mi2, data):
    found = report(mi2, data["folder"])
    truth, p = data["truth"], data["p"]
    said = p.argmax(axis=1)
    wanted = {
        "mean_auc": metrics.roc_auc_score(truth, p, multi_class="ovr"),
        "hand_till": metrics.roc_auc_score(truth, p, multi_class="ovo"),
        "mean_average_precision": np.mean([metrics.average_precision_score(truth == c, p[:, c]) for c in range(3)]),
        "accuracy": metrics.accuracy_score(truth, said), "balanced_accuracy": metrics.balanced_accuracy_score(truth, said),
        "macro_f1": metrics.f1_score(truth, said, average="macro"), "matthews": metrics.matthews_corrcoef(truth, said),
        "kappa": metrics.cohen_kappa_score(truth, said), "log_loss": metrics.log_loss(truth, p),
        "kappa_quadratic": metrics.cohen_kappa_score(truth, said, weights="quadratic"),
        "brier": metrics.brier_score_loss(truth, p, scale_by_half=False), "brier_half": metrics.brier_score_loss(truth, p, scale_by_half=True)}
    for key, number in wanted.items():
        assert value(found, key) == pytest.approx(number, abs=1e-9), key
    for c, row in enumerate(found["classes"]):
        assert row["auc"]["value"] == pytest.approx(metrics.roc_auc_score(truth == c, p[:, c]), abs=1e-9)
        x = np.log(p[:, c] / (1 - p[:, c])).reshape(-1, 1)
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000).fit(x, truth == c)
        assert row["calibration"]["slope"] == pytest.approx(model.coef_[0, 0], abs=1e-5)
        assert row["calibration"]["intercept"] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert np.array_equal(found["confusion"], metrics.confusion_matrix(truth, said))


def test_intervals_and_group_rates_are_statsmodels_and_fairlearns(mi2, data):
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    fairlearn = pytest.importorskip("fairlearn.metrics")
    found = report(mi2, data["folder"], "--positive", "ant", samples=20)
    right = int((data["p"].argmax(axis=1) == data["truth"]).sum())
    assert found["figures"]["accuracy"]["interval"] == pytest.approx(proportion.proportion_confint(right, 240, method="wilson"), abs=1e-9)
    point = found["classes"][0]["operating_points"][0]
    hits, positives = point["evaluated"]["true_positives"], int((data["truth"] == 0).sum())
    for key, method in (("interval", "wilson"), ("exact_interval", "beta")):
        assert point["evaluated"]["sensitivity"][key] == pytest.approx(
            proportion.proportion_confint(hits, positives, method=method), abs=1e-9)
    called = data["p"][:, 0] >= point["threshold"]
    sexes = next(a for a in found["attributes"] if a["attribute"] == "sex")
    assert sexes["equalised_odds_difference"] == pytest.approx(
        fairlearn.equalized_odds_difference(data["truth"] == 0, called, sensitive_features=data["sex"]), abs=1e-9)


def test_the_same_run_is_the_same_report(mi2, data):
    first = evaluate(mi2, data["folder"]).stdout
    files = {path.name: path.read_bytes() for path in (data["folder"] / "r").iterdir()}
    assert set(files) == {"report.html", "report.json", "figures.csv", "labels.csv", "groups.csv", "points.csv", "worst.csv", "rows.csv",
                          "tables.tex"}
    assert evaluate(mi2, data["folder"]).stdout == first
    assert {path.name: path.read_bytes() for path in (data["folder"] / "r").iterdir()} == files


def test_the_page_is_one_file_without_a_network(mi2, data):
    data["ids"][0] = "<script>alert(1)</script>"
    data["p"][0] = [1e-9, 1 - 2e-9, 1e-9]
    data["truth"][0] = 0
    write_tables(data, age=[30 + i % 50 for i in range(240)])
    evaluate(mi2, data["folder"])
    page = (data["folder"] / "r" / "report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page and "src=" not in page
    assert page.count("Research use only") == 2 and 'name="viewport"' in page
    for words in ("mean AUC over 3 of 3 labels", "ROC", "Precision and recall", "Calibration", "Confusion", "by group", "Worst errors",
                  "to be filled by the authors", "TRIPOD+AI"):
        assert words in page, words
    opened = []

    class Checker(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "rect", "path", "circle") or tag in ("svg", "text"):
                opened.append(tag)

        def handle_startendtag(self, tag, attrs):
            pass

        def handle_endtag(self, tag):
            assert opened.pop() == tag
    Checker().feed(page)
    assert opened == []


def test_an_absent_label_is_null_and_said(mi2, data):
    folder = data["folder"]
    keep = [i for i in range(240) if data["truth"][i] != 2]
    write_tables(data, order=keep)
    done = evaluate(mi2, folder)
    found = json.loads((folder / "r" / "report.json").read_text())
    absent = found["classes"][2]
    assert absent["auc"]["value"] is None and absent["auc"]["why"] == "no row of this label" and absent["delong"] is None
    assert absent["average_precision"]["value"] is None and absent["recall"]["value"] is None
    assert found["defined_labels"] == 2 and "over 2 of 3 labels" in found["figures"]["mean_auc"]["name"]
    assert value(found, "mean_auc") == pytest.approx(
        np.mean([metrics.roc_auc_score(data["truth"][keep] == c, data["p"][keep, c]) for c in (0, 1)]), abs=1e-9)
    assert "'cat'" in done.errors and found["intake"]["without_labels"] == 240 - len(keep)
    assert any("scored rows have no label" in w for w in found["warnings"])


def test_one_row_per_label(mi2, tmp_path):
    write(tmp_path / "p.csv", ["id", *LABELS], [["a", .6, .2, .2], ["b", .3, .4, .3], ["c", .5, .3, .2]])
    write(tmp_path / "l.csv", ["id", "label"], [["a", "ant"], ["b", "bee"], ["c", "cat"]])
    found = report(mi2, tmp_path)
    assert [row["delong"]["standard_error"] for row in found["classes"]] == [None] * 3
    assert all(row["auc"]["why"] for row in found["classes"])


def test_equal_scores_say_nothing(mi2, data):
    data["p"][:] = 1 / 3
    write_tables(data)
    found = report(mi2, data["folder"])
    row = found["classes"][0]
    assert row["auc"]["value"] == 0.5 and row["delong"]["standard_error"] == 0 and row["auc"]["interval"] is None
    assert found["figures"]["matthews"]["value"] is None and "every score is the same" in " ".join(found["warnings"])


def test_operating_points_are_chosen_on_val_and_applied_to_test(mi2, data):
    split = np.array(["val" if i % 2 else "test" for i in range(240)])
    write_tables(data, split=split)
    found = report(mi2, data["folder"], "--prevalence", "0.02")
    for c, row in enumerate(found["classes"]):
        truth, score = data["truth"] == c, data["p"][:, c]
        fpr, tpr, thresholds = metrics.roc_curve(truth[split == "val"], score[split == "val"], drop_intermediate=False)
        point = row["operating_points"][0]
        assert point["threshold"] == pytest.approx(thresholds[1:][np.argmax((tpr - fpr)[1:])], abs=1e-12)
        called = score[split == "test"] >= point["threshold"]
        assert point["evaluated"]["true_positives"] == int((called & truth[split == "test"]).sum())
        sensitivity, specificity = (point["evaluated"][k]["value"] for k in ("sensitivity", "specificity"))
        ppv = sensitivity * 0.02 / (sensitivity * 0.02 + (1 - specificity) * 0.98)
        assert point["evaluated"]["at_prevalence"]["ppv"] == pytest.approx(ppv, abs=1e-12)
    assert not any("no validation rows" in w for w in found["warnings"])


def test_rows_of_one_patient_widen_intervals(mi2, data):
    folder = data["folder"]
    for key in ("p", "truth", "sex"):
        data[key] = np.repeat(data[key][:60], 4, axis=0)
    write_tables(data)
    rows = report(mi2, folder)["classes"][0]["auc"]["interval"]
    write_tables(data, patient=[f"p{i // 4}" for i in range(240)])
    patients = report(mi2, folder)["classes"][0]["auc"]["interval"]
    assert 1.5 < (patients[1] - patients[0]) / (rows[1] - rows[0]) < 2.6
    # DeLong's counts rows as independent: without a bootstrap there is none.
    found = report(mi2, folder, samples=0)
    assert all(row["auc"]["interval"] is None and row["auc"]["why"] for row in found["classes"])


def test_scores_of_any_scale_are_named_and_both_areas_given(mi2, data):
    folder = data["folder"]
    cosines = 0.2 * data["p"] + 0.1 * np.random.default_rng(3).random((240, 1))
    data["p"] = cosines
    write_tables(data)
    found = report(mi2, folder, "--scale", "91.2279")
    z = np.exp(91.2279 * cosines)
    softmax = z / z.sum(axis=1, keepdims=True)
    assert value(found, "mean_auc") == pytest.approx(metrics.roc_auc_score(data["truth"], softmax, multi_class="ovr"), abs=1e-9)
    given = np.mean([metrics.roc_auc_score(data["truth"] == c, cosines[:, c]) for c in range(3)])
    assert value(found, "mean_auc_of_given_scores") == pytest.approx(given, abs=1e-9)
    assert abs(given - value(found, "mean_auc")) > 0.01 and found["scores"] == "softmax of the scores x 91.2279"
    assert "--scale" in evaluate(mi2, folder).errors


def test_several_labels_per_row(mi2, tmp_path):
    random = np.random.default_rng(5)
    truth = random.random((200, 3)) < [0.5, 0.3, 0.1]
    scores = random.normal(size=(200, 3)) + truth
    write(tmp_path / "p.csv", ["id", *LABELS], [[i, *map(repr, map(float, row))] for i, row in enumerate(scores)])
    write(tmp_path / "l.csv", ["id", "label"], [[i, "|".join(np.array(LABELS)[row])] for i, row in enumerate(truth)])
    found = report(mi2, tmp_path, "--multi-label")
    assert value(found, "mean_auc") == pytest.approx(metrics.roc_auc_score(truth, scores, average="macro"), abs=1e-9)
    assert value(found, "mean_average_precision") == pytest.approx(metrics.average_precision_score(truth, scores), abs=1e-9)
    assert found["confusion"] is None and "accuracy" not in found["figures"]


def test_a_single_finding(mi2, tmp_path):
    random = np.random.default_rng(6)
    truth = random.integers(0, 2, 150)
    scores = np.clip(random.random(150) * 0.6 + 0.3 * truth, 0, 1)
    write(tmp_path / "p.csv", ["id", "pneumonia"], list(enumerate(map(repr, map(float, scores)))))
    write(tmp_path / "l.csv", ["id", "label"], list(enumerate(truth)))
    found = report(mi2, tmp_path)
    assert found["classes"][0]["auc"]["value"] == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-9)
    assert found["classes"][0]["positives"] == truth.sum()
    for nothing in ("", " "):
        write(tmp_path / "l.csv", ["id", "label"], [[i, nothing if i == 3 else t] for i, t in enumerate(truth)])
        assert "label is empty" in evaluate(mi2, tmp_path, status=3).errors


def test_ages(mi2, tmp_path):
    random = np.random.default_rng(7)
    truth = random.integers(10, 200, 120)
    ages = np.arange(0, 228, 12)
    logits = -((ages - truth[:, None] - random.normal(size=(120, 1)) * 10) / 20.0) ** 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    sex = random.choice(["F", "M"], 120)
    write(tmp_path / "p.csv", ["id", *ages], [[i, *map(repr, map(float, row))] for i, row in enumerate(p)])
    write(tmp_path / "l.csv", ["id", "age", "sex"], [[i, t, s] for i, (t, s) in enumerate(zip(truth, sex))])
    found = report(mi2, tmp_path, "--ages")
    guesses = {"argmax": ages[p.argmax(axis=1)], "expectation": p @ ages}
    for row in found["ages"]:
        error = guesses[row["way"]] - truth
        assert row["mae"] == pytest.approx(np.abs(error).mean(), abs=1e-9)
        assert row["rmse"] == pytest.approx(np.sqrt((error**2).mean()), abs=1e-9)
        assert row["limits_of_agreement"] == pytest.approx(error.mean() + 1.96 * error.std(ddof=1) * np.array([-1, 1]), abs=1e-9)
        pair = np.stack([guesses[row["way"]], truth], axis=1)
        msr = 2 * pair.mean(axis=1).var(ddof=1)
        msc = 120 * pair.mean(axis=0).var(ddof=1)
        residual = pair - pair.mean(axis=1, keepdims=True) - pair.mean(axis=0) + pair.mean()
        mse = (residual**2).sum() / 119
        assert row["icc_2_1"] == pytest.approx((msr - mse) / (msr + mse + 2 * (msc - mse) / 120), abs=1e-9)
    groups = {g["group"]: g for a in found["attributes"] if a["attribute"] == "sex" for g in a["groups"]}
    for name in "FM":
        wanted = np.abs(guesses["argmax"] - truth)[sex == name].mean()
        assert groups[name]["metric"]["value"] == pytest.approx(wanted, abs=1e-9) and groups[name]["rows"] == (sex == name).sum()
    assert all(a["faults"] == [] for a in found["attributes"])
    page = (tmp_path / "r" / "report.html").read_text()
    assert "guess - truth" in page and "bias" in page


def test_groups_are_compared_and_small_ones_are_said(mi2, data):
    folder = data["folder"]
    data["p"][data["sex"] == "F"] = 1 / 3 + 0.01 * np.random.default_rng(8).random((int((data["sex"] == "F").sum()), 3))
    data["p"] /= data["p"].sum(axis=1, keepdims=True)
    data["sex"] = data["sex"].astype(object)
    data["sex"][:5] = ""
    write_tables(data)
    write(folder / "a.csv", ["id", "site"], [[i, "x" if n % 3 else "y"] for n, i in enumerate(data["ids"])][:200])
    found = report(mi2, folder, "--attributes", str(folder / "a.csv"), samples=400)
    sexes = next(a for a in found["attributes"] if a["attribute"] == "sex")
    groups = {g["group"]: g for g in sexes["groups"]}
    assert list(groups) == ["F", "M", "missing"] and groups["missing"]["too_few"] and groups["missing"]["metric"]["value"] is None
    assert "too few" in groups["missing"]["metric"]["why"] and groups["missing"]["rows"] == 5
    assert sexes["worst"] == "F" and sexes["reference"] == "M" and groups["M"]["p"] is None
    difference = groups["F"]["difference"]
    assert difference["interval"][1] < 0 and groups["F"]["p"] <= groups["F"]["p_holm"] < 0.02
    assert sexes["gap"]["value"] == pytest.approx(-difference["value"], abs=1e-12)
    sites = {g["group"]: g["rows"] for a in found["attributes"] if a["attribute"] == "site" for g in a["groups"]}
    assert sites == {"x": 133, "y": 67, "missing": 40}
    women = np.array([s == "F" for s in data["sex"]])
    auc = np.mean([metrics.roc_auc_score((data["truth"] == c)[women], data["p"][women, c]) for c in range(3)])
    assert groups["F"]["metric"]["value"] == pytest.approx(auc, abs=1e-9)


def test_a_column_of_too_many_values_in_one_split_is_counted_in_neither(mi2, data):
    write_tables(data, split=["val" if i < 60 else "test" for i in range(240)],
                 site=["s1" if i < 60 else f"s{i % 25}" for i in range(240)])
    cohort = report(mi2, data["folder"], samples=0)["cohort"]
    assert [row["rows"] for row in cohort][0] == 180 and cohort[-1]["rows"] == 60
    assert {g["attribute"] for row in cohort for g in row["groups"]} == {"sex"}


def test_ages_below_the_first_band_are_a_group(mi2, data):
    write_tables(data, age=[5 if i < 60 else 50 for i in range(240)])
    found = report(mi2, data["folder"], "--age-bands", "18,40", samples=0)
    groups = next(a for a in found["attributes"] if a["attribute"] == "age")["groups"]
    assert [(g["group"], g["rows"]) for g in groups] == [("below 18", 60), ("40+", 180)]


def test_tables_in_latex_keep_names_out_of_their_rows(mi2, data):
    write_tables(data, site=["[0, 18)" if i % 2 else "*b" for i in range(240)])
    report(mi2, data["folder"], samples=0)
    assert not re.search(r"\\\\\n[\[*]", (data["folder"] / "r" / "tables.tex").read_text())


def test_underdiagnosis_is_counted_per_group(mi2, data):
    names = ["No Finding", "bee", "cat"]
    text = (data["folder"] / "p.csv").read_text()
    write_tables(data, labels=[names[t] for t in data["truth"]])
    (data["folder"] / "p.csv").write_text(text.replace("ant", "No Finding", 1))
    found = report(mi2, data["folder"])
    for group in next(a for a in found["attributes"] if a["attribute"] == "sex")["groups"]:
        rows = (data["sex"] == group["group"]) & (data["truth"] != 0)
        missed = (data["p"].argmax(axis=1) == 0) & rows
        assert group["underdiagnosis"]["value"] == pytest.approx(missed.sum() / rows.sum(), abs=1e-12)


@pytest.mark.parametrize("more,words", [
    (["--positive", "dog"], "--positive"), (["--age-bands", "40,0"], "ascending"), (["--age-bands", "a"], "--age-bands"),
    (["--scale", "0"], "--scale"), (["--multi-label", "--ages"], "excludes"), (["--level", "2"], "--level"),
    (["--absent-score", "nan"], "--absent-score"), (["--absent-score", "inf"], "--absent-score"),
])
def test_options_that_make_no_sense_are_refused(mi2, data, more, words):
    assert words in evaluate(mi2, data["folder"], *more, status=2).errors


@pytest.mark.skipif(os.environ.get("MI2_SANITIZE", "") != "", reason="sanitizers make it slow")
def test_many_rows_take_seconds(mi2, tmp_path):
    random = np.random.default_rng(9)
    truth = random.integers(0, 2, 300_000)
    scores = np.round(np.clip(random.normal(size=300_000) * 0.2 + 0.4 + 0.2 * truth, 0, 1), 6)
    with open(tmp_path / "p.csv", "w", encoding="utf-8") as p, open(tmp_path / "l.csv", "w", encoding="utf-8") as label:
        p.write("id,no,yes\n" + "".join(f"{i},{1 - s:.6f},{s:.6f}\n" for i, s in enumerate(scores)))
        label.write("id,label\n" + "".join(f"{i},{'yes' if t else 'no'}\n" for i, t in enumerate(truth)))
    done = subprocess.run([mi2.path, "evaluate", "--predictions", str(tmp_path / "p.csv"), "--labels", str(tmp_path / "l.csv"),
                           "--out", str(tmp_path / "r")], check=True, capture_output=True, timeout=120, env=mi2.environment(False))
    found = json.loads((tmp_path / "r" / "report.json").read_text())
    assert found["classes"][1]["auc"]["value"] == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-9)
    assert found["figures"]["mean_auc"]["interval"] and b"300000 rows" in done.stdout

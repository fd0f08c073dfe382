"""mi2 evaluate --compare and --retrieval: two models on the same rows, and searches."""
import json

import numpy as np
import pytest
from evaluate_support import data, evaluate, write, write_tables  # noqa: F401 (data is a fixture)
from sklearn import metrics


def compared(mi2, folder, *more, **options):
    mi2("evaluate", "--compare", str(folder / "r1"), str(folder / "r2"), "--out", str(folder / "c"), "--bootstrap", "300", *more,
        with_model=False, **options)
    return json.loads((folder / "c" / "comparison.json").read_text())


def reports_of_two(mi2, data, first=(), second=()):
    """Reports r1 and r2 of the same rows; the second model is worse, and its rows come in another order."""
    folder = data["folder"]
    write_tables(data, **{name: data[name] for name in first})
    evaluate(mi2, folder)
    (folder / "r").rename(folder / "r1")
    random = np.random.default_rng(11)
    worse = dict(data, p=0.5 * data["p"] + 0.5 * random.dirichlet([1, 1, 1], 240))
    order = random.permutation(240)
    write_tables(worse, order=order, **{name: data[name] for name in second})
    evaluate(mi2, folder)
    (folder / "r").rename(folder / "r2")
    return data, worse


@pytest.fixture
def two_models(mi2, data):
    """Of 120 patients with two rows each."""
    return reports_of_two(mi2, data, ["patient"], ["patient"])


def paired_delong(y, a, b):
    """Differences of placement values, pair by pair."""
    def placements(s):
        win = (s[y][:, None] > s[~y][None, :]) + 0.5 * (s[y][:, None] == s[~y][None, :])
        return win.mean(axis=1), win.mean(axis=0)
    (a1, a0), (b1, b0) = placements(a), placements(b)
    return (a1 - b1).mean(), np.sqrt((a1 - b1).var(ddof=1) / y.sum() + (a0 - b0).var(ddof=1) / (~y).sum())


def test_two_models_are_compared_on_the_same_rows(mi2, data):
    first, second = two_models = reports_of_two(mi2, data)
    found = compared(mi2, first["folder"])
    truth = first["truth"]
    assert found["rows"] == 240 and found["patients"] is None
    auc = found["figures"]["mean_auc"]
    wanted = [metrics.roc_auc_score(truth, model["p"], multi_class="ovr") for model in two_models]
    assert [auc["first"], auc["second"]] == pytest.approx(wanted, abs=1e-9)
    assert auc["interval"][0] < auc["difference"] < auc["interval"][1] and auc["p"] < 0.05
    for c, row in enumerate(found["classes"]):
        difference, error = paired_delong(truth == c, first["p"][:, c], second["p"][:, c])
        assert row["delong"]["difference"] == pytest.approx(difference, abs=1e-9)
        assert row["delong"]["standard_error"] == pytest.approx(error, abs=1e-9)
        assert row["delong"]["p_holm"] >= row["delong"]["p"]
    right = [model["p"].argmax(axis=1) == truth for model in two_models]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    assert [found["only_first_right"], found["only_second_right"]] == only
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    p = contingency.mcnemar([[0, only[0]], [only[1], 0]], exact=True).pvalue
    assert found["figures"]["accuracy"]["p"] == pytest.approx(p, abs=1e-9)


def test_tests_of_independent_rows_are_left_out_where_patients_have_several(mi2, two_models):
    found = compared(mi2, two_models[0]["folder"])
    assert found["patients"] == 120 and found["figures"]["mean_auc"]["p"] < 0.05
    assert "McNemar" not in found["figures"]["accuracy"]["method"] and "patient" in found["figures"]["accuracy"]["method"]
    assert all(row["delong"]["p"] is None and row["delong"]["interval"] is None for row in found["classes"])


def test_reports_of_which_one_has_patients_are_refused(mi2, data):
    reports_of_two(mi2, data, [], ["patient"])
    folder = data["folder"]
    assert "patients in one" in mi2("evaluate", "--compare", str(folder / "r1"), str(folder / "r2"), "--out", str(folder / "c"),
                                    with_model=False, status=2).errors


def test_a_model_does_not_differ_from_itself(mi2, two_models):
    folder = two_models[0]["folder"]
    (folder / "r2" / "rows.csv").write_bytes((folder / "r1" / "rows.csv").read_bytes())
    found = compared(mi2, folder)
    assert found["figures"]["mean_auc"]["difference"] == 0 and found["figures"]["accuracy"]["p"] == 1
    assert all(row["delong"]["p"] is None for row in found["classes"])


@pytest.mark.parametrize("old,new,words", [("i7,", "j7,", "1 ids"), (",ant,p3,", ",bee,p3,", "other labels"), (",p4,", ",p5,", "other patients"),
                                           ("score:cat", "score:dog", "different labels")])
def test_reports_of_other_rows_are_refused(mi2, two_models, old, new, words):
    folder = two_models[0]["folder"]
    text = (folder / "r2" / "rows.csv").read_text()
    if words == "other labels":
        line = next(row for row in text.splitlines()[1:] if ",ant," in row)
        old, new = line, line.replace(",ant,", ",bee,")
    assert old in text
    (folder / "r2" / "rows.csv").write_text(text.replace(old, new, 1))
    done = mi2("evaluate", "--compare", str(folder / "r1"), str(folder / "r2"), "--out", str(folder / "c"), with_model=False,
               status=2)
    assert words in done.errors


@pytest.mark.parametrize("mode,option", [("--compare", "--ages"), ("--compare", "--prevalence=0.1"), ("--retrieval", "--multi-label")])
def test_options_without_effect_are_refused(mi2, two_models, mode, option):
    folder = two_models[0]["folder"]
    given = {"--compare": [str(folder / "r1"), str(folder / "r2")],
             "--retrieval": ["--predictions", str(folder / "p.csv"), "--labels", str(folder / "l.csv")]}[mode]
    done = mi2("evaluate", mode, *given, option, "--out", str(folder / "c"), with_model=False, status=2)
    assert option.split("=")[0] in done.errors and mode in done.errors


def test_what_is_no_report_is_not_compared(mi2, data):
    folder = data["folder"]
    evaluate(mi2, folder)
    (folder / "r").rename(folder / "r1")
    (folder / "r2").mkdir()
    mi2("evaluate", "--compare", str(folder / "r1"), str(folder / "r2"), "--out", str(folder / "c"), with_model=False, status=7)
    (folder / "r2" / "rows.csv").write_text("id,label,x\na,b,1\n")
    mi2("evaluate", "--compare", str(folder / "r1"), str(folder / "r2"), "--out", str(folder / "c"), with_model=False, status=3)
    assert "--predictions and --labels" in mi2("evaluate", "--out", str(folder / "c"), with_model=False, status=2).errors


def test_searches_are_judged_without_the_query_and_its_patient(mi2, tmp_path):
    random = np.random.default_rng(12)
    labels = random.integers(0, 4, 60)
    patients = [f"p{i // 2}" for i in range(60)]
    vectors = random.normal(size=(60, 6)) + 2 * np.eye(6)[labels]
    scores = np.round(vectors @ vectors.T, 6)
    rows = [[f"i{q}", f"i{i}", repr(float(scores[q, i]))] for q in range(60) for i in random.permutation(60)]
    write(tmp_path / "p.csv", ["query", "item", "score"], rows)
    write(tmp_path / "l.csv", ["id", "label", "patient"], [[f"i{i}", f"l{labels[i]}", patients[i]] for i in range(60)])
    mi2("evaluate", "--retrieval", "--predictions", str(tmp_path / "p.csv"), "--labels", str(tmp_path / "l.csv"), "--out",
        str(tmp_path / "r"), "--bootstrap", "100", with_model=False)
    found = json.loads((tmp_path / "r" / "retrieval.json").read_text())
    wanted = {"map": [], "precision_at_5": [], "recall_at_10": [], "ndcg_at_10": []}
    for q in range(60):
        others = [i for i in range(60) if patients[i] != patients[q]]
        relevant, score = (labels == labels[q])[others], scores[q, others]
        if not relevant.any():
            continue
        order = np.argsort(-score, kind="stable")
        wanted["map"].append(metrics.average_precision_score(relevant, score))
        wanted["precision_at_5"].append(relevant[order][:5].mean())
        wanted["recall_at_10"].append(relevant[order][:10].sum() / relevant.sum())
        wanted["ndcg_at_10"].append(metrics.ndcg_score([relevant], [score], k=10))
    for key, values in wanted.items():
        assert found["figures"][key]["value"] == pytest.approx(np.mean(values), abs=1e-9), key
        low, high = found["figures"][key]["interval"]
        assert low < np.mean(values) < high
    assert found["own_items_left_out"] == 120 and found["bootstrap"]["by"] == "patient"
    assert "Research use only" in (tmp_path / "r" / "retrieval.html").read_text()


@pytest.mark.parametrize("rows,words", [([["q", "a", "nan"]], "line 2"), ([["q", "a", "1"], ["q", "a", "2"]], "line 3"),
                                        ([["q", "z", "1"]], "without a label")])
def test_rankings_that_cannot_be_are_refused(mi2, tmp_path, rows, words):
    write(tmp_path / "p.csv", ["query", "item", "score"], rows)
    write(tmp_path / "l.csv", ["id", "label"], [["q", "x"], ["a", "x"]])
    assert words in mi2("evaluate", "--retrieval", "--predictions", str(tmp_path / "p.csv"), "--labels", str(tmp_path / "l.csv"), "--out",
                        str(tmp_path / "r"), with_model=False, status=3).errors

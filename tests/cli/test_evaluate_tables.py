"""mi2 evaluate: tables of every form, and what it says of those that are not as they should be."""
import numpy as np
import pytest
from evaluate_support import LABELS, data, evaluate, report, value, write, write_tables  # noqa: F401 (data is a fixture)
from sklearn import metrics


def test_a_long_table_and_any_order_say_the_same(mi2, data):
    folder = data["folder"]
    wanted = report(mi2, folder)
    rows = [[data["ids"][i], c + 1, LABELS[c], repr(float(data["p"][i, c]))] for i in range(240) for c in range(3)]
    write(folder / "long.csv", ["path", "rank", "label", "score"], rows)
    found = report(mi2, folder, predictions="long.csv")
    assert found["figures"] == wanted["figures"] and found["classes"] == wanted["classes"]
    order = np.random.default_rng(1).permutation(240)
    write_tables(data, order=order)
    found = report(mi2, folder)
    assert value(found, "mean_auc") == pytest.approx(value(wanted, "mean_auc"), abs=1e-12)
    assert found["confusion"] == wanted["confusion"]


def test_grades_of_a_long_table_are_in_order_whatever_it_names_first(mi2, data):
    folder, grades = data["folder"], ["2", "9", "10"]
    write_tables(data, labels=[grades[t] for t in data["truth"]])
    rows = [[data["ids"][i], grades[c], repr(float(data["p"][i, c]))] for i in range(240) for c in (2, 0, 1)]
    write(folder / "long.csv", ["id", "label", "score"], rows)
    found = report(mi2, folder, predictions="long.csv", samples=0)
    assert [row["label"] for row in found["classes"]] == grades
    said = data["p"].argmax(axis=1)
    assert value(found, "kappa_quadratic") == pytest.approx(metrics.cohen_kappa_score(data["truth"], said, weights="quadratic"), abs=1e-9)
    assert np.array_equal(found["confusion"], metrics.confusion_matrix(data["truth"], said))


@pytest.mark.parametrize("bad", ["nan", "NaN", "inf", "-inf", "1e999", "", "0.5x", " 0.5", "--"])
def test_a_score_that_is_no_finite_number_is_refused(mi2, data, bad):
    folder = data["folder"]
    text = (folder / "p.csv").read_text().splitlines()
    cells = text[3].split(",")
    text[3] = ",".join([cells[0], bad, *cells[2:]])
    (folder / "p.csv").write_text("\n".join(text) + "\n")
    assert "line 4: column 2" in evaluate(mi2, folder, status=3).errors
    assert not (folder / "r").exists()


def test_ids_twice_are_refused_in_every_table(mi2, data):
    folder = data["folder"]
    for name in ("p.csv", "l.csv"):
        original = (folder / name).read_text()
        (folder / name).write_text(original + original.splitlines()[1] + "\n")
        assert "line 242: the id of line 2 again" in evaluate(mi2, folder, status=3).errors
        (folder / name).write_text(original)
    write(folder / "a.csv", ["id", "site"], [["i1", "x"], ["i1", "y"]])
    assert "line 3: the id of line 2 again" in evaluate(mi2, folder, "--attributes", str(folder / "a.csv"), status=3).errors


def test_a_missing_half_is_refused_or_counted(mi2, data):
    folder = data["folder"]
    lines = (folder / "p.csv").read_text().splitlines()
    (folder / "p.csv").write_text("\n".join(lines[:121]) + "\n")
    assert "120 of 240 labelled rows have no scores" in evaluate(mi2, folder, status=3).errors
    found = report(mi2, folder, "--allow-missing")
    assert found["rows"] == 120 and found["intake"]["without_scores"] == 120
    assert any("120 of 240 labelled rows" in w for w in found["warnings"])
    assert "120 of 240 labelled rows" in (folder / "r" / "report.html").read_text()


def test_a_label_without_scores_is_refused_or_counted(mi2, data):
    labels = [LABELS[t] for t in data["truth"]]
    labels[7] = "dog"
    write_tables(data, labels=labels)
    errors = evaluate(mi2, data["folder"], status=3).errors
    assert "line 9" in errors and "'dog'" in errors
    found = report(mi2, data["folder"], "--drop-unscored")
    assert found["rows"] == 239 and found["intake"]["of_unscored_labels"] == 1


def test_a_patient_in_train_and_test_is_refused_or_said(mi2, data):
    split = ["train" if i < 100 else "val" if i < 160 else "test" for i in range(240)]
    write_tables(data, patient=data["patient"], split=split)
    found = report(mi2, data["folder"])
    assert found["rows"] == 80 and found["validation_rows"] == 60 and found["intake"]["of_other_splits"] == 100
    assert found["patients"] == 40 and "of patients" in found["figures"]["mean_auc"]["method"]
    patients = list(data["patient"])
    patients[200] = "p1"
    write_tables(data, patient=patients, split=split)
    assert "patients in more than one split: 1;" in evaluate(mi2, data["folder"], status=3).errors
    found = report(mi2, data["folder"], "--allow-leak")
    assert found["intake"]["leaked_patients"] == 1 and any("more than one split" in w for w in found["warnings"])


def test_a_split_among_attributes_is_refused(mi2, data):
    people = write(data["folder"] / "a.csv", ["id", "split"], [[i, "train"] for i in data["ids"][:100]])
    assert "'split'" in evaluate(mi2, data["folder"], "--attributes", people, status=3).errors


def test_labels_that_tables_cannot_tell_apart_are_refused(mi2, data):
    rows = [[i, label, "0.5"] for i in data["ids"] for label in ("ant", "Ant", "bee", "cat")]
    write(data["folder"] / "p.csv", ["id", "label", "score"], rows)
    assert "case alone" in evaluate(mi2, data["folder"], status=3).errors


def test_more_labels_than_a_confusion_can_have_are_refused(mi2, tmp_path):
    write(tmp_path / "p.csv", ["id", *(f"l{i}" for i in range(5000))], [[i, *["0"] * 5000] for i in "ab"])
    write(tmp_path / "l.csv", ["id", "label"], [["a", "l1"], ["b", "l2"]])
    assert "5000 labels" in evaluate(mi2, tmp_path, status=5).errors

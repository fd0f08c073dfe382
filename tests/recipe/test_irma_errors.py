"""The error of IRMA codes, beside the organisers' rule written down a second time."""
import csv
import json
import os
import subprocess

import irma
import pytest

MODEL = os.environ["MI2_STARTER_MODEL"]
OPEN = "****-***-***-***"


def evaluate(*arguments, status=0):
    done = subprocess.run([os.environ["MI2_BIN"], "evaluate", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.stderr}"
    return done


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def axis_error(codes, truth, answer):
    """Weights 1 / (i b_i) along the true path; '*' is half, nothing where the truth is 0; all behind a mistake is wrong."""
    total = worst = 0
    node, state = "", "right"
    for i, (wanted, given) in enumerate(zip(truth, answer), 1):
        below = sum(len(code) == len(node) + 1 and code.startswith(node) for code in codes)
        weight = 1 / (i * max(below, 1))
        worst += weight
        if below:
            node += wanted
        if state == "wrong":
            total += weight
        elif given == "*" and wanted == "0":
            state = "open"
        elif state == "open" or given == "*":
            state = "open"
            total += weight / 2
        elif wanted != given:
            state = "wrong"
            total += weight
    return total / worst


def image_error(truth, answer):
    return sum(axis_error(codes, t, a) for codes, t, a in zip(irma.AXES.values(), truth.split("-"), answer.split("-"))) / 4


def test_each_way_is_judged_by_the_codes_that_its_texts_stand_for(tmp_path):
    expected = irma.make(tmp_path / "irma")
    out = tmp_path / "r"
    done = evaluate("irma", "--root", tmp_path / "irma", "--model", MODEL, "--out", out, "--ways", "zero-shot,knn",
                    "--bootstrap", "50", "--no-images")
    code_of = {label: f"****-{code[5:12]}-***" for code, label in irma.CODES if label}
    found = json.loads((out / "evaluation.json").read_text())["ways"]
    for way in ("zero-shot", "knn-64", "knn-5"):
        rows = table(out / way / "irma.csv")
        assert {row["id"] for row in rows} == {name for name, row in expected.items() if row["split"] == "test"}
        scores = {row["id"]: {key[len("score:"):]: float(value) for key, value in row.items() if key.startswith("score:")}
                  for row in table(out / way / "rows.csv")}
        for row in rows:
            assert row["truth"] == expected[row["id"]]["code"]
            best = max(scores[row["id"]], key=scores[row["id"]].get)
            assert row["answer"] == code_of.get(best, OPEN)
            assert float(row["error"]) == pytest.approx(image_error(row["truth"], row["answer"]), abs=1e-12)
        report = json.loads((out / way / "irma.json").read_text())
        errors = [float(row["error"]) for row in rows]
        assert report["irma_error_sum"] == pytest.approx(sum(errors), abs=1e-9)
        assert report["irma_error_mean"] == pytest.approx(sum(errors) / len(errors), abs=1e-12)
        assert report["interval"][0] <= report["irma_error_mean"] <= report["interval"][1]
        least = sum(image_error(row["code"], f"****-{row['code'][5:12]}-***") for row in expected.values() if row["split"] == "test")
        assert report["least_sum"] == pytest.approx(least, abs=1e-9)
        assert found[way]["more"]["irma_error_sum"]["value"] == report["irma_error_sum"]
        assert f"{report['irma_error_sum']:.2f}" in (out / way / "irma.html").read_text()
    assert any(row["answer"] != OPEN for row in table(out / "knn-5" / "irma.csv"))
    assert "sum of IRMA errors" in done.stdout and "sum of IRMA errors" in (out / "report.html").read_text()
    # The texts of 137 classes are more than the look-alike's table has codes for.
    assert "leave every axis open" in done.stderr


def test_a_true_code_that_the_table_does_not_have_is_counted(tmp_path):
    irma.make(tmp_path / "irma")
    path = tmp_path / "irma" / "ImageCLEFmed2009_test_codes.03.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("1913;1121-120-91a-700", "1913;1121-120-91a-400"))
    done = evaluate("irma", "--root", tmp_path / "irma", "--model", MODEL, "--out", tmp_path / "r", "--ways", "knn",
                    "--bootstrap", "0", "--no-images")
    report = json.loads((tmp_path / "r" / "knn-5" / "irma.json").read_text())
    assert (report["images"], report["not_judged"]) == (7, 1)
    assert "1 images have a code that the table does not have" in done.stderr


def write_tables(folder, answers, labels, header="id,code"):
    folder.mkdir(exist_ok=True)
    irma.write_table(folder, "txt")
    (folder / "p.csv").write_text(header + "\n" + "\n".join(answers) + "\n")
    (folder / "l.csv").write_text("\n".join(labels) + "\n")
    return ["--irma", folder / "code-2008-04-14.txt", "--predictions", folder / "p.csv", "--labels", folder / "l.csv",
            "--out", folder / "r", "--bootstrap", "50"]


def test_anybodys_codes_are_judged_from_two_tables(tmp_path):
    answers = {"1": "1121-127-700-500", "2": "1121-12*-91*-7**", "3": "1121-230-91a-700", "4": OPEN}
    truth = {"1": "1121-127-700-500", "2": "1121-120-91a-700", "3": "1121-4b0-233-700", "4": "1121-111-500-000"}
    words = write_tables(tmp_path / "a", [f"{i},{code}" for i, code in answers.items()],
                         ["id,code,split", *(f"{i},{code},test" for i, code in truth.items()), "5,1121-127-500-000,train"])
    done = evaluate(*words)
    errors = {i: image_error(truth[i], answers[i]) for i in truth}
    assert errors["1"] == 0 and 0 < errors["2"] < errors["3"]
    rows = table(tmp_path / "a" / "r" / "irma.csv")
    assert {row["id"]: float(row["error"]) for row in rows} == pytest.approx(errors, abs=1e-12)
    report = json.loads((tmp_path / "a" / "r" / "irma.json").read_text())
    assert report["irma_error_sum"] == pytest.approx(sum(errors.values())) and report["without_error"] == 1
    assert report["least_sum"] is None and f"sum {sum(errors.values()):.4f}" in done.stdout
    for name, codes, axis in zip(("technique", "direction", "anatomy", "biosystem"), irma.AXES.values(), range(4)):
        wanted = sum(axis_error(codes, truth[i].split("-")[axis], answers[i].split("-")[axis]) for i in truth) / 4
        assert report["axes"][name] == pytest.approx(wanted, abs=1e-12)
    # Of several answers with scores the best one counts.
    words = write_tables(tmp_path / "b", ["1,1121-230-91a-700,0.2", "1,1121-127-700-500,0.7", "1,1121-111-500-000,0.1"],
                         ["id,irma_code", "1,1121-127-700-500"], "id,label,score")
    evaluate(*words)
    assert json.loads((tmp_path / "b" / "r" / "irma.json").read_text())["irma_error_sum"] == 0


@pytest.mark.parametrize("answers,labels,words", [
    (["1,1121-127-700-500", "1,1121-127-700-500"], ["1,1121-127-700-500"], "p.csv: line 3"),
    (["1,1121-127-700"], ["1,1121-127-700-500"], "l.csv: line 2: the answer"),
    (["1,1121-127-700-500"], ["1,1121-197-700-500"], "l.csv: line 2: axis 2 of the truth"),
    (["1,1121-127-700-500"], ["1,1121-127-700-500", "2,1121-127-700-500"], "1 rows of"),
    (["1,"], ["1,1121-127-700-500"], "l.csv: line 2: the answer")])
def test_what_is_no_code_is_refused_by_line(tmp_path, answers, labels, words):
    done = evaluate(*write_tables(tmp_path / "a", answers, ["id,code", *labels]), status=3)
    assert words in done.stderr and not (tmp_path / "a" / "r" / "irma.json").exists(), done.stderr


def test_rows_without_an_answer_are_left_out_if_that_is_allowed(tmp_path):
    words = write_tables(tmp_path / "a", ["1,1121-127-700-500"], ["id,code", "1,1121-127-700-500", "2,1121-127-700-500"])
    evaluate(*words, "--allow-missing")
    report = json.loads((tmp_path / "a" / "r" / "irma.json").read_text())
    assert (report["images"], report["unanswered"]) == (1, 1)
    done = evaluate(*words, "--multi-label", status=2)
    assert "--multi-label has no effect beside --irma" in done.stderr

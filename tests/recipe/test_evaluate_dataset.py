"""mi2 evaluate NAME: a dataset on disk, through a model, to reports; what was embedded is not embedded again."""
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import boneage
import busi
import nih
import numpy as np
import padufes20
import pytest
from pixels import write_png
from sklearn import metrics

MODEL = os.environ["MI2_STARTER_MODEL"]
WITH_TORCH = Path(os.environ["MI2_BIN"]).with_name("mi2-torch").exists()
WAYS = "zero-shot,knn,probe" if WITH_TORCH else "zero-shot,knn"


def command(name, root, out, *arguments, model=MODEL):
    return [os.environ["MI2_BIN"], "evaluate", name, "--root", str(root), "--model", str(model), "--out", str(out),
            "--bootstrap", "50", *map(str, arguments)]


def evaluate(name, root, out, *arguments, status=0, model=MODEL):
    done = subprocess.run(command(name, root, out, *arguments, model=model), capture_output=True, text=True, timeout=300,
                          check=False)
    assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.stderr}"
    return done


def embedded(done):
    return tuple(map(int, re.search(r"(\d+) images embedded now, (\d+) before", done.stderr).groups()))


def rows_of(folder):
    with open(folder / "rows.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_way_has_a_report_and_the_published_row_stands_beside(tmp_path):
    expected = padufes20.make(tmp_path / "pad")
    done = evaluate("padufes20", tmp_path / "pad", tmp_path / "r", "--ways", WAYS)
    found = json.loads((tmp_path / "r" / "evaluation.json").read_text())
    assert list(found["ways"]) == ["zero-shot", "knn-64", "knn-5", *(["probe"] if WITH_TORCH else [])]
    for key, way in found["ways"].items():
        report = json.loads((tmp_path / "r" / key / "report.json").read_text())
        assert way["rows"] == expected["test"] and 0 <= way["value"] <= 1, way
        assert (tmp_path / "r" / key / "report.html").exists() and report["research_use_only"] is True
        worst = (tmp_path / "r" / key / "report.html").read_text()
        assert worst.count("data:image/webp;base64,") == len(report["worst"]) and (report["worst"] or key != "zero-shot")
    assert found["published"] == [{"name": "padufes20", "metric": "mAUC", "value": 0.95,
                                   "note": "protocol not published; Med-PaLM M 84B is quoted with 0.97"}]
    page = (tmp_path / "r" / "report.html").read_text()
    assert "protocol not published" in page and "zero-shot/report.html" in page and "more than one split" in page
    assert "<script" not in page and "more than one split" in done.stderr
    assert (tmp_path / "r" / "dataset" / "manifest.csv").exists()


def test_an_evaluation_states_its_energy_with_every_factor(tmp_path):
    busi.make(tmp_path / "busi")
    stated = ("--watts", "8xV100", "--pue", "1.2", "--region", "deu")
    done = evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot", *stated)
    energy = json.loads((tmp_path / "r" / "evaluation.json").read_text())["energy"]
    assert energy["method"] == "stated" and energy["not_included"] == []
    assert energy["energy_kwh"]["low"] == pytest.approx(energy["hours"] * 2000 * 1.2 / 1000)
    assert energy["co2e_kg"]["high"] == pytest.approx(energy["hours"] * 2400 * 1.2 / 1000 * .38095)
    page = (tmp_path / "r" / "report.html").read_text()
    assert "Germany, 2023" in page and "PUE 1.2" in page and "CO2e (stated)" in done.stderr
    assert "in the folder above" in (tmp_path / "r" / "zero-shot" / "report.html").read_text()
    # Without them it is measured or estimated; what an earlier run embedded is not in it, which it says.
    evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")
    energy = json.loads((tmp_path / "r" / "evaluation.json").read_text())["energy"]
    assert energy["method"].split("+")[0] in ("rapl", "estimate") and energy["energy_kwh"]["low"] > 0
    assert energy["not_included"] == ["12 of 12 images, which an earlier run embedded"]
    bad = evaluate("busi", tmp_path / "busi", tmp_path / "bad", "--watts", "V1000", status=2)
    assert "--watts" in bad.stderr


def test_without_images_a_report_has_ids_alone(tmp_path):
    padufes20.make(tmp_path / "pad")
    evaluate("padufes20", tmp_path / "pad", tmp_path / "r", "--ways", "zero-shot", "--no-images")
    page = (tmp_path / "r" / "zero-shot" / "report.html").read_text()
    assert "Worst errors" in page and "data:image" not in page


def test_neighbours_are_those_of_numpy(tmp_path):
    """5 neighbours by cosine among the training images, without the query's own patient."""
    padufes20.make(tmp_path / "pad")
    evaluate("padufes20", tmp_path / "pad", tmp_path / "r", "--ways", "knn")
    with open(tmp_path / "r" / "dataset" / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", MODEL, *(row["file"] for row in rows)],
                          capture_output=True, text=True, check=True, timeout=120)
    vectors = np.array([json.loads(line)["embedding"] for line in done.stdout.splitlines()], dtype=np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = sorted({row["label"] for row in rows})
    judged = {row["id"]: row for row in rows_of(tmp_path / "r" / "knn-5")}
    truth, shares = [], []
    for i, row in enumerate(rows):
        if row["split"] != "test":
            continue
        bank = [j for j, other in enumerate(rows) if other["split"] == "train" and other["patient"] != row["patient"]]
        near = sorted(bank, key=lambda j: -vectors[i] @ vectors[j])[:5]
        share = [sum(rows[j]["label"] == label for j in near) / 5 for label in labels]
        assert row["id"] in judged
        truth.append(labels.index(row["label"]))
        shares.append(share)
    wanted = metrics.roc_auc_score(truth, shares, multi_class="ovr", labels=range(len(labels)))
    found = json.loads((tmp_path / "r" / "evaluation.json").read_text())["ways"]["knn-5"]
    assert found["value"] == pytest.approx(wanted, abs=1e-9), found


def test_nothing_is_embedded_twice(tmp_path):
    expected = busi.make(tmp_path / "busi")
    first = evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")
    assert embedded(first) == (expected["images"], 0)
    report = (tmp_path / "r" / "zero-shot" / "report.json").read_bytes()
    assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")) == (0, 12)
    assert (tmp_path / "r" / "zero-shot" / "report.json").read_bytes() == report
    write_png(tmp_path / "busi" / "Dataset_BUSI_with_GT" / "benign" / "benign (1).png", 99)
    assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")) == (1, 11)
    # Another dtype is another space, and so are other weights.
    assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot", "--dtype", "bf16")) == (12, 0)
    other = tmp_path / "model"
    shutil.copytree(MODEL, other)
    weights = other / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-2] ^= 1  # the last number's lowest bits
    weights.write_bytes(content)
    cached = ("--cache", tmp_path / "r" / "cache")
    assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "s", "--ways", "zero-shot", *cached, model=other)) == (12, 0)
    assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "t", "--ways", "zero-shot", *cached)) == (0, 12)


def test_a_cache_that_a_kill_cut_or_the_disk_damaged_gives_the_same_report(tmp_path):
    busi.make(tmp_path / "busi")
    evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")
    report = (tmp_path / "r" / "zero-shot" / "report.json").read_bytes()
    (cache,) = (tmp_path / "r" / "cache").iterdir()
    whole = cache.read_bytes()
    record = (len(whole) - 79) // 12
    for content, again in ((whole[:-5], 1), (whole[:79 + 3 * record + 100] + b"\xff" + whole[79 + 3 * record + 101:], 9),
                           (whole[:40], 12)):
        cache.write_bytes(content)
        assert embedded(evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot")) == (again, 12 - again)
        assert (tmp_path / "r" / "zero-shot" / "report.json").read_bytes() == report and cache.read_bytes()[:79] == whole[:79]
    cache.write_bytes(b"something else\n" * 100)
    done = evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot", status=3)
    assert "is no file of cached vectors" in done.stderr


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    root = tmp_path / "busi" / "Dataset_BUSI_with_GT"
    for name in ("benign", "malignant", "normal"):
        for i in range(150):
            write_png(root / name / f"{name} ({i}).png", i)
    process = subprocess.Popen(command("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot", "--batch", "1"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        files = list((tmp_path / "r" / "cache").glob("*")) if (tmp_path / "r" / "cache").exists() else []
        if files and files[0].stat().st_size > 79 + 5000:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    now, before = embedded(evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot"))
    assert now + before == 450 and before >= 1
    evaluate("busi", tmp_path / "busi", tmp_path / "whole", "--ways", "zero-shot")
    assert (tmp_path / "r" / "zero-shot" / "report.json").read_text() == \
        (tmp_path / "whole" / "zero-shot" / "report.json").read_text()


def test_findings_are_judged_each_on_its_own_by_cosine(tmp_path):
    nih.make(tmp_path / "nih")
    evaluate("chestxray14", tmp_path / "nih", tmp_path / "r", "--ways", WAYS)
    report = json.loads((tmp_path / "r" / "zero-shot" / "report.json").read_text())
    assert report["task"] == "many labels", report["task"]
    rows = rows_of(tmp_path / "r" / "zero-shot")
    assert len(rows) == 10


def test_ages_are_guessed_by_texts_of_both_sexes_and_by_neighbours(tmp_path):
    boneage.make(tmp_path / "hands")
    evaluate("rsna-boneage", tmp_path / "hands", tmp_path / "r", "--ways", WAYS)
    found = json.loads((tmp_path / "r" / "evaluation.json").read_text())["ways"]
    assert "month" in found["knn-5"]["figure"] or "error" in found["knn-5"]["figure"], found
    assert all(way["rows"] == 4 and 0 <= way["value"] <= 240 for way in found.values()), found


def starter_like(root, labels, split=lambda i: "test" if i % 3 == 0 else "train", patient=lambda i: f"P{i}"):
    """Findings of a user's own, `labels(i)` of image i."""
    lines = ["image,label,split,patient"]
    for i in range(30):
        lines.append(f"{i}.png,{labels(i)},{split(i)},{patient(i)}")
        write_png(root / f"{i}.png", 9 * i)
    (root / "labels.csv").write_text("\n".join(lines) + "\n")
    recipe = root.parent / "own.yaml"
    recipe.write_text("""
title: Own
about: Own.
licence: own
task: %s
rows: [{table: [labels.csv], columns: {image: image, label: label, split: split, patient: patient}}]
image: {key: image, by: path}
texts: {labels: {Effusion: "x-ray chest effusion", Mass: "x-ray chest mass", Hernia: "x-ray chest hernia"}}
attributes: [patient]
splits: {given: {column: split}}
""" % ("findings" if any("|" in labels(i) for i in range(30)) else "labels"))
    return recipe


def own_evaluation(tmp_path, recipe, status=0):
    done = subprocess.run([os.environ["MI2_BIN"], "evaluate", "--recipe", str(recipe), "--root", str(tmp_path / "own"),
                           "--model", MODEL, "--out", str(tmp_path / "r"), "--bootstrap", "0", "--ways", WAYS],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == status, done.stderr
    reports = {path.name: json.loads((path / "report.json").read_text()) for path in (tmp_path / "r").iterdir()
               if (path / "report.json").exists()}
    return done, reports


def test_cosines_of_findings_are_never_taken_for_probabilities(tmp_path):
    recipe = starter_like(tmp_path / "own", lambda i: ("Effusion|Mass", "Mass", "Effusion")[i % 3])
    _, reports = own_evaluation(tmp_path, recipe)
    assert reports["zero-shot"]["scores"] == "scores", reports["zero-shot"]["scores"]
    assert reports["knn-5"]["scores"] == "probabilities"


def test_a_query_whose_patient_is_all_of_the_training_split_has_no_answer(tmp_path):
    recipe = starter_like(tmp_path / "own", lambda i: ("Effusion", "Mass")[i % 2],
                          split=lambda i: "train" if i < 15 else "test", patient=lambda i: "PX" if i < 16 else f"P{i}")
    _, reports = own_evaluation(tmp_path, recipe)
    assert reports["knn-5"]["scores"] == "probabilities" and reports["knn-5"]["rows"] == 14
    assert reports["zero-shot"]["rows"] == 15


def test_labels_that_no_training_image_has_are_judged_as_never_said(tmp_path):
    recipe = starter_like(tmp_path / "own", lambda i: "Effusion|Hernia" if i == 3 else ("Effusion|Mass", "Mass")[i % 2])
    _, reports = own_evaluation(tmp_path, recipe)
    assert {way: report["rows"] for way, report in reports.items()} == dict.fromkeys(reports, 10)


def test_a_way_that_cannot_be_gone_does_not_take_the_others_away(tmp_path):
    recipe = starter_like(tmp_path / "own", lambda i: "Effusion" if i % 3 else ("Effusion", "Mass")[i % 2])
    done, reports = own_evaluation(tmp_path, recipe)
    assert (tmp_path / "r" / "evaluation.json").exists() and {"zero-shot", "knn-5"} <= set(reports)
    assert "probe" not in reports and ("probe: too few" in done.stderr or not WITH_TORCH)


def test_rows_that_name_no_patient_are_each_of_their_own(tmp_path):
    recipe = starter_like(tmp_path / "own", lambda i: ("Effusion", "Mass")[i % 2], patient=lambda i: "" if i < 4 else f"P{i // 6}")
    _, reports = own_evaluation(tmp_path, recipe)
    # Test images are 0, 3, 6, ..: two without a patient, the others of P1 to P4.
    assert reports["zero-shot"]["patients"] == 2 + 4


def test_nothing_is_written_into_a_dataset_by_an_evaluation(tmp_path):
    busi.make(tmp_path / "sets" / "busi")
    before = sorted(str(path) for path in (tmp_path / "sets").rglob("*"))
    done = evaluate("busi", tmp_path / "sets" / "busi", tmp_path / "r", "--cache", tmp_path / "sets" / "busi" / "c", status=2)
    assert "--cache" in done.stderr
    arguments = [os.environ["MI2_BIN"], "evaluate", "--all", "--root", str(tmp_path / "sets"), "--model", MODEL, "--out",
                 str(tmp_path / "sets" / "busi" / "r")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "where nothing is written" in done.stderr
    done = subprocess.run([*arguments[:-1], str(tmp_path / "x"), "busi"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--all" in done.stderr
    assert sorted(str(path) for path in (tmp_path / "sets").rglob("*")) == before


def test_an_image_that_cannot_be_read_is_named_and_the_others_are_judged(tmp_path):
    busi.make(tmp_path / "busi")
    (tmp_path / "busi" / "Dataset_BUSI_with_GT" / "normal" / "normal (1).png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = evaluate("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot", status=8)
    assert "normal (1).png" in done.stderr
    assert json.loads((tmp_path / "r" / "evaluation.json").read_text())["ways"]["zero-shot"]["rows"] == 11


@pytest.mark.parametrize("arguments, words", [
    (["--predictions", "p.csv"], "--predictions has no effect beside a dataset"), (["--ways", "guess"], "zero-shot"),
    (["--protocol", "x"], "expected all or fifth")])
def test_mistakes_are_told(tmp_path, arguments, words):
    busi.make(tmp_path / "busi")
    done = evaluate("busi", tmp_path / "busi", tmp_path / "r", *arguments, status=2)
    assert words in done.stderr, done.stderr


def test_all_datasets_of_a_folder_make_the_published_table(tmp_path):
    busi.make(tmp_path / "sets" / "busi")
    padufes20.make(tmp_path / "sets" / "padufes20")
    (tmp_path / "sets" / "isic2019").mkdir()
    arguments = ["evaluate", "--all", "--root", str(tmp_path / "sets"), "--model", MODEL, "--out", str(tmp_path / "r"),
                 "--ways", "zero-shot,knn", "--bootstrap", "0"]
    done = subprocess.run([os.environ["MI2_BIN"], *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 8, done.stderr
    assert "isic2019: " in done.stderr and "ISIC_2019_Training_GroundTruth.csv" in done.stderr
    table = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert table["usi"][1:3] == ["mAUC", "0.99"] and table["padufes20"][1:3] == ["mAUC", "0.95"]
    assert table["usi"][4:] == ["-", "-"], "no training split: neighbours have nobody to ask"
    found = json.loads((tmp_path / "r" / "evaluation.json").read_text())
    assert [row["dataset"] for row in found["datasets"]] == ["busi", "padufes20"]
    assert float(table["usi"][3]) == pytest.approx(found["datasets"][0]["ways"]["zero-shot"]["value"], abs=5e-5)
    assert any(name.startswith("isic2019 (") for name in found["not_evaluated"]) and "sd198" in found["not_evaluated"]
    page = (tmp_path / "r" / "report.html").read_text()
    for link in re.findall(r'href="([^"]*)"', page):
        assert (tmp_path / "r" / link).exists(), link

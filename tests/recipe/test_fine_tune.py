"""mi2 evaluate --ways fine-tune: trained as mi2 train does it, on the training split alone, killed and gone on with."""
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
import pytest
from PIL import Image

MODEL = os.environ["MI2_STARTER_MODEL"]
PROGRAM = Path(os.environ["MI2_BIN"]).resolve()
NEEDS_TORCH = pytest.mark.skipif(not PROGRAM.with_name("mi2-torch").exists(),
                                 reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
QUICK = {"MAX_STEPS": 6, "TRAIN.BATCH_SIZE_TOTAL": 8, "START_LEARNING_RATE": 1e-3, "LOG_EVERY": 1, "WORKERS": 1,
         "WEIGHT_SMOOTHING.decay": 0.5, "AUG.TORCHVISION_AUG.AUTO_AUGMENT": "null", "GRAD_CLIPPING": 1}
TEXTS = {"blue": "a picture of the sea", "red": "a picture of the desert"}


def colours(tmp_path, validation=False):
    """48 images of two labels that are easy to tell apart, six of each patient, and a recipe for them."""
    random = np.random.default_rng(1)
    root = tmp_path / "own"
    root.mkdir()
    lines = ["image,label,split,patient"]
    for i in range(48):
        noise = random.integers(0, 60, (40, 40, 3))
        noise[..., 0 if i % 2 else 2] += 150
        Image.fromarray(noise.astype("uint8")).save(root / f"{i}.png")
        split = "test" if i >= 36 else "val" if validation and i >= 30 else "train"
        lines.append(f"{i}.png,{('blue', 'red')[i % 2]},{split},P{i // 6}")
    (root / "labels.csv").write_text("\n".join(lines) + "\n")
    recipe = tmp_path / "own.yaml"
    recipe.write_text(f"""
title: Colours
about: Made up.
licence: ours
task: labels
benchmarks: {{colours: {{metric: mAUC, value: 0.75, note: fine-tuned}}}}
rows: [{{table: [labels.csv], columns: {{image: image, label: label, split: split, patient: patient}}}}]
image: {{key: image, by: path}}
texts: {{labels: {json.dumps(TEXTS)}}}
fine_tuning: {{OPTIMIZER_PARAMS.weight_decay: {{value: 0.1, from: ours, note: a note}}}}
attributes: [patient]
splits: {{given: {{column: split}}}}
""")
    return recipe


def command(source, root, out, *more, model=MODEL, program=PROGRAM, **settings):
    which = ["--recipe", source] if str(source).endswith(".yaml") else [source]
    words = [program, "evaluate", *which, "--root", root, "--model", model, "--out", out, "--bootstrap", "20",
             "--no-images"]
    for key, value in {**QUICK, **{key.replace("__", "."): value for key, value in settings.items()}}.items():
        words += ["--set", f"{key}={value}"]
    return [str(word) for word in (*words, *(more or ("--ways", "fine-tune")))]


def run(*arguments, status=0, **options):
    done = subprocess.run(command(*arguments, **options), capture_output=True, text=True, timeout=300, check=False,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == status, f"status {done.returncode}, wanted {status}: {done.stderr}"
    return done


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def way(out, name="fine-tune"):
    return json.loads((out / "evaluation.json").read_text())["ways"][name]


def steps_logged(folder):
    path = folder / "log.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return max((json.loads(line)["step"] for line in lines if '"loss"' in line), default=0)


@NEEDS_TORCH
def test_a_tuned_model_stands_beside_the_one_before_and_the_published_row(tmp_path):
    recipe, out = colours(tmp_path), tmp_path / "r"
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "own").rglob("*"))
    done = run(recipe, tmp_path / "own", out, "--ways", "zero-shot,fine-tune", MAX_STEPS=20)
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "own").rglob("*")) == before
    assert list(json.loads((out / "evaluation.json").read_text())["ways"]) == ["zero-shot", "fine-tune"]
    tuned, plain = way(out), way(out, "zero-shot")
    assert tuned["rows"] == plain["rows"] == 12 and "training" not in plain
    assert tuned["value"] == 1 and tuned["more"]["accuracy"]["value"] == 1, "red and blue are learnt in 20 steps"
    training = tuned["training"]
    assert training["weights_sha256"] != training["weights_sha256_before"]
    assert training["run"]["steps"] == training["run"]["planned_steps"] == 20 and training["run"]["energy"]["energy_kwh"]["low"] > 0
    settings = {row["key"]: row for row in training["settings"]}
    assert settings["AUG.SCALE"]["from"] == "published" and settings["MAX_STEPS"] == \
        {"key": "MAX_STEPS", "value": "20", "from": "given", "note": ""}
    assert settings["OPTIMIZER_PARAMS.weight_decay"] == \
        {"key": "OPTIMIZER_PARAMS.weight_decay", "value": "0.1", "from": "ours", "note": "a note"}
    used = (out / "fine-tune" / "run" / "train.yaml").read_text()
    assert re.search(r"weight_decay: 0\.1\b", used) and re.search(r"MAX_STEPS: 20\b", used)
    page = (out / "report.html").read_text()
    for words in ("fine-tune/report.html", "published: colours (fine-tuned)", "20 steps of 20, complete", "kWh",
                  "none of test", "weight_decay", "ours: a note", "the best on val"):
        assert words in page, words
    assert "20 steps of 20" in done.stdout and len(list((out / "cache").iterdir())) == 2


@NEEDS_TORCH
def test_nothing_of_test_is_trained_or_chosen_by(tmp_path):
    recipe, out = colours(tmp_path), tmp_path / "r"
    run(recipe, tmp_path / "own", out)
    all_rows = {row["file"]: row for row in table(out / "dataset" / "manifest.csv")}
    rows = table(out / "fine-tune" / "manifest.csv")
    assert len(rows) == 36 and {all_rows[row["file"]]["split"] for row in rows} == {"train"}
    assert {row["text_1"] for row in rows} == set(TEXTS.values())
    patients = {split: {row["patient"] for row in rows if row["split"] == split} for split in ("train", "val")}
    assert len(patients["val"]) == 1 and not patients["val"] & patients["train"]
    training = way(out)["training"]
    assert training["rows"]["validation_drawn"] is True
    assert (training["rows"]["train"], training["rows"]["validation"]) == (30, 6)
    assert training["run"]["best"]["metrics"].keys() == {"zero_shot_accuracy", "zero_shot_auc"}
    used = (out / "fine-tune" / "run" / "train.yaml").read_text()
    assert used.count("manifest.csv") == 2 and str(out / "dataset") not in used
    # The labels of test decide nothing: turned round, the same weights come out.
    labels = tmp_path / "own" / "labels.csv"
    labels.write_text("\n".join(line if ",test," not in line else
                                re.sub("blue|red", lambda word: {"blue": "red", "red": "blue"}[word[0]], line)
                                for line in labels.read_text().splitlines()) + "\n")
    run(recipe, tmp_path / "own", tmp_path / "turned")
    weights = [(folder / "fine-tune" / "run" / "best" / "model.safetensors").read_bytes() for folder in (out, tmp_path / "turned")]
    assert weights[0] == weights[1]
    assert way(tmp_path / "turned")["more"]["accuracy"]["value"] == pytest.approx(1 - way(out)["more"]["accuracy"]["value"])


@NEEDS_TORCH
def test_a_split_val_of_the_dataset_is_the_one_that_chooses(tmp_path):
    run(colours(tmp_path, validation=True), tmp_path / "own", tmp_path / "r")
    rows = table(tmp_path / "r" / "fine-tune" / "manifest.csv")
    given = {row["file"]: row["split"] for row in table(tmp_path / "r" / "dataset" / "manifest.csv")}
    assert all(given[row["file"]] == row["split"] for row in rows) and sum(row["split"] == "val" for row in rows) == 6
    assert way(tmp_path / "r")["training"]["rows"]["validation_drawn"] is False


@NEEDS_TORCH
def test_a_split_val_that_is_judged_chooses_nothing(tmp_path):
    recipe, out = colours(tmp_path), tmp_path / "r"
    labels = tmp_path / "own" / "labels.csv"
    labels.write_text(labels.read_text().replace(",test,", ",val,"))
    run(recipe, tmp_path / "own", out)
    given = {row["file"]: row["split"] for row in table(out / "dataset" / "manifest.csv")}
    rows = table(out / "fine-tune" / "manifest.csv")
    assert len(rows) == 36 and {given[row["file"]] for row in rows} == {"train"}
    assert {row["split"] for row in rows} == {"train", "val"}
    assert way(out)["training"]["rows"]["validation_drawn"] is True and way(out)["rows"] == 12


@NEEDS_TORCH
def test_a_run_that_is_killed_goes_on_to_the_same_report(tmp_path):
    recipe, whole, killed = colours(tmp_path), tmp_path / "whole", tmp_path / "killed"
    run(recipe, tmp_path / "own", whole, MAX_STEPS=10, SAVE_PER_OPTIM_STEPS=2)
    words = command(recipe, tmp_path / "own", killed, MAX_STEPS=10, SAVE_PER_OPTIM_STEPS=2)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, "OMP_NUM_THREADS": "1"}) as child:
        end = time.monotonic() + 120
        while child.poll() is None and time.monotonic() < end and steps_logged(killed / "fine-tune" / "run") < 5:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
    assert 5 <= steps_logged(killed / "fine-tune" / "run") < 10 and not (killed / "evaluation.json").exists()
    done = run(recipe, tmp_path / "own", killed, MAX_STEPS=10, SAVE_PER_OPTIM_STEPS=2, status=2)
    assert "--resume" in done.stderr
    settings = {"MAX_STEPS": 10, "SAVE_PER_OPTIM_STEPS": 2}
    done = run(recipe, tmp_path / "own", killed, "--ways", "fine-tune", "--resume", **settings)
    assert "resuming after step 4 of 10" in done.stderr or "resuming after step 6 of 10" in done.stderr, done.stderr
    for name in ("report.json", "rows.csv"):
        assert (killed / "fine-tune" / name).read_bytes() == (whole / "fine-tune" / name).read_bytes(), name
    # What is done is not done again.
    before = (killed / "fine-tune" / "run" / "log.jsonl").read_bytes()
    done = run(recipe, tmp_path / "own", killed, "--ways", "fine-tune", "--resume", **settings)
    assert (killed / "fine-tune" / "run" / "log.jsonl").read_bytes() == before
    assert re.search(r"0 images embedded now, 12 before", done.stderr), done.stderr


@NEEDS_TORCH
def test_a_run_of_something_else_is_not_gone_on_with(tmp_path):
    recipe, out = colours(tmp_path), tmp_path / "r"
    resume = ("--ways", "fine-tune", "--resume")
    run(recipe, tmp_path / "own", out, *resume, MAX_STEPS=2)  # it also begins
    done = run(recipe, tmp_path / "own", out, *resume, MAX_STEPS=3, status=2)
    assert "whose MAX_STEPS is another" in done.stderr
    done = run(recipe, tmp_path / "own", out, *resume, MAX_STEPS=2, SEED=5, status=2)
    assert "whose SEED is another" in done.stderr
    other = tmp_path / "model"
    shutil.copytree(MODEL, other)
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-2] ^= 1  # the last number's lowest bits
    (other / "model.safetensors").write_bytes(weights)
    done = run(recipe, tmp_path / "own", out, *resume, MAX_STEPS=2, model=other, status=2)
    assert "of other weights" in done.stderr
    recipe.write_text(recipe.read_text().replace("the sea", "the sky"))
    done = run(recipe, tmp_path / "own", out, *resume, MAX_STEPS=2, status=2)
    assert "on other rows or texts" in done.stderr


@NEEDS_TORCH
@pytest.mark.parametrize("settings,words", [
    ({"DATASET__TRAIN": "[{PATH: x.csv}]"}, "not to be chosen here"), ({"SAVE_DIR": "x"}, "not to be chosen here"),
    ({"EVAL": "{KNN_BANK: [{PATH: x.csv}]}"}, "not to be chosen here"),
    ({"LORA": "{RANK: 2, MERGED: false}"}, "not to be chosen here"),
    ({"MAX_STEP": 3}, "MAX_STEPS"), ({"START_LEARNING_RATE": -1}, "START_LEARNING_RATE")])
def test_settings_that_are_none_are_refused_before_anything_is_embedded(tmp_path, settings, words):
    done = run(colours(tmp_path), tmp_path / "own", tmp_path / "r", "--ways", "zero-shot,fine-tune", status=2, **settings)
    assert words in done.stderr and not (tmp_path / "r" / "cache").exists(), done.stderr
    assert not (tmp_path / "r" / "fine-tune").exists()


@NEEDS_TORCH
def test_a_dataset_without_a_training_split_keeps_its_other_ways(tmp_path):
    busi.make(tmp_path / "busi")
    done = run("busi", tmp_path / "busi", tmp_path / "r", "--ways", "zero-shot,fine-tune")
    assert list(json.loads((tmp_path / "r" / "evaluation.json").read_text())["ways"]) == ["zero-shot"]
    assert "fine-tune: busi: the protocol all leaves 0 rows to train on" in done.stderr
    run("busi", tmp_path / "busi", tmp_path / "s", status=2)


@NEEDS_TORCH
def test_an_interrupted_run_leaves_a_checkpoint(tmp_path):
    recipe, out = colours(tmp_path), tmp_path / "r"
    with subprocess.Popen(command(recipe, tmp_path / "own", out, MAX_STEPS=200), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}) as child:
        end = time.monotonic() + 120
        while child.poll() is None and time.monotonic() < end and steps_logged(out / "fine-tune" / "run") < 3:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == -signal.SIGINT
    assert list((out / "fine-tune" / "run" / "checkpoints").iterdir()) and not (out / "evaluation.json").exists()


def test_what_is_of_training_is_refused_without_it(tmp_path):
    recipe = colours(tmp_path)
    done = run(recipe, tmp_path / "own", tmp_path / "r", "--ways", "zero-shot", status=2)
    assert "MAX_STEPS=6: a key in capitals is one of training" in done.stderr
    words = [str(word) for word in (PROGRAM, "evaluate", "--recipe", recipe, "--root", tmp_path / "own", "--model", MODEL,
                                    "--out", tmp_path / "r", "--ways", "zero-shot", "--resume")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--resume" in done.stderr
    (tmp_path / "p.csv").write_text("id,a,b\n1,0,1\n2,1,0\n")
    (tmp_path / "l.csv").write_text("id,label\n1,b\n2,a\n")
    words = [str(word) for word in (PROGRAM, "evaluate", "--predictions", tmp_path / "p.csv", "--labels",
                                    tmp_path / "l.csv", "--out", tmp_path / "r", "--resume")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--resume has no effect" in done.stderr, done.stderr


def test_without_libtorch_one_sentence_says_so(tmp_path):
    shutil.copy(PROGRAM, tmp_path / "mi2")
    done = run(colours(tmp_path), tmp_path / "own", tmp_path / "r", program=tmp_path / "mi2", status=4)
    assert "this needs libtorch, and no mi2-torch is beside this program" in done.stderr
    assert not (tmp_path / "r").exists()


@NEEDS_TORCH
def test_a_recipes_own_fault_is_named_as_one(tmp_path):
    recipe = colours(tmp_path)
    text = recipe.read_text()
    recipe.write_text(text.replace("OPTIMIZER_PARAMS.weight_decay", "WEIGHT_DECAY"))
    done = run(recipe, tmp_path / "own", tmp_path / "r", status=3)
    assert "own: fine_tuning: " in done.stderr and "WEIGHT_DECAY" in done.stderr
    for setting in ("SAVE_DIR: {value: elsewhere, from: ours}", "HOOK.COMMAND: {value: '[touch, here]', from: ours}"):
        recipe.write_text(text.replace("fine_tuning: {", "fine_tuning: {" + setting + ", "))
        done = run(recipe, tmp_path / "own", tmp_path / "r", status=3)
        assert "own: fine_tuning: SAVE_DIR, " in done.stderr, done.stderr
    recipe.write_text(text + "settings: {Year: {default: all, help: none}}\n")
    done = run(recipe, tmp_path / "own", tmp_path / "r", status=3)
    assert "settings.Year begins with a capital" in done.stderr, done.stderr
    recipe.write_text(text.replace("from: ours", "from: hearsay"))
    done = run(recipe, tmp_path / "own", tmp_path / "r", status=3)
    assert "published or inferred or ours" in done.stderr


@NEEDS_TORCH
def test_findings_are_trained_against_one_text_at_a_time(tmp_path):
    nih.make(tmp_path / "nih")
    out = tmp_path / "r"
    done = run("chestxray14", tmp_path / "nih", out, MAX_STEPS=2)
    rows = table(out / "fine-tune" / "manifest.csv")
    labels = {row["file"]: row["label"].split("|") for row in table(out / "dataset" / "manifest.csv")}
    for row in rows:
        texts = [row[name] for name in ("text_1", "text_2") if row[name]]
        assert texts == [f"x-ray chest anteroposterior {label}" for label in labels[row["file"]]]
        assert row["split"] == "train" or len(texts) == 1
    training = way(out)["training"]
    assert training["rows"]["train"] + training["rows"]["validation"] + \
        training["rows"]["several_labels_in_validation"] == 27
    assert {"MAX_NUM_EPOCHS": "3"}.items() <= {row["key"]: row["value"] for row in training["settings"]}.items()
    assert "published  chestxray14-edema: AUC 0.86" in done.stdout and way(out)["rows"] == 10


@NEEDS_TORCH
def test_ages_are_trained_with_their_sex(tmp_path):
    boneage.make(tmp_path / "hands")
    run("rsna-boneage", tmp_path / "hands", tmp_path / "r", MAX_STEPS=2)
    rows = table(tmp_path / "r" / "fine-tune" / "manifest.csv")
    assert {row["split"] for row in rows} == {"train", "val"}
    assert all(re.fullmatch(r"x-ray pediatric hand, age \d+ months (Male|Female)", row["text_1"]) for row in rows)
    assert way(tmp_path / "r")["rows"] == 4

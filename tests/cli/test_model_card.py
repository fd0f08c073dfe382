"""mi2 report model-card: of the starter, of a run, with reports of mi2 evaluate; what is not known, what is not markup."""
import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from evaluate_support import evaluate as evaluate_tables
from evaluate_support import write
from train_support import NEEDS_TORCH, make_data, run, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recipe" / "lookalikes"))
import padufes20  # noqa: E402

STARTER = os.environ["MI2_STARTER_MODEL"]
FILES = ("README.md", "model-card.json", "model-card.html")


def card(mi2, path, out, *arguments, **options):
    return mi2("report", "model-card", str(path), "--out", str(out), *map(str, arguments), with_model=False, **options)


def read(out):
    """Front matter, the text below it, the JSON and the page."""
    text = (out / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body, json.loads((out / "model-card.json").read_text()), (out / "model-card.html").read_text()


def cells(body, first):
    """The other cells of the row of a Markdown table that begins with `first`."""
    row = next(line for line in body.splitlines() if line.startswith(f"| {first} |"))
    return [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", row)[2:-1]]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """A dataset with patients and sexes through the starter."""
    folder = tmp_path_factory.mktemp("evaluated")
    padufes20.make(folder / "pad")
    subprocess.run([os.environ["MI2_BIN"], "evaluate", "padufes20", "--root", folder / "pad", "--model", STARTER, "--ways",
                    "zero-shot,knn", "--bootstrap", "100", "--group-rows", "1", "--out", folder / "r"], check=True,
                   timeout=300, capture_output=True)
    return folder / "r"


def test_a_card_has_the_model_and_the_figures_of_its_evaluations(mi2, evaluated, tmp_path):
    card(mi2, STARTER, tmp_path / "card", "--evaluation", evaluated, "--name", "Starter", "--licence", "mit", "--authors", "We")
    front, body, found, page = read(tmp_path / "card")
    inspected = json.loads(mi2("inspect", STARTER, "--json", with_model=False).stdout)
    assert found["weights_sha256"] == inspected["weights"]["sha256"] and found["published_shape"] is False
    assert cells(body, "parameters") == ["8448577: image 3317248, text 5086272"] and "128 x 128 pixels" in body
    assert front["license"] == "mit" and front["model-index"][0]["name"] == "Starter" and found["authors"] == "We"
    assert len(found["evaluations"]) == 3
    for evaluation, result, way in zip(found["evaluations"], front["model-index"][0]["results"], ("knn-5", "knn-64", "zero-shot")):
        report = json.loads((evaluated / way / "report.json").read_text())
        assert evaluation["rows"] == report["rows"] and evaluation["patients"] == report["patients"]
        for key, figure in report["figures"].items():
            assert evaluation["figures"][key]["value"] == figure["value"]
            assert evaluation["figures"][key]["interval"] == figure["interval"]
        assert {m["type"]: m["value"] for m in result["metrics"]} == \
            {key: report["figures"][key]["value"] for key in ("mean_auc", "accuracy")}
        assert result["task"] == {"type": "image-classification", "name": report["source"]}
        assert [a["worst"] for a in evaluation["attributes"]] == [a["worst"] for a in report["attributes"]]
        low, high = report["figures"]["accuracy"]["interval"]
        shown = f"{report['figures']['accuracy']['value']:.4f} ({low:.4f} to {high:.4f})"
        assert f"| {shown} | {report['rows']} |" in body and shown in page
    assert "expected\\_calibration" in body or "calibration error" in body
    assert "Worst by sex" in body
    assert [one["of"].split(":")[0] for one in found["energy"]] == ["evaluation"] and "world average, 2024" in body


def test_a_card_states_uses_with_sources_and_what_nobody_recorded(mi2, tmp_path):
    card(mi2, STARTER, tmp_path / "card")
    front, body, found, page = read(tmp_path / "card")
    assert front["license"] == "unknown" and "model-index" not in front and found["licence"] is None
    for text in (re.sub(r"\\(.)", r"\1", body), html.unescape(page)):
        for use in (*found["intended_uses"], *found["excluded_uses"]):
            assert use["what"] in text and use["source"] in text
        assert "Research use only." in text and "image height 128, published 480" in text
        assert "No report of an evaluation was given" in text and "not recorded: no folder of a run was given" in text
        assert text.count("to be filled by the authors") == len(found["to_be_filled_by_the_authors"]) + 1
    assert any("diagnosis" in use["what"] for use in found["excluded_uses"])
    assert "<script" not in page and "http" not in re.sub(r'xmlns="[^"]*"', "", page)


@NEEDS_TORCH
def test_a_card_of_a_run_has_its_data_settings_curves_and_energy(mi2, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_data(data)
    folder = tmp_path / "run"
    run(settings(data, folder, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]", DATASET__PROMPTS="prompts.csv",
                 ENERGY__REGION="deu"), folder)
    card(mi2, folder, tmp_path / "card", "--best")
    front, body, found, page = read(tmp_path / "card")
    assert found["training_data"]["Images"] == "40" and found["training_data"]["Classes"] == "2"
    assert found["training_data"]["Patients"] == "not recorded" and found["training_data"]["Sources"] == "manifest.csv, split train"
    assert found["training"]["Steps"] == "10 of 10, 2 epochs" and found["training"]["End"] == "complete"
    assert found["training"]["SEED"] == "3" and "zero_shot_accuracy" in found["training"]["Best"]
    assert "Germany, 2023" in body and found["energy"][0]["of"] == "training"
    assert "<svg" in page and str(tmp_path) not in page + body + json.dumps(found)
    assert found["weights_sha256"] == json.loads(mi2("inspect", str(folder / "best"), "--json", with_model=False).stdout)["weights"]["sha256"]
    (folder / "report.json").write_text('{"name": 5}')
    assert "is no report.json of mi2 train" in card(mi2, folder, tmp_path / "bad", status=3).errors
    assert not (tmp_path / "bad").exists()


HOSTILE = 'x</title><script>alert(1)</script>|[a](javascript:b) `c` **d** https://e.example\n---\nlicense: mit\n# f & "g" \x1b[31m'


def test_names_are_never_markup(mi2, tmp_path):
    labels = ["<img src=x>", "a|b](c)"]
    write(tmp_path / "1. p.csv", ["id", *labels], [[f"i{i}", .1 + i / 99, .9 - i / 99] for i in range(40)])
    write(tmp_path / "l.csv", ["id", "label", "<b>|sex"], [[f"i{i}", labels[i % 2], ("<i>f", "m|")[i // 20]] for i in range(40)])
    evaluate_tables(mi2, tmp_path, samples=20, predictions="1. p.csv")
    card(mi2, STARTER, tmp_path / "card", "--evaluation", tmp_path / "r", "--name", HOSTILE, "--licence", HOSTILE, "--authors", HOSTILE)
    front, body, found, page = read(tmp_path / "card")
    assert front["model-index"][0]["name"] == found["name"] == HOSTILE and front["license"] == HOSTILE
    assert "which one the report does not say" in body
    opened = []

    class Checker(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)
    Checker().feed(page)
    assert set(opened) <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "div", "table", "tr", "th",
                           "td", "ul", "li"}, set(opened)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", body)
    assert not re.search(r"[<`\[\]]|://", bare) and "\x1b" not in body, re.findall(r".*[<`\[\]].*", bare)
    assert "\n- 1\\. p.csv" in body and not re.search(r"(?m)^(- )?( {4}|\d+[.)] )", body)
    columns = [len(re.split(r"(?<!\\)\|", line)) for line in body.splitlines() if line.startswith("|")]
    assert set(columns) <= {4, 5, 6, 7} and body.count("\n# ") == 1
    assert cells(body, "Authors") == [HOSTILE.replace("\n", " ").replace("\x1b", " ")]


def test_what_does_not_belong_together_is_refused(mi2, evaluated, tmp_path):
    def refused(words, status, *arguments, path=STARTER):
        done = card(mi2, path, tmp_path / "card", *arguments, status=status)
        assert words in done.errors, done.errors
        assert not (tmp_path / "card").exists()

    other = tmp_path / "other"
    shutil.copytree(STARTER, other)
    content = bytearray((other / "model.safetensors").read_bytes())
    content[-2] ^= 1
    (other / "model.safetensors").write_bytes(content)
    refused("expected evaluations of this model", 2, "--evaluation", evaluated, path=other)
    refused("nowhere", 7, "--evaluation", tmp_path / "nowhere")
    refused("has no train.yaml", 2, "--best")
    refused("expected a model's folder", 2, path=Path(STARTER) / "config.yaml")
    (other / "model.safetensors").write_bytes(content[:-100])
    refused("model.safetensors", 3, path=other)
    for text, words, status in (('{"figures": []}', "is no report.json", 3), ("[1", "report.json", 3), ("[" * 100_000, "nested", 3),
                                ('{"source": 1}', "is no report.json", 3)):
        (tmp_path / "bad").mkdir(exist_ok=True)
        (tmp_path / "bad" / "report.json").write_text(text)
        refused(words, status, "--evaluation", tmp_path / "bad")
    overview = json.loads((evaluated / "evaluation.json").read_text())
    for change, words, status in (({"ways": {"../r": {}}}, "is no way of answering", 3), ({"datasets": []}, "is of several datasets", 2),
                                  ({"energy": {"hours": 1}, "ways": {}}, "is no account", 3)):
        (tmp_path / "bad" / "evaluation.json").write_text(json.dumps({**overview, **change}))
        refused(words, status, "--evaluation", tmp_path / "bad")
    (tmp_path / "energy.json").write_text("5")
    refused("is no account", 3, "--training-energy", tmp_path / "energy.json")


def test_an_account_of_ones_own_is_that_of_training(mi2, tmp_path):
    account = mi2("report", "carbon", "--gpu-hours", "7680", "--watts", "250-400", "--intensity", "297.6", "--format", "json",
                  with_model=False).stdout
    (tmp_path / "energy.json").write_bytes(account)
    card(mi2, STARTER, tmp_path / "card", "--training-energy", tmp_path / "energy.json")
    assert "571.392 to 914.227 kg" in read(tmp_path / "card")[1]


def test_a_card_that_is_there_is_kept(mi2, tmp_path):
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "README.md").write_text("mine\n")
    assert "already exists" in card(mi2, STARTER, tmp_path / "card", status=2).errors
    assert (tmp_path / "card" / "README.md").read_text() == "mine\n"
    card(mi2, STARTER, tmp_path / "card", "--force")
    assert sorted(path.name for path in (tmp_path / "card").iterdir()) == sorted(FILES)

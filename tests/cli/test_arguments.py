"""Command lines: what is refused, and that help teaches."""
import subprocess

import pytest

COMMANDS = ["embed", "classify", "heatmap", "tokenize", "inspect", "pack", "bench", "fidelity", "adapter", "knn", "evaluate", "report"]


def test_version(mi2):
    name, number = mi2("--version", with_model=False).stdout.decode().split()
    assert name == "mi2" and number.count(".") == 2


INNER = [["adapter", c] for c in ("train", "classify", "import")] + [["report", "carbon"]]


@pytest.mark.parametrize("command", [[], *[[c] for c in COMMANDS], *INNER])
def test_help_at_each_level_has_examples_and_exit_statuses(mi2, command):
    done = mi2(*command, "--help", with_model=False)
    text = done.stdout.decode()
    assert "Usage: mi2" in text and "Examples:" in text and done.stderr == b""
    assert "Exit status" in text


def test_top_help_names_every_command(mi2):
    text = mi2("--help", with_model=False).stdout.decode()
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["embed"], ["embed", "--nonsense", "x"], ["embed", "--dtype", "f16", "x"],
    ["embed", "--profile", "cooked", "x"], ["embed", "--format", "xml", "x"], ["embed", "--batch", "0", "x"],
    ["embed", "--batch", "1025", "x"], ["embed", "--batch", "x", "x"], ["embed", "--threads", "-1", "x"],
    ["embed", "--max-pixels", "0", "x"], ["embed", "--max-file-size", "big", "x"], ["embed", "--text"],
    ["embed", "-", "-"], ["embed", "-", "--texts-json", "-"], ["embed", "--provenance", "--format", "npy", "x"],
    ["embed", "--intensity", "loud", "x"], ["embed", "--window", "wide", "x"], ["embed", "--window", "40,0", "x"],
    ["classify", "x"], ["classify", "--labels", "a,b"], ["classify", "--labels", " , ", "x"],
    ["classify", "--labels", "a", "--labels-file", "b", "x"], ["classify", "--labels", "a,b", "--top", "0", "x"],
    ["classify", "--labels", "a,b", "--template", "no place", "x"], ["classify", "--labels", "a,b,a", "x"],
    ["tokenize"],
])
def test_bad_arguments(mi2, arguments):
    done = mi2(*arguments, status=2)
    assert done.errors.startswith("mi2: error: ") and done.errors.count("\n") == 1 and done.stdout == b""


def test_model_is_required(mi2, picture):
    assert "--model" in mi2("embed", picture, status=2, with_model=False).errors


def test_model_from_option_or_environment(mi2, picture):
    assert mi2("embed", picture).stdout == mi2("embed", "--model", mi2.model, picture, with_model=False).stdout


def test_missing_model(mi2, picture, tmp_path):
    missing = str(tmp_path / "nowhere")
    done = mi2("embed", "--model", missing, picture, status=7)
    assert missing in done.errors and done.stdout == b""


def test_model_folder_without_weights(mi2, picture, tmp_path):
    assert str(tmp_path) in mi2("embed", "--model", str(tmp_path), picture, status=7).errors


def test_broken_model(mi2, picture, tmp_path):
    (tmp_path / "config.yaml").write_text("{ not: [yaml")
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    assert str(tmp_path) in mi2("embed", "--model", str(tmp_path), picture, status=3).errors


def test_texts_the_parser_could_take_for_its_own(mi2):
    texts = ["", "[a,b]", "[]", "++", "{}", "%%", "-600", "--help", "embed", "a,b"]
    rows = mi2.rows("embed", *[argument for text in texts for argument in ("--text", text)])
    assert [row["text"] for row in rows] == texts
    assert [row["text"] for row in mi2.rows("tokenize", "--", *texts)] == texts
    assert [row["text"] for row in mi2.rows("embed", "--text=", "--text=b")] == ["", "b"]


def test_files_the_parser_could_take_for_its_own(mi2, images, tmp_path):
    names = ["[a,b]", "-dash.png", "embed"]
    for name in names:
        (tmp_path / name).write_bytes((images / "gray.png").read_bytes())
    rows = mi2.rows("embed", "--", *names, cwd=tmp_path)
    assert [row["path"] for row in rows] == names


def test_help_to_a_full_disk_is_an_error(mi2):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([mi2.path, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3


@pytest.mark.parametrize("command", [
    ["adapter", "train", "--c"], ["adapter", "train", "--learning-rate"], ["adapter", "train", "--weight-decay"],
    ["adapter", "train", "--validation"], ["adapter", "train", "--level"], ["evaluate", "--level"], ["evaluate", "--prevalence"],
    ["classify", "--positive-from"], ["classify", "--possible-from"], ["index", "outliers", "--quantile"],
    ["index", "outliers", "--threshold"], ["index", "tags", "--min-agreement"], ["index", "map", "--min-dist"]])
@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-1", "a"])
def test_what_is_no_number_of_its_range_is_refused(mi2, command, value):
    errors = mi2(*command[:-1], f"{command[-1]}={value}", with_model=False, status=2).errors
    assert f"{command[-1]}: expected a number from" in errors and value in errors, errors

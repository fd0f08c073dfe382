"""Command lines: what is refused, and that help teaches."""
import re
import subprocess

import pytest
from test_help import commands_of

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


def _errors(mi2, folder, command, option, value):
    given = [f"{option}={value}"] if option.startswith("--") else [option, value]
    done = subprocess.run([mi2.path, *command.split(), *given], env=mi2.environment(with_model=False), cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.stderr.decode()


@pytest.fixture(scope="module")
def option_errors(mi2, tmp_path_factory):
    """(command, option) -> what is said of a value that is no number: every option of every command that has a value."""
    folder, found = tmp_path_factory.mktemp("options"), {}
    for command in commands_of(mi2):
        text = mi2(*command.split(), "--help", with_model=False).stdout.decode().split("Options:")[1].split("\n\n")[0]
        for option in re.findall(r"^  (?:-\w,)?(-{1,2}[a-z][\w-]*) (?! |Excludes|Needs|REQUIRED|\()", text, re.MULTILINE):
            found[command, option] = _errors(mi2, folder, command, option, "zzz")
    assert {("serve", "--port"), ("index search", "-k"), ("embed", "--batch"), ("dataset prepare", "--seed")} <= set(found)
    return found


def test_no_number_is_read_by_the_rules_of_the_parser(option_errors):
    """Which are those of strtoull: -1 is 2^64 - 1, 010 is 8. Ours say what they expect."""
    theirs = {asked: text for asked, text in option_errors.items()
              if re.search("convert|in range|not recognized|Value ", text)}
    assert not theirs


def test_whole_numbers_are_decimal_digits_in_every_option(mi2, tmp_path, option_errors):
    ranges = {asked: re.search(r"expected a whole number from (\d+) to (\d+), got zzz", text)
              for asked, text in option_errors.items()}
    ranges = {asked: (int(found[1]), int(found[2])) for asked, found in ranges.items() if found}
    assert len(ranges) > 60 and {option for _, option in ranges} >= {"--threads", "--batch", "--seed", "--port", "-k", "--top"}
    for (command, option), (low, high) in ranges.items():
        for wrong in ("-1", "+1", "0x10", "1e3", " 5", "99999999999999999999", str(high + 1)):
            assert "expected a whole number" in _errors(mi2, tmp_path, command, option, wrong), (command, option, wrong)
        for right in (f"00{low}", str(high)):
            assert "expected a whole number" not in _errors(mi2, tmp_path, command, option, right), (command, option, right)


def test_sizes_are_decimal_digits_and_a_unit_in_every_option(mi2, tmp_path, option_errors):
    sizes = [asked for asked, text in option_errors.items() if "expected a whole number of bytes" in text]
    assert {option for _, option in sizes} == {"--max-body", "--max-buffered", "--max-file-size", "--max-spool"}
    for command, option in sizes:
        for wrong in ("-1", "0x10", "1.5G", "M", "5Q", "16E", "99999999999999999999"):
            assert "number of bytes" in _errors(mi2, tmp_path, command, option, wrong), (command, option, wrong)
        for right in ("1000000", "64M", "1 g", "00512KiB", "15e"):
            assert "number of bytes" not in _errors(mi2, tmp_path, command, option, right), (command, option, right)


def test_a_number_with_zeros_in_front_is_decimal(mi2, picture):
    labels = ",".join(f"label {i}" for i in range(12))
    row, = mi2.rows("classify", "--labels", labels, "--top", "010", "--format", "jsonl", picture)
    assert len(row["labels"]) == 10
    assert mi2.rows("embed", "--max-file-size", "0100000", picture)

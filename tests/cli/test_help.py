"""What the program says about itself: help, manual pages and completions, all from the tables of arguments."""
import re
import shutil
import subprocess

import pytest
from shells import completed
from terminal import run_on_terminal


def _table(mi2):
    """The commands, as the bash completion has them: 'adapter train' -> its words and options."""
    script = mi2("completion", "bash", with_model=False).stdout.decode()
    rows = re.findall(r"    '( ?[^':]*)'\) words='([^']*)' options='([^']*)'", script)
    return script, {name.strip(): words.split() + options.split() for name, words, options in rows if options}


def commands_of(mi2):
    """"", "embed", "adapter train" .."""
    return set(_table(mi2)[1])


def leaves_of(mi2):
    """Those that can be run: "embed", "adapter train" .."""
    commands = commands_of(mi2)
    return {name for name in commands if name and not any(other.startswith(name + " ") for other in commands)}


def test_help_is_a_command_too(mi2):
    assert mi2("help", with_model=False).stdout == mi2("--help", with_model=False).stdout
    for command in (["embed"], ["adapter", "train"]):
        assert mi2("help", *command, with_model=False).stdout == mi2(*command, "--help", with_model=False).stdout


def test_short_options_are_the_long_ones(mi2, picture, tmp_path):
    assert mi2("-V", with_model=False).stdout == mi2("--version", with_model=False).stdout
    out = tmp_path / "o"
    mi2("embed", "-m", mi2.model, "-f", "csv", "-b", "1", "-t", "1", "-o", str(out), picture, with_model=False)
    assert out.read_bytes() == mi2("embed", "--format", "csv", picture).stdout


def test_quiet_leaves_errors_and_warnings_and_verbose_says_more(mi2, picture, bad_picture, folder):
    assert "were not read" in mi2("embed", str(folder)).errors
    assert mi2("embed", "-q", str(folder)).errors == ""
    quiet = mi2("embed", "--quiet", picture, bad_picture, status=8).errors
    assert quiet.count("\n") == 2 and bad_picture in quiet
    assert "loaded in" in mi2("embed", "--verbose", picture).errors and mi2("embed", picture).errors == ""
    assert mi2("embed", "-v", picture).stdout == mi2("embed", picture).stdout


def _on_a_terminal(mi2, *arguments):
    return run_on_terminal([mi2.path, *arguments], mi2.environment())[2]


def test_quiet_draws_no_bar(mi2, images):
    assert "images" in _on_a_terminal(mi2, "embed", str(images))
    assert _on_a_terminal(mi2, "embed", "--quiet", str(images)) == ""


def test_every_command_and_option_is_completed(mi2):
    _, table = _table(mi2)
    assert {"embed", "classify", "help", "adapter"} <= set(table[""])
    assert table["adapter"][:4] == ["train", "classify", "predict", "import"]
    for command, words in table.items():
        text = mi2(*command.split(), "--help", with_model=False).stdout.decode()
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text.split("Options:")[1].split("\n\n")[0])) <= set(words), command


@pytest.mark.parametrize("typed,wanted", [
    (["em"], {"embed"}), (["embed", "--for"], {"--format", "--force"}), (["embed", "--format", "j"], {"jsonl"}),
    (["adapter", "tr"], {"train"}), (["adapter", "train", "--kind", ""], {"linear", "mlp"}), (["embed", "--out", "x"], set()),
    (["dataset", ""], {"list", "describe", "figures", "prepare"}), (["completion", ""], {"bash", "zsh", "fish"}),
    (["embed", "--dtype", "="], {"f32", "bf16", "int8", "bf16x3", "auto"})])
def test_bash_offers(mi2, tmp_path, typed, wanted):
    (tmp_path / "mi2.bash").write_text(_table(mi2)[0])
    words = " ".join(f"'{word}'" for word in ["mi2", *typed])
    done = subprocess.run(["bash", "-c", f"source mi2.bash; COMP_WORDS=({words}); COMP_CWORD={len(typed)}; _mi2; "
                           "printf '%s\\n' \"${COMPREPLY[@]}\""], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == wanted and done.stderr == ""


# What is typed, and what Tab makes of it; the same where there is nothing to complete.
TYPED = {
    "mi2 emb": "mi2 embed",
    "mi2 adapter tr": "mi2 adapter train",
    "mi2 index repl": "mi2 index replay",
    "mi2 report mod": "mi2 report model-card",
    "mi2 classify --templ": "mi2 classify --template",
    "mi2 adapter classify --templ": "mi2 adapter classify --templ",
    "mi2 adapter classify --hea": "mi2 adapter classify --head",
    "mi2 embed --format js": "mi2 embed --format jsonl",
    "mi2 embed --format=js": "mi2 embed --format=jsonl",
    "mi2 embed -f js": "mi2 embed -f jsonl",
    "mi2 embed first.dcm --plane sag": "mi2 embed first.dcm --plane sagittal",
    "mi2 embed --plane sagittal fir": "mi2 embed --plane sagittal first.dcm",
    "mi2 embed fir": "mi2 embed first.dcm",
    "mi2 embed --model mod": "mi2 embed --model model/",
    "mi2 embed --texts-json tex": "mi2 embed --texts-json texts.json",
    "mi2 embed --texts-json=tex": "mi2 embed --texts-json=texts.json",
    "mi2 embed --force fir": "mi2 embed --force first.dcm",
    "mi2 index search arch": "mi2 index search archive/",
    "mi2 completion fi": "mi2 completion fish",
    "mi2 help adap": "mi2 help adapter",
    "mi2 help adapter tr": "mi2 help adapter train",
    "mi2 man index over": "mi2 man index overlap",
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_what_is_typed(mi2, tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not there")
    (tmp_path / "script").write_bytes(mi2("completion", shell, with_model=False).stdout)
    for name in ("model", "archive"):
        (tmp_path / name).mkdir()
    for name in ("first.dcm", "texts.json"):
        (tmp_path / name).touch()
    made = {line: whole.rstrip(" ") for line, whole in zip(TYPED, completed(shell, tmp_path, TYPED), strict=True)}
    for line in ("mi2 classify --templ", "mi2 adapter classify --hea"):
        made[line] = made[line].removesuffix("=")  # zsh writes the sign before the value, too
    assert made == TYPED


def test_manual_pages_are_of_every_command_and_clean(mi2, tmp_path):
    mi2("man", "--dir", str(tmp_path / "man"), with_model=False)
    _, table = _table(mi2)
    pages = {path.name: path for path in (tmp_path / "man").iterdir()}
    assert set(pages) == {"-".join(["mi2", *command.split()]) + ".1" for command in table}
    assert pages["mi2-embed.1"].read_bytes() == mi2("man", "embed", with_model=False).stdout
    if shutil.which("groff") is None:
        pytest.skip("groff is not there")
    for path in pages.values():
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(path)], capture_output=True, text=True, check=True)
        assert done.stderr == "", path.name
    text = subprocess.run(["groff", "-man", "-Tascii", "-P-c", str(pages["mi2-embed.1"])], capture_output=True, text=True,
                          check=True).stdout
    plain = re.sub(r".\x08", "", text)
    assert "--files-from FILE" in plain and "EXAMPLES" in plain

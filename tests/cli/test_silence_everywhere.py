"""Every command, also one that says nothing of its own: on a terminal none is silent for long, whatever it waits for."""
import re
import shutil

import pytest
from terminal import run_on_terminal
from test_full_disk import PRINTED, WRITTEN, command_of, inputs, needs  # noqa: F401 (one is a fixture)
from test_help import commands_of, leaves_of
from test_kills_more import WITH_ARCHIVE, archive, carded, tables, vectors  # noqa: F401
from test_silence import SECONDS
from tracing import NEEDS_STRACE

pytestmark = NEEDS_STRACE

# Commands that write into an archive, COPY, or say what they find on standard error.
OF_ARCHIVES = [
    "index add COPY {picture}",
    "index verify {archive}",
    "index rm COPY --where date>=2024 --yes",
    "index compact COPY",
    "index label COPY COPY.csv",
]
# Why there is no test of a command here.
ELSEWHERE = {name: "answers at once" for name in ("tokenize", "dataset list", "dataset describe", "dataset figures",
                                                  "report carbon", "help", "completion")}
ELSEWHERE |= {
    "inspect": "test_silence.py", "bench": "test_silence.py", "train": "test_train.py: its bar",
    "serve": "its log says what it does", "listen": "its notes say what it does",
    "adapter predict": "as adapter classify", "index reembed": "as index add", "index share": "needs a database",
    "index verify-cards": "as index verify", "index verify-audit": "as index verify",
}
LINES = [*WRITTEN, *OF_ARCHIVES, *(line for line in PRINTED if line.startswith("index"))]


def test_each_command_is_here(mi2):
    commands = commands_of(mi2)
    known = {command_of(line, commands) for line in LINES if WITH_ARCHIVE or not line.startswith("index")}
    assert leaves_of(mi2) - known == {name for name in ELSEWHERE if WITH_ARCHIVE or name.split()[0] not in ("index", "listen")}


def slow(names, *paths):
    """Options of strace: the first of each of these calls takes long, of any path or of these."""
    calls = ",".join(names)
    only = [word for path in paths for word in ("-P", str(path))]
    return ["-e", f"trace={calls}", *only, "-e", f"inject={calls}:delay_enter={round(SECONDS * 1e6)}:when=1"]


@pytest.mark.parametrize("line", [pytest.param(line, marks=needs(line), id=line.split(" {")[0]) for line in LINES])
def test_a_command_says_that_it_works(mi2, inputs, tmp_path, line):  # noqa: F811
    if "COPY" in line:
        shutil.copytree(inputs["archive"], tmp_path / "copy")
        (tmp_path / "copy.csv").write_text("item,finding\n0,mass\n")
    words = line.replace("OUT", f"{tmp_path}/out").replace("COPY", f"{tmp_path}/copy").format(**inputs).split()
    if words[0] == "index":
        folder = next(word for word in words if word.startswith("/"))
        options = slow(["openat"], folder, f"{folder}/archive.json")
    else:
        # What it has made is written.
        options = slow(["fsync", "rename", "renameat", "renameat2"])
    command = ["strace", "-f", "-qq", "-o", "/dev/null", *options, mi2.path, *words]
    status, _, shown = run_on_terminal(command, mi2.environment())
    assert status == 0, shown
    assert re.search(r"\d s\b|\d:\d\d", shown), shown


def test_the_images_of_a_heatmap_are_waited_for_with_a_word(mi2, picture, tmp_path):
    query = tmp_path / "query.png"
    shutil.copy(picture, query)
    command = ["strace", "-f", "-qq", "-o", "/dev/null", *slow(["openat"], query), mi2.path, "heatmap", picture, "--image",
               str(query)]
    status, _, shown = run_on_terminal(command, mi2.environment())
    assert status == 0 and "looking at the images, 0:0" in shown, shown

"""One verdict on a table or list, whichever command reads it: same status, same words."""
import json
import os
import shutil
from pathlib import Path

import pytest

# mi2 train and mi2 adapter train need libtorch and say first that it is not there.
WITH_TORCH = (Path(os.environ.get("MI2_BIN", "")).parent / "mi2-torch").is_file()

ROWS = [("a.png", "x"), ("b.png", "y")] * 4


def table(header="path,label", end="\n", rows=None):
    names = [f"{i}{path},{label}" for i, (path, label) in enumerate(ROWS)] if rows is None else rows
    return end.join([header, *names, ""]).encode()


WRONG_TABLES = {
    "no label column": (table("path,other"), "no column 'label'"),
    "no path column": (table("where,label"), "no column 'path'"),
    "ragged row": (table(rows=["0a.png,x", "1b.png"]), "line 3: 1 fields, the header has 2"),
    "duplicate column": (table("path,label,LABEL", rows=["0a.png,x,y"]), "column 3 is a duplicate of column 2"),
    "duplicate path": (table(rows=["a.png,x", "./a.png,y"]), "line 3: its path is a duplicate of line 2's"),
    "empty label": (table(rows=["a.png,x", "b.png,", "c.png,y"]), "line 3: its path or label is empty"),
    "missing file": (None, "No such file or directory"),
    "empty file": (b"", "is empty; expected a header line"),
    "not UTF-8": (table("path,label", rows=["a.png,x"]) + b"b.png,\xe9\n", "byte 26 is not UTF-8"),
    "NUL byte": (table(rows=["a.png,x"]) + b"b.png,\0\n", "byte 26 is zero, expected text"),
    "open quote": (table(rows=["a.png,x"]) + b'b.png,"y\n', "line 3: a quote is not closed"),
}
# Rows of a manifest are examples: an image may have several captions, and a row that cannot be used is left out.
ROWS_OF_TRAIN = {"duplicate path", "empty label"}
RIGHT_TABLES = {
    "header File,Label": table("File,Label"),
    "other aliases": table("image,CLASS"),
    "empty lines": table(end="\n\n"),
    "byte order mark": b"\xef\xbb\xbf" + table(),
    "CRLF": table(end="\r\n"),
    "quoted newline": table("path,label,note", rows=[f'{i}{p},{label},"two\nlines"' for i, (p, label) in enumerate(ROWS)]),
}
WRONG_LISTS = {
    "missing file": (None, 7, "No such file or directory"),
    "empty file": (b"\n \n", 3, "is empty; expected one entry per line"),
    "not UTF-8": (b"x\n\xe9\n", 3, "byte 3 is not UTF-8"),
    "NUL byte": (b"x\n\0\n", 3, "byte 3 is zero, expected text"),
}
WRONG_HEADERS = {
    "missing file": (None, 7, "No such file or directory"),
    "empty file": (b"", 3, "is empty; expected a header line"),
    "not UTF-8": (b"text,\xe9\n", 3, "byte 6 is not UTF-8"),
    "NUL byte": (b"text,\0\n", 3, "byte 6 is zero, expected text"),
    "duplicate column": (b"text,TEXT\n", 3, "column 2 is a duplicate of column 1"),
}


@pytest.fixture
def commands(mi2, tmp_path):
    """Every command that takes a table of paths and labels: the arguments that end with the table."""
    with open(tmp_path / "e.jsonl", "w", encoding="utf-8") as f:
        for i, (path, _) in enumerate(ROWS):
            f.write(json.dumps({"path": f"{i}{path}", "embedding": [1.0, float(i), float(i % 2)]}) + "\n")
    vectors = str(tmp_path / "e.jsonl")
    found = {
        "fidelity --truth": ("fidelity", "--model", mi2.model, "--labels", "x,y", "--truth"),
        "knn --labels": ("knn", "--train", vectors, vectors, "--labels"),
        "knn --query-labels": ("knn", "--train", vectors, vectors, "--labels", write(tmp_path, table(), "good.csv"),
                               "--query-labels"),
    }
    if WITH_TORCH:
        found["adapter train --labels"] = ("adapter", "train", "--embeddings", vectors, "--out", str(tmp_path / "a"),
                                           "--labels")
    return found


def train(mi2, tmp_path, file):
    """mi2 train with this manifest, or these prompts: arguments."""
    config = write(tmp_path, b"{}\n", "train.yaml")
    return ("train", config, "--set", f"MODEL={mi2.model}", "--set", f"SAVE_DIR={tmp_path / 'run'}", "--set", "MAX_STEPS=1", "--set", "START_LEARNING_RATE=1e-4", "--set", "EVAL.EVERY_EPOCHS=0",
            "--set", "WORKERS=1", "--set", "TRAIN.BATCH_SIZE_TOTAL=2", "--set", f"DATASET.TRAIN=[{{PATH: {file}}}]")


def write(tmp_path, content, name="t.csv"):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


def verdict(mi2, arguments, file, status):
    """The last message without the program's name."""
    return verdict_of(mi2(*arguments, file, status=status), file)


def verdict_of(done, file):
    message = done.errors.splitlines()[-1]
    return message[message.index(file):]


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_a_wrong_table_gets_one_verdict(mi2, tmp_path, commands, name):
    content, words = WRONG_TABLES[name]
    file = write(tmp_path, content)
    status = 7 if content is None else 3
    found = {command: verdict(mi2, arguments, file, status) for command, arguments in commands.items()}
    if WITH_TORCH and name not in ROWS_OF_TRAIN:
        found["train"] = verdict_of(mi2(*train(mi2, tmp_path, file), status=status), file)
    print(*(f"{command} | {name} | {status} | {said}" for command, said in found.items()), sep="\n")
    assert len(set(found.values())) == 1, found
    assert words in next(iter(found.values()))


@pytest.mark.skipif(not WITH_TORCH, reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
@pytest.mark.parametrize("name", [*RIGHT_TABLES, *ROWS_OF_TRAIN])
def test_a_manifest_is_a_table_whose_rows_are_examples(mi2, tmp_path, picture, name):
    content = {**RIGHT_TABLES, **WRONG_TABLES}[name]
    file = write(tmp_path, content if isinstance(content, bytes) else content[0])
    for name_of_file in ["a.png", "b.png", "c.png", *(f"{i}{path}" for i, (path, _) in enumerate(ROWS))]:
        shutil.copy(picture, tmp_path / name_of_file)
    done = mi2(*train(mi2, tmp_path, file))
    left_out = [line for line in done.errors.splitlines() if "left out" in line]
    # The same words as where an empty label is refused.
    assert [line[line.index(file):] for line in left_out] == (
        [f"{file}: line 3: left out: its path or label is empty"] if name == "empty label" else [])


@pytest.mark.parametrize("name", RIGHT_TABLES)
def test_a_right_table_is_read_by_all(mi2, tmp_path, commands, name):
    file = write(tmp_path, RIGHT_TABLES[name])
    assert "have no label" not in mi2(*commands["knn --labels"], file).errors
    if WITH_TORCH:
        mi2(*commands["adapter train --labels"], file)
    # The images do not exist: the table was read if one of them is what is missing.
    assert "0a.png" in mi2(*commands["fidelity --truth"], file, status=7).errors


@pytest.mark.parametrize("name", WRONG_LISTS)
def test_a_wrong_list_gets_one_verdict(mi2, tmp_path, commands, picture, name):
    content, status, words = WRONG_LISTS[name]
    file = write(tmp_path, content, "t.txt")
    readers = {"classify": ("classify", "--model", mi2.model, picture, "--labels-file"),
               **{command: arguments for command, arguments in commands.items() if "--truth" not in command}}
    found = {command: verdict(mi2, arguments, file, status) for command, arguments in readers.items()}
    print(*(f"{command} | list: {name} | {status} | {said}" for command, said in found.items()), sep="\n")
    assert len(set(found.values())) == 1, found
    assert words in next(iter(found.values()))


def test_a_list_with_empty_lines_is_read_by_all(mi2, tmp_path, commands, picture):
    lines = "\n\n".join(label for _, label in ROWS)
    mi2(*commands["knn --labels"], write(tmp_path, lines.encode(), "rows.txt"))
    mi2("classify", picture, "--labels-file", write(tmp_path, b"\xef\xbb\xbfx\r\n\r\n y\n", "labels.txt"))


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_a_wrong_header_gets_the_verdict_of_a_wrong_table(mi2, tmp_path, commands, name):
    content, status, words = WRONG_HEADERS[name]
    file = write(tmp_path, content)
    batch = mi2("batch", file, str(tmp_path / "out.csv"), status=status).errors.splitlines()[-1]
    said = batch[batch.index(file):]
    print(f"batch | {name} | {status} | {said}")
    assert words in said
    assert said == verdict(mi2, commands["knn --labels"], file, status)

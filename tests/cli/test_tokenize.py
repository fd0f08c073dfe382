"""mi2 tokenize, and the JSON files texts come from."""
import json

import pytest


def test_ids_have_marks_and_no_padding(mi2):
    row, = mi2.rows("tokenize", "chest x-ray")
    assert row["text"] == "chest x-ray" and row["truncated"] is False
    assert row["input_ids"][0] == 49406 and row["input_ids"][-1] == 49407 and 3 < len(row["input_ids"]) < 10


def test_long_text_is_cut_and_says_so(mi2):
    row, = mi2.rows("tokenize", "a " * 500)
    assert row["truncated"] is True and len(row["input_ids"]) == 77 and row["input_ids"][-1] == 49407


def test_arguments_then_file(mi2, tmp_path):
    path = tmp_path / "texts.json"
    path.write_text('\ufeff["c", "\\u00e9\\u0000\\ud83d\\ude00"]')
    assert [row["text"] for row in mi2.rows("tokenize", "--texts-json", str(path), "a", "b")] == \
        ["a", "b", "c", "\u00e9\0\U0001f600"]
    assert [row["text"] for row in mi2.rows("tokenize", "--texts-json", "-", stdin=b'["x"]')] == ["x"]


def test_long_list(mi2, tmp_path):
    path = tmp_path / "texts.json"
    path.write_text(json.dumps([str(i) for i in range(20000)]))
    assert [row["text"] for row in mi2.rows("tokenize", "--texts-json", str(path))] == [str(i) for i in range(20000)]


@pytest.mark.parametrize("content", [
    b"", b"[", b'["a"', b'["a",]', b'["a"] x', b"null", b"7", b'"secret"', b'{"a": "secret"}', b'["secret", 1]',
    b'["secret", null]', b'["secret", ["b"]]', b'["secret", {"b": 1}]', b'["secret\xff"]', b'["\\ud800secret"]',
    b'["\\q"]', b'["a\nb"]', b"[1e999]", b"[" * 100000, b'{"a":' * 100000, b"\x00", b"\xff\xfe[\x00]\x00", b"[NaN]",
])
def test_hostile_json_is_a_bad_file(mi2, tmp_path, content):
    path = tmp_path / "texts.json"
    path.write_bytes(content)
    for command in ("tokenize", "embed"):
        done = mi2(command, "--texts-json", str(path), status=3)
        assert str(path) in done.errors and "secret" not in done.errors and done.stdout == b""


def test_too_large_json(mi2, tmp_path):
    path = tmp_path / "texts.json"
    with open(path, "wb") as file:
        file.truncate((64 << 20) + 1)
    assert str(path) in mi2("tokenize", "--texts-json", str(path), status=5).errors


def test_too_many_texts(mi2, tmp_path):
    path = tmp_path / "texts.json"
    path.write_text("[" + ",".join(['""'] * 1_000_001) + "]")
    mi2("tokenize", "--texts-json", str(path), status=5)


def test_missing_json(mi2, tmp_path):
    mi2("tokenize", "--texts-json", str(tmp_path / "none.json"), status=7)


def test_text_that_is_not_utf8_is_named_by_number_only(mi2):
    for arguments in (["tokenize", "fine", b"secret\xff"], ["embed", "--text", "fine", "--text", b"secret\xff"]):
        done = mi2(*arguments, status=2)
        assert "text 2" in done.errors and "secret" not in done.errors and done.stdout == b""


def test_empty_list_is_no_input(mi2, tmp_path):
    path = tmp_path / "texts.json"
    path.write_text("[]")
    mi2("tokenize", "--texts-json", str(path), status=2)
    mi2("embed", "--texts-json", str(path), status=2)

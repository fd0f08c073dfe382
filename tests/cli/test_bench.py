"""mi2 bench: its report, its service for races, and the machine's peak."""
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

IDS = [[49406, 320, 1125, 49407], [49406, 49407]]


def write_pixels(path, values, dtype="F32"):
    """A safetensors file with the tensor "pixels"."""
    header = json.dumps({"pixels": {"dtype": dtype, "shape": list(values.shape),
                                    "data_offsets": [0, values.nbytes]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())
    return str(path)


@pytest.fixture
def serve(mi2):
    """Runs the service over lines of requests (objects or bytes); gives the answers after the greeting."""
    def run(*requests, status=0):
        lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in requests]
        done = mi2("bench", "--serve", "--threads", "1", "--dtype", "f32", "--model", mi2.model, status=status,
                   stdin=b"".join(line + b"\n" for line in lines))
        greeting, *answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert greeting["threads"] == 1 and greeting["dtype"] == "f32" and greeting["load_s"] > 0
        assert len(answers) == len(requests)
        return answers
    return run


@pytest.fixture
def size(mi2):
    """Height and width of the model's input."""
    config = (Path(mi2.model) / "config.yaml").read_text()
    width, height = re.search(r"IMAGE_SIZE: \[(\d+), (\d+)\]", config).groups()
    return int(height), int(width)


def test_report(mi2):
    report = json.loads(mi2("bench", "--model", mi2.model, "--rounds", "2", "--threads", "1", "--json").stdout)
    assert report["rounds"] == 2 and report["image"]["min_s"] <= report["image"]["median_s"]
    assert any("op" in row for row in report["text_parts"])


def test_passes_are_timed(serve):
    answers = serve({"op": "time", "kind": "image", "batch": 2}, {"op": "time", "kind": "text"},
                    {"op": "time", "kind": "text", "batch": 3, "tokens": 77},
                    {"op": "time", "kind": "text", "ids": IDS})
    assert all(answer.keys() == {"seconds"} and answer["seconds"] > 0 for answer in answers)


def test_profile_has_parts(serve):
    answer, = serve({"op": "time", "kind": "text", "profile": True})
    assert answer["flop"] > 0 and answer["peak_bytes"] > 0
    assert sum(row["seconds"] for row in answer["parts"] if "op" in row) <= answer["seconds"]


def test_vectors_of_texts_are_those_of_embed(mi2, serve):
    texts = ["chest x-ray", "mri"]
    ids = [row["input_ids"] for row in mi2.rows("tokenize", *texts)]
    answer, = serve({"op": "embed", "kind": "text", "ids": ids})
    arguments = [argument for text in texts for argument in ("--text", text)]
    wanted = [row["embedding"] for row in mi2.rows("embed", "--threads", "1", *arguments)]
    assert np.array_equal(np.float32(answer["vectors"]), np.float32(wanted))


def test_vectors_of_pixels(serve, size, tmp_path):
    values = np.random.default_rng(0).normal(0, 1, (2, *size, 3)).astype("f4")
    paths = [write_pixels(tmp_path / "both", values), write_pixels(tmp_path / "second", values[1:])]
    both, second = (np.array(answer["vectors"]) for answer in
                    serve(*[{"op": "embed", "kind": "image", "file": path} for path in paths]))
    assert both.shape[0] == 2 and np.allclose((both ** 2).sum(1), 1, atol=1e-5)
    # An image alone and in a batch: docs/numerics.md.
    assert np.abs(both[1] - second[0]).max() <= 1e-6 and np.abs(both[0] - both[1]).max() > 1e-4


def test_pixels_that_do_not_fit(serve, size, tmp_path):
    height, width = size
    good = np.zeros((1, height, width, 3), "f4")
    faults = [good[:, :-1], good[0], good[:0], good[..., :2], np.full_like(good, np.nan), good.astype("i4")]
    dtypes = ["F32"] * 5 + ["I32"]
    requests = [{"op": "time", "kind": "image", "file": write_pixels(tmp_path / f"{i}", fault.copy(), dtype)}
                for i, (fault, dtype) in enumerate(zip(faults, dtypes))]
    assert all(answer["error"]["code"] == "bad_file" for answer in serve(*requests, status=3))


BAD_REQUESTS = [
    b"", b"{", b"[]", b"7", b"null", b'{"op": "time"}', b'{"op": "fly", "kind": "image"}',
    b'{"op": "time", "kind": 7}', b'{"op": "time", "kind": "image", "secret": 1}',
    b'{"op": "time", "kind": "image", "batch": 0}', b'{"op": "time", "kind": "image", "batch": 1025}',
    b'{"op": "time", "kind": "image", "batch": 18446744073709551615}',
    b'{"op": "time", "kind": "image", "batch": 1.5}',
    b'{"op": "time", "kind": "image", "batch": "1"}', b'{"op": "time", "kind": "image", "batch": true}',
    b'{"op": "time", "kind": "image", "file": 7}', b'{"op": "time", "kind": "image", "file": "x", "batch": 1}',
    b'{"op": "time", "kind": "image", "ids": [[1]]}', b'{"op": "time", "kind": "text", "file": "x"}',
    b'{"op": "time", "kind": "text", "tokens": 1}', b'{"op": "time", "kind": "text", "tokens": 78}',
    b'{"op": "time", "kind": "text", "ids": []}', b'{"op": "time", "kind": "text", "ids": [[]]}',
    b'{"op": "time", "kind": "text", "ids": [7]}', b'{"op": "time", "kind": "text", "ids": [[-1]]}',
    b'{"op": "time", "kind": "text", "ids": [[49408]]}', b'{"op": "time", "kind": "text", "ids": [["1"]]}',
    b'{"op": "time", "kind": "text", "ids": [[1]], "tokens": 2}', b'{"op": "time", "kind": "text", "profile": 1}',
    b'{"op": "embed", "kind": "text", "profile": true}', b"\xff\xfe", b"\x00", b"[" * 100000, b'{"op":' * 100000,
    b'{"op": "time", "kind": "text", "ids": [' + b"[49406]," * 1024 + b"[49406]]}",
]


def test_bad_requests_are_answered_and_each_next_one_too(serve):
    answers = serve(*[line for bad in BAD_REQUESTS for line in (bad, {"op": "time", "kind": "text"})], status=8)
    for request_line, bad, good in zip(BAD_REQUESTS, answers[::2], answers[1::2], strict=True):
        assert bad["error"]["code"] == "bad_argument", request_line[:80]
        assert "secret" not in bad["error"]["message"], request_line[:80]
        assert good["seconds"] > 0, request_line[:80]


def test_all_requests_bad(serve):
    serve(b"{", b"{", status=2)


def test_long_line_is_refused_and_read_over(serve):
    bad, good = serve(b" " * ((16 << 20) + 1), {"op": "time", "kind": "text"}, status=8)
    assert bad["error"]["code"] == "too_large" and good["seconds"] > 0


def test_bad_files(serve, tmp_path):
    cut = tmp_path / "cut"
    cut.write_bytes(b"\xff" * 64)
    paths = (tmp_path / "none", cut, tmp_path)
    answers = serve(*[{"op": "embed", "kind": "image", "file": str(path)} for path in paths], status=7)
    assert [answer["error"]["code"] for answer in answers] == ["not_found", "bad_file", "bad_file"]


def test_last_line_needs_no_end(mi2):
    done = mi2("bench", "--serve", "--model", mi2.model, stdin=b'{"op": "time", "kind": "text"}')
    assert len(done.stdout.splitlines()) == 2


def test_closed_output_ends_the_service(mi2):
    with open("/dev/full", "wb") as full:
        mi2("bench", "--serve", "--model", mi2.model, status=3, stdout=full)


def test_peak(mi2):
    peak = json.loads(mi2("bench", "--peak", "--json", "--threads", "1", with_model=False).stdout)
    assert {row["dtype"] for row in peak["compute"]} >= {"f32"}
    assert all(0 < row["gflops"]["one_thread"] < 1e6 for row in peak["compute"])
    assert 0 < peak["read_gb_per_s"]["all_threads"] < 1e5 and peak["triad_gb_per_s"]["one_thread"] > 0


@pytest.mark.parametrize("arguments", [["--peak", "--serve"], ["--peak", "--model", "x"], ["--serve"],
                                       ["--serve", "--model", "x", "--synthetic", "full"]])
def test_modes_that_exclude_each_other(mi2, arguments):
    mi2("bench", *arguments, status=2, with_model=False)

"""Requests share forward passes: the same bits, each answer to its own request, bad rows alone, 429 only when full."""
import base64
import concurrent.futures
import itertools
import json
import os
import threading
from pathlib import Path

import pytest
from conftest import IMAGES, picture, score_body

NAMES = ["gray.png", "colour_a.jpg", "rgba.png", "small_444.jpg", "palette.png", "cmyk.jpg", "progressive.jpg"]
TEXTS = ["chest x-ray", "brain mri", "skin photo, melanoma", "no finding"]


def rows():
    return [[picture(name), text] for name, text in zip(NAMES, itertools.cycle(TEXTS))]


def test_vectors_are_the_same_bits_alone_batched_and_concurrent(serve):
    server = serve("--max-wait-ms", 20, "--max-batch", 4)
    alone = [server.score(row).json()[0] for row in rows()]
    assert server.score(*rows()).json() == alone
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        wanted = list(range(len(alone))) * 8
        for index, got in zip(wanted, pool.map(lambda i: server.score(rows()[i]).json()[0], wanted)):
            assert got == alone[index]
    passes = server.metric('mi2_batch_size_count{kind="image"')
    assert server.metric('mi2_batch_size_sum{kind="image"') > 1.2 * passes, "requests did not share forward passes"


TORCH = Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch"


@pytest.mark.parametrize("device,devices", [("cpu", "cpu,cpu"), pytest.param(
    "torch", "torch,torch", marks=pytest.mark.skipif(not TORCH.exists(), reason="this build has no libtorch"))])
def test_vectors_of_two_engines_are_the_same_bits_as_of_one(serve, device, devices):
    # libtorch's products differ in their last bits with the size of a batch.
    alike = ("--max-batch", 1, "--max-text-batch", 1, "--threads", 1)
    one = serve("--device", device, *alike)
    alone = [one.score(row).json()[0] for row in rows()]
    two = serve("--device", devices, *alike)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wanted = list(range(len(alone))) * 4
        for index, got in zip(wanted, pool.map(lambda i: two.score(rows()[i]).json()[0], wanted)):
            assert got == alone[index]
    [ready] = two.records("model_ready")
    assert ready["device"] == device and not two.records("device_lost")


@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="this machine has a GPU")
def test_auto_is_the_cpu_where_there_is_no_gpu_and_the_log_says_why(serve):
    server = serve("--device", "auto")
    [why] = server.records("device_auto")
    assert why["device"] == "cpu" and "this machine has no GPU that CUDA can use" in why["reason"]
    assert server.records("model_ready")[0]["device"] == "cpu"


def test_vectors_are_those_of_the_program(serve):
    import json
    import os
    import subprocess
    server = serve()
    done = subprocess.run([os.environ["MI2_BIN"], "embed", "--profile", "azure", "--dtype", "auto", "--model",
                           os.environ["MI2_STARTER_MODEL"], *[str(IMAGES / name) for name in NAMES]],
                          check=True, capture_output=True)
    wanted = [json.loads(line)["embedding"] for line in done.stdout.splitlines()]
    got = [row["image_features"][0] for row in server.score(*rows()).json()]
    import numpy as np
    assert np.array_equal(np.float32(got), np.float32(wanted))


def test_a_bad_row_fails_its_request_and_no_other(serve):
    server = serve("--max-wait-ms", 20)
    good = [server.score(row).json()[0] for row in rows()[:3]]
    cut = base64.b64encode((IMAGES / "gray.png").read_bytes()[:200]).decode()
    mixed = [["good", i % 3] for i in range(24)] + [["bad", None] for _ in range(12)]

    def ask(kind_and_index):
        kind, index = kind_and_index
        return server.score(rows()[index]) if kind == "good" else server.score([picture(), "a"], [cut, "b"], [cut, "c"])
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for (kind, index), answer in zip(mixed, pool.map(ask, mixed)):
            if kind == "good":
                assert answer.status == 200 and answer.json()[0] == good[index]
            else:
                assert answer.status == 422 and answer.json()["message"].startswith("row 2: image:"), answer.body


def test_a_full_queue_is_429_with_retry_after_and_an_idle_one_never(serve):
    server = serve("--max-queue", 2, "--max-batch", 1)
    statuses, lock = [], threading.Lock()

    def ask(_):
        answer = server.score([picture("large.jpg"), ""])
        with lock:
            statuses.append(answer.status)
        if answer.status == 429:
            assert int(answer.headers["retry-after"]) >= 1
        return answer.status
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(64)))
    assert set(statuses) <= {200, 429} and 200 in statuses and 429 in statuses
    assert server.metric('mi2_failures_total{kind="overloaded"}') == statuses.count(429)
    # Nothing waits now: one request of more rows than the queue has places is still served.
    assert [server.score(*[["", text] for text in TEXTS]).status for _ in range(5)] == [200] * 5


def test_a_queue_with_places_never_refuses(serve):
    server = serve("--max-queue", 64)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert set(pool.map(lambda i: server.score(rows()[i % 4]).status, range(128))) == {200}
    for lane in ("image", "text"):
        assert server.metric(f'mi2_queue_size{{kind="{lane}"') == 0


@pytest.mark.parametrize("name", ["mi2_requests_total", "mi2_failures_total", "mi2_queue_size", "mi2_batch_size",
                                  "mi2_queue_seconds", "mi2_decode_seconds", "mi2_preprocess_seconds",
                                  "mi2_inference_seconds", "mi2_model_ready"])
def test_metrics_tell(serve, name):
    server = serve()
    server.score([picture(), "chest x-ray"])
    server.score(["AAAA", ""])
    answer = server.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert f"# TYPE {name} " in answer.body.decode()


def webp_of_one_colour(side):
    """40 bytes of lossless WebP, side x side pixels."""
    size = (side - 1) | (side - 1) << 14
    packed = bytes.fromhex("075081540820000a9afec78888fe07")
    body = b"\x2f" + size.to_bytes(4, "little") + packed
    return b"RIFF" + (len(body) + 12).to_bytes(4, "little") + b"WEBPVP8L" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("requests", [1, 40])
def test_a_picture_of_another_client_does_not_wait_for_the_worst_rows(serve, requests):
    server = serve("--workers", 2, "--max-batch", 1)
    worst = base64.b64encode(webp_of_one_colour(4000)).decode()
    body = score_body(*[[worst, ""]] * (40 // requests))
    clients = [server.connect() for _ in range(requests)]
    for client in clients:
        client.request("POST", "/score", json.dumps(body), {"content-type": "application/json"})
    server.wait_for(lambda: server.metric("mi2_queue_size{") >= 35)
    assert server.score([picture(), ""]).status == 200
    # Images are decoded one after the other: those that came before ours, and perhaps one more beside it.
    assert server.metric("mi2_decode_seconds_count") < 20, "it waited for most of the rows before it"
    assert server.metric("mi2_decoding_pixels") <= 4000 * 4000 + 1_000_000
    for client in clients:
        client.close()

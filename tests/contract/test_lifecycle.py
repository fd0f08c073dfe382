"""Starting, several models, reload and the end."""
import concurrent.futures
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import picture, read_all

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from adapter_model import write_adapter


@pytest.fixture
def model(tmp_path):
    """A copy of the starter that a test may harm."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.yaml", "model.safetensors"):
        shutil.copy(Path(os.environ["MI2_STARTER_MODEL"]) / name, folder / name)
    return folder


def run(*arguments, **variables):
    return subprocess.run([os.environ["MI2_BIN"], "serve", *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, **variables})


def load(server, stop, failures):
    """Asks until told to stop; keeps every answer that is not the first one's."""
    first = server.score([picture(), "chest x-ray"]).json()
    while not stop.is_set():
        answer = server.score([picture(), "chest x-ray"])
        if answer.status != 200 or answer.json() != first:
            failures.append((answer.status, answer.body[:200]))


def test_reload_under_load_drops_and_changes_nothing(serve, model):
    server = serve(model=model)
    stop, failures = threading.Event(), []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(load, server, stop, failures)
        for count in range(1, 4):
            server.send(signal.SIGHUP)
            server.wait_for(lambda: len(server.records("model_reloaded")) >= count)
        stop.set()
    assert failures == []
    assert server.metric('mi2_model_loads_total{model="default",outcome="ok"}') >= 4


def test_a_reload_that_fails_keeps_what_serves(serve, model):
    server = serve(model=model)
    before = server.score(["", "chest x-ray"]).json()
    (model / "model.safetensors").unlink()
    server.send(signal.SIGHUP)
    record = server.wait_for(lambda: server.records("model_reload_failed"))[0]
    assert record["model"] == "default" and "model" in record["error"]
    assert server.get("/health/ready").status == 200 and server.score(["", "chest x-ray"]).json() == before
    assert server.metric('mi2_model_loads_total{model="default",outcome="failed"}') == 1
    shutil.copy(Path(os.environ["MI2_STARTER_MODEL"]) / "model.safetensors", model / "model.safetensors")
    server.send(signal.SIGHUP)
    server.wait_for(lambda: server.records("model_reloaded"))
    assert server.score(["", "chest x-ray"]).json() == before


def test_several_models_answer_by_name(serve, model):
    server = serve(model=[f"first={model}", f"second={os.environ['MI2_STARTER_MODEL']}"])
    names = [row["id"] for row in server.get("/v1/models").json()["data"]]
    assert names == ["first", "second"]
    for name in names:
        answer = server.post("/v1/embeddings", {"model": name, "input": "chest x-ray"})
        assert answer.status == 200 and answer.json()["model"] == name
        assert server.get(f"/v2/models/{name}/ready").status == 200
    assert server.post("/v1/embeddings", {"model": "third", "input": "chest x-ray"}).status == 404


@pytest.mark.parametrize("kind", ["zero-shot", "adapter"])
def test_a_classifiers_folder_answers_with_scores(serve, model, kind):
    labels = ["chest x-ray", "brain mri", "skin photo"]
    if kind == "adapter":
        write_adapter(model / "adapter_model", labels)
    else:
        (model / "config.json").write_text(json.dumps({"labels": labels}))
    server = serve(model=model)
    body = {"input_data": {"columns": ["image"], "data": [[picture("gray.png")], [picture("rgba.png")]]}}
    answer = server.post("/score", body)
    assert answer.status == 200, answer.body
    assert len(answer.json()) == 2
    for row in answer.json():
        scores = [entry["score"] for entry in row]
        assert sorted(entry["label"] for entry in row) == sorted(labels) and scores == sorted(scores, reverse=True)
        assert abs(sum(scores) - 1) < 1e-5
        assert kind == "zero-shot" or row[0]["label"] == labels[-1]


def test_terminate_under_load_finishes_what_is_in_flight(serve):
    server = serve("--max-batch", 2)
    results = []

    def ask(_):
        try:
            results.append(server.score([picture("large.jpg"), "chest x-ray"]).status)
        except ConnectionError:  # not taken any more, before anything of it was read; which one is the kernel's timing
            results.append("not taken")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(ask, i) for i in range(16)]
        server.wait_for(lambda: any(results))
        server.send(signal.SIGTERM)
        concurrent.futures.wait(jobs)
    assert server.wait() == 0
    assert len(results) == 16 and set(results) <= {200, "not taken"}, results
    answered = [record for record in server.records("request") if record["route"] == "score"]
    assert len(answered) == results.count(200)


def test_terminate_waits_for_a_request_whose_body_is_on_its_way(serve):
    server = serve()
    body = b'{"input_data": {"columns": ["text"], "data": [["chest x-ray"]]}}'
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body[:10])
        server.wait_for(lambda: server.metric("mi2_connections") == 2)
        server.send(signal.SIGTERM)
        server.wait_for(lambda: server.records("draining"))
        client.sendall(body[10:])
        received = read_all(client)
    assert received.startswith(b"HTTP/1.1 200") and b"text_features" in received
    assert b"connection: close" in received.lower()
    assert server.wait() == 0


def test_terminate_closes_idle_connections_at_once(serve):
    server = serve("--drain-timeout", 600)
    with server.socket() as idle:
        server.wait_for(lambda: server.metric("mi2_connections") == 2)
        server.send(signal.SIGTERM)
        assert read_all(idle) == b""
    assert server.wait() == 0


@pytest.mark.parametrize("arguments, again", [(["--drain-timeout", "1"], False), ([], True)])
def test_a_drain_is_cut_by_its_timeout_or_a_second_signal(serve, arguments, again):
    server = serve(*arguments)
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        server.wait_for(lambda: server.metric("mi2_connections") == 2)
        server.send(signal.SIGTERM)
        server.wait_for(lambda: server.records("draining"))
        if again:
            server.send(signal.SIGINT)
        assert server.process.wait(timeout=120) == 8
    assert server.records("cut")


def test_a_server_that_still_loads_is_cut_by_a_second_signal(serve):
    # So many that most are not loaded yet when it comes.
    server = serve(model=[f"m{i}={os.environ['MI2_STARTER_MODEL']}" for i in range(40)], wait=False)
    server.send(signal.SIGTERM)
    server.wait_for(lambda: server.records("draining"))
    server.send(signal.SIGTERM)
    assert server.wait() == 8
    assert server.records("cut")


def test_the_hosted_containers_environment_is_understood(serve, model):
    server = serve(model=model)
    port = str(server.port)
    server.end()
    process = subprocess.Popen([os.environ["MI2_BIN"], "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, env={**os.environ, "AZUREML_MODEL_DIR": str(model.parent),
                                               "MLFLOW_MODEL_FOLDER": model.name, "SERVER_PORT": port,
                                               "WORKER_COUNT": "1"})
    assert process.stdout.readline() == f"listening on http://127.0.0.1:{port}\n"
    process.terminate()
    assert process.wait(timeout=120) == 0


@pytest.mark.parametrize("arguments, status, words", [
    (["--model", "/no/such/model"], 7, "no/such/model"), (["--model", "a=x", "--model", "a=y"], 2, "called 'a'"),
    ([], 2, "--model"), (["--model", "x", "--tls-cert", "c"], 2, "--tls-key"), (["--model", "b d=x"], 2, "name"),
    (["--model", "x", "--cors-origin", "ftp://a"], 2, "origin"), (["--model", "x", "--host", "no.such.invalid"], 2, "host"),
    (["--model", "x", "--max-batch", "0"], 2, "max-batch"), (["--model", "x", "--api-key-file", "/no/keys"], 7, "keys")])
def test_mistakes_are_told_at_once(arguments, status, words):
    done = run("--port", 0, *arguments, MI2_MODEL="", AZUREML_MODEL_DIR="")
    assert done.returncode == status and words in done.stderr, done.stderr


def test_a_port_in_use_is_told(serve):
    server = serve()
    done = run("--port", server.port, "--model", os.environ["MI2_STARTER_MODEL"])
    assert done.returncode == 2 and str(server.port) in done.stderr


def test_a_model_that_is_not_one_ends_the_program(model):
    (model / "model.safetensors").write_bytes(b"\0" * 100)
    done = run("--port", 0, "--model", model)
    assert done.returncode == 3 and "model.safetensors" in done.stderr


@pytest.mark.parametrize("drain", [(), ("--drain-timeout", 1)])
def test_a_server_whose_log_nobody_reads_ends_on_terminate(drain):
    reading, writing = os.pipe()
    process = subprocess.Popen([os.environ["MI2_BIN"], "serve", "--port", "0", "--model", os.environ["MI2_STARTER_MODEL"],
                                *map(str, drain)], stdout=subprocess.PIPE, stderr=writing, text=True)
    os.close(writing)
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for _ in range(1000):  # lines of some 200 bytes fill the 64 KiB of a pipe
            client.request("GET", "/health/live", headers={"x-request-id": "i" * 100})
            assert client.getresponse().read()
        client.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert os.read(reading, 100).startswith(b'{"time"')
    finally:
        process.kill()
        os.close(reading)


@pytest.fixture
def packed(tmp_path):
    path = tmp_path / "patient DOE" / "model.mi2"
    path.parent.mkdir()
    subprocess.run([os.environ["MI2_BIN"], "pack", "--dtype", "f32", "--model", os.environ["MI2_STARTER_MODEL"], path], check=True,
                   capture_output=True, timeout=120)
    return path


@pytest.mark.parametrize("size", [0, 4096, 100_000])
def test_a_packed_file_that_is_cut_while_served_gives_no_wrong_answer(serve, packed, size):
    server = serve(model=packed)
    row = [picture(), "chest x-ray"]
    right = server.score(row).json()
    whole = packed.read_bytes()
    os.truncate(packed, size)
    for _ in range(3):
        answer = server.score(row)
        assert answer.status in (429, 500, 503), answer.body
    server.wait_for(lambda: server.records("model_damaged"))
    server.wait_for(lambda: server.get("/health/ready").status == 503)
    packed.write_bytes(whole)
    server.send(signal.SIGHUP)
    server.wait_until_ready()
    assert server.score(row).json() == right
    assert "DOE" not in "".join(server.lines)


def test_a_packed_file_that_is_overwritten_in_place_gives_no_wrong_answer(serve, packed):
    server = serve(model=packed)
    row = [picture(), "chest x-ray"]
    right = server.score(row).json()
    whole = packed.read_bytes()
    with open(packed, "r+b") as file:
        file.seek(len(whole) // 2)
        file.write(b"\x01" * (len(whole) // 4))
    assert server.score(row).status in (429, 500, 503)
    packed.write_bytes(whole)
    server.send(signal.SIGHUP)
    server.wait_until_ready()
    assert server.score(row).json() == right


def test_a_packed_file_that_is_replaced_goes_on_until_the_reload(serve, packed, tmp_path):
    server = serve(model=packed)
    right = server.score(["", "chest x-ray"]).json()
    shutil.copy(packed, tmp_path / "new")
    (tmp_path / "new").rename(packed)
    assert server.score(["", "chest x-ray"]).json() == right
    server.send(signal.SIGHUP)
    server.wait_for(lambda: server.records("model_reloaded"))
    assert server.score(["", "chest x-ray"]).json() == right


def test_the_log_of_a_failed_reload_holds_no_path(serve, model, tmp_path):
    folder = tmp_path / "patient DOE JANE"
    model.rename(folder)
    keys = folder / "keys"
    keys.write_text("0123456789abcdef\n")
    server = serve("--api-key-file", keys, model=folder, wait=False)
    server.wait_for(lambda: server.records("model_ready"))
    keys.write_text("short\n")
    (folder / "config.yaml").write_text("nothing: [")
    server.send(signal.SIGHUP)
    for event in ("reload_failed", "model_reload_failed"):
        record = server.wait_for(lambda: server.records(event))[0]
        assert record["error"], record
    log = "".join(server.lines)
    assert "DOE" not in log and "JANE" not in log and str(tmp_path) not in log

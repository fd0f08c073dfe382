"""Memory that a request takes is bounded before it is taken, and goes back to the system. The requests are those that took
gigabytes once; the limits leave room for the body itself."""
import json
import os
import socket
import time

import pytest
from conftest import PATIENCE, Server, picture, score_body

# What is given back is kept for a while by the address sanitizer, to find its use; little of it here.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1",
                                                    "thread_local_quarantine_size_kb=16"]))
MIB = 1 << 20
SMALLEST_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")


def resident(server, what="VmHWM"):
    text = open(f"/proc/{server.process.pid}/status").read()
    return int(text.split(what + ":")[1].split()[0]) * 1024


def post(server, path, body, headers=None):
    """The status, without a search of the log for so large a body."""
    client = server.connect()
    client.request("POST", path, body, {"content-type": "application/json", **(headers or {})})
    status = client.getresponse().status
    client.close()
    return status


def text_of_labels(labels, images):
    return json.dumps({"images": [SMALLEST_PNG] * images, "labels": [f"label {i}" for i in range(labels)]})


def tensor(elements):
    head = json.dumps({"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1],
                                   "parameters": {"binary_data_size": 4 * elements}}]}).encode()
    return head + bytes(4 * elements), {"inference-header-content-length": str(len(head)),
                                        "content-type": "application/octet-stream"}


def form(size):
    head = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    return head + bytes(size) + b"\r\n--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}


CASES = {
    "rows of CSV": ("/invocations", b"image,text\n" + b",\n" * (45 * MIB), {"content-type": "text/csv"}, 413, 130),
    "fields of a CSV's header": ("/invocations", b"," * (50 * MIB), {"content-type": "text/csv"}, 413, 230),
    "fields of a CSV's row": ("/invocations", b"text\n" + b"," * (50 * MIB), {"content-type": "text/csv"}, 413, 130),
    "elements of a tensor": ("/v2/models/default/infer", *tensor(12 * MIB), 400, 130),
    "a long text": ("/v1/embeddings", json.dumps({"input": "a b " * (8 * MIB)}), {}, 413, 140),
    "a file in a form": ("/v1/embed", *form(60 * MIB), 422, 155),
    "brackets": ("/score", b'{"input_data":' + b"[" * (30 * MIB), {}, 400, 100),
    "values": ("/score", b'{"input_data":[' + b"1," * (30 * MIB), {}, 413, 160),
    "values for a heatmap": ("/v1/heatmap", b'{"texts":[' + b"1," * (30 * MIB), {}, 413, 160),
    "values for TEI's route": ("/embed", b'{"inputs":[' + b"1," * (30 * MIB), {}, 413, 160),
    "an answer": ("/predict", text_of_labels(4000, 1000), {}, 413, 60),
}


@pytest.mark.parametrize("name", CASES)
def test_a_request_takes_little_more_than_its_bytes(name):
    path, body, headers, status, most = CASES[name]
    server = Server()
    try:
        server.score([picture(), "chest x-ray"])
        before = resident(server)
        assert post(server, path, body, headers) == status
        grown = resident(server) - before
        print(f"{name}: {len(body) / MIB:.1f} MiB in, {grown / MIB:.0f} MiB more in memory")
        assert grown < most * MIB
    finally:
        server.end()


def test_memory_goes_back_after_a_large_request(serve):
    server = serve()
    # As many rows, but small: what the model keeps for a full batch is there before.
    assert post(server, "/score", json.dumps(score_body(*[[picture("rgba.png"), ""]] * 30))) == 200
    before = resident(server, "VmRSS")
    row = [picture("rgba.png") + "\n" * MIB, ""]
    assert post(server, "/score", json.dumps(score_body(*[row] * 30))) == 200
    end = time.monotonic() + PATIENCE
    while resident(server, "VmRSS") - before > 24 * MIB:
        assert time.monotonic() < end, f"{resident(server, 'VmRSS') - before} bytes are kept"
        time.sleep(0.1)


def test_images_elsewhere_do_not_hold_the_queue(serve):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        server = serve("--allow-url-host", f"127.0.0.1:{port}", "--allow-url-private", "--max-queue", 4)
        body = json.dumps({"input_data": {"columns": ["image"],
                                          "data": [[f"http://127.0.0.1:{port}/{i}"] for i in range(4)]}}).encode()
        with server.socket() as slow:
            slow.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                         % len(body) + body)
            connection, _ = silent.accept()
            with connection:
                for _ in range(3):
                    assert server.score(*[[picture(), "chest x-ray"]] * 2).status == 200


def test_requests_whose_images_are_fetched_are_few(serve):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        port = silent.getsockname()[1]
        server = serve("--allow-url-host", f"127.0.0.1:{port}", "--allow-url-private")
        body = json.dumps({"input_data": {"columns": ["image"], "data": [[f"http://127.0.0.1:{port}/"]]}}).encode()
        request = b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        slow = [server.socket() for _ in range(16)]
        held = []
        for client in slow:
            client.sendall(request + body)
            held.append(silent.accept()[0])
        answer = server.post("/score", body)
        assert answer.status == 429 and "retry-after" in answer.headers
        for end in slow + held:
            end.close()

"""mi2 as a process: its benchmark service, which computes and times what it is asked, and its server."""
import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse

import numpy

from files import write_tensors


class Failed(Exception):
    """Something that a check expects did not happen."""


class Bench:
    """`mi2 bench --serve` on one device, in one dtype."""

    def __init__(self, run, model, dtype):
        self.folder = run.folder
        command = [run.mi2, "bench", "--serve", "--model", str(model), "--device", run.device, "--dtype", dtype]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=run.log_file,
                                        text=True)
        self.greeting = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"mi2 bench ended with status {self.process.wait()}; the log says why")
        return json.loads(line)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def good(self, **request):
        answer = self.ask(**request)
        if "error" in answer:
            raise Failed(f"mi2 bench: {answer['error']['message']}")
        return answer

    def images(self, pixels):
        """Vectors of pixels [B, H, W, 3]."""
        path = self.folder / "pixels.safetensors"
        write_tensors(path, {"pixels": pixels})
        return numpy.array(self.good(op="embed", kind="image", file=str(path))["vectors"], numpy.float32)

    def texts(self, ids):
        return numpy.array(self.good(op="embed", kind="text", ids=ids)["vectors"], numpy.float32)

    def seconds(self, rounds, **request):
        """Of each of some passes, after two that are not timed."""
        return [self.good(op="time", **request)["seconds"] for _ in range(rounds + 2)][2:]

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextlib.contextmanager
def serving(run, model, dtype):
    """host:port of a ready server."""
    command = [run.mi2, "serve", "--port", "0", "--model", str(model), "--device", run.device, "--dtype", dtype]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=run.log_file, text=True)
    try:
        found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
        if not found:
            raise Failed("mi2 serve did not start; the log says why")
        address = urllib.parse.urlsplit(found[1]).netloc
        deadline = time.monotonic() + 120
        while status_of(address, "/health/ready") != 200:
            if server.poll() is not None or time.monotonic() > deadline:
                raise Failed("mi2 serve did not become ready; the log says why")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        if server.wait(30) != 0:
            raise Failed(f"mi2 serve ended with status {server.returncode}")


def status_of(address, path):
    connection = http.client.HTTPConnection(address, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", path)
        return connection.getresponse().status
    return 0


def score_request(image):
    row = [base64.b64encode(image).decode(), ""]
    return json.dumps({"input_data": {"columns": ["image", "text"], "data": [row]}}).encode()


def post(connection, body):
    """(status, parsed answer) of a request to /score."""
    connection.request("POST", "/score", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def ask_until(address, body, deadline):
    """One client's good answers up to a time.time(). For a process of its own."""
    connection, good = http.client.HTTPConnection(address, timeout=60), 0
    while time.time() < deadline:
        status, _ = post(connection, body)
        good += status == 200
        if status == 429:
            time.sleep(0.01)
    connection.close()
    return good


def images_per_second(address, image, seconds):
    """Of a server under load from processes of this machine, each of which waits for its answers one by one."""
    body, clients = score_request(image), max(4, 4 * len(os.sched_getaffinity(0)))
    deadline = time.time() + seconds
    with concurrent.futures.ProcessPoolExecutor(clients) as pool:
        counts = list(pool.map(ask_until, [address] * clients, [body] * clients, [deadline] * clients))
    return sum(counts) / seconds

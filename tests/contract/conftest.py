"""A real server for tests. MI2_BIN is the program, MI2_STARTER_MODEL a model's folder."""
import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from privacy import Sent

IMAGES = Path(__file__).resolve().parent.parent / "golden" / "data" / "images"
PATIENCE = 120  # seconds until a test gives up; a sanitized build on a busy machine is slow


def picture(name="gray.png"):
    return base64.b64encode((IMAGES / name).read_bytes()).decode()


def score_body(*rows, columns=("image", "text"), **params):
    return {"input_data": {"columns": list(columns), "data": [list(row) for row in rows]}, "params": params}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Server:
    """mi2 serve on a free port; its log is collected line by line."""

    def __init__(self, *arguments, model=None, environment=None, wait=True, key=None):
        """key: what requests show that show none of their own."""
        self.own_headers = {"content-type": "application/json", **({"api-key": key} if key else {})}
        command = [os.environ["MI2_BIN"], "serve", "--port", "0", *map(str, arguments)]
        models = [model] if isinstance(model, (str, Path)) else model
        for path in models or [os.environ["MI2_STARTER_MODEL"]]:
            command += ["--model", str(path)]
        variables = {k: v for k, v in os.environ.items() if k not in ("SERVER_PORT", "MI2_MODEL", "WORKER_COUNT")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**variables, **(environment or {})})
        self.lines, self.sent = [], Sent()
        self._collect()
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (https?)://([^:]+):(\d+)\n", line)
        assert found, f"{line!r}, {self.lines}"
        self.scheme, self.host, self.port = found[1], found[2], int(found[3])
        if wait:
            self.wait_until_ready()

    def _collect(self):
        def read():
            for line in self.process.stderr:
                self.lines.append(line)
        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def records(self, event=None):
        found = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [record for record in found if event in (None, record["event"])]

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"did not come about; the log ends with {self.lines[-5:]}")

    def wait_until_ready(self):
        self.wait_for(lambda: self.get("/health/ready").status == 200)

    def connect(self):
        if self.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def request(self, method, path, body=None, headers=None, connection=None):
        client = connection or self.connect()
        headers = {**self.own_headers, **(headers or {})}
        self.sent.add(body, headers)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        client.request(method, path, body, headers)
        answer = Answer(client.getresponse())
        if connection is None:
            client.close()
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def score(self, *rows, headers=None, connection=None, **params):
        return self.post("/score", score_body(*rows, **params), headers=headers, connection=connection)

    def socket(self):
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)

    def metric(self, name, **options):
        """The sum of a metric's samples whose name and labels contain `name`."""
        text = self.get("/metrics", **options).body.decode()
        rows = [line.rsplit(" ", 1) for line in text.splitlines() if name in line]
        return sum(float(value) for key, value in rows if not key.startswith("#"))

    def send(self, number):
        self.process.send_signal(number)

    def end(self):
        """Ends the server; returns its exit status."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """The exit status of a server that was told to end."""
        status = self.process.wait(timeout=PATIENCE)
        self.reader.join(timeout=PATIENCE)
        return status


def ended_well(server):
    """Ends a server that still runs: with status 0, and nothing that was sent is in its log."""
    if server.process.poll() is None:
        status = server.end()
        assert status == 0, f"status {status}: {server.lines[-20:]}"
    leaked = server.sent.found_in("".join(server.lines))
    assert not leaked, f"in the log: {leaked}"


@contextlib.contextmanager
def running(*arguments, **options):
    """A server that has to run to the end of the block, and end well."""
    server = Server(*arguments, **options)
    yield server
    assert server.process.poll() is None, f"status {server.process.poll()}: {server.lines[-20:]}"
    ended_well(server)


@pytest.fixture
def serve():
    """Starts servers; whatever the test did, each must end well unless the test ended it."""
    servers = []

    def start(*arguments, **options):
        servers.append(Server(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        ended_well(server)


@pytest.fixture
def certificate(tmp_path):
    """(chain, key) of localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return chain, key


def read_all(client):
    """What a raw socket receives until the server closes it."""
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def status_of(received):
    return int(received.split(b" ", 2)[1])

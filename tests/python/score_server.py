"""A server that answers POST /score as CONTRACTS.md says, over a model of this process: what a client can meet."""
import base64
import json
import os
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import medimageinsight as mi2

REFUSAL = {"message": "not now"}


class ScoreServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, models, key=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.models = models  # profile -> model
        self.key = key
        self.requests = []  # (headers, parsed body)
        self.refusals = []  # (status, headers) for the next requests, before any is answered
        self.busy = 0
        self.busiest = 0
        self.before = lambda rows: None  # called before a request is answered
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.requests.append((dict(self.headers), body))
            refusal = server.refusals.pop(0) if server.refusals else None
            server.busy += 1
            server.busiest = max(server.busiest, server.busy)
        try:
            answer = refusal or self.scored(body)
        finally:
            # Before the answer leaves: a client may send its next request as soon as it has this one's.
            with server.lock:
                server.busy -= 1
        if answer == "drop":
            self.close_connection = True
            self.connection.close()
        else:
            self.send(*answer)

    def scored(self, body):
        """Status, headers and body of the answer to a request."""
        server = self.server
        if self.path != "/score":
            return 404, {}, {"message": "no such route"}
        if server.key and self.headers.get("authorization") != f"Bearer {server.key}":
            return 401, {}, {"message": "missing or wrong key"}
        server.before(body["input_data"]["data"])
        params = body.get("params") or {}
        model = server.models[params.get("profile", "azure")]
        answers = []
        for i, (image, text) in enumerate(body["input_data"]["data"]):
            row = {}
            try:
                if image:
                    row["image_features"] = model.embed_images(base64.b64decode(image)).tolist()
                if text:
                    row["text_features"] = model.embed_texts(text).tolist()
            except mi2.Error as error:
                return 422 if error.code == "bad_file" else 400, {}, {"message": f"row {i}: image: {error}"}
            if params.get("get_scaling_factor", True):
                row["scaling_factor"] = model.logit_scale
            answers.append(row)
        told = model.provenance
        return 200, {"x-mi2-version": told.version, "x-mi2-weights-sha256": told.weights_sha256,
                     "x-mi2-profile": told.profile, "x-mi2-dtype": told.dtype,
                     "x-mi2-instructions": told.instructions}, answers

    def send(self, status, headers, body=REFUSAL):
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": len(content), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(models, key=None):
    server = ScoreServer(models, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served(model_path):
    """Runs `mi2 serve`; gives its URL once it is ready."""
    with subprocess.Popen([os.environ["MI2_BIN"], "serve", "--model", model_path, "--port", "0", "--dtype", "f32"],
                          stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            assert line.startswith("listening on http://"), line
            url = line.split()[-1]
            for _ in range(300):
                try:
                    if urllib.request.urlopen(url + "/health/ready", timeout=5).status == 200:
                        break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            server.terminate()

"""A short form of `make bench-serving`: the load script finds a real server in order, and disorder it would see."""
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from conftest import IMAGES, PATIENCE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "bench" / "serving" / "load.py"
PICTURES = [str(IMAGES / name) for name in ("gray.png", "colour_a.jpg", "rgba.png", "palette.png")]


def load(url, *arguments):
    done = subprocess.run([sys.executable, str(SCRIPT), "--url", url, *map(str, arguments), *PICTURES],
                          capture_output=True, text=True, timeout=5 * PATIENCE, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def url_of(server):
    return f"http://{server.host}:{server.port}"


def test_sixteen_clients_among_200_connections_get_each_their_own_answers(serve):
    server = serve()
    status, result = load(url_of(server), "--clients", 16, "--connections", 200, "--requests", 400, "--bad", 0.1,
                          "--pid", server.process.pid)
    assert status == 0, result
    assert result["good"] >= 400 and result["bad"] > 0 and result["wrong"] == 0
    # 16 requests of at most two rows cannot fill 1024 places.
    assert result["overloaded"] == 0
    assert result["connections"] >= 200 and result["silent_that_answer"] == result["silent"] == 184
    assert result["memory"] and all(sample["bytes"] > 0 for sample in result["memory"])
    answered = server.metric('mi2_requests_total{route="score",status="200"}')
    assert answered >= result["good"] + len(PICTURES)


def test_a_queue_that_is_too_short_refuses_and_never_when_it_is_not_full(serve):
    server = serve("--max-queue", 4, "--max-batch", 1)
    status, result = load(url_of(server), "--clients", 16, "--requests", 60, "--max-queue", 4)
    assert status == 0, result
    assert result["overloaded"] > 0 and result["overloaded_unduly"] == 0
    assert server.metric('mi2_failures_total{kind="overloaded"}') >= result["overloaded"]


def test_requests_are_counted_and_end_the_load(serve):
    server = serve()
    status, result = load(url_of(server), "--clients", 4, "--requests", 40, "--texts")
    assert status == 0 and result["good"] >= 40, result


class Disorder(http.server.BaseHTTPRequestHandler):
    """Answers with a request's length at first; the next ones with the length of the one before, or with 429."""
    protocol_version, fault = "HTTP/1.1", ""
    answered, before = 0, 0

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("retry-after", "1")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, b"mi2_connections 1\n")

    def do_POST(self):
        kind = type(self)
        body = self.rfile.read(int(self.headers["content-length"]))
        kind.answered += 1
        before, kind.before = kind.before, len(body)
        disordered = len(PICTURES) < kind.answered <= len(PICTURES) + 20
        if disordered and kind.fault == "overloaded":
            self.answer(429, b"{}")
        else:
            self.answer(200, b"[%d]" % (before if disordered and kind.fault == "swapped" else len(body)))


def load_on_disorder(fault):
    handler = type("Handler", (Disorder,), {"fault": fault})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            return load(f"http://127.0.0.1:{server.server_address[1]}", "--clients", 4, "--requests", 40)
        finally:
            server.shutdown()


def test_swapped_answers_and_refusals_that_were_not_due_are_seen():
    status, result = load_on_disorder("none")
    assert status == 0 and result["wrong"] == 0, result
    status, result = load_on_disorder("swapped")
    assert status == 1 and result["wrong"] > 0, result
    status, result = load_on_disorder("overloaded")
    assert status == 1 and result["overloaded_unduly"] > 0, result


def test_the_script_refuses_pictures_it_could_not_tell_apart(serve, tmp_path):
    # The same pixels in two files, whose bytes differ after the end of the picture.
    copy = tmp_path / "copy.png"
    copy.write_bytes((IMAGES / "gray.png").read_bytes() + b"\0\0\0")
    server = serve()
    done = subprocess.run([sys.executable, str(SCRIPT), "--url", url_of(server), str(IMAGES / "gray.png"), str(copy)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 1 and "same answer" in done.stderr, done.stderr

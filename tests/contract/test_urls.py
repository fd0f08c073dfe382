"""Pictures by URL: only from hosts the operator names, and never into his network."""
import http.server
import json
import socket
import threading
import time

import pytest
from conftest import IMAGES, picture, score_body


@pytest.fixture
def pictures():
    """A web server on loopback; gives the port and the paths it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/gray.png")
                self.end_headers()
                return
            data = b"\0" * (40 << 20) if self.path == "/large" else (IMAGES / "gray.png").read_bytes()
            self.send_response(200)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                pass

        def log_message(self, *arguments):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()


def test_a_url_is_refused_unless_the_operator_names_its_host(serve, pictures):
    port, asked = pictures
    answer = serve().score([f"http://127.0.0.1:{port}/gray.png", ""])
    assert answer.status == 400 and answer.json()["message"].startswith("row 1: image:") and asked == []


def test_a_private_address_is_refused_even_under_an_allowed_name(serve, pictures):
    port, asked = pictures
    server = serve("--allow-url-host", f"localhost:{port}", "--allow-url-host", f"127.0.0.1:{port}")
    for host in ("localhost", "127.0.0.1"):
        answer = server.score([f"http://{host}:{port}/gray.png", ""])
        assert answer.status == 400 and "not public" in answer.json()["message"]
    assert asked == []


def test_an_allowed_url_gives_the_same_vector_as_its_bytes(serve, pictures):
    port, asked = pictures
    server = serve("--allow-url-host", f"127.0.0.1:{port}", "--allow-url-private")
    answer = server.score([f"http://127.0.0.1:{port}/gray.png?x=1", ""], [picture("rgba.png"), ""])
    assert answer.status == 200 and asked == ["/gray.png?x=1"]
    assert answer.json() == server.score([picture(), ""], [picture("rgba.png"), ""]).json()


def test_other_ports_redirects_large_and_missing_pictures_are_bad_rows(serve, pictures):
    port, _ = pictures
    server = serve("--allow-url-host", f"127.0.0.1:{port}", "--allow-url-private")
    for url in (f"http://127.0.0.1:{port + 1}/gray.png", f"http://127.0.0.1:{port}/moved", f"https://127.0.0.1:{port}/",
                f"http://127.0.0.1:{port}/large", f"http://u:p@127.0.0.1:{port}/gray.png"):
        answer = server.score([picture(), ""], [url, ""])
        assert answer.status in (400, 422) and answer.json()["message"].startswith("row 2: image:"), (url, answer.body)
        assert "127.0.0.1" not in answer.json()["message"]
    assert server.score([picture(), ""]).status == 200
    for kind in ("image", "text"):
        assert server.metric(f'mi2_queue_size{{kind="{kind}"') == 0


class SilentHost:
    """Takes connections and the request, and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def take(self, start=b"GET "):
        """The connection of a fetch, once it has sent something."""
        self.listener.settimeout(60)
        connection, _ = self.listener.accept()
        connection.settimeout(60)
        assert connection.recv(65536).startswith(start)
        return connection


@pytest.fixture
def silent():
    host = SilentHost()
    yield host
    host.listener.close()


# A fetch has ten seconds; a client that is gone is looked for four times a second.
AT_ONCE = 5


@pytest.mark.parametrize("scheme,first", [("http", b"GET "), ("https", b"\x16")])
def test_a_fetch_ends_with_the_client_that_asked_for_it(serve, silent, scheme, first):
    server = serve("--allow-url-host", f"127.0.0.1:{silent.port}", "--allow-url-private")
    body = json.dumps(score_body([f"{scheme}://127.0.0.1:{silent.port}/a.png", ""])).encode()
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                       + str(len(body)).encode() + b"\r\n\r\n" + body)
        fetch = silent.take(first)
    start = time.monotonic()
    assert fetch.recv(1) == b""
    assert time.monotonic() - start < AT_ONCE
    fetch.close()
    server.wait_for(lambda: [row for row in server.records("request") if row.get("outcome") == "disconnected"])
    assert server.score([picture(), ""]).status == 200


def test_a_server_that_is_stopped_waits_for_no_fetch(serve, silent):
    server = serve("--allow-url-host", f"127.0.0.1:{silent.port}", "--allow-url-private")
    answers = []
    client = threading.Thread(target=lambda: answers.append(
        server.score([picture(), ""], [f"http://127.0.0.1:{silent.port}/a.png", ""])))
    client.start()
    fetch = silent.take()
    start = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - start < AT_ONCE
    client.join(timeout=60)
    assert answers[0].status == 429 and "the server is stopping" in answers[0].body.decode()
    fetch.close()


def test_a_server_that_is_stopped_waits_for_no_connection(serve, silent):
    """The host's queue of connections is full: it answers none."""
    silent.listener.listen(0)
    waiting = []
    for _ in range(4):
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(("127.0.0.1", silent.port))
    server = serve("--allow-url-host", f"127.0.0.1:{silent.port}", "--allow-url-private")
    answers = []
    client = threading.Thread(target=lambda: answers.append(server.score([f"http://127.0.0.1:{silent.port}/a.png", ""])))
    client.start()
    time.sleep(1)  # nothing tells that it is connecting
    assert not answers
    start = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - start < AT_ONCE
    client.join(timeout=60)
    assert answers[0].status == 429
    for one in waiting:
        one.close()

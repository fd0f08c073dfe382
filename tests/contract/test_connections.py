"""What a connection may do: stay, hurry, wait, half close, break off."""
import json
import socket
import ssl
import time

import pytest
from conftest import picture, read_all, score_body, status_of

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


def post(path, body, extra=b""):
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n" % (
        path, len(body), extra)


def test_a_connection_serves_many_requests(serve):
    server = serve()
    client = server.connect()
    for _ in range(20):
        assert server.get("/health/live", connection=client).status == 200
        assert server.score(["", "chest x-ray"], connection=client).status == 200
    assert server.metric("mi2_connections") == 2  # the one that asks for metrics, too


def test_pipelined_requests_are_answered_in_order(serve):
    server = serve()
    body = json.dumps(score_body(["", "chest x-ray"])).encode()
    with server.socket() as client:
        client.sendall(GET + post(b"/score", body) + body + GET + b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n" +
                       b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = read_all(client)
    assert received.count(b"HTTP/1.1 ") == 5 and received.endswith(b"Healthy")
    assert received.index(b"text_features") < received.index(b"HTTP/1.1 404")


def test_expect_continue_is_answered_before_the_body(serve):
    server = serve()
    body = json.dumps(score_body(["", "chest x-ray"])).encode()
    with server.socket() as client:
        client.sendall(post(b"/score", body, b"Expect: 100-continue\r\n"))
        assert client.recv(100) == INTERIM
        client.sendall(body)
        assert client.recv(20).startswith(b"HTTP/1.1 200")


def test_expect_continue_of_what_will_be_refused_is_refused_at_once(serve):
    server = serve("--max-body", 1000)
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert status_of(read_all(client)) == 413


def ask_half_closed(server, request):
    """(whether an interim answer came first, the answer) for a client that ends its sending half."""
    with server.socket() as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        received = read_all(client)
    return received.startswith(INTERIM), received.removeprefix(INTERIM)


def test_a_half_closed_client_gets_its_answer(serve):
    body = json.dumps(score_body([picture(), "chest x-ray"])).encode()
    _, answer = ask_half_closed(serve(), post(b"/score", body) + body)
    assert status_of(answer) == 200 and b"image_features" in answer


def slow(server, version=b"HTTP/1.1"):
    """A request that takes seconds, with --max-batch 1, and how many rows it has: fewer where a row takes long."""
    fastest = float("inf")  # other work on the machine makes a single one look slow
    for _ in range(5):
        start = time.monotonic()
        assert server.score([picture(), ""]).status == 200
        fastest = min(fastest, time.monotonic() - start)
    rows = min(400, max(16, int(6 / fastest)))
    body = json.dumps(score_body(*[[picture(), ""]] * rows)).encode()
    return (post(b"/score", body) + body).replace(b"HTTP/1.1", version, 1), rows


def test_a_half_closed_client_of_a_slow_request_is_asked_whether_it_reads_and_gets_its_answer(serve):
    server = serve("--max-batch", 1)
    request, rows = slow(server)
    asked, answer = ask_half_closed(server, request)
    assert asked and status_of(answer) == 200
    assert answer.count(b"image_features") == rows


def test_a_half_closed_client_of_http_1_0_gets_its_answer_alone(serve):
    server = serve("--max-batch", 1)
    request, rows = slow(server, b"HTTP/1.0")
    asked, answer = ask_half_closed(server, request)
    assert not asked and status_of(answer) == 200 and answer.count(b"image_features") == rows


@pytest.mark.parametrize("way", ["closed", "reset", "closed over TLS"])
def test_rows_of_clients_that_are_gone_are_not_computed(serve, certificate, way):
    options = ("--tls-cert", certificate[0], "--tls-key", certificate[1])
    server = serve("--max-batch", 1, *(options if "TLS" in way else ()))
    request, rows = slow(server)
    before = server.metric('mi2_batch_size_sum{kind="image"')
    client = server.socket()
    if "TLS" in way:
        context = ssl.create_default_context(cafile=certificate[0])
        client = context.wrap_socket(client, server_hostname="localhost")
    client.sendall(request)
    server.wait_for(lambda: server.metric("mi2_queue_size") > 0)
    if way == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    record, = server.wait_for(lambda: [each for each in server.records("request") if each.get("images") == rows])
    assert (record["outcome"], record["status"], record["route"]) == ("disconnected", 0, "score")
    assert server.metric('mi2_failures_total{kind="disconnected"}') == 1
    server.wait_for(lambda: server.metric("mi2_queue_size") == 0)
    assert server.metric('mi2_batch_size_sum{kind="image"') - before < rows / 2
    assert server.metric("mi2_buffered_bytes") == 0
    assert server.score([picture(), ""]).status == 200


def test_clients_that_break_off_harm_nobody(serve):
    server = serve()
    body = json.dumps(score_body([picture("large.jpg"), "chest x-ray"])).encode()
    for cut in (1, 20, 60, 120, 200, len(body) // 2, len(body) + 100):
        client = server.socket()
        client.sendall((post(b"/score", body) + body)[:cut])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    assert server.score([picture(), "chest x-ray"]).status == 200
    server.wait_for(lambda: server.metric("mi2_connections") == 1)
    assert server.metric("mi2_buffered_bytes") == 0


def test_slow_headers_and_idle_connections_are_cut_off(serve):
    server = serve("--header-timeout", 1, "--idle-timeout", 1)
    with server.socket() as slow, server.socket() as idle:
        slow.sendall(b"GET / HTTP/1.1\r\nHo")
        assert read_all(slow) == b"" and read_all(idle) == b""
    assert server.metric('mi2_failures_total{kind="timeout"}') == 1


def test_slow_bodies_are_cut_off(serve):
    server = serve("--transfer-timeout", 1)
    with server.socket() as client:
        client.sendall(post(b"/score", b"x" * 100))
        received = b""
        try:
            for _ in range(100):
                client.sendall(b" ")
                client.settimeout(0.2)
                try:
                    received = client.recv(100)
                    break
                except TimeoutError:
                    pass
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert received == b""
    server.wait_for(lambda: server.metric("mi2_connections") == 1)
    assert server.metric('mi2_failures_total{kind="timeout"}') == 1


def test_a_client_that_does_not_read_its_answer_is_cut_off(serve):
    server = serve("--transfer-timeout", 1)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((server.host, server.port))
    try:
        # Answers of 46 KB each, more of them than buffers hold.
        client.settimeout(0.5)
        for _ in range(2000):
            client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass
    server.wait_for(lambda: server.metric("mi2_connections") == 1)
    client.close()
    assert [record for record in server.records("request") if record["outcome"] == "timeout"]


def test_a_thousand_open_connections_are_served(serve):
    server = serve()
    clients = [server.socket() for _ in range(1000)]
    server.wait_for(lambda: server.metric("mi2_connections") >= 1000)
    for client in clients:
        client.sendall(GET)
    assert all(client.recv(20).startswith(b"HTTP/1.1 200") for client in clients)
    for client in clients:
        client.close()
    server.wait_for(lambda: server.metric("mi2_connections") == 1)


def test_connections_over_the_cap_are_told_so(serve):
    server = serve("--max-connections", 3, wait=False)
    clients = [server.socket() for _ in range(3)]
    for client in clients:
        client.sendall(GET)
        assert client.recv(20).startswith(b"HTTP/1.1 200")
    with server.socket() as one_more:
        received = read_all(one_more)
    assert status_of(received) == 503 and b"Retry-After" in received
    clients[0].close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with server.socket() as again:
            again.sendall(GET)
            if again.recv(20).startswith(b"HTTP/1.1 200"):
                break
    else:
        raise AssertionError("no place was given back")
    for client in clients[1:]:
        client.close()

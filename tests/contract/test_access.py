"""Who may ask: keys, TLS, CORS; and what is told about them."""
import signal
import socket
import ssl

import pytest
from conftest import PATIENCE, read_all

KEYS = ["first-key-0123456789", "second-key-0123456789"]


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text("# operators\n" + "\n".join(KEYS) + "\n\n")
    return path


@pytest.mark.parametrize("header", [
    {"authorization": f"Bearer {KEYS[0]}"}, {"authorization": f"bearer {KEYS[1]}"},
    {"api-key": KEYS[0]}, {"x-api-key": KEYS[1]}])
def test_each_key_opens_every_route_in_each_header(serve, key_file, header):
    server = serve("--api-key-file", key_file)
    for path in ("/info", "/metrics", "/v1/models"):
        assert server.get(path, headers=header).status == 200
    assert server.score(["", "chest x-ray"], headers=header).status == 200


def test_without_a_key_only_health_and_documentation_answer(serve, key_file):
    server = serve("--api-key-file", key_file)
    for path in ("/health/live", "/health/ready", "/", "/ping", "/openapi.json", "/docs"):
        assert server.get(path).status == 200, path
    wrong = [{}, {"authorization": "Bearer "}, {"authorization": f"Basic {KEYS[0]}"}, {"api-key": KEYS[0][:-1]},
             {"api-key": KEYS[0] + "x"}, {"api-key": "# operators"}]
    for headers in wrong:
        answer = server.score(["", "chest x-ray"], headers=headers)
        assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert "message" in answer.json()
    assert server.get("/metrics").status == 401 and server.get("/no/such/path").status == 401


def test_an_encoded_slash_separates_no_segments(serve):
    server = serve()
    assert server.get("/v1/%6dodels").status == 200
    for path in ("/v1%2Fmodels", "/v1%2fmodels", "/v1/models%2Fdefault", "/v1/models/a%2Fb"):
        assert server.get(path).status == 404, path


def test_keys_are_read_anew_on_hangup(serve, key_file):
    server = serve("--api-key-file", key_file)
    key_file.write_text("third-key-0123456789\n")
    server.send(signal.SIGHUP)
    server.wait_for(lambda: server.get("/info", headers={"api-key": "third-key-0123456789"}).status == 200)
    assert server.get("/info", headers={"api-key": KEYS[0]}).status == 401
    key_file.write_text("short\n")
    server.send(signal.SIGHUP)
    server.wait_for(lambda: server.records("reload_failed"))
    assert server.get("/info", headers={"api-key": "third-key-0123456789"}).status == 200


def handshake(server, certificate, version):
    context = ssl.create_default_context(cafile=certificate)
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((server.host, server.port), timeout=PATIENCE) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return secure.recv(64)


def test_tls_serves_with_the_given_certificate(serve, certificate):
    server = serve("--tls-cert", certificate[0], "--tls-key", certificate[1])
    assert server.scheme == "https"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert handshake(server, certificate[0], version).startswith(b"HTTP/1.1 200")
    assert server.score(["", "chest x-ray"]).status == 200


def test_tls_before_1_2_and_plain_http_are_refused(serve, certificate):
    server = serve("--tls-cert", certificate[0], "--tls-key", certificate[1])
    with pytest.raises((ssl.SSLError, ConnectionError, ValueError)):
        handshake(server, certificate[0], ssl.TLSVersion.TLSv1_1)
    with server.socket() as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(4096).startswith(b"HTTP/")
    assert server.get("/health/live").status == 200


def test_cors_lets_listed_origins_read_and_no_other(serve):
    server = serve(environment={"AML_CORS_ORIGINS": "https://viewer.example, https://other.example:8443"})
    preflight = {"origin": "https://viewer.example", "access-control-request-method": "POST"}
    answer = server.request("OPTIONS", "/score", headers=preflight)
    assert answer.status == 204 and answer.headers["access-control-allow-origin"] == preflight["origin"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    names = "content-type, X-Stainless-OS,x-stainless-retry-count, x-other, x-stainless-a_b"
    answer = server.request("OPTIONS", "/score", headers={**preflight, "access-control-request-headers": names})
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed.endswith(", x-stainless-os, x-stainless-retry-count") and "x-other" not in allowed
    answer = server.get("/", headers={"origin": "https://other.example:8443"})
    assert answer.headers["access-control-allow-origin"] == "https://other.example:8443"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    for origin in ("https://viewer.example.evil.example", "null", "http://viewer.example"):
        answer = server.request("OPTIONS", "/score", headers={**preflight, "origin": origin})
        assert answer.status == 200 and "access-control-allow-origin" not in answer.headers


def test_caches_hear_of_all_that_an_answer_depends_on(serve):
    server = serve("--cors-origin", "https://viewer.example")
    with server.socket() as client:
        client.sendall(b"GET /ui/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = read_all(client).partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nvary: origin" in head
    if b" 404 " in head:
        pytest.skip("built without the page")
    assert b"\r\nvary: accept-encoding" in head


def test_ids_and_trace_context_come_back(serve):
    server = serve()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = server.get("/", headers={"x-request-id": "study-7", "x-ms-client-request-id": "c-1", "traceparent": trace})
    assert answer.headers["x-request-id"] == "study-7" and answer.headers["x-ms-client-request-id"] == "c-1"
    assert answer.headers["traceparent"] == trace
    assert answer.headers["x-ms-run-fn-exec-ms"].split(".")[1].__len__() == 3
    assert "traceparent" not in server.get("/", headers={"traceparent": trace.upper()}).headers
    assert server.get("/", headers={"x-ms-client-request-id": "c" * 101}).status == 431
    record = server.wait_for(lambda: [r for r in server.records("request") if r["request_id"] == "study-7"])[0]
    assert record["trace_id"] == trace.split("-")[1] and record["client_request_id"] == "c-1"


def test_the_log_holds_no_key_text_payload_or_path(serve, key_file):
    from conftest import picture
    server = serve("--api-key-file", key_file)
    text, payload = "secret-finding-of-a-patient", picture()
    headers = {"authorization": f"Bearer {KEYS[0]}", "user-agent": "agent-of-doe-john"}
    assert server.score([payload, text], headers=headers).status == 200
    assert server.score([payload[:400], text], headers=headers).status in (400, 422)
    assert server.get("/patients/doe-john?name=doe-john", headers=headers).status == 404
    assert server.get("/info", headers={"api-key": "wrong-key-0123456789"}).status == 401
    assert server.post("/score", {"doe-john": text}, headers=headers).status == 400
    server.end()
    log = "".join(server.lines)
    assert len(server.records("request")) >= 5
    for secret in (*KEYS, "wrong-key", text, payload[:32], payload[200:232], "doe-john"):
        assert secret not in log

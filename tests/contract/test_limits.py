"""Limits hold before memory is spent, and each has its own answer."""
import json
import struct
import zlib
from base64 import b64encode

import pytest
from conftest import picture, read_all, score_body, status_of

BODY_LIMIT = 100 << 20


def pixel_bomb(side):
    """A PNG header that promises side x side pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_a_body_over_the_limit_is_413_before_it_is_read(serve):
    server = serve()
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1))
        assert status_of(client.recv(1000)) == 413


def test_a_client_that_sends_the_whole_of_it_still_reads_its_413(serve):
    server = serve()
    answer = server.post("/score", b" " * (BODY_LIMIT + 1))
    assert answer.status == 413 and "message" in answer.json()
    assert server.metric("mi2_resident_bytes") < 1 << 30


def test_a_chunked_body_over_the_limit_is_413(serve):
    server = serve("--max-body", 1000)
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                       b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n")
        assert status_of(client.recv(1000)) == 413


def test_bodies_that_are_too_large_together_are_429(serve):
    server = serve("--max-buffered", 100_000, "--max-body", 1_000_000)
    answer = server.post("/score", b" " * 500_000)
    assert answer.status == 429 and "retry-after" in answer.headers
    assert server.score(["", "chest x-ray"]).status == 200


def test_answers_that_are_too_large_together_are_429(serve):
    server = serve("--max-buffered", 100_000, "--max-body", 1_000_000)
    one = server.post("/encode", {"texts": ["0"]})
    assert one.status == 200
    texts = [str(i) for i in range(120_000 // len(one.body) + 1)]
    assert len(json.dumps(texts)) < 20_000
    answer = server.post("/encode", {"texts": texts})
    assert answer.status == 429 and "retry-after" in answer.headers and b"answers" in answer.body
    assert server.score(["", "chest x-ray"]).status == 200
    assert server.metric("mi2_buffered_bytes") == 0


def test_a_body_that_was_refused_leaves_its_memory_to_others(serve):
    server = serve("--max-buffered", 1_000_000)
    with server.socket() as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n" + b" " * 2_000_000)
        assert status_of(client.recv(1000)) == 429
        # What still comes of it is read and thrown away meanwhile.
        assert server.metric("mi2_buffered_bytes") == 0


@pytest.mark.parametrize("header", [b"X: " + b"a" * 20_000, b"\r\n".join(b"X%d: y" % i for i in range(3000))])
def test_a_header_over_the_limit_is_431(serve, header):
    server = serve()
    with server.socket() as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + header + b"\r\n\r\n")
        assert status_of(read_all(client)) == 431


def test_rows_over_the_limit_are_413(serve):
    server = serve("--max-rows", 3)
    assert server.score(*[["", "a"]] * 3).status == 200
    assert server.score(*[["", "a"]] * 4).status == 413


def test_a_pixel_bomb_is_refused_as_a_bad_row(serve):
    server = serve()
    answer = server.score([b64encode(pixel_bomb(60_000)).decode(), ""])
    assert answer.status in (400, 422) and answer.json()["message"].startswith("row 1: image:")
    assert server.metric("mi2_resident_bytes") < 1 << 30
    assert server.score([picture(), ""]).status == 200


def test_max_pixels_is_the_operators(serve):
    assert serve("--max-pixels", 100).score([picture(), ""]).status in (400, 422)


@pytest.mark.parametrize("garbage", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, b"\0" * 100 + b"\r\n\r\n", b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n", b"POST /score HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /score HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /score HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /a\x01b HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"])
def test_what_is_not_http_is_refused_and_does_no_harm(serve, garbage):
    server = serve()
    with server.socket() as client:
        client.sendall(garbage)
        client.shutdown(1)
        received = read_all(client)
    assert received == b"" or status_of(received) in (400, 413, 404, 405)
    assert server.get("/health/live").status == 200


def test_deep_json_is_refused(serve):
    server = serve()
    for body in (b"[" * 1_000_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000):
        assert server.post("/score", body).status == 400
    assert json.loads(server.post("/score", b"{").body)["message"]
    assert server.post("/score", score_body(["", "a"]), headers={"content-type": "text/html"}).status == 415

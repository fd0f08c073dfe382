"""Where a request ends: a corpus of framings with the verdict of RFC 9112 for each. What is not clear is refused with one
answer and the end of the connection; what follows it, here a request for /metrics, must never be answered."""
import json
from pathlib import Path

import pytest
from conftest import Server, read_all, score_body, status_of

BODY = json.dumps(score_body(["", "chest x-ray"])).encode()
NEXT = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TE = b"Transfer-Encoding: "


def request(fields, body=b"", version=b"1.1", host=b"Host: x\r\n", target=b"/score"):
    return (b"POST " + target + b" HTTP/" + version + b"\r\n" + host + b"Content-Type: application/json\r\n" + fields +
            b"\r\n" + body)


def chunks(text):
    return request(TE + b"chunked\r\n", text)


# 200: read, and the next request on the connection is answered, too. Anything else: one answer, then the end.
FRAMINGS = {
    # Transfer-Encoding: RFC 9112, 6.1 and 6.3; RFC 9110, 5.6.1 (lists)
    "chunked": (request(TE + b"chunked\r\n", CHUNKED), 200),
    "chunked in capitals": (request(TE + b"CHUNKED\r\n", CHUNKED), 200),
    "blanks around chunked": (request(b"Transfer-Encoding:\t chunked \t\r\n", CHUNKED), 200),
    "an extension of a chunk": (chunks(b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)), 200),
    "a trailer": (chunks(CHUNKED[:-2] + b"X-Checksum: 1\r\n\r\n"), 200),
    "a trailer that would frame": (chunks(CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n"), (200, 400)),
    "xchunked": (request(TE + b"xchunked\r\n"), 400),
    "identity": (request(TE + b"identity\r\n"), 400),
    "quoted chunked": (request(TE + b'"chunked"\r\n'), 400),
    "chunked, identity": (request(TE + b"chunked, identity\r\n"), 400),
    "identity, chunked": (request(TE + b"identity, chunked\r\n", CHUNKED), 501),
    "gzip, chunked": (request(TE + b"gzip, chunked\r\n", CHUNKED), 501),
    "gzip": (request(TE + b"gzip\r\n"), 400),
    "chunked twice": (request(TE + b"chunked, chunked\r\n", CHUNKED), 400),
    "chunked on two lines": (request((TE + b"chunked\r\n") * 2, CHUNKED), 400),
    "chunked, then identity on another line": (request(TE + b"chunked\r\n" + TE + b"identity\r\n"), 400),
    "identity, then chunked on another line": (request(TE + b"identity\r\n" + TE + b"chunked\r\n", CHUNKED), 501),
    "no coding": (request(TE + b"\r\n"), 400),
    "only commas": (request(TE + b", ,\r\n"), 400),
    "chunked with a parameter": (request(TE + b"chunked;q=1\r\n"), 400),
    "a vertical tab before chunked": (request(TE + b"\x0bchunked\r\n"), 400),
    "a no-break space before chunked": (request(TE + b"\xa0chunked\r\n"), 400),
    "a NUL after chunked": (request(TE + b"chunked\x00\r\n"), 400),
    "a blank before the colon": (request(b"Transfer-Encoding : chunked\r\n", CHUNKED), 400),
    "an underscore is another name": (request(b"Transfer_Encoding: chunked\r\n" + LENGTH, BODY), 200),
    "chunked, then a length": (request(TE + b"chunked\r\n" + LENGTH, CHUNKED), 400),
    "a length, then chunked": (request(LENGTH + TE + b"chunked\r\n", CHUNKED), 400),
    "a length and identity": (request(LENGTH + TE + b"identity\r\n", BODY), 400),
    "chunked in HTTP/1.0": (request(TE + b"chunked\r\n", CHUNKED, version=b"1.0"), 400),
    # Chunks: RFC 9112, 7.1
    "a chunk's size with 0x": (chunks(b"0x5\r\nabcde\r\n0\r\n\r\n"), 400),
    "a chunk's size with a sign": (chunks(b"+5\r\nabcde\r\n0\r\n\r\n"), 400),
    "a chunk without a size": (chunks(b"\r\nabcde\r\n0\r\n\r\n"), 400),
    "a chunk's size beyond 64 bits": (chunks(b"10000000000000005\r\nabcde\r\n0\r\n\r\n"), (400, 413)),
    "a chunk longer than its size": (chunks(b"3\r\nabcde\r\n0\r\n\r\n"), 400),
    "a chunk's line ends in LF": (chunks(b"5\nabcde\r\n0\r\n\r\n"), 400),
    # Content-Length: RFC 9112, 6.2 and 6.3
    "a length": (request(LENGTH, BODY), 200),
    "a length with zeros in front": (request(b"Content-Length: 00%d\r\n" % len(BODY), BODY), 200),
    "two lengths": (request(LENGTH + b"Content-Length: 5\r\n", BODY), 400),
    "one length twice": (request(LENGTH * 2, BODY), 400),
    "one length as a list": (request(b"Content-Length: %d, %d\r\n" % (len(BODY), len(BODY)), BODY), 400),
    "a length with a sign": (request(b"Content-Length: +%d\r\n" % len(BODY), BODY), 400),
    "a negative length": (request(b"Content-Length: -1\r\n"), 400),
    "a length in hexadecimal": (request(b"Content-Length: 0x10\r\n", BODY), 400),
    "a length that is empty": (request(b"Content-Length:\r\n"), 400),
    "a length with a blank inside": (request(b"Content-Length: 1 0\r\n", BODY), 400),
    "a length beyond 64 bits": (request(b"Content-Length: 18446744073709551621\r\n", BODY), (400, 413)),
    # Host: RFC 9112, 3.2
    "no host": (request(LENGTH, BODY, host=b""), 400),
    "no host in HTTP/1.0": (request(LENGTH + b"Connection: keep-alive\r\n", BODY, host=b"", version=b"1.0"), 200),
    "two hosts": (request(LENGTH, BODY, host=b"Host: x\r\nHost: x\r\n"), 400),
    "two hosts in HTTP/1.0": (request(LENGTH, BODY, host=b"Host: x\r\nHost: y\r\n", version=b"1.0"), 400),
    "an empty host": (request(LENGTH, BODY, host=b"Host:\r\n"), 200),
    "a host with a port": (request(LENGTH, BODY, host=b"Host: [::1]:5001\r\n"), 200),
    "a host with a user": (request(LENGTH, BODY, host=b"Host: a@x\r\n"), 400),
    "a host with a path": (request(LENGTH, BODY, host=b"Host: x/y\r\n"), 400),
    "a host with a blank": (request(LENGTH, BODY, host=b"Host: x y\r\n"), 400),
    "an absolute target": (request(LENGTH, BODY, target=b"http://x/score"), 200),
    # Lines: RFC 9112, 2.2, 3 and 5
    "an empty line before the request": (b"\r\n" + request(LENGTH, BODY), 200),
    "a folded line": (request(LENGTH + b"X-A: b\r\n c\r\n", BODY), 400),
    "a folded line with a tab": (request(LENGTH + b"X-A: b\r\n\tc\r\n", BODY), 400),
    "a folded length": (request(b"Content-Length:\r\n 5\r\n"), 400),
    "a folded coding": (request(TE + b"\r\n chunked\r\n", CHUNKED), 400),
    "a fold after a line without a value": (request(LENGTH + b"X-A:\r\n \r\n", BODY), 400),
    "a blank before the first field": (request(LENGTH, BODY, host=b" Host: x\r\n"), 400),
    "a line that ends in LF": (request(b"X-A: b\n" + LENGTH, BODY), 400),
    "a CR inside a line": (request(b"X-A: b\rc\r\n" + LENGTH, BODY), 400),
    "a NUL in a value": (request(b"X-A: b\x00c\r\n" + LENGTH, BODY), 400),
    "a field without a colon": (request(b"X-A\r\n" + LENGTH, BODY), 400),
    "a field without a name": (request(b": a\r\n" + LENGTH, BODY), 400),
    "two blanks in the first line": (request(LENGTH, BODY, target=b" /score"), 400),
    "a tab in the first line": (request(LENGTH, BODY, target=b"/score\t"), 400),
    "another protocol": (request(LENGTH, BODY, version=b"2.0"), 400),
}


@pytest.fixture(scope="module")
def server():
    started = Server()
    yield started
    assert started.end() == 0


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_request_ends_where_rfc_9112_says(server, name):
    sent, verdict = FRAMINGS[name]
    verdicts = verdict if isinstance(verdict, tuple) else (verdict,)
    with server.socket() as client:
        client.sendall(sent + NEXT)
        received = read_all(client)
    status = status_of(received)
    assert status in verdicts
    assert received.count(b"HTTP/1.1 ") + received.count(b"HTTP/1.0 ") == (2 if status == 200 else 1), received
    assert (b"mi2_requests" in received) == (status == 200)


def test_the_request_that_was_answered_twice_has_one_answer(server):
    """The file, byte for byte, that a search for faults sent."""
    with server.socket() as client:
        client.sendall((Path(__file__).parent / "smuggle.http").read_bytes())
        received = read_all(client)
    assert status_of(received) == 400 and received.count(b"HTTP/1.1 ") == 1 and b"mi2_requests" not in received, received


def test_the_framings_do_not_depend_on_how_the_network_cuts_them(server):
    for name in ("chunked", "a folded line", "xchunked", "an empty line before the request", "two hosts"):
        sent, verdict = FRAMINGS[name]
        with server.socket() as client:
            for i in range(0, len(sent), 7):
                client.sendall(sent[i:i + 7])
            client.sendall(NEXT)
            assert status_of(read_all(client)) == verdict, name

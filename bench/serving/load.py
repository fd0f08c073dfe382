#!/usr/bin/env python3
"""Load on a server of mi2 on this machine, with every answer checked; prints JSON.

    load.py --url http://127.0.0.1:5001 [--clients 64] [--seconds 60 | --requests N] [--rows 1] [--bad 0.05]
            [--idle 0] [--texts] IMAGE...

One thread drives all connections over raw sockets, so that the load takes little of the machine it measures. Each
client asks for one of the images (or, with --texts, for texts), again and again; a share of the requests carries a
damaged image and must be refused as a bad row. A good request's answer must be, byte for byte, the one that the same
request got alone before the load began. Answers of 429 are counted and asked again after a moment.
"""
import argparse
import base64
import heapq
import json
import random
import resource
import selectors
import socket
import sys
import time
import urllib.parse
from pathlib import Path


class Question:
    """A request as bytes, and what answers it."""

    def __init__(self, rows, good=True):
        body = json.dumps({"input_data": {"columns": ["image", "text"], "data": rows}}).encode()
        self.bytes = (b"POST /score HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(body)) + body
        self.rows, self.good, self.answer = len(rows), good, None


class Client:
    """One connection: sends a question, gathers its answer."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.socket.setblocking(False)
        self.question, self.unsent, self.received, self.start = None, b"", bytearray(), 0.0

    def ask(self, question):
        self.question, self.unsent, self.start = question, memoryview(question.bytes), time.monotonic()
        self.received.clear()

    def send(self):
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass

    def receive(self):
        """(status, body) once the answer is whole, else None."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self.received += piece
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.received[:end]).lower()
        length = int(head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        if len(self.received) < end + 4 + length:
            return None
        return int(head.split(b" ", 2)[1]), bytes(self.received[end + 4:end + 4 + length])


def alone(address, question):
    """Asks a question with nothing beside it."""
    client = Client(address)
    client.socket.setblocking(True)
    client.socket.sendall(question.bytes)
    while True:
        answer = client.receive()
        if answer:
            client.socket.close()
            return answer


def questions(arguments, address):
    images = [base64.b64encode(Path(path).read_bytes()).decode() for path in arguments.images]
    texts = [f"chest x-ray with finding number {i}" for i in range(16)]
    sources = [["", text] for text in texts] if arguments.texts else [[image, ""] for image in images]
    rng = random.Random(1)
    good = [Question([rng.choice(sources) for _ in range(arguments.rows)]) for _ in range(16)]
    for question in good:
        status, question.answer = alone(address, question)
        if status != 200:
            sys.exit(f"load: a good request got {status}: {question.answer[:200]!r}")
    bad = Question([sources[0], [images[0][: len(images[0]) // 8 * 4], ""]], good=False) if images else None
    return good, bad


def run(arguments, address):
    good, bad = questions(arguments, address)
    idle = [socket.create_connection(address) for _ in range(arguments.idle)]
    rng, selector = random.Random(2), selectors.DefaultSelector()
    counts = {"good": 0, "rows": 0, "bad": 0, "overloaded": 0, "wrong": 0}
    latencies, waiting = [], []

    def next_question(client):
        client.ask(bad if bad and rng.random() < arguments.bad else rng.choice(good))
        selector.modify(client.socket, selectors.EVENT_WRITE, client)

    def judge(client, status, body):
        question = client.question
        if status == 429:
            counts["overloaded"] += 1
            heapq.heappush(waiting, (time.monotonic() + 0.05, id(client), client))
            selector.modify(client.socket, selectors.EVENT_READ, client)
            return
        right = (status == 200 and body == question.answer) if question.good else status in (400, 422)
        counts["wrong"] += not right
        counts["good" if question.good else "bad"] += 1
        if question.good:
            counts["rows"] += question.rows
            latencies.append(time.monotonic() - client.start)
        next_question(client)

    for _ in range(arguments.clients):
        client = Client(address)
        selector.register(client.socket, selectors.EVENT_WRITE, client)
        next_question(client)
    begin, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - begin < arguments.seconds and counts["good"] < arguments.requests:
        for key, events in selector.select(0.05):
            client = key.data
            if events & selectors.EVENT_WRITE:
                client.send()
                if not client.unsent:
                    selector.modify(client.socket, selectors.EVENT_READ, client)
            else:
                answer = client.receive()
                if answer:
                    judge(client, *answer)
        while waiting and waiting[0][0] <= time.monotonic():
            next_question(heapq.heappop(waiting)[2])
    seconds = time.monotonic() - begin
    latencies.sort()
    for connection in idle:
        connection.close()
    return {**counts, "seconds": round(seconds, 3), "rows_per_s": round(counts["rows"] / seconds, 2),
            "p50_ms": round(1e3 * latencies[len(latencies) // 2], 2),
            "p99_ms": round(1e3 * latencies[int(len(latencies) * 0.99)], 2),
            "clients": arguments.clients, "idle": arguments.idle, "client_cpu_s": round(time.process_time() - cpu, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:5001")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--idle", type=int, default=0, help="connections that are open and ask nothing")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=float, default=float("inf"), help="stop after so many good ones")
    parser.add_argument("--rows", type=int, default=1, help="of a request")
    parser.add_argument("--bad", type=float, default=0.0, help="share of requests with a damaged image")
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    arguments = parser.parse_args()
    if not arguments.images and not arguments.texts:
        parser.error("images are needed, or --texts")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    url = urllib.parse.urlparse(arguments.url)
    result = run(arguments, (url.hostname, url.port or 80))
    print(json.dumps(result))
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())

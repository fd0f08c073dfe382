#!/usr/bin/env python3
"""Load on a server of mi2 on this machine, with every answer checked; prints JSON.

    load.py --url http://127.0.0.1:5001 [--clients 64] [--connections 1000] [--seconds 60 | --requests N] [--rows 1]
            [--bad 0.05] [--max-queue 1024] [--pid PID] [--texts] IMAGE...

One thread drives all connections over raw sockets, so that the load takes little of the machine it measures. Each
client asks for one of the images (or, with --texts, for texts), again and again; a share of the requests has a good row
and a damaged image and must be refused. Every answer must be, status and byte for byte, the one that the same request
got alone before the load began; no two different requests have the same answer, so one that was swapped is seen.
An answer of 429 is in order only if the rows that clients had asked for and not yet got were, some time while its request
was under way, more than the queue holds; it is asked again after a moment. Connections beyond the clients' stay open
and silent, and must answer at the end. Exit status 1 if anything was out of order. Rows a second are counted up to the last
good answer: a pass under way at the end counts neither in rows nor in time.
"""
import argparse
import base64
import heapq
import itertools
import json
import random
import resource
import selectors
import socket
import sys
import time
import urllib.parse
from pathlib import Path

SAMPLES = 60  # of memory, at most


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
        self.peak = 0  # rows under way, at most, since the question was asked

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
        status = int(head.split(b" ", 2)[1])
        if status == 429 and b"\r\nretry-after: " not in head:
            raise ValueError("an answer of 429 does not say when to try again")
        return status, bytes(self.received[end + 4:end + 4 + length])


def alone(address, content):
    """The answer to a request with nothing else from us beside it."""
    client = Client(address)
    client.socket.setblocking(True)
    client.socket.sendall(content)
    while True:
        answer = client.receive()
        if answer:
            client.socket.close()
            return answer


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: load\r\n\r\n" % path.encode()


def address_of(url):
    parts = urllib.parse.urlparse(url)
    return parts.hostname, parts.port or 80


def metrics(address):
    """{name and labels: value} of GET /metrics."""
    rows = alone(address, get("/metrics"))[1].decode().splitlines()
    return {key: float(value) for key, value in (row.rsplit(" ", 1) for row in rows if not row.startswith("#"))}


def resident_bytes(pid):
    """Of a process on this machine."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"process {pid} has no memory")


def texts():
    return [f"chest x-ray with finding number {i}" for i in range(16)]


def rows_of_images(paths):
    """A row [image, text] for each."""
    return [[base64.b64encode(Path(path).read_bytes()).decode(), ""] for path in paths]


def rows_of_texts():
    return [["", text] for text in texts()]


def questions(arguments, address):
    """(good questions, a bad one or none), each with the answer it gets alone."""
    images = rows_of_images(arguments.images)
    sources = rows_of_texts() if arguments.texts else images
    rng = random.Random(1)
    if arguments.rows == 1:
        good = [Question([source]) for source in sources]
    else:
        good = [Question([rng.choice(sources) for _ in range(arguments.rows)]) for _ in range(16)]
    bad = None
    if arguments.bad:
        image = images[0][0]
        bad = Question([sources[0], [image[: len(image) // 8 * 4], ""]], good=False)
    for question in [*good, bad] if bad else good:
        question.answer = alone(address, question.bytes)
    refused = [question.answer for question in good if question.answer[0] != 200]
    if refused:
        sys.exit(f"load: a good request got {refused[0][0]}: {refused[0][1][:200]!r}")
    if bad and not (bad.answer[0] in (400, 422) and b"row 2: image" in bad.answer[1]):
        sys.exit(f"load: a bad request got {bad.answer[0]}: {bad.answer[1][:200]!r}")
    by_request = {question.bytes: question.answer for question in good}
    if len(set(by_request.values())) < len(by_request):
        sys.exit("load: different requests have the same answer, so that a swapped one would not be seen")
    return good, bad


class Load:
    """Clients that ask until the time is up or enough is answered."""

    def __init__(self, arguments, address, good, bad):
        self.arguments, self.good, self.bad = arguments, good, bad
        self.rng, self.selector = random.Random(2), selectors.DefaultSelector()
        self.counts = dict.fromkeys(("good", "rows", "bad", "overloaded", "wrong", "overloaded_unduly"), 0)
        self.clients = [Client(address) for _ in range(arguments.clients)]
        self.under_way, self.latencies, self.waiting, self.memory = 0, [], [], []
        self.last = 0.0  # seconds until the last good answer
        self.order = itertools.count()
        self.begin = time.monotonic()
        for client in self.clients:
            self.selector.register(client.socket, selectors.EVENT_WRITE, client)
            self.next_question(client)

    def next_question(self, client):
        bad = self.bad and self.rng.random() < self.arguments.bad
        client.ask(self.bad if bad else self.rng.choice(self.good))
        self.under_way += client.question.rows
        client.peak = 0
        for each in self.clients:
            each.peak = max(each.peak, self.under_way)
        self.selector.modify(client.socket, selectors.EVENT_WRITE, client)

    def judge(self, client, answer):
        question = client.question
        self.under_way -= question.rows
        if answer[0] == 429:
            self.counts["overloaded"] += 1
            self.counts["overloaded_unduly"] += client.peak <= self.arguments.max_queue
            heapq.heappush(self.waiting, (time.monotonic() + 0.05, next(self.order), client))
            return
        self.counts["wrong"] += answer != question.answer
        self.counts["good" if question.good else "bad"] += 1
        if question.good:
            self.counts["rows"] += question.rows
            now = time.monotonic()
            self.latencies.append(now - client.start)
            self.last = now - self.begin
        self.next_question(client)

    def serve(self, client, events):
        if events & selectors.EVENT_WRITE:
            client.send()
            if not client.unsent:
                self.selector.modify(client.socket, selectors.EVENT_READ, client)
        elif answer := client.receive():
            self.judge(client, answer)

    def sample(self, seconds):
        if self.arguments.pid and (not self.memory or seconds - self.memory[-1]["s"] >= 1):
            self.memory.append({"s": round(seconds, 1), "requests": self.counts["good"] + self.counts["bad"],
                                "bytes": resident_bytes(self.arguments.pid)})

    def run(self):
        """Seconds it took."""
        while (seconds := time.monotonic() - self.begin) < self.arguments.seconds and \
                self.counts["good"] < self.arguments.requests:
            self.sample(seconds)
            for key, events in self.selector.select(0.05):
                self.serve(key.data, events)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                self.next_question(heapq.heappop(self.waiting)[2])
        return seconds


def percentile(ordered, share):
    return round(1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else None


def mean_batch(before, after, kind):
    """Rows of a forward pass between two states of the metrics."""
    def gained(suffix):
        names = [key for key in after if key.startswith(f'mi2_batch_size_{suffix}{{kind="{kind}"')]
        return sum(after[key] - before.get(key, 0) for key in names)
    return round(gained("sum") / max(1, gained("count")), 2)


def silent_ones(connections):
    """How many of the silent connections answer after all this time."""
    answering = 0
    for connection in connections:
        connection.settimeout(60)
        try:
            connection.sendall(get("/health/live"))
            answering += connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
        connection.close()
    return answering


def run(arguments, address):
    silent = [socket.create_connection(address) for _ in range(max(0, arguments.connections - arguments.clients))]
    good, bad = questions(arguments, address)
    before, cpu = metrics(address), time.process_time()
    load = Load(arguments, address, good, bad)
    seconds = load.run()
    cpu, after = time.process_time() - cpu, metrics(address)
    load.latencies.sort()
    memory = load.memory
    return {**load.counts, "seconds": round(seconds, 3),
            "rows_per_s": round(load.counts["rows"] / (load.last or seconds), 4),
            "p50_ms": percentile(load.latencies, 0.5), "p99_ms": percentile(load.latencies, 0.99),
            "clients": arguments.clients, "connections": int(after["mi2_connections"]),
            "mean_batch": mean_batch(before, after, "text" if arguments.texts else "image"),
            "silent": len(silent), "silent_that_answer": silent_ones(silent), "client_cpu_s": round(cpu, 2),
            "memory": memory[::-(-len(memory) // SAMPLES) or 1]}


def in_order(result):
    return not result["wrong"] and not result["overloaded_unduly"] and result["silent"] == result["silent_that_answer"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:5001")
    parser.add_argument("--clients", type=int, default=64, help="that ask (default %(default)s)")
    parser.add_argument("--connections", type=int, default=0, help="open ones, clients' and silent ones together")
    parser.add_argument("--seconds", type=float, help="default 60, or no limit with --requests")
    parser.add_argument("--requests", type=float, default=float("inf"), help="stop after so many good ones")
    parser.add_argument("--rows", type=int, default=1, help="of a request (default %(default)s)")
    parser.add_argument("--bad", type=float, default=0.0, help="share of requests with a damaged image")
    parser.add_argument("--max-queue", type=int, default=1024, help="the server's (default %(default)s)")
    parser.add_argument("--pid", type=int, help="the server's process, whose memory is reported over time")
    parser.add_argument("--texts", action="store_true", help="good rows are texts; an image serves for bad ones")
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    arguments = parser.parse_args()
    if not arguments.images and (not arguments.texts or arguments.bad):
        parser.error("images are needed, or --texts without --bad")
    if arguments.seconds is None:
        arguments.seconds = 60 if arguments.requests == float("inf") else float("inf")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    result = run(arguments, address_of(arguments.url))
    print(json.dumps(result))
    return 0 if in_order(result) else 1


if __name__ == "__main__":
    sys.exit(main())

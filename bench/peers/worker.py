#!/usr/bin/env python3
"""One contender of the race as a process: requests on standard input, answers on standard output, a line of JSON each.

    worker.py OPTIONS      OPTIONS: JSON with runtime, variant, dtype, kind, threads, model, artifact

It speaks as `mi2 bench --serve` does (docs/cli.md): first a line about what was loaded, then for each request
{"op": "time"|"embed", "file": "x.safetensors"} or {"op": .., "ids": [[..], ..], "pad": 77} an answer. It sleeps
between requests.
"""
import json
import os
import sys
import time

import inputs
import runtimes


def arrays_of(request):
    if "file" in request:
        return (inputs.read_pixels(request["file"]),)
    return inputs.pad(request["ids"], request.get("pad", 0))


class Worker:
    def __init__(self, options):
        start = time.perf_counter()
        self.runtime = runtimes.RUNTIMES[options["runtime"]](options)
        self.load_seconds = time.perf_counter() - start
        self.inputs = {}

    def greeting(self):
        return {"load_s": self.load_seconds, "resident_bytes": runtimes.resident_bytes()[0], **self.runtime.notes}

    def answer(self, request):
        key = json.dumps([request.get(name) for name in ("file", "ids", "pad")])
        if key not in self.inputs:
            self.inputs = {key: arrays_of(request)}
        arrays = self.inputs[key]
        if request["op"] == "embed":
            return {"vectors": self.runtime.run(arrays).tolist()}
        start = time.perf_counter()
        self.runtime.run(arrays)
        return {"seconds": time.perf_counter() - start, "peak_bytes": runtimes.resident_bytes()[1]}


def main():
    options = json.loads(sys.argv[1])
    runtimes.limit_threads(options["threads"])
    # Libraries print on standard output as they like: it becomes standard error, and answers go out beside it.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    worker = Worker(options)
    say(worker.greeting())
    for line in sys.stdin:
        try:
            say(worker.answer(json.loads(line)))
        except Exception as error:  # the race goes on without this contender
            say({"error": {"code": "internal", "message": f"{type(error).__name__}: {error}"}})


if __name__ == "__main__":
    main()

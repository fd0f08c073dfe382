#!/usr/bin/env python3
"""Load on mi2 serve beside mi2 bench of the same model at the same batch, in turns; a table, and JSON with --out.

First, how soon a started server is ready and answers. Then, for images and for texts: mi2 bench, mi2 batch, the load
(load.py, which checks every answer), mi2 batch and mi2 bench again; the ratios are of rows per second to the mean before
and after. Then a queue that is too short, and with --flatness so many requests for their memory.
mi2 bench times forward passes alone; mi2 batch does to a file of the same rows all that the server does to requests: it
decodes, prepares (profile azure unless --profile raw), computes and renders.
"""
import argparse
import contextlib
import csv
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
IMAGES = ROOT / "tests" / "golden" / "data" / "images"
IMAGE_NAMES = ("gray.png", "colour_a.jpg", "rgba.png", "small_444.jpg", "palette.png", "progressive.jpg")
BATCHES = {"images": 8, "texts": 32}  # defaults of mi2 serve
SHORT_QUEUE = 16
WARM = 20  # answers whose median is reported
BATCH_SECONDS = 10  # that mi2 batch should take, about


def dtype_option(arguments):
    return ["--dtype", arguments.dtype]


def sources(kind):
    """Rows [image, text] of one kind."""
    return load.rows_of_texts() if kind == "texts" else load.rows_of_images(IMAGES / name for name in IMAGE_NAMES)


@contextlib.contextmanager
def serving(arguments, *options):
    """(url, process id) of a ready server, which must end well."""
    command = [arguments.mi2, "serve", "--port", "0", "--model", arguments.model, "--score-profile", arguments.profile,
               *dtype_option(arguments), "--idle-timeout", "86400", *map(str, options)]
    with open(arguments.log, "ab") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
        if not found:
            raise SystemExit(f"bench-serving: mi2 serve did not start; {arguments.log} says why")
        wait_until_ready(found[1], server)
        yield found[1], server.pid
    finally:
        server.terminate()
        status = server.wait()
    if status:
        raise SystemExit(f"bench-serving: mi2 serve ended with status {status}")


def wait_until_ready(url, server):
    """The route's answer is 503 until the model is loaded."""
    while server.poll() is None:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url + "/health/ready", timeout=5):
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.02)
    raise SystemExit("bench-serving: mi2 serve ended before it was ready")


def start_up(arguments):
    """Seconds from the start of the process until it is ready; milliseconds of the first answers, and of later ones."""
    asked = {kind: load.Question(sources(kind)[:1]) for kind in arguments.kinds}
    start = time.monotonic()
    with serving(arguments) as (url, _):
        found = {"ready_s": round(time.monotonic() - start, 3)}
        for kind, question in asked.items():
            times = [timed_answer(load.address_of(url), question) for _ in range(1 + WARM)]
            found[kind] = {"first_ms": times[0], "warm_ms": round(statistics.median(times[1:]), 2)}
    return found


def timed_answer(address, question):
    start = time.monotonic()
    status, body = load.alone(address, question.bytes)
    if status != 200:
        raise SystemExit(f"bench-serving: status {status}: {body[:200]!r}")
    return round(1e3 * (time.monotonic() - start), 2)


def tokens(url):
    """Of the texts that load.py asks for: their mean, as mi2 bench counts them."""
    body = json.dumps({"input": load.texts()}).encode()
    request = urllib.request.Request(url + "/v1/embeddings", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return round(json.load(answer)["usage"]["total_tokens"] / len(load.texts()))


def bench(arguments, kind, length):
    done = subprocess.run([arguments.mi2, "bench", "--json", "--model", arguments.model, "--batch", str(BATCHES[kind]),
                           "--tokens", str(length), "--rounds", str(arguments.rounds),
                           *dtype_option(arguments)],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def batch(arguments, kind, per_second):
    """Rows a second of mi2 batch, without its start: what more rows take than few."""
    few = BATCHES[kind]
    many = few + max(few, int(per_second * BATCH_SECONDS / few) * few)
    with tempfile.TemporaryDirectory(prefix="mi2-serving-") as folder:
        return (many - few) / (seconds_of_batch(arguments, kind, many, Path(folder)) -
                               seconds_of_batch(arguments, kind, few, Path(folder)))


def seconds_of_batch(arguments, kind, count, folder):
    rows, answers = folder / f"{count}.csv", folder / f"{count}.answers.csv"
    with open(rows, "w", newline="", encoding="utf-8") as f:
        table = csv.writer(f)
        table.writerow(("image", "text"))
        table.writerows(itertools.islice(itertools.cycle(sources(kind)), count))
    command = [arguments.mi2, "batch", "--model", arguments.model, "--profile", arguments.profile,
               *dtype_option(arguments), "--batch", str(BATCHES[kind]), rows, answers]
    start = time.monotonic()
    subprocess.run(command, check=True)
    seconds = time.monotonic() - start
    with open(answers, encoding="utf-8") as f:
        if (found := sum(1 for _ in f)) != count:
            raise SystemExit(f"bench-serving: mi2 batch answered {found} of {count} rows")
    return seconds


def put_load(kind, url, pid, *options):
    images = [str(IMAGES / name) for name in IMAGE_NAMES]
    command = [sys.executable, str(HERE / "load.py"), "--url", url, "--pid", str(pid), *map(str, options),
               *(["--texts"] if kind == "texts" else []), *images]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        raise SystemExit(f"bench-serving: load.py ended with status {done.returncode}")
    return {**json.loads(done.stdout), "in_order": done.returncode == 0}


def measure(arguments, kind):
    common = ("--clients", arguments.clients, "--connections", arguments.connections, "--bad", arguments.bad,
              "--rows", arguments.rows)
    with serving(arguments) as (url, pid):
        length = tokens(url)
        first = bench(arguments, kind, length)
        batches = [batch(arguments, kind, first[kind[:-1]]["per_second"])]
        result = put_load(kind, url, pid, *common, "--seconds", arguments.seconds)
        # Behind whatever the server still computes: nothing else is measured beside it.
        timed_answer(load.address_of(url), load.Question(sources(kind)[:1]))
        batches.append(batch(arguments, kind, first[kind[:-1]]["per_second"]))
        second = bench(arguments, kind, length)
    alone = [report[kind[:-1]]["per_second"] for report in (first, second)]
    return {"kind": kind, "tokens": length if kind == "texts" else None, "max_batch": BATCHES[kind],
            "bench_per_s": alone, "batch_per_s": batches,
            "ratio": result["rows_per_s"] / statistics.mean(alone),
            "ratio_to_batch": result["rows_per_s"] / statistics.mean(batches),
            "client_share": result["client_cpu_s"] / result["seconds"] / os.cpu_count(), "load": result,
            **{key: first[key] for key in ("cpu", "engine", "dtype", "threads")}}


def short_queue(arguments, kind):
    with serving(arguments, "--max-queue", SHORT_QUEUE) as (url, pid):
        return put_load(kind, url, pid, "--clients", arguments.clients, "--bad", arguments.bad,
                        "--max-queue", SHORT_QUEUE, "--seconds", max(2, arguments.seconds / 6))


def flatness(arguments):
    """Resident memory in the second and in the last quarter of many requests."""
    with serving(arguments) as (url, pid):
        result = put_load("texts", url, pid, "--clients", arguments.clients, "--connections", arguments.connections,
                          "--bad", arguments.bad, "--requests", arguments.flatness)
    memory = [sample["bytes"] for sample in result["memory"]]
    quarter = max(1, len(memory) // 4)
    result["growth_bytes"] = int(statistics.median(memory[-quarter:]) -
                                 statistics.median(memory[quarter:2 * quarter] or memory))
    return result


def row(name, result, rest=""):
    memory = [sample["bytes"] / 1e6 for sample in result["memory"]] or [0]
    return (f"{name:12} {result['good']:8} {result['bad']:6} {result['overloaded']:6} {result['wrong']:6} "
            f"{result['rows_per_s']:8.1f} {result['p50_ms'] or 0:8.0f} {result['p99_ms'] or 0:8.0f} "
            f"{memory[0]:6.0f} {max(memory):6.0f} {memory[-1]:6.0f}  {rest}"
            f"{'' if result['in_order'] else ' OUT OF ORDER'}")


def table(report):
    lines = ["                 good    bad    429  wrong   rows/s   p50 ms   p99 ms  MB: first, most, last  "
             "rows/s to those of mi2 bench, mi2 batch"]
    for each in report["runs"]:
        lines.append(row(each["kind"], each["load"], f"{each['ratio']:.1%}, {each['ratio_to_batch']:.1%} at batch "
                         f"{each['load']['mean_batch']:.1f}; the client took {each['client_share']:.0%} of the "
                         "processor"))
    for kind, result in report["short_queue"].items():
        lines.append(row(f"queue {SHORT_QUEUE}", result, kind))
    if report["flatness"]:
        lines.append(row("many", report["flatness"], f"grew by {report['flatness']['growth_bytes'] / 1e6:.1f} MB"))
    start = report["start_up"]
    answers = [f"{kind}: first {start[kind]['first_ms']:.1f} ms, then {start[kind]['warm_ms']:.1f} ms"
               for kind in start if kind != "ready_s"]
    lines.append(f"ready {start['ready_s']:.2f} s after the start; {'; '.join(answers)}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mi2", default=str(ROOT / "build" / "mi2"), help="the program")
    parser.add_argument("--model", default=str(ROOT / "models" / "starter"))
    parser.add_argument("--dtype", default="auto", help="as of mi2 serve and mi2 bench")
    parser.add_argument("--profile", choices=("azure", "raw"), default="azure", help="how images are prepared")
    parser.add_argument("--kinds", default="images,texts")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60, help="of each load (default %(default)s)")
    parser.add_argument("--bad", type=float, default=0.05, help="share of requests with a bad row")
    parser.add_argument("--rows", type=int, default=1, help="of a request, in the loads beside mi2 bench")
    parser.add_argument("--rounds", type=int, default=20, help="of mi2 bench, before and after")
    parser.add_argument("--flatness", type=float, default=0, help="requests whose memory is watched, as 1e5")
    parser.add_argument("--out", default="", help="where to write the JSON")
    parser.add_argument("--log", default="/dev/null", help="where the server's log is added")
    arguments = parser.parse_args()
    arguments.kinds = arguments.kinds.split(",")
    if not set(arguments.kinds) <= set(BATCHES):
        parser.error(f"--kinds: of {', '.join(BATCHES)}")
    report = {"model": Path(arguments.model).name, "profile": arguments.profile, "seconds": arguments.seconds,
              "rows": arguments.rows, "start_up": start_up(arguments),
              "runs": [measure(arguments, kind) for kind in arguments.kinds],
              "short_queue": {kind: short_queue(arguments, kind) for kind in arguments.kinds},
              "flatness": flatness(arguments) if arguments.flatness else None}
    if arguments.out:
        Path(arguments.out).write_text(json.dumps(report, indent=1) + "\n")
    print(table(report))
    loads = [each["load"] for each in report["runs"]] + list(report["short_queue"].values())
    return 0 if all(result["in_order"] for result in loads + [report["flatness"] or loads[0]]) else 1


if __name__ == "__main__":
    sys.exit(main())

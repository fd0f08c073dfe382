#!/usr/bin/env python3
"""Races mi2 against other runtimes on this machine: same weights, same inputs, in turns; vectors compared first.

    race.py --mi2 build/mi2 --model build/golden/full [--all] [--out build/peers]

Contenders of one element type are loaded together and take turns pass by pass; each sleeps while another runs. A
contender whose vectors differ from PyTorch's in f32 is left out: its time would mean nothing. Writes race.json into
--out after every case. bench/README.md says more.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

import contenders
import inputs
import report
from contenders import WorkerFailed
from setup_race import Setup, note

QUICK_BATCHES = {"image": (1, 4), "text": (1, 16)}
ALL_BATCHES = (1, 4, 16)
ROUNDS = {"image": {1: 5, 4: 3}, "text": {1: 15, 4: 11}}  # of larger batches: the last, less
LARGE_ROUNDS = {"image": 2, "text": 7}
SLOW = 5.0  # times the fastest: such a contender gets one round, unless its passes are short
SHORT_SECONDS = 1.0  # a pass below this is preceded by one that does not count, as caches are cold after a turn
COSINE = {"f32": 0.999, "bf16x3": 0.999, "bf16": 0.999, "int8": 0.97}


def cases_of(setup, kind, batches):
    """(batch, tokens, forms): each form is a request, by the name of how texts come."""
    found = []
    for batch in batches:
        if kind == "image":
            request = {"kind": kind, "file": inputs.write_pixels(setup.out, setup.config, batch)}
            found.append((batch, None, {"": request}))
            continue
        context = setup.config["LANG_ENCODER"]["CONTEXT_LENGTH"]
        for tokens in (context, inputs.TYPICAL_TOKENS):
            ids = {"kind": kind, "ids": inputs.texts(batch, tokens)}
            forms = {"": ids} if tokens == context else {"padded": {**ids, "pad": context}, "exact": ids}
            found.append((batch, tokens, forms))
    return found


def requests_for(worker, forms):
    """mi2 never computes padding, so that there is one form of a text for it."""
    if worker.contender.runtime == "mi2":
        return {"": {name: value for name, value in list(forms.values())[-1].items() if name != "pad"}}
    return {form: {name: value for name, value in request.items() if name != "kind"}
            for form, request in forms.items()}


class Lane:
    """A contender in a case, in one form: its checks and its times."""

    def __init__(self, worker, form, request):
        self.worker, self.form, self.request = worker, form, request
        self.name = worker.contender.name + (f" ({form})" if form else "")
        self.seconds, self.rounds, self.short = [], 0, False
        self.cosine = self.peak_bytes = None

    def turn(self, **more):
        if self.short:
            self.worker.ask({**self.request, "op": "time"})
        return self.worker.ask({**self.request, "op": "time", **more})


def check(setup, lane, kind, batch, tokens):
    """Compares a lane's vectors with the reference's. @returns whether it may race."""
    vectors = lane.worker.ask({**lane.request, "op": "embed"})["vectors"]
    lane.cosine = report.smallest_cosine(vectors, setup.reference(kind, batch, tokens))
    least = COSINE[lane.worker.contender.dtype]
    good = lane.cosine >= least
    print(f"  {lane.name:<32} cosine to PyTorch f32 {lane.cosine:.6f}", file=sys.stderr)
    if not good:
        note(setup, f"{lane.name}, {kind} batch {batch}: cosine {lane.cosine:.4f} is below {least}; not timed")
    return good


def guarded(setup, lane, work):
    """The value of work(), or None and a note if the contender fails."""
    try:
        return work()
    except WorkerFailed as error:
        note(setup, f"{lane.name}: {error}")
        return None


def run_case(setup, kind, case, workers, rounds):
    """Checks, warms and times the lanes of a case. @returns those with times."""
    batch, tokens, forms = case
    lanes = [Lane(worker, form, request) for worker in workers
             for form, request in requests_for(worker, forms).items()]
    lanes = [lane for lane in lanes if guarded(setup, lane, lambda lane=lane: check(setup, lane, kind, batch, tokens))]
    first = {lane: guarded(setup, lane, lane.turn) for lane in lanes}
    lanes = [lane for lane in lanes if first[lane] is not None]
    first = {lane: first[lane]["seconds"] for lane in lanes}
    fastest = min(first.values(), default=0)
    for lane in lanes:
        lane.short = first[lane] < SHORT_SECONDS
        lane.rounds = 1 if first[lane] > SLOW * fastest and not lane.short else rounds
    for turn in range(rounds):
        shift = turn % len(lanes) if lanes else 0
        for lane in lanes[shift:] + lanes[:shift]:
            if turn >= lane.rounds:
                continue
            answer = guarded(setup, lane, lane.turn)
            if answer is None:
                lane.rounds = 0
                continue
            lane.seconds.append(answer["seconds"])
            lane.peak_bytes = answer.get("peak_bytes")
            lane.worker.settle()
    return [lane for lane in lanes if lane.seconds]


def rows_of(setup, kind, group, threads, case, lanes):
    """A row of the result for each contender, in its faster form; mi2's with its profile."""
    batch, tokens, _ = case
    best = {}
    for lane in lanes:
        name, median = lane.worker.contender.name, statistics.median(lane.seconds)
        if name not in best or median < statistics.median(best[name].seconds):
            best[name] = lane
    rows = []
    for lane in best.values():
        contender = lane.worker.contender
        row = {"kind": kind, "group": group, "threads": threads, "batch": batch, "tokens": tokens,
               "contender": contender.name, "runtime": contender.runtime, "dtype": contender.dtype,
               "form": lane.form, "cosine": lane.cosine, "seconds": lane.seconds,
               "peak_bytes": lane.peak_bytes}
        if contender.runtime == "mi2":
            row["profile"] = guarded(setup, lane, lambda lane=lane: lane.turn(profile=True))
            row["peak_bytes"] = (row["profile"] or {}).get("peak_bytes")
        rows.append(row)
    report.complete(rows, setup.result["peak"])
    return rows


def start_workers(setup, kind, group, threads, wanted):
    workers = []
    for contender in contenders.CONTENDERS:
        if contender.group != group or not any(word in contender.name for word in wanted):
            continue
        try:
            worker = contenders.start(contender, kind, threads, setup)
        except WorkerFailed as error:
            note(setup, f"{contender.name}, {kind}: left out: {error}")
            continue
        workers.append(worker)
        greeting = {"contender": contender.name, "kind": kind, "threads": threads, **worker.greeting}
        setup.result["loads"].append(greeting)
        print(f"  {contender.name:<32} ready in {greeting['start_s']:.1f} s, "
              f"{greeting['resident_bytes'] / 1e9:.2f} GB", file=sys.stderr)
    return workers


def race(setup, args):
    for threads in args.threads:
        for kind in args.kinds:
            cases = cases_of(setup, kind, args.batches or QUICK_BATCHES[kind])
            for group in args.dtypes:
                print(f"== {kind}, {group}, {report.threads_text(threads)}", file=sys.stderr)
                workers = start_workers(setup, kind, group, threads, args.peers)
                try:
                    for case in cases:
                        rounds = args.rounds or ROUNDS[kind].get(case[0], LARGE_ROUNDS[kind])
                        lanes = run_case(setup, kind, case, workers, rounds)
                        setup.result["rows"] += rows_of(setup, kind, group, threads, case, lanes)
                        setup.save()
                finally:
                    for worker in workers:
                        worker.close()


def numbers(text):
    return [int(part) for part in text.split(",")]


def words(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_arguments():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mi2", default="build/mi2", help="the program (%(default)s)")
    parser.add_argument("--model", default="build/golden/full", help="a flat model folder (%(default)s)")
    parser.add_argument("--mi2-model", action="append", default=[], metavar="DTYPE=DIR",
                        help="another folder of the same weights for mi2 in this element type")
    parser.add_argument("--out", default="build/peers", help="results and converted models (%(default)s)")
    parser.add_argument("--all", action="store_true", help="batches 1, 4 and 16, one thread and all: hours")
    parser.add_argument("--batches", type=numbers, help="such as 1,16; default: images 1,4, texts 1,16")
    parser.add_argument("--threads", type=numbers, help=f"such as 1,{cores}; default: {cores}")
    parser.add_argument("--kinds", type=words, default=["image", "text"], help="image,text")
    parser.add_argument("--dtypes", type=words, default=["f32", "bf16", "int8"], help="f32,bf16,int8")
    parser.add_argument("--peers", type=words, default=[""], help="words of names: mi2,openvino; default: all")
    parser.add_argument("--rounds", type=int, help="timed passes of each; default: 2 to 15, fewer where they are long")
    args = parser.parse_args()
    if args.all:
        args.batches = args.batches or list(ALL_BATCHES)
        args.threads = args.threads or sorted({1, cores})
    args.threads = args.threads or [cores]
    return args


def measure_peak(setup):
    print("== peak of this machine", file=sys.stderr)
    done = subprocess.run([setup.mi2, "bench", "--peak", "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    args = parse_arguments()
    setup = Setup(args)
    model = os.path.basename(os.path.abspath(args.model))
    setup.result = {"model": model, "weights_sha256": setup.weights_hash,
                    "config": setup.config, "peak": measure_peak(setup), "versions": setup.versions,
                    "kernel": platform.release(), "rows": [], "loads": [], "notes": []}
    setup.prepare(args)
    race(setup, args)
    print(report.text_of(setup.result))
    print(f"race: {os.path.join(args.out, 'race.json')}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Race the archive's exact search against FAISS: same rows, same queries, same threads, in one run.

    race.py --program PROGRAM [--studies 3031] [--slices 33] [--dimensions 1024] [--rounds 3] [--folder FOLDER]

Rows are generated like an archive's: in a cone, series of slices that hardly differ, patients with several studies.
Half of the queries look like an image, half like a text. Everything that was found is compared with a search in f64; a
score further than 1e-6 from the one found there is a failure. Prints JSON with times and their ratios, and says which
bars are missed; exit status 1 if any is, or if anything found is wrong.
"""
import argparse
import json
import statistics
import sys
import time

import faiss
from rows import NEAREST, add_arguments, race_mi2


def times_of_index(index, queries, rounds):
    """Milliseconds of a query: alone, and of all at once."""
    alone, together = [], []
    index.search(queries[:1], NEAREST)
    for _ in range(rounds):
        for query in queries[::5]:
            start = time.perf_counter()
            index.search(query[None], NEAREST)
            alone.append(time.perf_counter() - start)
        start = time.perf_counter()
        index.search(queries, NEAREST)
        together.append((time.perf_counter() - start) / len(queries))
    return {"single_ms": 1e3 * statistics.median(alone), "batch_ms": 1e3 * statistics.median(together)}


def race_faiss(rows, queries, threads, rounds):
    faiss.omp_set_num_threads(threads)
    dimensions = rows.shape[1]
    results = {}
    for name, index in (("flat", faiss.IndexFlatIP(dimensions)),
                        ("sq8", faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_8bit,
                                                           faiss.METRIC_INNER_PRODUCT))):
        if not index.is_trained:
            index.train(rows[:: max(1, len(rows) // 20000)])
        index.add(rows)
        results[name] = times_of_index(index, queries, rounds)
    return results


def bars(mi2, faiss_times):
    """[(what, value, at most)]: docs of the archive, section 11."""
    single = mi2["single"]["ms"]
    shares = {one["share"]: one["ms"] for one in mi2["filtered"]}
    return [("single / flat", single / faiss_times["flat"]["single_ms"], 0.25),
            ("single / sq8", single / faiss_times["sq8"]["single_ms"], 0.6),
            ("batch / flat", mi2["batch"]["ms"] / faiss_times["flat"]["batch_ms"], 0.5),
            *((f"filter {share} / unfiltered", shares[share] / single, 1.1) for share in (1.0, 0.5, 0.25)),
            *((f"filter {share} / unfiltered", shares[share] / single, 0.2) for share in (0.01, 0.001)),
            ("codes, seconds for 1e5 rows", mi2["codes_seconds"] * 1e5 / mi2["rows"], 1.0)]


def main():
    parser = argparse.ArgumentParser()
    add_arguments(parser, studies=3031)
    options = parser.parse_args()
    mi2, wrong, rows, queries = race_mi2(options)
    peers = race_faiss(rows, queries, mi2["threads"], options.rounds)
    measured = bars(mi2, peers)
    missed = [name for name, value, most in measured if value > most]
    print(json.dumps({"mi2": mi2, "faiss": peers, "faiss_version": faiss.__version__, "wrong": wrong,
                      "ratios": {name: round(value, 3) for name, value, _ in measured}, "missed": missed}, indent=2))
    return 1 if missed or any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

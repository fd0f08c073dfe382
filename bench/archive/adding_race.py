#!/usr/bin/env python3
"""Race what brings images into an archive against what has to be done anyway, in one run on one machine.

    adding_race.py --program PROGRAM [--model DIR] [--fast DIR] [--wide DIR] [--studies 6] [--slices 50] [--whole 12]
                   [--rounds 3]

Generated CT slices of 512 x 512. `mi2 index add`, with and without thumbnails, against `mi2 embed` of the same files; the
same from an Orthanc by DICOMweb over two connections; what that takes longer than adding the same files from a folder, with
a model that takes little time (--fast), against curl of the same bytes; and DCMTK's storescu to `mi2 listen`, which answers
once an object is on the disk, against storescp. DCMTK's storescp has no option for that, so it is raced as it is, and with
sync(1) after each object, which counts the start of a process. Sender and receivers have TCP_NODELAY=1: DCMTK's sender
otherwise waits 40 ms per object. With the full-size model --wide an image takes seconds: of --whole images, and of a
quarter of them, `add` and a pull are raced against `embed`, and what the others take is compared, so that what is done
once for an archive does not count. --whole 0 leaves that out. Last what an archive takes on the disk, codes of its search
included, beside its f32 rows: the bar is for the dimensions of --wide; those of --model are printed too, where the catalog
weighs more. All vectors must equal those of `mi2 embed`, and all objects those that were sent.
Prints JSON with the bars and whether each holds; exit status 1 if one does not. `processor` has the seconds of the
processor, which a busy machine changes less than those of the clock, and beside a bar the ratio of those.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pydicom

ROOT = Path(__file__).resolve().parents[2]
for _folder in ("cli", "deploy", "support"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))
import large_archive  # noqa: E402
from dicom_studies import slice_of, write  # noqa: E402
from orthanc import Orthanc, ask, free_port  # noqa: E402

SIDE = 512
PROMPT = {**os.environ, "TCP_NODELAY": "1"}
STORED = 'Accept: multipart/related; type="application/dicom"; transfer-syntax=*'


def write_slices(folder, studies, slices):
    """@returns the files."""
    files = []
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    for study in range(studies):
        random = np.random.default_rng(study)
        for number in range(slices):
            data = slice_of(study, 0, number, patient=f"P{study}", StudyDate="20240115", BodyPartExamined="CHEST")
            wave = np.sin(rows / random.uniform(9, 90) + columns / random.uniform(9, 90))
            wave += random.normal(0, 0.02, rows.shape)
            data.Rows = data.Columns = SIDE
            data.PixelData = ((wave + 1.5) * 1000).clip(0, 4095).astype("<u2").tobytes()
            files.append(write(folder / str(study) / f"{number:04}.dcm", data))
    return files


class Cost:
    """Of a command: seconds, those of the processor, and the peak of the resident memory in bytes."""

    def __init__(self, seconds, usage):
        self.seconds, self.processor, self.peak = seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def timed(*command):
    """@returns its Cost."""
    begun = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=PROMPT)
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench-archive: {command[1]} {command[2]}: status {process.returncode}: {said[-500:]}")
    return Cost(seconds, usage)


def sorted_rows(vectors):
    return sorted(row.tobytes() for row in vectors)


class Race:
    def __init__(self, options, folder):
        self.program, self.model, self.rounds, self.folder = options.program, options.model, options.rounds, folder
        self.files = write_slices(folder / "in", options.studies, options.slices)
        self.bytes = sum(path.stat().st_size for path in self.files)
        self.bars, self.costs, self.left_out = [], {}, []

    def bar(self, what, value, bound, bar, **more):
        holds = value <= bar if bound == "at most" else value >= bar
        self.bars.append({"what": what, "value": round(value, 3), bound: bar, "holds": bool(holds), **more})

    def at_most_beyond(self, bar, name, than, few, many):
        """As at_most(), of what the images beyond the first few take."""
        def ratio(what):
            def longer(whose):
                return self.median(f"{whose}, {many} images", what) - self.median(f"{whose}, {few} images", what)
            return longer(name) / max(longer(than), 1e-9)
        self.bar(f"{name} / {than}, each image after {few}", ratio("seconds"), "at most", bar,
                 processor=round(ratio("processor"), 3))

    def at_most(self, bar, name, than):
        """Of the clock; beside it that of the processor."""
        ratio = {what: self.median(name, what) / self.median(than, what) for what in ("seconds", "processor")}
        self.bar(f"{name} / {than}", ratio["seconds"], "at most", bar, processor=round(ratio["processor"], 3))

    def fresh(self, name):
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        return place

    def embed(self, model, name="embed.npy", source=None):
        """@returns its Cost, and the vectors."""
        out = self.folder / name
        cost = timed(self.program, "embed", "--model", model, "--quiet", "--force", "--restart", "--out", out,
                     source or self.folder / "in")
        return cost, np.load(out)

    def add(self, source, *more, model=None):
        archive = self.fresh("archive")
        cost = timed(self.program, "index", "add", "--quiet", "--model", model or self.model, *more, archive, source)
        return cost, archive

    def check(self, archive, wanted):
        out = self.folder / "export.npy"
        timed(self.program, "index", "export", archive, "--force", "--out", out)
        if sorted_rows(np.load(out)) != sorted_rows(wanted):
            sys.exit(f"bench-archive: {archive} has other vectors than mi2 embed makes")

    def take(self, name, cost):
        self.costs.setdefault(name, []).append(cost)

    def median(self, name, what="seconds"):
        return statistics.median(getattr(cost, what) for cost in self.costs[name])

    def race_adding(self):
        """Against mi2 embed, in turns."""
        for _ in range(self.rounds):
            cost, self.vectors = self.embed(self.model)
            self.take("embed", cost)
            for name, more in (("add", ["--no-thumbnails"]), ("add with thumbnails", [])):
                cost, archive = self.add(self.folder / "in", *more)
                self.take(name, cost)
                self.check(archive, self.vectors)
        assert len(self.vectors) == len(self.files)
        for name in ("add", "add with thumbnails"):
            self.at_most(1.05, name, "embed")
            more = self.median(name, "peak") - self.median("embed", "peak")
            self.bar(f"{name}, resident MB above embed", more / 1e6, "at most", 200)

    def curl(self, orthanc):
        """The Cost of all series over two connections."""
        rows = json.loads(ask(f"{orthanc.base}/dicom-web/series"))
        uids = [[row[tag]["Value"][0] for tag in ("0020000D", "0020000E")] for row in rows]
        urls = [f"{orthanc.base}/dicom-web/studies/{study}/series/{series}" for study, series in uids]
        sinks = [part for n, url in enumerate(urls) for part in ("-o", self.folder / f"curl{n}", url)]
        return timed("curl", "--no-progress-meter", "--fail", "--parallel", "--parallel-max", "2", "-H", STORED, *sinks)

    def race_pulling(self, fast):
        (self.folder / "orthanc").mkdir()
        orthanc = Orthanc(self.folder / "orthanc")
        try:
            for path in self.files:
                orthanc.store(path)
            source = f"dicomweb:{orthanc.base}/dicom-web"
            for _ in range(self.rounds):
                self.take("embed, beside pulling", self.embed(self.model)[0])
                cost, archive = self.add(source, "--no-thumbnails", "--connections", "2")
                self.take("pull", cost)
                self.check(archive, self.vectors)
            self.at_most(1.05, "pull", "embed, beside pulling")
            if not (fast / "config.yaml").exists():
                self.left_out.append(f"pulling against curl: there is no model {fast} (scripts/make_golden.sh makes it)")
                return
            wanted = self.embed(fast, "fast.npy")[1]
            for _ in range(self.rounds):
                self.take("curl", self.curl(orthanc))
                assert sum(path.stat().st_size for path in self.folder.glob("curl*")) > self.bytes
                self.take("add, fast model", self.add(self.folder / "in", "--no-thumbnails", model=fast)[0])
                cost, archive = self.add(source, "--no-thumbnails", "--connections", "2", model=fast)
                self.take("pull, fast model", cost)
                self.check(archive, wanted)
            longer = self.median("pull, fast model") - self.median("add, fast model")
            # Nothing, or less, where all was fetched while something else was done.
            self.bar("bytes per second of what pulling takes longer / curl's", self.median("curl") / max(longer, 1e-3),
                     "at least", 0.8)
        finally:
            orthanc.end()

    def send(self, port):
        return timed("storescu", "-aec", "MI2", "--scan-directories", "--recurse", "127.0.0.1", port, self.folder / "in")

    def same_objects(self, received):
        sent = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, self.files)}
        got = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, received)}
        if sent != got:
            sys.exit(f"bench-archive: {len(got)} objects arrived of {len(sent)}, or others than were sent")

    def to_listen(self):
        archive = self.fresh("listening")
        process = subprocess.Popen([self.program, "listen", "--port", "0", "--quiet", "--quiet-after", "3600", "--model",
                                    self.model, archive], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   env=PROMPT)
        try:
            port = int(re.fullmatch(r"listening on .+:(\d+)\n", process.stdout.readline())[1])
            cost = self.send(port)
            self.same_objects((archive / "spool").glob("*.dcm"))
        finally:
            process.terminate()
            process.wait(60)
        return cost

    def to_storescp(self, *options):
        folder, port = self.fresh("received"), free_port()
        folder.mkdir()
        process = subprocess.Popen(["storescp", "-aet", "MI2", "-od", str(folder), *options, str(port)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=PROMPT)
        try:
            until = time.monotonic() + 30
            echo = ["echoscu", "-aec", "MI2", "127.0.0.1", str(port)]
            while subprocess.run(echo, capture_output=True, check=False).returncode != 0:
                assert time.monotonic() < until, "storescp does not answer"
                time.sleep(0.05)
            cost = self.send(port)
            self.same_objects(folder.iterdir())
        finally:
            process.terminate()
            process.wait(60)
        return cost

    def race_listening(self):
        for _ in range(self.rounds):
            self.take("listen", self.to_listen())
            self.take("storescp", self.to_storescp())
            self.take("storescp with sync(1)", self.to_storescp("--exec-sync", "--exec-on-reception", "sync '#p/#f'"))
        for name in ("storescp", "storescp with sync(1)"):
            self.bar(f"listen, objects per second / {name}", self.median(name) / self.median("listen"), "at least", 1.0)

    def race_whole(self, wide, most):
        """With the full-size model."""
        if most == 0 or not (wide / "config.yaml").exists():
            self.left_out.append("the full-size model: --whole 0" if most == 0 else
                                 f"the full-size model: there is none at {wide} (scripts/make_golden.sh makes it)")
            return
        few, many = max(1, most // 4), most
        for count in (few, many):
            self.race_whole_of(wide, count)
        for name, bar in (("full model: add", 1.01), ("full model: pull", 1.05)):
            self.at_most_beyond(bar, name, "full model: embed", few, many)

    def race_whole_of(self, wide, count):
        source = self.folder / f"whole{count}"
        files = write_slices(source, 1, count)
        (self.folder / f"orthanc{count}").mkdir()
        orthanc = Orthanc(self.folder / f"orthanc{count}")
        try:
            for path in files:
                orthanc.store(path)
            for _ in range(self.rounds):
                cost, vectors = self.embed(wide, "whole.npy", source)
                self.take(f"full model: embed, {count} images", cost)
                for name, of in (("add", source), ("pull", f"dicomweb:{orthanc.base}/dicom-web")):
                    cost, archive = self.add(of, "--no-thumbnails", *(["--connections", "2"] if name == "pull" else []),
                                             model=wide)
                    self.take(f"full model: {name}, {count} images", cost)
                    self.check(archive, vectors)
        finally:
            orthanc.end()

    def weigh(self, wide):
        self.disk = [self.weight_of(self.model)]
        if not (wide / "config.yaml").exists():
            self.left_out.append(f"bytes on the disk: there is no model {wide} (scripts/make_golden.sh makes it)")
            return
        self.disk.append(self.weight_of(wide))
        self.bar("bytes on the disk / f32 rows", self.disk[-1]["all / f32"], "at most", 1.3)

    def weight_of(self, model):
        folder = self.fresh("weighed")
        folder.mkdir()
        rows = large_archive.make(self.program, model, folder, 20_000, thumbnails=False)
        # The first search keeps its codes.
        timed(self.program, "index", "search", "--quiet", folder / "archive", "--item", "9", "-k", "3")
        size = sum(path.stat().st_size for path in (folder / "archive").rglob("*") if path.is_file())
        catalog = (folder / "archive" / "catalog.sqlite").stat().st_size
        codes = sum(path.stat().st_size for path in (folder / "archive" / "codes").iterdir())
        f32 = rows.vectors.nbytes
        return {"rows": len(rows.vectors), "dimensions": rows.vectors.shape[1], "f32": f32, "catalog": catalog,
                "codes": codes, "all": size, "all / f32": round(size / f32, 3),
                "rows and codes / f32": round((size - catalog) / f32, 3)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "models/starter")
    parser.add_argument("--fast", type=Path, default=ROOT / "build/golden/tiny")
    parser.add_argument("--wide", type=Path, default=ROOT / "build/golden/full")
    parser.add_argument("--studies", type=int, default=6)
    parser.add_argument("--slices", type=int, default=50)
    parser.add_argument("--whole", type=int, default=12, choices=[0, *range(4, 1001)], metavar="IMAGES")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:  # tmpfs, where /tmp may be, makes fsync free
        race = Race(options, Path(name))
        race.race_adding()
        race.race_pulling(options.fast)
        race.race_listening()
        race.race_whole(options.wide, options.whole)
        race.weigh(options.wide)
    print(json.dumps({"images": len(race.files), "bytes": race.bytes,
                      "seconds": {name: round(race.median(name), 3) for name in race.costs},
                      "processor": {name: round(race.median(name, "processor"), 3) for name in race.costs},
                      "disk": getattr(race, "disk", None), "bars": race.bars, "left_out": race.left_out}, indent=2))
    return 0 if all(bar["holds"] for bar in race.bars) else 1


if __name__ == "__main__":
    sys.exit(main())

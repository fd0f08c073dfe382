#!/usr/bin/env python3
"""Time the page of mi2 serve with an archive of 10^5 images, in Chromium without a graphics card.

    measure.py --program PROGRAM [--model DIR] [--images 100000] [--searches 20] [--lighthouse FOLDER] [--folder FOLDER]

The archive is generated (tests/support/large_archive.py), with a map by PCA: where points lie does not change how long
they take to draw. A search counts from Enter to the last thumbnail on the screen; a frame of the map is one that was drawn
again. FOLDER of --lighthouse has the package lighthouse in node_modules. Prints JSON with the bars and whether each
holds; exit status 1 if one does not, or if the page logged an error.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import large_archive  # noqa: E402

ARCHIVE = "clinic"


def make_archive(program, model, folder, images):
    """Made once for each size."""
    place = folder / f"{images}"
    if not (place / "done").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        large_archive.make(program, model, place, images)
        subprocess.run([program, "index", "map", place / "archive", "--by", "image", "--method", "pca", "--out",
                        place / "map.csv", "--quiet"], check=True)
        (place / "done").touch()
    return place / "archive"


class Server:
    def __init__(self, program, model, archive, log):
        with open(log, "wb") as output:
            self.process = subprocess.Popen([program, "serve", "--port", "0", "--model", model, "--archive",
                                             f"{ARCHIVE}={archive}"], stdout=subprocess.PIPE, stderr=output, text=True)
        found = re.fullmatch(r"listening on (\S+)\n", self.process.stdout.readline())
        if not found:
            sys.exit(f"bench-page: mi2 serve did not start; {log} says why")
        self.address = found[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def lighthouse(folder, address, chromium, form):
    """{category: score of 100}"""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "report.json"
        command = ["node", folder / "node_modules/lighthouse/cli/index.js", f"{address}/ui/", "--quiet", "--output=json",
                   f"--output-path={out}", "--only-categories=performance,accessibility",
                   "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
        command += ["--preset=desktop"] if form == "desktop" else []
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium}, stdout=subprocess.PIPE)
        report = json.loads(out.read_text())
    assert report.get("runtimeError") is None, report["runtimeError"]
    return {kind: round(100 * value["score"]) for kind, value in report["categories"].items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "models/starter")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--lighthouse", type=Path)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/page-bench")
    options = parser.parse_args()
    chromium = os.environ.get("MI2_CHROMIUM") or shutil.which("chromium") or sys.exit("bench-page: chromium is missing")
    archive = make_archive(options.program, options.model, options.folder, options.images)
    scores = {}
    with Server(options.program, options.model, archive, options.folder / "serve.log") as server:
        done = subprocess.run(["node", Path(__file__).with_name("page.mjs"), server.address, ARCHIVE,
                               str(options.searches)], check=True, stdout=subprocess.PIPE,
                              env={**os.environ, "MI2_CHROMIUM": chromium})
        for form in ("desktop", "mobile") if options.lighthouse else ():
            scores[form] = lighthouse(options.lighthouse, server.address, chromium, form)
    seen = json.loads(done.stdout)
    assert seen["map"]["pixels"] > 0 and all(one["thumbnails"] > 0 for one in seen["searches"])
    assert seen["map"]["points"] == options.images + 2, seen["map"]  # two of the program's own making
    bars = [("search to thumbnails, ms", statistics.median(one["ms"] for one in seen["searches"]), "at most", 300),
            ("first paint, ms", statistics.median(one["ms"] for one in seen["paints"]), "at most", 1000),
            ("map, frames per second", seen["map"]["frames_per_second"], "at least", 30),
            ("page over the wire, bytes", seen["paints"][0]["bytes"], "at most", 500_000),
            *((f"lighthouse {kind}, {form}", score, "at least", 95)
              for form, found in scores.items() for kind, score in found.items())]
    report = {"images": options.images, "searches": len(seen["searches"]),
              "slowest_search_ms": round(max(one["ms"] for one in seen["searches"]), 1), "map": seen["map"],
              "bars": [{"what": what, "value": round(value, 1), bound: bar,
                        "holds": value <= bar if bound == "at most" else value >= bar}
                       for what, value, bound, bar in bars], "faults": seen["faults"]}
    print(json.dumps(report, indent=2))
    return 1 if seen["faults"] or not all(bar["holds"] for bar in report["bars"]) else 0


if __name__ == "__main__":
    sys.exit(main())

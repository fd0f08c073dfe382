#!/usr/bin/env python3
"""Judges the trials of try_packages.sh by README.md's table of packages, and prints them.

    package_trials.py [--json] RECORDS README

RECORDS has a line per fact: release, package (deb, tarball, wheel), key and value, separated by tabs. README's table
has a column "not on", where "Debian 13" says that this release cannot take the package. JSON is {"good", "trials"},
each trial with what was recorded, its result in words, and whether that is good. Status 0 if every package did what
the table says of it, 1 if not, 2 if the arguments or files are wrong.
"""
import argparse
import json
import re
import sys
from pathlib import Path

ENDINGS = {"deb": ".deb`", "tarball": ".tar.gz`", "wheel": ".whl`"}
NUMBERS = {"bytes": int, "status": int, "installed_kib": int, "seconds": float}
REFUSED = 3  # the status of a trial that found that the release cannot take the package


def not_on(readme):
    """What README.md says: for each package the numbers of the Debian releases that cannot take it."""
    lines = [line for line in readme.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    headers = [number for number, row in enumerate(rows) if row[0] == "package" and "not on" in row]
    if len(headers) != 1:
        raise ValueError(f"expected one table with the columns 'package' and 'not on', found {len(headers)}")
    column = rows[headers[0]].index("not on")
    said = {}
    for package, ending in ENDINGS.items():
        cells = [row[column] for row in rows[headers[0]:] if ending in row[0] and len(row) > column]
        if len(cells) != 1:
            raise ValueError(f"expected one row whose package ends with {ending.strip('`')}, found {len(cells)}")
        said[package] = set(re.findall(r"Debian (\d+)", cells[0]))
    return said


def trials_of(text):
    """The trials in RECORDS, in order: dictionaries with release, package and what was noted of it."""
    trials = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split("\t", 3)
        if len(fields) != 4:
            raise ValueError(f"line {number}: expected 4 fields, found {len(fields)}")
        release, package, key, value = fields
        trial = trials.setdefault((release, package), {"release": release, "package": package})
        trial[key] = NUMBERS.get(key, str)(value)
    return list(trials.values())


def judge(trial, said):
    """Adds "result", in words, and "good" to a trial."""
    listed = trial.get("debian") in said[trial["package"]]
    reason = trial.get("reason", "see the log")
    if trial.get("status") == 0:
        trial["result"] = "works, though README.md says not" if listed else "the same bits"
        trial["good"] = not listed
    elif trial.get("status") == REFUSED:
        trial["result"] = f"refused: {reason}" + ("" if listed else ", which README.md does not say")
        trial["good"] = listed
    else:
        trial["result"] = f"FAILED: {reason}"
        trial["good"] = False


def table(trials):
    rows = [("release", "package", "size", "installs in", "to", "result")]
    for trial in trials:
        size = f"{trial['bytes'] / 1e6:.1f} MB" if "bytes" in trial else "-"
        seconds = f"{trial['seconds']:.1f} s" if "seconds" in trial else "-"
        installed = f"{trial['installed_kib'] * 1024 / 1e6:.0f} MB" if "installed_kib" in trial else "-"
        rows.append((trial["release"], trial["package"], size, seconds, installed, trial["result"]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join([cell.ljust(width) for cell, width in zip(row, widths)] + [row[5]]) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("records", type=Path)
    parser.add_argument("readme", type=Path)
    arguments = parser.parse_args()
    path = arguments.readme
    try:
        said = not_on(path.read_text(encoding="utf-8"))
        path = arguments.records
        trials = trials_of(path.read_text(encoding="utf-8"))
        for trial in trials:
            judge(trial, said)
    except (OSError, ValueError, KeyError) as error:
        print(f"package_trials: {path}: {error}", file=sys.stderr)
        return 2
    good = bool(trials) and all(trial["good"] for trial in trials)
    print(json.dumps({"good": good, "trials": trials}, indent=2) if arguments.json else table(trials))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Run clang-tidy on our sources, skipping those that passed before and have not changed since.

    lint.py CLANG_TIDY [--build FOLDER]... [SOURCE...]     default: --build build/asan --build build/release

A build folder holds compile_commands.json. The sanitized builds compile several sources of a target as one, and reading
the same headers is most of the work: so those units are checked first, and of the other folders what is not in them.
What a unit's verdict depends on is hashed: its sources, every header of ours, the checks and the tool. A unit that
passed leaves that hash under the first folder's tidy/, so that a second run has nothing to do. Tests are compiled with
warnings as errors but not checked here.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKED = ("src", "apps", "fuzz")
# Options of g++ that clang has not, what libstdc++ 12's own algorithms call, and g++'s omp.h, which the tool has not.
EXTRA = [f"--extra-arg={option}" for option in (
    "-Wno-unknown-warning-option", "-Wno-ignored-optimization-argument", "-Wno-deprecated-declarations",
    "-idirafter" + subprocess.run(["g++", "-print-file-name=include"], check=True, capture_output=True,
                                  text=True).stdout.strip())]


@dataclasses.dataclass(frozen=True)
class Unit:
    """What is compiled at once: one source, or several that CMake's unity build includes."""
    path: pathlib.Path
    build: pathlib.Path
    sources: tuple  # of paths relative to the root, ours alone


def our_source(path):
    """The path relative to the root, or nothing if it is not one of ours to check."""
    path = path.resolve()
    if not path.is_relative_to(ROOT) or path.suffix != ".cpp":
        return None
    relative = path.relative_to(ROOT)
    return relative if relative.parts[0] in CHECKED else None


def units(builds):
    """Those of the first folder, then of the others what has sources that none so far had."""
    found, covered = [], set()
    for build in builds:
        for entry in json.loads((build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["directory"], entry["file"])
            inside = [path]
            if path.match("Unity/unity_*.cxx"):
                inside = map(pathlib.Path, re.findall(r'^#include "(.+)"$', path.read_text(), re.MULTILINE))
            sources = tuple(filter(None, map(our_source, inside)))
            if not covered.issuperset(sources):
                found.append(Unit(path, build, sources))
                covered.update(sources)
    return found


def common_hash(tool):
    """A hash of what every verdict depends on."""
    digest = hashlib.sha256(subprocess.run([tool, "--version"], check=True, capture_output=True).stdout)
    headers = sorted(p for folder in ("include", "src", "apps") for p in (ROOT / folder).rglob("*.hpp"))
    for path in [ROOT / ".clang-tidy", *headers]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def check(tool, unit, stamps, common):
    """What the tool says of a unit: nothing if it passes, or passed."""
    digest = hashlib.sha256(common.encode())
    for source in unit.sources:
        digest.update(str(source).encode() + b"\0" + (ROOT / source).read_bytes())
    stamp = stamps / digest.hexdigest()
    if stamp.is_file():
        return ""
    command = [tool, "--quiet", "-p", str(unit.build), *EXTRA, str(unit.path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return result.stdout + result.stderr
    stamp.touch()
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", metavar="CLANG_TIDY")
    parser.add_argument("--build", action="append", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("sources", nargs="*", type=pathlib.Path, metavar="SOURCE")
    arguments = parser.parse_args()
    builds = [build.resolve() for build in arguments.build or (ROOT / "build/asan", ROOT / "build/release")]
    wanted = set(map(our_source, arguments.sources))
    chosen = [unit for unit in units(builds) if not wanted or wanted.intersection(unit.sources)]
    stamps = builds[0] / "tidy"
    stamps.mkdir(exist_ok=True)
    common = common_hash(arguments.tool)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for unit, output in zip(chosen, pool.map(lambda unit: check(arguments.tool, unit, stamps, common), chosen)):
            if output:
                failed += 1
                print(f"--- {', '.join(map(str, unit.sources))}\n{output}", flush=True)
    print(f"clang-tidy: {len({s for unit in chosen for s in unit.sources})} sources, {failed} units with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

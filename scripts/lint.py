#!/usr/bin/env python3
"""Run clang-tidy on our sources, skipping those that passed before and have not changed since.

    lint.py CLANG_TIDY BUILD_FOLDER [FILE...]     BUILD_FOLDER holds compile_commands.json

What a file's verdict depends on is hashed: the file, every header of ours, the checks and the tool. A file that passed
leaves that hash under BUILD_FOLDER/tidy/, so that a second run has nothing to do. Tests are compiled with warnings
as errors but not checked here.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKED = ("src", "apps", "fuzz")
# Options of g++ that clang has not, what libstdc++ 12's own algorithms call, and g++'s omp.h, which the tool has not.
EXTRA = [f"--extra-arg={option}" for option in (
    "-Wno-unknown-warning-option", "-Wno-ignored-optimization-argument", "-Wno-deprecated-declarations",
    "-idirafter" + subprocess.run(["g++", "-print-file-name=include"], check=True, capture_output=True,
                                  text=True).stdout.strip())]


def sources(build):
    """Our translation units that the build compiles, as paths relative to the root."""
    entries = json.loads((build / "compile_commands.json").read_text())
    found = set()
    for entry in entries:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT):
            relative = path.relative_to(ROOT)
            if relative.parts[0] in CHECKED and relative.suffix == ".cpp":
                found.add(relative)
    return sorted(found)


def common_hash(tool):
    """A hash of what every verdict depends on."""
    digest = hashlib.sha256(subprocess.run([tool, "--version"], check=True, capture_output=True).stdout)
    headers = sorted(p for folder in ("include", "src", "apps") for p in (ROOT / folder).rglob("*.hpp"))
    for path in [ROOT / ".clang-tidy", *headers]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def check(tool, path, build, common):
    """(path, output) of one file; the output is empty if it passed."""
    stamp = build / "tidy" / (str(path).replace("/", "__") + ".passed")
    key = hashlib.sha256(common.encode() + (ROOT / path).read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == key:
        return path, ""
    command = [tool, "--quiet", "-p", str(build), *EXTRA, str(ROOT / path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return path, result.stdout + result.stderr
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(key)
    return path, ""


def main():
    tool = sys.argv[1]
    build = pathlib.Path(sys.argv[2]).resolve()
    files = [pathlib.Path(name).resolve().relative_to(ROOT) for name in sys.argv[3:]] or sources(build)
    common = common_hash(tool)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, output in pool.map(lambda file: check(tool, file, build, common), files):
            if output:
                failed += 1
                print(f"--- {path}\n{output}", flush=True)
    print(f"clang-tidy: {len(files)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

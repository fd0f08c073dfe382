#!/usr/bin/env python3
"""Check that includes point one way between the rooms, that each third-party library stays in its home, that CMake
declares every edge that the includes use, and that the graph of ARCHITECTURE.md is the one the includes draw.

    check_includes.py [--self-test | --draw]     --draw writes the graph into ARCHITECTURE.md

A file may include its own folder and the folders that its row of ROOMS allows, directly or through them. A library
may be included only from the folders in LIBRARIES. A header that shows a library, itself or through another header, is
private to the library's homes: files of other folders may not include it.
"""
import pathlib
import re
import sys
import tempfile

from check_targets import edge_faults, graph
from rooms import FREE, LIBRARIES, ROOMS

ROOT = pathlib.Path(__file__).resolve().parent.parent

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def room_of(path):
    """The innermost row of ROOMS that holds a path relative to the root, or None."""
    for parent in path.parents:
        if str(parent) in ROOMS:
            return str(parent)
    return None


def reachable(room):
    """The layers that a layer may include, itself among them."""
    seen, stack = set(), [room]
    while stack:
        current = stack.pop()
        if current not in seen:
            seen.add(current)
            stack += ROOMS[current]
    return seen


def resolve(root, file, name):
    """The path relative to the root that an include of ours means, or None if it is not ours."""
    for folder in (file.parent, pathlib.Path("src"), pathlib.Path("include"), pathlib.Path("apps"), pathlib.Path("."), pathlib.Path("tests")):
        if (root / folder / name).is_file():
            return pathlib.Path(*(root / folder / name).resolve().relative_to(root.resolve()).parts)
    return None


def library_fault(file, name):
    """What is wrong with a file's include of a third-party header, or None."""
    for pattern, homes in LIBRARIES.items():
        if re.match(pattern, name) and not any(file.is_relative_to(home) for home in homes):
            return f"<{name}> belongs to {', '.join(homes)}"
    return None


def shown_library(includes, file, seen):
    """The third-party header that a header of ours shows, itself or through others, or None."""
    seen.add(file)
    for _, name, target in includes.get(file, []):
        if target is None:
            if any(re.match(pattern, name) for pattern in LIBRARIES):
                return name
        elif target not in seen:
            shown = shown_library(includes, target, seen)
            if shown:
                return shown
    return None


def includes_of(root):
    """file -> [(line, name, the file of ours that it means or None)], for all our sources."""
    found = {}
    for top in ("include", "src", "apps", "bindings", *FREE):
        for path in sorted((root / top).rglob("*.[ch]pp")):
            file = path.relative_to(root)
            text = path.read_text()
            matches = [(text.count("\n", 0, match.start(0)) + 1, match.group(1) or match.group(2))
                       for match in INCLUDE.finditer(text)]
            found[file] = [(line, name, resolve(root, file, name)) for line, name in matches]
    return found


def fault_of(includes, file, name, target):
    """What is wrong with one include, or None."""
    room = room_of(file)
    if target is not None and room_of(target) not in reachable(room):
        return f"{room} may not include {room_of(target)} ({name})"
    if file.parts[0] in FREE:
        return None
    if target is None:
        return library_fault(file, name)
    shown = shown_library(includes, target, set()) if room_of(target) != room else None
    if shown and library_fault(file, shown) is None:
        return None
    return f"{target} shows <{shown}>, so it is private to {room_of(target)}" if shown else None


def faults(root):
    """Every include that breaks a rule, as a line of text."""
    includes = includes_of(root)
    found = [f"{file}: its folder has no row in ROOMS" for file in includes if room_of(file) is None]
    for file, rows in includes.items():
        for line, name, target in rows if room_of(file) else []:
            fault = fault_of(includes, file, name, target)
            if fault:
                found.append(f"{file}:{line}: {fault}")
    return found + edge_faults(root, includes, room_of, ROOMS)


def drawn(text, graph):
    """ARCHITECTURE.md's text with the graph between its two markers."""
    begin, end = "<!-- rooms:begin -->", "<!-- rooms:end -->"
    before, rest = text.split(begin)
    return f"{before}{begin}\n{graph}\n{end}{rest.split(end)[1]}"


def self_test():
    """Faults that must be seen, and one tree that must pass, so that a silent checker cannot pass for a clean tree."""
    cases = [
        ({"src/base/a.hpp": "", "src/tensor/b.cpp": '#include "base/a.hpp"\n#include <fmt/core.h>\n'}, None),
        ({"src/tensor/b.hpp": "", "src/base/a.cpp": '#include "tensor/b.hpp"\n'}, "may not include src/tensor"),
        ({"src/ops/cpu/c.hpp": "", "src/ops/reference/r.cpp": '#include "ops/cpu/c.hpp"\n'}, "src/ops/cpu"),
        ({"src/image/i.hpp": "", "src/text/t.cpp": '#include "image/i.hpp"\n'}, "may not include src/image"),
        ({"src/models/m.cpp": "#include <dnnl.hpp>\n"}, "belongs to src/ops/cpu"),
        ({"src/dicom/d.hpp": "#include <dcmtk/dcmdata/dctk.h>\n", "src/dicom/d.cpp": '#include "dicom/d.hpp"\n'}, None),
        ({"src/dicom/d.hpp": "#include <dcmtk/dcmdata/dctk.h>\n", "src/dicom/e.hpp": '#include "dicom/d.hpp"\n',
          "src/embedder/f.cpp": '#include "dicom/e.hpp"\n'}, "private to src/dicom"),
        ({"src/nowhere.cpp": ""}, "no row in ROOMS"),
        ({"src/base/a.hpp": "", "src/base/CMakeLists.txt": "mi2_library(mi2_base SOURCES a.cpp)",
          "src/image/i.cpp": '#include "base/a.hpp"\n',
          "src/image/CMakeLists.txt": "mi2_library(mi2_image SOURCES i.cpp PRIVATE mi2_base)"}, None),
        ({"src/base/a.hpp": "", "src/base/CMakeLists.txt": "mi2_library(mi2_base SOURCES a.cpp)",
          "src/image/i.cpp": '#include "base/a.hpp"\n',
          "src/image/CMakeLists.txt": "mi2_library(mi2_image SOURCES i.cpp)"}, "links no target of it"),
        ({"src/base/a.hpp": "", "src/base/CMakeLists.txt": "mi2_library(mi2_base SOURCES a.cpp)",
          "src/image/i.hpp": '#include "base/a.hpp"\n',
          "src/image/CMakeLists.txt": "mi2_library(mi2_image SOURCES i.cpp PRIVATE mi2_base)"}, "link it PUBLIC"),
        ({"src/base/a.hpp": "", "src/base/CMakeLists.txt": "mi2_library(mi2_base SOURCES a.cpp)",
          "src/image/CMakeLists.txt": "mi2_library(mi2_image SOURCES i.cpp PUBLIC mi2_base)"}, "never includes"),
    ]
    for files, wanted in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            found = faults(root)
            if wanted is None:
                assert not found, found
            else:
                assert len(found) == 1 and wanted in found[0], (wanted, found)
    print(f"check_includes: self-test passed, {len(cases)} cases")


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    page = ROOT / "ARCHITECTURE.md"
    text = page.read_text()
    wanted = drawn(text, graph(includes_of(ROOT), room_of, ROOMS))
    if "--draw" in sys.argv[1:]:
        page.write_text(wanted)
        return 0
    found = faults(ROOT)
    if text != wanted:
        found.append("ARCHITECTURE.md: its graph of the rooms is out of date: scripts/check_includes.py --draw")
    print("\n".join(found) if found else "check_includes: every include points the right way, every edge is declared")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

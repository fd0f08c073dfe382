#!/usr/bin/env python3
"""No source names a constant that only a neighbour in its folder defines.

    check_constants.py [--self-test]

Builds that compile several sources as one have the neighbours' constants in sight: what was misspelled, or renamed by
half, is then another file's constant without a word from the compiler.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("apps", "bench", "bindings", "fuzz", "include", "src", "tests")
USED = re.compile(r"(?<![\w:.>])(k[A-Z]\w+)")  # neither a member nor another class's or namespace's
DEFINED = re.compile(r"\b(?:constexpr|const|static)\b[^;{}()=]*?[\s*&](k[A-Z]\w+)\s*(?:\[[^\]]*\]\s*)*[={;(]")
PARAMETER = re.compile(r"(?:[<,]\s*(?:[\w:]+\s+)+|\.\.\.\s*)(k[A-Z]\w+)")
ENUM = re.compile(r"\benum\b[^{};]*\{([^}]*)\}")


def code(text):
    """`text` without comments and literals."""
    text = re.sub(r'R"(\w*)\(.*?\)\1"', '""', text, flags=re.DOTALL)
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def defined(text):
    names = set(DEFINED.findall(text)) | set(PARAMETER.findall(text))
    return names.union(*(USED.findall(body) for body in ENUM.findall(text)))


def faults(texts):
    """[(file, name, files that define it), ..] of {file: text}."""
    codes = {file: code(text) for file, text in texts.items()}
    sources = {file: text for file, text in codes.items() if file.endswith(".cpp")}
    in_headers = {name for file, text in codes.items() if file not in sources for name in re.findall(r"\bk[A-Z]\w+", text)}
    own = {file: defined(text) for file, text in sources.items()}
    neighbours = collections.defaultdict(list)
    for file, names in own.items():
        for name in names:
            neighbours[pathlib.PurePath(file).parent, name].append(file)
    return [(file, name, neighbours[pathlib.PurePath(file).parent, name]) for file, text in sorted(sources.items())
            for name in sorted(set(USED.findall(text)) - own[file] - in_headers)
            if neighbours.get((pathlib.PurePath(file).parent, name))]


def self_test():
    other = "namespace {\nconstexpr std::string_view kMark = \".x\";\nenum Kind { kPlain, kOdd };\n}\n"
    cases = {
        "int f() { return kMark.size(); }": 1,
        "int f() { return kOdd; }": 1,
        "int f() { constexpr int kMark = 3; return kMark; }": 0,
        "constexpr std::array kMark{1, 2};\nint f() { return kMark[0]; }": 0,
        "template <int kMark>\nint f() { return kMark; }": 0,
        "enum { kPlain };\nint f() { return kPlain; }": 0,
        "int f() { return Other::kMark + other.kPlain; }  // kOdd": 0,
    }
    for text, expected in cases.items():
        found = faults({"a/one.cpp": text, "a/two.cpp": other})
        assert len(found) == expected, (text, found)
    assert not faults({"a/one.cpp": "int f() { return kMark; }", "b/two.cpp": other})
    assert not faults({"a/one.cpp": "int f() { return kMark; }", "a/two.cpp": other, "a/one.hpp": "extern int kMark;"})
    print(f"check_constants: self-test passed, {len(cases) + 2} cases")


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".cpp", ".hpp", ".h")]
    found = faults({str(path.relative_to(ROOT)): path.read_text() for path in paths})
    for file, name, others in found:
        print(f"{file}: {name} is defined in {', '.join(others)} alone", file=sys.stderr)
    if found:
        sys.exit(1)
    print("check_constants: every source's constants are its own or a header's")
    return None


if __name__ == "__main__":
    main()

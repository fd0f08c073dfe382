"""Every C++ and C snippet of the documents compiles against include/. MI2_CXX is the compiler."""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
LANGUAGES = {"cpp": ["-x", "c++", "-std=c++20"], "c": ["-x", "c", "-std=c99"]}


def snippets():
    for document in DOCUMENTS:
        for number, (language, text) in enumerate(re.findall(r"^```(cpp|c)\n(.*?)^```", document.read_text(), re.M | re.S)):
            yield pytest.param(language, text, id=f"{document.name}-{language}-{number + 1}")


def program_of(language, text):
    """A snippet is the body of a function, after its includes."""
    includes = "".join(line for line in text.splitlines(True) if line.startswith("#include"))
    body = "".join(line for line in text.splitlines(True) if not line.startswith("#include"))
    arguments = "" if language == "cpp" else "void"
    return f"{includes}void snippet({arguments});\nvoid snippet({arguments}) {{\n{body}}}\n"


def compile_text(language, text):
    return subprocess.run([os.environ["MI2_CXX"], *LANGUAGES[language], "-Wall", "-Wextra", "-pedantic", "-Werror",
                           "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-fsyntax-only", f"-I{ROOT / 'include'}",
                           "-"], input=program_of(language, text), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("language, text", list(snippets()))
def test_a_snippet_compiles(language, text):
    result = compile_text(language, text)
    assert result.returncode == 0, result.stderr


def test_both_languages_have_a_snippet():
    assert {parameters.values[0] for parameters in snippets()} == set(LANGUAGES)


def test_a_snippet_of_another_api_does_not_compile():
    assert compile_text("cpp", "#include <mi2/mi2.hpp>\nmi2::Embedder::open(1, 2, 3);\n").returncode != 0

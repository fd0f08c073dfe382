"""cmake --install, and what others build against the installed copy, from a folder outside the tree.

MI2_BUILD is the build folder of the program MI2_BIN, MI2_BUILD_TYPE and MI2_CXX are its own, MI2_LIBRARY is its libmi2,
MI2_STARTER_MODEL a model's folder.
"""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = os.environ["MI2_STARTER_MODEL"]
IMAGE = str(ROOT / "tests" / "golden" / "data" / "images" / "tiny_upscaled.png")
TEXT = "computed tomography head axial"
STRICT = "-O3 -Wall -Wextra -pedantic -Werror"  # some warnings need the optimizer
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang", "clang++")}
OFF = [f"-DMI2_BUILD_{part}=OFF" for part in ("SERVER", "TRAINING", "CLI")]
BARE = ROOT / "build" / "bare"


def run(*command, ok=True, **environment):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                            env={**os.environ, **environment})
    assert not ok or result.returncode == 0, f"{command}:\n{result.stdout[-3000:]}{result.stderr[-6000:]}"
    return result


def configure(source, build, *options, ok=True):
    return run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_BUILD_TYPE={os.environ['MI2_BUILD_TYPE']}",
               *options, ok=ok)


@pytest.fixture(scope="session")
def bare():
    """A build folder with everything off but the library, which is shared. It is kept: ccache or ninja has its objects."""
    configure(ROOT, BARE, f"-DCMAKE_CXX_COMPILER={os.environ['MI2_CXX']}", "-DBUILD_SHARED_LIBS=ON",
              "-DCMAKE_UNITY_BUILD=ON", *OFF)
    run("cmake", "--build", BARE, "--target", "libmi2")
    return BARE


@pytest.fixture(scope="session")
def installed(bare, tmp_path_factory):
    """linking -> the folder that cmake --install wrote."""
    folders = {"static": os.environ["MI2_BUILD"], "shared": bare}
    prefixes = {}
    for linking, build in folders.items():
        prefixes[linking] = tmp_path_factory.mktemp(linking)
        run("cmake", "--install", build, "--prefix", prefixes[linking], "--component", "mi2")
    return prefixes


@pytest.fixture(scope="session")
def expected():
    """The vectors of IMAGE and TEXT as the program prints them."""
    lines = run(os.environ["MI2_BIN"], "embed", "--model", MODEL, IMAGE, "--text", TEXT).stdout.splitlines()
    return [np.array(json.loads(line)["embedding"], np.float32) for line in lines]


def assert_prints(program, expected):
    vectors = [np.array(json.loads(line), np.float32) for line in run(program, MODEL, IMAGE, TEXT).stdout.splitlines()]
    assert len(vectors) == len(expected) == 2
    for vector, wanted in zip(vectors, expected):
        assert vector.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("linking", ["static", "shared"])
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_an_example_prints_the_bits_of_the_program(installed, expected, tmp_path, language, compiler, linking):
    shutil.copytree(ROOT / "examples" / language, tmp_path / "example")
    c, cxx = COMPILERS[compiler]
    option = f"-DCMAKE_C_COMPILER={c}" if language == "c" else f"-DCMAKE_CXX_COMPILER={cxx}"
    configure(tmp_path / "example", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={installed[linking]}", option,
              f"-DCMAKE_{'C' if language == 'c' else 'CXX'}_FLAGS={STRICT}")
    run("cmake", "--build", tmp_path / "build")
    assert_prints(tmp_path / "build" / "example", expected)


@pytest.mark.parametrize("linking", ["static", "shared"])
def test_pkg_config_says_what_to_link(installed, expected, tmp_path, linking):
    [folder] = installed[linking].rglob("pkgconfig")
    flags = run("pkg-config", "--cflags", "--libs", *(["--static"] if linking == "static" else []), "mi2",
                PKG_CONFIG_PATH=str(folder)).stdout.split()
    run("gcc", "-std=c99", *STRICT.split(), ROOT / "examples" / "c" / "example.c", "-o", tmp_path / "example", *flags,
        f"-Wl,-rpath,{folder.parent}")
    assert_prints(tmp_path / "example", expected)


def test_the_installed_program_runs(installed):
    assert run(installed["static"] / "bin" / "mi2", "--version").stdout == run(os.environ["MI2_BIN"], "--version").stdout


def test_the_shared_library_shows_the_api_alone(bare):
    shown = run("nm", "-D", "-C", "--defined-only", bare / "libmi2.so").stdout.splitlines()
    names = [line.split(maxsplit=2)[2] for line in shown]
    header = (ROOT / "include" / "mi2" / "mi2.h").read_text()
    assert {name for name in names if re.fullmatch(r"\w+", name)} == set(re.findall(r"^MI2_EXPORT.*?(mi2_\w+)\(", header, re.M))
    assert any(name.startswith("mi2::Embedder::open(") for name in names)
    inner = "|".join(path.name for path in (ROOT / "src").iterdir() if path.is_dir())
    for name in names:
        assert re.match(r"mi2_\w+$|(typeinfo (name )?for |vtable for )?mi2::", name), name
        assert not re.match(rf"mi2::({inner})::|mi2::\w+::Impl", name), name


def test_the_library_neither_prints_nor_ends_the_process():
    wanted = run("nm", "-C", "--undefined-only", os.environ["MI2_LIBRARY"]).stdout
    talk = re.findall(r" U (abort|exit|_exit|quick_exit|v?f?printf|puts|putchar|__v?f?printf_chk|stdout|stderr|__assert_fail|"
                      r"std::c(?:out|err|log))(?:@\S+)?$", wanted, re.MULTILINE)
    assert not talk


def test_nothing_that_is_off_is_looked_for(bare):
    cache = (bare / "CMakeCache.txt").read_text()
    for name in ("Boost", "prometheus", "TorchWheel", "MPI_", "libzip", "pugixml", "re2", "CLI11", "spdlog", "GTest"):
        assert not re.search(rf"^{name}", cache, re.MULTILINE), name


def test_the_program_says_which_parts_it_needs(tmp_path):
    result = configure(ROOT, tmp_path, "-DMI2_BUILD_TRAINING=OFF", ok=False)
    assert result.returncode != 0
    assert "MI2_BUILD_CLI=ON needs MI2_BUILD_TRAINING=ON" in result.stderr


def test_a_project_that_adds_mi2_inherits_none_of_its_flags(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(f"""
        cmake_minimum_required(VERSION 3.25)
        project(other LANGUAGES CXX)
        add_subdirectory({ROOT} mi2)
        add_executable(other other.cpp)
        target_link_libraries(other PRIVATE mi2::mi2)
    """)
    (tmp_path / "other.cpp").write_text("#include <mi2/mi2.hpp>\nint main() { return mi2::version().empty(); }\n")
    configure(tmp_path, tmp_path / "build", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    commands = json.loads((tmp_path / "build" / "compile_commands.json").read_text())
    assert not [c["file"] for c in commands if "/tests/" in c["file"] or "/apps/" in c["file"]]
    assert not [c["file"] for c in commands if "-Werror" in c["command"]]
    [other] = [c["command"] for c in commands if c["file"].endswith("other.cpp")]
    assert re.findall(r"-I *(\S+)", other) == [str(ROOT / "include")]
    assert " -W" not in other and "-fsanitize" not in other
    run(*other.split(), "-fsyntax-only")

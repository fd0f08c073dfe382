#!/usr/bin/env python3
"""mi2-torch for a machine that has a GPU and PyTorch, but none of Debian's libraries and no network.

    bundle.py gather BUILD_DIR BUNDLE.tar.xz    here: packs what that machine lacks
    bundle.py build BUNDLE.tar.xz FOLDER        there: FOLDER/bin/mi2-torch and mi2_training_steps; prints FOLDER/bin

libtorch has no stable ABI, so what includes its headers is compiled there against that machine's own PyTorch (g++ 12 or
newer, a minute or two). The rest travels compiled: archives and objects of the build, shared libraries of Debian, and
the headers of fmt and Open MPI. Needs glibc 2.36 or newer there.
"""
import concurrent.futures
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = {"mi2-torch": "apps/cli/mi2-torch", "mi2_training_steps": "bench/training/mi2_training_steps"}
HEADERS = {"fmt": "/usr/include/fmt", "openmpi": "/usr/lib/x86_64-linux-gnu/openmpi/include"}
# Every Linux has these, and PyTorch brings its own libgomp.
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+|gomp|nsl)\.so.*)$")
FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", "-DFMT_SHARED", "-fPIC", "-w", "-fvisibility=hidden", "-fvisibility-inlines-hidden"]


def sources_in(file):
    """A source of the repository, or those that CMake compiles as one in a unity build."""
    file = pathlib.Path(file)
    together = re.findall(r'^#include "(.+)"$', file.read_text(), re.MULTILINE) if "Unity" in file.parts else [file]
    return [str(pathlib.Path(one).relative_to(ROOT)) for one in together]


def torch_sources(build):
    """Of the repository, all sources that include libtorch's headers, by the object that the build makes of them."""
    commands = json.loads((build / "compile_commands.json").read_text())
    found = {}
    for entry in commands:
        if "torch/include" not in entry["command"]:
            continue
        words = shlex.split(entry["command"])
        found[words[words.index("-o") + 1]] = sources_in(entry["file"])
    return found


def link_inputs(build, program):
    """Objects and archives of a program, in the linker's order, relative to the build."""
    line = subprocess.run(["ninja", "-t", "commands", PROGRAMS[program]], cwd=build, capture_output=True, text=True,
                          check=True).stdout.splitlines()[-1]
    return [word for word in shlex.split(line) if word.endswith((".o", ".a")) and not word.startswith("/")]


def shared_libraries(program):
    """What the loader finds for a program, apart from libtorch and what every Linux has."""
    lines = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in lines:
        found = re.match(r"\s*(\S+) => (/\S+)", line)
        if found and not SYSTEM.match(found[1]) and "site-packages" not in found[2]:
            yield found[1], found[2]


def archive_members(build, archive):
    """Objects of an archive, as the build names them."""
    folder = archive.rsplit("/", 1)[0] + "/CMakeFiles/" + pathlib.Path(archive).stem[3:] + ".dir/"
    names = subprocess.run(["ar", "t", archive], cwd=build, capture_output=True, text=True, check=True).stdout.split()
    return [folder + name for name in names]


def fingerprint():
    """Of all sources: objects that travel fit only those that are compiled there if both are of one checkout."""
    found = hashlib.sha256()
    for folder in ("src", "include", "apps", "bench/training"):
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def gather(build, bundle):
    sources = torch_sources(build)
    plan = {"fingerprint": fingerprint(), "programs": {}}
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        for program, path in PROGRAMS.items():
            compiled, kept = [], []
            for name in dict.fromkeys(link_inputs(build, program)):
                members = archive_members(build, name) if name.endswith(".a") else [name]
                ours = [source for member in members for source in sources.get(member, [])]
                if ours:
                    compiled += ours
                    continue
                kept.append(name)
                target = root / "objects" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(build / name, target)
            plan["programs"][program] = {"sources": compiled, "objects": kept}
            for name, library in shared_libraries(build / path):
                (root / "lib").mkdir(exist_ok=True)
                shutil.copy(library, root / "lib" / name)
        for name, folder in HEADERS.items():
            shutil.copytree(folder, root / "include" / name, ignore=shutil.ignore_patterns("*.mod"))
        (root / "plan.json").write_text(json.dumps(plan, indent=1))
        bundle.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(bundle, "w:xz", preset=4) as tar:
            tar.add(root, arcname=".")
    print(f"{bundle}: {bundle.stat().st_size / 2**20:.0f} MiB", file=sys.stderr)


def torch_folder():
    """The machine's PyTorch, found without importing it: that takes seconds."""
    found = importlib.util.find_spec("torch")
    if found is None:
        raise SystemExit(f"gpu_check: {sys.executable} has no PyTorch; name one that has by --python")
    return pathlib.Path(found.origin).parent


def compile_all(sources, folder, torch):
    include = [f"-I{ROOT / 'src'}", f"-I{ROOT / 'include'}", f"-I{folder / 'include'}", f"-I{folder / 'include/openmpi'}",
               f"-I{folder / 'include/openmpi/openmpi'}", "-idirafter", str(torch / "include"), "-idirafter",
               str(torch / "include/torch/csrc/api/include")]
    objects = {source: folder / "compiled" / (source.replace("/", "_") + ".o") for source in sources}

    def compile_one(source):
        done = subprocess.run(["g++", *FLAGS, *include, "-c", str(ROOT / source), "-o", str(objects[source])],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"gpu_check: {source} does not compile against {torch}:\n{done.stderr[-4000:]}")

    (folder / "compiled").mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(compile_one, sources))
    return objects


def build_there(bundle, folder):
    if shutil.which("g++") is None:
        raise SystemExit("gpu_check: this machine has no g++, which compiles what includes PyTorch's headers")
    torch = torch_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(bundle) as tar:
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    plan = json.loads((folder / "plan.json").read_text())
    if plan["fingerprint"] != fingerprint():
        raise SystemExit("gpu_check: the bundle is of another checkout: gather it again by gpu_check.sh --gather")
    plan = plan["programs"]
    objects = compile_all(sorted({s for part in plan.values() for s in part["sources"]}), folder, torch)
    (folder / "bin").mkdir(exist_ok=True)
    libraries = [str(path) for path in sorted((folder / "lib").iterdir())]
    for program, part in plan.items():
        command = ["g++", "-o", str(folder / "bin" / program), *(str(objects[source]) for source in part["sources"]),
                   *(str(folder / "objects" / name) for name in part["objects"] if name.endswith(".o")),
                   "-Wl,--start-group", *(str(folder / "objects" / name) for name in part["objects"] if name.endswith(".a")),
                   "-Wl,--end-group", *libraries, str(torch / "lib/libtorch_cpu.so"), str(torch / "lib/libc10.so"),
                   *map(str, sorted((torch / "lib").glob("libgomp*"))[:1]), "-ldl", "-lpthread",
                   "-Wl,--unresolved-symbols=ignore-in-shared-libs", f"-Wl,-rpath,{folder / 'lib'}:{torch / 'lib'}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"gpu_check: {program} does not link:\n{done.stderr[-4000:]}")
    print(folder / "bin")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("gather", "build"):
        raise SystemExit(__doc__)
    first, second = (pathlib.Path(path).resolve() for path in sys.argv[2:])
    gather(first, second) if sys.argv[1] == "gather" else build_there(first, second)


if __name__ == "__main__":
    main()

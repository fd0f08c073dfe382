"""--device: on every command that opens a model; which program runs it; what is said where there is no GPU."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from adapter_support import write_embeddings, write_labels
from evaluate_support import write_dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from adapter_model import write_adapter

PROGRAM = Path(os.environ["MI2_BIN"]).resolve()
TORCH = PROGRAM.parent / "mi2-torch"
DRIVER = os.environ["MI2_FAKE_CUDA"]
HAS_CARD = Path("/dev/nvidia0").exists()

with_torch = pytest.mark.skipif(not TORCH.exists(), reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
without_card = pytest.mark.skipif(HAS_CARD, reason="this machine has a GPU")

# What opens a model, with arguments that are enough to reach it.
COMMANDS = {
    "embed": ["--text", "a"],
    "classify": ["--labels", "a,b", "PICTURE"],
    "heatmap": ["--text", "a", "PICTURE"],
    "batch": ["--force", "ROWS", "OUT"],
    "serve": ["--port", "0", "--model", "MODEL"],
    "bench": ["--model", "MODEL", "--rounds", "1"],
    "fidelity": ["--dtypes", "f32", "PICTURE"],
    "adapter classify": ["--head", "HEAD", "PICTURE"],
    "adapter embed": ["--head", "HEAD", "PICTURE"],
    "evaluate": ["--recipe", "RECIPE", "--root", "DATASET", "--ways", "zero-shot", "--bootstrap", "0", "--out", "REPORT"],
    "index add": ["ARCHIVE", "PICTURE"],
    "index search": ["ARCHIVE", "--text", "a"],
    "listen": ["--port", "0", "ARCHIVE"],
    "index replay": ["ARCHIVE", "CARD", "--embed"],
    "index reembed": ["ARCHIVE", "REEMBEDDED"],
    "adapter train": ["--embeddings", "VECTORS", "--labels", "LABELS", "--out", "NEW", "--force", "--model", "MODEL",
                      "--bootstrap", "0"],
    "train": ["CONFIG"],
}
# libtorch is theirs on any device.
ALWAYS_TORCH = ["adapter train", "train"]
NO_CARD = "this machine has no GPU that CUDA can use"
NO_LIBRARY = "libtorch's CUDA library or one that it needs is not installed"


@pytest.fixture(scope="module")
def files(mi2, images, tmp_path_factory):
    """What COMMANDS calls in capitals."""
    root = tmp_path_factory.mktemp("devices")
    (root / "rows.jsonl").write_text("".join(json.dumps({"text": f"text {i}"}) + "\n" for i in range(30)))
    (root / "train.yaml").write_text(f"MODEL: {mi2.model}\nSAVE_DIR: {root / 'run'}\nDATASET:\n  ROOT: {root}\n"
                                     "  TRAIN: [{PATH: manifest.csv, SPLIT: train}]\nMAX_STEPS: 1\n"
                                     "START_LEARNING_RATE: 1.0e-4\nTRAIN:\n  BATCH_SIZE_TOTAL: 2\n")
    picture = str(images / "gray.png")
    (root / "manifest.csv").write_text(f"file,split,label,caption\n{picture},train,a,a\n{picture},train,b,b\n")
    dimensions = len(mi2.rows("embed", "--text", "a")[0]["embedding"])
    random = np.random.default_rng(1)
    names = [f"{i}.png" for i in range(12)]
    write_embeddings(root / "vectors.jsonl", names, random.normal(size=(12, dimensions)))
    write_labels(root / "labels.csv", [(name, "train" if i < 8 else "test", "ab"[i % 2]) for i, name in enumerate(names)])
    write_adapter(root / "toolkit", ["a", "b"], channels=dimensions)
    mi2("pack", "--model", mi2.model, "--dtype", "f32", str(root / "packed.mi2"), with_model=False)
    mi2("index", "add", str(root / "archive"), picture)
    mi2("index", "search", str(root / "archive"), "--text", "a", "--cards", str(root / "cards"))
    (card,) = (root / "cards").glob("*.json")
    write_dataset(root / "dataset", root / "recipe.yaml", picture)
    return {"RECIPE": str(root / "recipe.yaml"), "DATASET": str(root / "dataset"), "REPORT": str(root / "report"),
            "ARCHIVE": str(root / "archive"), "REEMBEDDED": str(root / "reembedded"), "CARD": str(card), "PICTURE": picture, "ROWS": str(root / "rows.jsonl"), "OUT": str(root / "out.jsonl"), "MODEL": mi2.model,
            "HEAD": str(root / "toolkit"), "VECTORS": str(root / "vectors.jsonl"), "LABELS": str(root / "labels.csv"),
            "NEW": str(root / "new"), "CONFIG": str(root / "train.yaml"), "PACKED": str(root / "packed.mi2")}


@pytest.fixture
def ask(mi2, files):
    """Runs a command of the table on a device."""
    def run(command, device, *more, program=PROGRAM, arguments=None, **environment):
        if not Path(files["OUT"] + ".job").exists():
            Path(files["OUT"]).unlink(missing_ok=True)
        words = [files.get(word, word) for word in arguments or COMMANDS[command]]
        done = subprocess.run([program, *command.split(), "--device", device, *words, *more], capture_output=True,
                              env={**mi2.environment(), **environment}, timeout=300, check=False, text=True)
        done.errors = [line for line in done.stderr.splitlines() if line.startswith("mi2: error: ")]
        return done
    return run


def help_of(mi2, command):
    return mi2(*command.split(), "--help", with_model=False).stdout.decode()


def test_every_command_with_a_model_has_a_device(mi2):
    listed = help_of(mi2, "").split("Subcommands:")[1].split("Examples:")[0]
    commands = [line.split()[0] for line in listed.splitlines() if line.strip()]
    assert {"embed", "serve", "knn"} <= set(commands)
    groups = {"adapter": ("train", "classify", "embed", "import"), "index": ("add", "search", "replay", "reembed"), "report": ("carbon", "model-card"),
              "dataset": ("list", "describe", "figures", "prepare")}
    commands = [c for c in commands if c not in groups] + [f"{group} {c}" for group in groups for c in groups[group]]
    helps = {command: help_of(mi2, command) for command in commands}
    # It computes nothing; the device is that of whoever deploys what it writes.
    assert {c for c in commands if "--device" in helps[c]} == {*COMMANDS, "package"}
    # They compute nothing, or what they write is the CPU's; help shows the others'.
    rest = {"tokenize", "pack", "package", "help"}
    assert {c for c in commands if "--model" in helps[c]} - rest <= set(COMMANDS)
    for command in COMMANDS:
        assert all(word in helps[command] for word in ("cpu", "cuda", "auto")), command


@without_card
@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ALWAYS_TORCH])
def test_a_machine_without_a_gpu_says_so_in_one_sentence(ask, command):
    done = ask(command, "cuda")
    assert done.returncode == 4 and done.stdout.count("\n") <= (command == "serve"), done.stderr
    assert len(done.errors) == 1 and f"device 'cuda': {NO_CARD}" in done.errors[0], done.stderr
    assert "libcuda.so.1, is not installed" in done.errors[0] and "the device 'cpu' needs none" in done.errors[0]


@without_card
@with_torch
@pytest.mark.parametrize("command", ALWAYS_TORCH)
def test_so_do_the_commands_that_need_libtorch_anyway(ask, command):
    done = ask(command, "cuda")
    assert done.returncode == 4 and len(done.errors) == 1 and NO_CARD in done.errors[0], done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("serve", "listen", *ALWAYS_TORCH)])
def test_the_cpu_by_name_is_the_default(ask, mi2, files, command):
    def result(*device):
        done = ask(command, *device) if device else mi2(*command.split(), *[files.get(w, w) for w in COMMANDS[command]])
        return Path(files["OUT"]).read_bytes() if command == "batch" else done.stdout
    if command in ("bench", "fidelity"):  # they print times
        assert result("cpu")
        return
    named = result("cpu")
    default = result()
    assert named == (default.decode() if isinstance(named, str) else default)


@without_card
@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("serve", "listen", *ALWAYS_TORCH)])
def test_auto_is_the_cpu_where_there_is_no_gpu_and_says_so(ask, command):
    done = ask(command, "auto")
    assert done.returncode == 0, done.stderr
    if command == "bench":
        assert "native" in done.stdout
    elif command == "fidelity":
        assert "cuda" not in done.stdout
    else:
        assert f"mi2: device auto: cpu, since: device 'cuda:0': {NO_CARD}" in done.stderr


@pytest.fixture
def alone(tmp_path):
    """The program in a folder of its own, and a way to put something beside it that is called mi2-torch."""
    shutil.copy(PROGRAM, tmp_path / "mi2")
    return tmp_path / "mi2"


def stand_in(alone):
    twin = alone.parent / "mi2-torch"
    twin.write_text('#!/bin/sh\necho "torch: $*"\n')
    twin.chmod(0o755)


@pytest.mark.parametrize("command", COMMANDS)
def test_another_device_runs_the_program_with_libtorch(ask, alone, command):
    stand_in(alone)
    for device in ("torch", "cuda", "auto"):
        done = ask(command, device, program=alone, LD_LIBRARY_PATH=DRIVER)
        assert done.stdout.startswith(f"torch: {command} --device {device} "), (device, done.stderr)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ALWAYS_TORCH])
def test_a_program_without_libtorch_says_so_in_one_sentence(ask, alone, command):
    for device in ("torch", "cuda"):
        done = ask(command, device, program=alone, LD_LIBRARY_PATH=DRIVER)
        assert done.returncode == 4 and len(done.errors) == 1, done.stderr
        assert "no mi2-torch is beside this program; build with MI2_WITH_TORCH=ON" in done.errors[0]


def test_auto_without_libtorch_is_the_cpu(ask, alone):
    done = ask("embed", "auto", program=alone, LD_LIBRARY_PATH=DRIVER)
    assert done.returncode == 0 and "device auto: cpu, since: " in done.stderr
    assert "built without libtorch" in done.stderr


@with_torch
@pytest.mark.parametrize("command", COMMANDS)
def test_a_gpu_without_cuda_libraries_says_which_is_missing(ask, command):
    if HAS_CARD:
        pytest.skip("this machine has a GPU")
    done = ask(command, "cuda", LD_LIBRARY_PATH=DRIVER)
    assert done.returncode == 4 and len(done.errors) == 1, done.stderr
    assert NO_LIBRARY in done.errors[0] and ".so" in done.errors[0] and "pip install torch" in done.errors[0]


@with_torch
@without_card
def test_auto_without_cuda_libraries_is_the_cpu(ask):
    done = ask("embed", "auto", LD_LIBRARY_PATH=DRIVER)
    assert done.returncode == 0 and "device auto: cpu, since: " in done.stderr and NO_LIBRARY in done.stderr


@with_torch
def test_a_torch_program_that_does_not_find_its_libraries_says_which(ask, alone):
    """The loader's own sentence says nothing of what to do."""
    binary = TORCH.read_bytes()
    assert b"libtorch_cpu.so\0" in binary
    (alone.parent / "mi2-torch").write_bytes(binary.replace(b"libtorch_cpu.so\0", b"libtorch_gone.s\0"))
    (alone.parent / "mi2-torch").chmod(0o755)
    done = ask("embed", "torch", program=alone)
    assert done.returncode == 4 and "mi2-torch does not find its libtorch_gone.s" in done.errors[0], done.stderr
    assert "LD_LIBRARY_PATH" in done.errors[0]


@without_card
@pytest.mark.parametrize("environment,words", [
    ({"MI2_FAKE_CARDS": "0"}, "NVIDIA's driver shows none"), ({"MI2_FAKE_CUDA_ERROR": "100"}, "NVIDIA's driver shows none"),
    ({"MI2_FAKE_CUDA_ERROR": "803"}, "NVIDIA's driver reports error 803")])
def test_a_driver_without_a_gpu_is_told_apart(ask, environment, words):
    done = ask("embed", "cuda", LD_LIBRARY_PATH=DRIVER, **environment)
    assert done.returncode == 4 and NO_CARD in done.errors[0] and words in done.errors[0]


@with_torch
@without_card
def test_a_gpu_of_a_number_that_is_not_there(ask):
    done = ask("embed", "cuda:2", LD_LIBRARY_PATH=DRIVER)
    assert done.returncode == 4 and "no GPU of that number; expected 0 to 1" in done.errors[0]


def test_a_packed_file_stays_the_cpus(ask):
    for device, driver in (("cuda", ""), ("cuda", DRIVER), ("torch", "")):
        if driver + device != "cuda" and not TORCH.exists():
            continue
        done = ask("embed", device, arguments=["--model", "PACKED", "--text", "a"], LD_LIBRARY_PATH=driver)
        assert done.returncode == 4 and "a packed file is laid out for the CPU; give the model's folder" in done.errors[0]
    done = ask("embed", "auto", arguments=["--model", "PACKED", "--text", "a"])
    assert done.returncode == 0 and "a packed file is laid out for the CPU" in done.stderr


def test_names_that_are_none(ask):
    for command in ("embed", "serve"):
        for name in ("", "gpu", "CUDA", "cuda:-1", "cuda:x", "cpu:0", "auto,cpu", "cuda:0,cuda:0", "cpu,torch", "cpu,"):
            done = ask(command, name)
            assert done.returncode == 2 and len(done.errors) == 1 and "--device" in done.errors[0], (name, done.stderr)


@without_card
def test_all_gpus_of_a_machine_without_one(ask):
    for command in ("batch", "serve"):
        done = ask(command, "cuda:all")
        assert done.returncode == 4 and NO_CARD in done.errors[0], done.stderr


@with_torch
@without_card
def test_all_gpus_are_those_of_the_driver(ask, files):
    """Their libraries are missing: the sentence shows which one was tried."""
    done = ask("batch", "cuda:all", LD_LIBRARY_PATH=DRIVER)
    assert done.returncode == 4 and f"device 'cuda:0': {NO_LIBRARY}" in done.errors[0]


@pytest.mark.parametrize("device,devices", [("cpu", "cpu,cpu"), pytest.param("torch", "torch,torch", marks=with_torch)])
def test_two_engines_of_a_batch_write_the_bytes_of_one(ask, files, device, devices):
    assert ask("batch", device).returncode == 0
    one = Path(files["OUT"]).read_bytes()
    done = ask("batch", devices)
    assert done.returncode == 0, done.stderr
    assert Path(files["OUT"]).read_bytes() == one and one.count(b"\n") == 30


@with_torch
def test_a_batch_is_resumed_on_the_kind_of_device_that_began_it(mi2, tmp_path):
    """Their vectors differ a little."""
    source, out, part = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    source.write_text("".join(json.dumps({"text": f"text {i}"}) + "\n" for i in range(400)))
    process = subprocess.Popen([PROGRAM, "batch", source, out, "--batch", "1", "--threads", "1"],
                               env=mi2.environment(), stderr=subprocess.DEVNULL)
    while process.poll() is None and (not part.exists() or part.stat().st_size == 0):
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert part.exists()
    assert "--restart" in mi2("batch", str(source), str(out), "--device", "torch", status=2).errors
    assert "resuming" in mi2("batch", str(source), str(out), "--device", "cpu,cpu").errors


@with_torch
@without_card
def test_kept_work_of_auto_is_that_of_the_device_it_was(mi2, tmp_path):
    """A driver that was installed since: the vectors of two devices would stand in one file."""
    texts, out, part = tmp_path / "texts.json", tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    texts.write_text(json.dumps([f"text {i}" for i in range(400)]))
    command = ["embed", "--device", "auto", "--texts-json", str(texts), "--batch", "1", "--threads", "1", "--out", str(out)]
    process = subprocess.Popen([PROGRAM, *command], env=mi2.environment(), stderr=subprocess.DEVNULL)
    while process.poll() is None and (not part.exists() or part.stat().st_size == 0):
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert part.exists()
    other = subprocess.run([PROGRAM, *command], env={**mi2.environment(), "LD_LIBRARY_PATH": DRIVER}, check=False,
                           capture_output=True, text=True)
    assert other.returncode == 2 and "--restart" in other.stderr
    mi2(*command)
    assert out.read_text().count("\n") == 400


@with_torch
def test_fidelity_on_another_device_compares_its_dtypes(ask):
    done = ask("fidelity", "torch", arguments=["--dtypes", "bf16", "--format", "json", "PICTURE"])
    report = json.loads(done.stdout)
    assert report["isa"] == "torch" and [row["dtype"] for row in report["dtypes"]] == ["f32", "bf16"]
    assert report["dtypes"][1]["image"]["cosine_min"] > 0.999
    done = ask("fidelity", "torch", arguments=["--dtypes", "int8", "PICTURE"])
    assert done.returncode == 2 and "dtype 'int8' is not there" in done.errors[0]


@with_torch
def test_adapter_train_compares_with_texts_of_the_device(ask):
    done = ask("adapter train", "torch", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def needed(path):
    """The libraries that a program asks the loader for."""
    text = subprocess.run(["readelf", "--dynamic", "--wide", path], capture_output=True, check=True, text=True).stdout
    return [line.split("[")[1].rstrip("]\n") for line in text.splitlines() if "(NEEDED)" in line]


CUDA_OR_TORCH = ("libcuda", "cudnn", "cublas", "nccl", "cufft", "nvrtc", "cupti", "nvidia", "torch", "libc10")


def test_the_program_starts_without_any_library_of_cuda_or_torch():
    direct = needed(PROGRAM)
    assert "libc.so.6" in direct and not [name for name in direct if any(word in name for word in CUDA_OR_TORCH)]
    listed = subprocess.run(["ldd", PROGRAM], capture_output=True, check=True, text=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]
    assert len(names) > len(direct) / 2 and not [n for n in names if any(word in n for word in CUDA_OR_TORCH)]


@with_torch
def test_the_program_with_libtorch_asks_for_no_driver_and_no_kernels():
    """A machine without a GPU starts it."""
    assert not [name for name in needed(TORCH) if any(word in name for word in ("libcuda", "cudnn", "nvidia", "_cuda"))]

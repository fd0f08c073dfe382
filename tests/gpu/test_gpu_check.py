"""scripts/gpu_check.sh on libtorch's CPU, in a Python without CUDA: what a machine with a GPU runs, once for real."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench/gpu"))
import bundle  # noqa: E402
import files  # noqa: E402
import speed  # noqa: E402

pytestmark = pytest.mark.skipif(not (pathlib.Path(os.environ["MI2_GOLDEN"]) / "tiny/model.safetensors").exists(),
                                reason="no golden weights; scripts/make_golden.sh makes them")


def check(out, *options, program=None):
    command = [sys.executable, "-B", ROOT / "bench/gpu/check.py", "--mi2", program or os.environ["MI2_TORCH_BIN"], "--steps",
               os.environ["MI2_STEPS_BIN"], "--device", "torch", "--out", out, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


def test_dry_run_passes_and_says_what_it_left_out(tmp_path):
    done = check(tmp_path)
    report = json.loads((tmp_path / "gpu_check.json").read_text())
    assert done.returncode == 0, done.stderr
    names = {entry["name"] for entry in report["checks"]}
    assert {"parity of the tiny model in f32", "parity of the tiny model in bf16", "training steps"} <= names
    assert all(entry["ok"] for entry in report["checks"])
    assert report["machine"]["card"] is None
    assert "out of memory" in {entry["name"] for entry in report["left_out"]}
    assert not re.search("seconds|per_second", json.dumps(report["results"]))  # a shared CPU's times are no results
    assert "all checks passed" in (tmp_path / "gpu_check.log").read_text()


def test_a_program_that_answers_otherwise_fails_the_check(tmp_path):
    liar = tmp_path / "mi2"
    liar.write_text("#!/bin/sh\necho '{\"load_s\": 1}'\nwhile read line; do echo '{\"vectors\": [[1, 0]]}'; done\n")
    liar.chmod(0o755)
    done = check(tmp_path / "out", "--parts", "tests", program=liar)
    report = json.loads((tmp_path / "out/gpu_check.json").read_text())
    assert done.returncode == 1
    assert not next(entry for entry in report["checks"] if "f32" in entry["name"])["ok"]


def test_without_time_parts_are_left_out(tmp_path):
    assert check(tmp_path, "--seconds", "0").returncode == 0
    left_out = json.loads((tmp_path / "gpu_check.json").read_text())["left_out"]
    assert {"name": "training steps", "reason": "no time left"} in left_out


def test_the_script_refuses_what_it_does_not_know():
    for options, words in ((["--fast", "1"], "unknown option"), (["--device"], "needs a value")):
        done = subprocess.run([ROOT / "scripts/gpu_check.sh", *options], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and words in done.stderr


def test_arithmetic_is_what_the_engine_counts():
    config = (files.GOLDEN / "data/tiny/config.yaml").read_text()
    done = subprocess.run([os.environ["MI2_TORCH_BIN"], "bench", "--model", pathlib.Path(os.environ["MI2_GOLDEN"]) / "tiny",
                           "--rounds", "1", "--tokens", "16", "--json"], capture_output=True, text=True, check=True)
    counted = {kind: found["gflops"] * 1e9 * found["median_s"] for kind, found in json.loads(done.stdout).items()
               if kind in ("image", "text")}
    assert speed.image_flop(config) == pytest.approx(counted["image"], rel=0.01)
    assert speed.text_flop(config, 16) == pytest.approx(counted["text"], rel=0.05)  # the last layer's rest is left out


def test_the_bundle_compiles_just_what_includes_libtorch():
    build = pathlib.Path(os.environ["MI2_TORCH_BIN"]).resolve().parents[2]
    sources = {source for sources in bundle.torch_sources(build).values() for source in sources}
    assert "src/ops/torch/torch_ops.cpp" in sources and "apps/cli/with_torch.cpp" in sources
    assert not any(source.startswith(("src/image", "src/server", "src/dicom")) for source in sources)


def test_a_bundle_of_another_checkout_is_refused(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps({"fingerprint": "another", "programs": {}}))
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("")
    with tarfile.open(tmp_path / "bundle.tar.xz", "w:xz") as tar:
        tar.add(tmp_path / "plan.json", arcname="plan.json")
    done = subprocess.run([sys.executable, ROOT / "bench/gpu/bundle.py", "build", tmp_path / "bundle.tar.xz", tmp_path / "out"],
                          capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1 and "gather it again" in done.stderr

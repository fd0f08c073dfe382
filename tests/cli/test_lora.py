"""LoRA: small files beside a model, made by hand and by mi2 train."""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy
import pytest
from lora_support import make_lora, merged, merged_folder, metadata_for, read, write
from train_support import NEEDS_TORCH, close, losses, make_data, run, settings

SAME_VECTOR = 2e-5
TEXT = "a red picture"


@pytest.fixture(scope="module")
def lora(mi2, tmp_path_factory):
    return make_lora(mi2.model, tmp_path_factory.mktemp("lora") / "hand.safetensors")


def vectors(mi2, image, *more):
    return numpy.array([row["embedding"] for row in mi2.rows("embed", "--text", TEXT, *more, image)])


def test_a_lora_file_gives_the_vectors_of_the_merged_model(mi2, lora, picture, tmp_path):
    folder = merged_folder(mi2.model, lora, tmp_path / "merged")
    beside = vectors(mi2, picture, "--lora", str(lora))
    assert abs(beside - vectors(mi2, picture, "--model", str(folder))).max() <= SAME_VECTOR
    assert abs(beside - vectors(mi2, picture)).max() > 1e-3


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_a_packed_model_holds_what_the_lora_file_changes(mi2, lora, picture, tmp_path, dtype):
    packed = tmp_path / "m.mi2"
    mi2("pack", "--dtype", dtype, "--lora", str(lora), str(packed))
    beside = mi2.rows("embed", "--provenance", "--dtype", dtype, "--lora", str(lora), picture)
    alone = mi2.rows("embed", "--provenance", "--model", str(packed), picture)
    assert beside == alone
    plain = mi2.rows("embed", "--provenance", "--dtype", dtype, picture)
    assert plain[0]["provenance"]["weights_sha256"] != alone[0]["provenance"]["weights_sha256"]
    done = mi2("embed", "--model", str(packed), "--lora", str(lora), picture, status=2)
    assert "packed" in done.errors and "mi2 pack --lora" in done.errors


def test_every_command_that_has_a_model_takes_it(mi2, lora, picture, tmp_path):
    folder = str(merged_folder(mi2.model, lora, tmp_path / "merged"))
    for command in (["classify", "--labels", "red,blue", picture], ["fidelity", "--dtypes", "bf16", "--format", "json", picture]):
        outputs = [mi2(*command, *more).stdout for more in (["--lora", str(lora)], ["--model", folder], [])]
        numbers = [numpy.array([float(n) for n in re.findall(rb"[0-9]\.[0-9]+", output)]) for output in outputs]
        if command[0] == "classify":
            assert abs(numbers[0] - numbers[1]).max() < 1e-3 < abs(numbers[0] - numbers[2]).max()


def test_a_server_has_a_lora_file_for_each_model(mi2, lora, tmp_path):
    server = subprocess.Popen([mi2.path, "serve", "--port", "0", "--dtype", "f32", "--model", f"plain={mi2.model}",
                               "--model", f"tuned={mi2.model}", "--lora", f"tuned={lora}"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, env=mi2.environment(with_model=False))
    try:
        url = server.stdout.readline().split()[-1]

        def answer(model):
            body = json.dumps({"model": model, "input": TEXT}).encode()
            request = urllib.request.Request(f"{url}/v1/embeddings", body, {"content-type": "application/json"})
            return numpy.array(json.load(urllib.request.urlopen(request, timeout=60))["data"][0]["embedding"])

        limit = time.time() + 120
        while time.time() < limit:
            try:
                urllib.request.urlopen(f"{url}/health/ready", timeout=10)
                break
            except OSError:
                time.sleep(0.1)
        wanted = mi2.rows("embed", "--lora", str(lora), "--text", TEXT)[0]["embedding"]
        assert abs(answer("tuned") - wanted).max() <= SAME_VECTOR
        assert abs(answer("plain") - wanted).max() > 1e-3
    finally:
        server.terminate()
        server.wait(60)
    for more, word in ((["--lora", f"none={lora}"], "none"), (["--lora", str(lora)], "NAME=FILE")):
        done = mi2("serve", "--port", "0", "--model", f"a={mi2.model}", "--model", f"b={mi2.model}", *more, status=2,
                   with_model=False)
        assert word in done.errors


def test_a_file_that_does_not_fit_is_refused_by_name(mi2, lora, picture, tmp_path):
    tensors, metadata = read(lora)
    first = next(iter(tensors))
    other = dict(metadata, base_sha256="0" * 64)
    bad = {
        "base.safetensors": (tensors, other, ["0" * 64, metadata["base_sha256"]]),
        "nan.safetensors": ({**tensors, first: numpy.full_like(tensors[first], numpy.nan)}, metadata, ["NaN", first]),
        "shape.safetensors": ({**tensors, first: tensors[first][:, 1:]}, metadata, ["shape", first]),
        "half.safetensors": ({first: tensors[first]}, metadata, ["missing", ".lora_B"]),
        "kind.safetensors": (tensors, {"format": "pt"}, ["LoRA"]),
    }
    for name, (changed, about, words) in bad.items():
        done = mi2("embed", "--lora", str(write(tmp_path / name, changed, about)), picture, status=3)
        assert all(word in done.errors for word in [name, *words]), done.errors
    assert mi2("embed", "--lora", str(tmp_path / "none"), picture, status=7).errors


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def tuning(data, folder, **more):
    return settings(data, folder, LORA__RANK=4, LORA__ALPHA=8, START_LEARNING_RATE=2e-3, MAX_STEPS=6, **more)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "lora"
    values = tuning(data, folder, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]", DATASET__PROMPTS="prompts.csv",
                    LORA__UNFREEZE="[logit_scale]")
    return folder, json.loads(run(values, folder).stdout)


@NEEDS_TORCH
def test_training_changes_additions_alone_and_exports_them_small_and_merged(mi2, trained, picture):
    folder, result = trained
    assert result["lora"] == str(folder / "model" / "lora.safetensors")
    base, model = Path(os.environ["MI2_TINY_MODEL"]), folder / "model"
    changes, metadata = read(result["lora"])
    assert metadata["rank"] == "4" and float(metadata["alpha"]) == 8 and metadata["mi2_step"] == "6"
    assert json.loads(metadata["targets"]) == ["attn", "ffn", "mlp"]
    assert set(changes) - {"logit_scale"} == {name + end for name in read(base / "model.safetensors")[0]
                                              if re.search(r"(attn|ffn|mlp)\..*weight$", name) and "norm" not in name
                                              for end in (".lora_A", ".lora_B")}
    assert all(abs(changes[name]).max() > 0 for name in changes if name.endswith(".lora_B"))
    ours, wanted, before = read(model / "model.safetensors")[0], merged(base, result["lora"]), read(base / "model.safetensors")[0]
    for name, array in ours.items():
        assert abs(array - wanted[name]).max() <= 1e-6
        if name not in changes and name + ".lora_A" not in changes:
            assert array.tobytes() == before[name].tobytes()
    assert (model / "lora.safetensors").stat().st_size < 0.2 * (model / "model.safetensors").stat().st_size
    merged_vectors = vectors(mi2, picture, "--model", str(model))
    assert abs(vectors(mi2, picture, "--model", str(base), "--lora", result["lora"]) - merged_vectors).max() <= SAME_VECTOR
    assert abs(vectors(mi2, picture, "--model", str(base), "--lora", result["lora"], "--device", "torch") -
               merged_vectors).max() <= SAME_VECTOR
    assert abs(vectors(mi2, picture, "--model", str(base)) - merged_vectors).max() > 1e-4


@NEEDS_TORCH
def test_a_lora_run_goes_on_to_the_same_losses_from_small_checkpoints(data, trained, tmp_path):
    folder = tmp_path / "cut"
    same = dict(DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]", DATASET__PROMPTS="prompts.csv",
                LORA__UNFREEZE="[logit_scale]")
    run(tuning(data, folder, SAVE_PER_OPTIM_STEPS=2, **same), folder)
    for late in (folder / "checkpoints").glob("step-*6.safetensors"):
        assert late.stat().st_size < 0.5 * (Path(os.environ["MI2_TINY_MODEL"]) / "model.safetensors").stat().st_size
        late.unlink()
    run(tuning(data, folder, SAVE_PER_OPTIM_STEPS=2, **same), folder, "--resume")
    close(losses(folder), losses(trained[0]))
    done = run({**tuning(data, folder, **same), "LORA.RANK": 8}, folder, "--resume", status=2)
    assert "LORA.RANK" in done.stderr
    base = tmp_path / "base"
    shutil.copytree(os.environ["MI2_TINY_MODEL"], base)
    tensors, metadata = read(base / "model.safetensors")
    write(base / "model.safetensors", {**tensors, "logit_scale": tensors["logit_scale"] + 0.5}, metadata)
    done = run({**tuning(data, folder, **same), "MODEL": str(base)}, folder, "--resume", status=2)
    assert "LORA.BASE" in done.stderr


@NEEDS_TORCH
def test_gradient_caching_and_recomputed_activations_give_the_same_losses(data, tmp_path):
    same = dict(DROP_RATE=0, DROP_PATH_RATE=0, LORA__MERGED="false")
    runs = {"plain": {}, "cached": {"TRAIN__BATCH_SIZE_PER_GPU": 2, "TRAIN__GRADIENT_CACHING": "true"},
            "recomputed": {"ENABLE_CHECKPOINT": "true"}}
    for name, more in runs.items():
        result = json.loads(run(tuning(data, tmp_path / name, **same, **more), tmp_path / name).stdout)
        assert "model" not in result and not (tmp_path / name / "model" / "model.safetensors").exists()
        close(losses(tmp_path / name), losses(tmp_path / "plain"))


@NEEDS_TORCH
@pytest.mark.parametrize("change,wanted,status", [
    ({"MODEL": "config"}, "LORA.RANK", 2),
    ({"LORA.TARGETS": "[nothing]"}, "LORA.TARGETS", 2),
    ({"LORA.TARGETS": "[]"}, "LORA.TARGETS", 3),
    ({"LORA.TARGETS": "['(']"}, "LORA.TARGETS", 2),
    ({"LORA.RANK": 0}, "LORA.ALPHA", 3),
    ({"LORA.RANK": 5000}, "LORA.RANK", 2),
    ({"FREEZE_PATTERNS": "[encoder]"}, "LORA.TARGETS", 2),
])
def test_what_a_lora_run_cannot_do_is_refused_by_name(data, tmp_path, change, wanted, status):
    values = {**tuning(data, tmp_path / "run"), **change}
    more = []
    if values["MODEL"] == "config":
        values["MODEL"], more = str(Path(os.environ["MI2_TINY_MODEL"]) / "config.yaml"), ["--from-scratch"]
    assert wanted in run(values, tmp_path / "run", *more, status=status).stderr

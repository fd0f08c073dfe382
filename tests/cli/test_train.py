"""mi2 train: a run as its users start it, kill it, resume it, spread it and misconfigure it."""
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy
import pytest
import yaml
from terminal import run_on_terminal
from tracing import NEEDS_STRACE
from train_support import CUTMIX, MIXUP, NEEDS_TORCH, arguments, as_older, close, environment, losses, make_data, run, settings, weights

pytestmark = NEEDS_TORCH


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def vectors(model, *more):
    image = str(Path(__file__).resolve().parent.parent / "golden" / "data" / "images" / "colour_a.jpg")
    done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", str(model), "--text", "a red picture", *more, image],
                          capture_output=True, check=True, timeout=120)
    return numpy.array([json.loads(line)["embedding"] for line in done.stdout.splitlines()])


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """A run from the first step to the last."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = run(settings(data, folder, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]",
                        DATASET__PROMPTS="prompts.csv", MAX_STEPS=30), folder)
    return folder, json.loads(done.stdout)


def test_a_run_learns_and_leaves_a_model_that_both_engines_embed_alike(whole):
    folder, result = whole
    assert result["end"] == "complete" and result["steps"] == 30
    history = losses(folder)
    assert sum(history[s] for s in range(26, 31)) < sum(history[s] for s in range(1, 6))
    assert result["best"] >= 0.5
    for model in (folder / "model", folder / "best"):
        ours = vectors(model)
        assert abs(ours - vectors(model, "--device", "torch")).max() <= 2e-5
        assert abs((ours ** 2).sum(1) - 1).max() < 1e-5
    assert abs(vectors(folder / "model") - vectors(os.environ["MI2_TINY_MODEL"])).max() > 1e-3


def test_a_run_leaves_its_settings_its_curves_and_its_report(whole):
    folder, _ = whole
    report = json.loads((folder / "report.json").read_text())
    assert report["energy"]["energy_kwh"]["low"] > 0 and report["energy"]["co2e_kg"]["low"] > 0
    assert "world average" in report["energy"]["factors"]["intensity"]["source"]
    assert (folder / "curves.svg").read_text().startswith("<svg")
    assert len((folder / "steps.csv").read_text().splitlines()) == 31
    printed = subprocess.run([os.environ["MI2_BIN"], "train", str(folder / "train.yaml"), "--print-config"],
                             capture_output=True, text=True, check=True).stdout
    assert printed == (folder / "train.yaml").read_text()


def test_a_run_killed_at_any_moment_goes_on_to_the_same_losses_and_the_same_weights(data, tmp_path):
    through = tmp_path / "through"
    run(settings(data, through), through)
    killed = tmp_path / "killed"
    values = settings(data, killed, SAVE_PER_OPTIM_STEPS=2)
    kills = 0
    for moment in (3, 6, 9):
        command = [os.environ["MI2_BIN"], *arguments(values, killed), "--resume"]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            limit = time.time() + 120
            while child.poll() is None and time.time() < limit:
                if (killed / "log.jsonl").exists() and max(losses(killed) or {0: 0}) >= moment:
                    child.send_signal(signal.SIGKILL)
                    kills += 1
                    break
                time.sleep(0.01)
    assert kills >= 2
    run(values, killed, "--resume")
    close(losses(killed), losses(through))
    one, other = weights(through / "model" / "model.safetensors"), weights(killed / "model" / "model.safetensors")
    assert abs(numpy.frombuffer(one[0], "<f4") - numpy.frombuffer(other[0], "<f4")).max() < 1e-5


@pytest.fixture(scope="module")
def short(data, tmp_path_factory):
    """A run of four steps."""
    folder = tmp_path_factory.mktemp("runs") / "short"
    run(settings(data, folder, MAX_STEPS=4), folder)
    return folder


# The third fsync is a checkpoint's; the fourth rename and the eighth fsync are of the last checkpoint or of the model.
@pytest.mark.parametrize("name,number", [("fsync", 3), ("fsync", 8), ("rename", 4)])
def test_a_run_killed_while_it_writes_leaves_nothing_to_the_next(data, tmp_path, short, name, number):
    for mark in NEEDS_STRACE:
        if mark.args[0]:
            pytest.skip(mark.kwargs["reason"])
    folder = tmp_path / "run"
    fault = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e",
             f"inject={name}:signal=KILL:when={number}"]
    run(settings(data, folder, MAX_STEPS=4, SAVE_PER_OPTIM_STEPS=2), folder, before=fault, status=-signal.SIGKILL)
    # Other steps have checkpoints now: what the killed run was writing has a name that is not written again.
    run(settings(data, folder, MAX_STEPS=4, SAVE_PER_OPTIM_STEPS=3), folder, "--resume")
    assert not list(folder.rglob("*.mi2-*"))
    close(losses(folder), losses(short))
    for file in ("model/config.yaml", "model/vocab.json", "report.json", "curves.svg"):
        assert (folder / file).exists() == (short / file).exists()
    one, other = (weights(run_folder / "model" / "model.safetensors")[0] for run_folder in (short, folder))
    assert abs(numpy.frombuffer(one, "<f4") - numpy.frombuffer(other, "<f4")).max() < 1e-5


@pytest.mark.parametrize("mixing", [MIXUP, CUTMIX])
def test_two_processes_train_as_one_with_the_same_global_batch(data, tmp_path, mixing):
    alone = tmp_path / "alone"
    # Dropout draws other numbers in other processes; without it the arithmetic is the same.
    same = {"DROP_RATE": 0, "DROP_PATH_RATE": 0, **mixing}
    run(settings(data, alone, **same), alone)
    together = tmp_path / "together"
    done = run(settings(data, together, **same, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]"), together,
               before=["mpirun", "--oversubscribe", "-n", "2"])
    assert json.loads(done.stdout)["steps"] == 10
    close(losses(together), losses(alone))
    assert (together / "model" / "model.safetensors").exists()


def test_accumulated_passes_fill_the_total_batch(data, tmp_path):
    folder = tmp_path / "accumulated"
    done = run(settings(data, folder, TRAIN__BATCH_SIZE_PER_GPU=4, MAX_STEPS=3), folder)
    assert json.loads(done.stdout)["steps"] == 3
    fails = run(settings(data, tmp_path / "odd", TRAIN__BATCH_SIZE_PER_GPU=3), tmp_path / "odd", status=2)
    assert "8" in fails.stderr and "3" in fails.stderr


def test_two_hosts_train_as_one(data, tmp_path):
    """Two network namespaces, each with an address of its own, stand for two machines."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    names = [f"mi2a{os.getpid()}", f"mi2b{os.getpid()}"]
    made = subprocess.run(f"ip netns add {names[0]} && ip netns add {names[1]} &&"
                          f" ip link add v0 netns {names[0]} type veth peer name v1 netns {names[1]} &&"
                          f" ip -n {names[0]} link set lo up && ip -n {names[1]} link set lo up",
                          shell=True, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        subprocess.run(f"ip netns del {names[0]}; ip netns del {names[1]}", shell=True, capture_output=True, check=False)
        pytest.skip(f"network namespaces cannot be made here: {made.stderr.strip()}")
    try:
        for i, name in enumerate(names):
            subprocess.run(f"ip -n {name} addr add 10.77.0.{i + 1}/24 dev v{i} && ip -n {name} link set v{i} up",
                           shell=True, check=True)
        # What mpirun starts a host's daemon with, in place of ssh.
        agent = tmp_path / "agent"
        agent.write_text(f'#!/bin/sh\n[ "$1" = 10.77.0.1 ] && host={names[0]} || host={names[1]}\nshift\n'
                         'exec ip netns exec $host sh -c "$*"\n')
        agent.chmod(0o755)
        hosts = tmp_path / "hosts"
        hosts.write_text("10.77.0.1 slots=1\n10.77.0.2 slots=1\n")
        alone, together = tmp_path / "alone", tmp_path / "together"
        same = {"DROP_RATE": 0, "DROP_PATH_RATE": 0}
        run(settings(data, alone, **same), alone)
        run(settings(data, together, **same), together,
            before=["ip", "netns", "exec", names[0], "mpirun", "--hostfile", str(hosts), "-n", "2", "--map-by", "node",
                    "--mca", "plm_rsh_agent", str(agent), "--mca", "btl", "tcp,self", "--mca", "oob_tcp_if_include",
                    "10.77.0.0/24", "--mca", "btl_tcp_if_include", "10.77.0.0/24", "-x", "OMP_NUM_THREADS"])
        close(losses(together), losses(alone))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


def test_a_lost_process_ends_the_run_with_word_of_it_and_a_checkpoint(data, tmp_path):
    folder = tmp_path / "lost"
    values = settings(data, folder, SAVE_PER_OPTIM_STEPS=2, MAX_STEPS=2000)
    # mpirun no longer passes on what is said while it ends a job: each process writes into a file of its own.
    command = ["mpirun", "--oversubscribe", "--mca", "odls_base_sigkill_timeout", "5", "-n", "2",
               "sh", "-c", f'exec "$0" "$@" 2>{tmp_path}/errors.$OMPI_COMM_WORLD_RANK', os.environ["MI2_BIN"],
               *arguments(values, folder)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as job:
        limit = time.time() + 120
        while time.time() < limit and not list(folder.glob("checkpoints/step-*.safetensors")):
            time.sleep(0.05)
        # Of the two that run this configuration, the one that does not write the log.
        pids = [int(p) for p in subprocess.run(["pgrep", "-f", f"^[^ ]*mi2[^ ]* train {folder}.yaml"], capture_output=True, text=True,
                                               check=True).stdout.split()]
        ranks = {}
        for pid in pids:
            for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if entry.startswith(b"OMPI_COMM_WORLD_RANK="):
                    ranks[int(entry.split(b"=")[1])] = pid
        os.kill(ranks[1], signal.SIGKILL)
        job.wait(timeout=120)
    assert job.returncode != 0
    errors = (tmp_path / "errors.0").read_text()
    assert "process" in errors and "--resume" in errors
    steps = sorted(folder.glob("checkpoints/step-*.safetensors"))
    assert steps
    last = int(steps[-1].stem.split("-")[1])
    done = run({**values, "MAX_STEPS": last + 2}, folder, "--resume", "--allow-change", "MAX_STEPS")
    assert json.loads(done.stdout)["steps"] == last + 2


def test_an_interrupt_leaves_a_checkpoint_and_ends_by_the_signal(data, tmp_path):
    folder = tmp_path / "interrupted"
    values = settings(data, folder, MAX_STEPS=2000)
    with subprocess.Popen([os.environ["MI2_BIN"], *arguments(values, folder)], env=environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        limit = time.time() + 120
        while time.time() < limit and not (folder / "log.jsonl").exists() or not losses(folder):
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == -signal.SIGINT
    assert len(list(folder.glob("checkpoints/step-*.safetensors"))) == 1


@pytest.mark.parametrize("change, wanted, status", [
    ({"START_LEARNING_RAET": 1}, "START_LEARNING_RATE", 2),
    ({"TRAIN__BATCH_SIZE_TOTAL": "many"}, "BATCH_SIZE_TOTAL", 2),
    ({"DATASET__TRAIN": "[{PATH: nowhere.csv}]"}, "nowhere.csv", 7),
    ({"MODEL": "nowhere"}, "nowhere", 7),
    ({"TRAIN__BATCH_SIZE_TOTAL": 4000}, "4000", 2),
    ({"FREEZE_PATTERNS": "['.']"}, "FREEZE_PATTERNS", 2),
    ({"FREEZE_PATTERNS": "['(']"}, "FREEZE_PATTERNS", 2),
])
def test_a_wrong_setting_ends_the_run_before_it_starts(data, tmp_path, change, wanted, status):
    folder = tmp_path / "wrong"
    done = run(settings(data, folder, **change), folder, status=status)
    assert wanted in done.stderr
    assert not folder.exists()


def test_a_run_that_does_not_start_spares_a_folder_that_was_there(data, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes").write_text("mine")
    run(settings(data, folder, MODEL="nowhere"), folder, status=7)
    assert (folder / "notes").read_text() == "mine"


def test_random_weights_are_asked_for(data, tmp_path):
    folder = tmp_path / "scratch"
    values = {**settings(data, folder, MAX_STEPS=1), **_sections()}
    del values["MODEL"]
    done = run(values, folder, status=2)
    assert "--from-scratch" in done.stderr and not folder.exists()
    assert json.loads(run(values, folder, "--from-scratch").stdout)["steps"] == 1


def _sections():
    """The small model's own sections, in the run's settings."""
    text = (Path(os.environ["MI2_TINY_MODEL"]) / "config.yaml").read_text()
    return {key: json.dumps(value) for key, value in yaml.safe_load(text).items()
            if key in ("IMAGE_ENCODER", "LANG_ENCODER", "UNICL_MODEL")}


def test_an_evaluation_shows_what_it_is_and_the_loss_is_on_the_bar(data, tmp_path):
    folder = tmp_path / "bar"
    values = settings(data, folder, DATASET__VALIDATION="[{PATH: manifest.csv, SPLIT: test}]", DATASET__PROMPTS="prompts.csv",
                      EVAL_AT_START="true")
    status, _, shown = run_on_terminal([os.environ["MI2_BIN"], *arguments(values, folder)], environment())
    assert status == 0, shown
    assert "evaluating 0:0" in shown and ", loss " in shown


def test_a_folder_that_holds_a_run_is_not_begun_anew(data, whole):
    folder, _ = whole
    done = run(settings(data, folder), folder, status=2)
    assert "--resume" in done.stderr


def test_missing_and_broken_pictures_are_reported_and_left_out(data, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data, root)
    (root / "0.png").unlink()
    (root / "1.png").write_bytes((data / "1.png").read_bytes()[:200])
    folder = tmp_path / "run"
    done = run(settings(root, folder), folder)
    assert "0.png" in done.stderr and "1.png" in done.stderr
    assert json.loads(done.stdout)["steps"] == 10
    for picture in root.glob("*.png"):
        picture.unlink()
    done = run(settings(root, tmp_path / "none"), tmp_path / "none", status=3)
    assert "2.png" in done.stderr and "records are broken" in done.stderr


def test_a_full_disk_ends_the_run_and_spares_the_checkpoint_before(data, tmp_path):
    folder = tmp_path / "full"
    values = settings(data, folder, SAVE_PER_OPTIM_STEPS=2, MAX_STEPS=2)
    run(values, folder)
    before = sorted((p.name, p.read_bytes()) for p in (folder / "checkpoints").iterdir())

    def no_large_files():
        # A write beyond the limit then fails as one to a full disk does.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = run({**values, "MAX_STEPS": 8}, folder, "--resume", status=3, preexec_fn=no_large_files)
    assert "step-" in done.stderr
    assert sorted((p.name, p.read_bytes()) for p in (folder / "checkpoints").iterdir()) == before
    run({**values, "MAX_STEPS": 8}, folder, "--resume")


def test_a_loss_that_is_not_finite_leaves_steps_out_and_then_ends_the_run(data, tmp_path):
    folder = tmp_path / "diverged"
    values = settings(data, folder, MAX_STEPS=1)
    run(values, folder)
    checkpoint = folder / "checkpoints" / "step-00000001.safetensors"
    # The exponential of its scale is infinite.
    as_older(checkpoint, "seed 3, 40 images, 8 per pass, 1 passes per step", model__logit_scale=1000)
    done = run({**values, "MAX_STEPS": 100, "SAVE_PER_OPTIM_STEPS": 1}, folder, "--resume", status=2)
    assert "not finite" in done.stderr and "START_LEARNING_RATE" in done.stderr
    assert [path.name for path in folder.glob("checkpoints/*")] == [checkpoint.name]

"""Every command that writes, killed at each system call that changes something on the disk, and refused each of them by a
full disk: what was there stays whole, or what is new is; the next run removes what the killed one left."""
import collections
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from adapter_support import scores, write_embeddings, write_safetensors
from test_adapter_toolkit import toolkit_weights

CALLS = "write,pwrite64,rename,renameat,renameat2,fsync,ftruncate,fchmod,fchown,mkdir,mkdirat,unlink,unlinkat,flock"


def _can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.skipif(not _can_trace(), reason="strace is not there, or may not trace"),
    pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")),
                       reason="the sanitizers' runtime makes calls of its own, and waits for ever for those that fail"),
]


class Traced:
    """Runs a command with a fault at its n-th call."""

    def __init__(self, mi2, folder, *arguments):
        self.command = [mi2.path, *map(str, arguments)]
        self.environment = mi2.environment()
        self.folder = folder

    def run(self, *options):
        return subprocess.run(["strace", "-f", "-qq", *options, *self.command], env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def calls(self):
        """The calls of a run without faults: (name, its number among those of this name)."""
        log = self.folder / "strace.log"
        done = self.run("-o", str(log), "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stderr
        lines = log.read_text().splitlines()
        log.unlink()
        found, counts = [], collections.Counter()
        for line in lines:
            if (name := re.search(r"(\w+)\(", line)) and "resumed>" not in line:
                counts[name[1]] += 1
                found.append((name[1], counts[name[1]]))
        return found

    def at(self, call, fault):
        name, number = call
        return self.run("-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={number}")

    def each(self, fault, prepare):
        prepare()
        calls = self.calls()
        assert len(calls) > 4
        for call in calls:
            prepare()
            yield call, self.at(call, fault)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def heads(mi2, tmp_path):
    """Two adapters of the toolkit and vectors, with the scores that each gives."""
    vectors = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    embeddings = write_embeddings(tmp_path / "e.jsonl", ["0", "1", "2"], vectors)
    found = []
    for i, labels in enumerate((["x", "y"], ["x", "y", "z"])):
        folder = tmp_path / f"toolkit{i}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"in_channels": 20, "hidden_dim": 4, "labels": labels}))
        write_safetensors(folder / "model.safetensors", toolkit_weights(20, 4, len(labels)))
        found.append((folder, scores(mi2, folder, embeddings)))
    return found, embeddings


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
def test_a_head_is_the_old_one_or_the_new_one(mi2, heads, place, tmp_path, fault):
    ((old, old_scores), (new, new_scores)), embeddings = heads
    head = place / "head"

    def prepare():
        for path in place.iterdir():
            path.unlink()
        mi2("adapter", "import", "--out", str(head), str(old))

    seen = set()
    for call, done in Traced(mi2, tmp_path, "adapter", "import", "--force", "--out", head, new).each(fault, prepare):
        after = scores(mi2, head, embeddings)
        assert after in (old_scores, new_scores), call
        if done.returncode == 0:
            assert after == new_scores, call
        elif "ENOSPC" in fault:
            assert done.returncode == 3 and b"No space left" in done.stderr, (call, done.stderr)
        seen.add(after == new_scores)
    assert True in seen and False in seen
    mi2("adapter", "import", "--force", "--out", str(head), str(new))
    assert scores(mi2, head, embeddings) == new_scores and names(place) == ["head.json", "head.safetensors"]


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
def test_an_output_is_whole_or_not_there(mi2, place, picture, tmp_path, fault):
    out = place / "out.jsonl"
    arguments = ("embed", "--threads", "1", "--out", out, picture)
    mi2(*map(str, arguments))
    new = out.read_bytes()
    for call, done in Traced(mi2, tmp_path, *arguments).each(fault, lambda: out.unlink(missing_ok=True)):
        assert not out.exists() or out.read_bytes() == new, call
        if "ENOSPC" in fault and done.returncode != 0:
            assert str(place).encode() in done.stderr and names(place) in ([], ["out.jsonl"]), (call, done.stderr)
    out.unlink(missing_ok=True)
    mi2(*map(str, arguments))
    assert names(place) == ["out.jsonl"] and out.read_bytes() == new


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
def test_a_packed_file_is_the_old_one_or_the_new_one(mi2, place, tmp_path, fault):
    out = place / "m.mi2"
    arguments = ("pack", "--threads", "1", "--model", mi2.model, "--dtype", "bf16", out)
    mi2(*map(str, arguments))
    new = out.read_bytes()
    traced = Traced(mi2, tmp_path, *arguments, "--force")
    for call, done in traced.each(fault, lambda: out.write_bytes(b"old")):
        assert out.read_bytes() in (b"old", new), call
        if "ENOSPC" in fault and done.returncode != 0:
            assert names(place) == ["m.mi2"], call
    mi2(*map(str, arguments), "--force")
    assert names(place) == ["m.mi2"]


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
def test_a_package_is_whole_or_not_there(mi2, place, tmp_path, fault):
    out = place / "out"
    arguments = ("package", "mlflow", "--model", mi2.model, out)
    mi2(*map(str, arguments))
    whole = sorted((path.relative_to(out), path.stat().st_size) for path in out.rglob("*") if path.is_file())

    def prepare():
        if out.exists():
            shutil.rmtree(out)

    for call, done in Traced(mi2, tmp_path, *arguments).each(fault, prepare):
        if out.exists():
            assert whole == sorted((p.relative_to(out), p.stat().st_size) for p in out.rglob("*") if p.is_file()), call
        elif "ENOSPC" in fault:
            assert done.returncode == 3 and str(out).encode() in done.stderr and names(place) == [], (call, done.stderr)
    prepare()
    mi2(*map(str, arguments))
    assert names(place) == ["out"]


def test_a_batch_goes_on_wherever_it_was_killed(mi2, place, tmp_path):
    rows = tmp_path / "in.jsonl"
    rows.write_text("".join(json.dumps({"text": f"row {i}"}) + "\n" for i in range(4)))
    out = place / "out.jsonl"
    arguments = ("batch", rows, out, "--batch", "1", "--threads", "1")
    mi2(*map(str, arguments))
    whole = out.read_bytes()

    def prepare():
        for path in place.iterdir():
            path.unlink()

    for call, _ in Traced(mi2, tmp_path, *arguments).each("signal=KILL", prepare):
        if not out.exists():
            mi2(*map(str, arguments))
            assert names(place) == ["out.jsonl"], call
        assert out.read_bytes() == whole, call


@pytest.mark.parametrize("output_format", ["jsonl", "npy"])
def test_vectors_go_on_wherever_they_were_killed(mi2, place, images, tmp_path, output_format):
    out = place / "out"
    arguments = ("embed", "--batch", "1", "--threads", "1", "--format", output_format, "--out", out,
                 *(images / name for name in ("gray.png", "grey.jpg", "rgba.png")))
    mi2(*map(str, arguments))
    whole = {path.name: path.read_bytes() for path in place.iterdir()}

    def prepare():
        for path in place.iterdir():
            path.unlink()

    for call, _ in Traced(mi2, tmp_path, *arguments).each("signal=KILL", prepare):
        if not out.exists():
            mi2(*map(str, arguments), *(["--force"] if output_format == "npy" else []))
            assert {path.name: path.read_bytes() for path in place.iterdir()} == whole, call
        assert out.read_bytes() == whole["out"], call
    mi2(*map(str, arguments), "--force")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == whole

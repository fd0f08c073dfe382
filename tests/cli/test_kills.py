"""Every command that writes, killed at each system call that changes something on the disk, and refused each of them by a
full disk: what was there stays whole, or what is new is; the next run removes what the killed one left."""
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from adapter_support import scores, write_embeddings, write_labels, write_safetensors
from test_adapter_toolkit import toolkit_weights
from tracing import KILL_OR_FULL_DISK, NEEDS_KILLS, Traced

pytestmark = NEEDS_KILLS


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


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


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
def test_a_head_is_the_old_one_or_the_new_one(mi2, heads, place, tmp_path, fault):
    ((old, old_scores), (new, new_scores)), embeddings = heads
    head = place / "head"

    def prepare():
        empty(place)
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


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
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


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
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


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
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

    for call, _ in Traced(mi2, tmp_path, *arguments).each("signal=KILL", lambda: empty(place)):
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

    for call, _ in Traced(mi2, tmp_path, *arguments).each("signal=KILL", lambda: empty(place)):
        if not out.exists():
            mi2(*map(str, arguments), *(["--force"] if output_format == "npy" else []))
            assert {path.name: path.read_bytes() for path in place.iterdir()} == whole, call
        assert out.read_bytes() == whole["out"], call
    mi2(*map(str, arguments), "--force")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == whole


@pytest.mark.parametrize("arguments", [("--format", "jsonl"), ("--format", "csv", "--frames", "all")])
def test_scores_go_on_wherever_they_were_killed(mi2, place, images, tmp_path, arguments):
    out = place / "out"
    arguments = ("classify", "--labels", "a,b", "--batch", "1", "--threads", "1", *arguments, "--out", out,
                 *(images / name for name in ("gray.png", "grey.jpg")))
    mi2(*map(str, arguments))
    whole = out.read_bytes()

    for call, _ in Traced(mi2, tmp_path, *arguments).each("signal=KILL", lambda: empty(place)):
        if not out.exists():
            mi2(*map(str, arguments))
            assert names(place) == ["out"], call
        assert out.read_bytes() == whole, call


@pytest.fixture
def searched(tmp_path):
    """Vectors, their labels, and queries of two kinds, whose figures differ."""
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 60)
    np.save(tmp_path / "v.npy", (random.normal(size=(60, 6)) + 2 * truth[:, None]).astype(np.float32))
    (tmp_path / "l.txt").write_text("".join(f"{'ab'[label]}\n" for label in truth))
    (tmp_path / "other.txt").write_text("".join(f"{'ab'[label]}\n" for label in random.permutation(truth)))
    return tmp_path


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
def test_a_search_and_its_figures_are_of_one_run(mi2, place, searched, tmp_path, fault):
    def arguments(labels, vote):
        return ("knn", "--train", searched / "v.npy", "--labels", searched / "l.txt", "--threads", "1", "--vote", vote,
                "--query-labels", searched / labels, "--format", "csv", "--out", place / "out.csv",
                "--figures", place / "figures.json", "--force", searched / "v.npy")

    def found():
        return {path.name: path.read_bytes() for path in place.iterdir() if ".mi2-" not in path.name}

    states = []
    for given in (("l.txt", "majority"), ("other.txt", "distance")):
        mi2(*map(str, arguments(*given)))
        states.append(found())
    old, new = states
    assert all(old[name] != new[name] for name in old)

    def prepare():
        empty(place)
        for name, content in old.items():
            (place / name).write_bytes(content)

    for call, done in Traced(mi2, tmp_path, *arguments("other.txt", "distance")).each(fault, prepare):
        after = found()
        assert after.items() <= old.items() or after.items() <= new.items(), call
        if done.returncode == 0:
            assert after == new, call
        elif "ENOSPC" in fault:
            assert names(place) == sorted(after), call
    mi2(*map(str, arguments("other.txt", "distance")))
    assert names(place) == sorted(new) and found() == new


@pytest.mark.parametrize("fault", KILL_OR_FULL_DISK)
def test_a_fidelity_report_is_the_old_one_or_a_new_one(mi2, place, picture, tmp_path, fault):
    out = place / "out.json"
    arguments = ("fidelity", "--dtypes", "f32", "--threads", "1", "--format", "json", "--force", "--out", out, picture)
    # Times differ from run to run. What else is written goes through pipes between its processes.
    changing = {"fsync", "rename", "flock", "fchmod"}
    traced = Traced(mi2, tmp_path, *arguments)
    for call, done in traced.each(fault, lambda: out.write_text('"old"'), changing):
        report = json.loads(out.read_text())
        assert report == "old" or report["images"] == 1, call
        if "ENOSPC" in fault and done.returncode != 0:
            assert names(place) == ["out.json"], call
    mi2(*map(str, arguments))
    assert names(place) == ["out.json"]


@pytest.mark.skipif(not (Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch").exists(),
                    reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
def test_an_adapter_and_its_report_are_of_one_run(mi2, place, tmp_path):
    random = np.random.default_rng(7)
    vectors = random.normal(size=(24, 8)).astype(np.float32)
    embeddings = write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(24)], vectors)
    head = place / "head"

    def arguments(labels):
        table = write_labels(tmp_path / f"{labels}.csv",
                             [(i, "test" if i >= 16 else "train", labels[i % len(labels)]) for i in range(24)])
        return ("adapter", "train", "--embeddings", embeddings, "--labels", table, "--out", head, "--force", "--threads",
                "1", "--bootstrap", "0", "--report", place / "report")

    def found():
        return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*")
                if path.is_file() and ".mi2-" not in path.name}

    states = []
    for labels in ("ab", "abc"):
        mi2(*map(str, arguments(labels)))
        states.append((found(), scores(mi2, head, embeddings)))
    (old, old_scores), (new, new_scores) = states

    def prepare():
        shutil.rmtree(place / "report")
        empty(place)
        (place / "report").mkdir()
        for name, content in old.items():
            (place / name).write_bytes(content)

    reports = {"report/" + name for name in ("roc.svg", "confusion.svg", "calibration.svg", "report.json", "report.html",
                                             "rows.csv")}
    for call, done in Traced(mi2, tmp_path, *arguments("abc")).each("signal=KILL", prepare, {"rename", "unlink"}):
        assert done.returncode != 0, call
        after = {name: content for name, content in found().items() if name in reports}
        found_scores = scores(mi2, head, embeddings)
        assert found_scores in (old_scores, new_scores), call
        state = old if found_scores == old_scores else new
        assert after.items() <= state.items(), call
    mi2(*map(str, arguments("abc")))
    assert found() == new and scores(mi2, head, embeddings) == new_scores
    assert names(place) == ["head.json", "head.safetensors", "report"] and len(names(place / "report")) == len(reports)

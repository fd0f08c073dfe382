"""embed, classify and adapters over many files: what a run that was ended has done is kept, and the same command goes on."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from lora_support import make_lora
from test_kills_more import vectors  # noqa: F401 (a fixture)

COMMANDS = {
    "embed jsonl": ["embed", "--format", "jsonl"],
    "embed csv": ["embed", "--format", "csv", "--text", "a text"],
    "embed npy": ["embed", "--format", "npy", "--provenance"],
    "embed frames": ["embed", "--frames", "all"],
    "classify": ["classify", "--labels", "a,b", "--format", "jsonl"],
    "adapter classify": ["adapter", "classify", "--head", "HEAD", "--format", "jsonl"],
    "adapter embed": ["adapter", "embed", "--head", "HEAD", "--format", "csv"],
}


@pytest.fixture
def many(tmp_path, images):
    """A folder of 60 images, one of them damaged."""
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(60):
        shutil.copy(images / ("gray.png" if i % 2 else "grey.jpg"), folder / f"{i:03}")
    (folder / "007").write_bytes((images / "gray.png").read_bytes()[:100])
    return folder


def _end(mi2, arguments, out, how, rows=8):
    """Starts a run and ends it once some rows are kept; its standard error."""
    process = subprocess.Popen([mi2.path, *arguments, "--batch", "1", "--threads", "1", "--out", str(out)],
                               env=mi2.environment(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    part = out.parent / (out.name + ".part")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if part.exists() and part.read_bytes().count(b"\n") >= rows:
            process.send_signal(how)
            break
        time.sleep(0.001)
    errors = process.communicate(timeout=60)[1].decode()
    return process.returncode, errors


ENDS = [*[(name, signal.SIGKILL) for name in COMMANDS], ("embed npy", signal.SIGINT), ("classify", signal.SIGTERM)]


@pytest.mark.parametrize(("name", "how"), ENDS)
def test_the_same_command_goes_on(mi2, many, vectors, tmp_path, name, how):  # noqa: F811
    arguments = [str(vectors / "head") if word == "HEAD" else word for word in [*COMMANDS[name], str(many)]]
    whole, out = tmp_path / "whole", tmp_path / "out"
    first = mi2(*arguments, "--batch", "1", "--threads", "1", "--out", str(whole), status=8)
    status, errors = _end(mi2, arguments, out, how)
    assert status == -how and not out.exists()
    if how != signal.SIGKILL:
        assert re.search(r"stopped after \d+ inputs; the same command goes on", errors), errors
    done = mi2(*arguments, "--batch", "1", "--threads", "1", "--out", str(out), "--resume", status=8)
    assert re.search(r"resuming after [1-9]\d* inputs", done.errors), done.errors
    assert out.read_bytes() == whole.read_bytes()
    assert done.errors.splitlines()[-1] == first.errors.splitlines()[-1]
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith((".part", ".job"))]


@pytest.mark.parametrize("command", ["classify", "embed"])
def test_an_adapters_result_is_replaced_only_by_force(mi2, picture, vectors, tmp_path, command):  # noqa: F811
    out = tmp_path / "out.csv"
    out.write_text("mine")
    arguments = ["adapter", command, "--head", str(vectors / "head"), "--out", str(out), picture]
    assert "--force" in mi2(*arguments, status=2).errors and out.read_text() == "mine"
    mi2(*arguments, "--force")
    assert out.read_text() != "mine"


def test_only_what_is_left_is_computed(mi2, many, tmp_path):
    """The images that were done need not even be readable any more."""
    arguments = ["embed", str(many), "--dtype", "f32"]
    out = tmp_path / "out"
    _end(mi2, arguments, out, signal.SIGKILL, rows=20)
    with open(f"{out}.part", "rb") as part:
        kept = part.read().count(b"\n")
    done = mi2(*arguments, "--batch", "1", "--out", str(out), "--verbose", status=8)
    assert f"resuming after {kept} inputs" in done.errors or f"resuming after {kept - 1} inputs" in done.errors


@pytest.mark.parametrize("change", [["--profile", "azure"], ["--dtype", "bf16"], ["--text", "more"], ["--frames", "all"]])
def test_another_job_is_refused_and_restart_starts_over(mi2, many, tmp_path, change):
    out = tmp_path / "out"
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    refused = mi2("embed", str(many), *change, "--out", str(out), status=2)
    assert "another input, model or options" in refused.errors and "--restart" in refused.errors
    mi2("embed", str(many), *change, "--out", str(out), "--restart", status=8)
    assert out.exists()


def test_another_lora_file_is_another_job(mi2, many, tmp_path):
    out = tmp_path / "out"
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    lora = make_lora(mi2.model, tmp_path / "hand.safetensors")
    assert "--restart" in mi2("embed", str(many), "--lora", str(lora), "--out", str(out), status=2).errors


def test_a_changed_image_is_another_job(mi2, many, images, tmp_path):
    out = tmp_path / "out"
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    shutil.copy(images / "rgba.png", many / "001")
    assert "--restart" in mi2("embed", str(many), "--out", str(out), status=2).errors


def test_a_volume_whose_voxels_changed_is_another_job(mi2, many, tmp_path):
    """They are in a file beside the header's, which is the one that is named."""
    (many / "999.mhd").write_text("ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR\n"
                                  "ElementDataFile = voxels.raw\n")
    (many / "voxels.raw").write_bytes(bytes(range(64)))
    out = tmp_path / "out"
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    (many / "voxels.raw").write_bytes(bytes(range(100, 164)))
    refused = mi2("embed", str(many), "--out", str(out), status=2)
    assert "another input" in refused.errors


def test_other_labels_are_the_same_job(mi2, many, tmp_path):
    """What is kept are vectors; a label costs nothing."""
    out = tmp_path / "out.jsonl"
    _end(mi2, ["classify", "--labels", "a,b", str(many)], out, signal.SIGKILL)
    done = mi2("classify", "--labels", "c,d,e", str(many), "--out", str(out), status=8)
    assert "resuming after" in done.errors and b'"c"' in out.read_bytes()


def test_kept_work_of_the_last_version_goes_on(mi2, many, tmp_path):
    """Its job file had no first line of our own. Of another job it is refused by name."""
    whole, out, job = tmp_path / "whole", tmp_path / "out", tmp_path / "out.job"
    mi2("embed", str(many), "--batch", "1", "--threads", "1", "--out", str(whole), status=8)
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    first, description = job.read_bytes().split(b"\n", 1)
    assert first.startswith(b"mi2: ")
    job.write_bytes(description)
    assert str(job) in mi2("embed", str(many), "--text", "more", "--out", str(out), status=2).errors
    done = mi2("embed", str(many), "--batch", "1", "--threads", "1", "--out", str(out), status=8)
    assert "resuming after" in done.errors and out.read_bytes() == whole.read_bytes() and not job.exists()


@pytest.mark.parametrize("more", [[], ["--restart"]], ids=["", "restart"])
@pytest.mark.parametrize("command", ["embed", "classify", "batch"])
@pytest.mark.parametrize("name", ["out.job", "out.part"])
def test_files_of_others_that_are_called_as_kept_work_are_left_alone(mi2, many, tmp_path, command, name, more):
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out"
    rows.write_text('{"text": "a"}\n')
    arguments = {"embed": ["embed", str(many), "--out", str(out)], "batch": ["batch", str(rows), str(out), "--format", "jsonl"],
                 "classify": ["classify", "--labels", "a,b", str(many), "--out", str(out)]}[command]
    other, own = tmp_path / name, tmp_path / "own"
    for content, link in (("of mine", False), ("of mine", True), ("", True)):
        own.write_text(content)
        other.symlink_to(own) if link else other.write_text(content)
        refused = mi2(*arguments, *more, status=2)
        assert str(other) in refused.errors and "another output" in refused.errors, refused.errors
        assert other.read_text() == content and own.read_text() == content and other.is_symlink() == link
        assert not out.exists() and {path.name for path in tmp_path.iterdir()} <= {"many", "own", "rows.jsonl", "out.part", name}
        other.unlink()
        (tmp_path / "out.part").unlink(missing_ok=True)
    mi2(*arguments, *more, status=0 if command == "batch" else 8)
    assert out.exists() and not other.exists()


def test_a_damaged_part_is_refused(mi2, many, tmp_path):
    out = tmp_path / "out"
    _end(mi2, ["embed", str(many)], out, signal.SIGKILL)
    part = tmp_path / "out.part"
    lines = part.read_bytes().split(b"\n")
    part.write_bytes(b"\n".join([lines[0], b"junk", *lines[2:]]))
    assert "line 2 is damaged" in mi2("embed", str(many), "--out", str(out), status=3).errors


def test_rows_on_standard_output_are_said_to_be_written(mi2, many, tmp_path):
    with open(tmp_path / "rows", "wb") as rows:
        process = subprocess.Popen([mi2.path, "embed", "--batch", "1", "--threads", "1", *[str(many)] * 40],
                                   env=mi2.environment(), stdout=rows, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        while process.poll() is None and os.path.getsize(tmp_path / "rows") == 0:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1].decode()
    assert process.returncode == -signal.SIGINT
    done = re.search(r"stopped after (\d+) inputs; their rows were written", errors)
    assert done, errors
    failed = errors.count("/007: ")
    assert (tmp_path / "rows").read_bytes().count(b"\n") == int(done[1]) - failed

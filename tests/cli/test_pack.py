"""mi2 pack: a file stands in for its folder everywhere, and what is wrong with one is told."""
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DTYPES = ["f32", "bf16", "int8", "bf16x3"]


@pytest.fixture(scope="module")
def packed_files(tmp_path_factory):
    return tmp_path_factory.mktemp("packed")


@pytest.fixture
def packed(mi2, packed_files):
    """Packs the model in a dtype, once; skips a dtype this processor does not compute in."""
    def pack(dtype):
        path = packed_files / f"{dtype}.mi2"
        if not path.exists():
            done = subprocess.run([mi2.path, "pack", "--model", mi2.model, "--dtype", dtype, str(path)], check=False,
                                  stderr=subprocess.PIPE)
            if done.returncode == 4:
                pytest.skip(done.stderr.decode())
            assert done.returncode == 0, done.stderr.decode()
        return str(path)
    return pack


@pytest.mark.parametrize("dtype", DTYPES)
def test_same_bytes_from_the_file_and_from_the_folder(mi2, images, packed, dtype):
    path = packed(dtype)
    inputs = [str(images / "gray.png"), str(images / "cmyk.jpg"), "--text", "chest x-ray", "--provenance"]
    folder = mi2("embed", "--dtype", dtype, *inputs).stdout
    assert mi2("embed", "--model", path, *inputs, with_model=False).stdout == folder
    assert mi2("embed", "--model", path, "--dtype", dtype, *inputs).stdout == folder


def test_other_commands_take_the_file(mi2, images, packed):
    path = packed("bf16")
    classify = ["classify", "--labels", "a,b", str(images / "gray.png")]
    assert mi2(*classify, "--model", path).stdout == mi2(*classify, "--dtype", "bf16").stdout
    assert mi2("tokenize", "--model", path, "a b").stdout == mi2("tokenize", "a b").stdout
    bench = json.loads(mi2("bench", "--model", path, "--rounds", "1", "--json").stdout)
    assert bench["dtype"] == "bf16"


def test_model_from_the_environment(mi2, picture, packed):
    done = subprocess.run([mi2.path, "embed", picture], env={**os.environ, "MI2_MODEL": packed("bf16")}, check=True,
                          stdout=subprocess.PIPE)
    assert done.stdout == mi2("embed", "--dtype", "bf16", picture).stdout


def test_calibrate_is_for_int8(mi2, images, tmp_path):
    mi2("pack", "--dtype", "int8", "--calibrate", str(images), str(tmp_path / "m.mi2"))
    errors = mi2("pack", "--dtype", "bf16", "--calibrate", str(images), str(tmp_path / "n.mi2"), status=2).errors
    assert "--calibrate" in errors and "int8" in errors


def test_another_dtype_than_the_file_holds(mi2, picture, packed):
    errors = mi2("embed", "--model", packed("f32"), "--dtype", "bf16", picture, status=2).errors
    assert "packed in f32" in errors and "bf16 was asked for" in errors and errors.count("\n") == 1


def test_inspect_compares_a_publishers_hash(mi2, packed):
    path = packed("f32")
    sha256 = json.loads(mi2("inspect", "--json", mi2.model).stdout)["weights"]["sha256"]
    for place in (mi2.model, path):
        assert json.loads(mi2("inspect", "--json", "--sha256", sha256.upper(), str(place)).stdout)["sha256_matches"] is True
        assert "sha256 is not the one that was given" in mi2("inspect", "--sha256", "0" * 64, str(place)).stdout.decode()
    assert "expected 64 hexadecimal digits, got 'abc'" in mi2("inspect", "--sha256", "abc", mi2.model, status=2).errors
    assert "has no weights" in mi2("inspect", "--sha256", sha256, f"{mi2.model}/config.yaml", status=2).errors


def test_inspect_says_what_it_is(mi2, packed):
    path = packed("int8")
    report = json.loads(mi2("inspect", "--json", path).stdout)
    folder = json.loads(mi2("inspect", "--json", mi2.model).stdout)
    assert report["kind"] == "packed" and report["loads"] and report["packed"]["dtype"] == "int8"
    assert report["packed"]["weights_sha256"] == folder["weights"]["sha256"]
    assert report["config"] == folder["config"]
    text = mi2("inspect", path).stdout.decode()
    assert "packed       " in text and "dtype        int8" in text and "loads        yes" in text


def test_damage_is_found(mi2, picture, packed, tmp_path):
    whole = Path(packed("bf16")).read_bytes()
    damaged = tmp_path / "damaged.mi2"
    for at in (20, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        done = mi2("embed", "--model", str(damaged), picture, status=3)
        assert str(damaged) in done.errors and done.stdout == b"" and done.errors.count("\n") == 1
    assert "checksum" in done.errors
    damaged.write_bytes(whole[:-64])
    assert str(damaged) in mi2("embed", "--model", str(damaged), picture, status=3).errors


def inputs_of(command, images, tmp_path):
    if command == "batch":
        rows = tmp_path / "rows.jsonl"
        rows.write_text("".join(json.dumps({"text": f"text number {i}"}) + "\n" for i in range(400)))
        return ["batch", "--batch", "1", "--threads", "1", str(rows)], []
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(100):
        shutil.copy(images / ("gray.png" if i % 2 else "grey.jpg"), folder / f"{i:03}.png")
    return ["embed", "--batch", "1", "--threads", "1", str(folder), "--out"], ["--resume"]


@pytest.mark.parametrize("command", ["embed", "batch"])
def test_a_file_that_is_cut_meanwhile_ends_the_run_and_gives_no_wrong_vector(mi2, images, packed, tmp_path, command):
    model = tmp_path / "model.mi2"
    shutil.copy(packed("f32"), model)
    content, stamp = model.read_bytes(), os.stat(model)
    arguments, resume = inputs_of(command, images, tmp_path)
    whole, out, part = (tmp_path / name for name in ("whole.jsonl", "out.jsonl", "out.jsonl.part"))
    mi2(*arguments, str(whole), "--model", str(model))
    with subprocess.Popen([mi2.path, *arguments, str(out), "--model", str(model)], env=mi2.environment(),
                          stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while running.poll() is None and not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.001)
        os.truncate(model, 4096)
        errors = running.communicate(timeout=60)[1].decode()
    assert running.returncode == 3 and "was cut or written while it was in use" in errors, errors
    assert not out.exists() and part.stat().st_size > 0
    # What it had kept is right: with the file as it was, the same command goes on from there.
    model.write_bytes(content)
    os.utime(model, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert "resuming after" in mi2(*arguments, str(out), "--model", str(model), *resume).errors
    assert out.read_bytes() == whole.read_bytes()


def test_a_file_that_is_not_packed(mi2, picture):
    weights = next(Path(mi2.model).glob("*.safetensors"))
    assert "not written by mi2 pack" in mi2("embed", "--model", str(weights), picture, status=3).errors


def test_overwrites_only_when_told(mi2, tmp_path):
    out = tmp_path / "model.mi2"
    out.write_text("mine")
    assert "--force" in mi2("pack", "--dtype", "bf16", str(out), status=2).errors
    assert out.read_text() == "mine"
    done = mi2("pack", "--dtype", "bf16", "--force", str(out))
    assert out.stat().st_size > 1000 and done.stdout == b"" and "MB" in done.errors
    assert [path.name for path in tmp_path.iterdir()] == ["model.mi2"]


def test_keeps_the_models_own_tokenizer(mi2, tmp_path):
    """A vocabulary in which two letters have changed places."""
    merges = (ROOT / "src" / "text" / "vocabulary" / "merges.txt").read_text()
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    pairs = [line.replace(" ", "") for line in merges.splitlines()[1:] if line][:49408 - 512 - 2]
    tokens = [*letters, *[letter + "</w>" for letter in letters], *pairs, "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.yaml", "model.safetensors"):
        (folder / name).symlink_to(Path(mi2.model) / name)
    (folder / "merges.txt").write_text(merges)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    usual = mi2("tokenize", "a b", "--model", str(folder)).stdout
    assert usual == mi2("tokenize", "a b").stdout
    vocabulary["a</w>"], vocabulary["b</w>"] = vocabulary["b</w>"], vocabulary["a</w>"]
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    mi2("pack", "--model", str(folder), "--dtype", "bf16", str(tmp_path / "m.mi2"))
    swapped = mi2("tokenize", "a b", "--model", str(folder)).stdout
    assert mi2("tokenize", "a b", "--model", str(tmp_path / "m.mi2")).stdout == swapped != usual
    assert json.loads(mi2("inspect", "--json", str(tmp_path / "m.mi2")).stdout)["packed"]["own_tokenizer"]


@pytest.mark.parametrize("arguments,status", [
    (["--dtype", "bf16"], 2), (["out"], 2), (["--dtype", "f64", "out"], 2), (["--dtype", "bf16", "."], 2),
    (["--dtype", "bf16", "/dev/null"], 2), (["--dtype", "bf16", "none/out"], 3),
    (["--dtype", "bf16", "--model", "none", "out"], 7),
])
def test_bad_arguments(mi2, tmp_path, arguments, status):
    done = mi2("pack", *arguments, status=status, cwd=tmp_path)
    assert done.errors.startswith("mi2: error: ") and done.errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_packed_file_cannot_be_packed(mi2, packed, tmp_path):
    errors = mi2("pack", "--model", packed("f32"), "--dtype", "bf16", str(tmp_path / "out"), status=2).errors
    assert "packed already" in errors


def _mapping(pid, path):
    """Sums of the rows of a process's smaps that belong to one file, in KiB."""
    sums, inside = {}, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, *rest = line.split(maxsplit=5)
        if not key.endswith(":"):
            inside = line.endswith(path)
        elif inside and rest[-1] == "kB":
            sums[key[:-1]] = sums.get(key[:-1], 0) + int(rest[0])
    return sums


def _wait_until_mapped(process, path):
    size = Path(path).stat().st_size / 1024
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if _mapping(process.pid, path).get("Rss", 0) > 0.95 * size:
            return
        time.sleep(0.02)
    raise AssertionError("the file was not mapped in a minute")


def test_two_processes_share_the_weights(mi2, picture, packed):
    path = packed("f32")
    content = Path(picture).read_bytes()
    # Each waits for its picture, the model open.
    processes = [subprocess.Popen([mi2.path, "embed", "--model", path, "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            _wait_until_mapped(process, path)
        for process in processes:
            memory = _mapping(process.pid, path)
            assert memory["Pss"] < 0.55 * memory["Rss"], memory
            assert memory["Private_Dirty"] == memory["Shared_Dirty"] == memory["Anonymous"] == 0, memory
        outputs = [process.communicate(content, timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert outputs[0] == outputs[1] and json.loads(outputs[0])["path"] == "-"

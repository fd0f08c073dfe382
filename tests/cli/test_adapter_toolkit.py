"""mi2 adapter import and classify: adapters of the healthcareai toolkit, and adapters used on vectors."""
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from adapter_support import scores, toolkit_weights, write_embeddings, write_safetensors

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from torch_file import write_torch


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def toolkit_forward(w, x):
    y = gelu(x @ w["vision_embd.0.weight"].T + w["vision_embd.0.bias"])
    y = y @ w["vision_embd.2.weight"].T + w["vision_embd.2.bias"]
    y = (y - y.mean(axis=1, keepdims=True)) / np.sqrt(y.var(axis=1, keepdims=True) + 1e-5)
    y = y * w["vision_embd.3.weight"] + w["vision_embd.3.bias"]
    # Conv1d of kernel 3 and padding 1 over one position: zeros, the position, zeros.
    padded = np.stack([np.zeros_like(y), y, np.zeros_like(y)], axis=2)
    y = gelu(np.einsum("oik,nik->no", w["retrieval_conv.0.weight"], padded) + w["retrieval_conv.0.bias"])
    padded = np.stack([np.zeros_like(y), y, np.zeros_like(y)], axis=2)
    y = np.einsum("oik,nik->no", w["retrieval_conv.2.weight"], padded) + w["retrieval_conv.2.bias"]
    return y @ w["prediction_head.0.weight"].T + w["prediction_head.0.bias"]


@pytest.fixture
def toolkit(tmp_path):
    folder = tmp_path / "adapter_model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"in_channels": 20, "hidden_dim": 24, "labels": ["x", "y", "z"]}))
    weights = toolkit_weights(20, 24, 3)
    write_safetensors(folder / "model.safetensors", weights)
    return folder, weights


def test_an_imported_adapter_gives_the_toolkits_answers(mi2, toolkit, tmp_path):
    folder, weights = toolkit
    vectors = np.random.default_rng(1).normal(size=(9, 20)).astype(np.float32)
    embeddings = write_embeddings(tmp_path / "e.jsonl", [str(i) for i in range(9)], vectors)
    mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder))
    logits = toolkit_forward({k: v.astype(np.float64) for k, v in weights.items()}, vectors.astype(np.float64))
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for head in (tmp_path / "head", folder):
        found = scores(mi2, head, embeddings)
        ours = np.array([[found[str(i)][label] for label in "xyz"] for i in range(9)])
        np.testing.assert_allclose(ours, wanted, atol=1e-9)  # both compute in f64 from the same f32 weights


def test_a_pickle_is_refused_with_the_way_to_convert_it(mi2, toolkit, tmp_path):
    folder, _ = toolkit
    (folder / "model.safetensors").rename(folder / "best_metric_model.pth")
    done = mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder), status=4)
    assert "save_file" in done.errors and not list(tmp_path.glob("head*"))

def saved(toolkit, **options):
    """The toolkit's folder with its weights as torch.save() writes them."""
    folder, weights = toolkit
    (folder / "model.safetensors").unlink()
    write_torch(folder / "best_metric_model.pth", weights, **options)
    return folder


@pytest.mark.parametrize("options", [
    {}, {"protocol": 4}, {"parameters": True}, {"wrap": lambda state: {"state_dict": state, "epoch": 7, "loss": 0.5}},
    {"wrap": lambda state: {"model_state_dict": state, "optimizer": {"state": {}, "lr": [1e-4]}}},
], ids=["state_dict", "protocol 4", "parameters", "checkpoint", "checkpoint with an optimizer"])
def test_weights_of_torch_save_are_read_without_python(mi2, toolkit, tmp_path, options):
    vectors = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    embeddings = write_embeddings(tmp_path / "e.jsonl", ["0", "1", "2"], vectors)
    wanted = scores(mi2, toolkit[0], embeddings)
    folder = saved(toolkit, **options)
    mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder))
    assert scores(mi2, tmp_path / "head", embeddings) == wanted == scores(mi2, folder, embeddings)
    (folder / "best_metric_model.pth").rename(tmp_path / "weights.pth")
    mi2("adapter", "import", "--force", "--weights", str(tmp_path / "weights.pth"), "--out", str(tmp_path / "head"),
        str(folder))
    assert scores(mi2, tmp_path / "head", embeddings) == wanted


def test_tensors_of_other_types_and_strides_are_read(mi2, toolkit, tmp_path):
    folder, weights = toolkit
    vectors = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    embeddings = write_embeddings(tmp_path / "e.jsonl", ["0", "1", "2"], vectors)
    name = "prediction_head.0.weight"
    weights[name] = (weights[name].view(np.uint32) & 0xFFFF0000).view(np.float32)  # exact in bfloat16
    weights["vision_embd.0.bias"] = weights["vision_embd.0.bias"].astype(np.float16).astype(np.float32)
    write_safetensors(folder / "model.safetensors", weights)
    wanted = scores(mi2, folder, embeddings)
    stored = dict(weights)
    stored["vision_embd.0.bias"] = weights["vision_embd.0.bias"].astype(np.float16)
    stored["vision_embd.2.bias"] = weights["vision_embd.2.bias"].astype(np.float64)
    stored["vision_embd.2.weight"] = np.ascontiguousarray(weights["vision_embd.2.weight"].T).T
    stored["prediction_head.0.bias"] = np.repeat(weights["prediction_head.0.bias"], 2)[1:][::2][:3]
    write_torch(tmp_path / "w.pt", stored, bfloat16=(name,))
    mi2("adapter", "import", "--weights", str(tmp_path / "w.pt"), "--out", str(tmp_path / "head"), str(folder))
    assert scores(mi2, tmp_path / "head", embeddings) == wanted


class Attack:
    def __reduce__(self):
        return os.system, ("touch attacked",)


@pytest.mark.parametrize("wrap", [lambda state: Attack(), lambda state: {**state, "x": Attack()}, lambda state: [state], lambda state: 5,
                                  lambda state: {"a": state, "b": state}, lambda state: {"a": {1, 2}},
                                  lambda state: {**state, "x": 5}, lambda state: {}],
                         ids=["code", "code among", "list", "number", "two", "set", "not only", "empty"])
def test_what_is_not_weights_is_refused_and_nothing_runs(mi2, toolkit, tmp_path, monkeypatch, wrap):
    monkeypatch.chdir(tmp_path)
    folder = saved(toolkit, wrap=wrap)
    done = mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder), status=4)
    assert "best_metric_model.pth" in done.errors
    assert not list(tmp_path.glob("head*")) and not (tmp_path / "attacked").exists()


def test_what_stands_beside_the_weights_never_runs(mi2, toolkit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = saved(toolkit, wrap=lambda state: {"more": Attack(), "state_dict": state})
    mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder))
    assert not (tmp_path / "attacked").exists()


def test_a_torch_file_that_is_not_whole_is_refused(mi2, toolkit, tmp_path):
    folder = saved(toolkit)
    path = folder / "best_metric_model.pth"
    whole = path.read_bytes()
    for size in (10, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder), status=3)
    path.write_bytes(whole.replace(b"archive/data/3", b"archive/data/x"))
    assert "data/3" in mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder), status=3).errors
    assert not list(tmp_path.glob("head*"))


@pytest.mark.parametrize("format_name", ["table", "jsonl", "csv"])
def test_classify_writes_the_formats_of_mi2_classify(mi2, toolkit, tmp_path, format_name):
    folder, _ = toolkit
    embeddings = write_embeddings(tmp_path / "e.jsonl", ["a.png"], np.ones((1, 20)))
    text = mi2("adapter", "classify", "--head", str(folder), "--embeddings", embeddings, "--format", format_name,
               "--top", "2").stdout.decode()
    if format_name == "jsonl":
        assert [len(row["labels"]) for row in map(json.loads, text.splitlines())] == [2]
    elif format_name == "csv":
        assert text.startswith("path,rank,label,score\na.png,1,") and text.count("\n") == 3
    else:
        assert text.startswith("a.png\n  1  ")


def test_classify_refuses_what_does_not_fit(mi2, toolkit, tmp_path, picture):
    folder, _ = toolkit
    short = write_embeddings(tmp_path / "e.jsonl", ["a"], np.ones((1, 4)))
    head = ["adapter", "classify", "--head", str(folder)]
    assert "4 numbers, the adapter takes 20" in mi2(*head, "--embeddings", short, status=2).errors
    assert "exclude" in mi2(*head, "--embeddings", short, picture, status=2).errors
    assert "the adapter takes 20" in mi2(*head, picture, status=2).errors
    assert "--model" in mi2(*head, picture, status=2, with_model=False).errors
    mi2("adapter", "classify", "--head", str(tmp_path / "none"), "--embeddings", short, status=7)


def test_vectors_of_another_model_are_refused(mi2, toolkit, tmp_path):
    folder, _ = toolkit
    mi2("adapter", "import", "--out", str(tmp_path / "head"), str(folder))
    path = tmp_path / "head.json"
    json_text = json.loads(path.read_text())
    json_text["embeddings"] = {"weights_sha256": "a" * 64, "profile": "raw", "dtype": "f32", "version": "1"}
    path.write_text(json.dumps(json_text))
    row = {"path": "a", "embedding": [1.0] * 20,
           "provenance": {"weights_sha256": "b" * 64, "profile": "raw", "dtype": "f32", "version": "1"}}
    (tmp_path / "e.jsonl").write_text(json.dumps(row) + "\n")
    classify = ["adapter", "classify", "--head", str(tmp_path / "head"), "--embeddings", str(tmp_path / "e.jsonl")]
    assert "two models" in mi2(*classify, status=2).errors
    row["provenance"].update(weights_sha256="a" * 64, dtype="bf16")
    (tmp_path / "e.jsonl").write_text(json.dumps(row) + "\n")
    assert "dtype bf16" in mi2(*classify).errors

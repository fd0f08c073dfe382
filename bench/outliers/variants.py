"""Weights with what trained transformers have and golden weights do not: a few channels, gains or logits far larger.

Safetensors files of F32 are read and written here, so that numpy is all this needs.
"""
import json
import struct

import numpy as np


def read(path):
    """Name -> f32 array. Tensors of the file that are not F32 are refused."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    arrays = {}
    for name, row in json.loads(data[8:8 + size]).items():
        if name == "__metadata__":
            continue
        if row["dtype"] != "F32":
            raise ValueError(f"{path}: tensor {name} is {row['dtype']}, expected F32")
        begin, end = row["data_offsets"]
        arrays[name] = np.frombuffer(data[8 + size + begin:8 + size + end], "<f4").reshape(row["shape"]).copy()
    return arrays


def write(path, arrays):
    header, at = {}, 0
    for name, values in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for values in arrays.values():
            f.write(np.ascontiguousarray(values, "<f4").tobytes())


def _norms(weights):
    return [name for name in weights if name.endswith("norm.weight") or ".ln_" in name and name.endswith("weight")]


def _qkv(weights):
    return [name for name in weights if name.endswith(("qkv.weight", "in_proj_weight"))]


def _fed_by(norm):
    """The weights whose columns a norm's channels meet; None for norms without."""
    ends = {"window_attn.norm.weight": "window_attn.fn.qkv.weight",
            "channel_attn.norm.weight": "channel_attn.fn.qkv.weight", "ffn.norm.weight": "ffn.fn.net.fc1.weight",
            "ln_1.weight": "attn.in_proj_weight", "ln_2.weight": "mlp.c_fc.weight"}
    for end, fed in ends.items():
        if norm.endswith(end):
            return norm[:-len(end)] + fed
    return norm.replace("norm.weight", "proj.weight") if "convs." in norm and "convs.0" not in norm else None


def residual(w, severity, pick):
    """A few channels of the residual stream are larger."""
    for name in w:
        if name.startswith("image_encoder.convs.") and name.endswith(("proj.weight", "proj.bias")):
            w[name][pick(w[name].shape[0], 3)] *= severity
    table = w["lang_encoder.token_embedding.weight"]
    table[:, pick(table.shape[1], 3)] *= severity


def tamed(w, severity, pick):
    """The same, with gains that make up for it: small on purpose."""
    for name in w:
        if name.startswith("image_encoder.convs.") and name.endswith(("proj.weight", "proj.bias")):
            w[name][:3] *= severity
    w["lang_encoder.token_embedding.weight"][:, :3] *= severity
    for name in _norms(w):
        w[name][:3] /= severity


def norm_gain(w, severity, pick):
    """A few gains of every norm are larger."""
    for name in _norms(w):
        w[name][pick(w[name].size, 4)] *= severity


def moved(w, severity, pick):
    """Two gains of every norm are larger and the columns behind them smaller: the same model."""
    for norm in _norms(w):
        fed = _fed_by(norm)
        if fed is None:
            continue
        channels = pick(w[norm].size, 2)
        w[norm][channels] *= severity
        w[norm.replace("weight", "bias")][channels] *= severity
        w[fed][:, channels] /= severity


def queries_and_keys(w, severity, pick):
    """Logits of attention are larger."""
    for name in _qkv(w):
        w[name][:2 * (w[name].shape[0] // 3)] *= severity ** 0.5


def values(w, severity, pick):
    """A few channels of the attentions' values are larger."""
    for name in _qkv(w):
        width = w[name].shape[0] // 3
        w[name][2 * width + pick(width, 3)] *= severity


def fc1(w, severity, pick):
    """A few hidden channels of every MLP are larger."""
    for name in w:
        if name.endswith(("fc1.weight", "c_fc.weight")):
            w[name][pick(w[name].shape[0], 6)] *= severity


def heavy_tails(w, severity, pick):
    """Weights of Student's t distribution with `severity` degrees of freedom, as large as before."""
    for name in w:
        if w[name].ndim == 2 and "embedding" not in name:
            t = pick.random.standard_t(severity, size=w[name].shape)
            w[name] = (t * (w[name].std() / t.std())).astype(np.float32)


KINDS = {f.__name__: f for f in (residual, tamed, norm_gain, moved, queries_and_keys, values, fc1, heavy_tails)}


class Pick:
    """Channels to change: the first ones for seed 1, others for other seeds."""

    def __init__(self, seed):
        self.first = seed == 1
        self.random = np.random.default_rng(seed)

    def __call__(self, size, count):
        return np.arange(count) if self.first else self.random.choice(size, count, replace=False)


def variant(weights, kind, severity, seed=1):
    """A copy of `weights`, changed. `kind`: a name of KINDS, or "none"."""
    changed = {name: array.copy() for name, array in weights.items()}
    if kind != "none":
        KINDS[kind](changed, severity, Pick(seed))
    return changed

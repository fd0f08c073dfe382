"""Weights with outliers: int8 keeps near to f32 wherever bf16 does, in images and texts (docs/numerics.md).

Kinds and severities are a small part of bench/outliers, of another seed; f32, which stands all of them, is the measure.
"""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "outliers"))
import variants  # noqa: E402

MI2 = os.environ["MI2_BIN"]
TINY = pathlib.Path(os.environ["MI2_GOLDEN"]) / "tiny"
IMAGES = sorted((ROOT / "tests" / "golden" / "data" / "images").glob("*.png"))[:4]
TEXTS = ["chest x-ray", "mri of the left knee showing a torn meniscus", "no focal consolidation, effusion or edema",
         "dog", "pathology: invasive ductal carcinoma, grade 2", "an ultrasound image"]

pytestmark = pytest.mark.skipif(not (TINY / "model.safetensors").exists(),
                                reason=f"no weights in {TINY}; scripts/make_golden.sh makes them")


def vectors(model, dtype):
    texts = [part for text in TEXTS for part in ("--text", text)]
    done = subprocess.run([MI2, "embed", "--model", model, "--dtype", dtype, *texts, *IMAGES], capture_output=True,
                          text=True, check=True)
    return np.array([json.loads(line)["embedding"] for line in done.stdout.splitlines()])


@pytest.mark.parametrize("kind,severity", [("none", 1), ("moved", 100), ("norm_gain", 10), ("queries_and_keys", 10),
                                           ("values", 150), ("residual", 300), ("tamed", 50), ("fc1", 500)])
def test_int8_is_near_wherever_bf16_is(kind, severity, tmp_path):
    variants.write(tmp_path / "model.safetensors",
                   variants.variant(variants.read(TINY / "model.safetensors"), kind, severity, seed=5))
    (tmp_path / "config.yaml").write_bytes((ROOT / "tests/golden/data/tiny/config.yaml").read_bytes())
    f32, bf16, int8 = (vectors(tmp_path, dtype) for dtype in ("f32", "bf16", "int8"))
    for what, rows in (("images", slice(len(IMAGES))), ("texts", slice(len(IMAGES), None))):
        of_bf16, of_int8 = ((f32[rows] * other[rows]).sum(1).min() for other in (bf16, int8))
        print(f"{kind} {severity} {what}: bf16 {of_bf16:.5f}, int8 {of_int8:.5f}")
        assert of_int8 >= 0.99 or of_bf16 < 0.998, what

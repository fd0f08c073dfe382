#!/usr/bin/env python3
"""Make data/netcal.json: probabilities, and the calibration errors that netcal finds in them.

    make_netcal_fixture.py OUT      needs netcal==1.4.0, which needs torch: more than tests/requirements.txt installs
"""
import json
import sys

import numpy as np
from netcal.metrics import ECE


def main(out):
    random = np.random.default_rng(17)
    truth = random.integers(0, 4, 400)
    logits = random.normal(size=(400, 4)) * 1.7
    logits[np.arange(400), truth] += 1.5
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = {"classes": 4, "truth": truth.tolist(), "probabilities": p.ravel().tolist()}
    for bins in (10, 15):
        found[f"ece_{bins}"] = float(ECE(bins).measure(p, truth))
        found[f"classwise_{bins}"] = float(np.mean([ECE(bins).measure(p[:, c], (truth == c).astype(int)) for c in range(4)]))
    with open(out, "w", encoding="utf-8") as f:
        json.dump(found, f)
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])

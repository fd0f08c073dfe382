"""Makes mixed_losses.json: what numpy makes of the UniCL loss of mixed batches.

Usage: make_mixed_losses.py. Needs numpy.

A statement of the rule of its own: labels are one-hot rows, mixed as timm mixes targets, and image i matches text j by
the product of the mixed row i and the plain row j (UniCL: Yang et al., CVPR 2022, section 3).
"""
import json
import pathlib

import numpy as np

ROWS, WIDTH, CLASSES = 8, 6, 5


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def soft_cross_entropy(logits, targets):
    logits = logits - logits.max(1, keepdims=True)
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    sums = targets.sum(1, keepdims=True)
    return -(np.divide(targets, sums, out=np.zeros_like(targets), where=sums > 0) * log_softmax).sum(1).mean()


def loss(images, texts, log_scale, classes, partners, share):
    one_hot = np.eye(CLASSES)[classes]
    match = (share * one_hot + (1 - share) * one_hot[partners]) @ one_hot.T
    logits = np.exp(log_scale) * images @ texts.T
    return (soft_cross_entropy(logits, match) + soft_cross_entropy(logits.T, match.T)) / 2


def main():
    rng = np.random.default_rng(5)
    cases = []
    for share in (1.0, 0.9375, 0.75, 0.5, 0.125, 0.0):
        images, texts = (unit(rng.normal(size=(ROWS, WIDTH))).astype(np.float32) for _ in range(2))
        classes = rng.integers(0, CLASSES, ROWS)
        partners = np.arange(ROWS) ^ 1
        cases.append({"lambda": share, "classes": classes.tolist(), "partners": partners.tolist(),
                      "images": images.ravel().tolist(), "texts": texts.ravel().tolist(),
                      "loss": float(loss(images.astype(float), texts.astype(float), 2.0, classes, partners, share))})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (pathlib.Path(__file__).parent / "mixed_losses.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()

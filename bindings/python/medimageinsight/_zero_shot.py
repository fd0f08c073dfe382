"""Zero-shot scores from vectors that a server computed, as src/classify computes them.

Source: Radford et al., ICML 2021, section 3.1.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._errors import BadArgument
from ._types import LabelScore, Vectors


def prompts_of(labels: Sequence[str], templates: Sequence[str]) -> list[str]:
    """The texts of each label in every template, label by label. :raises BadArgument: as Model.classify does."""
    if not labels:
        raise BadArgument("labels: expected at least one")
    seen: set[str] = set()
    for number, label in enumerate(labels, 1):
        if not label:
            raise BadArgument(f"label {number} is empty")
        if label in seen:
            raise BadArgument(f"label {number} is a duplicate")
        seen.add(label)
    if not templates:
        raise BadArgument("templates: expected at least one")
    for number, template in enumerate(templates, 1):
        if "{}" not in template:
            raise BadArgument(f"template {number} has no '{{}}', where the label goes")
    return [template.replace("{}", label) for label in labels for template in templates]


def label_directions(vectors: Vectors, templates: int) -> Vectors:
    """The mean direction of each label's templates: [labels x templates, dimensions] -> [labels, dimensions]."""
    if templates == 1:
        return vectors
    sums = vectors.astype(np.float64).reshape(-1, templates, vectors.shape[1]).sum(axis=1)
    directions: Vectors = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    return directions


def scores_of(images: Vectors, labels: Vectors, names: Sequence[str], logit_scale: float,
              multilabel: bool) -> list[list[LabelScore]]:
    """Softmax or sigmoid of the scaled similarities of each image, best first; ties keep the labels' order."""
    logits = np.exp(np.float32(logit_scale)) * (images.astype(np.float64) @ labels.astype(np.float64).T)
    if multilabel:
        scores = 1 / (1 + np.exp(-logits))
    else:
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
    order = np.argsort(-scores, axis=1, kind="stable")
    return [[LabelScore(names[i], float(row[i])) for i in best] for row, best in zip(scores, order)]

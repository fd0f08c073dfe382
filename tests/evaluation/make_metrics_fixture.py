#!/usr/bin/env python3
"""Make data/metrics.json: scores, and what scikit-learn and scipy say of them.

    make_metrics_fixture.py OUT      needs tests/requirements.txt

Scores are rounded so that ties occur; one case has two classes, one has a class that never occurs.
"""
import json
import sys

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn import metrics


def logits_of(random, truth, classes, strength):
    logits = random.normal(size=(len(truth), classes))
    logits[np.arange(len(truth)), truth] += strength
    return np.round(logits, 1)


def optional_auc(truth, scores):
    return float(metrics.roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else None


def f1_thresholds(truth, probabilities):
    """Each class's best of 0, 0.05, .. 0.95, ties to the larger; None for a class that never occurs."""
    def best(c):
        values = [metrics.f1_score(truth == c, probabilities[:, c] >= t, zero_division=0) for t in np.arange(20) / 20]
        return float(max(range(20), key=lambda i: (values[i], i)) / 20)
    return [best(c) if (truth == c).any() else None for c in range(probabilities.shape[1])]


def averages(truth, predicted):
    return {kind: [float(v) for v in metrics.precision_recall_fscore_support(truth, predicted, average=kind,
                                                                           zero_division=0)[:3]]
            for kind in ("macro", "micro")}


def at_thresholds(truth, probabilities, thresholds):
    """What scikit-learn says of the rows as a problem of several labels, over the classes that have a threshold."""
    known = [c for c, t in enumerate(thresholds) if t is not None]
    is_true = np.stack([truth == c for c in known], axis=1)
    called = np.stack([probabilities[:, c] >= thresholds[c] for c in known], axis=1)
    return averages(is_true, called)


def case(name, truth, logits):
    """One case with its expected figures; the numbers of a class stand in the classes' order."""
    probabilities = softmax(logits, axis=1)
    classes = list(range(logits.shape[1]))
    predicted = logits.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=classes, zero_division=0)
    aucs = [optional_auc(truth == c, probabilities[:, c]) for c in classes]
    fpr, tpr, thresholds = metrics.roc_curve(truth == 0, probabilities[:, 0], drop_intermediate=False)
    thresholds_of_f1 = f1_thresholds(truth, probabilities)
    best = minimize_scalar(lambda b: -log_softmax(logits * np.exp(b), axis=1)[np.arange(len(truth)), truth].mean(),
                           bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
    return {
        "name": name, "classes": len(classes), "truth": truth.tolist(), "logits": logits.ravel().tolist(),
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(truth, predicted)),
        "top_2_accuracy": float(np.mean([t in np.argsort(-row, kind="stable")[:2] for t, row in zip(truth, logits)])),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=classes).ravel().tolist(),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "averages": averages(truth, predicted), "matthews": float(metrics.matthews_corrcoef(truth, predicted)),
        "f1_thresholds": thresholds_of_f1, "at_f1_thresholds": at_thresholds(truth, probabilities, thresholds_of_f1),
        "auc": aucs, "mean_auc": float(np.mean([a for a in aucs if a is not None])),
        "roc_fpr": fpr.tolist(), "roc_tpr": tpr.tolist(), "roc_thresholds": thresholds[1:].tolist(),
        "log_loss": float(metrics.log_loss(truth, probabilities, labels=classes)),
        "temperature": float(np.exp(-best.x)),
    }


def main(path):
    random = np.random.default_rng(5)
    three = random.integers(0, 3, 90)
    two = random.integers(0, 2, 40)
    absent = random.choice([0, 1, 3], 60)
    cases = [case("three classes", three, logits_of(random, three, 3, 1.5)),
             case("two classes", two, logits_of(random, two, 2, 0.7)),
             case("a class that never occurs", absent, logits_of(random, absent, 4, 1.0))]
    with open(path, "w", encoding="utf-8") as f:
        json.dump(cases, f, indent=None, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])

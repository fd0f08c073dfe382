"""DeLong's intervals and comparisons beside those of R's pROC, the reference of the field."""
import json
import subprocess

import numpy as np
import pytest
from evaluate_support import write

PROC = """
suppressPackageStartupMessages(library(pROC))
table <- read.csv(commandArgs(TRUE)[1])
first <- roc(table$truth == 1, table$first, direction = "<", quiet = TRUE)
second <- roc(table$truth == 1, table$second, direction = "<", quiet = TRUE)
test <- roc.test(first, second, method = "delong", paired = TRUE)
cat(sprintf("%.17g\\n", c(auc(first), var(first, method = "delong"), auc(second), test$statistic, test$p.value)))
"""


def evaluated(mi2, folder, name, truth, scores):
    ids = [f"i{i}" for i in range(len(truth))]
    p = 1 / (1 + np.exp(-scores))
    predictions = write(folder / f"{name}.csv", ["id", "ill", "well"], [[i, repr(float(v)), repr(float(1 - v))] for i, v in zip(ids, p)])
    labels = write(folder / "labels.csv", ["id", "label"], [[i, "ill" if t else "well"] for i, t in zip(ids, truth)])
    mi2("evaluate", "--predictions", predictions, "--labels", labels, "--out", str(folder / name), "--bootstrap", "20", with_model=False)
    return json.loads((folder / name / "report.json").read_text())["classes"][0]["auc"]


@pytest.mark.parametrize("rows,share,digits,seed", [(200, 0.5, 6, 1), (300, 0.1, 1, 2), (60, 0.5, 0, 3), (1000, 0.02, 2, 4)],
                         ids=["balanced", "rare", "mostly ties", "very rare"])
def test_areas_intervals_and_paired_tests_are_procs(mi2, tmp_path, rows, share, digits, seed):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < share
    first, second = (np.round(truth + random.normal(size=rows) * spread, digits) for spread in (1.2, 1.9))
    table = write(tmp_path / "both.csv", ["truth", "first", "second"], zip(truth.astype(int), first, second))
    done = subprocess.run(["Rscript", "--vanilla", "-e", PROC, table], capture_output=True, text=True, check=True, timeout=120)
    area, variance, other, statistic, p = map(float, done.stdout.split())

    found = evaluated(mi2, tmp_path, "one", truth, first)
    assert found["value"] == pytest.approx(area, abs=1e-9)
    # pROC gives the variance; the interval of a logit follows from it by the delta method.
    logit, width = np.log(area / (1 - area)), 1.959963984540054 * np.sqrt(variance) / (area * (1 - area))
    assert found["interval"] == pytest.approx([1 / (1 + np.exp(-logit + width)), 1 / (1 + np.exp(-logit - width))], abs=1e-6)
    assert evaluated(mi2, tmp_path, "two", truth, second)["value"] == pytest.approx(other, abs=1e-9)

    mi2("evaluate", "--compare", str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(tmp_path / "c"), "--bootstrap", "20",
        with_model=False)
    row = json.loads((tmp_path / "c" / "comparison.json").read_text())["classes"][0]["delong"]
    assert row["difference"] / row["standard_error"] == pytest.approx(statistic, abs=1e-6)
    assert row["p"] == pytest.approx(p, abs=1e-6)

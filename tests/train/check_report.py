"""Readers that are not ours read what a run leaves behind: TensorBoard, Python's json, csv and XML."""
import csv
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("SKIP: no tensorboard in this Python (tests/requirements.txt)")
    sys.exit(77)


def loss(step):
    return 1 + 3 * math.exp(-step / 40) + 0.2 * math.sin(step * step)


def scalars(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def check_one_session(dump, folder):
    subprocess.run([dump, folder], check=True)
    found = scalars(folder)
    assert set(found) == {"train/loss", "train/learning_rate", "train/gradient_norm", "train/logit_scale",
                          "train/images_per_second", "train/epoch", "validation/zero_shot_accuracy",
                          "validation/knn_accuracy"}, sorted(found)
    assert [step for step, _ in found["train/loss"]] == list(range(1, 201))
    for step, value in found["train/loss"]:
        assert abs(value - loss(step)) < 1e-6, step  # a float32 near 1
    assert [step for step, _ in found["validation/knn_accuracy"]] == list(range(20, 201, 20))

    with open(os.path.join(folder, "log.jsonl")) as lines:
        log = [json.loads(line) for line in lines]
    assert [line["step"] for line in log if line["type"] == "step"] == list(range(1, 201))
    with open(os.path.join(folder, "steps.csv"), newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 200 and float(rows[9]["loss"]) == log[9]["loss"]
    picture = xml.etree.ElementTree.parse(os.path.join(folder, "curves.svg")).getroot()
    assert picture.tag.endswith("svg") and len(list(picture)) > 50


def check_resumed(dump, folder):
    subprocess.run([dump, folder, "0", "75"], check=True)
    # A second file of the same second and process would be the same file; the process differs.
    subprocess.run([dump, folder, "50", "120"], check=True)
    assert len(glob.glob(os.path.join(folder, "events.out.tfevents.*"))) == 2
    steps = [step for step, _ in scalars(folder)["train/loss"]]
    assert steps == list(range(1, 121)), "TensorBoard shows each step once"


for check in (check_one_session, check_resumed):
    with tempfile.TemporaryDirectory() as place:
        check(sys.argv[1], place)
        print(f"{check.__name__}: passed")

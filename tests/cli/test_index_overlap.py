"""mi2 index overlap: how much of an image's neighbourhood two archives share, and that re-embedding reports the same."""
import json
import re

import numpy as np
import pytest
from dicom_studies import write_study
from index_support import add, exported
from reembed_support import filled, hospital, other, reembed, report  # noqa: F401 (three are fixtures)


def overlaps(names, vectors, others, patient_of, k):
    """By NumPy: the share of the k nearest of other patients that both have, of each image."""
    def nearest(rows, i):
        scores = rows.astype(np.float64) @ rows[i].astype(np.float64)
        allowed = [j for j in range(len(names)) if patient_of[names[j]] != patient_of[names[i]]]
        return set(sorted(allowed, key=lambda j: -scores[j])[:k])
    found = {}
    for i, name in enumerate(names):
        ours, theirs = nearest(vectors, i), nearest(others, i)
        found[name] = len(ours & theirs) / len(ours)
    return found


@pytest.mark.parametrize("k", [1, 5, 24, 1000])
def test_the_overlap_of_neighbours_is_numpys(mi2, hospital, filled, tmp_path, k):
    old, new = filled
    names, vectors = exported(mi2, old, tmp_path)
    other_names, other_vectors = exported(mi2, new, tmp_path)
    place = {name: i for i, name in enumerate(other_names)}
    known = hospital[1]
    wanted = overlaps(names, vectors, other_vectors[[place[name] for name in names]],
                      {name: known[name][1] for name in names}, k)
    found = json.loads(mi2("index", "overlap", str(old), str(new), "-k", str(k), "--format", "json",
                           with_model=False).stdout)
    assert found["neighbours"]["overlap"] == pytest.approx(np.mean(list(wanted.values())), abs=1e-9)
    assert found["neighbours"]["images"] == 32 and found["neighbours"]["k"] == k
    groups = {row["modality"]: row for row in found["neighbours"]["by_modality"]}
    assert set(groups) == {"CT", "MR"}
    for modality, row in groups.items():
        own = [share for name, share in wanted.items() if known[name][2] == modality]
        assert row["images"] == len(own) and row["overlap"] == pytest.approx(np.mean(own), abs=1e-9)
    if k == 5:
        assert 0 < found["neighbours"]["overlap"] < 1


def test_a_sample_is_the_seeds_and_of_its_size(mi2, filled):
    def sampled(*arguments):
        done = mi2("index", "overlap", *map(str, filled), "--format", "json", *arguments, with_model=False)
        return json.loads(done.stdout)["neighbours"]
    first = sampled("--sample", "7", "--seed", "5")
    assert first["images"] == 7 == sum(row["images"] for row in first["by_modality"])
    assert sampled("--sample", "7", "--seed", "5", "--threads", "1") == first
    assert len({json.dumps(sampled("--sample", "7", "--seed", str(seed))["by_modality"]) for seed in range(8)}) > 1
    assert sampled("--sample", "0")["overlap"] is None


def test_an_archive_overlaps_wholly_with_itself_and_the_report_is_that_of_overlap(mi2, other, filled):
    old, new = filled
    itself = json.loads(mi2("index", "overlap", str(old), str(old), "--format", "json", with_model=False).stdout)
    assert itself["neighbours"]["overlap"] == 1 and itself["in_both"] == 32
    found, _ = report(mi2, other, old, new)
    assert found.pop("left") == []
    assert found == json.loads(mi2("index", "overlap", str(old), str(new), "--format", "json", with_model=False).stdout)
    assert (found["first"]["images"], found["second"]["images"], found["in_both"]) == (32, 32, 32)
    text = reembed(mi2, other, old, new).stdout.decode()
    assert re.search(r"^all +32 +0\.\d{4}$", text, re.M) and re.search(r"^CT +16 ", text, re.M)


def test_archives_without_a_common_image_say_so(mi2, filled, tmp_path):
    write_study(tmp_path / "in", "else", patient="other")
    add(mi2, tmp_path / "a", tmp_path / "in")
    found = json.loads(mi2("index", "overlap", str(filled[0]), str(tmp_path / "a"), "--format", "json",
                           with_model=False).stdout)
    assert found["in_both"] == 0 and found["neighbours"]["overlap"] is None
    itself = mi2("index", "overlap", str(tmp_path / "a"), str(tmp_path / "a"), with_model=False)
    assert "3 images not compared" in itself.errors and "overlap" not in itself.stdout.decode()

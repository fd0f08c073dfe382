"""mi2 index tags, held to numpy on the vectors that the archive hands out."""
import collections
import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from adapter_support import toolkit_weights, write_labels, write_safetensors
from dicom_studies import uid, write_study
from index_support import add, exported, table

needs_torch = pytest.mark.skipif(not (Path(os.environ["MI2_BIN"]).parent / "mi2-torch").exists(),
                                 reason="built without libtorch")


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """Two kinds of images that do not look alike, of twelve studies of six patients each; one chest is called a head, one has no body
    part, and one is written in small letters."""
    folder = tmp_path_factory.mktemp("hospital")
    for study in range(24):
        chest = study < 12
        more = {} if chest else {"RescaleSlope": "1", "RescaleIntercept": "1800"}
        part = {3: "HEAD", 5: None, 7: "chest"}.get(study, "CHEST" if chest else "HEAD")
        if part is not None:
            more["BodyPartExamined"] = part
        write_study(folder, study, patient=f"P{study // 2}", slices=2, StudyDate=f"20240{1 + study % 9}15", **more)
    archive = tmp_path_factory.mktemp("tags") / "a"
    add(mi2, archive, folder)
    return archive


def tags(mi2, archive, *arguments, **options):
    return mi2("index", "tags", str(archive), *map(str, arguments), with_model=False, **options)


def rows_of(mi2, archive, *arguments, **options):
    return [json.loads(line) for line in tags(mi2, archive, *arguments, "-f", "jsonl", **options).stdout.decode().splitlines()]


@pytest.mark.parametrize("k, share", [(4, 0.75), (5, 0.8), (7, 1.0)])
def test_suggestions_are_those_of_the_neighbours_by_numpy(mi2, hospital, tmp_path, k, share):
    names, means = exported(mi2, hospital, tmp_path, "series")
    facts = {uid: (part, patient, item) for uid, part, patient, item in table(
        hospital, "SELECT series.uid, series.body_part, study.patient, item.id FROM item JOIN series ON series.id = item.series"
                  " JOIN study ON study.id = series.study WHERE item.kind = 'series' AND item.deleted_seq IS NULL")}
    wanted, agreed, undecided = {}, 0, 0
    for i, name in enumerate(names):
        part, patient, _ = facts[name]
        others = [j for j, other in enumerate(names) if facts[other][1] != patient and facts[other][0]]
        order = sorted(others, key=lambda j: -float(means[i].astype(np.float64) @ means[j].astype(np.float64)))
        near = list({facts[names[j]][1]: j for j in reversed(order)}.values())[::-1]  # the nearest of each patient
        near = sorted(near, key=order.index)[:k]
        votes = collections.Counter(facts[names[j]][0].upper() for j in near).most_common()
        tied = len(votes) > 1 and votes[0][1] == votes[1][1]
        if tied or votes[0][1] < share * k:
            undecided += 1
        elif part and part.upper() == votes[0][0]:
            agreed += 1
        else:
            wanted[name] = (part, votes[0][0], votes[0][1] / k,
                            [facts[names[j]][2] for j in near if facts[names[j]][0].upper() == votes[0][0]][:3])
    done = tags(mi2, hospital, "-k", k, "--min-agreement", share, "-f", "jsonl")
    found = {row["series"]: row for row in map(json.loads, done.stdout.decode().splitlines())}
    assert {name: (row["tag"], row["suggested"].upper(), row["agreement"], row["nearest"]) for name, row in found.items()} == {
        name: (part, suggested, pytest.approx(agreement), nearest) for name, (part, suggested, agreement, nearest) in wanted.items()}
    assert f"{len(wanted)} doubtful of {len(names)}; {agreed} agree with their neighbours, for {undecided} the neighbours disagree" in done.errors


def test_what_was_mistyped_is_found_and_small_letters_are_no_mistake(mi2, hospital):
    rows = rows_of(mi2, hospital, "-k", "5")
    by_tag = {row["tag"] for row in rows}
    assert {"HEAD", None} <= by_tag and "chest" not in by_tag
    assert all(row["suggested"].upper() == "CHEST" for row in rows if row["tag"] is None)
    assert [row["tag"] is None for row in rows] == sorted(row["tag"] is None for row in rows)


def test_only_what_is_asked_for_is_judged_by_all(mi2, hospital):
    done = tags(mi2, hospital, "-k", "5", "--where", "date<2024-03", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert all(row["date"] < "2024-03" and row["field"] == "body_part" for row in rows)
    judged = table(hospital, "SELECT count(*) FROM series JOIN study ON study.id = series.study WHERE study.date < '2024-03'")[0][0]
    assert f"of {judged};" in done.errors


def test_a_table_for_people_has_a_line_per_result(mi2, hospital):
    assert len(tags(mi2, hospital, "-k", "5").stdout.decode().splitlines()) == 1 + len(rows_of(mi2, hospital, "-k", "5"))


def test_too_few_neighbours_are_said(mi2, hospital):
    assert "24 not judged: fewer than 100 other patients have body_part" in tags(mi2, hospital, "-k", "100").errors
    assert "24 not judged: fewer than 10 other patients have laterality" in tags(mi2, hospital, "--field", "laterality").errors


AXIAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]


@pytest.fixture(scope="module")
def exams(mi2, tmp_path_factory):
    """Two kinds of examinations of eight patients each that do not look alike: CT of chests with contrast, and MR of heads,
    T2 FLAIR, without. Of each header the first examination of a kind says the opposite."""
    folder = tmp_path_factory.mktemp("exams")
    ct = {"modality": "CT", "BodyPartExamined": "CHEST", "ContrastBolusAgent": "Iomeprol", "ImageOrientationPatient": AXIAL}
    mr = {"modality": "MR", "BodyPartExamined": "HEAD", "SeriesDescription": "T2_FLAIR_tra 3mm", "RescaleSlope": "1",
          "RescaleIntercept": "1800", "ImageOrientationPatient": SAGITTAL}
    for patient in range(8):
        write_study(folder, f"ct{patient}", patient=f"C{patient}", slices=2, **ct)
        write_study(folder, f"mr{patient}", patient=f"M{patient}", slices=2, **mr)
    wrong = {"modality": "MR", "BodyPartExamined": "HEAD", "ImageOrientationPatient": SAGITTAL, "ContrastBolusAgent": "None"}
    write_study(folder, "ctx", patient="CX", slices=2, **ct | wrong)
    wrong = {"BodyPartExamined": "CHEST", "ImageOrientationPatient": AXIAL, "ContrastBolusAgent": "Gadobutrol",
             "SeriesDescription": "Ax T1 post", "ProtocolName": "T2 FLAIR"}
    write_study(folder, "mrx", patient="MX", slices=2, **mr | wrong)
    archive = tmp_path_factory.mktemp("exam-tags") / "a"
    add(mi2, archive, folder)
    return archive


@pytest.mark.parametrize("field, ct, mr", [
    ("modality", ("MR", "CT"), None), ("body_part", ("HEAD", "CHEST"), ("CHEST", "HEAD")), ("plane", ("sagittal", "axial"), ("axial", "sagittal")),
    ("contrast", ("no", "yes"), ("yes", "no")), ("sequence", None, ("T1", "FLAIR"))])
def test_parameters_of_an_examination_are_those_of_its_neighbours(mi2, exams, field, ct, mr):
    found = {row["study"]: (row["tag"], row["suggested"]) for row in rows_of(mi2, exams, "--field", field, "-k", "5",
                                                                          "--where", f"study in ({uid('study', 'ctx')},{uid('study', 'mrx')})")}
    wanted = {"ctx": ct, "mrx": mr}
    for study, pair in wanted.items():
        if pair is not None:
            assert found[uid("study", study)] == pair
    assert tags(mi2, exams, "--field", field, "-k", "5", "-f", "csv").stdout.decode().splitlines()[0].endswith("nearest,method,snapshot")


def test_the_words_of_a_series_name_its_sequence(mi2, tmp_path):
    said = {"t1_mprage_sag": "T1", "T2 TSE tra": "T2", "FLAIR": "FLAIR", "ep2d_diff_ADC": "ADC", "DWI b1000": "DWI", "SWI": "SWI",
            "t2*_fl2d": "T2*", "PDw FS": "PD", "TOF 3D": "MRA", "Scout": "localizer", "T12-L1": None, "routine": None}
    for number, description in enumerate(said):
        write_study(tmp_path / "in", number, patient=f"P{number}", slices=1, modality="MR", SeriesDescription=description)
    write_study(tmp_path / "in", "ct", patient="CT", slices=1, SeriesDescription="T2")
    add(mi2, tmp_path / "a", tmp_path / "in")
    rows = rows_of(mi2, tmp_path / "a", "--field", "sequence", "-k", "1", "--min-agreement", "0")
    assert {row["series_description"]: row["tag"] for row in rows} == said | {"T2": None}  # of a CT


@needs_torch
def test_an_adapter_suggests_in_place_of_neighbours(mi2, exams, tmp_path):
    names, _ = exported(mi2, exams, tmp_path, "series")
    kinds = {uid("series", f"{kind}{number}", 0): part for kind, part in (("ct", "CHEST"), ("mr", "HEAD"))
             for number in [*range(8), "x"]}
    labels = write_labels(tmp_path / "labels.csv", [(name, "train" if i % 3 else "test", kinds[name]) for i, name in enumerate(names)])
    mi2("adapter", "train", "--embeddings", str(tmp_path / "export-series.npy"), "--labels", labels, "--out", str(tmp_path / "parts"),
        "--c", "1000", "--bootstrap", "50", with_model=False)
    done = tags(mi2, exams, "--field", "body_part", "--head", tmp_path / "parts", "--min-agreement", "0.5", "-f", "jsonl")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert {row["study"]: (row["tag"], row["suggested"]) for row in rows} == {
        uid("study", "ctx"): ("HEAD", "CHEST"), uid("study", "mrx"): ("CHEST", "HEAD")}
    assert "2 doubtful of 18; 16 agree with the adapter" in done.errors
    hash_of = {row["method"] for row in rows}.pop()
    assert hash_of.startswith("adapter:") and len(hash_of) == 72 and all(0.5 <= row["agreement"] <= 1 and row["nearest"] == [] for row in rows)
    mi2("index", "tags", str(exams), "--head", str(tmp_path / "parts"), "--min-agreement", "0.5", "-f", "csv", "--out", str(tmp_path / "fixes.csv"),
        with_model=False)
    pushed = mi2("index", "push", str(exams), str(tmp_path / "fixes.csv"), with_model=False)
    assert "2 objects not sent" in pushed.errors


def test_an_adapter_that_does_not_fit_is_refused(mi2, exams, tmp_path):
    assert "none" in tags(mi2, exams, "--head", tmp_path / "none", status=7).errors
    assert "-k" in tags(mi2, exams, "--head", tmp_path / "none", "-k", "3", status=2).errors
    (tmp_path / "config.json").write_text(json.dumps({"in_channels": 12, "hidden_dim": 4, "labels": ["a", "b"]}))
    write_safetensors(tmp_path / "adapter.safetensors", toolkit_weights(12, 4, 2))
    assert "takes vectors of 12 numbers" in tags(mi2, exams, "--head", tmp_path, status=2).errors


@pytest.mark.parametrize("arguments, words", [
    (("--field", "colour"), ["body_part", "colour"]),
    (("--min-agreement", "2"), ["expected a number from 0 to 1"]),
    (("-k", "0"), ["-k"]),
])
def test_what_cannot_be_checked_is_refused(mi2, hospital, arguments, words):
    errors = tags(mi2, hospital, *arguments, status=2).errors
    assert all(word in errors for word in words), errors

"""mi2 index drift, held to numpy on the vectors that the archive hands out."""
import csv
import io
import itertools
import json

import numpy as np
import pytest
from dicom_studies import write_study
from index_support import add, exported, table

REFERENCE = "station=A"


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """A study of three slices per patient: six at station A, five at B, five at C, whose images are brighter; two of C are
    of one patient."""
    folder = tmp_path_factory.mktemp("hospital")
    stations = "AAAAAABBBBBCCCCC"
    for study, station in enumerate(stations):
        more = {"RescaleSlope": "1", "RescaleIntercept": "1800"} if station == "C" else {}
        patient = f"P{min(study, len(stations) - 2)}"
        write_study(folder, study, patient=patient, StationName=station, StudyDate=f"2024{1 + study % 2:02}15", **more)
    archive = tmp_path_factory.mktemp("drift") / "a"
    add(mi2, archive, folder)
    return archive


@pytest.fixture(scope="module")
def images(mi2, hospital, tmp_path_factory):
    """(row, station, month, patient, vector) of each image."""
    names, vectors = exported(mi2, hospital, tmp_path_factory.mktemp("vectors"))
    of = {row[0]: row[1:] for row in table(
        hospital, "SELECT instance.locator, item.id, series.station, substr(study.date, 1, 7), study.patient FROM item"
                  " JOIN instance ON instance.id = item.instance JOIN series ON series.id = item.series"
                  " JOIN study ON study.id = series.study WHERE item.kind = 'frame'")}
    return [(*of[name], vectors[i].astype(np.float64)) for i, name in enumerate(names)]


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


def energy(a, b):
    return 2 * distances(a, b).mean() - distances(a, a).mean() - distances(b, b).mean()


def drift(mi2, archive, *arguments, reference=REFERENCE, **options):
    return mi2("index", "drift", str(archive), "--reference", reference, *map(str, arguments), with_model=False, **options)


def groups(mi2, archive, *arguments, **options):
    return [json.loads(line) for line in drift(mi2, archive, *arguments, "-f", "jsonl", **options).stdout.decode().splitlines()]


def test_distances_are_those_of_numpy_and_what_moved_is_named(mi2, hospital, images):
    reference = np.array([image[4] for image in images if image[1] == "A"])
    found = groups(mi2, hospital, "--moved", "4")
    assert [(row["station"], row["month"]) for row in found] == [
        (station, month) for station in "BC" for month in ("2024-01", "2024-02")]
    for row in found:
        own = [image for image in images if image[1:3] == (row["station"], row["month"])]
        vectors = np.array([image[4] for image in own])
        assert row["images"] == row["sampled"] == len(own)
        assert row["patients"] == len({image[3] for image in own})
        assert row["distance"] == pytest.approx(energy(vectors, reference), abs=1e-9)
        by = distances(vectors, reference).mean(1) - distances(vectors, vectors).mean(1)
        order = sorted(range(len(own)), key=lambda i: (-by[i], own[i][0]))[:4]
        assert [moved["item"] for moved in row["moved"]] == [own[i][0] for i in order]
        assert [moved["by"] for moved in row["moved"]] == pytest.approx([by[i] for i in order], abs=1e-9)


def test_p_is_that_of_all_divisions_of_the_patients(mi2, hospital, images):
    for row in groups(mi2, hospital, "--by", "station", "--permutations", "9999"):
        own = [image for image in images if image[1] in ("A", row["station"])]
        # A block is a patient on one side.
        blocks = sorted({(image[1], image[3]) for image in own})
        members = [np.array([image[4] for image in own if (image[1], image[3]) == block]) for block in blocks]
        ours = [i for i, block in enumerate(blocks) if block[0] == row["station"]]

        def of(chosen):
            return energy(np.concatenate([members[i] for i in chosen]),
                          np.concatenate([members[i] for i in range(len(blocks)) if i not in chosen]))

        observed = of(ours)
        exact = np.mean([of(chosen) >= observed - 1e-12 for chosen in itertools.combinations(range(len(blocks)), len(ours))])
        assert row["distance"] == pytest.approx(observed, abs=1e-9)
        # 9,999 draws: five standard deviations.
        assert abs(row["p"] - exact) <= 5 * np.sqrt(exact * (1 - exact) / 9999) + 1e-4


def test_only_the_station_that_changed_stands_out(mi2, hospital):
    found = {row["station"]: row for row in groups(mi2, hospital, "--by", "station")}
    assert found["C"]["p"] < 0.02 < 0.05 < found["B"]["p"]
    assert found["C"]["p_holm"] == pytest.approx(min(1, 2 * found["C"]["p"])) and found["B"]["p_holm"] >= found["B"]["p"]


def test_many_images_of_one_patient_are_one_observation(mi2, tmp_path):
    for study in range(4):
        write_study(tmp_path / "images", study, patient=f"P{study}", StationName="A", slices=2)
    write_study(tmp_path / "images", 9, patient="P9", StationName="B", slices=40, RescaleSlope="1", RescaleIntercept="1800")
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "images")
    (row,) = groups(mi2, archive, "--by", "station")
    assert row["images"] == 40 and row["patients"] == 1 and row["p"] > 0.15  # of five patients, each may be the one


def test_the_same_whatever_the_number_of_threads_and_of_another_seed_another_sample(mi2, hospital):
    one = drift(mi2, hospital, "--sample", "5", "--threads", "1", "-f", "jsonl").stdout
    assert drift(mi2, hospital, "--sample", "5", "--threads", "3", "-f", "jsonl").stdout == one
    assert drift(mi2, hospital, "--sample", "5", "--seed", "2", "-f", "jsonl").stdout != one
    assert all(row["sampled"] <= 5 for row in groups(mi2, hospital, "--sample", "5"))


def test_tables_say_the_same_in_every_format(mi2, hospital):
    rows = groups(mi2, hospital, "--by", "month,station")
    found = list(csv.DictReader(io.StringIO(drift(mi2, hospital, "--by", "month,station", "-f", "csv").stdout.decode())))
    assert [(row["month"], row["station"], float(row["p"]), row["moved"].split()) for row in found] == [
        (row["month"], row["station"], row["p"], [str(moved["item"]) for moved in row["moved"]]) for row in rows]
    shown = drift(mi2, hospital, "--by", "month,station").stdout.decode().splitlines()
    assert len(shown) == len(rows) + 1 and shown[1].split()[:2] == [rows[0]["month"], rows[0]["station"]]


@pytest.mark.parametrize("arguments, words", [
    (("--reference", "station=Z"), ["two patients", "got 0"]),
    (("--reference", REFERENCE, "--by", "colour"), ["station, month, modality, body_part, site"]),
    (("--reference", REFERENCE, "--by", "station,"), ["some of station"]),
    (("--reference", REFERENCE, "--by", "station,month,station"), ["each once"]),
    (("--reference", REFERENCE, "--sample", "1"), ["--sample"]),
    (("--reference", "p=1"), ["byte 1", "unknown field"]),
])
def test_what_cannot_be_compared_is_refused(mi2, hospital, arguments, words):
    errors = mi2("index", "drift", str(hospital), *arguments, with_model=False, status=2).errors
    assert all(word in errors for word in words), errors

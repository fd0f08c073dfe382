"""mi2 index tags, held to numpy on the vectors that the archive hands out."""
import collections
import csv
import io
import json

import numpy as np
import pytest
from dicom_studies import write_study
from index_support import add, exported, table


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
    assert f"{len(wanted)} doubtful of {len(names)}; {agreed} agree with their neighbours, of {undecided}" in done.errors


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


@pytest.mark.parametrize("arguments, words", [
    (("--field", "colour"), ["body_part", "colour"]),
    (("--min-agreement", "2"), ["expected a number from 0 to 1"]),
    (("-k", "0"), ["-k"]),
])
def test_what_cannot_be_checked_is_refused(mi2, hospital, arguments, words):
    errors = tags(mi2, hospital, *arguments, status=2).errors
    assert all(word in errors for word in words), errors

"""--match maxsim compares studies image by image, as NumPy does with all of them."""
import json

import numpy as np
import pytest
from dicom_studies import uid, write_hospital
from index_support import add, exported, query

SLICES, KEPT = 40, 32


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    """(the archive, the study of each image, its vectors)"""
    folder = tmp_path_factory.mktemp("maxsim")
    known = write_hospital(folder / "in", studies=6, series=2, slices=SLICES)
    add(mi2, folder / "archive", folder / "in")
    names, vectors = exported(mi2, folder / "archive", folder)
    series = [(known[name][0], name.split("/")[-2]) for name in names]
    return folder / "archive", series, vectors.astype(np.float64)


def spread(vectors):
    """Places of the slices that are asked for."""
    taken = [len(vectors) // 2]
    while len(taken) < min(KEPT, len(vectors)):
        nearest = (vectors @ vectors[taken].T).max(axis=1)
        nearest[taken] = np.inf
        taken.append(int(nearest.argmin()))
    return sorted(taken)


def compared(series, vectors, wanted, groups, allowed):
    """The score of each group, the best first."""
    places = [np.flatnonzero([one == name for one in series]) for name in sorted({one for one in series if wanted(one)})]
    asked = np.concatenate([rows[spread(vectors[rows])] for rows in places])
    cosines = vectors @ vectors[asked].T
    scores = {group: cosines[[g == group for g in groups]].max(axis=0).mean() for group in {*groups} if allowed(group)}
    return sorted(scores.items(), key=lambda one: -one[1])


def test_a_study_finds_what_comparing_all_images_finds(mi2, made):
    archive, series, vectors = made
    found = query(mi2, archive, "--study", uid("study", 0), "--match", "maxsim", with_model=False)
    studies = [study for study, _ in series]
    wanted = compared(series, vectors, lambda one: one[0] == 0, studies, lambda study: study not in (0, 1))
    assert [row["study"] for row in found] == [uid("study", study) for study, _ in wanted]
    np.testing.assert_allclose([row["score"] for row in found], [score for _, score in wanted], atol=1e-6, rtol=0)
    for row in found:
        assert row["exact"] and row["searched"] == 4 * 2 * SLICES and "verdict" not in row
        assert len(row["pairs"]) == 2 * KEPT and len({pair["asked"] for pair in row["pairs"]}) == 2 * KEPT
        assert np.mean([pair["cosine"] for pair in row["pairs"]]) == pytest.approx(row["score"], abs=1e-12)
        assert row["item"] in {pair["item"] for pair in row["pairs"]}


def test_a_study_is_nearest_to_itself_where_it_is_searched_too(mi2, made):
    archive, _, _ = made
    first = query(mi2, archive, "--study", uid("study", 2), "--match", "maxsim", "--same-patient", "include", "-k", "1",
                  with_model=False)[0]
    assert first["study"] == uid("study", 2) and first["score"] == pytest.approx(1, abs=1e-6)
    assert [pair["asked"] for pair in first["pairs"]] == [pair["item"] for pair in first["pairs"]]


def test_a_card_of_it_replays_to_the_bit(mi2, made, tmp_path):
    archive, _, _ = made
    mi2("index", "search", str(archive), "--series", uid("series", 0, 0), "--match", "maxsim", "--by", "series", "-k", "2",
        "--cards", str(tmp_path / "cards"), with_model=False)
    card = next((tmp_path / "cards").glob("*.json"))
    assert json.loads(card.read_text())["asked"]["maxsim"] is True
    mi2("index", "replay", str(archive), str(card), with_model=False)


@pytest.mark.parametrize(("options", "told"), [
    (["--by", "image"], "expected best or mean"), (["--item", "0", "--not-text", "x"], "looked away from")])
def test_what_has_no_meaning_is_refused(mi2, made, options, told):
    done = mi2("index", "search", str(made[0]), "--study", uid("study", 0), "--match", "maxsim", *options, status=2)
    assert told in done.errors

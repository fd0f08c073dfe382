"""Whatever is asked of an archive of 10^5 rows, what mi2 index search answers is what NumPy finds by going through all."""
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from index_support import query, sound

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import large_archive  # noqa: E402

IMAGES = 20_000 if os.environ.get("MI2_SANITIZE") else 100_000
TIE = 1e-6
CASES = 16


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    """(the archive, what is in it)"""
    folder = tmp_path_factory.mktemp("large")
    rows = large_archive.make(mi2.path, mi2.model, folder, IMAGES)
    return folder / "archive", rows


def compare(random, rows):
    """A comparison, as text and as the rows that it lets by."""
    kind = random.integers(6)
    if kind == 0:
        chosen = list(random.choice(large_archive.MODALITIES, random.integers(1, 4), replace=False))
        return f"modality in ({','.join(chosen)})", np.isin(rows.modality, chosen)
    if kind == 1:
        part = str(random.choice(large_archive.BODY_PARTS))
        return f"body_part~{part[1:3].lower()}", np.char.find(rows.body_part, part[1:3]) >= 0
    if kind == 2:
        return "site=north", rows.site == "north"
    year, month = 2018 + random.integers(8), 1 + random.integers(12)
    known = rows.date != ""
    if kind == 3:
        return f"date>={year}", known & (rows.date >= f"{year}-01-01")
    if kind == 4:
        return f"date<{year}-{month:02}", known & (rows.date < f"{year}-{month:02}-01")
    return f"date={year}-{month:02}", known & (np.char.startswith(rows.date, f"{year}-{month:02}"))


def filtered(random, rows, depth=2):
    """An expression, as text and as the rows that it lets by."""
    kind = random.integers(4) if depth > 0 else 3
    if kind == 3:
        return compare(random, rows)
    left, lets_by = filtered(random, rows, depth - 1)
    if kind == 2:
        return f"not ({left})", ~lets_by
    right, other = filtered(random, rows, depth - 1)
    return (f"({left}) and ({right})", lets_by & other) if kind == 0 else (f"({left}) or ({right})", lets_by | other)


def best(scores, allowed, groups, k):
    """The k best scores, of each group its best one."""
    order = np.flatnonzero(allowed)
    order = order[np.argsort(-scores[order], kind="stable")]
    if groups is not None:
        _, first = np.unique(groups[order], return_index=True)
        order = order[np.sort(first)]
    return scores[order[:k]]


@pytest.mark.parametrize("case", range(CASES))
def test_a_search_finds_what_going_through_all_rows_finds(mi2, made, tmp_path, case):
    archive, rows = made
    random = np.random.default_rng(1000 + case)
    by = ["image", "series", "study", "patient"][case % 4]
    k = int(random.choice([1, 3, 10, 100, 1000]))
    where, allowed = filtered(random, rows) if case % 6 else ("", np.full(len(rows.vectors), True))
    allowed = allowed & ~rows.pooled
    options = ["--by", by, "-k", str(k), *(["--where", where] if where else [])]
    if case % 3 == 0:  # far from all rows, as a text is
        vector = random.standard_normal(rows.vectors.shape[1]).astype(np.float32)
        np.save(tmp_path / "query.npy", vector[None] / np.linalg.norm(vector))
        options += ["--vector", tmp_path / "query.npy"]
    else:
        item = int(random.choice(np.flatnonzero(~rows.pooled)))
        vector, own = rows.vectors[item], rows.patient == rows.patient[item]
        how = ["exclude", "include", "only"][int(random.integers(3))]
        allowed &= {"exclude": ~own, "include": True, "only": own}[how]
        options += ["--item", str(item), "--same-patient", how]
    scores = rows.vectors.astype(np.float64) @ (vector.astype(np.float64) / np.linalg.norm(vector.astype(np.float64)))
    groups = None if by == "image" else getattr(rows, by)

    found = query(mi2, archive, *options)
    items = np.array([row["item"] for row in found], int)
    wanted = best(scores, allowed, groups, k)
    assert len(found) == len(wanted), options
    assert all(row["exact"] and row["searched"] == np.count_nonzero(allowed) for row in found)
    assert np.all(allowed[items]) and len(set(items if groups is None else groups[items])) == len(items)
    np.testing.assert_allclose([row["score"] for row in found], scores[items], atol=TIE, rtol=0)
    np.testing.assert_allclose(scores[items], wanted, atol=TIE, rtol=0)


def test_what_was_searched_is_sound(mi2, made):
    assert "sound" in sound(mi2, made[0])

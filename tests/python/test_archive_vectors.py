"""Vectors that were made before, into an archive, from Python."""
import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import TEXT


def unit(rows, dimensions, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_vectors_of_files_make_the_archive_that_adding_them_makes(hospital, model, filled, tmp_path):
    paths = sorted(hospital[1])
    made = mi2.Archive.create(tmp_path / "a", model=model)
    vectors = model.embed_images(paths)
    added = made.add_vectors(vectors, paths=paths, provenance=model.provenance)
    assert added.images == len(paths) and added.refused == 0
    wanted = mi2.Archive(filled, model=model)
    one, other = made.search(text=TEXT, k=50), wanted.search(text=TEXT, k=50)
    assert [(row.item.study, row.score) for row in one] == [(row.item.study, pytest.approx(row.score, abs=1e-5)) for row in other]
    assert made.add_vectors(vectors, paths=paths).unchanged == len(paths) and made.add(hospital[0]).unchanged == len(paths)


def test_a_table_says_what_arrays_are_of(model, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    vectors = unit(4, model.dimensions)
    table = {"id": ["a", "b", "c", "d"], "modality": ["CT", "CT", None, "MR"], "patient": [1, 1, 2, float("nan")],
             "study": ["s", "s", "t", "u"]}
    assert archive.add_vectors(vectors, table, source="cohort").images == 4
    assert {item.path for item in archive.items("modality=CT")} == {"vectors:a", "vectors:b"}
    pandas = pytest.importorskip("pandas")
    assert archive.add_vectors(vectors, pandas.DataFrame(table), source="cohort").unchanged == 4
    (tmp_path / "t.csv").write_text("id,modality,patient,study\na,CT,1,s\nb,CT,1,s\nc,,2,t\nd,MR,,u\n")
    assert archive.add_vectors(vectors, tmp_path / "t.csv", source="cohort").unchanged == 4
    changed = archive.add_vectors(unit(1, model.dimensions, 5), paths=["a"], source="cohort")
    assert (changed.images, changed.replaced) == (1, 1)
    said = []
    assert archive.add_vectors(unit(1, model.dimensions, 6), paths=["a"], source="other",
                               on_refused=lambda name, error: said.append((name, error))).refused == 1
    assert "of another source" in str(said[0][1])
    np.save(tmp_path / "v.npy", unit(2, model.dimensions, 8))
    assert archive.add_vectors(tmp_path / "v.npy").images == 2 and archive.verify(deep=True).problems == []


@pytest.mark.parametrize("given, error, match", [
    (lambda d: {"vectors": np.zeros((2, d + 1))}, mi2.BadArgument, "numbers|paths"),
    (lambda d: {"vectors": np.zeros(d)}, mi2.BadArgument, "rows, dimensions"),
    (lambda d: {"vectors": unit(2, d)}, mi2.BadArgument, "paths: expected"),
    (lambda d: {"vectors": unit(2, d), "paths": ["a"]}, mi2.BadArgument, "expected 2"),
    (lambda d: {"vectors": unit(2, d), "paths": ["a", "b"], "table": {"x": [1], "y": [1, 2]}}, mi2.BadArgument, "different lengths"),
    (lambda d: {"vectors": unit(2, d), "paths": ["a", "b"], "table": 3}, mi2.WrongType, "table"),
    (lambda d: {"vectors": "v.npy", "paths": ["a"]}, mi2.BadArgument, "a file names its rows"),
    (lambda d: {"vectors": "v.parquet"}, mi2.Unsupported, "expected embeddings as"),
    (lambda d: {"vectors": "there-is-none.npy"}, mi2.NotFound, "there-is-none"),
    (lambda d: {"vectors": unit(2, d), "paths": ["a", "b"], "provenance": mi2.Provenance("1", "0" * 64, "native", "f32")},
     mi2.BadArgument, "of weights"),
])
def test_mistakes_are_named(model, tmp_path, given, error, match):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    with pytest.raises(error, match=match):
        archive.add_vectors(**given(model.dimensions))
    assert archive.stats()["totals"]["images"] == 0


def test_bad_rows_are_refused_one_by_one(model, tmp_path):
    archive = mi2.Archive.create(tmp_path / "a", model=model)
    vectors = unit(3, model.dimensions)
    vectors[1] = np.nan
    added = archive.add_vectors(vectors, paths=["a", "b", "c"])
    assert (added.images, added.refused) == (2, 1)

"""mi2 index map: what of an archive is alike, as points that stay where they are."""
import csv
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from dicom_studies import uid, write_study
from index_support import add, exported, table
from sklearn.manifold import trustworthiness

BRIGHT = {"RescaleSlope": "1", "RescaleIntercept": "1800"}


def study(folder, number, **more):
    """Even ones are dark CT, odd ones bright MR."""
    kind = {"modality": "CT"} if number % 2 == 0 else {"modality": "MR", **BRIGHT}
    return write_study(folder, number, patient=f"P{number}", BodyPartExamined="CHEST" if number % 3 else "HEAD", **kind, **more)


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """Thirty studies of three slices, in an archive that tests copy."""
    folder = tmp_path_factory.mktemp("hospital")
    for number in range(30):
        study(folder, number)
    archive = tmp_path_factory.mktemp("map") / "a"
    add(mi2, archive, folder)
    return archive


@pytest.fixture
def archive(hospital, tmp_path):
    shutil.copytree(hospital, tmp_path / "archive")
    return tmp_path / "archive"


def draw(mi2, archive, *arguments, **options):
    return mi2("index", "map", str(archive), *map(str, arguments), with_model=False, **options)


def points(mi2, archive, *arguments):
    """{item: row} of the map as it is written."""
    lines = draw(mi2, archive, "--out", "-", *arguments).stdout.decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["item"] for row in rows] == sorted({row["item"] for row in rows})
    return {row["item"]: row for row in rows}


def places(rows):
    return {item: (row["x"], row["y"]) for item, row in rows.items()}


def vectors_of(mi2, archive, rows, folder):
    """Vectors and places of a map's images, in one order."""
    names, vectors = exported(mi2, archive, folder)
    at = {row["path"]: (row["x"], row["y"]) for row in rows.values()}
    assert sorted(names) == sorted(at)
    return vectors.astype(np.float64), np.float64([at[name] for name in names])


def test_each_image_has_a_point_beside_those_that_are_like_it(mi2, archive, tmp_path):
    rows = points(mi2, archive)
    assert len(rows) == 90 and not any(row["placed"] for row in rows.values())
    vectors, at = vectors_of(mi2, archive, rows, tmp_path)
    assert np.isfinite(at).all() and trustworthiness(vectors, at, n_neighbors=10) >= 0.8
    modality = [row["modality"] for row in rows.values()]
    where = np.float64(list(places(rows).values()))
    away = np.linalg.norm(where[:, None] - where[None], axis=2) + 1e9 * np.eye(len(where))
    same = [modality[i] == modality[j] for i, j in enumerate(away.argmin(axis=1))]
    assert np.mean(same) >= 0.9


def test_a_map_is_a_function_of_its_seed_and_not_of_the_threads(mi2, archive):
    first = places(points(mi2, archive, "--threads", 1))
    for threads in (2, 3):
        shutil.rmtree(archive / "map")
        assert places(points(mi2, archive, "--threads", threads)) == first
    shutil.rmtree(archive / "map")
    assert places(points(mi2, archive, "--seed", 2)) != first


def test_pca_is_that_of_numpy(mi2, archive, tmp_path):
    rows = points(mi2, archive, "--method", "pca")
    vectors, at = vectors_of(mi2, archive, rows, tmp_path)
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    wanted = centred @ axes[:2].T
    for axis in range(2):
        sign = np.sign(axes[axis][np.abs(axes[axis]).argmax()])
        assert np.allclose(at[:, axis], sign * wanted[:, axis], atol=1e-3)


def likeness(distances):
    """UMAP's, by bisection."""
    nearest = distances[distances > 0].min(initial=np.inf)
    nearest = 0 if np.isinf(nearest) else nearest
    low, high = 1e-9, 1e3
    for _ in range(200):
        width = (low + high) / 2
        if np.exp(-np.maximum(distances - nearest, 0) / width).sum() > np.log2(len(distances) + 1):
            high = width
        else:
            low = width
    return np.exp(-np.maximum(distances - nearest, 0) / width)


def test_what_is_added_is_placed_among_its_neighbours_and_moves_nothing(mi2, archive, tmp_path):
    before = places(points(mi2, archive))
    study(tmp_path / "more", 40)
    study(tmp_path / "more", 41)
    add(mi2, archive, tmp_path / "more")
    done = draw(mi2, archive, "--out", "-")
    after = {row["item"]: row for row in map(json.loads, done.stdout.decode().splitlines())}
    assert "6 points placed among their neighbours, 0 gone" in done.errors
    assert {item: at for item, at in places(after).items() if item in before} == before
    fresh = {item: row for item, row in after.items() if item not in before}
    assert len(fresh) == 6 and all(row["placed"] for row in fresh.values())
    names, vectors = exported(mi2, archive, tmp_path)
    vector = dict(zip(names, vectors.astype(np.float64)))
    old = [row for row in after.values() if not row["placed"]]
    known, where = np.array([vector[row["path"]] for row in old]), np.array([(row["x"], row["y"]) for row in old])
    for row in fresh.values():
        distances = np.linalg.norm(known - vector[row["path"]], axis=1)
        near = np.argsort(distances, kind="stable")[:14]
        weights = likeness(distances[near])
        assert np.allclose((row["x"], row["y"]), weights @ where[near] / weights.sum(), atol=1e-2)
    assert places(points(mi2, archive)) == places(after)


def test_in_one_step_or_in_two_what_was_added_lies_in_the_same_places(mi2, archive, tmp_path):
    draw(mi2, archive)
    shutil.copytree(archive, tmp_path / "other")
    for number in (40, 41):
        study(tmp_path / "more", number)
        add(mi2, archive, tmp_path / "more")
        rows = points(mi2, archive)
        add(mi2, tmp_path / "other", tmp_path / "more")
    assert {row["path"]: (row["x"], row["y"]) for row in rows.values()} == {
        row["path"]: (row["x"], row["y"]) for row in points(mi2, tmp_path / "other").values()}


def test_what_is_removed_is_gone_and_what_is_erased_leaves_no_point_in_the_file(mi2, archive):
    before = points(mi2, archive)
    gone = {item for item, row in before.items() if row["study"] == str(uid("study", 4))}
    assert len(gone) == 3
    mi2("index", "rm", str(archive), "--study", str(uid("study", 4)), "--yes", with_model=False)
    left = {item: at for item, at in places(before).items() if item not in gone}
    assert places(points(mi2, archive)) == left
    other = {item for item, row in before.items() if row["study"] == str(uid("study", 5))}
    size = (archive / "map" / "image.bin").stat().st_size
    mi2("index", "rm", str(archive), "--study", str(uid("study", 5)), "--erase", "--yes", with_model=False)
    assert (archive / "map" / "image.bin").stat().st_size == size - 3 * 16
    assert places(points(mi2, archive)) == {item: at for item, at in left.items() if item not in other}


def best_turn(old, new):
    """The sum of squares that is left when `new` is turned, scaled and shifted onto `old` as well as can be."""
    old, new = old - old.mean(axis=0), new - new.mean(axis=0)
    gain = np.linalg.svd(new.T @ old, compute_uv=False).sum()
    return (old ** 2).sum() - gain ** 2 / (new ** 2).sum()


def test_a_refitted_map_is_turned_onto_the_one_before(mi2, archive, tmp_path):
    old = places(points(mi2, archive))
    study(tmp_path / "more", 40)
    add(mi2, archive, tmp_path / "more")
    new = points(mi2, archive, "--refit", "--seed", 5)
    assert len(new) == 93 and not any(row["placed"] for row in new.values())
    both = np.float64([old[item] for item in old]), np.float64([places(new)[item] for item in old])
    left = ((both[0] - both[1]) ** 2).sum()
    assert left > 0 and np.isclose(left, best_turn(*both), rtol=1e-3)


def test_other_options_are_reported_and_used_with_refit_alone(mi2, archive):
    first = places(points(mi2, archive))
    done = draw(mi2, archive, "--neighbours", "8", "--out", "-")
    assert "made with --neighbours 15, not 8" in done.errors and "--refit" in done.errors
    assert {row["item"]: (row["x"], row["y"]) for row in map(json.loads, done.stdout.decode().splitlines())} == first
    assert "--refit" not in draw(mi2, archive, "--neighbours", "15").errors
    assert places(points(mi2, archive, "--neighbours", "8", "--refit")) != first
    assert "--refit" not in draw(mi2, archive).errors


def test_a_damaged_map_is_refused_by_name_and_made_anew_with_refit(mi2, archive):
    first = places(points(mi2, archive))
    file = archive / "map" / "image.bin"
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole[:100] + bytes([whole[100] ^ 1]) + whole[101:], b""):
        file.write_bytes(damaged)
        errors = draw(mi2, archive, status=3).errors
        assert str(file) in errors and "--refit" in errors
    done = draw(mi2, archive, "--refit", "--out", "-")
    assert str(file) in done.errors and "not turned onto it" in done.errors
    assert {row["item"]: (row["x"], row["y"]) for row in map(json.loads, done.stdout.decode().splitlines())} == first
    file.unlink()
    assert places(points(mi2, archive)) == first


def test_a_map_of_another_archive_is_refused(mi2, archive, tmp_path):
    draw(mi2, archive)
    study(tmp_path / "more", 50)
    add(mi2, tmp_path / "other", tmp_path / "more")
    shutil.copytree(archive / "map", tmp_path / "other" / "map")
    assert "that of another" in draw(mi2, tmp_path / "other", status=3).errors


def test_a_filter_chooses_what_a_new_map_is_made_of_and_what_of_a_kept_one_is_written(mi2, archive, tmp_path):
    whole = places(points(mi2, archive))
    ct = points(mi2, archive, "--where", "modality=CT")
    assert {row["modality"] for row in ct.values()} == {"CT"} and len(ct) == 45
    assert places(ct) == {item: at for item, at in whole.items() if item in ct}
    own = points(mi2, archive, "--where", "modality=CT", "--refit")
    assert set(own) == set(ct) and places(own) != places(ct)
    study(tmp_path / "more", 40)
    study(tmp_path / "more", 41)
    add(mi2, archive, tmp_path / "more")
    done = draw(mi2, archive, "--out", "-")
    assert "made with --where 'modality=CT'" in done.errors and "3 points placed" in done.errors
    assert len(done.stdout.splitlines()) == 48


def test_by_series_each_series_has_a_point(mi2, archive):
    rows = points(mi2, archive, "--by", "series")
    kinds = dict(table(archive, "SELECT id, kind FROM item"))
    assert len(rows) == 30 and {kinds[item] for item in rows} == {"series"}
    assert len({row["series"] for row in rows.values()}) == 30
    assert (archive / "map" / "series.bin").is_file() and not (archive / "map" / "image.bin").exists()


def test_formats_hold_the_same_points_and_without_one_nothing_is_written(mi2, archive, tmp_path):
    rows = points(mi2, archive)
    draw(mi2, archive, "--out", tmp_path / "map.csv")
    table_rows = list(csv.DictReader(io.StringIO((tmp_path / "map.csv").read_text())))
    assert {int(row["item"]): (float(row["x"]), float(row["y"])) for row in table_rows} == places(rows)
    for row in table_rows:
        known = rows[int(row["item"])]
        assert all(row[key] == known[key] for key in ("modality", "body_part", "path", "study", "series"))
    assert draw(mi2, archive).stdout == b""
    assert "already exists" in draw(mi2, archive, "--out", tmp_path / "map.csv", status=2).errors


def test_a_page_needs_nothing_else_and_shows_no_text_as_markup(mi2, archive, tmp_path):
    study(tmp_path / "more", 40, StationName="<b>&x</b>")
    add(mi2, archive, tmp_path / "more")
    draw(mi2, archive, "--out", tmp_path / "map.html", "--colour", "station")
    page = (tmp_path / "map.html").read_text()
    assert page.count("<title>item ") == 93
    assert "&lt;b&gt;&amp;x&lt;/b&gt;" in page and "<b>" not in page and "<script" not in page
    assert page.replace("http://www.w3.org/2000/svg", "").count("http") == 0
    assert "chosen at random" not in page


def test_few_images_make_a_map_and_none_do_not(mi2, tmp_path):
    study(tmp_path / "in", 1)
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert len(points(mi2, tmp_path / "a")) == 3
    assert len(points(mi2, tmp_path / "a", "--by", "series")) == 1
    errors = draw(mi2, tmp_path / "a", "--where", "modality=US", "--refit", status=2).errors
    assert "none" in errors and "--where" in errors
    mi2("index", "rm", str(tmp_path / "a"), "--where", "modality=MR", "--yes", with_model=False)
    assert "--refit" in draw(mi2, tmp_path / "a", status=2).errors
    assert "got none" in draw(mi2, tmp_path / "a", "--refit", status=2).errors


@pytest.mark.parametrize("arguments, words", [
    (("--neighbours", "1"), ["--neighbours"]), (("--neighbours", "201"), ["--neighbours"]),
    (("--min-dist", "1"), ["--min-dist"]), (("--min-dist", "nan"), ["--min-dist"]), (("--by", "patient"), ["image", "series"]),
    (("--method", "tsne"), ["umap", "pca"]), (("--colour", "sex"), ["modality"]), (("--where", "modalty=CT"), ["modality?"]),
    (("--out", "map.npy"), [".html"])])
def test_what_makes_no_sense_is_refused(mi2, hospital, arguments, words):
    errors = draw(mi2, hospital, *arguments, status=2).errors
    assert all(word in errors for word in words), errors
    assert not (hospital / "map").exists()


@pytest.mark.skipif(bool(os.environ.get("MI2_SANITIZE")), reason="embeds 2,485 images: minutes under sanitizers")
def test_the_starters_images_keep_their_neighbours(mi2, tmp_path):
    data = Path(os.environ.get("MI2_SHARED_DATA", "")) / "starter"
    model = os.environ.get("MI2_STARTER_MODEL", "")
    if not (data / "images").is_dir() or not Path(model).is_dir():
        pytest.skip("needs MI2_STARTER_MODEL and the images of MI2_SHARED_DATA/starter")
    archive = tmp_path / "a"
    mi2("index", "add", "--model", model, "--no-thumbnails", str(archive), str(data / "images"), with_model=False)
    rows = points(mi2, archive)
    vectors, at = vectors_of(mi2, archive, rows, tmp_path)
    assert len(vectors) > 2000
    assert trustworthiness(vectors, at, n_neighbors=15) >= 0.99

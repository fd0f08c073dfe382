"""Duplicates, maps, overlaps, compacting and refused files of archives in Python, held to the answers of mi2 index."""
import json
import pickle
import shutil

import medimageinsight as mi2
import numpy as np
import pytest

from archive_support import TEXT, images_of, index, rows_of_index, uid, write_study
from dicom_studies import slice_of, write  # archive_support has put its folder on the path


@pytest.fixture
def doubled(growing, hospital, tmp_path):
    """An archive with a slice of study 0 under other identifiers, and a file of it twice."""
    again = slice_of(0, 0, 0, patient="P9")
    again.StudyInstanceUID, again.SeriesInstanceUID = uid("study", "again"), uid("series", "again")
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = uid("sop", "again")
    write(tmp_path / "more" / "again.dcm", again)
    shutil.copy(next(iter(hospital[1])), tmp_path / "more" / "copy.dcm")
    added = growing.add(tmp_path / "more")
    assert (added.images, added.copies) == (1, 1)
    return growing


@pytest.mark.parametrize("level", ["pixels", "reencoded", "object"])
def test_duplicates_are_the_programs(doubled, model_path, level):
    found = doubled.dups(level)
    wanted = rows_of_index(model_path, "dups", doubled.path, "--level", level)
    # The pixels are equal: that is no copy that was encoded again.
    assert len(found) == len(wanted) == (0 if level == "reencoded" else 1)
    for group, peer in zip(found, wanted):
        assert group.patients == peer["patients"]
        assert [(row.why, row.path, row.cosine, row.bits, row.item and row.item.item) for row in group.members] == [
            (row["why"], row["path"], row.get("cosine"), row.get("bits"), row.get("item")) for row in peer["members"]]
    assert pickle.loads(pickle.dumps(found)) == found


def test_duplicates_are_among_what_a_filter_lets_by(doubled):
    assert doubled.dups().compared == 19
    among = doubled.dups(where="modality=MR")
    assert list(among) == [] and among.compared == 9
    with pytest.raises(mi2.BadArgument, match="level: expected object, pixels"):
        doubled.dups("vectors")


def test_a_map_is_kept_and_does_not_jump(growing, model_path, tmp_path):
    first = growing.map(neighbours=5, seed=3)
    assert first.points.shape == (18, 2) and first.points.dtype == np.float32 and np.isfinite(first.points).all()
    assert list(first.items) == sorted(item.item for item in growing.items()) and not first.placed.any()
    assert (first.by, first.method, first.neighbours, first.seed, first.where) == ("image", "umap", 5, 3, "")
    told = rows_of_index(model_path, "map", growing.path)
    assert [row["item"] for row in told] == list(first.items)
    assert np.array_equal(np.float32([[row["x"], row["y"]] for row in told]), first.points)
    write_study(tmp_path / "more", "new", slices=2)
    growing.add(tmp_path / "more")
    later = growing.map()
    assert later.placed.sum() == 2 and np.array_equal(later.points[~later.placed], first.points)
    assert later.fitted == first.fitted and later.snapshot > first.snapshot


def test_another_map_is_made_only_if_that_is_said(growing):
    growing.map(seed=3, neighbours=5)
    for options in ({"seed": 4}, {"method": "pca"}, {"neighbours": 6}, {"min_dist": 0.5}):
        with pytest.raises(mi2.BadArgument, match="refit"):
            growing.map(**options)
    assert growing.map(method="pca", refit=True).method == "pca"
    series = growing.map("series", method="pca")
    assert series.by == "series" and len(series.points) == 6


def test_a_filter_chooses_points_of_a_kept_map(growing):
    whole = growing.map(method="pca")
    part = growing.map(where="modality=CT")
    of_ct = np.isin(whole.items, [item.item for item in growing.items("modality=CT")])
    assert np.array_equal(part.points, whole.points[of_ct]) and np.array_equal(part.items, whole.items[of_ct])
    assert growing.map(where="modality=US").points.shape == (0, 2)


@pytest.mark.parametrize("options, error, match", [
    ({"by": "study"}, mi2.BadArgument, "image, series"),
    ({"method": "tsne"}, mi2.BadArgument, "umap, pca"),
    ({"neighbours": 1}, mi2.BadArgument, "2 to 200"),
    ({"min_dist": 1}, mi2.BadArgument, "0 to 0.99"),
    ({"refit": 1}, mi2.WrongType, "refit"),
    ({"where": "modlity=CT"}, mi2.BadArgument, "modality"),
])
def test_wrong_arguments_of_a_map_are_named(growing, options, error, match):
    with pytest.raises(error, match=match):
        growing.map(**options)


def test_what_progress_raises_ends_a_map(growing):
    told = []
    growing.map(progress=lambda done, total: told.append(done))
    assert told

    def fail(done, total):
        raise KeyError("enough")
    with pytest.raises(KeyError, match="enough"):
        growing.map(refit=True, progress=fail)


def test_a_copy_finds_the_same_neighbours(archive, model_path, filled, tmp_path):
    archive.backup(tmp_path / "copy")
    found = archive.overlap(tmp_path / "copy", k=3)
    assert (found.images, found.share, found.k, found.first, found.second, found.in_both, found.alone) == (18, 1, 3, 18, 18, 18, 0)
    assert sorted((row.modality, row.images, row.share) for row in found.by_modality) == [("CT", 9, 1), ("MR", 9, 1)]
    told = json.loads(index(model_path, "overlap", filled, tmp_path / "copy", "-k", "3", "--format", "json"))
    assert told["neighbours"]["overlap"] == found.share and told["in_both"] == found.in_both
    with mi2.Archive(tmp_path / "copy") as other:
        assert archive.overlap(other, k=3) == found
    with pytest.raises(mi2.NotFound):
        archive.overlap(tmp_path / "none")
    with pytest.raises(mi2.WrongType, match="not a path"):
        archive.overlap(3)


def test_an_archive_is_embedded_again_into_another(archive, azure_model, tmp_path):
    done = archive.reembed(tmp_path / "new", azure_model)
    assert done == (18, 0, 0, True, {})
    again = archive.reembed(tmp_path / "new", azure_model)
    assert (again.images, again.kept, again.left) == (0, 18, {})
    with mi2.Archive(tmp_path / "new", model=azure_model) as made:
        assert made.space["profile"].startswith("azure") and images_of(made) == 18
        assert len(made.search(text=TEXT)) == len(archive.search(text=TEXT))
        assert archive.overlap(made, k=3).in_both == 18
    with pytest.raises(mi2.BadArgument):
        archive.reembed(archive.path, azure_model)
    for wrong in ({"model": None}, {"model": 3}, {"model": azure_model, "on_left": 3}):
        with pytest.raises(mi2.WrongType):
            archive.reembed(tmp_path / "other", **wrong)
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_embedded_again_is_told(model, azure_model, tmp_path):
    first, *_ = write_study(tmp_path / "in", 0, slices=3)
    with mi2.Archive.create(tmp_path / "a", model=model) as archive:
        archive.add(tmp_path / "in")
        first.unlink()
        told = []
        done = archive.reembed(tmp_path / "new", azure_model, on_left=told.append)
    assert (done.images, sum(done.left.values()), len(told)) == (2, 1, 1) and first.name in told[0]


def test_the_room_of_what_was_removed_comes_back(growing):
    growing.remove(study=uid("study", 0))
    wanted = growing.search(text=TEXT, k=100)
    try:
        done = growing.compact()
    except mi2.Unsupported:
        pytest.skip("the file system cannot give back parts of a file")
    assert done.rows >= done.erased >= 3
    assert set(done.before) == set(done.after) == {"vectors", "thumbnails", "catalog", "codes", "others", "total"}
    assert [(row.item, row.score) for row in growing.search(text=TEXT, k=100)] == [(row.item, row.score) for row in wanted]
    assert growing.verify(deep=True).sound and growing.compact().erased == 0


def test_what_was_refused_is_listed_with_its_reason(growing, tmp_path):
    assert list(growing.refused()) == [] and growing.refused().total == 0
    paths = [tmp_path / "in" / name for name in ("one.dcm", "two.dcm")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"\0" * 128 + b"DICM" + b"no object")
    assert growing.add(tmp_path / "in").refused == 2
    found = growing.refused()
    assert sorted(row.path for row in found) == [str(path) for path in paths]
    assert all(row.reason and row.code and row.at for row in found)
    assert found.total == sum(found.by.values()) == 2
    part = growing.refused(1)
    assert len(part) == 1 and part.total == 2
    with pytest.raises(mi2.BadArgument, match="1 to 10000"):
        growing.refused(0)


def test_a_closed_archive_says_so_of_all_of_these(filled):
    archive = mi2.Archive(filled)
    archive.close()
    for call in (archive.dups, archive.map, lambda: archive.overlap(filled), archive.compact, archive.refused):
        with pytest.raises(mi2.BadArgument, match="closed"):
            call()

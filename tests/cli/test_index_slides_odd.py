"""Whole slides in archives where something is odd: copies, resolutions without bounds, vectors of their pages."""
import shutil

import pytest
from catalog_support import table as packed_table
from index_support import add, query, sound, totals
from test_index_slides import TEXT, levels, make, places, side, write_slide  # noqa: F401 (fixtures)

pytest.importorskip("pydicom")


def test_a_copy_that_sorts_before_a_slide_leaves_its_tiles_where_they_are(mi2, levels, tmp_path):  # noqa: F811
    write_slide(tmp_path / "in" / "b", levels)
    archive = tmp_path / "a"
    add(mi2, archive, "--mpp", "1", "--tiles", "all", tmp_path / "in")
    before = places(mi2, archive)
    shutil.copytree(tmp_path / "in" / "b", tmp_path / "in" / "a")
    assert "0 images added" in add(mi2, archive, tmp_path / "in")
    assert places(mi2, archive) == before and len(before) == 1
    assert "0 images added" in add(mi2, archive, tmp_path / "in") and "sound" in sound(mi2, archive)


@pytest.mark.parametrize("millimetres", ["1e306", "1e6", "0", "-1"])
def test_a_resolution_that_is_none_is_not_known(mi2, levels, millimetres, tmp_path):  # noqa: F811
    (tmp_path / "in").mkdir()
    slide = make.dicom_slide(levels[1], mpp=1, number=1)
    slide.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [millimetres] * 2
    slide.save_as(tmp_path / "in" / "1.dcm", enforce_file_format=True)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", "--tiles", "all", tmp_path / "in")
    assert all(row["tile"].get("mpp", 0) == 0 for row in query(mi2, archive, "--text", TEXT, "--by", "tile"))
    assert "resolution" in mi2("index", "add", str(tmp_path / "b"), "--mpp", "1", str(tmp_path / "in"), status=2).errors


def test_vectors_of_a_slides_pages_do_not_take_the_place_of_its_tiles(mi2, levels, tmp_path):  # noqa: F811
    slide = tmp_path / "a.svs"
    make.write_svs(slide, levels, compression=make.DEFLATE)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", "--tiles", "all", slide)
    before = totals(mi2, archive)["images"]
    mi2("embed", "--out", str(tmp_path / "v.npy"), str(slide))
    for _ in range(2):
        said = add(mi2, archive, tmp_path / "v.npy", status=3)
        assert "by the tiles of a slide" in said and totals(mi2, archive)["images"] == before
        slide.unlink(missing_ok=True)


def test_erasing_a_slide_leaves_nothing_that_tells_how_many_tiles_it_had(mi2, levels, tmp_path):  # noqa: F811
    write_slide(tmp_path / "in", levels)
    archive = tmp_path / "a"
    add(mi2, archive, "--level", "0", tmp_path / "in")
    mi2("index", "rm", str(archive), "--where", "frame>=1", "--erase", "--yes", with_model=False)
    for name in ("instance", "lot", "tile", "folder", "run", "series", "study"):
        assert packed_table(archive, f"SELECT count(*) FROM main.{name}") == [(0,)], name
    assert "sound" in sound(mi2, archive)

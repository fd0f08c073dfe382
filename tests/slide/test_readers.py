"""Tiles of slides: against the pixels that were written, and against OpenSlide's and wsidicom's readings."""

import importlib.util
import io
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import make_slides as make

pytest.importorskip("pydicom")

DUMP = os.environ["MI2_SLIDE_DUMP"]
SIZE = 48


def dump(*files, level="-", mpp="-", tiles="all", size=SIZE, status=0, library=None):
    """[(level, x, y, width, height, mpp), pixels] of each tile, and what was said on stderr."""
    environment = dict(os.environ)
    if library:
        environment["LD_LIBRARY_PATH"] = library
    done = subprocess.run([DUMP, str(level), str(mpp), tiles, str(size), *map(str, files)], capture_output=True,
                          check=False, env=environment)
    said = done.stderr.decode()
    assert done.returncode == status, said
    found, data = [], done.stdout
    while data:
        place, shape, data = data.split(b"\n", 2)
        width, height = map(int, shape.split())
        pixels = np.frombuffer(data[:width * height * 3], np.uint8).reshape(height, width, 3)
        numbers = place.split()
        found.append(((*map(int, numbers[:5]), float(numbers[5])), pixels))
        data = data[width * height * 3:]
    return found, said



@pytest.fixture(scope="module")
def levels():
    finest = make.picture(336, 272)
    return [finest, make.halved(finest), make.halved(finest, 4)]


LOSSLESS = {
    "generic": lambda path, levels: make.write_generic(path, levels),
    "uncompressed": lambda path, levels: make.write_generic(path, levels, compression=make.NONE),
    "big": lambda path, levels: make.write_generic(path, levels, big=True),
    "ome": lambda path, levels: make.write_ome(path, levels),
    "svs-deflate": lambda path, levels: make.write_svs(path, levels, compression=make.DEFLATE),
    "svs-33005": lambda path, levels: make.write_svs(path, levels, compression=make.APERIO_RGB),
}


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("level", [0, 1, 2])
def test_tiles_are_the_pixels_that_were_written(tmp_path, levels, kind, level):
    path = tmp_path / "slide.tif"
    LOSSLESS[kind](path, levels)
    found, said = dump(path, level=level)
    wanted = make.tiles_of(levels[level], SIZE)
    assert len(found) == len(wanted) and not said
    for (place, pixels), expected in zip(found, wanted):
        assert np.array_equal(pixels, expected), place
        assert place[0] == level and abs(place[5] - 0.5 * levels[0].shape[1] / levels[level].shape[1]) < 1e-6


def test_ycbcr_of_aperio_jpeg_2000(tmp_path, levels):
    make.write_svs(tmp_path / "a.svs", levels, compression=make.APERIO_YCBCR)
    found, _ = dump(tmp_path / "a.svs", level=0)
    for (_, pixels), expected in zip(found, make.tiles_of(levels[0], SIZE)):
        assert np.abs(pixels.astype(int) - expected).max() <= 3  # of whole YCbCr there and back


@pytest.mark.parametrize("options", [{}, {"sparse": True}, {"implicit": True}, {"implicit": True, "sparse": True},
                                     {"coded": make.APERIO_RGB}, {"sparse": True, "missing": (0, 7)}])
def test_dicom_tiles_are_the_pixels_that_were_written(tmp_path, levels, options):
    make.write_dicom(tmp_path / "a.dcm", levels[0], **options)
    found, said = dump(tmp_path / "a.dcm", level=0)
    expected = levels[0].copy()
    for i in options.get("missing", ()):
        y, x = i // 6 * 64, i % 6 * 64
        expected[y:y + 64, x:x + 64] = make.WHITE
    wanted = make.tiles_of(expected, SIZE)
    assert len(found) == len(wanted) and not said
    assert all(np.array_equal(pixels, want) for (_, pixels), want in zip(found, wanted))


def test_objects_of_levels_in_any_order_are_one_slide(tmp_path, levels):
    for i, level in enumerate(levels):
        make.write_dicom(tmp_path / f"{i}.dcm", level, mpp=0.5 * 2 ** i, number=i + 1)
    files = [tmp_path / f"{i}.dcm" for i in (1, 2, 0)]
    for level in range(3):
        found, _ = dump(*files, level=level)
        assert all(np.array_equal(p, w) for (_, p), w in zip(found, make.tiles_of(levels[level], SIZE)))
    found, _ = dump(*files, mpp=1)
    assert {place[0] for place, _ in found} == {1}


def test_a_resolution_takes_the_nearest_level_as_fine(tmp_path, levels):
    make.write_svs(tmp_path / "a.svs", levels, compression=make.DEFLATE)
    for mpp, level, side in ((0.5, 0, 48), (0.48, 0, 46), (0.75, 0, 72), (1.2, 1, 58), (2, 2, 48), (5, 2, 120)):
        found, _ = dump(tmp_path / "a.svs", mpp=mpp)
        place, pixels = found[0]
        assert place[0] == level and pixels.shape == (side, side, 3), (mpp, place, pixels.shape)
        assert abs(place[5] - mpp) < 0.02 * mpp
        assert np.array_equal(pixels, make.tiles_of(levels[level], side)[0])
    _, said = dump(tmp_path / "a.svs", mpp=0.25, status=1)
    assert "no level is as fine as 0.25" in said and "level 0: 336 x 272 at 0.5 um" in said


def test_tissue_alone_by_default(tmp_path, levels):
    make.write_generic(tmp_path / "a.tif", levels)
    everything, _ = dump(tmp_path / "a.tif", level=0)
    found, _ = dump(tmp_path / "a.tif", level=0, tiles="tissue")
    pink = [pixels for _, pixels in everything if (np.ptp(pixels.astype(int), axis=2) > 30).mean() > 0.12]
    chosen = [pixels for _, pixels in found]
    assert 0 < len(found) < len(everything)
    assert all(any(np.array_equal(p, c) for c in chosen) for p in pink)
    assert all((np.ptp(p.astype(int), axis=2) > 30).mean() > 0.02 for p in chosen)


def test_glass_without_tissue_is_refused_not_taken_for_it(tmp_path):
    make.write_generic(tmp_path / "a.tif", [np.random.default_rng(3).integers(235, 250, (300, 300, 3), np.uint8)])
    _, said = dump(tmp_path / "a.tif", level=0, tiles="tissue", status=1)
    assert "no tile has tissue" in said


def test_a_level_that_there_is_not(tmp_path, levels):
    make.write_generic(tmp_path / "a.tif", levels)
    _, said = dump(tmp_path / "a.tif", level=3, status=1)
    assert said.startswith("bad_argument") and "it has no level 3: level 0: 336 x 272 at 0.5 um, level 1: 168 x 136" in said
    make.write_generic(tmp_path / "b.tif", levels, mpp=None)
    _, said = dump(tmp_path / "b.tif", status=1)
    assert "does not say its resolution; choose a --level of level 0: 336 x 272" in said


def refused(path, *words):
    _, said = dump(path, level=0, status=1)
    assert all(word in said for word in words), said


def test_what_is_no_slide_is_refused_by_name(tmp_path, levels):
    Image.fromarray(levels[2]).save(tmp_path / "a.png")
    refused(tmp_path / "a.png", "unsupported", "expected a whole slide, got PNG")
    Image.fromarray(levels[2]).save(tmp_path / "a.tif")
    refused(tmp_path / "a.tif", "unsupported", "got a TIFF without tiles")
    make.write_generic(tmp_path / "pages.tif", [levels[2], levels[2]])
    refused(tmp_path / "pages.tif", "unsupported", "several images or planes")
    make.write_dicom(tmp_path / "label.dcm", levels[2], flavour="LABEL")
    refused(tmp_path / "label.dcm", "unsupported", "the LABEL of a slide")
    ds = make.dicom_slide(levels[2])
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.4"
    ds.save_as(tmp_path / "photo.dcm", enforce_file_format=True)
    refused(tmp_path / "photo.dcm", "unsupported", "got another DICOM object")
    (tmp_path / "empty").write_bytes(b"")
    refused(tmp_path / "empty", "bad_file", "empty")


def test_contradictions_in_dicom_are_refused(tmp_path, levels):
    def saved(change, **options):
        ds = make.dicom_slide(levels[2], **options)
        change(ds)
        ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        return tmp_path / "a.dcm"

    def twice(ds):
        ds.OpticalPathSequence.append(ds.OpticalPathSequence[0])

    def place(ds, x):
        ds.PerFrameFunctionalGroupsSequence[1].PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix = x

    refused(saved(lambda ds: setattr(ds, "TotalPixelMatrixColumns", 500)), "bad_file", "expected a frame for each of 8 x 2")
    refused(saved(lambda ds: setattr(ds, "ConcatenationFrameOffsetNumber", 0)), "unsupported", "concatenation")
    refused(saved(twice), "unsupported", "several optical paths")
    refused(saved(lambda ds: place(ds, 60), sparse=True), "unsupported", "do not lie on a grid")
    refused(saved(lambda ds: place(ds, 1), sparse=True), "bad_file", "in one place")
    refused(saved(lambda ds: place(ds, 64 * 9 + 1), sparse=True), "bad_file", "outside of the slide")


def test_the_middle_focal_plane_is_read_with_a_warning(tmp_path, levels):
    make.write_dicom(tmp_path / "a.dcm", levels[2], planes=3)
    found, said = dump(tmp_path / "a.dcm", level=0)
    assert "focal_planes: 3 in the file, number 2 is read" in said
    first = make.tiles_of(levels[2], 64)[0][:SIZE, :SIZE]
    assert np.array_equal(found[0][1], first // 2)


def profile_of_another_gamma():
    """Pillow's sRGB profile with a darker curve."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    start = profile.index(b"para\0\0\0\0\0\x03\0\0") + 12
    return profile[:start] + (int(1.4 * 65536)).to_bytes(4, "big") + profile[start + 4:]


def by_pillow(pixels, profile):
    image = Image.fromarray(pixels)
    return np.asarray(ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                                                ImageCms.createProfile("sRGB")))


@pytest.mark.parametrize("kind", ["svs", "dcm"])
def test_colours_become_srgb_by_the_slides_profile(tmp_path, levels, kind):
    profile = profile_of_another_gamma()
    path = tmp_path / f"a.{kind}"
    if kind == "svs":
        make.write_svs(path, levels, compression=make.DEFLATE, icc=profile)
    else:
        make.write_dicom(path, levels[0], icc=profile)
    found, said = dump(path, level=0)
    assert not said
    for (_, pixels), before in zip(found, make.tiles_of(levels[0], SIZE)):
        assert np.abs(pixels.astype(int) - by_pillow(before, profile)).max() <= 1
    assert np.abs(found[9][1].astype(int) - make.tiles_of(levels[0], SIZE)[9]).max() > 5


def test_a_profile_that_is_none_is_a_warning(tmp_path, levels):
    make.write_svs(tmp_path / "a.svs", levels, compression=make.DEFLATE, icc=b"not a profile at all")
    found, said = dump(tmp_path / "a.svs", level=0)
    assert "icc_profile" in said
    assert np.array_equal(found[0][1], make.tiles_of(levels[0], SIZE)[0])


def test_tiles_that_are_not_stored_are_white(tmp_path, levels):
    make.write_svs(tmp_path / "a.svs", levels, tile=64, compression=make.DEFLATE, missing=(0, 8))
    expected = levels[0].copy()
    expected[:64, :64] = expected[64:128, 128:192] = make.WHITE
    found, _ = dump(tmp_path / "a.svs", level=0)
    assert all(np.array_equal(p, w) for (_, p), w in zip(found, make.tiles_of(expected, SIZE)))


def test_a_damaged_tile_is_refused(tmp_path, levels):
    make.write_svs(tmp_path / "a.svs", levels, compression=make.DEFLATE)
    whole = bytearray((tmp_path / "a.svs").read_bytes())
    whole[60:120] = bytes(60)
    (tmp_path / "a.svs").write_bytes(whole)
    _, said = dump(tmp_path / "a.svs", level=0, status=1)
    assert said.startswith("bad_file") and "corrupt" in said


def openslide_library():
    found = importlib.util.find_spec("openslide_bin")
    if found is None:
        pytest.skip("needs openslide-bin")
    return str(Path(found.origin).parent)


def near(a, b, most):
    return np.abs(a.astype(int) - b).max() <= most


@pytest.mark.parametrize("kind", ["jpeg.svs", "jpeg2000.svs", "generic.tif", "full", "sparse"])
def test_tiles_equal_openslides(tmp_path, levels, kind):
    openslide = pytest.importorskip("openslide")
    path = tmp_path / (kind if "." in kind else "0.dcm")
    files = [path]
    if kind == "jpeg.svs":
        make.write_svs(path, levels, compression=make.JPEG)
    elif kind == "jpeg2000.svs":
        make.write_svs(path, levels, compression=make.APERIO_RGB)
    elif kind == "generic.tif":
        make.write_generic(path, levels)
    else:
        for i, level in enumerate(levels):
            make.write_dicom(tmp_path / f"{i}.dcm", level, mpp=0.5 * 2 ** i, number=i + 1, coded=make.JPEG,
                             sparse=kind == "sparse")
        files = [tmp_path / f"{i}.dcm" for i in range(3)]
    with openslide.OpenSlide(path) as slide:
        assert slide.level_count == 3
        for level in range(3):
            width, height = slide.level_dimensions[level]
            found, _ = dump(*files, level=level)
            assert len(found) == -(-width // SIZE) * -(-height // SIZE)
            for i, ((_, *place), pixels) in enumerate(found):
                columns = -(-width // SIZE)
                x, y = i % columns * SIZE, i // columns * SIZE
                scale = slide.level_downsamples[level]
                theirs = slide.read_region((round(x * scale), round(y * scale)), level, (SIZE, SIZE))
                white = Image.new("RGBA", theirs.size, (255, 255, 255, 255))
                theirs = np.asarray(Image.alpha_composite(white, theirs).convert("RGB"))
                inside = (slice(0, min(SIZE, height - y)), slice(0, min(SIZE, width - x)))
                # Chroma is enlarged by the JPEG library that each has.
                assert near(pixels[inside], theirs[inside], 2 if "2000" not in kind and kind != "generic.tif" else 0)


@pytest.mark.parametrize("sparse", [False, True])
def test_tiles_equal_wsidicoms(tmp_path, levels, sparse):
    wsidicom = pytest.importorskip("wsidicom")
    for i, level in enumerate(levels):
        make.write_dicom(tmp_path / f"{i}.dcm", level, mpp=0.5 * 2 ** i, number=i + 1, coded=make.JPEG, sparse=sparse)
    files = [tmp_path / f"{i}.dcm" for i in range(3)]
    with wsidicom.WsiDicom.open(tmp_path) as slide:
        for i, level in enumerate(sorted(slide.levels, key=lambda one: -one.size.width)):
            found, _ = dump(*files, level=i)
            width, height = level.size.width, level.size.height
            columns = -(-width // SIZE)
            for n, (_, pixels) in enumerate(found):
                x, y = n % columns * SIZE, n // columns * SIZE
                size = (min(SIZE, width - x), min(SIZE, height - y))
                theirs = np.asarray(slide.read_region((x, y), level.level, size).convert("RGB"))
                assert near(pixels[:size[1], :size[0]], theirs, 2)


TRESTLE = {305: make.text("MedScan"), 270: make.text("Background Color=FFFFFF;OverlapsXY= 0 0 0 0 0 0;")}


def test_other_formats_through_openslide(tmp_path, levels):
    make.write_generic(tmp_path / "a.tif", levels, compression=make.JPEG, more=TRESTLE)
    found, _ = dump(tmp_path / "a.tif", level=0, library=openslide_library())
    assert all(near(p, w, 60) for (_, p), w in zip(found, make.tiles_of(levels[0], SIZE))) and len(found) == 42
    Image.fromarray(levels[2]).save(tmp_path / "a.png")
    _, said = dump(tmp_path / "a.png", level=0, status=1, library=openslide_library())
    assert "expected a whole slide, got PNG; without --level" in said


def test_without_openslide_a_sentence_says_what_is_missing(tmp_path, levels):
    make.write_generic(tmp_path / "a.tif", levels, more=TRESTLE)
    _, said = dump(tmp_path / "a.tif", level=0, status=1)
    if "not installed" not in said:
        pytest.skip("OpenSlide is installed")
    assert "got Trestle" in said and "apt install libopenslide0" in said

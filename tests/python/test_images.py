"""PIL images and arrays: the vectors of the file they were decoded from."""
import io

import medimageinsight as mi2
import numpy as np
import pytest
from PIL import Image

from conftest import FIXTURES, IMAGES

# Pillow and mi2 read the same samples from these; Pillow's mode says how it holds them.
FILES = sorted(IMAGES.iterdir()) + [FIXTURES / name for name in (
    "411.jpg", "animated.webp", "lossless.webp", "lossy_alpha.webp", "grey4_trns.png", "grey_alpha16.png",
    "interlaced_rgb.png", "palette4_trns.png", "rgb16.png", "ycck.jpg", "grey1_white.tif", "grey4_black.tif",
    "tiled_grey16.tif", "predictor16.tif", "predictor_float.tif", "planar_rgba.tif", "cmyk_planar.tif")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_pil_image_gives_the_vector_of_its_file(model, azure_model, path):
    with Image.open(path) as picture:
        for one in (model, azure_model):
            assert one.embed_images(picture).tobytes() == one.embed_images(path).tobytes(), picture.mode


def test_the_files_cover_every_mode():
    modes = set()
    for path in FILES:
        with Image.open(path) as picture:
            modes.add(picture.mode)
    assert {"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"} <= modes


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_an_array_gives_the_vector_of_its_image(model, mode):
    with Image.open(IMAGES / "rgba.png") as picture:
        converted = picture.convert(mode)
    array = np.asarray(converted)
    assert model.embed_images(array).tobytes() == model.embed_images(converted).tobytes()


@pytest.mark.parametrize("dtype,low,high", [("uint16", 0, 65535), ("int16", -3000, 3000), ("int32", -70000, 70000),
                                            ("int64", -70000, 70000), ("uint32", 0, 70000), ("float32", -1, 1),
                                            ("float64", -1, 1), ("float16", -1, 1)])
def test_deep_grey_is_scaled_as_the_same_tiff_is(model, dtype, low, high):
    array = np.linspace(low, high, 60 * 70).reshape(60, 70).astype(dtype)
    held = {"uint16": "uint16", "float32": "float32", "float64": "float32", "float16": "float32"}.get(dtype, "int32")
    file = io.BytesIO()
    Image.fromarray(array.astype(held)).save(file, format="TIFF")
    assert model.embed_images(array).tobytes() == model.embed_images(file.getvalue()).tobytes()


def test_layout_in_memory_does_not_matter(model):
    grid = np.arange(60 * 70 * 3, dtype=np.uint8).reshape(60, 70, 3)
    wanted = model.embed_images(grid).tobytes()
    assert model.embed_images(np.asfortranarray(grid)).tobytes() == wanted
    assert model.embed_images(np.repeat(grid, 2, axis=1)[:, ::2]).tobytes() == wanted
    deep = np.arange(600, dtype="<u2").reshape(20, 30)
    assert model.embed_images(deep.astype(">u2")).tobytes() == model.embed_images(deep).tobytes()


def test_one_channel_is_grey_and_four_dimensions_are_many(model):
    grey = np.arange(600, dtype=np.uint8).reshape(20, 30)
    assert model.embed_images(grey[:, :, None]).tobytes() == model.embed_images(grey).tobytes()
    several = np.stack([grey, grey.T.reshape(20, 30)])[..., None]
    assert model.embed_images(several).shape[0] == 2


@pytest.mark.parametrize("array", [np.zeros((4, 4, 5), np.uint8), np.zeros(4, np.uint8), np.zeros((4, 4, 3), np.uint16),
                                   np.zeros((4, 4), complex), np.full((4, 4), 2 ** 40)], ids=str)
def test_arrays_that_are_no_picture_are_refused(model, array):
    with pytest.raises(mi2.BadArgument, match=r"images\[0\]"):
        model.embed_images([array])


def test_an_empty_array_is_a_bad_file(model):
    with pytest.raises(mi2.BadFile):
        model.embed_images(np.zeros((0, 4), np.uint8))


def test_a_mode_that_no_file_has_is_refused_with_advice(model):
    with pytest.raises(mi2.Unsupported, match="HSV.*convert it to RGB"):
        model.embed_images(Image.new("HSV", (8, 8)))

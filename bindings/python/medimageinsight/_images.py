"""The forms in which images come, and their samples in the terms of mi2::ImageView."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Union, cast

import numpy as np
import numpy.typing as npt

from ._errors import BadArgument, Unsupported
from ._types import Frames, ImageLike


class Decoded(NamedTuple):
    """An image's samples. mode: Pillow's name; samples: [height, width] or [height, width, channels], contiguous."""

    mode: str
    samples: npt.NDArray[Any]
    palette: bytes


Source = Union[str, bytes, Decoded]
"""A path, an encoded file's bytes, or decoded samples."""

_BYTE_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_AS_THEY_ARE = {"L", "LA", "P", "RGB", "RGBA", "CMYK"}


def is_pil(image: object) -> bool:
    """Whether it is a PIL.Image.Image, without importing Pillow."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(image, module.Image)


def _is_one(images: object) -> bool:
    if isinstance(images, np.ndarray):
        return images.ndim <= 3
    return isinstance(images, (str, os.PathLike, bytes, bytearray, memoryview)) or is_pil(images)


def iterate(images: ImageLike | Iterable[ImageLike]) -> Iterable[ImageLike]:
    """One image as a list of it; several as they are."""
    if _is_one(images):
        return [cast("ImageLike", images)]
    if isinstance(images, Iterable):
        return cast("Iterable[ImageLike]", images)
    raise TypeError(f"{type(images).__name__} is neither an image nor an iterable of images")


def selection_of(frames: Frames) -> str:
    """As the program's --frames has it; what it is worth is for _core to judge.

    :raises TypeError: neither a text nor a whole number.
    """
    if isinstance(frames, str):
        return frames
    if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)):
        raise TypeError(f"frames: {type(frames).__name__} is neither a text nor a number")
    return str(frames)


def gives_one(selection: str | None) -> bool:
    """Whether every image has exactly one selected frame."""
    return selection is None or selection in ("middle", "first") or selection.isdecimal()


def source_of(image: ImageLike, name: str) -> Source:
    """What an image is to the model.

    :raises TypeError: not an image; BadArgument, Unsupported: an array or a mode that is not read.
    """
    if isinstance(image, (str, os.PathLike)):
        return os.fsdecode(image)
    if isinstance(image, bytes):
        return image
    if isinstance(image, (bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, np.ndarray):
        return _of_array(image, name)
    if is_pil(image):
        return _of_pil(image, name)
    raise TypeError(f"{name}: {type(image).__name__} is not a path, bytes, a PIL image or a NumPy array")


def _native(array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype)


def _of_pil(image: Any, name: str) -> Decoded:
    mode = image.mode
    if mode in _AS_THEY_ARE:
        palette = bytes(image.getpalette("RGB") or ()) if mode == "P" else b""
        return Decoded(mode, _native(np.asarray(image), np.uint8), palette)
    if mode == "1":
        return Decoded("1", _native(np.asarray(image), np.uint8), b"")
    if mode.startswith("I;16"):
        return Decoded("I;16", _native(np.asarray(image), np.uint16), b"")
    if mode == "I":
        return Decoded("I", _native(np.asarray(image), np.int32), b"")
    if mode == "F":
        return Decoded("F", _native(np.asarray(image), np.float32), b"")
    raise Unsupported(f"{name}: images of mode '{mode}' are not read; convert it to RGB")


def _of_array(array: npt.NDArray[Any], name: str) -> Decoded:
    """uint8 [H, W], [H, W, 1|2|3|4]: L, LA, RGB, RGBA; bool [H, W]: 1; any other number [H, W]: grey, scaled."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] in _BYTE_MODES:
        return Decoded(_BYTE_MODES[array.shape[2]], _native(array, np.uint8), b"")
    if array.ndim == 2:
        return _of_grey(array, name)
    raise BadArgument(f"{name}: expected an array of numbers or bool [height, width], or of uint8 [height, width, 1 to 4], "
                      f"got {array.dtype} {list(array.shape)}")


def _of_grey(array: npt.NDArray[Any], name: str) -> Decoded:
    if array.dtype == np.uint8:
        return Decoded("L", _native(array, np.uint8), b"")
    if array.dtype == np.bool_:
        return Decoded("1", _native(array, np.uint8), b"")
    if array.dtype == np.uint16:
        return Decoded("I;16", _native(array, np.uint16), b"")
    if np.issubdtype(array.dtype, np.integer):
        limits = np.iinfo(np.int32)
        if array.size and not (limits.min <= int(array.min()) and int(array.max()) <= limits.max):
            raise BadArgument(f"{name}: samples of {array.dtype} beyond 32 bits")
        return Decoded("I", _native(array, np.int32), b"")
    if np.issubdtype(array.dtype, np.floating):
        return Decoded("F", _native(array, np.float32), b"")
    raise BadArgument(f"{name}: expected an array of integers, floats or bool, got {array.dtype}")


def numbered(images: Iterable[ImageLike]) -> Iterator[tuple[int, str, ImageLike]]:
    """(position, what errors call it, image)"""
    for index, image in enumerate(images):
        yield index, f"images[{index}]", image

"""The forms in which images come, and their samples in the terms of mi2::ImageView."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Union, cast

import numpy as np
import numpy.typing as npt

from ._errors import BadArgument, BadFile, Unsupported, WrongType
from ._inputs import array_of, is_tensor, refuse_containers, require_present
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


def is_file(value: object) -> bool:
    """Whether it is an open file."""
    return hasattr(value, "read") and not isinstance(value, type)


def _is_column(array: npt.NDArray[Any]) -> bool:
    """Whether it holds paths, images and the like, as a pandas column's values do, rather than samples."""
    return array.ndim == 1 and array.dtype.kind in "OUT"


def _is_one(images: object) -> bool:
    if isinstance(images, np.ndarray):
        return images.ndim <= 3 and not _is_column(images)
    if is_file(images):
        return True
    return isinstance(images, (str, os.PathLike, bytes, bytearray, memoryview)) or is_pil(images)


def iterate(images: ImageLike | Iterable[ImageLike]) -> Iterable[ImageLike]:
    """One image as a list of it; several as they are.

    :raises WrongType: neither.
    """
    refuse_containers(images, "images")
    if is_tensor(images):
        tensor = array_of(images, "images")
        return [cast("ImageLike", images)] if tensor.ndim <= 3 else [_channels_last(one) for one in tensor]
    if _is_one(images):
        return [cast("ImageLike", images)]
    if isinstance(images, Iterable):
        return cast("Iterable[ImageLike]", images)
    raise WrongType(f"{type(images).__name__} is neither an image nor an iterable of images")


def selection_of(frames: Frames) -> str:
    """As the program's --frames has it; what it is worth is for _core to judge.

    :raises WrongType: neither a text nor a whole number.
    """
    if isinstance(frames, str):
        return frames
    if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)):
        raise WrongType(f"frames: {type(frames).__name__} is neither a text nor a number")
    return str(frames)


def gives_one(selection: str | None) -> bool:
    """Whether every image has exactly one selected frame."""
    return selection is None or selection in ("middle", "first") or selection.isdecimal()


def source_of(image: ImageLike, name: str) -> Source:
    """What an image is to the model.

    What it gives stays as it is: a caller's loop may fill one array again and again, and what is read ahead would change.

    :raises WrongType: not an image, or missing; BadArgument, Unsupported: an array or a mode that is not read; BadFile: an
        open file, or one behind a PIL image, that cannot be read.
    """
    require_present(image, name)
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
    if is_tensor(image):
        return _of_array(_channels_last(array_of(image, name)), name)
    if is_file(image):
        return _of_file(image, name)
    raise WrongType(f"{name}: {type(image).__name__} is not a path, bytes, an open file, a PIL image, an array or a tensor")


def _of_file(file: Any, name: str) -> bytes:
    try:
        content = file.read()
    except (OSError, ValueError) as error:
        raise BadFile(f"{name}: the file cannot be read: {error}") from error
    if not isinstance(content, bytes):
        raise WrongType(f"{name}: the file is open for text; expected open(path, 'rb')")
    return content


def _channels_last(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[C, H, W] as [H, W, C], for C of 1 or 3; what is so already stays."""
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3, 4):
        return np.moveaxis(array, 0, 2)
    return array


def _native(array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.array(array, dtype=dtype, order="C")


def read_pil(image: Any, name: str) -> None:
    """Reads what Pillow puts off. :raises BadFile: its file is cut or closed, for which its readers raise what they like."""
    try:
        image.load()
    except Exception as error:
        raise BadFile(f"{name}: Pillow cannot read this image: {str(error) or type(error).__name__}") from error


def _of_pil(image: Any, name: str) -> Decoded:
    read_pil(image, name)
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
    """uint8 [H, W], [H, W, 1|2|3|4]: L, LA, RGB, RGBA; bool [H, W]: 1; any other number [H, W]: grey, scaled; floats from
    0 to 1 [H, W, 3]: RGB. [1|3, H, W] is [H, W, 1|3]."""
    array = _channels_last(array)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] in _BYTE_MODES:
        return Decoded(_BYTE_MODES[array.shape[2]], _native(array, np.uint8), b"")
    if array.ndim == 3 and np.issubdtype(array.dtype, np.floating) and array.shape[2] == 3:
        return Decoded("RGB", _of_shares(array, name), b"")
    if array.ndim == 2:
        return _of_grey(array, name)
    raise BadArgument(f"{name}: expected an array of numbers or bool [height, width], or of uint8 [height, width, 1 to 4], "
                      f"got {array.dtype} {list(array.shape)}")


def _of_shares(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Floats from 0 to 1 as the bytes that they were made from: 255 times, rounded."""
    if array.size and not (np.all(array >= 0) and np.all(array <= 1)):
        raise BadArgument(f"{name}: expected colours from 0 to 1 as floats, or uint8; undo a normalisation first")
    return _native(np.rint(array.astype(np.float64) * 255), np.uint8)


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

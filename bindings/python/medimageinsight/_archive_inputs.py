"""What is asked of archives, as users hand it over: one or several, from pandas, NumPy, or an archive's own answers."""
from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._archive_types import Item, Result
from ._errors import BadArgument, Unsupported, WrongType
from ._images import Decoded, Source, iterate, source_of
from ._inputs import (are_vectors, array_of, is_missing, is_tensor, real_of, refuse_containers, refuse_doubtful,
                      require_present, text_of, texts_of, vectors_of, whole_of)
from ._types import ImageLike, Vectors

_KINDS = {"images": False, "series": True}


def require_archives(what: str) -> None:
    """:raises Unsupported: in a build without SQLite."""
    if not hasattr(_core, "Archive"):
        raise Unsupported(f"{what}: this package was built without archives (MI2_WITH_ARCHIVE)")


def folder_of(path: Any, what: str) -> str:
    """The whole path of a folder or a file. :raises WrongType: no path."""
    if not isinstance(path, (str, os.PathLike)):
        raise WrongType(f"{what}: {type(path).__name__} is not a path")
    return os.path.abspath(os.fsdecode(path))


def score_of(value: Any, name: str) -> str | None:
    """A least score as _core reads it. :raises WrongType: no number, nor "auto"; BadArgument: out of range."""
    if value is None or isinstance(value, str):
        return None if value is None else word_of(value, name, ("auto",))
    return repr(real_of(value, name, -1, 1))


def word_of(value: Any, name: str, words: Iterable[str]) -> str:
    """One of some words. :raises WrongType: no text; BadArgument: another one."""
    word = text_of(value, name)
    if word not in words:
        raise BadArgument(f"{name}: expected one of {', '.join(words)}, got {word!r}")
    return word


def is_of_series(kind: Any) -> bool:
    """Whether series are meant, not images. :raises BadArgument: neither."""
    return _KINDS[word_of(kind, "kind", _KINDS)]


def expression_of(where: Any, name: str) -> str | None:
    """A filter; what it says is for _core to judge. :raises WrongType: no text."""
    return None if where is None else text_of(where, name)


def queried_texts(texts: Any, name: str) -> list[str]:
    """Texts to search for, or identifiers. :raises WrongType: something else, or missing."""
    if texts is None:
        return []
    refuse_containers(texts, name)
    found = [text_of(text, name if isinstance(texts, str) else f"{name}[{i}]") for i, text in enumerate(texts_of(texts))]
    for i, text in enumerate(found):
        if not text:
            raise BadArgument(f"{name}[{i}]: is empty")
    return found


def queried_items(items: Any) -> list[int]:
    """Numbers of items. :raises WrongType: none; BadArgument: a number that no item has."""
    if items is None:
        return []
    refuse_containers(items, "item")
    if isinstance(items, (int, np.integer, Item, Result)) or is_missing(items) or not isinstance(items, Iterable):
        items = [items]
    return [item_number(item, f"item[{i}]") for i, item in enumerate(items)]


def item_number(item: Any, name: str) -> int:
    """Of an item, or of what a result names. :raises WrongType, BadArgument."""
    require_present(item, name)
    if isinstance(item, Result):
        item = item.item
    if isinstance(item, Item):
        item = item.item
    return whole_of(item, name, 0, 0xFFFFFFFF)


def queried_vectors(vectors: Any, dimensions: int) -> Vectors:
    """Vectors as float32 [rows, dimensions]. :raises as vectors_of."""
    return np.empty((0, dimensions), np.float32) if vectors is None else vectors_of(vectors, dimensions, "vector")


def queried_images(images: ImageLike | Iterable[ImageLike] | None, dimensions: int) -> list[tuple[str, Source]]:
    """(what errors call it, what it is to _core) of each image. :raises as source_of; BadArgument: vectors of a model."""
    if images is None:
        return []
    _refuse_vectors(images, "image", dimensions)
    found = []
    for i, image in enumerate(iterate(images)):
        name = f"image[{i}]"
        _refuse_vectors(image, name, dimensions)
        found.append((name, source_of(image, name)))
    return found


def region_of(region: Any) -> str | None:
    """A part of an image as _core reads it. :raises WrongType: no four whole numbers; BadArgument: numbers out of range."""
    if region is None:
        return None
    if isinstance(region, str) or not isinstance(region, Iterable):
        raise WrongType(f"region: expected (x, y, width, height), got {type(region).__name__}")
    sides = list(region)
    if len(sides) != 4:
        raise BadArgument(f"region: expected (x, y, width, height), got {len(sides)} numbers")
    names = ("x", "y", "width", "height")
    return ",".join(str(whole_of(side, f"region: {name}", least, 2**32))
                    for side, name, least in zip(sides, names, (0, 0, 1, 1)))


def require_files(sources: list[tuple[str, Source]], cut: bool, windowed: bool) -> None:
    """What a region or a window is of. :raises BadArgument: not of one image, or of one that is decoded already."""
    for wanted, name in ((cut, "region"), (windowed, "window")):
        if not wanted:
            continue
        if not sources:
            raise BadArgument(f"{name}: expected an image with it, got none")
        if any(isinstance(source, Decoded) for _, source in sources):
            raise BadArgument(f"{name}: expected images as files or their bytes, got one that is decoded already")
    if cut and len(sources) != 1:
        raise BadArgument(f"region: expected one image, got {len(sources)}")


def _refuse_vectors(image: Any, name: str, dimensions: int) -> None:
    array = array_of(image, name) if is_tensor(image) else image
    if are_vectors(array, dimensions):
        raise BadArgument(f"{name}: holds vectors, not an image; expected them as vector=")
    refuse_doubtful(array, name, dimensions, "vector= takes vectors")

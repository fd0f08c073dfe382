"""What the package returns and takes, besides arrays."""
from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, Union

import numpy as np
import numpy.typing as npt

from ._errors import Error


class SupportsDLPack(Protocol):
    """An array of another library: torch, JAX, CuPy."""

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any:
        """See https://data-apis.org/array-api."""


if TYPE_CHECKING:
    from PIL.Image import Image

    ImageLike = Union[str, os.PathLike[str], bytes, bytearray, memoryview, npt.NDArray[Any], Image, BinaryIO, "SupportsDLPack"]
else:
    ImageLike = Any

Path = Union[str, os.PathLike[str]]
"""A file or a folder."""

Vectors = npt.NDArray[np.float32]
"""Unit vectors, float32 [rows, dimensions]."""

Frames = Union[str, int]
"""Which frames of an image: "middle", "all", "first", a number from 1, "every:K" or "center:K". Of DICOM, frames; of TIFF,
pages. Everything else has one frame."""

OnError = Callable[[int, Error], None]
"""Called with the position of an image and the reason why a row of it is NaN."""

Progress = Union[bool, Callable[[int, "int | None"], None], None]
"""True: a bar if tqdm is installed. A function: called with how many are done and of how many, None if not known; what
it raises ends the call and leaves it."""


class Provenance(NamedTuple):
    """What a result depends on besides its input."""

    version: str
    weights_sha256: str
    """Of the weights file, hexadecimal; of a packed file, the one it was made from."""
    profile: str
    dtype: str
    instructions: str = ""
    """What computed it: an instruction set such as "amx", or a device; empty from a server before 0.2."""


class FrameVectors(NamedTuple):
    """The vectors of frames, and which frame each row is of."""

    vectors: Vectors
    image: npt.NDArray[np.int64]
    """[rows], the position of the row's image among the images."""
    frame: npt.NDArray[np.int64]
    """[rows], the number of the row's frame, from 1; 0: the image could not be opened."""


class TileVectors(NamedTuple):
    """The vectors of tiles of whole slides, and where each lies, in pixels of its slide's finest level. [rows] each."""

    vectors: Vectors
    path: list[str]
    """The slide's file, of the finest level if it has one per level."""
    frame: npt.NDArray[np.int64]
    """The number of the tile among those of its slide, from 1; 0: the slide could not be opened."""
    level: npt.NDArray[np.int64]
    """That the tile is read from; 0: the finest."""
    x: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    height: npt.NDArray[np.int64]
    mpp: npt.NDArray[np.float64]
    """um between the pixels that the model sees, along x; 0: the slide does not say."""


class TokenVectors(NamedTuple):
    """The vectors of images, and the features of their patches."""

    vectors: Vectors
    tokens: npt.NDArray[np.float32]
    """[images, tokens, channels], line by line of the model's ``token_grid``."""


class LabelScore(NamedTuple):
    """A label and its score: a share of 1 over all labels, or its own probability with multilabel."""

    label: str
    score: float

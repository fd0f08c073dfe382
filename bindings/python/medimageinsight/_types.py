"""What the package returns and takes, besides arrays."""
from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from ._errors import Error

if TYPE_CHECKING:
    from PIL.Image import Image

    ImageLike = Union[str, os.PathLike[str], bytes, bytearray, memoryview, npt.NDArray[Any], Image]
else:
    ImageLike = Any

Vectors = npt.NDArray[np.float32]
"""Unit vectors, float32 [rows, dimensions]."""

OnError = Callable[[int, Error], None]
"""Called with the position and the reason of an image that cannot be read; its row is NaN."""

Progress = Union[bool, Callable[[int, "int | None"], None], None]
"""True: a bar if tqdm is installed. A function: called with how many are done and of how many, None if not known."""


class Provenance(NamedTuple):
    """What a result depends on besides its input."""

    version: str
    weights_sha256: str
    """Of the weights file, hexadecimal; of a packed file, the one it was made from."""
    profile: str
    dtype: str


class LabelScore(NamedTuple):
    """A label and its score: a share of 1 over all labels, or its own probability with multilabel."""

    label: str
    score: float

"""Images as the bytes of a file, for a server. Every encoding is lossless."""
from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from ._errors import BadFile, NotFound, NotInstalled
from ._images import Decoded, is_pil, read_pil, source_of
from ._types import ImageLike

_IN_PNG = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}


def held(image: ImageLike, name: str) -> Any:
    """What `encoded` takes on another thread, whatever becomes of the image meanwhile. :raises: as source_of."""
    if not is_pil(image):
        return source_of(image, name)
    read_pil(image, name)
    pil: Any = image
    return pil.copy()


def encoded(image: Any, name: str) -> bytes:
    """A file that holds what `held` gave: itself if it is one, else PNG, or TIFF for what PNG cannot hold.

    :raises NotFound, BadFile: a path; Unsupported: a PIL image of a mode that is not read.
    """
    found = source_of(image, name) if is_pil(image) else image
    if isinstance(found, str):
        return _read(found)
    if isinstance(found, bytes):
        return found
    pil: Any = image if is_pil(image) and not found.mode.startswith("I;16") else _pil_of(found)
    file = io.BytesIO()
    pil.save(file, format="PNG" if found.mode in _IN_PNG else "TIFF")
    return file.getvalue()


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"{path}: no such file") from error
    except OSError as error:
        raise BadFile(f"{path}: {os.strerror(error.errno or 0)}") from error


def _pil_of(decoded: Decoded) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise NotInstalled("arrays are sent to a server as PNG, which needs Pillow: "
                           "pip install 'medimageinsight[images]'") from error
    samples = decoded.samples
    if decoded.mode == "1":
        return Image.fromarray(samples.astype(np.bool_))
    return Image.fromarray(samples)

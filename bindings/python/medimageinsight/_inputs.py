"""What Python users hand over: one or many, from pandas, NumPy, torch or a file; and what is missing among it."""
from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from ._errors import BadArgument, Error, WrongType
from ._types import OnError, Progress, Vectors

UNIT = 1e-3
"""How far from 1 the length of a vector may be that is taken for one of the model's."""
DOUBTFUL = (0.05, 1.5)
"""Lengths of what is probably a mean of such vectors, or a multiple of one: rows of an image are longer by far."""


def is_tensor(value: object) -> bool:
    """Whether it is an array of another library, as DLPack has them."""
    return hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray)


def array_of(tensor: Any, name: str) -> npt.NDArray[Any]:
    """A tensor as an array that shares its memory.

    :raises BadArgument: it is on another device, wants gradients, or is of a type that NumPy does not have.
    """
    try:
        found: npt.NDArray[Any] = np.from_dlpack(tensor)
    except (BufferError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise BadArgument(f"{name}: NumPy cannot read this tensor ({error}); expected one on the CPU without gradients: "
                          "tensor.detach().cpu().float()") from error
    return found


def is_missing(value: object) -> bool:
    """None, NaN, or what pandas has for a value that is not there."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def require_present(value: object, name: str) -> None:
    """:raises WrongType: it is missing."""
    if is_missing(value):
        raise WrongType(f"{name}: is missing (None or NaN); leave it out, or pass on_error='nan' or 'skip'")


def refuse_containers(values: object, what: str) -> None:
    """Looping over these gives names, not values. :raises WrongType: a table or a dictionary."""
    if hasattr(values, "columns") and hasattr(values, "iloc"):
        raise WrongType(f"{what}: a DataFrame is not a column; expected one of its columns, such as df['path']")
    if isinstance(values, dict):
        raise WrongType(f"{what}: a dictionary is not a list; expected its .values()")


def text_of(value: object, name: str) -> str:
    """A text as it is. :raises WrongType: something else; BadArgument: it cannot be written as UTF-8."""
    require_present(value, name)
    if not isinstance(value, str):
        raise WrongType(f"{name}: {type(value).__name__} is not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadArgument(f"{name}: is not Unicode that UTF-8 has") from error
    return value


def texts_of(texts: Any) -> Iterable[Any]:
    """One text as a list of it; several as they are. :raises WrongType: neither."""
    if isinstance(texts, str):
        return [texts]
    refuse_containers(texts, "texts")
    if is_missing(texts) or isinstance(texts, (bytes, os.PathLike)) or not isinstance(texts, Iterable):
        raise WrongType(f"texts: {type(texts).__name__} is neither a text nor several texts")
    return texts


def labels_of(labels: Any, what: str = "labels") -> list[str]:
    """A list of texts. :raises WrongType: one text, whose letters would be taken for labels; or no texts."""
    if isinstance(labels, str):
        raise WrongType(f"{what}: expected a list of texts, got one text; write [..] around it")
    return [text_of(label, f"{what}[{i}]") for i, label in enumerate(texts_of(labels))]


def templates_of(templates: Any) -> list[str]:
    """Templates as a list; a text is one template."""
    return [templates] if isinstance(templates, str) else labels_of(templates, "templates")


def paths_of(paths: Any, what: str) -> list[str]:
    """One path or several as a list. :raises WrongType: something else."""
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    refuse_containers(paths, what)
    if is_missing(paths) or isinstance(paths, bytes) or not isinstance(paths, Iterable):
        raise WrongType(f"{what}: {type(paths).__name__} is neither a path nor several paths")
    found = []
    for i, path in enumerate(paths):
        require_present(path, f"{what}[{i}]")
        if not isinstance(path, (str, os.PathLike)):
            raise WrongType(f"{what}[{i}]: {type(path).__name__} is not a path")
        name = os.fsdecode(path)
        found.append(os.path.join(".", name) if name == "-" else name)  # which is the program's standard input
    return found


def number_of(value: Any, name: str) -> str | None:
    """A number as the program's options have it; what it is worth is for _core to judge.

    :raises WrongType: no number.
    """
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise WrongType(f"{name}: {type(value).__name__} is not a number")
    return repr(value.item() if isinstance(value, np.generic) else value)


def truth_of(value: Any, name: str) -> bool:
    """True or False. :raises WrongType: something else."""
    if not isinstance(value, (bool, np.bool_)):
        raise WrongType(f"{name}: expected True or False, got {type(value).__name__}")
    return bool(value)


def whole_of(value: Any, name: str, least: int, most: int) -> int:
    """A whole number. :raises WrongType: something else; BadArgument: out of range."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise WrongType(f"{name}: {type(value).__name__} is not a whole number")
    if not least <= value <= most:
        raise BadArgument(f"{name}={value}: expected {least} to {most}")
    return int(value)


def real_of(value: Any, name: str, least: float, most: float) -> float:
    """A number. :raises WrongType: none; BadArgument: out of range."""
    if number_of(value, name) is None:
        raise WrongType(f"{name}: is missing (None)")
    if not least <= value <= most:
        raise BadArgument(f"{name}={value}: expected {least:g} to {most:g}")
    return float(value)


def numbers_of(values: Any, name: str, missing: bool = False) -> npt.NDArray[np.float32]:
    """Numbers as float32, of whatever shape: an array, a tensor, nested lists, or a column of vectors.

    :param missing: of several rows one that is None or NaN becomes a row of NaN, as to_frame() has it the other way round.
    :raises WrongType: no numbers; BadArgument: rows of several lengths, or a tensor that NumPy cannot read.
    """
    refuse_containers(values, name)
    if is_tensor(values):
        values = array_of(values, name)
    if isinstance(values, (str, bytes)) or is_missing(values) or not isinstance(values, Iterable):
        raise WrongType(f"{name}: expected numbers, got {type(values).__name__}")
    if not isinstance(values, np.ndarray) or values.dtype == object:
        values = _rows_of(values, name, missing)
    try:
        found = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise BadArgument(f"{name}: expected rows of one length: {error}") from error
    if found.dtype.kind not in "fiu":
        raise WrongType(f"{name}: expected numbers, got {found.dtype}")
    return found.astype(np.float32, copy=False)


def _rows_of(values: Iterable[Any], name: str, missing: bool) -> list[Any]:
    rows = [array_of(row, f"{name}[{i}]") if is_tensor(row) else row for i, row in enumerate(values)]
    sizes = [len(row) for row in rows if isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) == 1]
    if missing and sizes:
        rows = [np.full(sizes[0], np.nan, np.float32) if is_missing(row) else row for row in rows]
    return rows


def vectors_of(vectors: Any, dimensions: int, name: str = "vectors", missing: bool = False) -> Vectors:
    """Vectors as float32 [rows, dimensions]. :raises as numbers_of; BadArgument: of another length."""
    found = np.atleast_2d(numbers_of(vectors, name, missing))
    if found.ndim != 2 or found.shape[1] != dimensions:
        raise BadArgument(f"{name}: expected [{dimensions}] or [rows, {dimensions}], got {list(found.shape)}")
    return np.ascontiguousarray(found)


def are_vectors(value: object, dimensions: int) -> bool:
    """Whether an array is vectors of a model rather than an image: floats, [rows, dimensions] or [dimensions], each of
    length 1, or NaN as a row that could not be computed."""
    if not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.floating):
        return False
    if value.ndim not in (1, 2) or value.shape[-1] != dimensions or value.size == 0:
        return False
    lengths = _lengths(value)
    return bool(np.all(np.isnan(lengths) | (np.abs(lengths - 1) < UNIT)) and not np.all(np.isnan(lengths)))


def may_be_vectors(value: object, dimensions: int) -> bool:
    """Whether an array that :func:`are_vectors` does not take may be vectors all the same, averaged or multiplied: floats,
    [rows, dimensions] or [dimensions], some below 0, and all rows of about length 1."""
    if not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.floating):
        return False
    if value.ndim not in (1, 2) or value.shape[-1] != dimensions or value.size == 0 or not np.any(value < 0):
        return False
    lengths = _lengths(value)
    return bool(np.all(np.isnan(lengths) | ((lengths > DOUBTFUL[0]) & (lengths < DOUBTFUL[1]))))


def _lengths(rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    lengths: npt.NDArray[np.float64] = np.linalg.norm(np.atleast_2d(rows).astype(np.float64), axis=1)
    return lengths


def vectors_among(images: Any, dimensions: int) -> Vectors | None:
    """The vectors [rows, dimensions] that were passed where images go, or None: these are images."""
    if is_tensor(images):
        images = array_of(images, "images")
    if isinstance(images, (list, tuple)) and images and all(
            isinstance(one, np.ndarray) and one.ndim == 1 and are_vectors(one, dimensions) for one in images):
        images = np.stack(images)
    if not are_vectors(images, dimensions):
        return None
    return np.ascontiguousarray(np.atleast_2d(images), dtype=np.float32)


def refuse_vectors(image: object, name: str, dimensions: int) -> None:
    """:raises BadArgument: an array or a tensor that is vectors of this model, or looks like some."""
    array = array_of(image, name) if is_tensor(image) else image
    if are_vectors(array, dimensions):
        raise BadArgument(f"{name}: holds vectors of this model, not an image; classify() and classify_vectors() take them")
    refuse_doubtful(array, name, dimensions, "classify_vectors() takes vectors of any length")


def refuse_doubtful(array: object, name: str, dimensions: int, instead: str) -> None:
    """:raises BadArgument: an array that may be vectors and may be an image."""
    if may_be_vectors(array, dimensions):
        raise BadArgument(f"{name}: floats with rows of {dimensions} numbers, some below 0, and of about length 1: vectors "
                          f"that were averaged or multiplied, or an image? {instead}; of an image, pass 100 times the "
                          "numbers, which shows the same")


Failure = Union[Literal["raise", "nan", "skip"], OnError, None]
"""What becomes of an input that cannot be used: "raise" (or None) ends the call; "nan" gives it a row of NaN; "skip" leaves
its row out; a function is called with its position and the error, and its row is NaN."""


class Failures:
    """An on_error argument. :raises BadArgument: for another word."""

    def __init__(self, on_error: Failure) -> None:
        if on_error not in (None, "raise", "nan", "skip") and not callable(on_error):
            raise BadArgument(f"on_error: expected 'raise', 'nan', 'skip' or a function, got {on_error!r}")
        self.raises = on_error in (None, "raise")
        self.skips = on_error == "skip"
        self._call = on_error if callable(on_error) else None

    def __call__(self, index: int, error: Error) -> None:
        if self.raises:
            raise error
        if self._call is not None:
            self._call(index, error)

    @property
    def handler(self) -> Callable[[int, Error], None] | None:
        """For _core, which raises the first error itself if there is none."""
        return None if self.raises else self


def kept(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Which rows are not those of a failure: [rows]."""
    return ~np.isnan(vectors[:, 0])


class Options:
    """The arguments that other libraries call otherwise, as ours."""

    def __init__(self, batch: int | None, batch_size: int | None, progress: Progress, show_progress_bar: bool | None,
                 normalize: bool) -> None:
        if batch is not None and batch_size is not None:
            raise BadArgument("batch and batch_size are the same; expected one of them")
        self.batch = batch if batch_size is None else batch_size
        if self.batch is not None and (isinstance(self.batch, bool) or not isinstance(self.batch, (int, np.integer))):
            raise WrongType(f"batch: {type(self.batch).__name__} is not a whole number")
        if self.batch is not None and self.batch < 1:
            raise BadArgument(f"batch={self.batch}: expected at least 1")
        self.progress: Progress = progress if show_progress_bar is None else truth_of(show_progress_bar, "show_progress_bar")
        if not truth_of(normalize, "normalize"):
            raise BadArgument("normalize: the model's vectors have length 1; normalize=False is not there")


def one_label_alone(labels: Sequence[str], multilabel: bool) -> None:
    """:raises BadArgument: a softmax over one label is 1 whatever the image shows."""
    if len(labels) == 1 and not multilabel:
        raise BadArgument("labels: one label alone always scores 1; expected two or more, or multilabel=True")


def is_name_of_file(text: str) -> bool:
    """Whether a text is also the name of a file: it was probably meant as one."""
    try:
        return len(text) < 4096 and "\0" not in text and Path(text).is_file()
    except (OSError, ValueError):
        return False


def tell_of_file(text: object, name: str, files: str) -> bool:
    """A UserWarning for a text that is the name of a file. :param files: what takes files. :returns: whether it is one."""
    found = isinstance(text, str) and is_name_of_file(text)
    if found:
        warnings.warn(f"{name}: is the name of a file, and was taken as it is; {files} takes files", stacklevel=4)
    return found


def numbered_texts(texts: Iterable[Any]) -> Iterator[tuple[int, str, Any]]:
    """(position, what errors call it, text). Of texts that are names of files, which may be meant, the first is told of."""
    told = False
    for index, text in enumerate(texts):
        name = f"texts[{index}]"
        told = told or tell_of_file(text, name, "embed_images()")
        yield index, name, text

"""Vectors as tables, with what they are of and what they depend on: pandas and Parquet."""
from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from ._core import NewFile
from ._errors import BadArgument, BadFile, NotInstalled, WrongType
from ._inputs import is_missing, numbers_of, refuse_containers, text_of
from ._types import FrameVectors, Provenance, TileVectors

if TYPE_CHECKING:
    import pandas as pd

Rows = Union[npt.ArrayLike, FrameVectors, TileVectors]


def to_frame(vectors: Rows, *, paths: Iterable[Any] | None = None, texts: Iterable[Any] | None = None,
             provenance: Provenance | None = None) -> pd.DataFrame:
    """A pandas table of a row per vector: ``path``, ``text``, ``frame``, where a tile lies, ``embedding`` (float32
    [dimensions]), and the five columns of ``provenance``. Columns of what was not given are not there; a vector of NaN is
    None.

    :param vectors: float [rows, dimensions]; or what ``embed_frames`` gave: ``paths`` are then those of its images; or what
        ``embed_tiles`` gave, which has paths.
    :param paths: of each row, what it is of; None where there is no path.
    :param texts: as paths, for vectors of texts.
    :param provenance: the model's, ``model.provenance``: vectors of two models do not compare.
    :raises BadArgument: another number of paths or texts than rows; NotInstalled: pandas is not installed.
    """
    pandas = need_pandas()
    columns, found = _columns(vectors, paths, texts, provenance)
    columns["embedding"] = _cells(found)
    table: pd.DataFrame = pandas.DataFrame(_in_order(columns))
    return table


def need_pandas() -> Any:
    """The module. :raises NotInstalled: it is not."""
    try:
        import pandas
    except ImportError as error:
        raise NotInstalled("to_frame: pandas is not installed: pip install pandas") from error
    return pandas


def to_parquet(target: str | os.PathLike[str], vectors: Rows, *, paths: Iterable[Any] | None = None,
               texts: Iterable[Any] | None = None, provenance: Provenance | None = None) -> None:
    """Writes the table of :func:`to_frame` as a Parquet file, which appears whole or not at all, and replaces one that is
    there. What a killed run has left of it is removed. ``embedding`` is a list of float32 of fixed size; a vector of NaN is null.

    :raises BadArgument: as to_frame; BadFile: the disk refuses; NotInstalled: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise NotInstalled("to_parquet: pyarrow is not installed: pip install 'medimageinsight[parquet]'") from error
    columns, found = _columns(vectors, paths, texts, provenance)
    kind = pyarrow.list_(pyarrow.float32(), found.shape[1])
    if np.isnan(found).any() or found.size == 0:
        columns["embedding"] = pyarrow.array(_cells(found), type=kind)
    else:
        columns["embedding"] = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(found.reshape(-1)), type=kind)
    types = {"path": pyarrow.string(), "text": pyarrow.string(), "frame": pyarrow.int64()}
    for name in Provenance._fields:
        types[name] = pyarrow.string()
    arrays = {name: pyarrow.array(values, type=types[name]) if name in types else values
              for name, values in _in_order(columns).items()}
    _write(target, lambda path: parquet.write_table(pyarrow.table(arrays), path))


def _write(target: str | os.PathLike[str], write: Any) -> None:
    file = NewFile(os.fspath(target))
    try:
        write(os.fspath(file.path))
        file.commit()
    except OSError as error:
        raise BadFile(f"{os.fspath(target)}: cannot be written: {error.strerror or error}") from error
    finally:
        file.discard()


def _columns(vectors: Rows, paths: Iterable[Any] | None, texts: Iterable[Any] | None,
             provenance: Provenance | None) -> tuple[dict[str, Any], npt.NDArray[np.float32]]:
    """What the rows are of, and the vectors."""
    columns: dict[str, Any] = {}
    names = None if paths is None else _names(paths, "paths")
    if isinstance(vectors, FrameVectors):
        columns["frame"] = vectors.frame
        if names is not None:
            if len(vectors.image) and int(vectors.image.max()) >= len(names):
                raise BadArgument(f"paths: expected one of each image, got {len(names)} for image {vectors.image.max() + 1}")
            names = [names[i] for i in vectors.image]
        vectors = vectors.vectors
    if isinstance(vectors, TileVectors):
        columns.update((name, values) for name, values in vectors._asdict().items() if name not in ("vectors", "path"))
        names = list(vectors.path) if names is None else names
        vectors = vectors.vectors
    found = np.ascontiguousarray(numbers_of(vectors, "vectors", missing=True))
    if found.ndim != 2 or found.shape[1] == 0:
        raise BadArgument(f"vectors: expected [rows, dimensions], got {list(found.shape)}")
    if names is not None:
        columns["path"] = names
    if texts is not None:
        columns["text"] = _names(texts, "texts")
    for name, values in columns.items():
        if len(values) != len(found):
            raise BadArgument(f"{name}: expected one of each of the {len(found)} rows, got {len(values)}")
    if provenance is not None:
        if not isinstance(provenance, Provenance):
            raise WrongType(f"provenance: {type(provenance).__name__} is not a model's provenance")
        columns.update({name: [value] * len(found) for name, value in provenance._asdict().items()})
    return columns, found


def _names(values: Any, what: str) -> list[str | None]:
    if isinstance(values, (str, bytes, os.PathLike)):
        raise WrongType(f"{what}: expected one of each row, got one alone; write [..] around it")
    refuse_containers(values, what)
    return [None if is_missing(value) else text_of(os.fspath(value) if isinstance(value, os.PathLike) else value, f"{what}[{i}]")
            for i, value in enumerate(values)]


def _cells(vectors: npt.NDArray[np.float32]) -> list[Any]:
    return [None if np.isnan(row).any() else row for row in vectors]


def _in_order(columns: dict[str, Any]) -> dict[str, Any]:
    """What rows are of first, then the vectors, then what they depend on."""
    order = ["path", "text", "frame", *TileVectors._fields[3:], "embedding", *Provenance._fields]
    return {name: columns[name] for name in order if name in columns}

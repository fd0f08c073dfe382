"""What fills an archive: images, and vectors that were made before."""
from __future__ import annotations

import csv
import io
import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._archive_inputs import expression_of, folder_of
from ._archive_types import Added
from ._errors import BadArgument, Error, WrongType
from ._inputs import is_missing, number_of, numbers_of, paths_of, text_of, truth_of, whole_of
from ._model import Model
from ._progress import staged
from ._types import FrameVectors, Path, Progress, Provenance

if TYPE_CHECKING:
    import pandas as pd

ModelLike = Union[Model, Path, None]
"""A model, where one is, or None: what the environment variable MI2_MODEL names."""

Facts = Union["pd.DataFrame", Mapping[str, Iterable[Any]], Path]
"""A table: pandas', columns by their names, or a CSV."""


LabelTable = Union[Facts, Iterable[Mapping[str, Any]]]
"""Labels: a table, or a dict for each row."""


class Reembedded(NamedTuple):
    """What became of an archive's objects in another one."""

    images: int
    """Embedded and committed."""
    kept: int
    """That were there before."""
    removed: int
    """Erased, as the archive no longer has them."""
    clean: bool
    """False: they are erased, but a reader in another process keeps the catalog's log until the next erasure."""
    left: dict[str, int]
    """Objects and frames that could not be embedded again, by why: "missing", "changed", .."""


class Labelled(NamedTuple):
    """What became of labels that were given."""

    added: int
    replaced: int
    same: int
    """That were there."""
    unknown: int
    """Of nothing that the archive has."""
    unknown_rows: list[int]
    """The first of their rows, from 1; of a file its lines."""
    refused: int
    """Another value is there."""
    refused_rows: list[int]
    snapshot: int


class ArchiveAdding:
    """The part of :class:`Archive` that adds."""

    _path: str

    def _open(self) -> _core.Archive:
        raise NotImplementedError

    def _model(self, model: ModelLike, what: str, core: _core.Archive) -> Model:
        raise NotImplementedError

    def add(self, paths: Path | Iterable[Path], *, model: ModelLike = None, site: str = "", slices: str = "all",
            identifiers: Literal["hash", "keep", "none"] = "hash", thumbnails: int = 192, batch: int | None = None,
            threads: int = 0, progress: Progress = None, on_refused: Callable[[str, Error], None] | None = None,
            level: int | None = None, mpp: float | None = None,
            tiles: Literal["tissue", "all", "none"] | None = None, where: str | None = None) -> Added:
        """Adds images and studies, as ``mi2 index add``: what is there already is passed over, and each study is committed
        when all of it is embedded. What ends the call early, such as Ctrl-C or an exception from progress, leaves the
        complete studies in the archive, and the same call goes on from there.

        :param paths: files, folders of them, zips and DICOMDIRs. Files of vectors: :meth:`add_vectors`.
        :param site: where the studies come from; keeps equal patient IDs of two sites apart.
        :param slices: of a series, and there of each plane, volume in time or by b-value, and of the localisers: "all",
            "max:N", "every:N" or "center:N".
        :param identifiers: patient IDs and accession numbers are kept as keyed hashes, also as they are ("keep"), or not
            at all ("none").
        :param thumbnails: the longer side of the thumbnail that is kept of each image, 32 to 1024 pixels; 0: none.
        :param batch: images computed together. threads: that read and decode; 0: one per core.
        :param on_refused: called with the name and the reason of each file, or frame of it, that cannot be read; such
            files are counted, and tried again the next time. What it raises ends the call.
        :param level, mpp, tiles: whole slides by their tiles, as for :meth:`Model.embed_tiles`; "none": as pictures; all
            three None: as they were added before.
        :param where: add only objects that this lets by, by what they say themselves; slices, kind, frame, position, source
            and label are not known before. What it leaves out is counted, and added by a later call without it.
        :raises BadArgument: the model is not the archive's; Overloaded: another process adds; BadFile: a damaged archive.
        """
        core, names = self._open(), paths_of(paths, "paths")
        _check_function(on_refused)
        side = _side_of(thumbnails)
        together = 0 if batch is None else whole_of(batch, "batch", 1, 4096)
        embedder = self._model(model, "add", core)._core
        with staged(progress, "image") as show:
            found = _core.archive_add(self._path, embedder, names, slices=text_of(slices, "slices"),
                                      site=text_of(site, "site"), identifiers=text_of(identifiers, "identifiers"),
                                      threads=whole_of(threads, "threads", 0, 1024), thumbnail=side, batch=together,
                                      on_error=on_refused, on_progress=show, level=number_of(level, "level"),
                                      mpp=number_of(mpp, "mpp"), tiles=None if tiles is None else text_of(tiles, "tiles"),
                                      where=expression_of(where, "where"))
        return _added(found)

    def add_vectors(self, vectors: npt.ArrayLike | FrameVectors | Path, table: Facts | None = None, *,
                    paths: Iterable[Path] | None = None, frames: Iterable[int] | None = None,
                    provenance: Provenance | None = None, source: str = "array", model: ModelLike = None, site: str = "",
                    identifiers: Literal["hash", "keep", "none"] = "hash", thumbnails: int = 192, threads: int = 0,
                    progress: Progress = None, on_refused: Callable[[str, Error], None] | None = None) -> Added:
        """Adds vectors that were made before, as ``mi2 index add`` adds files of them: nothing is embedded but eight images,
        whose vectors are compared. A path that leads to a file here makes of its vector what :meth:`add` would have made of
        the file; of any other only the vector is kept, and what the table says. The same again changes nothing, and another
        vector of the same path takes the place of the one before.

        :param vectors: float [rows, dimensions] of unit vectors, what ``embed_frames`` gave, or a .npy, .jsonl or .csv file
            as ``mi2 embed`` writes it.
        :param table: a line for each image, by a column path (or file, id, ..), or in the order of vectors without paths. Its
            other columns are called as the fields of ``where`` are (modality, date, study, series, ..), and patient, which
            becomes a hash. A DICOM header goes before it.
        :param paths: what each vector is of (of ``embed_frames``: of each image): a path, or an identifier of your own.
        :param frames: the frame of each, from 1.
        :param provenance: what made an array: one of another model is refused. None: the model is believed to be.
        :param source: what the archive calls an array: rows of one source take each other's place, others are refused.
        :raises BadArgument: vectors of another model, size or image; BadFile: a table or a file that is broken; as :meth:`add`.
        """
        core = self._open()
        _check_function(on_refused)
        given, names, numbers = _given(vectors, paths, frames)
        file = folder_of(table, "table") if isinstance(table, (str, os.PathLike)) else None
        text = None if table is None or file is not None else _csv_of(table)
        embedder = self._model(model, "add_vectors", core)._core
        with staged(progress, "image") as show:
            found = _core.archive_add_vectors(
                self._path, embedder, given, names=names, frames=numbers,
                provenance=None if provenance is None else [text_of(part, "provenance") for part in provenance],
                source=text_of(source, "source"), table=text, table_file=file, site=text_of(site, "site"),
                identifiers=text_of(identifiers, "identifiers"), threads=whole_of(threads, "threads", 0, 1024),
                thumbnail=_side_of(thumbnails), on_error=on_refused, on_progress=show)
        return _added(found)

    def reembed(self, to: Path, model: Model | Path, *, thumbnails: int | None = None, batch: int | None = None,
                threads: int = 0, progress: Progress = None, on_left: Callable[[str], None] | None = None) -> Reembedded:
        """Embeds the archive's objects again with another model, or prepared in another way, into an archive of its own, as
        ``mi2 index reembed``: this one is only read. The same call goes on, and brings the other one up to this one.

        :param to: the folder of the other archive; what an earlier call made, or empty or not there.
        :param model: the new one; a path is opened with the options that this archive was made with.
        :param thumbnails: the longer side of thumbnails, 32 to 1024 pixels; 0: none. None: 192, or none if there are none here.
        :param batch: images computed together. threads: that read and decode; 0: one per core.
        :param on_left: called with a text about each object, or frame, that cannot be embedded again.
        :raises BadArgument: something else is in ``to``, or an archive of other vectors; Overloaded: another process adds to it.
        """
        core, folder = self._open(), folder_of(to, "to")
        if on_left is not None and not callable(on_left):
            raise WrongType(f"on_left: {type(on_left).__name__} is not a function")
        if model is None:
            raise WrongType("model: expected the new one, got None")
        side = None if thumbnails is None else _side_of(thumbnails)
        together = 0 if batch is None else whole_of(batch, "batch", 1, 4096)
        embedder = self._model(model, "reembed", core)._core
        with staged(progress, "image") as show:
            return Reembedded(**json.loads(_core.archive_reembed(
                self._path, folder, embedder, threads=whole_of(threads, "threads", 0, 1024), thumbnail=side, batch=together,
                on_left=on_left, on_progress=show)))


    def add_labels(self, labels: LabelTable, *, by: str = "user", replace: bool = False) -> Labelled:
        """Says of studies, series and images what they are, as ``mi2 index label``: ``where="label.finding=pneumonia"`` finds
        them. All labels are written at once; those of what the archive does not have, and other values than those that are
        there, are counted.

        :param labels: a table, columns by name, a list of dicts, or a CSV or .jsonl. A column study, series, image, item or
            path says of what a row is; then key and value, or a column for each key; and score.
        :param by: who says so: each says one value for each key of a thing.
        :param replace: another value takes the place of the one that is there.
        :raises BadArgument: rows that are no labels; Overloaded: another process writes; BadFile: a file that is broken.
        """
        self._open()
        given: dict[str, str | None] = {"file": None, "table": None, "rows": None}
        if isinstance(labels, (str, os.PathLike)):
            given["file"] = folder_of(labels, "labels")
        elif isinstance(labels, Mapping) or hasattr(labels, "columns"):
            given["table"] = _csv_of(labels)
        else:
            given["rows"] = _rows_of(labels)
        found = json.loads(_core.archive_add_labels(self._path, by=text_of(by, "by"), replace=truth_of(replace, "replace"),
                                                    **given))
        unknown, refused = found["unknown"], found["refused"]
        return Labelled(found["added"], found["replaced"], found["same"], unknown["labels"], unknown["rows"],
                        refused["labels"], refused["rows"], found["snapshot"])

    def remove_labels(self, key: str, *, by: str | None = None, where: str | None = None) -> int:
        """Removes the labels of a key: of whoever gave them, or of one alone, of everything, or of what has an image that
        ``where`` lets by.

        :return: how many.
        """
        self._open()
        return int(_core.archive_remove_labels(self._path, key=text_of(key, "key"), by=None if by is None else text_of(by, "by"),
                                               where=expression_of(where, "where")))


def checked_model(model: Any) -> ModelLike:
    """:raises WrongType: neither a model nor a path."""
    if model is None or isinstance(model, (Model, str)):
        return model
    if isinstance(model, os.PathLike):
        return os.fsdecode(model)
    raise WrongType(f"model: {type(model).__name__} is neither a model of load() nor a path")


def _check_function(on_refused: Any) -> None:
    if on_refused is not None and not callable(on_refused):
        raise WrongType(f"on_refused: {type(on_refused).__name__} is not a function")


def _side_of(thumbnails: Any) -> int:
    side = whole_of(thumbnails, "thumbnails", 0, 1024)
    if 0 < side < 32:
        raise BadArgument(f"thumbnails={side}: expected 0, or 32 to 1024")
    return side


def _added(found: str) -> Added:
    added = Added(**json.loads(found))
    if added.telling_paths:
        warnings.warn(f"{added.telling_paths} paths hold a patient's name or identifier; paths are kept as they are",
                      stacklevel=3)
    return added


def _given(vectors: Any, paths: Any, frames: Any) -> tuple[str | npt.NDArray[np.float32], list[str], list[int]]:
    """A file, or an array with the name and the frame of each row."""
    if isinstance(vectors, (str, os.PathLike)):
        if paths is not None or frames is not None:
            raise BadArgument("paths and frames: expected with an array; a file names its rows")
        return folder_of(vectors, "vectors"), [], []
    names = [] if paths is None else [os.fsdecode(path) for path in paths_of(paths, "paths")]
    if isinstance(vectors, FrameVectors):
        if not names or (len(vectors.image) and int(vectors.image.max()) >= len(names)):
            raise BadArgument(f"paths: expected one of each image, got {len(names)}")
        names = [names[image] for image in vectors.image]
        frames, vectors = vectors.frame, vectors.vectors
    found = np.ascontiguousarray(numbers_of(vectors, "vectors"))
    if found.ndim != 2:
        raise BadArgument(f"vectors: expected [rows, dimensions], got {list(found.shape)}")
    numbers = [] if frames is None else [whole_of(frame, "frames", 0, 1 << 20) for frame in frames]
    if (names and len(names) != len(found)) or (numbers and len(numbers) != len(names)):
        raise BadArgument(f"paths and frames: expected {len(found)}, as there are vectors, got {len(names)} and {len(numbers)}")
    return found, names, numbers


def _rows_of(labels: Any) -> str:
    """Dicts as JSON. :raises WrongType: something else."""
    if isinstance(labels, bytes) or not isinstance(labels, Iterable):
        raise WrongType(f"labels: {type(labels).__name__} is neither a table, dicts nor a path")
    rows = []
    for row in labels:
        if not isinstance(row, Mapping):
            raise WrongType(f"labels: expected dicts, got {type(row).__name__}")
        rows.append({text_of(name, "labels: a key"): _cell_of(value) for name, value in row.items()})
    return json.dumps(rows)


def _cell_of(value: Any) -> str | int | float | bool | None:
    if is_missing(value):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return int(value) if value.is_integer() else value
    raise WrongType(f"labels: {type(value).__name__} is neither a text, a number nor True or False")


def _csv_of(table: Any) -> str:
    """The text of a table. :raises WrongType: none; BadArgument: columns of different lengths."""
    if not isinstance(table, Mapping) and not hasattr(table, "columns"):
        raise WrongType(f"table: {type(table).__name__} is neither a DataFrame, columns by name nor a path")
    names = [text_of(name, "table: a column's name") for name in (table.keys() if isinstance(table, Mapping) else table.columns)]
    columns = [list(table[name]) for name in names]
    if len({len(column) for column in columns}) > 1:
        raise BadArgument("table: its columns are of different lengths")
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(names)
    rows.writerows([_field_of(value) for value in row] for row in zip(*columns))
    return out.getvalue()


def _field_of(value: Any) -> Any:
    """Beside missing values pandas makes floats of whole numbers: patient 1 is not patient "1.0"."""
    if is_missing(value):
        return ""
    return int(value) if isinstance(value, (float, np.floating)) and float(value).is_integer() else value

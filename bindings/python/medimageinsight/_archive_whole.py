"""What is asked of an archive as a whole: duplicates, its map, another archive, its room, and what was refused."""
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _core
from ._archive_inputs import expression_of, folder_of, word_of
from ._archive_types import Item, _Listed, frame_of, item_of
from ._inputs import real_of, text_of, truth_of, whole_of
from ._progress import staged
from ._types import Path, Progress

if TYPE_CHECKING:
    import pandas as pd

_LARGEST_SEED = 2**64 - 1


class Duplicate(NamedTuple):
    """An image, or a file, that is there more than once."""

    why: str
    """"first"; "pixels" (the samples of another one of the group), "reencoded"; of files "copy" (equal bytes), "conflict"
    (other bytes under the same identifier) or "file" (equal bytes, another identifier or none)."""
    path: str
    cosine: float | None
    """With the first; None: of files, or the first itself."""
    bits: int | None
    """Of 64 of the difference hashes of the two that differ; None as cosine, or one of them has none."""
    item: Item | None
    """None: a file of which the archive has no vector."""


class DuplicateGroup(NamedTuple):
    """What is there more than once, the lowest item first."""

    patients: int
    """Different ones, of those that are known: 2 with the same pixels are probably one."""
    members: tuple[Duplicate, ...]


class Duplicates(_Listed[DuplicateGroup]):
    """Groups, by their first items."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__(DuplicateGroup(group["patients"], tuple(_duplicate_of(row) for row in group["members"]))
                         for group in found["groups"])
        self.compared: int = found["compared"]
        """Images; of files those that repeat an object."""
        self.blank: int = found["blank"]
        """Images of a single value, of which none is a duplicate."""
        self.plain: int = found["plain"]
        """Images that show nothing by which they could be compared ("reencoded")."""
        self.unhashed: int = found["unhashed"]
        """Images that were added before archives kept hashes of pixels: not compared."""
        self.snapshot: int = found["snapshot"]

    def to_frame(self) -> pd.DataFrame:
        """A pandas table of a row per member. :raises Unsupported: pandas is not installed."""
        columns = ["group", "patients", "why", "cosine", "bits", "path", *(name for name in Item._fields if name != "path")]
        nobody = [None] * (len(Item._fields) - 1)
        rows = [[number, group.patients, row.why, row.cosine, row.bits, row.path,
                 *([value for name, value in row.item._asdict().items() if name != "path"] if row.item else nobody)]
                for number, group in enumerate(self, 1) for row in group.members]
        return frame_of(columns, rows)


class Map(NamedTuple):
    """An archive's images, or series, as points in the plane: those that lie together are alike. Distances between groups,
    their sizes and the axes mean nothing."""

    points: npt.NDArray[np.float32]
    """[points, 2]."""
    items: npt.NDArray[np.int64]
    """The number of each, ascending."""
    placed: npt.NDArray[np.bool_]
    """Whether it came after the map was made, and lies among its neighbours."""
    by: str
    method: str
    neighbours: int
    min_dist: float
    seed: int
    where: str
    """What the map was made of; empty: all."""
    fitted: int
    """The snapshot of which it was made."""
    snapshot: int

    def to_frame(self) -> pd.DataFrame:
        """A pandas table of a row per point. :raises Unsupported: pandas is not installed."""
        return frame_of(["item", "x", "y", "placed"],
                        zip(self.items.tolist(), *self.points.T.tolist(), self.placed.tolist()))


class OverlapShare(NamedTuple):
    """How much of the neighbours of some images two archives both find."""

    modality: str | None
    """None: images without one."""
    images: int
    share: float | None
    """From 0 to 1; None: there are no images."""


class Overlap(NamedTuple):
    """How alike the neighbours are that two archives of the same images find."""

    images: int
    """Compared."""
    share: float | None
    """Mean share of the k nearest of other patients that both find, 0 to 1; None: no image was compared."""
    k: int
    first: int
    """Images of this archive."""
    second: int
    """Of the other."""
    in_both: int
    """The same frame of the same bytes."""
    alone: int
    """Not compared: no image of another patient is in both."""
    by_modality: list[OverlapShare]


class Compacted(NamedTuple):
    """What became of an archive's room on the disk, in bytes: vectors, thumbnails, catalog, codes, others and total."""

    rows: int
    """That are empty now."""
    erased: int
    """Of them those that were erased for it."""
    clean: bool
    """False: a reader in another process keeps the catalog's log until the next time."""
    before: dict[str, int]
    after: dict[str, int]


class RefusedFile(NamedTuple):
    """A file, or a frame of one, that could not be added."""

    path: str
    code: str
    """Of the error: "bad_file"; of what is no image "skipped"."""
    reason: str
    at: str
    """When: "2020-01-31T12:00:00Z"."""


class Refused(_Listed[RefusedFile]):
    """What was refused when it was to be added, the newest first. A later ``add`` tries again."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__(RefusedFile(row["path"], row["code"], row["reason"], row["at"]) for row in found["files"])
        self.total: int = found["refused"]
        """With those that are not listed."""
        self.by: dict[str, int] = found["by"]
        """How many by their reason."""
        self.snapshot: int = found["snapshot"]

    def _columns(self) -> list[str]:
        return list(RefusedFile._fields)

    def _cells(self, row: RefusedFile) -> list[Any]:
        return list(row)


class ArchiveWhole:
    """The part of :class:`Archive` that looks at all of it."""

    _path: str
    _threads: int

    def _open(self) -> _core.Archive:
        raise NotImplementedError

    def dups(self, level: Literal["object", "pixels", "reencoded"] = "pixels", *, where: str | None = None,
             progress: Progress = None) -> Duplicates:
        """What is there more than once, as ``mi2 index dups`` finds it.

        :param level: files of one object; images of other identifiers with the same samples, however they are encoded; or
            images that show the same after encoding with losses, resizing or another window: look before you delete.
        :param where: compare only what this lets by.
        :raises TooLarge: too many pairs are near each other.
        """
        self._open()
        kind = text_of(level, "level")
        with staged(progress, "step") as show:
            return Duplicates(json.loads(_core.archive_dups(self._path, level=kind, where=expression_of(where, "where"),
                                                            on_progress=show)))

    def map(self, by: Literal["image", "series"] = "image", *, method: Literal["umap", "pca"] | None = None,
            neighbours: int | None = None, min_dist: float | None = None, seed: int | None = None, where: str | None = None,
            refit: bool = False, progress: Progress = None) -> Map:
        """The archive's map, as ``mi2 index map`` makes and keeps it: the next call, and ``mi2 serve``, show the same one, with
        what was added since among its neighbours.

        :param by: what is a point.
        :param method, neighbours, min_dist, seed: what a new map is made with; None: the usual.
        :param where: what is on a new map, and what of a kept one is returned.
        :param refit: make it anew, and turn it onto the one before.
        :raises BadArgument: a kept map was made with something else and ``refit`` is False, or there is nothing to map.
        """
        self._open()
        places = None if neighbours is None else whole_of(neighbours, "neighbours", 2, 200)
        with staged(progress, "point") as show:
            text, points, items, placed = _core.archive_map(
                self._path, by=word_of(by, "by", ("image", "series")),
                method=None if method is None else word_of(method, "method", ("umap", "pca")), neighbours=places,
                min_dist=None if min_dist is None else real_of(min_dist, "min_dist", 0, 0.99),
                seed=None if seed is None else whole_of(seed, "seed", 0, _LARGEST_SEED),
                where=expression_of(where, "where"), refit=truth_of(refit, "refit"), threads=self._threads,
                on_progress=show)
        return Map(np.frombuffer(points, np.float32).reshape(-1, 2).copy(), np.frombuffer(items, np.uint32).astype(np.int64),
                   np.frombuffer(placed, np.uint8).astype(np.bool_), **json.loads(text))

    def overlap(self, other: ArchiveWhole | Path, *, k: int = 10, sample: int = 500, seed: int = 1,
                progress: Progress = None) -> Overlap:
        """Whether another archive of the same images finds the same neighbours, as ``mi2 index overlap``: what another model
        or another way of preparing images changes.

        :param other: an archive, or its folder.
        :param k: neighbours, each of another patient, 1 to 1000.
        :param sample: images whose neighbours are compared, up to 1,000,000.
        """
        self._open()
        if isinstance(other, ArchiveWhole):
            other._open()
        folder = other._path if isinstance(other, ArchiveWhole) else folder_of(other, "other")
        with staged(progress, "image") as show:
            found = json.loads(_core.archive_overlap(self._path, folder, k=whole_of(k, "k", 1, 1000),
                                                     sample=whole_of(sample, "sample", 0, 1_000_000),
                                                     seed=whole_of(seed, "seed", 0, _LARGEST_SEED), threads=self._threads,
                                                     on_progress=show))
        near = found["neighbours"]
        return Overlap(near["images"], near["overlap"], near["k"], found["first"]["images"], found["second"]["images"],
                       found["in_both"], near["alone"],
                       [OverlapShare(row["modality"], row["images"], row["overlap"]) for row in near["by_modality"]])

    def compact(self, *, progress: Progress = None) -> Compacted:
        """Gives back the room of what was removed or replaced, as ``mi2 index compact``: it is erased, and items keep their
        numbers. Searches go on meanwhile; what is erased can no longer be searched with ``at=`` or replayed.

        :raises Unsupported: the file system cannot give back parts of a file; Overloaded: another process writes.
        """
        self._open()
        with staged(progress, "run") as show:
            return Compacted(**json.loads(_core.archive_compact(self._path, show)))

    def refused(self, most: int = 1000) -> Refused:
        """What was refused when it was to be added, and why.

        :param most: files that are listed, 1 to 10,000; all are counted.
        """
        return Refused(json.loads(_core.archive_refused(self._open(), whole_of(most, "most", 1, 10_000))))


def _duplicate_of(row: dict[str, Any]) -> Duplicate:
    return Duplicate(row["why"], row.get("path", ""), row.get("cosine"), row.get("bits"),
                     item_of(row) if "item" in row else None)

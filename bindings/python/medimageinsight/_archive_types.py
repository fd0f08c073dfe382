"""What archives answer: rows of the catalog, results, and judgements, as tuples and as pandas tables."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ._tables import need_pandas
from ._types import Vectors

if TYPE_CHECKING:
    import pandas as pd

    from ._archive_cards import Card


class Tile(NamedTuple):
    """Where a tile of a whole slide lies, in pixels of the slide's finest level."""

    level: int
    """That it was read from; 0: the finest."""
    x: int
    y: int
    width: int
    height: int
    mpp: float = 0
    """um between the pixels that the model saw; 0: the slide does not say."""


class Item(NamedTuple):
    """An image of an archive, or a series, by the mean of its images. What is not known is empty."""

    item: int
    """By this number ``search(item=)`` and ``thumbnail()`` know it."""
    path: str
    """Of its file; empty for a series."""
    study: str
    """StudyInstanceUID."""
    series: str
    """SeriesInstanceUID."""
    image: str
    """SOPInstanceUID."""
    frame: int
    """Of the file, from 1; 0: a series."""
    frames: int
    """That the file has; 0: a series."""
    modality: str
    body_part: str
    date: str
    """Of the study: "2020-01-31"."""
    study_description: str
    series_description: str
    site: str
    station: str
    thumb: bool
    """It has a thumbnail, or one of its slices has."""
    tile: Tile | None = None
    """Of a whole slide that was added by tiles, which; None: it is none."""
    window: str = ""
    """In an archive of several windows, the one that the image of a CT was seen through: "lung"."""


class MatchedImage(NamedTuple):
    """An image of a result, the nearest to one that was asked for (``match="maxsim"``)."""

    asked: int | None
    """The item that was asked for, or that is a slice of it; None: a text, an image or a vector."""
    item: int
    cosine: float


class Result(NamedTuple):
    """A study, series, patient or image that was found, by its best image."""

    rank: int
    """From 1."""
    score: float
    """The cosine of the angle to what was asked for."""
    percentile: float | None
    """How much of the archive's background is below the score, from 0 to 100; None: there is nothing to compare with."""
    verdict: str | None
    """"match", "weak" or "none": whether it has to do with what was asked for; None as percentile."""
    agrees: tuple[str, ...]
    """Tags that it shares with the one item, series or study that was asked for."""
    differs: tuple[str, ...]
    """Tags that both have, and that are not the same."""
    item: Item
    pairs: tuple[MatchedImage, ...] = ()
    """With ``match="maxsim"``, in the order of what was asked for."""


class Outlier(NamedTuple):
    """What was judged: a series, an image or a study."""

    rank: int
    score: float
    """Mean Euclidean distance to the nearest of the reference, of other patients."""
    outlier: bool
    """The score is above the threshold."""
    rarity: float | None
    """How much of the reference has a score as high or higher."""
    images: int
    """That it was pooled from, where it was pooled for this; else 1."""
    item: Item
    nearest: Item
    """Of the reference."""


class Moved(NamedTuple):
    """An image of a group that is farther from the reference than from its group."""

    by: float
    """Mean distance to the reference's sample, less that to the group's own."""
    item: Item


class DriftGroup(NamedTuple):
    """Images with the same station, month, .., beside the reference."""

    values: dict[str, str | None]
    """Of each field of ``by``; None: the images have none."""
    images: int
    sampled: int
    patients: int
    """Of the sample."""
    distance: float
    """Energy distance between the two samples."""
    p: float
    """How often patients who are divided at random come to such a distance."""
    p_holm: float
    """p, corrected for the number of groups."""
    moved: tuple[Moved, ...]
    """Those that moved most come first."""


class DoubtfulTag(NamedTuple):
    """A series, or an image of none, whose neighbours say something else than its header."""

    field: str
    tag: str | None
    suggested: str
    agreement: float
    """The share of the neighbours that have what is suggested, or the head's probability."""
    same: int
    """How many of them have its own tag."""
    nearest: tuple[int, ...]
    """Numbers of the nearest items that have what is suggested."""
    item: Item


class ValueCount(NamedTuple):
    """How many images have a value; None: those that have none."""

    value: str | None
    images: int


class Added(NamedTuple):
    """What became of files that were added."""

    images: int
    """Embedded and committed."""
    studies: int
    """Committed, with the groups of files that are of none."""
    unchanged: int
    copies: int
    conflicts: int
    """Objects with the identifier of another one, which was kept."""
    moved: int
    replaced: int
    """Files whose content had changed."""
    refused: int
    """Files, or frames of them, that cannot be read; they are tried again the next time."""
    skipped: int
    """Files that are no images."""
    telling_paths: int
    """Paths that hold a patient's name or identifier."""
    left_out: int = 0
    """Files that ``where`` does not let by; the next call looks at them again."""


class Removed(NamedTuple):
    """What was taken out of an archive."""

    images: int
    objects: int
    clean: bool
    """False: it was erased, but a reader in another process keeps the catalog's log until the next erasure."""


class Verified(NamedTuple):
    """What is wrong with an archive."""

    rows: int
    """That were looked at."""
    problems: list[str]
    embedded_again: int = 0
    """Images that the model embedded again; those that give another vector than the archive's are problems."""
    left_out: dict[str, int] = {}
    """Images that were to be embedded again and could not be, by why."""

    @property
    def sound(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


class BackedUp(NamedTuple):
    """What a copy of an archive holds."""

    rows: int
    snapshot: int


class ItemVectors(NamedTuple):
    """Vectors of an archive, and what each is of."""

    vectors: Vectors
    """Unit vectors, float32 [rows, dimensions]."""
    items: list[Item]


_Row = TypeVar("_Row")


class _Listed(list[_Row]):
    """A list of answers that is also a table."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), list(self), self.__dict__)

    def _columns(self) -> list[str]:
        raise NotImplementedError

    def _cells(self, row: _Row) -> list[Any]:
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """A pandas table of a row per answer; an item's fields are columns.

        :raises NotInstalled: pandas is not installed.
        """
        return frame_of(self._columns(), map(self._cells, self))


class Results(_Listed[Result]):
    """What a search found, the nearest first, and what it searched."""

    def __init__(self, found: dict[str, Any], card: Card | None = None) -> None:
        super().__init__(_result_of(row) for row in found["results"])
        self.card = card
        """The evidence of the search, if ``card=True`` asked for it."""
        self.exact: bool = found["exact"]
        """Proven: no row that was searched is nearer than those found."""
        self.snapshot: int = found["snapshot"]
        """The number of the last change of the archive that was seen."""
        self.searched: int = found["searched"]
        """Rows that were compared."""
        self.excluded: dict[str, int] = found["excluded"]
        """Rows that were not searched, by why: same_patient, other_patients (with ``same_patient="only"``), filter, deleted;
        and with ``min_score`` how many of the k nearest score less (score)."""
        self.min_score: float | None = found.get("min_score")
        """What results had to score; None: anything."""
        self.crowded_patient: bool = found["crowded_patient"]
        """The patient that was left out has so many of the studies that the identifier is probably of nobody."""

    def _columns(self) -> list[str]:
        return [*Result._fields[:-2], *Item._fields]

    def _cells(self, row: Result) -> list[Any]:
        return [*row[:-2], *row.item]


class Outliers(_Listed[Outlier]):
    """What was judged, the highest score first, and by what."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__(Outlier(row["rank"], row["score"], row["outlier"], row["rarity"], row["images"], item_of(row),
                                 item_of(row["nearest"])) for row in found["results"])
        self.threshold: float = found["threshold"]
        self.reference: int = found["reference"]
        """What the reference consists of."""
        self.reference_judged: int = found["reference_judged"]
        """How much of it could be judged by the others of it: what the threshold rests on."""
        self.alone: int = found["alone"]
        """Not judged: the reference has too few of other patients."""
        self.too_few: int = found["too_few"]
        """Studies of one image, which ``pool="stats7"`` does not judge."""
        self.snapshot: int = found["snapshot"]

    def _columns(self) -> list[str]:
        return [*Outlier._fields[:-2], *Item._fields, "nearest"]

    def _cells(self, row: Outlier) -> list[Any]:
        return [*row[:-2], *row.item, row.nearest.item]


class Drift(_Listed[DriftGroup]):
    """Groups of images beside a reference, in the order of their values."""

    def __init__(self, found: dict[str, Any], by: list[str]) -> None:
        super().__init__(DriftGroup({field: row[field] for field in by}, row["images"], row["sampled"], row["patients"],
                                    row["distance"], row["p"], row["p_holm"],
                                    tuple(Moved(one["by"], item_of(one)) for one in row["moved"]))
                         for row in found["groups"])
        self.by = by
        self.reference: int = found["reference"]
        """Its images."""
        self.sampled: int = found["sampled"]
        """Images of the reference that were compared."""
        self.patients: int = found["patients"]
        """Of these."""
        self.snapshot: int = found["snapshot"]

    def _columns(self) -> list[str]:
        return [*self.by, *DriftGroup._fields[1:]]

    def _cells(self, row: DriftGroup) -> list[Any]:
        return [*row.values.values(), *row[1:-1], [one.item.item for one in row.moved]]


class Tags(_Listed[DoubtfulTag]):
    """Doubtful tags, those of series that have one first, then by agreement."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__(DoubtfulTag(row["field"], row["tag"], row["suggested"], row["agreement"], row["same"],
                                     tuple(row["nearest"]), item_of(row)) for row in found["results"])
        self.judged: int = found["judged"]
        self.agreed: int = found["agreed"]
        """Have what their neighbours have."""
        self.undecided: int = found["undecided"]
        """Their neighbours do not agree."""
        self.alone: int = found["alone"]
        """Too few other patients have the field."""
        self.snapshot: int = found["snapshot"]

    def _columns(self) -> list[str]:
        return [*DoubtfulTag._fields[:-1], *Item._fields]

    def _cells(self, row: DoubtfulTag) -> list[Any]:
        return [*row[:-1], *row.item]


class Items:
    """The images (or series) of an archive, read as they are looped over, again each time."""

    def __init__(self, page: Callable[[int], tuple[list[Item], int | None]]) -> None:
        self._page = page

    def __iter__(self) -> Iterator[Item]:
        first: int | None = 0
        while first is not None:
            items, first = self._page(first)
            yield from items

    def to_frame(self) -> pd.DataFrame:
        """A pandas table of a row per item. :raises NotInstalled: pandas is not installed."""
        return frame_of(Item._fields, self)


def _again(kind: type[_Listed[Any]], rows: list[Any], state: dict[str, Any]) -> _Listed[Any]:
    """For pickle and copy."""
    made = kind.__new__(kind)
    made.extend(rows)
    made.__dict__.update(state)
    return made


def item_of(row: dict[str, Any]) -> Item:
    """Of an object of the archive's answers; what is not in it is empty."""
    return Item(row["item"], row.get("path", ""), row.get("study", ""), row.get("series", ""), row.get("image", ""),
                row.get("frame", 0), row.get("frames", 0), row.get("modality", ""), row.get("body_part", ""),
                row.get("date", ""), row.get("study_description", ""), row.get("series_description", ""),
                row.get("site", ""), row.get("station", ""), row.get("thumb", False),
                Tile(**row["tile"]) if "tile" in row else None, row.get("window", ""))


def _result_of(row: dict[str, Any]) -> Result:
    return Result(row["rank"], row["score"], row.get("percentile"), row.get("verdict"), tuple(row.get("agrees", ())),
                  tuple(row.get("differs", ())), item_of(row),
                  tuple(MatchedImage(pair.get("asked"), pair["item"], pair["cosine"]) for pair in row.get("pairs", ())))


def frame_of(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> pd.DataFrame:
    """A pandas table. :raises NotInstalled: pandas is not installed."""
    pandas = need_pandas()
    table: pd.DataFrame = pandas.DataFrame([list(row) for row in rows], columns=list(columns))
    return table

"""Archives: folders of vectors that are searched, as ``mi2 index`` keeps them."""
from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _core
from ._archive_adding import ArchiveAdding, ModelLike, checked_model
from ._archive_cards import Card, Replay, card_of, replay_of
from ._archive_inputs import (expression_of, folder_of, is_of_series, item_number, queried_images, queried_items,
                              queried_texts, queried_vectors, region_of, require_archives, require_files, score_of, word_of)
from ._archive_types import (BackedUp, Drift, Item, Items, ItemVectors, Outliers, Removed, Result, Results, Tags,
                             ValueCount, Verified, item_of)
from ._archive_whole import ArchiveWhole
from ._errors import BadArgument
from ._images import Decoded
from ._inputs import labels_of, real_of, tell_of_file, text_of, truth_of, whole_of
from ._model import Model, load, model_path
from ._progress import staged
from ._types import ImageLike, Path, Progress, Vectors

_PAGE = 4096


class Archive(ArchiveAdding, ArchiveWhole):
    """An archive of images that is searched: a folder that ``mi2 index add`` or :meth:`add` fills.

    Any number of threads may ask at the same time, while this or another process adds: each call answers from the newest
    snapshot. A search compares every row that its filter lets by: it is exact, and says so. Nothing here holds the
    interpreter's lock while it works. Not for use in a child of ``os.fork()``: open the archive there. A pickle holds
    where the archive is, and opens it again.

    ``where`` is the language of ``mi2 index search --where``: "modality in (CT,MR) and date>=2020-01".

    :param path: the folder.
    :param model: makes vectors of texts and images. A path is opened when it is first needed, with the options that the
        archive was made with. None: what MI2_MODEL names, likewise.
    :param threads: to compare with; 0: one per core.
    :raises NotFound: no archive there; BadFile: a damaged one; Unsupported: one of another version, or this package was
        built without archives.
    """

    def __init__(self, path: Path, *, model: ModelLike = None, threads: int = 0) -> None:
        require_archives("Archive")
        self._path = folder_of(path, "path")
        self._given = checked_model(model)
        self._threads = whole_of(threads, "threads", 0, 1024)
        self._lock = threading.Lock()
        self._loaded: tuple[str, Model] | None = None
        core = _core.Archive(self._path, self._threads)
        made = json.loads(core.format)
        self._core: _core.Archive | None = core
        self._dimensions = int(made["dims"])
        self._space: dict[str, str] = made["space"]

    @classmethod
    def create(cls, path: Path, *, model: ModelLike = None, threads: int = 0, windows: str | None = None) -> Archive:
        """Makes an empty archive in a folder that is empty or not there, and opens it.

        :param model: whose vectors it will hold, of images prepared as the model is set to; a path is opened with
            :func:`load`.
        :param windows: through which each image of a CT is embedded, such as "lung,soft,bone": some of file, lung, soft,
            bone and brain, each once; None: as the model is set to.
        :raises BadArgument: an archive already exists there, or something else.
        """
        require_archives("Archive")
        folder = folder_of(path, "path")
        given = checked_model(model)
        made_for = given if isinstance(given, Model) else load(given)
        _core.archive_create(folder, made_for._core, None if windows is None else text_of(windows, "windows"))
        return cls(folder, model=made_for, threads=threads)

    @property
    def path(self) -> str:
        """The folder."""
        return self._path

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._dimensions

    @property
    def space(self) -> dict[str, str]:
        """What all vectors have in common: weights_sha256, profile, normalisation, windows, intensity and plane."""
        return dict(self._space)

    def close(self) -> None:
        """Lets the files go. Calls after that raise BadArgument; those that have begun in other threads end as usual."""
        self._core = None
        self._loaded = None

    def __enter__(self) -> Archive:
        self._open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self._path, self._given, self._threads)

    def __repr__(self) -> str:
        return f"<medimageinsight.Archive {self._path!r}, {self._dimensions} dimensions>"

    def search(self, *, text: str | Iterable[str] | None = None, image: ImageLike | Iterable[ImageLike] | None = None,
               item: int | Item | Result | Iterable[int | Item | Result] | None = None,
               study: str | Iterable[str] | None = None, series: str | Iterable[str] | None = None,
               vector: npt.ArrayLike | None = None, not_text: str | Iterable[str] | None = None,
               where: str | None = None, k: int = 10, by: Literal["study", "series", "patient", "image", "tile"] = "study",
               match: Literal["best", "mean", "maxsim"] = "best",
               same_patient: Literal["exclude", "include", "only"] = "exclude",
               min_score: float | Literal["auto"] | None = None, site: str = "",
               region: tuple[int, int, int, int] | None = None, window: str | None = None, at: int | None = None,
               card: bool = False, model: ModelLike = None, progress: Progress = None,
               exclude_study: str | Iterable[str] | None = None) -> Results:
        """The nearest of the archive to all that is asked for together: the sum of the directions of text, image, item,
        study, series and vector, less those of not_text. Each may be one or several.

        :param image: in the forms of ``embed_images``. Whose a file is, its header says; arrays and PIL images are
            nobody's.
        :param item: images or series of the archive, by number or as results name them.
        :param study: StudyInstanceUIDs; series: SeriesInstanceUIDs.
        :param vector: of the archive's model, [dimensions] or [rows, dimensions], of any length but 0.
        :param where: search only what this lets by.
        :param k: results, 1 to 100,000; with a card, up to 1000.
        :param by: what a result is.
        :param match: a result is its best image ("best"), the mean of a series' images ("mean"), or image by image
            ("maxsim") the mean of the cosines of each asked for and the nearest of the result (``pairs``), without a verdict.
        :param same_patient: images of whoever the query is of are left out, searched too, or searched alone.
        :param min_score: leave out those of the k nearest that score less, -1 to 1; "auto": those whose verdict is "none".
        :param site: where ``image`` comes from, as it was given to :meth:`add`.
        :param region: the part of the one image to search for, (x, y, width, height) in pixels of it as it is shown.
        :param window: through which images' files are seen, of those that the archive's were seen through: "lung".
        :param at: search the snapshot of this number: images that were added since do not count, those that were deleted
            since do until they are erased. None: the newest.
        :param card: make the evidence of the search, the :class:`Card` that is ``card`` of the results.
        :param model: for text, not_text and image, if not the archive's.
        :param progress: of the codes that a first search makes.
        :param exclude_study: StudyInstanceUIDs that are left out, as by ``where="not study=UID"``.
        :raises BadArgument: nothing to search for, parts that cancel each other out, another model, or "auto" where a query
            has no verdict; NotFound: no such item, study or series; BadFile, Unsupported, TooLarge: an image, or a damaged archive.
        """
        core = self._open()
        carded = truth_of(card, "card")
        texts, not_texts = queried_texts(text, "text"), queried_texts(not_text, "not_text")
        for name, asked in (("text", texts), ("not_text", not_texts)):
            any(tell_of_file(one, name, "image=") for one in asked)  # up to the first
        sources = queried_images(image, self._dimensions)
        part, seen = region_of(region), None if window is None else text_of(window, "window")
        snapshot = 0 if at is None else whole_of(at, "at", 1, 2**63 - 1)
        require_files(sources, part is not None, seen is not None)
        needed = bool(texts or not_texts or sources)
        embedder = self._model(model, "search", core)._core if needed else None
        embedded = np.empty((0, self._dimensions), np.float32)
        decoded = [source for source in sources if isinstance(source[1], Decoded)]
        if embedder is not None and decoded:
            embedded = _embedded(embedder, decoded)
        with staged(progress, "row") as show:
            found, made = core.search(
                items=queried_items(item), studies=queried_texts(study, "study"), series=queried_texts(series, "series"),
                vectors=queried_vectors(vector, self._dimensions), embedded=embedded, embedder=embedder, texts=texts,
                not_texts=not_texts, images=[source for source in sources if not isinstance(source[1], Decoded)],
                site=text_of(site, "site"), where=expression_of(where, "where"),
                excluded=queried_texts(exclude_study, "exclude_study"),
                k=whole_of(k, "k", 1, 1000 if carded else 100_000), by=text_of(by, "by"),
                same_patient=text_of(same_patient, "same_patient"),
                match=word_of(match, "match", ("best", "mean", "maxsim")), min_score=score_of(min_score, "min_score"),
                region=part, window=seen, at=snapshot, carded=carded, on_progress=show)
        return Results(json.loads(found), None if made is None else Card(made))

    def replay(self, card: Card | Path, *, progress: Progress = None) -> Replay:
        """Searches again with a card's vectors, as of its snapshot, and compares, as ``mi2 index replay``: ranks, scores to
        the last bit, what the results are of, and how many rows were searched and left out. No model is needed.

        :param card: one, or its JSON file.
        :raises BadArgument: the card is of another archive, or this is an older copy of it; as :meth:`Card.load`.
        """
        core, asked = self._open(), card_of(card)
        with staged(progress, "row") as show:
            return replay_of(json.loads(_core.archive_replay(core, asked._core, show)))

    def items(self, where: str | None = None, *, kind: Literal["images", "series"] = "images") -> Items:
        """The images (or series) that are in the archive, in the order in which they came: loop over it, or ask for
        ``.to_frame()``. Of what is added or removed meanwhile, part may be in it."""
        self._open()
        chosen, series = expression_of(where, "where"), is_of_series(kind)

        def page(first: int) -> tuple[list[Item], int | None]:
            text, following = self._open().page(chosen, series, first, _PAGE, None)
            return [item_of(row) for row in json.loads(text)], following

        return Items(page)

    def item(self, item: int | Item | Result) -> Item:
        """What an item is. :raises NotFound: there is none of this number."""
        return item_of(json.loads(self._open().item(item_number(item, "item"))))

    def vectors(self, where: str | None = None, *, kind: Literal["images", "series"] = "images") -> ItemVectors:
        """Vectors as they are kept, float32 [rows, dimensions], and the item that each is of. Each is compared with its
        checksum. :raises BadFile: one is damaged."""
        core, chosen, series = self._open(), expression_of(where, "where"), is_of_series(kind)
        rows = _core.Rows(self._dimensions)
        items: list[Item] = []
        first: int | None = 0
        while first is not None:
            text, first = core.page(chosen, series, first, _PAGE, rows)
            items.extend(item_of(row) for row in json.loads(text))
        return ItemVectors(rows.take(), items)

    def thumbnail(self, item: int | Item | Result) -> bytes | None:
        """The thumbnail of an image, or of the middle slice of a series, as a WebP file; None: it has none.

        :raises NotFound: there is no such item; BadFile: the thumbnail is damaged.
        """
        return self._open().thumbnail(item_number(item, "item"))

    def stats(self) -> dict[str, Any]:
        """What the archive holds, as ``mi2 index stats --format json`` writes it."""
        found: dict[str, Any] = json.loads(self._open().stats())
        return found

    def facets(self, by: Literal["modality", "body_part", "month", "site", "station", "label"] = "modality", *,
               where: str | None = None, most: int = 1000) -> list[ValueCount]:
        """How many images have each value, the most frequent first.

        :param most: values; rarer ones are left out.
        """
        field = text_of(by, "by")
        found = json.loads(self._open().facet(field, expression_of(where, "where"), whole_of(most, "most", 1, 1_000_000)))
        return [ValueCount(row["value"], row["images"]) for row in found[field]["values"]]

    def outliers(self, reference: str, *, test: str | None = None,
                 pool: Literal["image", "mean", "stats7", "center20"] = "mean", k: int = 2, quantile: float = 0.99,
                 threshold: float | None = None, progress: Progress = None) -> Outliers:
        """What lies far from a part of the archive that is known to be usual, as ``mi2 index outliers`` finds it.

        :param reference: an expression as ``where``: what is usual.
        :param test: what is judged; None: all but the reference.
        :param pool: what is judged as one: each image; each series, by its unit mean; each study, by seven statistics; or
            each series, by the mean of its 20 middle slices.
        :param k: nearest of the reference, of other patients, that count; 1 to 1000.
        :param quantile: of the reference's own scores, 0 to 1, that is the threshold.
        :param threshold: in place of that.
        :raises BadArgument: the reference is empty, or gives no threshold; TooLarge: pooled vectors of more than 4 GiB.
        """
        self._open()
        above = None if threshold is None else real_of(threshold, "threshold", 0, 1e12)
        with staged(progress, "case") as show:
            found = _core.archive_outliers(self._path, reference=text_of(reference, "reference"),
                                           test=expression_of(test, "test"), pooling=text_of(pool, "pool"),
                                           k=whole_of(k, "k", 1, 1000), quantile=real_of(quantile, "quantile", 0, 1),
                                           threshold=above, threads=self._threads, on_progress=show)
        return Outliers(json.loads(found))

    def drift(self, reference: str, *, test: str | None = None, by: str | Iterable[str] = ("station", "month"),
              permutations: int = 999, sample: int = 500, moved: int = 12, seed: int = 1,
              progress: Progress = None) -> Drift:
        """Groups of images that look otherwise than a reference, as ``mi2 index drift`` compares them.

        :param reference: an expression as ``where``.
        :param test: what is compared with it; None: all but the reference.
        :param by: what makes a group: some of station, month, modality, body_part and site.
        :param permutations: random divisions of the patients, 1 to 1,000,000.
        :param sample: images of the reference, and of each group, that are compared at most; 2 to 2000.
        :param moved: images that are named of each group, at most 2000.
        :param seed: of samples and divisions.
        :raises BadArgument: a field that is not there, or fewer than two patients in the reference.
        """
        self._open()
        fields = [by] if isinstance(by, str) else labels_of(by, "by")
        with staged(progress, "group") as show:
            found = _core.archive_drift(self._path, reference=text_of(reference, "reference"),
                                        test=expression_of(test, "test"), by=fields,
                                        permutations=whole_of(permutations, "permutations", 1, 1_000_000),
                                        sample=whole_of(sample, "sample", 2, 2000), moved=whole_of(moved, "moved", 0, 2000),
                                        seed=whole_of(seed, "seed", 0, 2**64 - 1), threads=self._threads, on_progress=show)
        return Drift(json.loads(found), fields)

    def tags(self, field: Literal["modality", "body_part", "laterality", "plane", "contrast", "sequence",
                                  "protocol"] = "body_part", *,
             k: int | None = None, min_agreement: float = 0.8, where: str | None = None, head: Path | None = None,
             progress: Progress = None) -> Tags:
        """Series whose header says something else than those of images like them, as ``mi2 index tags`` finds them.

        :param k: patients that are asked, each by the nearest series; 1 to 1000, None: 10.
        :param min_agreement: the share of them that must have one value, or the probability of the head, 0 to 1.
        :param where: judge only what this lets by; neighbours may be any.
        :param head: an adapter of ``mi2 adapter train`` that is asked in place of neighbours.
        :raises BadArgument: the head gives no label, or takes other vectors than the archive's.
        """
        self._open()
        if k is not None and head is not None:
            raise BadArgument("k: expected it or head, got both")
        with staged(progress, "series") as show:
            found = _core.archive_tags(self._path, field=text_of(field, "field"),
                                       k=whole_of(10 if k is None else k, "k", 1, 1000),
                                       min_agreement=real_of(min_agreement, "min_agreement", 0, 1),
                                       where=expression_of(where, "where"),
                                       head=None if head is None else folder_of(head, "head"), threads=self._threads,
                                       on_progress=show)
        return Tags(json.loads(found))

    def remove(self, *, study: str | None = None, patient: str | None = None, where: str | None = None,
               source: str | None = None, site: str = "", erase: bool = False) -> Removed:
        """Takes a study, a patient, all objects of which ``where`` lets an image by, or all that came from a source, out of
        the archive, at once.

        :param patient: the patient ID. site: who issued it: its issuer, or what was given to :meth:`add`.
        :param source: as ``stats()["sources"]`` names it, its number as text, its URL, or a path; it is read from its start when it is added
            again.
        :param erase: overwrite it, and what was removed before; else its vectors stay in the files, unsearched.
        :raises BadArgument: not one of the four; NotFound: nothing that this chooses; Overloaded: another process writes.
        """
        self._open()
        chosen = {"study": study, "patient": patient, "where": where, "source": source}
        given = [name for name, value in chosen.items() if value is not None]
        if len(given) != 1:
            raise BadArgument(f"remove: expected one of study, patient, where and source, got {' and '.join(given) or 'none'}")
        if not text_of(chosen[given[0]], given[0]):
            raise BadArgument(f"{given[0]}: is empty")
        overwrite = truth_of(erase, "erase")
        return Removed(*_core.archive_remove(self._path, study=study, patient=patient, site=text_of(site, "site"),
                                             where=where, source=source, erase=overwrite))

    def verify(self, *, deep: bool = False, model: ModelLike = None, progress: Progress = None) -> Verified:
        """Looks for damage: in the catalog, and whether each file of vectors is whole and of this archive.

        :param deep: compare each vector and thumbnail with its checksum too.
        :param model: with ``deep``, embed up to 20 images again whose files are there, the same ones until the archive
            changes, and compare their vectors with the archive's; None: none.
        :raises BadArgument: a model without ``deep``, or another one than the archive's.
        """
        core = self._open()
        if model is not None and not deep:
            raise BadArgument("model: expected deep=True with it")
        embedder = None if model is None else self._model(model, "verify", core)._core
        with staged(progress, "row") as show:
            found = json.loads(_core.archive_verify(self._path, bool(deep), embedder, show))
        return Verified(found["rows"], found["problems"], found["embedded_again"], found["left_out"])

    def backup(self, to: Path, *, progress: Progress = None) -> BackedUp:
        """Copies the archive as it is at one moment, whoever adds to it meanwhile, and compares every vector and thumbnail
        of the copy with its checksum.

        :param to: a folder that is not there yet; it appears whole or not at all.
        :raises BadArgument: something is there; BadFile: damage.
        """
        self._open()
        folder = folder_of(to, "to")
        with staged(progress, "row") as show:
            return BackedUp(*_core.archive_backup(self._path, folder, show))

    def _open(self) -> _core.Archive:
        core = self._core
        if core is None:
            raise BadArgument(f"{self._path}: this archive is closed")
        return core

    def _model(self, model: ModelLike, what: str, core: _core.Archive) -> Model:
        """The model of a call: its own, else the archive's, else that of MI2_MODEL."""
        given = self._given if model is None else checked_model(model)
        if isinstance(given, Model):
            return given
        path = model_path(given, what)
        with self._lock:
            if self._loaded is None or self._loaded[0] != path:
                self._loaded = (path, Model(core.open_model(path), (path, {})))
            return self._loaded[1]


def _reopened(path: str, model: ModelLike, threads: int) -> Archive:
    """For pickle."""
    return Archive(path, model=model, threads=threads)


def _embedded(embedder: _core.Embedder, images: list[tuple[str, Any]]) -> Vectors:
    """Vectors of decoded images."""
    rows = _core.Rows(embedder.dimensions)
    embedder.embed_images(iter(images), 0, rows, None, None, None, lambda count: None)
    return rows.take()

"""A model in this process."""
from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from . import _core
from ._encode_api import EncodeApi
from ._errors import BadArgument, Error, TooLarge, WrongType
from ._images import gives_one, iterate, numbered, selection_of, source_of
from ._inputs import (Failure, Failures, Options, kept, labels_of, number_of, numbered_texts, one_label_alone, paths_of,
                      refuse_vectors, templates_of, text_of, texts_of, truth_of, vectors_among, vectors_of)
from ._patches import PatchApi
from ._progress import reporting, size_of
from ._types import (Frames, FrameVectors, ImageLike, LabelScore, Path, Progress, Provenance, TileVectors, TokenVectors,
                     Vectors)


def load(path: str | os.PathLike[str] | None = None, *, dtype: Any = None, device: str = "cpu",
         profile: str = "raw", threads: int = 0, intensity: str = "auto", window: str | None = None,
         plane: str | None = None, strict: bool = False, azure_size: int = 512, azure_quality: int = 75,
         max_pixels: int = 200_000_000, max_file_bytes: int = 1 << 30,
         lora: str | os.PathLike[str] | None = None) -> Model:
    """Loads a model's folder (config.yaml and weights), or maps a file of ``mi2 pack``.

    :param path: None: what the environment variable MI2_MODEL names.
    :param dtype: "f32", "bf16", "int8" or "bf16x3", "float32" and the like, or a dtype of NumPy or torch; None: what a
        packed file holds, else f32.
    :param device: "cpu": mi2's own engine; "cuda" or "cuda:N": a GPU; "auto": the first GPU, if there is one and it can
        serve the model, else "cpu": the model's ``device`` says which; "torch": libtorch on the CPU.
    :param profile: "raw": resize only; "azure": as the hosted model prepares images; "toolkit", "mcp": as the published
        clients do.
    :param threads: to compute with; 0: one per core.
    :param intensity: grey to 8 bits: "auto" (16-bit and float by percentiles 1 and 99, 8-bit DICOM as stored),
        "percentile:LOW,HIGH", "minmax" or "window:CENTER,WIDTH"; after "series:" or "image:", of all a series' samples
        or one image's (default: of a volume all).
    :param window: "CENTER,WIDTH" for DICOM, over the file's own, and for volumes; "lung", "soft", "bone", "brain": for
        CT alone.
    :param plane: of a volume's slices: "axial", "coronal" or "sagittal"; None: axial, or the plane of the only slice.
    :param strict: refuse images that would be read with a warning (a UserWarning that names the doubt).
    :param azure_size: pixels, for "azure".
    :param azure_quality: JPEG quality 1 to 100, for "azure".
    :param max_pixels: of one image; more is TooLarge.
    :param max_file_bytes: of one file.
    :param lora: a LoRA file of ``mi2 train``, for the model whose folder it was trained beside; one of another model is
        BadFile.
    :raises NotFound: nothing there; BadFile: naming the tensor or key at fault; BadArgument: an option makes no sense;
        Unsupported: the device is not there, and whether a GPU or a library is missing.
    """
    options = {"dtype": dtype_name(dtype), "device": device, "threads": threads, "profile": profile,
               "azure_size": azure_size, "azure_quality": azure_quality, "intensity": intensity, "window": window,
               "plane": plane, "strict": strict, "max_pixels": max_pixels, "max_file_bytes": max_file_bytes}
    try:
        options["lora"] = "" if lora is None else os.path.abspath(os.fspath(lora))
        return _open(model_path(path, "load"), options)
    except TypeError as error:
        if isinstance(error, Error):
            raise
        raise WrongType(f"load: an argument is of a wrong type: {str(error).splitlines()[0]}") from error


def model_path(path: str | os.PathLike[str] | None, what: str) -> str:
    """The whole path of a model; without one of what MI2_MODEL names. :raises BadArgument: neither."""
    if path is None:
        path = os.environ.get("MI2_MODEL") or None
    if path is None:
        raise BadArgument(f"{what}: no model; expected a path, or MI2_MODEL in the environment")
    return os.path.abspath(os.fspath(path))


def dtype_name(dtype: object) -> str:
    """What _core calls a dtype: of a text itself, of NumPy's and torch's their names; "" for None."""
    if dtype is None:
        return ""
    return str(getattr(dtype, "__name__", dtype))


def _open(path: str, options: dict[str, Any]) -> Model:
    """For load(), and for pickle."""
    return Model(_core.Embedder(path, **options), (path, options))


class Model(EncodeApi, PatchApi):
    """One model in memory: images and texts to unit vectors in one space. Made by :func:`load`.

    Calls from several threads take turns; none holds the interpreter's lock while it computes. Not for use in a child
    of ``os.fork()``: load the model there. A pickle holds where the model was and how it was loaded, and loads it again.
    """

    def __init__(self, core: _core.Embedder, source: tuple[str, dict[str, Any]]) -> None:
        self._core = core
        self._source = source

    def __reduce__(self) -> tuple[Any, ...]:
        return _open, self._source

    def __repr__(self) -> str:
        return f"<medimageinsight.Model {self.dimensions} dimensions, {self.dtype}, profile {self.profile}>"

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._core.dimensions

    @property
    def logit_scale(self) -> float:
        """The logarithm: similarities are ``exp(logit_scale) * image @ text``."""
        return self._core.logit_scale

    @property
    def dtype(self) -> str:
        """What the model computes in."""
        return self._core.dtype

    @property
    def device(self) -> str:
        """Where the model is computed: "cpu", "cuda:0" or "torch"."""
        return self._core.device

    @property
    def why_cpu(self) -> str:
        """Why ``device="auto"`` became the CPU; else empty."""
        return self._core.why_cpu

    @property
    def profile(self) -> str:
        """How images are prepared: "raw", "azure", "toolkit" or "mcp"."""
        return self._core.profile

    @property
    def provenance(self) -> Provenance:
        """What results depend on. Hashes the weights on first use (seconds for a full model)."""
        return Provenance(*self._core.provenance())

    @overload
    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, frames: Frames | None = None,
                     batch: int | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True, return_tokens: Literal[True]) -> TokenVectors:
        ...

    @overload
    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, frames: Frames | None = None,
                     batch: int | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True, return_tokens: Literal[False] = False) -> Vectors:
        ...

    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, frames: Frames | None = None,
                     batch: int | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True, return_tokens: bool = False) -> Vectors | TokenVectors:
        """Unit vectors of images: float32 [images, dimensions], in order.

        :param images: one image or any iterable of images (a pandas column too). An image is a path; the bytes of a file
            (DICOM, NIfTI, NRRD, MetaImage, PNG, JPEG, JPEG 2000, WebP, TIFF, GIF or BMP), or such a file opened with
            "rb"; a PIL image of mode 1, L, LA, P, RGB, RGBA, CMYK, I;16, I or F; or an array or a tensor on the CPU:
            uint8 [H, W] or [H, W, 1 to 4], bool [H, W], floats from 0 to 1 [H, W, 3], or other numbers [H, W], which are
            scaled as the file formats' deep grey is; with 1 or 3 channels also [C, H, W]. A decoded image gives the same
            bits as the file it came from. [N, H, W, C] and [N, C, H, W] are N images.
        :param frames: "middle", "first" or a number from 1: of multi-frame DICOM and TIFF, the frame to embed; None: as
            "middle". "all", "every:K" and "center:K" give a row per selected frame, and :meth:`embed_frames` also says
            which frame a row is of.
        :param batch: images computed together (None: 4, on a GPU 32); while they are, the next are
            decoded. It never changes a vector.
        :param on_error: what becomes of an image that cannot be read: "raise" (None) raises the first such error; "nan"
            makes its row NaN; "skip" leaves its row out; a function is called with position and error, and its row is NaN.
        :param batch_size: as batch. show_progress_bar: as progress. normalize: vectors always have length 1.
        :param return_tokens: True gives (vectors, tokens): the features of patches too, float32 [images, tokens, channels],
            line by line of :attr:`token_grid`; 1.8 MB per image for the published model. They are the image tower's
            residual stream after its last block: a vector is ``mean(tokens)`` through the tower's last norm and the
            projection, brought to length 1. The vectors have the bits that they have without.
        :raises BadFile, Unsupported, TooLarge, NotFound, BadArgument: naming the image.
        """
        options = Options(batch, batch_size, progress, show_progress_bar, normalize)
        if not truth_of(return_tokens, "return_tokens"):
            return self._embed(images, frames, options, on_error)[0]
        height, width, channels = self.token_grid
        patches = _core.Rows(height * width * channels)
        vectors, _ = self._embed(images, frames, options, on_error, patches)
        tokens = patches.take().reshape(-1, height * width, channels)
        return TokenVectors(vectors, tokens[kept(tokens[:, 0])] if on_error == "skip" else tokens)

    def embed_frames(self, images: ImageLike | Iterable[ImageLike], frames: Frames = "all", *, batch: int | None = None,
                     progress: Progress = None, on_error: Failure = None, batch_size: int | None = None,
                     show_progress_bar: bool | None = None) -> FrameVectors:
        """Unit vectors of the selected frames of images, image by image, and which frame each is.

        Parameters are those of :meth:`embed_images`. Memory grows with the vectors, not with the frames. An image that
        cannot be opened has one row, of NaN; a frame that cannot be read has its own.
        """
        options = Options(batch, batch_size, progress, show_progress_bar, True)
        vectors, places = self._embed(images, frames, options, on_error)
        columns = np.array(places, dtype=np.int64).reshape(-1, 2)
        return FrameVectors(vectors, columns[:, 0].copy(), columns[:, 1].copy())

    def embed_tiles(self, slides: Path | Iterable[Path], *, level: int | None = None, mpp: float | None = None,
                    tiles: Literal["tissue", "all"] = "tissue", frames: Frames = "all", batch: int | None = None,
                    progress: Progress = None, on_error: Failure = None) -> TileVectors:
        """Unit vectors of the tiles of whole slides, slide by slide, and where each lies: the rows of ``mi2 embed --mpp``.

        Memory grows with the vectors, not with the slides, which stay on disk.

        :param slides: one or several paths of files, or of folders of them. The DICOM objects of one series are the levels
            of one slide.
        :param level: of each slide's levels, 0 the finest: tiles have the model's size in its pixels.
        :param mpp: tiles of the model's size at this many um per pixel, 0.01 to 1000; None: without a level, 0.5.
        :param tiles: those with tissue, or all.
        :param frames: which of those: as for :meth:`embed_frames`.
        :param batch: tiles computed together, progress: as for :meth:`embed_images`; how many there are is not known.
        :param on_error: as for :meth:`embed_images`; a function is called with the number of the row, from 0. A slide that
            cannot be opened has one row.
        :raises BadArgument: level and mpp together, or one that the slide does not have; Unsupported: no slide, or none of
            its tiles has tissue; BadFile, TooLarge, NotFound: naming the slide.
        """
        options = Options(batch, None, progress, None, True)
        failures = Failures(on_error)
        paths = paths_of(slides, "slides")
        rows = _core.Rows(self.dimensions)
        with reporting(options.progress, None, "tile") as advance:
            found = self._core.embed_tiles(paths, number_of(level, "level"), number_of(mpp, "mpp"), text_of(tiles, "tiles"),
                                           selection_of(frames), int(options.batch or 0), rows, failures.handler, advance)
        vectors = rows.take()
        good = kept(vectors) if failures.skips else np.ones(len(found), np.bool_)
        path = [row[0] for row, good_one in zip(found, good) if good_one]
        frame, at_level, x, y, width, height = np.array([row[1:7] for row in found], np.int64).reshape(-1, 6)[good].T.copy()
        um = np.array([row[7] for row in found], np.float64)[good]
        return TileVectors(vectors[good], path, frame, at_level, x, y, width, height, um)

    def _embed(self, images: ImageLike | Iterable[ImageLike], frames: Frames | None, options: Options,
               on_error: Failure, patches: _core.Rows | None = None) -> tuple[Vectors, list[tuple[int, int]]]:
        failures = Failures(on_error)
        refuse_vectors(images, "images", self.dimensions)
        several = iterate(images)
        selection = None if frames is None else selection_of(frames)
        total = size_of(several) if gives_one(selection) else None
        rows = _core.Rows(self.dimensions)
        try:
            for some in (rows, patches):
                if some is not None:
                    some.reserve(total or 0)
        except MemoryError as error:
            raise TooLarge(f"images: not enough memory for the results of {total}; embed them in portions") from error
        sources = _sources(several, self.dimensions, failures)
        with reporting(options.progress, total, "image" if selection is None else "frame") as advance:
            places = self._core.embed_images(sources, int(options.batch or 0), rows, patches, selection,
                                             failures.handler, advance)
        vectors = rows.take()
        if failures.skips:
            good = kept(vectors)
            return vectors[good], [place for place, good_one in zip(places, good) if good_one]
        return vectors, places

    def embed_texts(self, texts: str | Iterable[str], *, batch: int | None = None, progress: Progress = None,
                    on_error: Failure = None, batch_size: int | None = None, show_progress_bar: bool | None = None,
                    normalize: bool = True) -> Vectors:
        """Unit vectors of texts: float32 [texts, dimensions], in order.

        :param texts: one text or any iterable of texts (a pandas column too). What is beyond the model's 77 tokens is cut.
        :param on_error: as for :meth:`embed_images`: what becomes of None, NaN and what is no text.
        :raises BadArgument: naming the text.
        """
        options = Options(batch, batch_size, progress, show_progress_bar, normalize)
        failures = Failures(on_error)
        several = texts_of(texts)
        total = size_of(several)
        rows = _core.Rows(self.dimensions)
        rows.reserve(total or 0)
        source = numbered_texts(several)
        good: list[bool] = []
        with reporting(options.progress, total, "text") as advance:
            while some := list(islice(source, options.batch or 64)):
                found = _good_texts(some, failures, good)
                if found:
                    self._core.embed_texts(found, rows)
                advance(len(some))
        vectors = rows.take()
        if failures.skips or all(good):
            return vectors
        result = np.full((len(good), self.dimensions), np.nan, dtype=np.float32)
        result[np.array(good)] = vectors
        return result

    def classify(self, images: ImageLike | Iterable[ImageLike], labels: Sequence[str], *,
                 templates: str | Sequence[str] = ("{}",), multilabel: bool = False, frames: Frames | None = None,
                 batch: int | None = None, progress: Progress = None, on_error: Failure = None,
                 batch_size: int | None = None, show_progress_bar: bool | None = None) -> list[list[LabelScore]]:
        """Scores of all labels for each image, best first, without training: labels are texts and the nearest wins.

        :param images: as for :meth:`embed_images`; or vectors of this model, float [rows, dimensions], each of length 1.
        :param templates: each holds "{}", where the label goes; their text vectors are averaged.
        :param multilabel: each label's own sigmoid in place of a softmax over the labels.
        :param frames: as for :meth:`embed_images`: with "all" and the like, scores for each selected frame.
        :param on_error: as for :meth:`embed_images`; with "nan" and a function, the scores of an image that cannot be read
            are NaN.
        :raises BadArgument: no label, one label without multilabel, a label twice, or a template without "{}".
        """
        names = labels_of(labels)
        classifier = self._classifier(names, templates, multilabel)
        vectors = vectors_among(images, self.dimensions)
        if vectors is None:
            vectors = self.embed_images(images, frames=frames, batch=batch, progress=progress, on_error=on_error,
                                        batch_size=batch_size, show_progress_bar=show_progress_bar)
        return _scores(classifier, vectors, names)

    def classify_vectors(self, vectors: npt.ArrayLike, labels: Sequence[str], *,
                         templates: str | Sequence[str] = ("{}",), multilabel: bool = False) -> list[list[LabelScore]]:
        """As :meth:`classify`, of vectors that were computed before: [rows, dimensions] or [dimensions], or a column of them, such
        as :func:`to_frame` makes. A row of NaN, or None among rows, gives scores of NaN.

        :raises BadArgument: of another number of dimensions; WrongType: no numbers.
        """
        names = labels_of(labels)
        classifier = self._classifier(names, templates, multilabel)
        return _scores(classifier, vectors_of(vectors, self.dimensions, missing=True), names)

    def _classifier(self, names: list[str], templates: str | Sequence[str], multilabel: bool) -> _core.Classifier:
        classifier = _core.Classifier(self._core, names, templates_of(templates), truth_of(multilabel, "multilabel"))
        one_label_alone(names, multilabel)
        return classifier


def _scores(classifier: _core.Classifier, vectors: Vectors, labels: list[str]) -> list[list[LabelScore]]:
    good = kept(vectors)
    found = iter(classifier.classify(np.ascontiguousarray(vectors[good])))
    return [[LabelScore(*pair) for pair in next(found)] if one else [LabelScore(label, math.nan) for label in labels]
            for one in good]


def _good_texts(some: list[tuple[int, str, Any]], failures: Failures, good: list[bool]) -> list[str]:
    """Those that can be embedded; of the others failures are told. good: which of all they are."""
    found = []
    for index, name, text in some:
        try:
            found.append(text_of(text, name))
            good.append(True)
        except Error as error:
            failures(index, error)
            good.append(False)
    return found


def _sources(images: Iterable[ImageLike], dimensions: int, failures: Failures) -> Iterator[tuple[str, object]]:
    """(what errors call it, what it is to _core). Images are looked at here: PIL's are not made for several threads."""
    for _, name, image in numbered(images):
        try:
            refuse_vectors(image, name, dimensions)
            yield name, source_of(image, name)
        except Error as error:
            if failures.raises:
                raise
            yield name, error


def tokenize(model: str | os.PathLike[str], texts: Iterable[str]) -> list[list[int]]:
    """The token ids of each text, with start and end marks and without padding; a model's weights are not loaded."""
    found = [text_of(text, name) for _, name, text in numbered_texts(texts_of(texts))]
    return [ids for ids, _ in _core.tokenize(os.fspath(model), found)]

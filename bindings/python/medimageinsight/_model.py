"""A model in this process."""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from . import _core
from ._errors import Error
from ._images import gives_one, iterate, numbered, selection_of, source_of
from ._progress import reporting, size_of
from ._types import Frames, FrameVectors, ImageLike, LabelScore, OnError, Progress, Provenance, Vectors


def load(path: str | os.PathLike[str], *, dtype: str | None = None, profile: str = "raw", threads: int = 0,
         intensity: str = "auto", window: str | None = None, strict: bool = False, azure_size: int = 512,
         azure_quality: int = 75, max_pixels: int = 200_000_000,
         max_file_bytes: int = 1 << 30) -> Model:
    """Loads a model's folder (config.yaml and weights), or maps a file of ``mi2 pack``.

    :param dtype: "f32", "bf16", "int8" or "bf16x3"; None: what a packed file holds, else f32.
    :param profile: "raw": resize only; "azure": as the hosted model prepares images; "toolkit", "mcp": as the published
        clients do.
    :param threads: to compute with; 0: one per core.
    :param intensity: grey to 8 bits: "auto" (16-bit and float by percentiles 1 and 99, 8-bit DICOM as stored),
        "percentile:LOW,HIGH", "minmax" or "window:CENTER,WIDTH".
    :param window: "CENTER,WIDTH" for DICOM, over the file's own.
    :param strict: refuse images that would be read with a warning (a UserWarning that names the doubt).
    :param azure_size: pixels, for "azure".
    :param azure_quality: JPEG quality 1 to 100, for "azure".
    :param max_pixels: of one image; more is TooLarge.
    :param max_file_bytes: of one file.
    :raises NotFound: nothing there; BadFile: naming the tensor or key at fault; BadArgument: an option makes no sense.
    """
    return Model(_core.Embedder(
        os.fspath(path), dtype=dtype or "", threads=threads, profile=profile, azure_size=azure_size,
        azure_quality=azure_quality, intensity=intensity, window=window, strict=strict, max_pixels=max_pixels,
        max_file_bytes=max_file_bytes))


class Model:
    """One model in memory: images and texts to unit vectors in one space. Made by :func:`load`.

    Calls from several threads take turns; none holds the interpreter's lock while it computes. Not for use in a child
    of ``os.fork()``: load the model there.
    """

    def __init__(self, core: _core.Embedder) -> None:
        self._core = core

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
    def profile(self) -> str:
        """How images are prepared: "raw", "azure", "toolkit" or "mcp"."""
        return self._core.profile

    @property
    def provenance(self) -> Provenance:
        """What results depend on. Hashes the weights on first use (seconds for a full model)."""
        return Provenance(*self._core.provenance())

    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, frames: Frames | None = None, batch: int = 4,
                     progress: Progress = None, on_error: OnError | None = None) -> Vectors:
        """Unit vectors of images: float32 [images, dimensions], in order.

        :param images: one image or any iterable of images. An image is a path; the bytes of a PNG, JPEG, WebP, TIFF or
            DICOM file; a PIL image of mode 1, L, LA, P, RGB, RGBA, CMYK, I;16, I or F; or an array: uint8 [H, W] or
            [H, W, 1 to 4], bool [H, W], or other numbers [H, W], which are scaled as the file formats' deep grey is.
            A decoded image gives the same bits as the file it came from. An array [N, H, W, C] is N images.
        :param frames: "middle", "first" or a number from 1: of multi-frame DICOM and TIFF, the frame to embed; None: as
            "middle". "all", "every:K" and "center:K" give a row per selected frame, and :meth:`embed_frames` also says
            which frame a row is of.
        :param batch: images computed together; while they are, the next are decoded. It never changes a vector.
        :param on_error: called with position and error of an image that cannot be read; its row is NaN. Without it the
            first such error is raised.
        :raises BadFile, Unsupported, TooLarge, NotFound, BadArgument: naming the image.
        """
        return self._embed(images, frames, batch, progress, on_error)[0]

    def embed_frames(self, images: ImageLike | Iterable[ImageLike], frames: Frames = "all", *, batch: int = 4,
                     progress: Progress = None, on_error: OnError | None = None) -> FrameVectors:
        """Unit vectors of the selected frames of images, image by image, and which frame each is.

        Parameters are those of :meth:`embed_images`. Memory grows with the vectors, not with the frames. An image that
        cannot be opened has one row, of NaN; a frame that cannot be read has its own.
        """
        vectors, places = self._embed(images, frames, batch, progress, on_error)
        columns = np.array(places, dtype=np.int64).reshape(-1, 2)
        return FrameVectors(vectors, columns[:, 0].copy(), columns[:, 1].copy())

    def _embed(self, images: ImageLike | Iterable[ImageLike], frames: Frames | None, batch: int, progress: Progress,
               on_error: OnError | None) -> tuple[Vectors, list[tuple[int, int]]]:
        if batch < 1:
            raise ValueError(f"batch={batch}: at least 1")
        several = iterate(images)
        selection = None if frames is None else selection_of(frames)
        total = size_of(several) if gives_one(selection) else None
        rows = _core.Rows(self.dimensions)
        rows.reserve(total or 0)
        with reporting(progress, total, "image" if selection is None else "frame") as advance:
            places = self._core.embed_images(_sources(several), batch, rows, selection, on_error, advance)
        return rows.take(), places

    def embed_texts(self, texts: str | Iterable[str], *, batch: int = 64, progress: Progress = None) -> Vectors:
        """Unit vectors of texts: float32 [texts, dimensions], in order.

        :param texts: one text or any iterable of texts. What is beyond the model's 77 tokens is cut.
        """
        if batch < 1:
            raise ValueError(f"batch={batch}: at least 1")
        several = [texts] if isinstance(texts, str) else texts
        total = size_of(several)
        rows = _core.Rows(self.dimensions)
        rows.reserve(total or 0)
        source = iter(several)
        with reporting(progress, total, "text") as advance:
            while some := list(islice(source, batch)):
                self._core.embed_texts(some, rows)
                advance(len(some))
        return rows.take()

    def classify(self, images: ImageLike | Iterable[ImageLike], labels: Sequence[str], *,
                 templates: Sequence[str] = ("{}",), multilabel: bool = False, frames: Frames | None = None,
                 batch: int = 4, progress: Progress = None) -> list[list[LabelScore]]:
        """Scores of all labels for each image, best first, without training: labels are texts and the nearest wins.

        :param templates: each holds "{}", where the label goes; their text vectors are averaged.
        :param multilabel: each label's own sigmoid in place of a softmax over the labels.
        :param frames: as for :meth:`embed_images`: with "all" and the like, scores for each selected frame.
        :raises BadArgument: no label, a label twice, or a template without "{}".
        """
        classifier = _core.Classifier(self._core, list(labels), list(templates), multilabel)
        vectors = self.embed_images(images, frames=frames, batch=batch, progress=progress)
        return [[LabelScore(*pair) for pair in scores] for scores in classifier.classify(vectors)]


def _sources(images: Iterable[ImageLike]) -> Iterator[tuple[str, object]]:
    """(what errors call it, what it is to _core). Images are looked at here: PIL's are not made for several threads."""
    for _, name, image in numbered(images):
        try:
            yield name, source_of(image, name)
        except Error as error:
            yield name, error


def tokenize(model: str | os.PathLike[str], texts: Iterable[str]) -> list[list[int]]:
    """The token ids of each text, with start and end marks and without padding; a model's weights are not loaded."""
    return [ids for ids, _ in _core.tokenize(os.fspath(model), list(texts))]

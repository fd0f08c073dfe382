"""A model behind a URL, with the methods of one in this process."""
from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, Literal, Union, overload

import numpy as np
import numpy.typing as npt

from ._encode import encoded, held
from ._encode_api import EncodeApi
from ._errors import BadArgument, BadFile, Error, Internal, NotInstalled, TooLarge, Unsupported
from ._images import iterate, numbered, selection_of
from ._inputs import (Failure, Failures, Options, are_vectors, array_of, is_tensor, kept, labels_of, may_be_vectors,
                      numbered_texts, one_label_alone, paths_of, real_of, refuse_vectors, templates_of, text_of, texts_of,
                      truth_of, vectors_among, vectors_of, whole_of)
from ._progress import Advance, reporting, size_of
from ._transport import Answer, Transport
from ._types import Frames, ImageLike, LabelScore, Progress, Provenance, Vectors
from ._zero_shot import label_directions, prompts_of, scores_of

Outcome = tuple[int, Union[Vectors, Error]]
"""The position of an input and its vector [dimensions], or why it has none."""
Item = tuple[int, str, Any]

_ROW_ERRORS = (BadArgument, BadFile, Unsupported, TooLarge)


def _connect(settings: dict[str, Any]) -> Client:
    """For pickle. The key is part of what it holds."""
    return Client(**settings)


class Client(EncodeApi):
    """A model behind the URL of ``mi2 serve`` or of any server that answers ``POST /score`` as Azure ML does.

    Requests of several rows are sent in parallel. One that is refused for load (429, 503), or that fails on the way, is
    sent again: after the seconds that Retry-After says, else after a growing, jittered pause.

    :param url: of the server ("https://host:5001") or of its /score.
    :param api_key: sent as ``Authorization: Bearer``, without blanks around it; never part of a message.
    :param profile: "raw", as :func:`load` has it, "azure", as the hosted endpoint prepares images, "toolkit" or "mcp"; None:
        the server's own, which is "azure" unless its operator says otherwise. A server that does not confirm another one
        than "azure" is an error, since its vectors would be others.
    :param azure_size: pixels, for "azure".
    :param azure_quality: JPEG quality 1 to 100, for "azure".
    :param rows: images or texts per request.
    :param workers: requests at once.
    :param timeout: seconds to wait for an answer.
    :param retries: of one request.
    :param max_wait: seconds between two tries at most, whatever Retry-After says.
    :param ca_certs: a file of certificates to trust, in place of the system's.
    """

    def __init__(self, url: str, *, api_key: str | None = None, profile: str | None = "raw",
                 azure_size: int | None = None, azure_quality: int | None = None, rows: int = 8, workers: int = 4,
                 timeout: float = 120.0, retries: int = 5, max_wait: float = 60.0,
                 ca_certs: str | None = None) -> None:
        rows, workers = whole_of(rows, "rows", 1, 1_000_000), whole_of(workers, "workers", 1, 1024)
        timeout, max_wait = real_of(timeout, "timeout", 1e-3, 1e9), real_of(max_wait, "max_wait", 0, 1e9)
        retries = whole_of(retries, "retries", 0, 1_000_000)
        for name, number in (("azure_size", azure_size), ("azure_quality", azure_quality)):
            if number is not None:
                whole_of(number, name, 0, 2**31 - 1)
        if profile is not None:
            text_of(profile, "profile")
        if ca_certs is not None:
            ca_certs, = paths_of(ca_certs, "ca_certs")
        self._settings = {"url": url, "api_key": api_key, "profile": profile, "azure_size": azure_size,
                          "azure_quality": azure_quality, "rows": rows, "workers": workers, "timeout": timeout,
                          "retries": retries, "max_wait": max_wait, "ca_certs": ca_certs}
        self._profile = profile
        self._rows = rows
        self._workers = workers
        self._transport = Transport(url, api_key, workers, timeout, retries, max_wait, ca_certs)
        self._params = {key: value for key, value in (
            ("profile", profile), ("image_standardization_image_size", azure_size),
            ("image_standardization_jpeg_compression_ratio", azure_quality)) if value is not None}
        self._probe: tuple[int, float, Provenance] | None = None

    def __repr__(self) -> str:
        return f"<medimageinsight.Client {self._transport.url}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _connect, (self._settings,)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes idle connections; the client can still be used."""
        self._transport.close()

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._about()[0]

    @property
    def logit_scale(self) -> float:
        """The logarithm: similarities are ``exp(logit_scale) * image @ text``."""
        return self._about()[1]

    @property
    def provenance(self) -> Provenance:
        """What results depend on, as the server's headers say; "" for what they do not say."""
        return self._about()[2]

    @overload
    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, ordered: Literal[True] = True,
                     frames: Frames | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True) -> Vectors: ...
    @overload
    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, ordered: Literal[False],
                     frames: Frames | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True) -> Iterator[tuple[int, Vectors]]: ...

    def embed_images(self, images: ImageLike | Iterable[ImageLike], *, ordered: bool = True,
                     frames: Frames | None = None, progress: Progress = None, on_error: Failure = None,
                     batch_size: int | None = None, show_progress_bar: bool | None = None,
                     normalize: bool = True) -> Vectors | Iterator[tuple[int, Vectors]]:
        """Unit vectors of images: float32 [images, dimensions], in order.

        :param images: as for :meth:`Model.embed_images`. Arrays are sent as PNG or TIFF, which needs Pillow.
        :param ordered: False: a generator of (position, vector [dimensions]) as answers come; memory stays small
            however many images there are.
        :param frames: of multi-frame DICOM and TIFF, the frame to embed: "middle", "first" or a number from 1. A
            selection of several is an error of the image; None: the server's own choice.
        :param on_error: as for :meth:`Model.embed_images`; if not ordered, the row is left out whatever it is.
        :param batch_size: images per request, over the client's rows.
        """
        options = Options(None, batch_size, progress, show_progress_bar, normalize)
        failures = Failures(on_error)
        self._refuse_vectors(images, "images")
        several = iterate(images)
        params = _frame_params(frames)
        outcomes = self._submit(self._held(several), _encode_image, "image", ordered, params, options.batch)
        return self._collect(outcomes, size_of(several), "image", ordered, options.progress, failures)

    @overload
    def embed_texts(self, texts: str | Iterable[str], *, ordered: Literal[True] = True, progress: Progress = None,
                    on_error: Failure = None, batch_size: int | None = None, show_progress_bar: bool | None = None,
                    normalize: bool = True) -> Vectors: ...
    @overload
    def embed_texts(self, texts: str | Iterable[str], *, ordered: Literal[False], progress: Progress = None,
                    on_error: Failure = None, batch_size: int | None = None, show_progress_bar: bool | None = None,
                    normalize: bool = True) -> Iterator[tuple[int, Vectors]]: ...

    def embed_texts(self, texts: str | Iterable[str], *, ordered: bool = True, progress: Progress = None,
                    on_error: Failure = None, batch_size: int | None = None, show_progress_bar: bool | None = None,
                    normalize: bool = True) -> Vectors | Iterator[tuple[int, Vectors]]:
        """Unit vectors of texts: float32 [texts, dimensions], in order; `ordered` as for images.

        :raises BadArgument: for an empty text, which to a server means that there is none.
        """
        options = Options(None, batch_size, progress, show_progress_bar, normalize)
        several = texts_of(texts)
        outcomes = self._submit(numbered_texts(several), _check_text, "text", ordered, {}, options.batch)
        return self._collect(outcomes, size_of(several), "text", ordered, options.progress, Failures(on_error))

    def classify(self, images: ImageLike | Iterable[ImageLike], labels: Sequence[str], *,
                 templates: str | Sequence[str] = ("{}",), multilabel: bool = False, frames: Frames | None = None,
                 progress: Progress = None, on_error: Failure = None, batch_size: int | None = None,
                 show_progress_bar: bool | None = None) -> list[list[LabelScore]]:
        """As :meth:`Model.classify`; the scores are computed here from the server's vectors."""
        names, directions = self._directions(labels, templates, multilabel)
        vectors = vectors_among(images, directions.shape[1])
        if vectors is None:
            vectors = self.embed_images(images, frames=frames, progress=progress, on_error=on_error,
                                        batch_size=batch_size, show_progress_bar=show_progress_bar)
        return scores_of(vectors, directions, names, self.logit_scale, multilabel)

    def classify_vectors(self, vectors: npt.ArrayLike, labels: Sequence[str], *,
                         templates: str | Sequence[str] = ("{}",), multilabel: bool = False) -> list[list[LabelScore]]:
        """As :meth:`Model.classify_vectors`."""
        names, directions = self._directions(labels, templates, multilabel)
        rows = vectors_of(vectors, directions.shape[1], missing=True)
        return scores_of(rows, directions, names, self.logit_scale, multilabel)

    def _directions(self, labels: Sequence[str], templates: str | Sequence[str],
                    multilabel: bool) -> tuple[list[str], Vectors]:
        names, around = labels_of(labels), templates_of(templates)
        prompts = prompts_of(names, around)
        one_label_alone(names, truth_of(multilabel, "multilabel"))
        return names, label_directions(self.embed_texts(prompts), len(around))

    def _about(self) -> tuple[int, float, Provenance]:
        """What one answer says about the model; asked once."""
        if self._probe is None:
            answer = self._post([["", "x-ray"]], {})
            vector = _feature(answer.body, 0, "text")
            scale = answer.body[0].get("scaling_factor")
            if isinstance(scale, bool) or not isinstance(scale, (int, float)):
                raise Internal(f"{self._transport.url}: the answer has no scaling_factor")
            headers = answer.headers
            self._probe = (len(vector), float(scale), Provenance(
                *(headers.get(f"x-mi2-{name}", "") for name in ("version", "weights-sha256", "profile", "dtype", "instructions"))))
        return self._probe

    def _post(self, data: list[list[str]], params: dict[str, Any]) -> Answer:
        return self._transport.post({
            "input_data": {"columns": ["image", "text"], "index": list(range(len(data))), "data": data},
            "params": {"get_scaling_factor": True, **self._params, **params}})

    def _refuse_vectors(self, image: object, name: str) -> None:
        """The server is asked for its dimensions only where they decide. :raises BadArgument: as refuse_vectors."""
        array = array_of(image, name) if is_tensor(image) else image
        if isinstance(array, np.ndarray) and array.ndim > 0 and (
                are_vectors(array, array.shape[-1]) or may_be_vectors(array, array.shape[-1])):
            refuse_vectors(array, name, self.dimensions)

    def _held(self, images: Iterable[ImageLike]) -> Iterator[Item]:
        """Looked at where the caller's loop runs, which may close or overwrite an image once it is asked for the next."""
        for index, name, image in numbered(images):
            try:
                self._refuse_vectors(image, name)
                yield index, name, held(image, name)
            except Error as error:
                yield index, name, error

    def _submit(self, items: Iterator[Item], encode: Callable[[Any, str], str], kind: str,
                ordered: bool, params: dict[str, Any], rows: int | None) -> Iterator[list[Outcome]]:
        """Requests of `rows` or self._rows items, at most twice as many waiting as are sent at once.

        Who stops early does not wait for the requests that are on their way: it may be the garbage collector, on a thread
        that is just starting and holds the lock that joining another one takes.
        """
        pool = ThreadPoolExecutor(self._workers)
        waiting: deque[Future[list[Outcome]]] = deque()
        try:
            while True:
                while len(waiting) < 2 * self._workers and (some := list(islice(items, rows or self._rows))):
                    waiting.append(pool.submit(self._request, some, encode, kind, params))
                if not waiting:
                    return
                first = waiting[0] if ordered else next(iter(wait(waiting, return_when=FIRST_COMPLETED).done))
                waiting.remove(first)
                yield first.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _request(self, items: list[Item], encode: Callable[[Any, str], str], kind: str,
                 params: dict[str, Any]) -> list[Outcome]:
        """One request. If it is refused for a row's sake, each row is asked for alone, so that the others get theirs."""
        rows: dict[str, list[str]] = {}
        outcomes: dict[str, Vectors | Error] = {}
        for _, name, value in items:
            try:
                row = encode(value, name)
                rows[name] = [row, ""] if kind == "image" else ["", row]
            except NotInstalled:  # no fault of the row
                raise
            except Error as error:
                outcomes[name] = error
        outcomes.update(self._vectors(rows, kind, params))
        return [(index, outcomes[name]) for index, name, _ in items]

    def _vectors(self, rows: dict[str, list[str]], kind: str,
                 params: dict[str, Any]) -> dict[str, Vectors | Error]:
        if not rows:
            return {}
        try:
            answer = self._post(list(rows.values()), params)
        except _ROW_ERRORS as error:
            if len(rows) == 1:
                return {name: type(error)(f"{name}: {error}") for name in rows}
            alone = [self._vectors({name: row}, kind, params) for name, row in rows.items()]
            return {name: found for one in alone for name, found in one.items()}
        if kind == "image":
            self._check_profile(answer)
        body = answer.body
        if not isinstance(body, list) or len(body) != len(rows):
            raise Internal(f"{self._transport.url}: {len(rows)} rows were sent, the answer has another number")
        if "frames" in params and not all(_names_frames(row) for row in body):
            raise Unsupported(f"{self._transport.url}: the server passed over frames='{params['frames']}'; mi2 0.2 or "
                              "later knows it")
        return {name: _feature(body, i, kind) for i, name in enumerate(rows)}

    def _check_profile(self, answer: Answer) -> None:
        """Other servers pass over what they do not know: the answer has to say that it was done."""
        found = answer.headers.get("x-mi2-profile")
        if self._profile in (None, found) or (found is None and self._profile == "azure"):
            return
        raise Unsupported(f"{self._transport.url}: the server prepared images as {found or 'it does'}, not as "
                          f"'{self._profile}'; pass profile='azure' for a hosted endpoint, or None for the server's own")

    def _collect(self, outcomes: Iterator[list[Outcome]], total: int | None, unit: str, ordered: bool,
                 progress: Progress, failures: Failures) -> Vectors | Iterator[tuple[int, Vectors]]:
        if not truth_of(ordered, "ordered"):
            return self._stream(outcomes, total, unit, progress, failures)
        rows: list[Vectors | None] = []
        with reporting(progress, total, unit) as advance:
            for some in outcomes:
                rows += [_told(index, found, failures) for index, found in some]
                advance(len(some))
        width = next((len(row) for row in rows if row is not None), None) or self.dimensions
        result = np.full((len(rows), width), np.nan, dtype=np.float32)
        for index, row in enumerate(rows):
            if row is not None:
                result[index] = row
        return result[kept(result)] if failures.skips else result

    @staticmethod
    def _stream(outcomes: Iterator[list[Outcome]], total: int | None, unit: str, progress: Progress,
                failures: Failures) -> Iterator[tuple[int, Vectors]]:
        advance: Advance
        with reporting(progress, total, unit) as advance:
            for some in outcomes:
                for index, found in some:
                    row = _told(index, found, failures)
                    if row is not None:
                        yield index, row
                advance(len(some))


def _told(index: int, found: Vectors | Error, failures: Failures) -> Vectors | None:
    if not isinstance(found, Error):
        return found
    failures(index, found)
    return None


def _frame_params(frames: Frames | None) -> dict[str, Any]:
    """What chooses frames. Other servers pass over what they do not know: the answer has to say that it was chosen."""
    selection = None if frames is None else selection_of(frames)
    return {} if selection in (None, "middle") else {"frames": selection, "provenance": True}


def _names_frames(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("provenance"), dict) and "frames" in row["provenance"]


def _encode_image(image: Any, name: str) -> str:
    if isinstance(image, Error):
        raise image
    return base64.b64encode(encoded(image, name)).decode()


def _check_text(text: str, name: str) -> str:
    if not text_of(text, name):
        raise BadArgument(f"{name}: empty")
    return text


def _feature(body: Any, row: int, kind: str) -> Vectors:
    """The vector [dimensions] of a row: [[..]] in the answer."""
    try:
        vector: Vectors = np.asarray(body[row][f"{kind}_features"], dtype=np.float32)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Internal(f"the answer's row {row} has no {kind}_features") from error
    if vector.ndim != 2 or vector.shape[0] != 1:
        raise Internal(f"the answer's row {row}: expected {kind}_features of shape (1, dimensions), got {vector.shape}")
    return vector.reshape(-1)

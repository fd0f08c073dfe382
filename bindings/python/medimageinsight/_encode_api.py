"""The names and arguments that users of other embedding libraries know."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ._errors import BadArgument, Error, NotInstalled
from ._images import iterate
from ._inputs import Failure, Failures, is_name_of_file, truth_of
from ._types import ImageLike, Vectors


class EncodeApi:
    """``encode`` over ``embed_images`` and ``embed_texts`` of the class that has this one."""

    @property
    def dimensions(self) -> int:
        """Of the class that has this one."""
        raise NotImplementedError

    def get_sentence_embedding_dimension(self) -> int:
        """The length of a vector."""
        return self.dimensions

    def encode_text(self, texts: str | Iterable[str], **options: Any) -> Vectors:
        """As embed_texts."""
        api: Any = self
        vectors: Vectors = api.embed_texts(texts, **options)
        return vectors

    def encode_image(self, images: ImageLike | Iterable[ImageLike], **options: Any) -> Vectors:
        """As embed_images."""
        api: Any = self
        vectors: Vectors = api.embed_images(images, **options)
        return vectors

    def encode(self, inputs: Any, *, batch_size: int = 32, show_progress_bar: bool | None = None,
               normalize_embeddings: bool = True, convert_to_numpy: bool = True, convert_to_tensor: bool = False,
               on_error: Failure = None) -> Any:
        """Vectors of texts (str) and images (everything else: pathlib.Path, PIL images, arrays, bytes), in any mix.

        :param inputs: one, which gives a vector [dimensions], or several, which give [inputs, dimensions].
        :param convert_to_tensor: gives a torch.Tensor.
        :param on_error: as for embed_images; a function is called with the position among the inputs. With "skip", one input
            that cannot be read gives [0, dimensions].
        :raises BadArgument: a text that is also the name of a file, which may be meant as an image.
        """
        del convert_to_numpy
        if not truth_of(normalize_embeddings, "normalize_embeddings"):
            raise BadArgument("normalize_embeddings: the model's vectors have length 1; False is not there")
        failures = Failures(on_error)
        single = isinstance(inputs, str)
        several: list[Any] = [inputs] if single else list(iterate(inputs))
        single = single or (len(several) == 1 and several[0] is inputs)
        texts = [i for i, one in enumerate(several) if isinstance(one, str)]
        for i in texts:
            if is_name_of_file(several[i]):
                raise BadArgument(f"inputs[{i}]: is a text and also the name of a file; expected pathlib.Path for an image "
                                  "(or embed_images), embed_texts for a text")
        images = [i for i, one in enumerate(several) if not isinstance(one, str)]
        api: Any = self
        vectors = np.empty((len(several), self.dimensions), dtype=np.float32)
        good = np.ones(len(several), dtype=np.bool_)

        def failed_among(places: list[int]) -> Callable[[int, Error], None] | None:
            def failed(index: int, error: Error) -> None:
                good[places[index]] = False
                failures(places[index], error)

            return None if failures.raises else failed

        if texts:
            vectors[texts] = api.embed_texts([several[i] for i in texts], show_progress_bar=show_progress_bar,
                                             on_error=failed_among(texts))
        if images:
            vectors[images] = api.embed_images([several[i] for i in images], batch_size=batch_size,
                                               show_progress_bar=show_progress_bar, on_error=failed_among(images))
        if failures.skips:
            vectors = vectors[good]
        result = vectors[0] if single and len(vectors) else vectors
        return _tensor_of(result) if truth_of(convert_to_tensor, "convert_to_tensor") else result


def _tensor_of(vectors: Vectors) -> Any:
    try:
        import torch
    except ImportError as error:
        raise NotInstalled("convert_to_tensor: torch is not installed: pip install torch") from error
    return torch.from_numpy(vectors)

"""The patches of images: their vectors, and maps of where in an image something is."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ._core import Embedder, Rows
from ._errors import BadArgument
from ._inputs import numbers_of, vectors_among
from ._types import ImageLike, Vectors


class PatchApi:
    """Over ``embed_images`` and ``embed_texts`` of the class that has this one."""

    _core: Embedder

    @property
    def dimensions(self) -> int:
        """Of the class that has this one."""
        raise NotImplementedError

    @property
    def token_grid(self) -> tuple[int, int, int]:
        """(height, width, channels) of the grid of patches that the image tower ends in: (15, 15, 2048) for the published
        model."""
        return self._core.token_grid

    @property
    def patch_edges(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(y, x): where the patches of :attr:`token_grid` meet in an image, in parts of its height and width: float64
        [height + 1] and [width + 1], from 0 to 1. The first and the last patch are of other sizes than the rest."""
        y, x = self._core.patch_edges()
        return np.array(y), np.array(x)

    def embed_patches(self, tokens: npt.ArrayLike) -> Vectors:
        """Unit vectors of patches: each through the norm and the projection that a vector's mean of patches goes through.

        :param tokens: of :meth:`embed_images` with ``return_tokens``: floats [.., channels].
        :returns: float32 [.., dimensions].
        :raises BadArgument: of another number of channels; Unsupported: a result is not finite.
        """
        numbers = numbers_of(tokens, "tokens")
        channels = self.token_grid[2]
        if numbers.ndim == 0 or numbers.shape[-1] != channels:
            raise BadArgument(f"tokens: expected [.., {channels}], got {list(numbers.shape)}")
        rows = Rows(self.dimensions)
        self._core.embed_patches(np.ascontiguousarray(numbers.reshape(-1, channels)), rows)
        vectors: Vectors = rows.take().reshape(*numbers.shape[:-1], self.dimensions)
        return vectors

    def heatmap(self, image: ImageLike, queries: str | Iterable[str] | npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Where in an image texts or other images are: the cosine of each of its patches with each query.

        A map has the resolution of :attr:`token_grid`, and its cells lie where :attr:`patch_edges` says.

        :param image: one image, as for :meth:`embed_images`.
        :param queries: one text or any iterable of texts; or vectors of this model, float [queries, dimensions] or
            [dimensions], of images or texts.
        :returns: float32 [queries, height, width], from -1 to 1.
        :raises BadArgument: several images or frames, no query, or a text that is not Unicode; BadFile, Unsupported,
            TooLarge, NotFound: naming the image.
        """
        api: Any = self
        vectors: Vectors | None = vectors_among(queries, self.dimensions)
        if vectors is None:
            vectors = api.embed_texts(queries)
        if len(vectors) == 0:
            raise BadArgument("queries: expected at least one")
        tokens = api.embed_images(image, return_tokens=True).tokens
        if len(tokens) != 1:
            raise BadArgument(f"image: expected one image, got {len(tokens)}")
        patches = self.embed_patches(tokens[0]).astype(np.float64)
        units = vectors.astype(np.float64)
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        height, width, _ = self.token_grid
        maps: npt.NDArray[np.float32] = (units @ patches.T).astype(np.float32).reshape(-1, height, width)
        return maps

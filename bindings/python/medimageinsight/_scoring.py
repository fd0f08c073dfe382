"""The contracts of the hosted model without a server: requests in, answers out. The C++ service does the work."""
from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypedDict

from . import _core
from ._errors import NotFound


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    content_type: str
    headers: list[tuple[str, str]]
    body: bytes


class Scorer:
    """One model and its contracts, as ``mi2 serve`` answers them.

    :param model: a model's folder, a packed file, or a folder with one of them below it.
    :param device: "cpu", "cuda", "cuda:N", "auto" or "torch".
    :param profile: of images, unless a request says otherwise.
    """

    def __init__(self, model: str | os.PathLike[str], *, dtype: str = "", device: str = "cpu",
                 profile: str = "azure", threads: int = 0) -> None:
        self._core = _core.Scorer(find_model(Path(model)), dtype=dtype, device=device, threads=threads, profile=profile)

    def answer(self, method: str, path: str, body: bytes, headers: list[tuple[str, str]] | None = None) -> Answer:
        """Answers a request; a bad one too. headers: names in lower case."""
        return Answer(*self._core.answer(method, path, headers or [("content-type", "application/json")], body))


def find_model(folder: Path) -> Path:
    """The model in a folder that a registry laid out: itself, or the only one below it, three levels deep.

    :raises NotFound: none, or several.
    """
    if folder.is_file() or (folder / "config.yaml").is_file():
        return folder
    below = [path for depth in ("*", "*/*", "*/*/*") for path in sorted(folder.glob(depth))
             if path.suffix == ".mi2" or (path / "config.yaml").is_file()]
    if len(below) != 1:
        raise NotFound(f"{folder}: expected one model (config.yaml and weights, or *.mi2), got {len(below)}")
    return below[0]


class Settings(TypedDict):
    """Options of Scorer."""

    dtype: str
    device: str
    profile: str


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The options of a deployment: MI2_DTYPE, MI2_DEVICE and MI2_PROFILE."""
    return {"dtype": environment.get("MI2_DTYPE", ""), "device": environment.get("MI2_DEVICE", "") or "cpu",
            "profile": environment.get("MI2_PROFILE", "") or "azure"}

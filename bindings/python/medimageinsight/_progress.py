"""Progress of many inputs: a function, tqdm if it is installed, or nothing."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from ._types import Progress

Advance = Callable[[int], None]


def size_of(inputs: Any) -> int | None:
    """How many there are, if that can be known before the last."""
    try:
        return len(inputs)
    except TypeError:
        return None


@contextmanager
def reporting(progress: Progress, total: int | None, unit: str) -> Iterator[Advance]:
    """Gives a function to be called with how many more are done."""
    done = 0
    if progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            progress = None
        else:
            with tqdm(total=total, unit=unit) as bar:
                yield lambda count: bar.update(count)
            return

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if callable(progress):
            progress(done, total)

    yield advance

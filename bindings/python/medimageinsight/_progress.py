"""Progress of many inputs: a function, tqdm if it is installed, or nothing."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from ._types import Progress

Advance = Callable[[int], None]

Stage = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many; 0: not known."""


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


@contextmanager
def staged(progress: Progress, unit: str) -> Iterator[Stage]:
    """Gives a function for a task of several stages: each counts from 0, and has a bar of its own."""
    if progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            progress = None
        else:
            bars: dict[str, Any] = {}

            def draw(stage: str, done: int, total: int) -> None:
                if stage not in bars:
                    for bar in bars.values():
                        bar.close()
                    bars[stage] = tqdm(total=total or None, unit=unit, desc=stage)
                bars[stage].update(done - bars[stage].n)

            try:
                yield draw
            finally:
                for bar in bars.values():
                    bar.close()
            return

    def show(stage: str, done: int, total: int) -> None:
        if callable(progress):
            progress(done, total or None)

    yield show

"""Evidence cards: what a search of an archive asked, searched and found, so that it can be repeated to the last bit."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import _core
from ._archive_inputs import folder_of, require_archives

if TYPE_CHECKING:
    from ._types import Path


class Card:
    """The evidence of a search: :meth:`Archive.search` makes it with ``card=True``, :meth:`load` reads it.

    It holds the query's words and vectors, and of the results UIDs, tags and scores, but no path.
    """

    __slots__ = ("_core",)

    def __init__(self, core: _core.ArchiveCard) -> None:
        self._core = core

    @classmethod
    def load(cls, path: Path) -> Card:
        """Reads a card's JSON file, and compares it with its own hash. Its thumbnails are only in the page beside it.

        :raises NotFound: no such file; BadFile: no card, or one that was changed; Unsupported: of another version.
        """
        require_archives("Card")
        return cls(_core.archive_card_read(folder_of(path, "path")))

    @property
    def id(self) -> str:
        """SHA-256 of the JSON without this member, 64 hexadecimal digits."""
        return self._core.id

    @property
    def json(self) -> str:
        """The card's one form as JSON, in a line: ``json.loads`` reads it. docs/archive-cards.md names the members."""
        return self._core.json

    @property
    def html(self) -> str:
        """The page for people: it needs no other file, no script and no network."""
        return self._core.html()

    def save(self, folder: Path) -> Card:
        """Adds the card and its page to a folder, as ``mi2 index search --cards``, behind the card that was the last there.

        :param folder: made if it is not there. Any number of processes may add to one at the same time.
        :returns: the card as it is in the folder: it names the one before, and so has another id unless it is the first.
        :raises BadFile: the folder cannot be written, or its chain is damaged; TooLarge: the folder is full.
        """
        return Card(self._core.save(folder_of(folder, "folder")))

    def __eq__(self, other: object) -> bool:
        return self.json == other.json if isinstance(other, Card) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.json, self._core.thumbnails)

    def __repr__(self) -> str:
        return f"<medimageinsight.Card {self.id[:12]}>"


class Difference(NamedTuple):
    """One thing that is not as a card has it."""

    what: str
    """"erased", "missing", "new", "rank", "score", "object", "verdict" or "searched"."""
    rank: int
    """Of the result, on the card; of "new", now; 0: of none."""
    text: str


class Replay(NamedTuple):
    """What a card's search finds now, beside what it found then."""

    card: str
    """The card's id."""
    differences: list[Difference]
    notes: list[str]
    """What does not make the results others, but is to be known."""

    @property
    def same(self) -> bool:
        """Whether nothing differs, to the last bit."""
        return not self.differences


def replay_of(found: dict[str, Any]) -> Replay:
    """Of an object of _core."""
    return Replay(found["card"], [Difference(row["what"], row.get("rank", 0), row["text"]) for row in found["differences"]],
                  found["notes"])


def card_of(card: Card | Path) -> Card:
    """A card, or that of a file."""
    return card if isinstance(card, Card) else Card.load(card)


def _restored(text: str, thumbnails: list[bytes]) -> Card:
    """For pickle and copy."""
    require_archives("Card")
    return Card(_core.archive_card_restore(text, thumbnails))

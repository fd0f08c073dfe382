"""One exception class for each code of mi2::Error; include/mi2/error.hpp has the table."""
from __future__ import annotations

__all__ = ["BY_CODE", "BadArgument", "BadFile", "Error", "Internal", "NotFound", "NotInstalled", "Overloaded",
           "TooLarge", "Unauthorized", "Unsupported", "WrongType"]


class Error(Exception):
    """Everything that medimageinsight raises on purpose. The message says where, what was expected and what was found."""

    code: str = "internal"
    """Stable, for machines: "bad_argument", "bad_file", .."""


class BadArgument(Error, ValueError):
    """The caller asked for something that makes no sense."""

    code = "bad_argument"


class WrongType(BadArgument, TypeError):
    """An argument is of a type that makes no sense there, or missing: None, NaN."""


class BadFile(Error):
    """A file or bytes do not hold what they should: truncated, corrupt, a tensor missing."""

    code = "bad_file"


class Unsupported(Error):
    """Well-formed, but of a kind that is not read."""

    code = "unsupported"


class NotInstalled(Unsupported, ImportError):
    """A package that this needs is not installed. The message says what to install."""


class TooLarge(Error):
    """Over a limit on bytes, pixels or rows."""

    code = "too_large"


class Overloaded(Error):
    """A server's queue is full, and was on every retry."""

    code = "overloaded"


class NotFound(Error, FileNotFoundError):
    """No such file, model or route."""

    code = "not_found"


class Unauthorized(Error, PermissionError):
    """A server wants an API key, or another one."""

    code = "unauthorized"


class Internal(Error):
    """A defect of mi2, a failing machine, or a server that cannot be reached."""

    code = "internal"


BY_CODE: dict[str, type[Error]] = {
    error.code: error
    for error in (BadArgument, BadFile, Unsupported, TooLarge, Overloaded, NotFound, Unauthorized, Internal)}

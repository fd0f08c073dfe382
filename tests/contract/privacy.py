"""What tests sent to a server, to be looked for in its log: payloads, texts, keys, identifiers."""
import json

PIECE = 24  # letters: a leak of twice as many holds a whole aligned piece
KEY_HEADERS = ("authorization", "api-key", "x-api-key")


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


class Sent:
    """Collects what must not be in a log."""

    def __init__(self):
        self.secrets = set()

    def add(self, body, headers):
        for name, value in (headers or {}).items():
            if name.lower() in KEY_HEADERS:
                self.secrets.add(value.rsplit(" ", 1)[-1])
        if isinstance(body, dict):
            # A short word without a space may well be a parameter's value or a model's name.
            self.secrets.update(text for text in _strings(body) if len(text) >= PIECE or " " in text.strip())

    def found_in(self, log):
        """What of it the log has: short secrets as a whole, of longer ones a piece."""
        pieces = {log[i:i + PIECE] for i in range(len(log) - PIECE + 1)}
        found = set()
        for secret in filter(str.strip, self.secrets):
            if len(secret) < PIECE:
                found.update([secret] if secret in log else [])
            else:
                found.update(pieces.intersection(secret[i:i + PIECE] for i in range(0, len(secret) - PIECE + 1, PIECE)))
        return sorted(found)

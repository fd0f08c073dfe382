#!/usr/bin/env python3
"""Writes the character tables of the text repairs: html_entities.txt, char_classes.txt, charmaps.txt.

Usage: make_tables.py [--check]        (needs Python 3.11 and ftfy 6.3.1; the folder of this script is the target)
The tables are facts about Unicode, HTML and legacy encodings, plus ftfy's choice of which characters count as
signs of mojibake; README.md in this folder describes the formats.
"""
import pathlib
import sys

import ftfy.bad_codecs
from ftfy import badness, chardata

FOLDER = pathlib.Path(__file__).resolve().parent
CLASSES = ["bad", "law", "currency", "start_punctuation", "end_punctuation", "numeric", "kaomoji", "upper_accented",
           "lower_accented", "upper_common", "lower_common", "box", "common", "c1", "utf8_first_of_2",
           "utf8_first_of_3", "utf8_first_of_4", "utf8_continuation", "utf8_continuation_strict"]


def members(spec):
    """The code points of a character class written as regular expressions write them: 'a-zXY'."""
    found, i = set(), 0
    while i < len(spec):
        if spec[i] == "\\":  # an escaped character stands for itself
            i += 1
        last = i + 2 if spec[i + 1:i + 2] == "-" and i + 2 < len(spec) else i
        found.update(range(ord(spec[i]), ord(spec[last]) + 1))
        i = last + 1
    return found


def classes():
    masks = {}
    for bit, name in enumerate(CLASSES):
        spec = badness.MOJIBAKE_CATEGORIES.get(name) or chardata.UTF8_CLUES[name]
        for code in members(spec):
            masks[code] = masks.get(code, 0) | 1 << bit
    return "".join(f"{code:x} {mask:x}\n" for code, mask in sorted(masks.items()))


def entities():
    rows = sorted(chardata.HTML_ENTITIES.items())
    return "".join(f"{name[1:-1]} {' '.join(f'{ord(c):x}' for c in text)}\n" for name, text in rows)


def charmaps():
    upper = bytes(range(128, 256))
    lines = []
    for name in chardata.CHARMAP_ENCODINGS:
        lines.append(name + " " + " ".join(f"{ord(c):x}" for c in upper.decode(name)) + "\n")
    return "".join(lines)


def main():
    for name, text in {"char_classes.txt": classes(), "html_entities.txt": entities(),
                       "charmaps.txt": charmaps()}.items():
        path = FOLDER / name
        if sys.argv[1:] != ["--check"]:
            path.write_text(text, encoding="ascii")
        elif path.read_text(encoding="ascii") != text:
            sys.exit(f"{path}: differs from what this script makes")


if __name__ == "__main__":
    main()

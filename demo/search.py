#!/usr/bin/env python3
"""Search the demo's archive by text and by a picture, and print where the evidence card of each search is.

    search.py PROGRAM MODEL EXAMPLES ARCHIVE CARDS
"""
import pathlib
import re
import shlex
import subprocess
import sys

# Of one of the pictures: the verdicts say that nothing else matches.
TEXT = "fundus photograph retina diabetic retinopathy"
# The first that could be gathered; the last one comes with a package that the demo needs anyway.
PICTURES = ["ct-head-60.dcm", "histology.png", "mr-small.dcm"]


def search(program, model, archive, cards, *query):
    """Runs a search, prints it with what was found, and returns the page of its card."""
    command = [str(word) for word in (program, "index", "search", "--model", model, archive, *query, "--by", "image", "-k", 4,
                                      "--cards", cards)]
    print("\n$", shlex.join(command), flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    page = re.search(r"^mi2: card (.+\.html)$", done.stderr, re.MULTILINE)
    if done.returncode != 0 or page is None:
        sys.exit(f"demo: {done.stderr}")
    print(done.stdout, end="")
    return pathlib.Path(page[1])


def main():
    program, model, examples, archive, cards = (pathlib.Path(argument) for argument in sys.argv[1:6])
    picture = next(examples / name for name in PICTURES if (examples / name).exists())
    pages = [search(program, model, archive, cards, "--text", TEXT), search(program, model, archive, cards, "--image", picture)]
    print("\nEach search has an evidence card: what was asked, searched and found, with the pictures. Open its page in a browser:")
    for page in pages:
        print(f"  file://{page.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

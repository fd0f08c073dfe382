"""What tests of mi2 index look at."""
import json
import re

import numpy as np
from catalog_support import table  # noqa: F401


def stats(mi2, archive):
    return json.loads(mi2("index", "stats", str(archive), "--format", "json", with_model=False).stdout)


def totals(mi2, archive):
    return stats(mi2, archive)["totals"]


def exported(mi2, archive, folder, kind="images"):
    """Names, frames and vectors of an archive."""
    out = folder / f"export-{kind}.npy"
    mi2("index", "export", str(archive), "--out", str(out), "--kind", kind, "--force", with_model=False)
    rows = [json.loads(line) for line in (folder / f"export-{kind}.npy.rows.jsonl").read_text().splitlines()]
    return [row["path"] for row in rows if "path" in row], np.load(out)


def query(mi2, archive, *arguments, **options):
    return mi2.rows("index", "search", str(archive), "--format", "jsonl", *map(str, arguments), **options)


def sound(mi2, archive, status=0):
    return mi2("index", "verify", "--deep", str(archive), with_model=False, status=status).errors


def add(mi2, archive, *arguments, **options):
    return mi2("index", "add", str(archive), *map(str, arguments), **options).errors


def added(errors):
    return int(re.search(r"(\d+) images added", errors)[1])

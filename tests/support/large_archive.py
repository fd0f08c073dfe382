"""Archives of many rows within seconds, shaped as a hospital's: series of slices that hardly differ, studies of a few
series, patients of a few studies, with what headers say of them. The program makes the archive, of two images; the rows
beside those are written here as docs/archive.md says, which `mi2 index verify --deep` checks. To be read only: rows share
their thumbnails.

    large_archive.py PROGRAM MODEL FOLDER [IMAGES]      IMAGES: 100000
"""
import ctypes
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from catalog_support import packed  # noqa: E402
from dicom_studies import slice_of, write  # noqa: E402

SEGMENT_ROWS, HEADER = 262_144, 64
MODALITIES, BODY_PARTS = ["CT", "MR", "CR", "US", "PT"], ["CHEST", "HEAD", "ABDOMEN", "KNEE", "PELVIS"]
SITES, PLANES = ["north", "south", None], ["axial", "coronal", "sagittal"]
_CRC32C = np.zeros(256, np.uint32)
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = _value >> 1 ^ (0x82F63B78 if _value & 1 else 0)
    _CRC32C[_byte] = _value


@dataclass
class Rows:
    """What is in the archive, row by row, and so by the numbers of its items: vectors [rows, dimensions], and of each row
    an index or a value; texts are "" where the archive has none. `pooled`: whether it is the mean of a series. The first
    three, of the program's own making, are of a study, series and patient -1."""
    vectors: np.ndarray
    pooled: np.ndarray
    study: np.ndarray
    series: np.ndarray
    patient: np.ndarray
    modality: np.ndarray
    body_part: np.ndarray
    site: np.ndarray
    date: np.ndarray

def _uid(kind, number):
    return f"2.25.{kind}{number:09}"


def crc32c(rows):
    """Of each row's bytes: [rows] uint32."""
    found = np.empty(len(rows), np.int64)
    for first in range(0, len(rows), 8192):
        columns = np.ascontiguousarray(rows[first:first + 8192]).view(np.uint8).T.copy()
        value = np.full(columns.shape[1], 0xFFFFFFFF, np.uint32)
        for column in columns:
            value = _CRC32C[(value ^ column) & 0xFF] ^ (value >> np.uint32(8))
        found[first:first + 8192] = ~value
    return found & 0xFFFFFFFF


def _unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def _skeleton(program, model, folder, thumbnails):
    """An archive of a study of two slices, whose thumbnails have the usual size."""
    files = folder / "skeleton"
    for number in range(2):
        data = slice_of("skeleton", 0, number, patient="P0", StudyDate="20200115")
        data.PixelData = np.kron(data.pixel_array, np.ones((8, 8), data.pixel_array.dtype)).tobytes()
        data.Rows = data.Columns = 256
        write(files / f"{number}.dcm", data)
    subprocess.run([program, "index", "add", "--quiet", "--model", model, *([] if thumbnails else ["--no-thumbnails"]),
                    folder / "archive", files], check=True)
    return folder / "archive"


def _choose(random, values, count, weights=None):
    return [values[i] for i in random.choice(len(values), count, p=weights)]


class _Plan:
    """Which series there are: of `slices` each, with the study, patient and words of each."""

    def __init__(self, images, random):
        slices = random.integers(8, 59, images // 8)
        slices = slices[:int(np.searchsorted(np.cumsum(slices), images, side="right")) + 1]
        slices[-1] -= slices.sum() - images
        self.slices = slices[slices > 0]
        count = len(self.slices)
        self.study = np.minimum(np.arange(count) // 2, count // 2)
        studies = int(self.study[-1]) + 1
        self.patient = (np.arange(studies) * 2 // 3)[self.study]
        dates = np.datetime64("2018-01-01") + random.integers(0, 2900, studies)
        self.date = np.where(random.random(studies) < 0.02, "", dates.astype(str))[self.study]
        self.site = np.array([site or "" for site in _choose(random, SITES, studies)])[self.study]
        self.modality = np.array(_choose(random, MODALITIES, studies, [0.5, 0.3, 0.1, 0.05, 0.05]))[self.study]
        self.body_part = np.array(_choose(random, BODY_PARTS, count))
        self.plane = np.array(_choose(random, PLANES, count))


def _vectors(plan, dimensions, random):
    """The slices of each series and, behind them, their mean. @returns them, and the series and slice of each row."""
    axis = _unit(random.standard_normal(dimensions))
    parts, series, place = [], [], []
    for number, count in enumerate(plan.slices):
        centre, along = _unit(random.standard_normal((2, dimensions), dtype=np.float32))
        at = np.linspace(-0.5, 0.5, count, dtype=np.float32)[:, None]
        noise = 0.01 * _unit(random.standard_normal((count, dimensions), dtype=np.float32))
        rows = _unit(axis + 0.8 * centre + 0.3 * at * along + noise)
        parts += [rows, _unit(rows.astype(np.float64).mean(axis=0))[None]]
        series += [np.full(count + 1, number)]
        place += [np.append(np.arange(count), -1)]
    return np.concatenate(parts), np.concatenate(series), np.concatenate(place)


def _fill(catalog, plan, rows, series, place):
    """Everything of the catalog that `mi2 index add` writes of images of a folder."""
    def first(table, column="id"):
        return catalog.execute(f"SELECT coalesce(max({column}), 0) + 1 FROM {table}").fetchone()[0]

    def fill(table, columns, values):
        marks = ", ".join("?" * (columns.count(",") + 1))
        catalog.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
    row0 = first("item")
    patient0, study0, series0, instance0, seq0 = first("patient"), first("study"), first("series"), first("instance"), \
        first("change", "seq")
    now = catalog.execute("SELECT max(at) FROM change").fetchone()[0]
    start = np.searchsorted(plan.study, np.arange(int(plan.study[-1]) + 1))  # the first series of each study
    fill("patient", "id, key, birth_year", ((patient0 + number, hashlib.sha256(b"patient %d" % number).digest(), 1950)
                                            for number in range(int(plan.patient[-1]) + 1)))
    fill("study", "id, uid, patient, date, site", (
        (study0 + n, _uid("1", n), patient0 + int(plan.patient[s]), str(plan.date[s]) or None, str(plan.site[s]) or None)
        for n, s in enumerate(start)))
    fill("series", "id, uid, study, modality, body_part, station, plane", (
        (series0 + n, _uid("2", n), study0 + int(plan.study[n]), str(plan.modality[n]), str(plan.body_part[n]),
         f"{plan.modality[n]}-{plan.study[n] % 7}", str(plan.plane[n])) for n in range(len(plan.slices))))
    live = np.bincount(plan.study[series[place >= 0]])
    fill("change", "seq, at, what, rows", ((seq0 + n, now, "add", int(count)) for n, count in enumerate(live)))
    frames = [(instance0 + i, int(row), int(series[row]), int(place[row]))
              for i, row in enumerate(np.flatnonzero(place >= 0))]
    sha256 = {row: hashlib.sha256(b"image %d" % row).digest() for _, row, _, _ in frames}
    folder0 = first("folder")
    fill("folder", "id, path", ((folder0 + n, f"/generated/{study}/{n}/") for n, study in enumerate(plan.study)))
    fill("lot", "id, source, sop_class, transfer_syntax, frames, slices", [
        (lot0 := first("lot"), 1, "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", 1, "all")])
    fill("instance", "id, sop_uid, series, number, lot, folder, name, stamp, file_sha256", (
        (i, packed(_uid("3", row)), series0 + s, at, lot0, folder0 + s, f"{at:04}.dcm",
         int.from_bytes(sha256[row][:6], "little", signed=True), sha256[row]) for i, row, s, at in frames))
    crc = crc32c(rows)
    items = [(row0 + row, None, i, series0 + s, 0, 5.0 * at, 1, int(crc[row]), None, seq0 + int(plan.study[s]),
              sha256[row][:16], 0, int.from_bytes(sha256[row][16:24], "little", signed=True)) for i, row, s, at in frames]
    items += [(row0 + int(row), "series", None, series0 + int(series[row]), None, None, 1, int(crc[row]),
               int(plan.slices[series[row]]), seq0 + int(plan.study[series[row]]), None, None, None)
              for row in np.flatnonzero(place < 0)]
    fill("item", "id, kind, instance, series, frame, position, space, crc32c, pooled_from, added_seq, pixels, blank, dhash",
         sorted(items))
    thumbs = catalog.execute("SELECT offset, size, crc32c FROM thumb ORDER BY item").fetchall()
    if thumbs:
        fill("thumb", "item, offset, size, crc32c", ((row0 + row, *thumbs[row % len(thumbs)]) for _, row, _, _ in frames))


def _renumbered(first, number):
    """The header of a later segment's file, of vectors or thumbnails: that of the first one, with another number."""
    header = first[:16] + number.to_bytes(8, "little") + first[24:HEADER - 8]
    xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
    xxh3.restype, xxh3.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]
    return header + xxh3(header, len(header)).to_bytes(8, "little")


def _write_segments(archive, rows, thumbnails):
    """All vectors, and the skeleton's thumbnails once in each segment: rows of a segment share them."""
    header = (archive / "vectors/000001.f32").read_bytes()[:HEADER]
    pack = (archive / "thumbs/000001.pack").read_bytes() if thumbnails else b""
    for begin in range(0, len(rows), SEGMENT_ROWS):
        number = begin // SEGMENT_ROWS + 1
        with open(archive / f"vectors/{number:06}.f32", "wb") as file:
            file.write(_renumbered(header, number))
            file.write(rows[begin:begin + SEGMENT_ROWS].data)
        if thumbnails and number > 1:
            (archive / f"thumbs/{number:06}.pack").write_bytes(_renumbered(pack, number) + pack[HEADER:])


def make(program, model, folder, images=100_000, *, thumbnails=True, seed=1):
    """Makes FOLDER/archive. @returns what is in it."""
    folder = Path(folder)
    archive = _skeleton(program, model, folder, thumbnails)
    dimensions = json.loads((archive / "archive.json").read_text())["dims"]
    random = np.random.default_rng(seed)
    plan = _Plan(images, random)
    vectors, series, place = _vectors(plan, dimensions, random)
    catalog = sqlite3.connect(archive / "catalog.sqlite")
    try:
        begun = catalog.execute("SELECT count(*) FROM item").fetchone()[0]
        catalog.execute("PRAGMA synchronous = OFF")
        _fill(catalog, plan, vectors, series, place)
        catalog.commit()
    finally:
        catalog.close()
    first = np.frombuffer((archive / "vectors/000001.f32").read_bytes()[HEADER:], np.float32).reshape(begun, dimensions)
    _write_segments(archive, np.concatenate([first, vectors]), thumbnails)

    def column(of_skeleton, of_series):
        return np.concatenate([np.full(begun, of_skeleton), of_series[series]])
    return Rows(np.concatenate([first, vectors]), np.concatenate([np.arange(begun) == begun - 1, place < 0]),
                column(-1, plan.study), column(-1, np.arange(len(plan.slices))), column(-1, plan.patient),
                column("CT", plan.modality), column("", plan.body_part), column("", plan.site),
                column("2020-01-15", plan.date))


if __name__ == "__main__":
    begin = time.perf_counter()
    made = make(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 100_000)
    print(f"{len(made.vectors)} rows in {time.perf_counter() - begin:.1f} s")

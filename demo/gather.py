#!/usr/bin/env python3
"""Gather real medical images with a free licence from package managers.

    gather.py EXAMPLES DOWNLOADS

Writes the images and SOURCES.md to EXAMPLES and keeps the packages in DOWNLOADS. An image that is there is left
alone. A package that cannot be had costs its images, not the demo.
"""
import glob
import gzip
import pathlib
import plistlib
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile

import numpy
import pydicom
import pydicom.uid
from PIL import Image

SKIMAGE = "scikit-image==0.19.3"  # the last release whose wheel still holds the histology picture and the cell

# file in EXAMPLES -> (where it comes from, licence)
SOURCES = {
    "fundus.jpg": (f"retina.jpg of the Python package {SKIMAGE}; Mikael Haggstrom, fundus photograph of a left eye",
                   "CC0"),
    "fundus-detail.png": (f"microaneurysms.png of the Python package {SKIMAGE}; detail of the HRF database", "CC0"),
    "histology.png": (f"ihc.png of the Python package {SKIMAGE}; colonic glands, CMMI",
                      "no known copyright restrictions"),
    "cell-phase.png": (f"cell.png of the Python package {SKIMAGE}; one cell, quantitative phase imaging", "CC0"),
    "ct-spine-small.dcm": ("CT_small.dcm of the Python package pydicom; NEMA WG04 sample", "MIT, as pydicom"),
    "mr-small.dcm": ("MR_small.dcm of the Python package pydicom; NEMA WG04 sample", "MIT, as pydicom"),
    "mr-abdomen.dcm": ("examples_overlay.dcm of the Python package pydicom; from GDCM", "BSD, as GDCM"),
    "ultrasound-rgb.dcm": ("examples_rgb_color.dcm of the Python package pydicom; NEMA WG04 sample", "MIT, as pydicom"),
    "ultrasound-ybr.dcm": ("examples_ybr_color.dcm of the Python package pydicom; from GDCM", "BSD, as GDCM"),
    **{f"mr-brain-{n}.png": (f"slice {n} (inferior to superior) of ch2.nii.gz of Debian's mricron-data",
                             "BSD-3-Clause, as the package") for n in (75, 95, 115)},
    **{f"ct-head-{n}.dcm": (f"slice {n} of Cranium.inv3 of Debian's invesalius-examples, written as DICOM",
                            "GPL-2, as the package") for n in (40, 60, 80)},
    "ct-head": ("every fourth slice, from 10, of the same, written as a DICOM series", "GPL-2, as the package"),
    "mr-brain": ("every fourth slice, from 21, of the same ch2.nii.gz, written as a DICOM series",
                 "BSD-3-Clause, as the package"),
}
SERIES = {"ct-head": range(10, 106, 4), "mr-brain": range(21, 158, 4)}


def unpacked_deb(package, downloads):
    """The folder with the files of a Debian package, which is downloaded but not installed."""
    folder = downloads / package
    if not folder.is_dir():
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=", "-qq", "download", package], check=True, cwd=downloads)
        archive = glob.glob(str(downloads / f"{package}_*.deb"))[0]
        part = downloads / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", archive, str(part)], check=True)
        part.rename(folder)
    return folder


def from_skimage(examples, downloads):
    """Pictures that the wheel of scikit-image holds; the library itself is not installed."""
    if not list(downloads.glob("scikit_image-*.whl")):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "--python-version=3.10", "--platform=manylinux_2_17_x86_64",
                        "--dest", str(downloads), SKIMAGE], check=True)
    with zipfile.ZipFile(next(downloads.glob("scikit_image-*.whl"))) as wheel:
        for name, inside in (("fundus.jpg", "retina.jpg"), ("fundus-detail.png", "microaneurysms.png"),
                             ("histology.png", "ihc.png"), ("cell-phase.png", "cell.png")):
            (examples / name).write_bytes(wheel.read(f"skimage/data/{inside}"))


def from_pydicom(examples, _downloads):
    """Samples that the installed package holds."""
    folder = pathlib.Path(pydicom.__file__).parent / "data" / "test_files"
    for name, inside in (("ct-spine-small.dcm", "CT_small.dcm"), ("mr-small.dcm", "MR_small.dcm"),
                         ("mr-abdomen.dcm", "examples_overlay.dcm"), ("ultrasound-rgb.dcm", "examples_rgb_color.dcm"),
                         ("ultrasound-ybr.dcm", "examples_ybr_color.dcm")):
        shutil.copyfile(folder / inside, examples / name)


def from_mricron(examples, downloads):
    """Axial slices of a T1 brain template: NIfTI-1, 8 bits, first axis to the right, second to the front."""
    path = unpacked_deb("mricron-data", downloads) / "usr/share/mricron/templates/ch2.nii.gz"
    data = gzip.decompress(path.read_bytes())
    _, width, depth, slices = struct.unpack_from("<4h", data, 40)
    offset = int(struct.unpack_from("<f", data, 108)[0])
    volume = numpy.frombuffer(data, numpy.uint8, width * depth * slices, offset).reshape(slices, depth, width)
    # The patient's right is drawn on the left and the face on top.
    for n in (75, 95, 115):
        Image.fromarray(volume[n, ::-1, ::-1].copy()).save(examples / f"mr-brain-{n}.png")
    write_series(examples / "mr-brain", volume[:, ::-1, ::-1], "MR", 2)


def from_invesalius(examples, downloads):
    """Axial slices of a head CT in Hounsfield units, written as DICOM with a window, face on top."""
    path = unpacked_deb("invesalius-examples", downloads) / "usr/share/doc/invesalius-examples/examples/Cranium.inv3"
    with tarfile.open(path) as archive:
        members = {pathlib.PurePath(m.name).name: m for m in archive.getmembers()}
        matrix = plistlib.loads(archive.extractfile(members["main.plist"]).read())["matrix"]
        data = archive.extractfile(members[matrix["filename"]]).read()
    volume = numpy.frombuffer(data, "<i2").reshape(matrix["shape"])
    for n in (40, 60, 80):
        minimal("CT", volume[n, ::-1], n, f"2.25.{1000 + n}").save_as(examples / f"ct-head-{n}.dcm",
                                                                    enforce_file_format=True)
    write_series(examples / "ct-head", volume[:, ::-1], "CT", 1)


KINDS = {"CT": (pydicom.uid.CTImageStorage, 40, 120), "MR": (pydicom.uid.MRImageStorage, 110, 200)}  # class, window


def minimal(modality, pixels, number, uid):
    """An image object with what it cannot be without. pixels: [rows, columns], of a CT in Hounsfield units."""
    kind, centre, width = KINDS[modality]
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, uid
    dataset = pydicom.dataset.Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.InstanceNumber = modality, number
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    dataset.WindowCenter, dataset.WindowWidth = centre, width
    dataset.PixelData = pixels.astype("<i2").tobytes()
    return dataset


def write_series(folder, volume, modality, number):
    """A study of one series, so that there is one to look at slice by slice. Whole or not at all."""
    if folder.exists():
        return
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for n in SERIES[folder.name]:
        dataset = minimal(modality, volume[n], n, f"2.25.{number * 10_000 + n}")
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"2.25.{number * 10_000 + 1000}", f"2.25.{number * 10_000 + 2000}"
        dataset.PatientID, dataset.BodyPartExamined = f"demo-{number}", "HEAD"
        dataset.SeriesDescription = f"{folder.name} of the demo"
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, n]
        dataset.save_as(part / f"{n:03}.dcm", enforce_file_format=True)
    part.rename(folder)


# what gathers -> the pictures it makes
GATHERERS = {
    from_skimage: ["fundus.jpg", "fundus-detail.png", "histology.png", "cell-phase.png"],
    from_pydicom: [name for name in SOURCES if "pydicom" in SOURCES[name][0]],
    from_mricron: [name for name in SOURCES if name.startswith("mr-brain")],
    from_invesalius: [name for name in SOURCES if name.startswith("ct-head")],
}


def main():
    examples, downloads = (pathlib.Path(argument) for argument in sys.argv[1:3])
    examples.mkdir(parents=True, exist_ok=True)
    downloads.mkdir(parents=True, exist_ok=True)
    for gather, names in GATHERERS.items():
        if all((examples / name).exists() for name in names):
            continue
        print(f"demo: gathering {', '.join(names)}")
        try:
            gather(examples, downloads)
        except (OSError, subprocess.CalledProcessError, KeyError, IndexError) as error:
            print(f"demo: *** without {', '.join(names)}: {error} ***", file=sys.stderr)
    there = [name for name in SOURCES if (examples / name).exists()]
    lines = [f"| {name} | {SOURCES[name][0]} | {SOURCES[name][1]} |" for name in there]
    table = ["# Where these images come from", "", "| file | source | licence |", "|---|---|---|", *lines, ""]
    (examples / "SOURCES.md").write_text("\n".join(table))
    print(f"demo: images in {examples}, their sources in {examples / 'SOURCES.md'}")
    return 0 if there else 1


if __name__ == "__main__":
    sys.exit(main())

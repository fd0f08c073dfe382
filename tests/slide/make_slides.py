"""Small whole slides, written by numpy, Pillow and pydicom alone, so that the tests do not trust mi2 to write them.

    make_slides.py FOLDER      writes the seeds of fuzz/slide_fuzz.cpp
"""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

WHITE = 255
NONE, JPEG, DEFLATE, APERIO_YCBCR, APERIO_RGB = 1, 7, 8, 33003, 33005
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
# Sizes of TIFF's types.
BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 13: 4, 16: 8}


def picture(width, height, seed=1):
    """White glass with noise, and two pieces of pink and violet tissue."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(240, 250, (height, width, 1)).repeat(3, 2)
    y, x = np.mgrid[0:height, 0:width]
    for cx, cy, r, colour in ((0.3, 0.4, 0.2, (200, 120, 170)), (0.7, 0.65, 0.15, (120, 70, 150))):
        inside = ((x / width - cx) ** 2 + (y / height - cy) ** 2) < r * r
        rgb[inside] = np.array(colour) + rng.integers(-15, 15, (int(inside.sum()), 3))
    return rgb.clip(0, 255).astype(np.uint8)


def halved(rgb, by=2):
    height, width = rgb.shape[0] // by, rgb.shape[1] // by
    cut = rgb[:height * by, :width * by].reshape(height, by, width, by, 3)
    return (cut.mean((1, 3)) + 0.5).astype(np.uint8)


def tiles_of(rgb, tile):
    """Whole tiles row by row, the last ones padded with white."""
    height, width = rgb.shape[:2]
    rows, columns = -(-height // tile), -(-width // tile)
    padded = np.full((rows * tile, columns * tile, 3), WHITE, np.uint8)
    padded[:height, :width] = rgb
    return [padded[r * tile:(r + 1) * tile, c * tile:(c + 1) * tile] for r in range(rows) for c in range(columns)]


def encoded(tile, compression, quality=90):
    if compression == NONE:
        return tile.tobytes()
    if compression == DEFLATE:
        return zlib.compress(tile.tobytes())
    buffer = io.BytesIO()
    if compression == JPEG:
        Image.fromarray(tile).save(buffer, "JPEG", quality=quality, subsampling=2)
    elif compression == APERIO_RGB:
        Image.fromarray(tile).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    else:
        ycbcr = np.asarray(Image.fromarray(tile).convert("YCbCr"))
        Image.fromarray(ycbcr).save(buffer, "JPEG2000", no_jp2=True, irreversible=False, mct=0)
    return buffer.getvalue()


class Tiff:
    """A little-endian TIFF, or BigTIFF; directories as they are added."""

    def __init__(self, path, big=False):
        self.file = open(path, "wb")
        self.big = big
        self.file.write(b"II+\0\x08\0\0\0" + bytes(8) if big else b"II*\0" + bytes(4))
        self.link = 8 if big else 4  # where the next directory's offset goes

    def blob(self, data):
        at = self.file.tell()
        self.file.write(data + bytes(-len(data) % 8))
        return at

    def directory(self, tags, chained=True):
        """tags: {number: (type, values or bytes)}. Returns the directory's offset."""
        count_format, entry, word = ("<Q", "<HHQ", 8) if self.big else ("<H", "<HHI", 4)
        entries = []
        for tag in sorted(tags):
            kind, values = tags[tag]
            if isinstance(values, bytes):
                data = values
            elif kind == 5:
                data = b"".join(struct.pack("<II", round(v * 1000), 1000) for v in values)
            else:
                data = np.asarray(values, {1: "<u1", 3: "<u2", 4: "<u4", 13: "<u4", 16: "<u8"}[kind]).tobytes()
            value = data.ljust(word, b"\0") if len(data) <= word else \
                struct.pack("<Q" if self.big else "<I", self.blob(data))
            entries.append(struct.pack(entry, tag, kind, len(data) // BYTES[kind]) + value)
        at = self.blob(b"")
        self.file.write(struct.pack(count_format, len(entries)) + b"".join(entries))
        link = self.file.tell()
        self.file.write(bytes(word))
        if chained:
            self.file.seek(self.link)
            self.file.write(struct.pack("<Q" if self.big else "<I", at))
            self.link = link
            self.file.seek(0, 2)
        return at

    def image(self, rgb, tile, compression=DEFLATE, missing=(), size=None, **more):
        """Tags of a tiled image. missing: numbers of tiles that are not there; size: (width, height) with no pixels."""
        width, height = size or (rgb.shape[1], rgb.shape[0])
        count = -(-width // tile) * -(-height // tile)
        offsets, sizes = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        present = more.pop("present", None)
        tiles = present.items() if present is not None else enumerate(tiles_of(rgb, tile))
        for i, pixels in tiles:
            if i in missing:
                continue
            data = encoded(pixels, compression)
            offsets[i], sizes[i] = self.blob(data), len(data)
        word = 16 if self.big else 4
        photometric = 6 if compression == JPEG else 2
        tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [8, 8, 8]), 259: (3, [compression]),
                262: (3, [photometric]), 277: (3, [3]), 284: (3, [1]), 322: (3, [tile]), 323: (3, [tile]),
                324: (word, offsets), 325: (word, sizes)}
        if compression == JPEG:
            tags[530] = (3, [2, 2])
        tags.update(more.pop("tags", {}))
        return tags

    def strips(self, rgb):
        """Tags of an image in one strip."""
        at = self.blob(rgb.tobytes())
        return {256: (4, [rgb.shape[1]]), 257: (4, [rgb.shape[0]]), 258: (3, [8, 8, 8]), 259: (3, [1]),
                262: (3, [2]), 273: (16 if self.big else 4, [at]), 277: (3, [3]), 278: (4, [rgb.shape[0]]),
                279: (16 if self.big else 4, [rgb.nbytes])}


def text(value):
    return (2, value.encode() + b"\0")


def write_svs(path, levels, tile=64, compression=JPEG, mpp=0.5, icc=None, missing=()):
    """As Aperio's scanners: the slide, a thumbnail, smaller levels, a label."""
    tiff = Tiff(path)
    says = f"Aperio Image Library v12.0\r\n{levels[0].shape[1]}x{levels[0].shape[0]} JPEG/RGB Q=90|AppMag = 20"
    says += f"|MPP = {mpp}" if mpp else ""
    first = {270: text(says)}
    if icc:
        first[34675] = (7, icc)
    tiff.directory(tiff.image(levels[0], tile, compression, missing, tags=first))
    tiff.directory(tiff.strips(halved(levels[0], 8)) | {270: text("Aperio Image Library v12.0\r\nthumbnail")})
    for level in levels[1:]:
        tiff.directory(tiff.image(level, tile, compression, tags={270: text("Aperio Image Library v12.0\r\nlevel")}))
    tiff.directory(tiff.strips(np.full((20, 30, 3), 90, np.uint8)) |
                   {270: text("Aperio Image Library v12.0\r\nlabel 30x20"), 254: (4, [1])})


def write_generic(path, levels, tile=64, compression=DEFLATE, mpp=0.5, big=False, more=None):
    """A pyramid of reduced images; resolution in pixels a centimetre."""
    tiff = Tiff(path, big)
    for i, level in enumerate(levels):
        tags = {254: (4, [1 if i else 0])} | (more or {} if i == 0 else {})
        if mpp:
            per_cm = 10000 / mpp * level.shape[1] / levels[0].shape[1]
            tags |= {282: (5, [per_cm]), 283: (5, [per_cm]), 296: (3, [3])}
        tiff.directory(tiff.image(level, tile, compression, tags=tags))


def write_ome(path, levels, tile=64, mpp=0.5):
    """OME-TIFF: levels below the first directory."""
    tiff = Tiff(path)
    below = [tiff.directory(tiff.image(level, tile, tags={254: (4, [1])}), chained=False) for level in levels[1:]]
    says = ('<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
            f'<Image ID="Image:0"><Pixels ID="Pixels:0" PhysicalSizeX="{mpp * 1000}" PhysicalSizeXUnit="nm" '
            f'PhysicalSizeY="{mpp}" SizeC="3" Type="uint8"/></Image></OME>')
    tags = {270: text(says)}
    if below:
        tags[330] = (4, below)
    tiff.directory(tiff.image(levels[0], tile, tags=tags))


def write_sparse_tiff(path, side, tile, present):
    """A slide of side x side pixels of which only some tiles are there: {number: pixels}."""
    tiff = Tiff(path, big=True)
    tags = {282: (5, [20000]), 283: (5, [20000]), 296: (3, [3])}
    tiff.directory(tiff.image(None, tile, JPEG, size=(side, side), present=present, tags=tags))


def dicom_slide(rgb, tile=64, sparse=False, mpp=0.5, series="1.2.826.0.1.3680043.2.1", number=1, flavour="VOLUME",
                coded=NONE, planes=1, missing=(), icc=None, size=None, places=None, implicit=False):
    """A VL Whole Slide Microscopy object as pydicom has it. places: {tile number: pixels} in place of `rgb`, of a sparse
    slide of `size` (width, height)."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

    width, height = size or (rgb.shape[1], rgb.shape[0])
    columns = -(-width // tile)
    tiles = dict(places) if places is not None else dict(enumerate(tiles_of(rgb, tile)))
    for i in missing:
        del tiles[i]
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    syntax = {NONE: ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian, JPEG: JPEGBaseline8Bit,
              APERIO_RGB: JPEG2000Lossless}[coded]
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = SLIDE_CLASS
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"{series}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.2", series, series + ".9"
    ds.Modality, ds.InstanceNumber = "SM", number
    ds.ImageType = ["ORIGINAL", "PRIMARY", flavour, "NONE"]
    ds.ContainerIdentifier, ds.PatientName, ds.PatientID = "slide", "none", "none"
    ds.Rows = ds.Columns = tile
    ds.SamplesPerPixel, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 3, 8, 8, 7, 0
    ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = {NONE: "RGB", JPEG: "YBR_FULL_422", APERIO_RGB: "YBR_RCT"}[coded]
    ds.NumberOfFrames = len(tiles) * planes
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows, ds.TotalPixelMatrixFocalPlanes = width, height, planes
    ds.ImagedVolumeWidth, ds.ImagedVolumeHeight = width * mpp / 1000, height * mpp / 1000
    ds.ImagedVolumeDepth = 0.001
    ds.DimensionOrganizationType = "TILED_SPARSE" if sparse else "TILED_FULL"
    ds.LossyImageCompression = "01" if coded == JPEG else "00"
    ds.SpecimenLabelInImage, ds.BurnedInAnnotation, ds.VolumetricProperties = "NO", "NO", "VOLUME"
    ds.FocusMethod, ds.ExtendedDepthOfField = "AUTO", "NO"
    ds.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = 0
    ds.TotalPixelMatrixOriginSequence = Sequence([origin])
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "111744", "DCM", "Brightfield illumination"
    path.IlluminationTypeCodeSequence = Sequence([code])
    if icc:
        path.ICCProfile = icc + bytes(len(icc) % 2)
    ds.OpticalPathSequence = Sequence([path])
    ds.NumberOfOpticalPaths = 1
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [mpp / 1000, mpp / 1000], 0.001
    shared.PixelMeasuresSequence = Sequence([measures])
    used = Dataset()
    used.OpticalPathIdentifier = "1"
    shared.OpticalPathIdentificationSequence = Sequence([used])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    if sparse:
        frames = []
        for i in tiles:
            place, frame = Dataset(), Dataset()
            place.ColumnPositionInTotalImagePixelMatrix = i % columns * tile + 1
            place.RowPositionInTotalImagePixelMatrix = i // columns * tile + 1
            place.XOffsetInSlideCoordinateSystem = place.YOffsetInSlideCoordinateSystem = 0
            place.ZOffsetInSlideCoordinateSystem = 0
            frame.PlanePositionSlideSequence = Sequence([place])
            frames.append(frame)
        ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    if coded == NONE:
        # A focal plane is told by its shade.
        ds.PixelData = b"".join((pixels // (p + 1)).astype(np.uint8).tobytes() for p in range(planes)
                                for pixels in tiles.values())
        ds["PixelData"].VR = "OW" if implicit else "OB"
    else:
        data = []
        for pixels in tiles.values():
            buffer = io.BytesIO()
            if coded == JPEG:
                Image.fromarray(pixels).save(buffer, "JPEG", quality=90, subsampling=0)
            else:
                Image.fromarray(pixels).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
            data.append(buffer.getvalue())
        ds.PixelData = encapsulate(data)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    return ds


def write_dicom(path, rgb, **options):
    dicom_slide(rgb, **options).save_as(path, enforce_file_format=True)


def write_seeds(folder):
    folder.mkdir(parents=True, exist_ok=True)
    levels = [picture(80, 64), halved(picture(80, 64))]
    write_svs(folder / "jpeg.svs", levels, 32)
    write_svs(folder / "jpeg2000.svs", levels, 32, APERIO_YCBCR)
    write_generic(folder / "pyramid.tif", levels, 32)
    write_generic(folder / "big.tif", levels, 32, big=True)
    write_ome(folder / "ome.tif", levels, 32)
    write_dicom(folder / "full.dcm", levels[1], tile=32)
    write_dicom(folder / "sparse.dcm", levels[1], tile=32, sparse=True, missing=(0,))
    write_dicom(folder / "planes.dcm", levels[1][:20], tile=16, planes=2)


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))

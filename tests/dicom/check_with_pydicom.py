"""Compares dicom_dump with an independent reading: pydicom decodes, numpy follows docs/dicom.md.

check_with_pydicom.py DICOM_DUMP DATA_FOLDER: every file under DATA_FOLDER/dicom-* must give the same 8-bit pixels
or be refused with a reason. Exit status 77 (skipped) if a module or the data is absent.
"""

import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

try:
    import numpy as np
    import pydicom
    from pydicom.pixels import get_decoder
    import pylibjpeg  # noqa: F401
    import libjpeg  # noqa: F401
    import jpeg_ls  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing} (see tests/requirements.txt)")
    sys.exit(77)

try:
    import openjpeg  # noqa: F401
except ImportError:
    openjpeg = None  # then JPEG 2000 is read without a comparison

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

JPEG_LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55)}
JPEG_2000 = {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203)}
READ = JPEG_LOSSY | JPEG_2000 | {f"1.2.840.10008.1.2{n}" for n in
                     ("", ".1", ".2", ".1.99", ".5", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".4.201",
                      ".4.202", ".4.203")}

# Refused although pydicom reads something: file name -> why.
REFUSED = {
    "JLSL_08_07_0_1F.dcm": "7 bits a sample: DCMTK 3.6.7's CharLS calls the stream invalid",
    "badVR.dcm": "NumberOfFrames 1A, over pixel data of 15 frames",
    "gdcm-US-ALOKA-16.dcm": "a segmented palette",
}
# Read although pydicom's decoders do not: file name -> (file with the same picture in the same folder, greatest and
# mean difference allowed). Either a lossless twin or another lossy coding of it.
SAME_AS = {
    "liver_rle.dcm": ("liver.dcm", 0, 0),  # pydicom has no RLE of 1 bit
    "liver_nonbyte_aligned_rle.dcm": ("liver_nonbyte_aligned.dcm", 0, 0),
    "emri_small_jpeg_2k_lossless_too_short.dcm": ("emri_small_jpeg_2k_lossless.dcm", 0, 0),  # no delimiter at the end
    # Chroma of YCbCr, and a label of RGB, which pylibjpeg believes.
    "pylibjpeg-data/SC_rgb_jpeg_lossy_gdcm.dcm": ("../../dicom-pydicom/SC_rgb_jpeg_lossy_gdcm.dcm", 3, 0.1),
    "RG2_JPLY.dcm": ("RG2_JPLY_fixed.dcm", 1, 0.01),  # scan parameters that libjpeg refuses and DCMTK ignores
    "JPEG-lossy.dcm": ("JPGExtended.dcm", 4, 0.05),  # the same
    "CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm":  # pydicom has no progressive JPEG
        ("CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm", 4, 0.5),
    "CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm":
        ("CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm", 4, 0.5),
}

def first(element, default=None):
    """The first value of a possibly multi-valued attribute as a float."""
    if element is None or element == "":
        return default
    if isinstance(element, (list, tuple, pydicom.multival.MultiValue)):
        element = element[0] if len(element) else None
    try:
        value = float(element)
    except (TypeError, ValueError):
        return default
    return value if math.isfinite(value) else default


def read_object(path):
    ds = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in ds.file_meta and not path.name.startswith("meta_missing"):
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian if ds.is_implicit_VR \
            else pydicom.uid.ExplicitVRLittleEndian
    return ds


def frame_count(ds):
    try:
        return max(1, int(str(ds.get("NumberOfFrames", 1) or 1)))
    except ValueError:
        return 1


def overlays(ds):
    return any(ds.get((group, 0x0102)) is not None and ds[group, 0x0102].value for group in range(0x6000, 0x6020, 2))


def stored_values(ds, index):
    """Frame `index` as pydicom decodes it: int64 or float, [rows, columns(, 3)]; bits over BitsStored masked."""
    if not str(ds.get("NumberOfFrames", "1") or 1).isdigit():
        ds.NumberOfFrames = 1
    decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
    array, meta = decoder.as_array(ds, index=index, raw=True)
    photometric = meta["photometric_interpretation"]
    if array.dtype.kind == "f":
        return array.astype(np.float64), photometric
    array = array.astype(np.int64)
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax in JPEG_2000:
        return array, photometric  # with the stream's depth and the object's sign
    bits = int(ds.BitsStored)
    shift = int(ds.get("HighBit", bits - 1)) + 1 - bits
    beside = ~((1 << bits) - 1) & ((1 << int(ds.BitsAllocated)) - 1)
    high = array & beside
    extended = (high == beside) & (array >> (bits - 1) & 1 == 1) & (ds.get("PixelRepresentation", 0) == 1)
    if shift == 0 and ds.get("SamplesPerPixel", 1) == 1 and ((high != 0) & ~extended).any() and not overlays(ds):
        return array, photometric  # more than BitsStored says
    array = (array >> shift) & ((1 << bits) - 1)
    if ds.get("PixelRepresentation", 0) == 1:
        array = np.where(array >> (bits - 1), array - (1 << bits), array)
    return array, photometric


def group_item(ds, index, name):
    """The item of a functional group that holds for the frame: per-frame, else shared."""
    for sequence, i in (("PerFrameFunctionalGroupsSequence", index), ("SharedFunctionalGroupsSequence", 0)):
        items = ds.get(sequence)
        if items and i < len(items) and items[i].get(name):
            return items[i].get(name)[0]
    return None


def lut(item, descriptor, data, signed):
    """(first mapped value, bits, entries) or None."""
    head, body = item.get(descriptor), item.get(data)
    if head is None or body is None:
        return None
    count, start, bits = (int(v) & 0xFFFF for v in head)
    count = count or 65536
    if signed and start > 32767:
        start -= 65536
    if isinstance(body, bytes):
        order = "<" if item.get_item(data) is None or item.is_little_endian is not False else ">"
        table = np.frombuffer(body, order + "u2")
    else:
        table = np.array(body, np.int64) & 0xFFFF
    if len(table) < count:
        table = np.stack([table & 0xFF, table >> 8], axis=1).reshape(-1)
        bits = min(bits, 8)
    return start, bits, table[:count].astype(np.int64)


def real_bits(tables):
    """The bits that entries take, whatever the descriptor says."""
    said = max(t[1] for t in tables)
    entries = np.concatenate([t[2] for t in tables])
    taken = next(b for b in (8, 10, 12, 14, 16) if entries.max() < 1 << b)
    if entries.max() < 1 << said:
        return min(said, taken)
    low = entries & 0xFF
    return 16 if ((low == 0) | (low == entries >> 8)).all() else taken


def look_up(table, values):
    start, _, entries = table
    return entries[np.clip(np.floor(values + 0.5) - start, 0, len(entries) - 1).astype(np.int64)]


def window(x, centre, width, function):
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (x - centre) / width))
    if function == "LINEAR_EXACT":
        y = (x - centre) / width + 0.5
        return np.where(x <= centre - width / 2, 0, np.where(x > centre + width / 2, 1, y))
    below = x <= centre - 0.5 - (width - 1) / 2
    above = x > centre - 0.5 + (width - 1) / 2
    y = (x - (centre - 0.5)) / max(width - 1, 1e-300) + 0.5
    return np.where(below, 0, np.where(above, 1, y))


def to_8bit(y):
    return np.floor(np.clip(y, 0, 1) * 255 + 0.5).astype(np.uint8)


def by_percentiles(values):
    values = values.astype(np.float32).astype(np.float64)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(finite, [1, 99])
    if low == high:
        return np.zeros(values.shape, np.uint8)
    return to_8bit((np.nan_to_num(values, nan=low) - low) / (high - low))


def file_window(item):
    function = str(item.get("VOILUTFunction", "") or "LINEAR").strip()
    centre, width = first(item.get("WindowCenter")), first(item.get("WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None
    if function not in ("LINEAR_EXACT", "SIGMOID") and width < 1:
        function = "LINEAR_EXACT"
    return centre, width, function


def voi_of(item, signed):
    """(window or None, table or None) of a dataset or an item."""
    found = file_window(item)
    table = item.get("VOILUTSequence")
    return found, lut(table[0], "LUTDescriptor", "LUTData", signed) if table and not found else None


def grey(ds, stored, index):
    signed = ds.get("PixelRepresentation", 0) == 1
    item = ds.get("ModalityLUTSequence")
    table = lut(item[0], "LUTDescriptor", "LUTData", signed) if item else None
    slope, intercept = 1.0, 0.0
    if table:
        x = look_up(table, stored).astype(np.float64)
    else:
        source = group_item(ds, index, "PixelValueTransformationSequence") or ds
        slope, intercept = first(source.get("RescaleSlope"), 1.0), first(source.get("RescaleIntercept"), 0.0)
        x = stored * slope + intercept
    group = group_item(ds, index, "FrameVOILUTSequence")
    found, voi = None, None
    for place in (group, ds):
        if place is not None and not found and not voi:
            found, voi = voi_of(place, not table and (signed or intercept < 0))
    if found:
        y = to_8bit(window(x, *found))
    elif voi:
        y = to_8bit(look_up(voi, x) / ((1 << real_bits([voi])) - 1))
    elif stored.dtype.kind != "f" and not signed and not table and depth(ds) <= 8:
        y = stored / ((1 << depth(ds)) - 1)
        y = to_8bit(1 - y if slope < 0 else y)
    else:
        y = by_percentiles(x)
    return 255 - y if ds.PhotometricInterpretation == "MONOCHROME1" else y


def depth(ds):
    """Bits of a stored value."""
    if ds.file_meta.TransferSyntaxUID in JPEG_2000:
        return pydicom.pixels.utils.get_j2k_parameters(next(pydicom.encaps.generate_frames(
            ds.PixelData, number_of_frames=frame_count(ds))))["precision"]
    return int(ds.get("BitsStored", 16))


def high_byte(codes, bits):
    if bits >= 8:
        return (codes >> (bits - 8)).astype(np.uint8)
    return np.floor(codes * 255 / ((1 << bits) - 1) + 0.5).astype(np.uint8)


def ybr_to_rgb(ybr):
    y, cb, cr = (ybr[..., i].astype(np.float64) - (0 if i == 0 else 128) for i in range(3))
    rgb = np.stack([y + 1.402 * cr, y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr, y + 1.772 * cb], -1)
    return np.clip(np.floor(rgb + 0.5), 0, 255).astype(np.uint8)


def colour(ds, stored, photometric):
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        signed = ds.get("PixelRepresentation", 0) == 1
        names = [f"{c}PaletteColorLookupTable" for c in ("Red", "Green", "Blue")]
        tables = [lut(ds, n + "Descriptor", n + "Data", signed) for n in names]
        bits = real_bits(tables)
        return np.stack([high_byte(np.minimum(look_up(t, stored), (1 << bits) - 1), bits) for t in tables], -1)
    rgb = high_byte(stored & ((1 << depth(ds)) - 1), depth(ds))
    return ybr_to_rgb(rgb) if photometric.startswith("YBR") else rgb


def expected(ds, index=None):
    """Frame `index`, by default the middle one, as docs/dicom.md says it is shown."""
    index = frame_count(ds) // 2 if index is None else index
    stored, photometric = stored_values(ds, index)
    if ds.get("SamplesPerPixel", 1) == 1 and ds.PhotometricInterpretation != "PALETTE COLOR":
        return grey(ds, stored, index)
    return colour(ds, stored, photometric)


def tolerance(ds):
    """Greatest difference allowed, in grey levels. Lossless and native pixels are exact. Lossy JPEG decoders round their
    inverse DCT differently, by up to 2 stored values, which the window stretches; in colour, the conversion from YCbCr
    adds up to one level."""
    if ds.file_meta.TransferSyntaxUID not in JPEG_LOSSY:
        return 0
    if ds.get("SamplesPerPixel", 1) == 3:
        return 3
    width = first(ds.get("WindowWidth"))
    slope = abs(first(ds.get("RescaleSlope"), 1.0))
    return 3 if width is None else 1 + math.ceil(2 * slope * 255 / max(width - 1, 1))


def parse_pnm(data):
    magic, size, _, pixels = data.split(b"\n", 3)
    columns, rows = (int(v) for v in size.split())
    shape = (rows, columns) if magic == b"P5" else (rows, columns, 3)
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def parse_pnms(data):
    """The images of a file that holds one after the other."""
    images = []
    while data:
        magic, size, _, rest = data.split(b"\n", 3)
        columns, rows = (int(v) for v in size.split())
        length = rows * columns * (1 if magic == b"P5" else 3)
        images.append(parse_pnm(data[:len(data) - len(rest) + length]))
        data = rest[length:]
    return images


def check_frames(dump, path, limit_of):
    """Every frame of a multi-frame object. @returns (what happened, whether it is right), or None for one frame."""
    ds = read_object(path)
    frames = frame_count(ds)
    if frames == 1 or (openjpeg is None and ds.file_meta.TransferSyntaxUID in JPEG_2000):
        return None
    run = subprocess.run([dump, str(path), "all"], capture_output=True, timeout=300, check=False)
    if run.returncode != 0:
        return f"frames: exit {run.returncode}: {run.stderr[:200]!r}", False
    got = parse_pnms(run.stdout)
    if len(got) != frames:
        return f"{len(got)} frames, wanted {frames}", False
    worst = max(int(np.abs(got[i].astype(int) - expected(ds, i).astype(int)).max()) for i in range(frames))
    return f"{frames} frames, differ by {worst}", worst <= limit_of(ds)


def check_refusal(path, run):
    """@returns (what happened, whether it is right)."""
    message = run.stderr.decode("utf-8", "replace").strip()
    code = message.split(":")[0]
    refused = run.returncode == 1 and code in ("bad_file", "unsupported", "too_large")
    tidy = refused and str(path) in message and "\n" not in message and not run.stdout
    if not tidy:
        return f"exit {run.returncode}: {message[:200]}", False
    try:
        ds = pydicom.dcmread(path, force=True)
    except Exception as error:
        return f"refused; pydicom: {error}", True
    if path.name in REFUSED or not any(k in ds for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        return f"refused: {message}", True
    syntax = ds.file_meta.get("TransferSyntaxUID") if hasattr(ds, "file_meta") else None
    if syntax is not None and syntax not in READ:
        return f"refused: {message}", "is not read" in message
    try:
        expected(ds)
    except Exception as error:
        return f"refused; pydicom: {error}", True
    return f"refused, but pydicom reads it: {message}", False


def check(dump, path):
    run = subprocess.run([dump, str(path)], capture_output=True, timeout=60, check=False)
    if run.returncode != 0:
        return check_refusal(path, run)
    doubts = run.stderr.decode("utf-8", "replace").splitlines()
    if any(not line.startswith("warning: ") for line in doubts):
        return f"printed {run.stderr[:100]!r}", False
    twin, limit, mean_limit = SAME_AS.get(f"{path.parent.name}/{path.name}") or \
        SAME_AS.get(path.name, (path.name, None, math.inf))
    try:
        ds = read_object(path.parent / twin)
        if openjpeg is None and ds.file_meta.TransferSyntaxUID in JPEG_2000:
            return "read, not compared: no pylibjpeg-openjpeg", True
        wanted = expected(ds)
    except Exception as error:
        return f"read, but pydicom fails: {type(error).__name__}: {error}", False
    got = parse_pnm(run.stdout)
    if got.shape != wanted.shape:
        return f"shape {got.shape}, wanted {wanted.shape}", False
    difference = np.abs(got.astype(int) - wanted.astype(int))
    limit = tolerance(ds) if limit is None else limit
    worst = int(difference.max())
    doubt = "; " + "; ".join(doubts) if doubts else ""
    return f"read, differs by {worst} (allowed {limit}), mean {difference.mean():.4f}{doubt}", worst <= limit and difference.mean() <= mean_limit


def main():
    dump, data = sys.argv[1], Path(sys.argv[2])
    files = sorted(p for folder in data.glob("dicom-*") if folder.is_dir() for p in folder.rglob("*")
                   if p.is_file() and p.suffix not in (".md", ".gz", ".nii", ".json", ".txt", ".bval", ".bvec"))
    if not files:
        print(f"skipped: no dicom-* folder under {data}")
        return 77
    verbose = os.environ.get("VERBOSE")
    counts = {"read": 0, "refused": 0}
    failures = multi = 0
    for path in files:
        what, right = check(dump, path)
        if right and what.startswith("read") and path.name not in SAME_AS:
            every = check_frames(dump, path, tolerance)
            if every is not None:
                multi += 1
                what, right = f"{what}; {every[0]}", every[1]
        failures += not right
        counts["refused" if what.startswith("refused") else "read"] += 1
        if verbose or not right:
            print(f"{'ok' if right else 'FAIL'}: {path.relative_to(data)}: {what}")
    print(f"{len(files)} files: {counts['read']} read, {counts['refused']} refused, {multi} with several frames, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Compressed frames: they say themselves how they are coded and coloured, and must be whole.

Objects are made here with Pillow's and CharLS's encoders, and read by dicom_dump.
"""

import io
import os
import struct
import subprocess
import zlib

import jpeg_ls
import numpy
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, itemize_fragment

JPEG, LOSSLESS, JPEG_LS, J2K, HTJ2K = (f"1.2.840.10008.1.2.4.{n}" for n in (50, 70, 80, 90, 201))
ROWS, COLUMNS = 48, 64

Y, X = numpy.mgrid[0:ROWS, 0:COLUMNS]
GREY = ((X * 3 + Y * 2) % 256).astype(numpy.uint8)
GREY[10:20, 10:30] = 250
DEEP = (X * 900 + Y * 31).astype(numpy.uint16)
COLOUR = numpy.stack([X * 4, Y * 5, 255 - X * 2], -1).astype(numpy.uint8)
COLOUR[20:30, 20:50] = (200, 30, 40)


def save(syntax, streams, *, photometric="MONOCHROME2", bits=8, frames=None, pixels=None, rows=ROWS, columns=COLUMNS):
    """The bytes of an object. @param pixels  the value of the pixel data, where it is not one fragment per stream."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.SOPInstanceUID = "1.2.3"
    ds.Rows, ds.Columns = rows, columns
    ds.SamplesPerPixel = 1 if photometric.startswith(("MONO", "PALETTE")) else 3
    ds.PhotometricInterpretation = photometric
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = 8 if bits <= 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, 0
    if bits > 8:
        ds.WindowCenter, ds.WindowWidth = "32768", "65536"
    if frames or len(streams) > 1:
        ds.NumberOfFrames = str(frames or len(streams))
    ds.PixelData = encapsulate(streams) if pixels is None else pixels
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def run(data, tmp_path, *arguments):
    path = tmp_path / "object.dcm"
    path.write_bytes(data)
    return subprocess.run([os.environ["MI2_DICOM_DUMP"], path, *arguments], capture_output=True, check=False, timeout=60)


def read(data, tmp_path, warnings=()):
    """The image, of which exactly these warnings are given."""
    done = run(data, tmp_path)
    text = done.stderr.decode()
    assert done.returncode == 0, text
    assert [line.split(": ")[1] for line in text.splitlines()] == list(warnings), text
    return numpy.asarray(Image.open(io.BytesIO(done.stdout)), int)


def refusal(data, tmp_path):
    done = run(data, tmp_path)
    text = done.stderr.decode()
    assert done.returncode == 1 and not done.stdout, text
    assert text.startswith(("bad_file: ", "unsupported: ", "too_large: "))
    return text


def jpeg(image, **options):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def jpeg2000(image, **options):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG2000", **{"no_jp2": True, **options})
    return out.getvalue()


def without_markers(stream, kinds=(0xE0, 0xEE)):
    """A JPEG without its JFIF and Adobe segments."""
    out, at = stream[:2], 2
    while stream[at + 1] != 0xDA:
        length = struct.unpack(">H", stream[at + 2:at + 4])[0] + 2
        if stream[at + 1] not in kinds:
            out += stream[at:at + length]
        at += length
    return out + stream[at:]


def with_ids(stream, ids):
    """A JPEG of three components with other ids."""
    out = bytearray(stream)
    at = 2
    while True:
        marker, length = out[at + 1], struct.unpack(">H", bytes(out[at + 2:at + 4]))[0] + 2
        first, step = {0xC0: (at + 10, 3), 0xDA: (at + 5, 2)}.get(marker, (None, 0))
        for c in range(3 if first else 0):
            out[first + c * step] = ids[c]
        if marker == 0xDA:
            return bytes(out)
        at += length


YCC = jpeg(COLOUR, subsampling=0)
RGB = jpeg(COLOUR, keep_rgb=True, subsampling=0)
ADOBE_YCC = YCC[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01" + without_markers(YCC)[2:]
STREAMS = {  # name -> (stream, whether it is right under any label)
    "YCbCr, JFIF": (YCC, True),
    "YCbCr, JFIF, 4:2:0": (jpeg(COLOUR, subsampling=2), True),
    "YCbCr, no marker, 4:2:2": (without_markers(jpeg(COLOUR, subsampling=1)), True),
    "YCbCr, Adobe": (ADOBE_YCC, True),
    "YCbCr, no marker": (without_markers(YCC), False),
    "YCbCr, no marker, ids 0, 1, 2": (with_ids(without_markers(YCC), (0, 1, 2)), False),
    "RGB, Adobe": (RGB, True),
    "RGB, Adobe, ids 1, 2, 3": (with_ids(RGB, (1, 2, 3)), True),
    "RGB, ids R, G, B": (with_ids(without_markers(RGB), b"RGB"), True),
    "RGB, no marker, ids 1, 2, 3": (with_ids(without_markers(RGB), (1, 2, 3)), False),
}


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT"])
@pytest.mark.parametrize("name", STREAMS)
def test_colour_is_what_the_stream_says_then_what_the_label_says(name, label, tmp_path):
    stream, any_label = STREAMS[name]
    if not any_label and name.startswith("RGB") != (label == "RGB"):
        pytest.skip("the object is wrong, and nothing shows it")
    got = read(save(JPEG, [stream], photometric=label), tmp_path)
    assert abs(got - COLOUR).mean() < 6, "colours of another model are 40 and more apart"


DEEP_J2K = jpeg2000(DEEP)
GREY_LS = bytes(jpeg_ls.encode_array(GREY))


@pytest.mark.parametrize("syntax, stream, bits, wanted", [
    (J2K, jpeg2000(GREY), 8, GREY), (HTJ2K, jpeg2000(GREY), 8, GREY), (J2K, DEEP_J2K, 16, DEEP // 257),
    (J2K, jpeg2000(GREY, no_jp2=False), 8, GREY), (J2K, jpeg2000(GREY, tile_size=(16, 16)), 8, GREY),
    (J2K, jpeg2000(GREY, num_resolutions=1, codeblock_size=(16, 16), precinct_size=(32, 32)), 8, GREY),
    (J2K, jpeg2000(GREY, quality_layers=[8, 4, 0], progression="RPCL"), 8, GREY),
    (J2K, jpeg2000(COLOUR, mct=1), 8, COLOUR), (J2K, jpeg2000(COLOUR, mct=0), 8, COLOUR), (JPEG_LS, GREY_LS, 8, GREY),
], ids=str)
def test_lossless_streams_are_exact(syntax, stream, bits, wanted, tmp_path):
    photometric = "RGB" if wanted.ndim == 3 else "MONOCHROME2"
    got = read(save(syntax, [stream], photometric=photometric, bits=bits), tmp_path)
    assert abs(got - wanted).max() <= (0 if bits == 8 else 1)


@pytest.mark.parametrize("label", ["RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL"])
def test_jpeg2000_whose_transform_is_undone_is_rgb_under_any_label(label, tmp_path):
    got = read(save(J2K, [jpeg2000(COLOUR, mct=1)], photometric=label), tmp_path)
    assert (got == COLOUR).all()


def test_jpeg2000_without_a_transform_is_what_the_label_says(tmp_path):
    ycc = numpy.asarray(Image.fromarray(COLOUR).convert("YCbCr"))
    got = read(save(J2K, [jpeg2000(ycc, mct=0)], photometric="YBR_FULL"), tmp_path)
    assert abs(got - COLOUR).max() <= 3


@pytest.mark.parametrize("syntax, stream", [
    (JPEG, jpeg2000(GREY)), (JPEG, GREY_LS), (LOSSLESS, jpeg(GREY)), (JPEG_LS, jpeg(GREY)), (J2K, jpeg(GREY)),
    ("1.2.840.10008.1.2.5", jpeg(GREY)),
], ids=range(6))
def test_the_stream_says_how_it_is_coded_not_the_transfer_syntax(syntax, stream, tmp_path):
    got = read(save(syntax, [stream]), tmp_path, ["other_coding"])
    assert abs(got - GREY).mean() < 3


def test_a_compressed_frame_under_a_native_transfer_syntax_is_read(tmp_path):
    data = save(J2K, [jpeg2000(GREY)]).replace(J2K.encode(), b"1.2.840.10008.1.2.1\0\0\0")
    assert (read(data, tmp_path, ["other_coding"]) == GREY).all()


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("stream", [jpeg(GREY), jpeg(GREY, progressive=True), GREY_LS, jpeg2000(GREY), DEEP_J2K],
                         ids=["jpeg", "progressive", "jpeg_ls", "j2k", "deep j2k"])
def test_a_stream_that_ends_early_is_refused(stream, part, end, tmp_path):
    syntax = {b"\xff\x4f": J2K}.get(stream[:2], JPEG_LS if stream is GREY_LS else JPEG)
    cut = stream[:int(len(stream) * part)] + end
    refusal(save(syntax, [cut], bits=16 if stream is DEEP_J2K else 8), tmp_path)


def test_a_jpeg_without_entropy_coded_data_is_refused(tmp_path):
    stream = jpeg(GREY)
    start = stream.index(b"\xff\xda")
    head = stream[:start + 2 + struct.unpack(">H", stream[start + 2:start + 4])[0]]
    refusal(save(JPEG, [head]), tmp_path)
    refusal(save(JPEG, [head + b"\xff\xd9"]), tmp_path)


def test_padding_after_a_stream_is_nothing(tmp_path):
    for stream, syntax in ((jpeg(GREY), JPEG), (jpeg2000(GREY), J2K), (GREY_LS, JPEG_LS)):
        assert abs(read(save(syntax, [stream + bytes(6)]), tmp_path) - GREY).mean() < 3


def in_fragments(stream, count):
    size = len(stream) // count // 2 * 2
    parts = [stream[i * size:(i + 1) * size] for i in range(count - 1)] + [stream[(count - 1) * size:]]
    return b"".join(itemize_fragment(part + b"\0" * (len(part) % 2)) for part in parts)


END = b"\xfe\xff\xdd\xe0\0\0\0\0"
EMPTY = b"\xfe\xff\x00\xe0\0\0\0\0"


@pytest.mark.parametrize("padding", [0, 1, 4, 32])
@pytest.mark.parametrize("encode, syntax", [(jpeg, JPEG), (jpeg2000, J2K)], ids=["jpeg", "j2k"])
def test_frames_of_several_fragments_are_found_without_an_offset_table(encode, syntax, padding, tmp_path):
    images = [numpy.roll(GREY, i * 7, 1) for i in range(5)]
    pixels = EMPTY + b"".join(in_fragments(encode(image) + bytes(padding), 3) for image in images) + END
    done = run(save(syntax, [], frames=5, pixels=pixels), tmp_path, "all")
    assert done.returncode == 0, done.stderr
    size = len(done.stdout) // 5
    for i, image in enumerate(images):
        got = numpy.asarray(Image.open(io.BytesIO(done.stdout[i * size:(i + 1) * size])), int)
        assert abs(got - image).mean() < 3


def test_an_extended_offset_table_is_read(tmp_path):
    streams = [jpeg2000(numpy.roll(GREY, i * 7, 1)) for i in range(3)]
    pixels, offsets, lengths = encapsulate_extended(streams)
    data = save(J2K, [], frames=3, pixels=pixels + END)
    # (7FE0,0001) and (7FE0,0002), VR OV, stand before the pixels.
    table = b"".join(b"\xe0\x7f" + bytes([n]) + b"\0OV\0\0" + struct.pack("<I", len(v)) + v
                     for n, v in ((1, offsets), (2, lengths)))
    at = data.index(b"\xe0\x7f\x10\x00OB")
    assert (read(data[:at] + table + data[at:], tmp_path) == numpy.roll(GREY, 7, 1)).all()


def test_more_codestreams_than_frames_are_a_warning(tmp_path):
    streams = [jpeg2000(GREY), jpeg2000(GREY[::-1].copy()), jpeg2000(GREY)]
    got = read(save(J2K, [], frames=1, pixels=encapsulate(streams)), tmp_path, ["more_pixels"])
    assert (got == GREY).all()


def test_swapped_rows_and_columns_are_the_streams(tmp_path):
    for stream, syntax in ((jpeg(GREY), JPEG), (jpeg2000(GREY), J2K)):
        got = read(save(syntax, [stream], rows=COLUMNS, columns=ROWS), tmp_path, ["swapped_sides"])
        assert got.shape == (ROWS, COLUMNS)
        refusal(save(syntax, [stream], rows=COLUMNS + 1, columns=ROWS), tmp_path)


@pytest.mark.parametrize("between", [b"", b"\0", b"\x11\xff\0"], ids=["nothing", "a byte", "a stuffed byte"])
def test_scans_of_a_jpeg_are_bounded_whatever_stands_between_them(between, tmp_path):
    stream = jpeg(GREY, progressive=True)
    scan = between + stream[stream.rindex(b"\xff\xda"):-2]
    scans = stream.count(b"\xff\xda") + 590
    assert f" {scans} scans" in refusal(save(JPEG, [stream[:-2] + scan * 590 + b"\xff\xd9"]), tmp_path)


@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"progressive": True, "subsampling": 1}])
@pytest.mark.parametrize("blocks", [1, 3])
def test_a_jpeg_with_restart_markers_is_the_one_without(blocks, options, tmp_path):
    plain = read(save(JPEG, [jpeg(COLOUR, **options)], photometric="YBR_FULL_422"), tmp_path)
    stream = jpeg(COLOUR, restart_marker_blocks=blocks, **options)
    assert stream.count(b"\xff\xdd") >= 1
    assert (read(save(JPEG, [stream], photometric="YBR_FULL_422"), tmp_path) == plain).all()


@pytest.mark.parametrize("marker", [b"\xff\x01", b"\xff\xff\x01", b"\xff\x02\xff\x01", b"\xff\x3f"])
def test_a_jpeg_with_a_marker_that_no_image_has_before_its_frame_is_refused(marker, tmp_path):
    # DCMTK stands at 0xFF01 for ever.
    for photometric, image in (("MONOCHROME2", GREY), ("YBR_FULL_422", COLOUR)):
        stream = jpeg(image)
        for at in (2, stream.index(b"\xff\xc0")):
            # Behind it, more than what the marker would be the length of.
            changed = stream[:at] + marker + stream[at:] + bytes(1 << 17)
            assert "JPEG" in refusal(save(JPEG, [changed], photometric=photometric), tmp_path)


def test_a_jpeg_without_the_restart_markers_it_promises_is_refused_before_it_is_decoded(tmp_path):
    # 4,096 blocks a scan; missed one by one by the codec, they took it seconds.
    large = numpy.zeros((512, 512), numpy.uint8)
    stream = jpeg(large, progressive=True)
    at = stream.index(b"\xff\xc2")
    scan = stream[stream.rindex(b"\xff\xda"):-2]
    promising = stream[:at] + b"\xff\xdd\0\x04\0\x01" + stream[at:-2] + scan * 400 + b"\xff\xd9"
    done = run(save(JPEG, [promising], rows=512, columns=512), tmp_path)
    assert done.returncode == 1 and b"ends before its last pixel" in done.stderr


def jpeg2000_with(stream, marker, offset, value):
    at = stream.index(marker) + 4 + offset
    return stream[:at] + value + stream[at + len(value):]


@pytest.mark.parametrize("change", [
    (b"\xff\x51", 18, struct.pack(">II", 1, 1)),  # tiles of a pixel
    (b"\xff\x52", 2, b"\xff\xff"),                # layers
    (b"\xff\x52", 5, b"\x40"),                    # levels
    (b"\xff\x52", 6, b"\x00\x00"),                # code blocks of 4 x 4
    (b"\xff\x51", 36, b"\x26"),                   # a depth of 39 bits
], ids=range(5))
def test_what_jpeg2000_says_it_will_cost_is_bounded_before_decoding(change, tmp_path):
    refusal(save(J2K, [jpeg2000_with(jpeg2000(GREY), *change)]), tmp_path)


def test_a_deflated_object_takes_the_memory_of_its_pixels(tmp_path):
    """An attribute of 600 MB, and pixel data of 600 MB behind an image of 64 x 48."""
    plain = save("1.2.840.10008.1.2.1", [], pixels=EMPTY + END)
    start, at = plain.index(b"\x08\x00\x16\x00UI"), plain.index(b"\xe0\x7f\x10\x00OB")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    for tag, read_at_all in ((b"\x42\x00\x11\x00", False), (b"\xe0\x7f\x10\x00", True)):
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        body = [packer.compress(plain[start:at] + tag + b"OB\0\0" + struct.pack("<I", 600 << 20))]
        body += [packer.compress(bytes(1 << 20)) for _ in range(600)] + [packer.flush()]
        path = tmp_path / "deflated.dcm"
        syntax = b"1.2.840.10008.1.2.1.99"
        element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
        path.write_bytes(bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(element)) + element +
                         b"".join(body))
        process = subprocess.Popen([os.environ["MI2_DICOM_DUMP"], path], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert (process.returncode == 0) == read_at_all
        assert usage.ru_maxrss < 400 << 10, "kilobytes"

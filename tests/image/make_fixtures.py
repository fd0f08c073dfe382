"""Makes tests/image/data: small files of rare variants, and Pillow's pixels for them in expected.json.

Where Pillow reads a TIFF otherwise than its tags say, or not at all, the pixels are worked out here.

Usage: make_fixtures.py FOLDER. Needs numpy, Pillow, pypng, tifffile and imagecodecs.
"""
import io
import json
import pathlib
import struct
import sys

import imagecodecs
import numpy as np
import png
import tifffile
from PIL import Image

WIDTH, HEIGHT = 41, 29
MODEL_WIDTH, MODEL_HEIGHT = 40, 48
rng = np.random.default_rng(11)


def texture(channels, width=WIDTH, height=HEIGHT, most=255):
    """Smooth waves and a little noise: [height, width, channels]."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    waves = (np.sin(x / 5 + c) + np.cos(y / 4 - c) + 2) / 4
    return np.clip((waves + rng.normal(0, 0.02, waves.shape)) * most, 0, most).round()


def bytes_of(channels, **size):
    return texture(channels, **size).astype(np.uint8)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def rgb_image(width=WIDTH, height=HEIGHT):
    return Image.fromarray(bytes_of(3, width=width, height=height))


def pngs():
    def write(pixels, **options):
        out = io.BytesIO()
        rows = pixels.reshape(pixels.shape[0], -1).astype(int).tolist()
        png.Writer(WIDTH, HEIGHT, **options).write(out, rows)
        return out.getvalue()

    palette = [tuple(int(v) for v in row) for row in rng.integers(0, 256, (16, 4))]
    yield "interlaced_rgb.png", write(bytes_of(3), greyscale=False, interlace=True)
    yield "interlaced_grey2.png", write(texture(1, most=3), greyscale=True, bitdepth=2, interlace=True)
    yield "rgb16.png", write(texture(3, most=65535), greyscale=False, bitdepth=16)
    yield "rgba16_interlaced.png", write(texture(4, most=65535), greyscale=False, alpha=True, bitdepth=16, interlace=True)
    yield "grey_alpha16.png", write(texture(2, most=65535), greyscale=True, alpha=True, bitdepth=16)
    for bits in (1, 2, 4):
        yield f"palette{bits}_trns.png", write(texture(1, most=2**bits - 1), bitdepth=bits, palette=palette[: 2**bits])
    yield "grey4_trns.png", write(texture(1, most=15), greyscale=True, bitdepth=4, transparent=7)
    yield "grey8_trns.png", write(bytes_of(1), greyscale=True, transparent=100)
    yield "rgb8_trns.png", write(bytes_of(3), greyscale=False, transparent=(9, 99, 199))


def jpegs():
    pixels = bytes_of(3)
    for name, sampling in (("440", (1, 2)), ("411", (4, 1))):
        yield f"{name}.jpg", imagecodecs.jpeg8_encode(pixels, level=80, subsampling=sampling)
    yield "ycck.jpg", imagecodecs.jpeg8_encode(bytes_of(4), level=80, colorspace="CMYK", outcolorspace="YCCK")
    yield "restart.jpg", saved(rgb_image(), "JPEG", restart_marker_blocks=1)
    yield "progressive.jpg", saved(rgb_image(), "JPEG", progressive=True)
    yield "rgb_no_transform.jpg", saved(rgb_image(), "JPEG", keep_rgb=True)


def webps():
    rgba = [Image.fromarray(bytes_of(4)) for _ in range(2)]
    yield "lossy.webp", saved(rgb_image(), "WEBP", quality=60)
    yield "lossless.webp", saved(rgb_image(), "WEBP", lossless=True)
    yield "lossy_alpha.webp", saved(rgba[0], "WEBP", quality=60)
    yield "animated.webp", saved(rgba[0], "WEBP", save_all=True, append_images=rgba[1:], lossless=True)


def jpeg2000s():
    yield "rgb.jp2", saved(rgb_image(), "JPEG2000")
    yield "rgba.jp2", saved(Image.fromarray(bytes_of(4)), "JPEG2000")
    yield "grey.j2k", saved(Image.fromarray(bytes_of(1)[..., 0]), "JPEG2000", no_jp2=True)
    yield "grey_alpha.jp2", saved(Image.fromarray(bytes_of(2)), "JPEG2000")
    yield "grey16.jp2", saved(Image.fromarray(texture(1, most=60000)[..., 0].astype(np.uint16)), "JPEG2000")
    yield "lossy.jp2", saved(rgb_image(), "JPEG2000", irreversible=True, quality_layers=[20])


def gifs():
    grey, palette = bytes_of(1)[..., 0], rng.integers(0, 256, 768).astype(np.uint8)
    indexed = Image.fromarray(grey)
    indexed.putpalette(palette.tobytes())
    plain = saved(indexed, "GIF", interlace=0)
    yield "palette.gif", plain
    yield "grey.gif", saved(Image.fromarray(grey), "GIF", interlace=0)
    yield "interlaced.gif", saved(indexed, "GIF", interlace=1)
    yield "transparent.gif", saved(indexed, "GIF", transparency=7)
    yield "animated.gif", saved(indexed, "GIF", save_all=True, append_images=[Image.fromarray(255 - grey)])
    # The frame lies inside a larger canvas, and beyond a smaller one.
    at = plain.index(b"\x2c\0\0\0\0" + struct.pack("<HH", WIDTH, HEIGHT))
    moved = plain[:at] + b"\x2c" + struct.pack("<HH", 5, 3) + plain[at + 5 :]
    yield "inside.gif", moved[:6] + struct.pack("<HH", 60, 50) + moved[10:]
    yield "beyond.gif", moved[:6] + struct.pack("<HH", 20, 50) + moved[10:]


def bmp_of(body, bits, compression=0, palette=b"", masks=b"", height=HEIGHT, header=40):
    fields = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(body), 0, 0, 0, 0)
    start = 14 + header + (len(masks) if header == 40 else 0) + len(palette)
    more = masks if header == 40 else masks.ljust(header - 40, b"\0")
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + fields + more + palette + body


def bmps():
    grey, colour = bytes_of(1)[..., 0], bytes_of(3)
    indexed = Image.fromarray(grey)
    indexed.putpalette(rng.integers(0, 256, 768).astype(np.uint8).tobytes())
    yield "rgb.bmp", saved(rgb_image(), "BMP")
    yield "palette.bmp", saved(indexed, "BMP")
    yield "grey.bmp", saved(Image.fromarray(grey), "BMP")
    yield "bilevel.bmp", saved(Image.fromarray(grey).convert("1"), "BMP")
    four = Image.fromarray(grey >> 4)
    entries = rng.integers(0, 256, (16, 4)).astype(np.uint8)
    entries[:, 3] = 0
    four.putpalette(entries[:, 2::-1].tobytes())
    shifted = np.pad(grey >> 4, ((0, 0), (0, 7)))  # 48 nibbles: rows of whole words
    rows = np.flipud(shifted[:, 0::2] << 4 | shifted[:, 1::2]).astype(np.uint8)
    yield "palette4.bmp", bmp_of(rows.tobytes(), 4, palette=entries.tobytes()), four.convert("P")
    def words(pixels):
        return np.pad(pixels, ((0, 0), (0, 1))).astype("<u2")
    five = colour.astype(int) >> 3
    packed15 = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    shown = Image.fromarray((five * 255 // 31).astype(np.uint8))
    yield "rgb555.bmp", bmp_of(np.flipud(words(packed15)).tobytes(), 16), shown
    yield "top_down.bmp", bmp_of(words(packed15).tobytes(), 16, height=-HEIGHT), shown
    six = colour.astype(int)[..., 1] >> 2
    packed16 = five[..., 0] << 11 | six << 5 | five[..., 2]
    green = np.stack([five[..., 0] * 255 // 31, six * 255 // 63, five[..., 2] * 255 // 31], -1)
    masks = struct.pack("<3I", 0xF800, 0x7E0, 0x1F)
    yield "rgb565.bmp", bmp_of(np.flipud(words(packed16)).tobytes(), 16, 3, masks=masks), Image.fromarray(green.astype(np.uint8))
    rgba = bytes_of(4)
    masks = struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    yield "rgba_v5.bmp", bmp_of(np.flipud(rgba).tobytes(), 32, 3, masks=masks, header=124), Image.fromarray(rgba)
    bgrx = np.concatenate([colour[..., ::-1], np.zeros_like(grey)[..., None]], -1)
    yield "bgrx.bmp", bmp_of(np.flipud(bgrx).tobytes(), 32), Image.fromarray(colour)
    flat = grey >> 6
    runs = b"".join(b"".join(bytes([1, v]) for v in row) + b"\0\0" for row in flat[::-1].tolist()) + b"\0\1"
    colours = rng.integers(0, 256, (256, 4)).astype(np.uint8)
    shown = Image.fromarray(flat)
    shown.putpalette(colours[:, 2::-1].tobytes())
    yield "rle8.bmp", bmp_of(runs, 8, 1, palette=colours.tobytes()), shown
    stretches = b"".join(b"\0" + bytes([WIDTH]) + bytes(row) + b"\0" + b"\0\0" for row in flat[::-1].tolist()) + b"\0\1"
    yield "rle8_absolute.bmp", bmp_of(stretches, 8, 1, palette=colours.tobytes()), shown
    yield "jpeg_inside.bmp", bmp_of(b"", 0, 4), "JPEG inside"


def packed(pixels, bits):
    """Samples of fewer than 8 bits, rows padded to bytes."""
    flat = pixels.reshape(pixels.shape[0], -1).astype(np.uint8)
    planes = (flat[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(planes.reshape(flat.shape[0], -1), axis=1)


def raw_tiff(data, bits, photometric):
    """One uncompressed strip, tags as they must be for fewer than 8 bits."""
    body = packed(data, bits).tobytes()
    tags = [(256, WIDTH), (257, HEIGHT), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1), (278, HEIGHT),
            (279, len(body))]
    out = bytearray(b"II*\0" + (8 + len(body)).to_bytes(4, "little") + body)
    out += len(tags).to_bytes(2, "little")
    for tag, value in tags:
        out += b"".join(v.to_bytes(n, "little") for v, n in ((tag, 2), (4, 2), (1, 4), (value, 4)))
    return bytes(out + bytes(4))


def tiffs():
    def write(pixels, photometric="rgb", bigtiff=False, byteorder="<", **options):
        out = io.BytesIO()
        with tifffile.TiffWriter(out, bigtiff=bigtiff, byteorder=byteorder) as writer:
            writer.write(pixels, photometric=photometric, metadata=None, software=None, **options)
        return out.getvalue()

    def planes(channels):
        return np.ascontiguousarray(np.moveaxis(bytes_of(channels), -1, 0))

    grey, deep = bytes_of(1)[..., 0], texture(1, most=65535)[..., 0].astype(np.uint16)
    yield "tiled.tif", write(bytes_of(3), tile=(16, 16))
    yield "tiled_grey16.tif", write(deep, "minisblack", tile=(16, 32), compression="lzw")
    yield "planar.tif", write(planes(3), planarconfig="separate", compression="zlib", rowsperstrip=7)
    yield "planar_tiled.tif", write(planes(3), planarconfig="separate", tile=(16, 16), compression="lzw")
    yield "planar_rgba.tif", write(planes(4), planarconfig="separate", extrasamples=["unassalpha"])
    yield "min_is_white8.tif", write(grey, "miniswhite")
    yield "min_is_white16.tif", write(deep, "miniswhite"), spread(deep, inverted=True)
    for bits in (1, 2, 4):
        for photometric, name in ((0, "white"), (1, "black")):
            yield f"grey{bits}_{name}.tif", raw_tiff(texture(1, most=2**bits - 1), bits, photometric)
    yield "big.tif", write(bytes_of(3), bigtiff=True, compression="zlib", predictor=True)
    yield "predictor_lzw.tif", write(bytes_of(4), extrasamples=["unassalpha"], compression="lzw", predictor=True)
    yield "predictor16.tif", write(deep, "minisblack", compression="zlib", predictor=True)
    yield "predictor_float.tif", write(texture(1)[..., 0].astype(np.float32), "minisblack", compression="zlib",
                                       predictor=True)
    yield "associated_alpha.tif", write(bytes_of(4), extrasamples=["assocalpha"])
    yield "rgb16_be.tif", write(texture(3, most=65535).astype(np.uint16), byteorder=">")
    yield "jpeg_tiled.tif", write(bytes_of(3), tile=(16, 16), compression="jpeg")
    yield "cmyk_planar.tif", write(planes(4), "separated", planarconfig="separate")
    yield "signed8.tif", write((grey.astype(np.int16) - 128).astype(np.int8), "minisblack"), spread(grey)
    yield "signed16.tif", write((deep.astype(np.int32) - 32768).astype(np.int16), "minisblack")


def tiff_of(body, tags):
    """A little-endian TIFF of one strip. tags: {code: value or list of values, or (type, value)}."""
    sizes = {1: "B", 3: "H", 4: "I", 11: "f"}
    tags = {256: WIDTH, 257: HEIGHT, 259: 1, 273: (4, 8), 277: 1, 278: HEIGHT, 279: (4, len(body)), **tags}
    out = bytearray(b"II*\0" + struct.pack("<I", 8 + len(body)) + body)
    more = bytearray()
    at = len(out) + 2 + len(tags) * 12 + 4
    out += struct.pack("<H", len(tags))
    for code, value in sorted(tags.items()):
        kind, values = value if isinstance(value, tuple) else (3, value)
        values = values if isinstance(values, list) else [values]
        data = struct.pack(f"<{len(values)}{sizes[kind]}", *values)
        out += struct.pack("<HHI", code, kind, len(values))
        out += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", at + len(more))
        more += data if len(data) > 4 else b""
    return bytes(out + bytes(4) + more)


def wide_packed(samples, bits):
    """[height, n] of any number of bits below 32, rows padded to bytes, the highest bit first."""
    planes = (samples.astype(np.uint64)[..., None] >> np.arange(bits - 1, -1, -1, dtype=np.uint64)) & np.uint64(1)
    return np.packbits(planes.astype(np.uint8).reshape(samples.shape[0], -1), axis=1).tobytes()


def spread(samples, inverted=False):
    """Deep grey by percentiles 1 and 99, as --intensity does by default."""
    pixels = np.asarray(samples).astype(np.float64)
    finite = pixels[np.isfinite(pixels)]
    low, high = np.percentile(finite, [1, 99])
    y = np.nan_to_num(np.clip((pixels - low) / (high - low), 0, 1))
    shades = np.floor(y * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(255 - shades if inverted else shades)


def deep_tiffs():
    """Grey of every number of bits and format, black or white at zero."""
    def write(pixels, photometric="minisblack", **options):
        out = io.BytesIO()
        with tifffile.TiffWriter(out, byteorder=options.pop("byteorder", "<")) as writer:
            writer.write(pixels, photometric=photometric, metadata=None, software=None, **options)
        return out.getvalue()

    unit = texture(1, most=65535)[..., 0] / 65535
    for bits in (3, 6):
        codes = (unit * (2**bits - 1)).round().astype(int)
        shades = (codes * 255 + (2**bits - 1) // 2) // (2**bits - 1)
        yield f"grey{bits}_odd.tif", tiff_of(wide_packed(codes, bits), {258: bits, 262: 1}), Image.fromarray(shades.astype(np.uint8))
    for bits in (10, 12, 14, 20):
        codes = (unit * (2**bits - 1)).round()
        for photometric, name in ((0, "white"), (1, "black")):
            yield (f"grey{bits}_{name}.tif", tiff_of(wide_packed(codes, bits), {258: bits, 262: photometric}),
                   spread(codes, inverted=photometric == 0))
    codes = (unit * (2**24 - 1)).round().astype(np.uint32)
    body = codes.astype("<u4").tobytes()
    triples = b"".join(body[i : i + 3] for i in range(0, len(body), 4))
    yield "grey24.tif", tiff_of(triples, {258: 24, 262: 1}), spread(codes)
    signed = (unit * 4095).round().astype(int) - 2048
    yield "signed12.tif", tiff_of(wide_packed(signed & 0xFFF, 12), {258: 12, 262: 1, 339: 2}), spread(signed)
    big = (unit * (2**32 - 1)).astype(np.uint32)
    yield "unsigned32.tif", write(big), spread(big)
    yield "unsigned32_white_be.tif", write(big, "miniswhite", byteorder=">"), spread(big, inverted=True)
    yield "signed32.tif", write((big.astype(np.int64) - 2**31).astype(np.int32)), spread(big.astype(np.int64) - 2**31)
    far = (unit * 2**50).astype(np.int64) - 2**49
    yield "signed64.tif", write(far), spread(far)
    yield "unsigned64.tif", write(far.astype(np.uint64) + 2**49), spread(far + 2**49)
    half = (unit * 300 - 100).astype(np.float16)
    half[3, 4] = np.nan
    yield "float16.tif", write(half, compression="zlib", predictor=True), spread(half)
    near = 1e9 + unit  # in f32 all of these are one number
    yield "float64.tif", write(near, compression="zlib", predictor=True), spread(near)
    white = (unit * 7 - 3).astype(np.float32)
    yield "float32_white.tif", write(white, "miniswhite"), spread(white, inverted=True)
    yield "orientation6_deep.tif", write(big, extratags=[(274, 3, 1, 6, True)]), spread(np.rot90(big, -1))
    nothing = Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8))
    yield "all_nan.tif", write(np.full((HEIGHT, WIDTH), np.nan, np.float32)), nothing, ["no_finite_value"]
    yield "one_value.tif", write(np.full((HEIGHT, WIDTH), 7, np.uint32)), nothing, ["one_value"]
    hot = np.full((HEIGHT, WIDTH), 7, np.uint16)
    hot[5, 6] = 60000
    yield "one_hot.tif", write(hot), nothing, ["range_collapsed"]


def tiff_tags():
    """Tags that change what samples mean: followed, refused by name (a text), or warned about (a list of names)."""
    flat = bytes_of(1)[..., 0]
    colour = bytes_of(3)
    rgb12 = texture(3, most=4095).astype(int)
    yield ("rgb12.tif", tiff_of(wide_packed(rgb12.reshape(HEIGHT, -1), 12), {258: [12] * 3, 262: 2, 277: 3}),
           Image.fromarray((rgb12 >> 4).astype(np.uint8)))
    reversed_bits = np.packbits(np.unpackbits(flat, axis=None, bitorder="big"), bitorder="little").tobytes()
    yield "fill_order2.tif", tiff_of(reversed_bits, {258: 8, 262: 1, 266: 2}), Image.fromarray(flat)
    entries = rng.integers(0, 65536, (3, 256))
    yield ("palette_low.tif", tiff_of(flat.tobytes(), {258: 8, 262: 3, 320: (entries >> 8).ravel().tolist()}),
           with_palette(flat, entries >> 8), ["lut_bits"])
    yield "palette_none.tif", tiff_of(flat.tobytes(), {258: 8, 262: 3}), "without a palette"
    wide = rng.integers(0, 65536, (3, 1024))
    indices = texture(1, most=1023)[..., 0].astype(int)
    yield ("palette10.tif", tiff_of(wide_packed(indices, 10), {258: 10, 262: 3, 320: wide.ravel().tolist()}),
           Image.fromarray((wide.T >> 8).astype(np.uint8)[indices]))
    ycc = np.asarray(Image.fromarray(colour[:28, :40]).convert("YCbCr"))
    size = {256: 40, 257: 28, 278: 28, 277: 3, 258: [8] * 3, 262: 6}
    blocks = ycc.reshape(14, 2, 20, 2, 3)
    luma = blocks[..., 0].transpose(0, 2, 1, 3).reshape(14, 20, 4)
    chroma = blocks[:, 0, :, 0, 1:]
    units = np.concatenate([luma, chroma], axis=-1).astype(np.uint8).tobytes()
    yield ("ycbcr_22.tif", tiff_of(units, {**size, 530: [2, 2]}),
           ycbcr_to_rgb(np.repeat(np.repeat(ycc[::2, ::2], 2, 0), 2, 1), ycc[..., 0]))
    yield "ycbcr_11.tif", tiff_of(ycc.tobytes(), {**size, 530: [1, 1]}), ycbcr_to_rgb(ycc, ycc[..., 0])
    video = [16, 235, 128, 240, 128, 240]
    rationals = struct.pack("<12I", *[n for v in video for n in (v, 1)])
    yield ("ycbcr_video.tif", with_rationals(ycc.tobytes(), {**size, 530: [1, 1]}, 532, rationals),
           ycbcr_to_rgb(ycc, ycc[..., 0], video))
    yield "no_photometric.tif", tiff_of(flat.tobytes(), {258: 8}), Image.fromarray(flat), ["photometric"]
    yield ("transfer.tif", tiff_of(flat.tobytes(), {258: 8, 262: 1, 301: list(range(0, 65536, 256))}),
           Image.fromarray(flat), ["tag_ignored"])
    five = np.concatenate([colour, flat[..., None], flat[..., None]], axis=-1)
    yield ("rgb_and_two.tif", tiff_of(five.tobytes(), {258: [8] * 5, 262: 2, 277: 5, 338: [0, 0]}),
           Image.fromarray(colour), ["extra_samples"])
    four = bytes_of(4)
    cmyk = {258: [8] * 4, 262: 5, 277: 4}
    yield "cmyk_not.tif", tiff_of(four.tobytes(), {**cmyk, 332: 2}), "inks"
    yield "cmyk_five.tif", tiff_of(four.tobytes(), {**cmyk, 334: 5}), "inks"
    yield "cmyk_dots.tif", tiff_of(four.tobytes(), {**cmyk, 336: [255, 0]}), "DotRange"
    for code, name in ((8, "CIELab"), (9, "ICCLab"), (32845, "LogLuv"), (34892, "camera")):
        yield f"photometric{code}.tif", tiff_of(colour.tobytes(), {258: [8] * 3, 262: code, 277: 3}), name
    yield "indexed_rgb.tif", tiff_of(colour.tobytes(), {258: [8] * 3, 262: 2, 277: 3, 346: 1}), "Indexed"
    yield "volume.tif", tiff_of(flat.tobytes(), {258: 8, 262: 1, 32997: (4, 4)}), "slices"
    yield "raw_dng.tif", tiff_of(flat.tobytes(), {258: 8, 262: 1, 50706: (1, [1, 4, 0, 0])}), "raw data"
    preview = {258: 8, 262: 1, 254: (4, 1), 330: (4, 8)}
    yield "raw_preview.tif", tiff_of(flat.tobytes(), preview), "raw data"
    yield "jpeg2000.tif", tiff_of(flat.tobytes(), {258: 8, 262: 1, 259: 34712}), "JPEG 2000"
    yield "old_jpeg.tif", tiff_of(flat.tobytes(), {258: 8, 262: 1, 259: 6}), "old-style JPEG"
    yield "complex.tif", tiff_of(bytes(WIDTH * HEIGHT * 8), {258: 64, 262: 1, 339: 6}), "sample format 6"
    beyond = np.full((HEIGHT, WIDTH), 2**60, np.uint64)
    yield "unsigned64_beyond.tif", tiff_of(beyond.tobytes(), {258: 64, 262: 1}), "2^53"


def with_palette(indices, entries):
    image = Image.fromarray(indices)
    image.putpalette(entries.T.astype(np.uint8).tobytes())
    return image


def ycbcr_to_rgb(chroma, luma, black_white=(0, 255, 128, 255, 128, 255)):
    """TIFF 6.0, section 21, in the fixed point of libtiff's tif_color.c."""
    red, green, blue = 0.299, 0.587, 0.114

    def value(codes, black, white, most):
        return np.trunc((codes.astype(np.float32) - black) * np.float32(most) / np.float32(white - black)).astype(int)

    def fixed(x):
        return int(x * 65536 + 0.5)

    y = value(luma, black_white[0], black_white[1], 255)
    cb = value(chroma[..., 1], black_white[2], black_white[3], 127)
    cr = value(chroma[..., 2], black_white[4], black_white[5], 127)
    to_red, to_blue = 2 - 2 * red, 2 - 2 * blue
    half = 1 << 15
    channels = [y + ((fixed(to_red) * cr + half) >> 16),
                y + ((-fixed(blue * to_blue / green) * cb + half - fixed(red * to_red / green) * cr) >> 16),
                y + ((fixed(to_blue) * cb + half) >> 16)]
    return Image.fromarray(np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8))


def with_rationals(body, tags, code, data):
    """As tiff_of, with a tag of rationals, which lie before the directory, after the strip."""
    file = tiff_of(body + data, {**tags, 279: (4, len(body)), code: (4, [0] * (len(data) // 8))})
    at = file.index(struct.pack("<HHI", code, 4, len(data) // 8))
    return file[:at] + struct.pack("<HHII", code, 5, len(data) // 8, 8 + len(body)) + file[at + 12 :]


def extremes():
    yield "tall.png", saved(rgb_image(1, 2000), "PNG")
    yield "flat.png", saved(rgb_image(2000, 1), "PNG")
    yield "tall_alpha.png", saved(Image.fromarray(bytes_of(4, width=2, height=1500)), "PNG")


def fnv1a(pixels):
    value = 0xCBF29CE484222325
    for byte in np.asarray(pixels).tobytes():
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return f"{value:016x}"


def eight_bits(image):
    """Deep grey by percentiles 1 and 99, as --intensity does by default."""
    if image.mode[0] not in "IF":
        return image
    pixels = np.asarray(image).astype(np.float64)
    low, high = np.percentile(pixels, [1, 99])
    return Image.fromarray(np.floor(np.clip((pixels - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8))


def expected(data, picture=None, warnings=()):
    """Hashes of the RGB pixels as decoded, and as the model sees them in both profiles; None if Pillow refuses.

    picture: what the file shows, if that is not what Pillow takes it for; a text: what the refusal names.
    """
    if isinstance(picture, str):
        return {"refused": picture}
    try:
        image = Image.open(io.BytesIO(data)) if picture is None else picture
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        print("refused by Pillow:", error)
        return None
    image = eight_bits(image)
    size = (MODEL_WIDTH, MODEL_HEIGHT)
    rgb = image.convert("RGB")
    square = Image.open(io.BytesIO(saved(image.resize((512, 512)).convert("RGB"), "JPEG", quality=75)))
    row = {"width": image.width, "height": image.height, "rgb": fnv1a(rgb),
           "raw": fnv1a(rgb.resize(size, Image.BICUBIC)), "azure": fnv1a(square.resize(size, Image.BICUBIC))}
    return {**row, "warnings": list(warnings)} if warnings else row


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for group in (pngs, jpegs, webps, tiffs, extremes, deep_tiffs, tiff_tags, jpeg2000s, gifs, bmps):
        for name, data, *picture in group():
            (folder / name).write_bytes(data)
            rows[name] = expected(data, *picture)
    (folder / "expected.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

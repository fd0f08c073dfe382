"""The TIFF files of make_fixtures.py."""
import io
import struct

import numpy as np
import tifffile
from PIL import Image

from fixture_images import HEIGHT, WIDTH, bytes_of, rng, texture


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

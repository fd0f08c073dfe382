"""Makes tests/image/data: small files of rare variants, and Pillow's pixels for them in expected.json.

Usage: make_fixtures.py FOLDER. Needs numpy, Pillow, pypng, tifffile and imagecodecs.
"""
import io
import json
import pathlib
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
    yield "min_is_white16.tif", write(deep, "miniswhite")
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
    yield "signed8.tif", write((grey.astype(np.int16) - 128).astype(np.int8), "minisblack")
    yield "signed16.tif", write((deep.astype(np.int32) - 32768).astype(np.int16), "minisblack")


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


def expected(data):
    """Hashes of the RGB pixels as decoded, and as the model sees them in both profiles; None if Pillow refuses."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        print("refused by Pillow:", error)
        return None
    image = eight_bits(image)
    size = (MODEL_WIDTH, MODEL_HEIGHT)
    rgb = image.convert("RGB")
    square = Image.open(io.BytesIO(saved(image.resize((512, 512)).convert("RGB"), "JPEG", quality=75)))
    return {"width": image.width, "height": image.height, "rgb": fnv1a(rgb),
            "raw": fnv1a(rgb.resize(size, Image.BICUBIC)), "azure": fnv1a(square.resize(size, Image.BICUBIC))}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for group in (pngs, jpegs, webps, tiffs, extremes):
        for name, data in group():
            (folder / name).write_bytes(data)
            rows[name] = expected(data)
    (folder / "expected.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

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
from PIL import Image

from fixture_images import HEIGHT, WIDTH, bytes_of, rgb_image, rng, saved, texture
from tiff_fixtures import deep_tiffs, tiff_tags, tiffs

MODEL_WIDTH, MODEL_HEIGHT = 40, 48


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

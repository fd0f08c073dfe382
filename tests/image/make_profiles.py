"""Makes tests/image/data/profiles.json: what scikit-image and Pillow make of images that profiles_test.cpp makes too.

Usage: make_profiles.py FILE. Needs numpy 2, Pillow and scikit-image.
"""

import base64
import io
import json
import pathlib
import sys

import numpy as np
import skimage
from PIL import Image
from skimage import transform

SIZES = [(90, 70, 20, 24), (31, 200, 36, 10), (12, 10, 25, 20), (300, 40, 17, 20)]  # from width x height to width x height


def picture(width, height, channels, plain=False):
    """[height, width, channels]. plain: flat areas, where a cut number shows every bit of rounding."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    if plain:
        return np.where((x // 9 + y // 7) % 2 == 0, 255, 40 + 60 * c).astype(np.uint8)
    return ((x * 7 + y * 13 + c * 29 + x * y % 17) % 256).astype(np.uint8)


def spline(image, width, height):
    """As the toolkit's client calls it, channel by channel."""
    channels = [transform.resize(image[..., c], (height, width), order=3, mode="constant", preserve_range=True,
                                 anti_aliasing=True) for c in range(image.shape[2])]  # fmt: skip
    return np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8)


def mcp(image):
    image = image.convert("RGB").resize((512, 512), Image.BICUBIC)
    samples = np.asarray(image, dtype=np.float32)
    low, high = np.percentile(samples, (5.0, 95.0))
    samples = np.clip((samples - low) / max(high - low, 1e-6) * 255.0, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(samples).save(out, "JPEG", quality=75)
    return Image.open(out).convert("RGB")


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def main():
    rows = []
    for width, height, to_width, to_height in SIZES:
        for channels in (1, 3):
            for plain in (False, True):
                image = picture(width, height, channels, plain)
                rgb = Image.fromarray(image if channels == 3 else image[..., 0]).convert("RGB")
                toolkit = Image.fromarray(spline(np.asarray(rgb), 480, 480)).resize((to_width, to_height), Image.BICUBIC)
                rows.append({"width": width, "height": height, "channels": channels, "plain": plain, "to_width": to_width,
                             "to_height": to_height, "spline": text(spline(image, to_width, to_height)),
                             "toolkit": text(toolkit),
                             "mcp": text(mcp(rgb).resize((to_width, to_height), Image.BICUBIC))})  # fmt: skip
    made_with = {"numpy": np.__version__, "scikit-image": skimage.__version__, "Pillow": Image.__version__}
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"made_with": made_with, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""The images that make_fixtures.py writes into files: waves, from one generator."""
import io

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 41, 29
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

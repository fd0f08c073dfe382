"""Makes the pictures of this folder and expected.json: hashes of what Pillow makes of them.

Usage: make_fixtures.py. Needs numpy and Pillow.

Every operation and magnitude of TrivialAugmentWide, and some crops. Each is done with Pillow's functions as torchvision
calls them for PIL images (_apply_op in transforms/autoaugment.py); so are turns of the hue (adjust_hue). And boxes of
CutMix, by timm's rule in numpy, and changed stains, by their formula in numpy.
"""
import json
import math
import pathlib

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

FOLDER = pathlib.Path(__file__).parent
BINS = 31
CROPS = [((0, 0, 37, 29), (32, 32)), ((3, 2, 21, 25), (32, 32)), ((11, 0, 20, 29), (48, 40)), ((36, 28, 1, 1), (8, 8))]


def pictures():
    rng = np.random.default_rng(7)
    for name, width, height, low, high in [("wide", 37, 29, 0, 255), ("square", 32, 32, 0, 255), ("flat", 33, 24, 90, 140)]:
        y, x, c = np.mgrid[0:height, 0:width, 0:3]
        waves = (np.sin(x / 4 + 2 * c) + np.cos(y / 5 - c) + 2) / 4 + rng.normal(0, 0.05, x.shape)
        yield name, Image.fromarray((np.clip(waves, 0, 1) * (high - low) + low).astype(np.uint8))


def linspace(start, end):
    """torch.linspace in f32."""
    start, end = np.float32(start), np.float32(end)
    step = (end - start) / np.float32(BINS - 1)
    return [float(start + step * np.float32(i)) if i < BINS // 2 else float(end - step * np.float32(BINS - 1 - i))
            for i in range(BINS)]


def affine(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


def shear(level):
    return math.tan(math.radians(math.degrees(math.atan(level))))


def enhance(kind):
    return lambda image, level: kind(image).enhance(1.0 + level)


# name -> (magnitudes, whether they have a sign, the operation)
OPERATIONS = {
    "Identity": ([0.0], False, lambda image, level: image),
    "ShearX": (linspace(0, 0.99), True, lambda image, level: affine(image, (1, shear(level), 0, 0, 1, 0))),
    "ShearY": (linspace(0, 0.99), True, lambda image, level: affine(image, (1, 0, 0, shear(level), 1, 0))),
    "TranslateX": (linspace(0, 32), True, lambda image, level: affine(image, (1, 0, -int(level), 0, 1, 0))),
    "TranslateY": (linspace(0, 32), True, lambda image, level: affine(image, (1, 0, 0, 0, 1, -int(level)))),
    "Rotate": (linspace(0, 135), True, lambda image, level: image.rotate(level)),
    "Brightness": (linspace(0, 0.99), True, enhance(ImageEnhance.Brightness)),
    "Color": (linspace(0, 0.99), True, enhance(ImageEnhance.Color)),
    "Contrast": (linspace(0, 0.99), True, enhance(ImageEnhance.Contrast)),
    "Sharpness": (linspace(0, 0.99), True, enhance(ImageEnhance.Sharpness)),
    "Posterize": ([8 - round(i / 5) for i in range(BINS)], False, ImageOps.posterize),
    "Solarize": (linspace(255, 0), False, ImageOps.solarize),
    "AutoContrast": ([0.0], False, lambda image, level: ImageOps.autocontrast(image)),
    "Equalize": ([0.0], False, lambda image, level: ImageOps.equalize(image)),
}


def fnv1a(image):
    value = 0xCBF29CE484222325
    for byte in image.tobytes():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def colours():
    """Colours in steps of 5, all of them, as rows of an image."""
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(52 * 52, 52, 3))


def turned(image, turn):
    """torchvision's adjust_hue for PIL images."""
    hue, saturation, value = image.convert("HSV").split()
    shifted = np.array(hue, dtype=np.uint8) + np.int32(turn * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(shifted), saturation, value)).convert("RGB")


def restained(pixels, scale, offset):
    """Stains of a picture made stronger or weaker, by numpy's inverse: the mean of each channel of the result."""
    colours_ = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
    colours_ /= np.linalg.norm(colours_, axis=1, keepdims=True)
    density = -np.log((np.asarray(pixels, dtype=np.float64) + 1) / 256)
    stains = density @ np.linalg.inv(colours_) * scale + offset
    return np.clip(np.rint(256 * np.exp(-(stains @ colours_)) - 1), 0, 255)


def stain_cases(image):
    for scale, offset in [([1, 1, 1], [0, 0, 0]), ([1.2, 0.9, 1.05], [0.1, -0.05, 0.02]), ([0.5, 1.5, 1], [0, 0, 0.3])]:
        made = restained(image, scale, offset)
        yield {"scale": scale, "offset": offset, "means": made.reshape(-1, 3).mean(axis=0).tolist()}


def cutmix(width, height, drawn, centre):
    """The box of timm's rand_bbox, and a checksum of each of three images of which the first two have exchanged it."""
    ratio = np.sqrt(1 - drawn)
    cut_h, cut_w = int(height * ratio), int(width * ratio)
    cx, cy = centre
    top, bottom = np.clip([cy - cut_h // 2, cy + cut_h // 2], 0, height)
    left, right = np.clip([cx - cut_w // 2, cx + cut_w // 2], 0, width)
    pixels = np.arange(3 * height * width * 3, dtype=np.float64).reshape(3, height, width, 3)
    mixed = pixels.copy()
    mixed[:, top:bottom, left:right] = pixels[[1, 0, 2], top:bottom, left:right]
    weights = np.arange(1, height * width * 3 + 1)
    return {"width": width, "height": height, "drawn": drawn, "centre": centre,
            "box": [int(v) for v in (left, top, right - left, bottom - top)],
            "sums": [float(image.ravel() @ weights) for image in mixed]}


def cutmix_cases():
    rng = np.random.default_rng(11)
    for width, height in [(8, 8), (13, 7), (1, 1), (20, 24)]:
        for drawn in [0.0, 1.0, *rng.beta(1, 1, 9)]:
            yield cutmix(width, height, float(drawn), [int(rng.integers(0, width)), int(rng.integers(0, height))])


def main():
    expected = {"operations": {}, "crops": [], "hues": {}, "stains": [], "cutmix": list(cutmix_cases())}
    expected["hues"] = {str(turn): fnv1a(turned(colours(), turn)) for turn in (-0.5, -0.1, 0.0, 0.03, 0.25, 0.5)}
    for picture, image in pictures():
        image.save(FOLDER / f"{picture}.png", optimize=True)
        for name, (magnitudes, signed, operation) in OPERATIONS.items():
            for bin_, magnitude in enumerate(magnitudes):
                for sign in (1, -1) if signed else (1,):
                    made = operation(image, sign * magnitude)
                    key = f"{picture} {name} {bin_} {'-' if sign < 0 else '+'}"
                    expected["operations"][key] = fnv1a(made)
        if picture == "wide":
            expected["stains"] = list(stain_cases(image))
            for (left, top, width, height), size in CROPS:
                part = image.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.BICUBIC)
                expected["crops"].append({"box": [left, top, width, height], "size": size, "hash": fnv1a(part)})
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    print(f"{len(expected['operations'])} operations, {len(expected['crops'])} crops")


if __name__ == "__main__":
    main()

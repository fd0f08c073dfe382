"""What every contender computes: images of the model's own size, and texts as ids. Made here, the same for all."""
import os

import numpy as np
import yaml
from safetensors.numpy import load_file, save_file

START, END = 49406, 49407
# "chest x-ray, frontal view, no acute abnormality" and its like are about this long, start and end included.
TYPICAL_TOKENS = 12


def read_config(model):
    with open(os.path.join(model, "config.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def image(width, height, seed):
    """A smooth image with some noise, u8 [H, W, 3]; each seed has other waves."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / (17 + 9 * c + seed % 7)) * np.cos(y / (29 - 5 * c + seed % 5)) for c in range(3)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)


def pixels(config, seeds):
    """Images as the model takes them, f32 [B, H, W, 3]: / 255, mean, standard deviation."""
    encoder = config["IMAGE_ENCODER"]
    images = np.stack([image(*encoder["IMAGE_SIZE"], seed) for seed in seeds])
    mean, std = np.float32(encoder["IMAGE_MEAN"]), np.float32(encoder["IMAGE_STD"])
    return (images.astype(np.float32) / 255 - mean) / std


def texts(count, length, seed=0):
    """Ids of `count` texts of `length` tokens."""
    rng = np.random.default_rng(seed)
    return [[START, *rng.integers(0, START, length - 2).tolist(), END] for _ in range(count)]


def pad(rows, length=0):
    """Ids and mask (1 for real tokens), int64 [B, T]: padded at the right to `length` or to the longest text."""
    length = max(length, max(len(row) for row in rows))
    ids = np.array([row + [END] * (length - len(row)) for row in rows], np.int64)
    mask = np.array([[1] * len(row) + [0] * (length - len(row)) for row in rows], np.int64)
    return ids, mask


def write_pixels(folder, config, batch):
    """The path of a file that holds `batch` images as the tensor "pixels"."""
    return _write(os.path.join(folder, f"pixels-{batch}.safetensors"), pixels(config, range(1, batch + 1)))


def write_pixels_of(folder, config, seed):
    """The same for one image: number `seed` of every batch that has as many."""
    return _write(os.path.join(folder, f"image-{seed}.safetensors"), pixels(config, (seed,)))


def _write(path, values):
    save_file({"pixels": values}, path)
    return path


def read_pixels(path):
    """As peers take them: f32 [B, 3, H, W]."""
    return np.ascontiguousarray(load_file(path)["pixels"].transpose(0, 3, 1, 2))

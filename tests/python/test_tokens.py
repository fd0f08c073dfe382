"""return_tokens: the features of patches, from which a vector follows."""
import json
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest

# f32 sums in unlike orders.
TOLERANCE = 2e-5


def weights_of(folder, *names):
    """Tensors of a model's safetensors, as float64."""
    content = next(Path(folder).rglob("*.safetensors")).read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + size])
    found = []
    for name in names:
        row = header[name]
        assert row["dtype"] == "F32"
        start, end = row["data_offsets"]
        numbers = np.frombuffer(content[8 + size + start:8 + size + end], dtype="<f4")
        found.append(numbers.reshape(row["shape"]).astype(np.float64))
    return found


def head(tokens, folder):
    """Mean, LayerNorm, projection, length 1: float64 [images, dimensions]."""
    weight, bias, projection = weights_of(folder, "image_encoder.norms.weight", "image_encoder.norms.bias",
                                          "image_projection")
    mean = tokens.astype(np.float64).mean(axis=1)
    centred = mean - mean.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) * weight + bias
    vectors = normed @ projection
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_vector_follows_from_the_tokens(model, model_path, images):
    vectors, tokens = model.embed_images(images[:3], return_tokens=True)
    height, width, channels = model.token_grid
    assert tokens.dtype == np.float32 and tokens.shape == (3, height * width, channels)
    assert np.abs(head(tokens, model_path) - vectors).max() < TOLERANCE
    # Patches differ: these are not copies of the mean.
    assert np.abs(tokens - tokens.mean(axis=1, keepdims=True)).max() > 0.01


def test_tokens_leave_the_bits_of_the_vectors(model, images):
    found = model.embed_images(images, batch=3, return_tokens=True)
    assert isinstance(found, mi2.TokenVectors)
    assert found.vectors.tobytes() == model.embed_images(images).tobytes()
    alone = model.embed_images(images[2], return_tokens=True)
    assert alone.tokens[0].tobytes() == found.tokens[2].tobytes()


def test_tokens_of_what_cannot_be_read_are_missing(model, images, cut_picture):
    mixed = [images[0], cut_picture, images[1]]
    vectors, tokens = model.embed_images(mixed, return_tokens=True, on_error="nan")
    assert np.isnan(vectors[1]).all() and np.isnan(tokens[1]).all()
    assert not np.isnan(tokens[[0, 2]]).any()
    skipped = model.embed_images(mixed, return_tokens=True, on_error="skip")
    assert skipped.vectors.tobytes() == vectors[[0, 2]].tobytes()
    assert skipped.tokens.tobytes() == tokens[[0, 2]].tobytes()
    with pytest.raises(mi2.BadFile, match="cut.png"):
        model.embed_images(mixed, return_tokens=True)


def test_no_image_has_no_tokens(model):
    vectors, tokens = model.embed_images([], return_tokens=True)
    height, width, channels = model.token_grid
    assert vectors.shape == (0, model.dimensions) and tokens.shape == (0, height * width, channels)

"""return_tokens: the features of patches, from which a vector follows; and maps made of them."""
import json
import os
import subprocess
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
    """Mean, LayerNorm, projection, length 1: of [images, tokens, channels] float64 [images, dimensions]."""
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


def test_a_map_is_the_cosine_of_each_patch_through_the_head_by_itself(model, model_path, images):
    texts = ["chest x-ray", "brain MRI"]
    maps = model.heatmap(images[0], texts)
    height, width, channels = model.token_grid
    assert maps.dtype == np.float32 and maps.shape == (2, height, width)
    tokens = model.embed_images(images[0], return_tokens=True).tokens
    patches = head(tokens.reshape(-1, 1, channels), model_path)
    wanted = model.embed_texts(texts).astype(np.float64) @ patches.T
    assert np.abs(maps.reshape(2, -1) - wanted).max() < TOLERANCE
    assert np.ptp(wanted) > 50 * TOLERANCE  # the patches differ
    assert np.abs(model.embed_patches(tokens)[0] - patches).max() < TOLERANCE


def test_a_map_is_the_programs(model, model_path, images):
    command = [os.environ["MI2_BIN"], "heatmap", "--model", model_path, str(images[0]), "--text", "chest x-ray"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    maps = model.heatmap(images[0], "chest x-ray")
    assert np.abs(maps[0] - found["maps"][0]["cosines"]).max() < 1e-6
    y, x = model.patch_edges
    width, height = found["picture"]
    assert np.allclose(y * height, found["y"]) and np.allclose(x * width, found["x"])


def test_a_map_takes_vectors_and_one_text(model, images):
    vectors = model.embed_images(images[:2])
    maps = model.heatmap(images[0], vectors)
    assert np.array_equal(model.heatmap(images[0], vectors[1]), maps[1:])
    text = "chest x-ray"
    assert np.array_equal(model.heatmap(images[0], text), model.heatmap(images[0], model.embed_texts(text)))


def test_the_mean_of_patches_becomes_the_images_vector(model, images):
    vectors, tokens = model.embed_images(images[:3], return_tokens=True)
    assert np.abs(model.embed_patches(tokens.mean(axis=1, dtype=np.float64)) - vectors).max() < TOLERANCE


def test_patches_meet_within_the_image(model):
    height, width, _ = model.token_grid
    for edges, count in zip(model.patch_edges, (height, width)):
        assert len(edges) == count + 1 and edges[0] == 0 and edges[-1] == 1
        assert (np.diff(edges) > 0).all()


def test_a_map_of_several_images_of_no_query_or_of_other_tokens_is_refused(model, images):
    with pytest.raises(mi2.BadArgument, match="expected one image, got 2"):
        model.heatmap(images[:2], "a")
    with pytest.raises(mi2.BadArgument, match="queries: expected at least one"):
        model.heatmap(images[0], [])
    with pytest.raises(mi2.BadArgument, match="tokens: expected"):
        model.embed_patches(np.zeros((3, 5)))

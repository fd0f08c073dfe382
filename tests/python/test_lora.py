"""load(lora=): the vectors of the merged model, and what is refused."""
import pickle
import sys
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from lora_support import make_lora, merged_folder, read, write  # noqa: E402


@pytest.fixture(scope="module")
def lora(model_path, tmp_path_factory):
    return make_lora(model_path, tmp_path_factory.mktemp("lora") / "hand.safetensors")


def test_a_lora_file_gives_the_vectors_of_the_merged_model(model, model_path, lora, images, tmp_path):
    beside = mi2.load(model_path, lora=lora)
    vectors = beside.embed_images(images[:3])
    wanted = mi2.load(merged_folder(model_path, lora, tmp_path / "merged")).embed_images(images[:3])
    assert np.abs(vectors - wanted).max() <= 2e-5
    assert np.abs(vectors - model.embed_images(images[:3])).max() > 1e-3
    assert pickle.loads(pickle.dumps(beside)).embed_images(images[:1]).tobytes() == vectors[:1].tobytes()
    assert beside.provenance != model.provenance


def test_a_file_of_another_model_is_refused(model_path, lora, tmp_path):
    tensors, metadata = read(lora)
    other = write(tmp_path / "other.safetensors", tensors, dict(metadata, base_sha256="0" * 64))
    with pytest.raises(mi2.BadFile, match="other.safetensors"):
        mi2.load(model_path, lora=other)
    with pytest.raises(mi2.NotFound):
        mi2.load(model_path, lora=tmp_path / "none")

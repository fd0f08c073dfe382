"""POST /score, profile azure, against the reference implementation's vectors. MI2_GOLDEN has the weights of
scripts/make_golden.sh; the full model is left out where they are not.
"""
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import IMAGES, picture

GOLDEN = IMAGES.parent
TOLERANCE = 2e-5  # f32 sums in another order than the reference's: docs/numerics.md
BATCH = 4


def expected(model, name):
    data = (GOLDEN / model / "expected.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    entry = json.loads(data[8:8 + length])[name]
    assert entry["dtype"] == "F32"
    begin, end = entry["data_offsets"]
    return np.frombuffer(data[8 + length + begin:8 + length + end], np.float32).reshape(entry["shape"])


@pytest.mark.parametrize("model", ["tiny", "full"])
def test_score_gives_the_references_vectors(serve, model):
    weights = Path(os.environ["MI2_GOLDEN"]) / model
    if not weights.exists():
        pytest.skip(f"no weights in {weights}")
    cases = json.loads((GOLDEN / model / "cases.json").read_text())
    # A row has no empty side: that says the side is absent.
    texts = [(text, vector) for text, vector in zip(cases["texts"], expected(model, "text_features")) if text]
    images = list(zip(cases["images"], expected(model, "image_features.azure")))
    server = serve(model=weights)
    for start in range(0, len(images), BATCH):
        rows = [(image, text) for image, text in zip(images[start:start + BATCH], texts[start:])]
        answer = server.score(*[[picture(image[0]), text[0]] for image, text in rows])
        assert answer.status == 200 and answer.headers["x-mi2-profile"] == "azure", answer.body
        for row, (image, text) in zip(answer.json(), rows):
            np.testing.assert_allclose(row["image_features"][0], image[1], rtol=0, atol=TOLERANCE)
            np.testing.assert_allclose(row["text_features"][0], text[1], rtol=0, atol=TOLERANCE)

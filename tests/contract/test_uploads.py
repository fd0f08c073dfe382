"""Files of the size that people have, sent by curl as the documents write it: larger than one word of a command may be."""
import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import IMAGES
from test_logs import dicom

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "http.md"
LARGE = 130_000  # bytes; a word of a command holds 131,072, and base64 is longer by a third


@pytest.fixture
def files(tmp_path):
    """The files that the document's commands name."""
    side = 400
    pixels = np.random.default_rng(3).integers(0, 256, (side, side), dtype=np.uint8)
    (tmp_path / "scan.dcm").write_bytes(dicom(Rows=side, Columns=side, PixelData=pixels.tobytes()))
    shutil.copy(IMAGES / "grey.jpg", tmp_path / "photo.png")
    assert all(path.stat().st_size > LARGE for path in tmp_path.iterdir())
    return tmp_path


def documented():
    """The commands of the document's first block, each with what it says that comes back."""
    block = re.search(r"^```sh\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)[1]
    return [line for line in block.splitlines() if not line.startswith("#")]


def run(server, files, command):
    """What a command of the document prints, with this server's port in the place of the default one."""
    assert command.count("localhost:5001") == 1
    done = subprocess.run(["bash", "-c", command.replace("localhost:5001", f"{server.host}:{server.port}")], cwd=files,
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def vectors(server, *paths):
    """What the server answers for the same files as base64."""
    images = [base64.b64encode(path.read_bytes()).decode() for path in paths]
    return np.array(server.post("/encode", {"images": images}).json()["image_embeddings"])


def test_the_documents_commands_work_as_written(serve, files):
    server = serve()
    form, body, labels = documented()
    answer = run(server, files, form)
    assert np.allclose(answer["image_embeddings"], vectors(server, files / "scan.dcm", files / "photo.png"), atol=1e-5)
    assert len(answer["text_embeddings"]) == 1
    answer = run(server, files, body)
    assert np.allclose(answer["image_embeddings"], vectors(server, files / "scan.dcm"), atol=1e-5)
    prediction, = run(server, files, labels)["predictions"]
    assert sorted(prediction) == ["brain MRI", "chest x-ray"] and sum(prediction.values()) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream"])
def test_a_large_picture_is_a_body_of_its_own(serve, files, kind):
    server = serve()
    answer = run(server, files, f"curl -sSf localhost:5001/v1/embed -H 'content-type: {kind}' --data-binary @photo.png")
    assert np.allclose(answer["image_embeddings"], vectors(server, files / "photo.png"), atol=1e-5)


def test_a_large_body_for_azure_comes_from_a_file(serve, files):
    server = serve()
    image = base64.b64encode((files / "photo.png").read_bytes()).decode()
    (files / "body.json").write_text(json.dumps({"input_data": {"columns": ["image"], "data": [[image]]}}))
    answer = run(server, files, "curl -sSf localhost:5001/score -H 'content-type: application/json' --data-binary @body.json")
    assert answer == server.score((image,), columns=("image",)).json()

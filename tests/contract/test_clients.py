"""Clients that others wrote, as their users call them, and Schemathesis on the OpenAPI document."""
import base64
import concurrent.futures
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import openai
import pytest
import requests
import tritonclient.http as triton
from archive_support import ADD, add, outcomes, packed, rights_file, slice_of, write_study
from conftest import IMAGES, PATIENCE, picture, score_body
from dicomweb_client.api import DICOMwebClient
from langchain_openai import OpenAIEmbeddings
from tritonclient.utils import InferenceServerException

NAMES = ["gray.png", "colour_a.jpg", "rgba.png"]
TEXTS = ["chest x-ray", "brain mri", "skin photo, melanoma"]
KEY = "key-of-the-clients-0123456789"


def data_uri(name):
    kind = "png" if name.endswith(".png") else "jpeg"
    return f"data:image/{kind};base64,{picture(name)}"


@pytest.fixture
def server(serve, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text(KEY + "\n")
    return serve("--api-key-file", keys)


@pytest.fixture
def wanted(server):
    """(image vectors, text vectors) as the community server's contract gives them, float32 [3, dimensions]."""
    answer = server.post("/encode", {"images": [picture(name) for name in NAMES], "texts": TEXTS},
                         headers={"api-key": KEY}).json()
    return np.float32(answer["image_embeddings"]), np.float32(answer["text_embeddings"])


@pytest.fixture
def openai_client(server):
    return openai.OpenAI(base_url=f"http://{server.host}:{server.port}/v1", api_key=KEY, max_retries=0, timeout=PATIENCE)


@pytest.fixture
def triton_client(server):
    client = triton.InferenceServerClient(f"{server.host}:{server.port}", concurrency=4, network_timeout=PATIENCE,
                                          connection_timeout=PATIENCE)
    yield client
    client.close()


def test_openai_lists_the_models(openai_client):
    model, = openai_client.models.list()
    assert model.id == "default" and model.object == "model"
    assert openai_client.models.retrieve("default") == model
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("another")


@pytest.mark.parametrize("options", [{}, {"encoding_format": "float"}])
def test_openai_reads_texts_and_images(openai_client, wanted, options):
    # Without a format the client asks for base64 and decodes it.
    answer = openai_client.embeddings.create(model="default", input=[*map(data_uri, NAMES), *TEXTS], **options)
    assert [item.index for item in answer.data] == list(range(6))
    got = np.float32([item.embedding for item in answer.data])
    assert np.array_equal(got, np.concatenate(wanted))
    assert answer.model == "default" and answer.usage.total_tokens == answer.usage.prompt_tokens > 2 * len(TEXTS)


def test_openai_reads_one_text(openai_client, wanted):
    answer = openai_client.embeddings.create(model="default", input=TEXTS[0], encoding_format="float")
    assert np.array_equal(np.float32(answer.data[0].embedding), wanted[1][0])


def test_openai_reads_base64_that_was_asked_for(openai_client, wanted):
    answer = openai_client.embeddings.create(model="default", input=data_uri(NAMES[0]), encoding_format="base64")
    assert np.array_equal(np.frombuffer(base64.b64decode(answer.data[0].embedding), "<f4"), wanted[0][0])


def test_openai_gets_the_first_dimensions_as_a_unit_vector(openai_client, wanted):
    answer = openai_client.embeddings.create(model="default", input=TEXTS, dimensions=16)
    first = wanted[1][:, :16].astype(np.float64)
    # The program divides in double precision and rounds once: half a unit in the last place of numbers below 1.
    np.testing.assert_allclose([item.embedding for item in answer.data],
                               first / np.linalg.norm(first, axis=1, keepdims=True), atol=6e-8, rtol=0)
    with pytest.raises(openai.BadRequestError):
        openai_client.embeddings.create(model="default", input=TEXTS, dimensions=wanted[1].shape[1] + 1)


def test_openai_raises_what_its_users_catch(server, openai_client):
    with pytest.raises(openai.NotFoundError):
        openai_client.embeddings.create(model="another", input="chest x-ray")
    cut = "data:image/png;base64," + base64.b64encode((IMAGES / "gray.png").read_bytes()[:200]).decode()
    with pytest.raises(openai.UnprocessableEntityError, match="input 2"):
        openai_client.embeddings.create(model="default", input=["chest x-ray", cut])
    with pytest.raises(openai.AuthenticationError):
        openai_client.with_options(api_key="another-key-0123456789").models.list()


def test_openai_has_many_requests_at_once(openai_client, wanted):
    def ask(i):
        answer = openai_client.embeddings.create(model="default", input=TEXTS[i % 3])
        return np.array_equal(np.float32(answer.data[0].embedding), wanted[1][i % 3])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(48)))


def tensor(name, values, binary):
    values = np.array(values, dtype=np.object_)
    result = triton.InferInput(name, list(values.shape), "BYTES")
    result.set_data_from_numpy(values, binary_data=binary)
    return result


def infer(client, inputs, binary=True, names=("image_embeddings", "text_embeddings"), **options):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
    return client.infer("default", inputs, outputs=outputs, headers={"api-key": KEY}, **options)


def test_triton_sees_the_server_and_its_model(triton_client):
    assert triton_client.is_server_live() and triton_client.is_server_ready()
    assert triton_client.is_model_ready("default") and not triton_client.is_model_ready("another")
    assert "binary_tensor_data" in triton_client.get_server_metadata()["extensions"]
    model = triton_client.get_model_metadata("default", headers={"api-key": KEY})
    assert {item["name"]: item["datatype"] for item in model["inputs"]} == {"image": "BYTES", "text": "BYTES"}
    assert {"image_embeddings", "text_embeddings", "scaling_factor"} <= {item["name"] for item in model["outputs"]}


@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("form", ["files", "base64", "json"])
def test_triton_reads_images_and_texts(triton_client, wanted, form, binary_out):
    images = [(IMAGES / name).read_bytes() if form == "files" else picture(name).encode() for name in NAMES]
    inputs = [tensor("image", images, form != "json"), tensor("text", [text.encode() for text in TEXTS], form != "json")]
    answer = infer(triton_client, inputs, binary_out, request_id="r-1")
    assert answer.get_response()["id"] == "r-1" and answer.get_response()["model_name"] == "default"
    assert np.array_equal(answer.as_numpy("image_embeddings"), wanted[0])
    assert np.array_equal(answer.as_numpy("text_embeddings"), wanted[1])


@pytest.mark.parametrize("version", ["1", ""])
def test_triton_names_a_version_or_none(triton_client, wanted, version):
    asked = {"headers": {"api-key": KEY}, "model_version": version}
    assert triton_client.is_model_ready("default", model_version=version)
    assert triton_client.get_model_metadata("default", **asked)["name"] == "default"
    inputs = [tensor("text", [text.encode() for text in TEXTS], True)]
    answer = infer(triton_client, inputs, names=["text_embeddings"], model_version=version)
    assert np.array_equal(answer.as_numpy("text_embeddings"), wanted[1])


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_triton_sends_a_compressed_request(triton_client, wanted, algorithm):
    inputs = [tensor("text", [text.encode() for text in TEXTS], True)]
    answer = infer(triton_client, inputs, names=["text_embeddings"], request_compression_algorithm=algorithm)
    assert np.array_equal(answer.as_numpy("text_embeddings"), wanted[1])


@pytest.fixture
def langchain(server):
    def client(**options):
        return OpenAIEmbeddings(base_url=f"http://{server.host}:{server.port}/v1", api_key=KEY, model="default",
                                max_retries=0, timeout=PATIENCE, check_embedding_ctx_length=False, **options)
    return client


def test_langchain_embeds_documents_and_queries(langchain, wanted):
    assert np.array_equal(np.float32(langchain().embed_documents(TEXTS)), wanted[1])
    assert np.array_equal(np.float32(langchain().embed_query(TEXTS[0])), wanted[1][0])
    # In several requests, the last of one text.
    assert np.array_equal(np.float32(langchain(chunk_size=2).embed_documents(TEXTS)), wanted[1])
    assert len(langchain(dimensions=16).embed_query(TEXTS[0])) == 16


def test_requests_with_gzip_are_read_and_lying_ones_refused(server, wanted):
    body = json.dumps({"texts": TEXTS}).encode()
    with requests.Session() as session:
        session.headers.update({"api-key": KEY, "content-type": "application/json"})

        def post(path, data, **headers):
            return session.post(f"http://{server.host}:{server.port}{path}", data=data, headers=headers, timeout=PATIENCE)

        for level in (1, 9):
            answer = post("/encode", gzip.compress(body, level), **{"content-encoding": "gzip"})
            assert np.array_equal(np.float32(answer.json()["text_embeddings"]), wanted[1])
        # In chunks, of a generator.
        packed = gzip.compress(json.dumps(score_body(["", TEXTS[0]])).encode())
        answer = post("/score", iter([packed[:20], packed[20:]]), **{"content-encoding": "gzip"})
        assert np.array_equal(np.float32(answer.json()[0]["text_features"]).reshape(-1), wanted[1][0])
        for data in (body, gzip.compress(body)[:-9], gzip.compress(body) + b"junk"):
            assert 400 <= post("/encode", data, **{"content-encoding": "gzip"}).status_code < 500
        assert post("/encode", body, **{"content-encoding": "zstd"}).status_code == 415
        assert post("/encode", body).status_code == 200


def test_triton_that_would_take_a_compressed_answer_reads_a_plain_one(triton_client, wanted):
    inputs = [tensor("text", [text.encode() for text in TEXTS], True)]
    answer = infer(triton_client, inputs, names=["text_embeddings"], response_compression_algorithm="gzip")
    assert np.array_equal(answer.as_numpy("text_embeddings"), wanted[1])


def test_triton_has_many_requests_at_once(triton_client, wanted):
    asked = [triton_client.async_infer("default", [tensor("text", [TEXTS[i % 3].encode()], True)],
                                       headers={"api-key": KEY}) for i in range(24)]
    for i, request in enumerate(asked):
        assert np.array_equal(request.get_result().as_numpy("text_embeddings"), wanted[1][i % 3:i % 3 + 1])


def test_triton_raises_what_its_users_catch(triton_client):
    with pytest.raises(InferenceServerException, match="image"):
        infer(triton_client, [tensor("image", [b"not a picture"], True)])
    with pytest.raises(InferenceServerException, match="input 1: name"):
        infer(triton_client, [tensor("another", [b"x"], True)])
    with pytest.raises(InferenceServerException, match="version"):
        infer(triton_client, [tensor("text", [b"x"], True)], names=["text_embeddings"], model_version="2")
    with pytest.raises(InferenceServerException):
        triton_client.infer("default", [tensor("text", [b"x"], True)])  # without the key


@pytest.fixture
def archive(serve, tmp_path):
    """(server, URL of its archive) to which clients may add."""
    if subprocess.run([os.environ["MI2_BIN"], "index", "--help"], capture_output=True, check=False).returncode != 0:
        pytest.skip("built without archives")
    write_study(tmp_path / "in", 1)
    add(tmp_path / "a", tmp_path / "in")
    keys = tmp_path / "keys.txt"
    keys.write_text(KEY + "\n")
    server = serve("--api-key-file", keys, "--archive", f"a={tmp_path / 'a'}", "--archive-rights", rights_file(tmp_path, ADD))
    return server, f"http://{server.host}:{server.port}/v1/archives/a"


def object_of(study, number):
    """As it would be read from a file."""
    data = slice_of(study, 0, number)
    data.preamble = bytes(128)
    return data


def test_dicomweb_client_stores_objects(archive):
    server, url = archive
    client = DICOMwebClient(url, headers={"Authorization": f"Bearer {KEY}"})
    objects = [object_of(2, number) for number in range(3)]
    for study in (None, objects[0].StudyInstanceUID):
        said = client.store_instances(objects, study_instance_uid=study)
        assert [item.ReferencedSOPInstanceUID for item in said.ReferencedSOPSequence] == [one.SOPInstanceUID for one in objects]
        assert "FailedSOPSequence" not in said
    said = client.store_instances([objects[0], object_of(3, 0)], study_instance_uid=objects[0].StudyInstanceUID)
    assert [item.FailureReason for item in said.FailedSOPSequence] == [0xA900] and len(said.ReferencedSOPSequence) == 1
    with pytest.raises(requests.HTTPError) as refused:
        client.store_instances([object_of(3, 0)], study_instance_uid=objects[0].StudyInstanceUID)
    assert refused.value.response.status_code == 409
    assert server.get("/v1/archives/a", headers={"api-key": KEY}).json()["images"] == 6


def test_requests_adds_files_and_asks_for_outliers(archive):
    _, url = archive
    headers = {"Authorization": f"Bearer {KEY}"}
    for study in range(2, 5):
        files = [("file", (f"{number}.dcm", packed(slice_of(study, 0, number, patient=f"R{study}")), "application/dicom"))
                 for number in range(2)]
        answer = requests.post(f"{url}/items", files=files, params={"site": "north"}, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200 and outcomes(answer.json()) == ["stored"] * 2
    asked = {"reference": "site=north", "test": "not site=north", "pool": "image"}
    answer = requests.get(f"{url}/outliers", params=asked, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 200 and answer.json()["judged"] == 3
    assert answer.json() == requests.post(f"{url}/outliers", json=asked, headers=headers, timeout=PATIENCE).json()


def test_schemathesis_finds_no_violation_of_the_openapi_document(server, tmp_path):
    # A schema cannot say "base64 of a picture": requests that fit it and are refused with 4xx are no violation.
    report = tmp_path / "report.json"
    done = subprocess.run(
        [str(Path(sys.executable).parent / "schemathesis"), "--config-file",
         str(Path(__file__).parent / "schemathesis.toml"), "run",
         f"http://{server.host}:{server.port}/openapi.json", "--header", f"Authorization: Bearer {KEY}",
         "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--seed", "20", "--max-examples", "5",
         "--suppress-health-check", "too_slow",
         "--request-timeout", str(PATIENCE), "--no-color", "--report", "json", "--report-json-path", str(report)],
        cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = json.loads(report.read_text())
    operations = sum(map(len, json.loads(server.get("/openapi.json").body)["paths"].values()))
    assert found["complete"] and not found["failures"] and not found["errors"]
    assert found["operations"]["tested"] == operations - 1  # it leaves out the document's own route
    # Requests got past the checks of their form: each route that computes has answered 200.
    for route in ("score", "invocations", "encode", "embeddings", "infer"):
        status = f'mi2_requests_total{{route="{route}",status="200"}}'
        assert server.metric(status, headers={"api-key": KEY}) > 0, route

"""POST /v1/heatmap: the numbers of mi2 heatmap, in every form of a request."""
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from conftest import IMAGES, picture

TEXTS = ["chest x-ray", "brain MRI"]


def maps(answer):
    assert answer.status == 200, answer.body
    return answer.json()


def test_the_answer_is_the_programs(serve):
    server = serve()
    found = maps(server.post("/v1/heatmap", {"image": picture("colour_a.jpg"), "texts": TEXTS,
                                             "query_image": picture("gray.png")}))
    command = [os.environ["MI2_BIN"], "heatmap", "--model", os.environ["MI2_STARTER_MODEL"], IMAGES / "colour_a.jpg",
               "--text", TEXTS[0], "--text", TEXTS[1], "--image", IMAGES / "gray.png"]
    wanted = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [one.pop("query") for one in found["maps"]] == ["text 1", "text 2", "image 1"]
    for one in wanted["maps"]:
        one.pop("text", one.pop("image", None))
    # Whatever shares a pass, the bits are the same.
    assert found == wanted


def test_requests_for_maps_and_vectors_share_passes_and_keep_their_numbers(serve):
    server = serve("--max-wait-ms", "50")
    body = {"image": picture("colour_a.jpg"), "text": TEXTS[0]}
    images = {"images": [picture("colour_a.jpg"), picture("gray.png")]}
    alone, vectors = maps(server.post("/v1/heatmap", body)), maps(server.post("/encode", images))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: server.post(*(("/v1/heatmap", body) if i % 2 else ("/encode", images))), range(16)))
    assert all(maps(answer) == (alone if i % 2 else vectors) for i, answer in enumerate(answers))


def test_a_form_and_json_are_answered_alike(serve):
    server = serve()
    form = b""
    for name, content in (("file", (IMAGES / "colour_a.jpg").read_bytes()), ("text", TEXTS[0].encode()),
                          ("file", (IMAGES / "gray.png").read_bytes()), ("params", b'{"profile": "azure"}')):
        form += f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"
    found = maps(server.post("/v1/heatmap", form + b"--b--\r\n", headers={"content-type": "multipart/form-data; boundary=b"}))
    body = {"image": picture("colour_a.jpg"), "text": TEXTS[0], "query_images": [picture("gray.png")],
            "params": {"profile": "azure"}}
    answer = server.post("/v1/heatmap", body)
    assert maps(answer) == found and answer.headers["x-mi2-profile"] == "azure"


def test_a_request_that_makes_no_sense_is_refused(serve):
    server = serve()
    for body, status, words in (
            ({"text": "a"}, 400, "image: expected the image to look at"),
            ({"image": picture()}, 400, "expected something to look for"),
            ({"image": "!", "text": "a"}, 400, "image: "),
            ({"image": picture(), "texts": "a"}, 400, "texts: "),
            ({"image": picture(), "query_images": [picture(), 5]}, 400, "query_images 2: "),
            ({"image": "AAAA", "text": "a"}, 422, "image: not an image"),
            ({"image": picture(), "query_image": "AAAA"}, 422, "query image 1: not an image")):
        answer = server.post("/v1/heatmap", body)
        assert answer.status == status and words in answer.json()["detail"], answer.body

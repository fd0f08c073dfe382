"""POST /v1/archives/{archive}/items/{item}/heatmap: of an image of the archive, read again from its file."""
import base64
import select
import urllib.parse
from pathlib import Path

import pytest
from archive_support import PATHS, add, filled, own, rights_file, search  # noqa: F401
from PIL import Image

TEXT = "chest x-ray"


def heatmap(server, item, body, status=200):
    answer = server.post(f"/v1/archives/a/items/{item}/heatmap", body)
    assert answer.status == status, answer.body
    return answer.json()


def refusal(server, item, body, status):
    return heatmap(server, item, body, status)["error"]["message"]


def started(serve, folder, archive, rights):
    return serve("--archive", f"a={archive}", "--archive-rights", rights_file(folder, rights), "--dtype", "f32")


def first(server, **more):
    return search(server, {"text": TEXT, "by": "image", "k": 1, **more})["results"][0]


def test_a_map_of_an_item_is_the_one_of_its_file(serve, filled, tmp_path):  # noqa: F811
    server = started(serve, tmp_path, filled[0], PATHS)
    hit = first(server)
    found = heatmap(server, hit["item"], {"text": TEXT})
    image = base64.b64encode(Path(hit["path"]).read_bytes()).decode()
    answer = server.post("/v1/heatmap", {"image": image, "text": TEXT})
    assert answer.status == 200, answer.body
    wanted = answer.json()
    (of_item,), (of_file,) = found.pop("maps"), wanted.pop("maps")
    assert found == wanted and of_item["cosines"] == of_file["cosines"]
    assert of_item["whole"] == pytest.approx(hit["score"], abs=1e-6)
    # All that is searched for is one direction.
    both = heatmap(server, hit["item"], {"text": [TEXT, "brain mri"], "item": hit["item"]})
    assert len(both["maps"]) == 1 and both["maps"][0]["cosines"] != of_item["cosines"]
    # The same direction that a search goes in, whatever the length of a vector is.
    dimensions = server.get("/v1/archives/a").json()["dimensions"]
    long = {"text": TEXT, "not_vector": [float(1000 * (i % 7)) for i in range(dimensions)]}
    score, = (row["score"] for row in search(server, {**long, "by": "image", "k": 1000})["results"] if row["item"] == hit["item"])
    assert heatmap(server, hit["item"], long)["maps"][0]["whole"] == pytest.approx(score, abs=1e-6)
    opposite = {"vector": [1.0] * dimensions, "not_vector": [2.0] * dimensions}
    assert "cancel" in refusal(server, hit["item"], opposite, 400)
    assert any(record["query"] for record in server.records("archive_heatmap"))


def test_a_map_by_get_is_that_of_the_text_and_its_address_is_not_logged(serve, filled, tmp_path):  # noqa: F811
    server = started(serve, tmp_path, filled[0], PATHS)
    item = first(server)["item"]
    text = "Zebulon Quux, chest x-ray & more"
    path = f"/v1/archives/a/items/{item}/heatmap"
    answer = server.get(f"{path}?query={urllib.parse.quote(text)}")
    assert answer.status == 200, answer.body
    assert answer.json() == heatmap(server, item, {"text": text})
    for query in ("", "?query=", "?query=a&query=b", "?text=a", "?query=%ff"):
        refused = server.get(path + query)
        assert refused.status == 400 and "query" in refused.json()["error"]["message"]
    assert "none of this number" in server.get("/v1/archives/a/items/4000000/heatmap?query=a").json()["error"]["message"]
    records = server.wait_for(lambda: (found := server.records("archive_heatmap")) and len(found) >= 2 and found)
    assert records[0]["query"] == records[1]["query"] != ""
    assert not any(word in line for line in server.lines for word in ("Zebulon", "Quux", "chest"))


def test_what_has_no_map_is_refused(serve, filled, tmp_path):  # noqa: F811
    server = started(serve, tmp_path, filled[0], PATHS)
    item = first(server)["item"]
    assert "no results" in refusal(server, item, {"text": TEXT, "k": 3}, 400)
    assert "expected text" in refusal(server, item, {}, 400)
    assert "none of this number" in refusal(server, 4_000_000, {"text": TEXT}, 404)
    mean = search(server, {"text": TEXT, "by": "series", "match": "mean", "k": 1})["results"][0]["item"]
    assert "mean of a series" in refusal(server, mean, {"text": TEXT}, 404)


def test_a_file_that_has_changed_or_is_gone_has_no_map_and_is_not_named(serve, own, tmp_path):  # noqa: F811
    server = started(serve, tmp_path, own[0], PATHS)
    hit = first(server)
    path = Path(hit["path"])
    path.write_bytes(path.read_bytes() + b"\0\0")
    changed = refusal(server, hit["item"], {"text": TEXT}, 409)
    path.unlink()
    gone = refusal(server, hit["item"], {"text": TEXT}, 404)
    assert "changed since it was added" in changed and "not there any more" in gone
    assert path.name not in changed + gone and str(path.parent) not in changed + gone


def test_an_item_that_may_not_be_seen_is_not_there(serve, filled, tmp_path):  # noqa: F811
    hidden = first(started(serve, tmp_path, filled[0], PATHS))
    rights = {"*": {"*": {"rights": ["search"], "where": f"not modality={hidden['modality']}"}}}
    (tmp_path / "less").mkdir()
    server = started(serve, tmp_path / "less", filled[0], rights)
    assert "none of this number" in refusal(server, hidden["item"], {"text": TEXT}, 404)
    assert heatmap(server, first(server)["item"], {"text": TEXT})["maps"]


def test_more_of_them_than_may_wait_are_refused_and_searches_go_on(serve, tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("L", (8000, 8000)).save(tmp_path / "in" / "slow.png")
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    clients = [server.socket() for _ in range(300)]
    for client in clients:
        client.sendall(b"POST /v1/archives/a/items/0/heatmap HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                       b'content-length: 11\r\n\r\n{"item": 0}')
    refused = server.wait_for(lambda: len(found := select.select(clients, [], [], 0)[0]) >= 300 - 256 and found)
    assert search(server, {"item": 0})["exact"]
    assert b"HTTP/1.1 429" in {client.recv(12) for client in refused}
    for client in clients:
        client.close()

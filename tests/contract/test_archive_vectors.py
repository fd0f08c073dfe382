"""Vectors that clients made before, sent to an archive over HTTP: a real server, and what the archive has afterwards."""
import json
import sqlite3

import numpy as np
import pytest
from archive_support import ADD, MODEL, exported, keyed, mi2, own, packed, search, slice_of  # noqa: F401


@pytest.fixture
def server(serve, own, tmp_path):  # noqa: F811
    return keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", "--dtype", "f32")


def form(**parts):
    body = b"".join(f'--form\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n"
                    for name, content in parts.items())
    return body + b"--form--\r\n", {"content-type": "multipart/form-data; boundary=form"}


def send(server, query="", status=200, **parts):
    body, headers = form(**{name: part if isinstance(part, bytes) else part.encode() for name, part in parts.items()})
    answer = server.post(f"/v1/archives/a/items{query}", body, headers=headers)
    assert answer.status == status, answer.body
    return answer.json()


def space(server):
    return server.get("/v1/archives/a").json()


def unit(rows, dimensions, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def jsonl(names, vectors):
    return "".join(json.dumps({"path": name, "embedding": [float(x) for x in row]}) + "\n" for name, row in zip(names, vectors))


def images(server, where=None):
    return search(server, {"text": "x", "by": "image", "k": 1000, **({"where": where} if where else {})})["results"]


def test_what_embed_wrote_is_added_under_its_names(server, own, tmp_path):  # noqa: F811
    before = len(images(server))
    for number in range(2):
        (tmp_path / f"{number}.dcm").write_bytes(packed(slice_of(80, 0, number)))
    mi2("embed", "--model", MODEL, "--provenance", "--out", tmp_path / "v.npy", tmp_path / "0.dcm", tmp_path / "1.dcm")
    parts = {"vectors": (tmp_path / "v.npy").read_bytes(), "rows": (tmp_path / "v.npy.rows.jsonl").read_bytes(),
             "table": f"path,modality,study,patient\n{tmp_path}/0.dcm,NM,web,P\n{tmp_path}/1.dcm,NM,web,P\n"}
    answer = send(server, **parts)
    assert (answer["added"], answer["refused"], answer["rows"]) == (2, 0, [])
    found = images(server, "modality=NM")
    # A path is a name: the server reads no file of its own for it.
    assert {row["path"] for row in found} == {f"vectors:{tmp_path}/{n}.dcm" for n in range(2)} and not any(row.get("thumb") for row in found)
    assert len(images(server)) == before + 2
    assert send(server, **parts)["unchanged"] == 2
    asked = server.get(f"/v1/archives/a/items/{found[0]['item']}/pixels")
    assert asked.status == 409 and "came as a vector" in asked.body.decode()
    heat = server.post(f"/v1/archives/a/items/{found[0]['item']}/heatmap", {"text": "x"})
    assert heat.status == 404 and "came as a vector" in heat.body.decode()
    names, vectors = exported(own[0], tmp_path, "--where", "modality=NM")
    assert np.array_equal(vectors, np.load(tmp_path / "v.npy").astype(np.float64)[[int(name[-5]) for name in names]])
    mi2("index", "verify", "--deep", own[0])


def test_what_made_them_has_to_be_said_and_to_be_the_archives_model(server):
    info = space(server)
    vectors, weights = unit(2, info["dimensions"]), info["weights_sha256"]
    rows = jsonl(["x/1", "x/2"], vectors)
    assert "nothing says what made them" in json.dumps(send(server, vectors=rows, status=400))
    for query in ("?weights=" + "0" * 64, "?weights=" + weights[:8], "?weights="):
        assert send(server, query=query, vectors=rows, status=400)
    assert send(server, query=f"?weights={weights[:12]}&site=north", vectors=rows)["added"] == 2
    other = json.dumps({"path": "y", "embedding": [float(x) for x in vectors[0]],
                        "provenance": {"weights_sha256": "0" * 64, "profile": "native", "dtype": "f32", "version": "1"}})
    assert "of weights" in json.dumps(send(server, vectors=other, status=400))
    assert "numbers" in json.dumps(send(server, query=f"?weights={weights}", vectors=jsonl(["z"], unit(1, 7)), status=400))


def test_bad_rows_and_forms_are_refused_by_name(server, own):  # noqa: F811
    info = space(server)
    said = f"?weights={info['weights_sha256']}"
    vectors = unit(3, info["dimensions"])
    rows = jsonl(["a", "b", "c"], [vectors[0], 3 * vectors[1], vectors[2]])
    answer = send(server, query=said, vectors=rows, status=202)
    assert (answer["added"], answer["refused"]) == (2, 1) and "of length 1" in answer["rows"][0]["reason"]
    # Another vector of the same name takes its place.
    again = send(server, query=said, vectors=jsonl(["a"], unit(1, info["dimensions"], 7)))
    assert (again["added"], again["replaced"]) == (1, 1)
    assert send(server, query=said, vectors=jsonl(["d"], [2 * vectors[0]]), status=422)["added"] == 0
    header = b"\x93NUMPY\x01\x00\x76\x00" + f"{{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, {info['dimensions']}), }}".encode()
    for parts in ({"vectors": b"\x93NUMPY"}, {"vectors": header.ljust(128) + b"x"}, {"vectors": b"{}\n"}, {"vectors": rows, "file": b"x"},
                  {"vectors": rows, "table": "nothing\n1\n"}, {"vectors": np.zeros(3).tobytes()}, {"vectors": rows, "table": ""}):
        body, headers = form(**{name: part if isinstance(part, bytes) else part.encode() for name, part in parts.items()})
        answer = server.post(f"/v1/archives/a/items{said}", body, headers=headers)
        assert answer.status in (202, 400, 413, 415, 422), answer.body
    plain = server.post(f"/v1/archives/a/items{said}", b"not an image", headers={"content-type": "application/octet-stream"})
    assert plain.status == 400 and "weights" in plain.body.decode()
    with sqlite3.connect(f"file:{own[0]}/catalog.sqlite?mode=ro", uri=True) as catalog:
        assert ("vectors", "http:vectors") in catalog.execute("SELECT kind, url FROM source").fetchall()
    mi2("index", "verify", "--deep", own[0])


def test_who_may_not_add_finds_no_such_path(serve, own, tmp_path):  # noqa: F811
    server = keyed(serve, tmp_path, {"*": {"*": {"rights": ["search"]}}}, "--archive", f"a={own[0]}")
    send(server, vectors="{}", status=404)

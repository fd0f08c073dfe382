"""Heads that are trained on labelled items over HTTP: what mi2 adapter train makes of the same vectors and labels."""
import csv
import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from archive_support import (KEYS, MODEL, PATHS, add, digest, exported, filled, mi2, of, rights_file,  # noqa: F401
                             write_study)
from conftest import running

pytestmark = pytest.mark.skipif(not Path(os.environ["MI2_BIN"]).resolve().with_name("mi2-torch").exists(),
                                reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
HEADS = "/v1/archives/a/heads"


def every(server, archive="a", **options):
    """The images of an archive, by item, with whatever the caller may see."""
    answer = server.post(f"/v1/archives/{archive}/search", {"text": "x", "by": "image", "same_patient": "include", "k": 1000}, **options)
    assert answer.status == 200, answer.body
    return sorted(answer.json()["results"], key=lambda row: row["item"])


def labelled(rows):
    """Every image by its body part, which three patients share."""
    return [{"item": row["item"], "label": row["body_part"].lower()} for row in rows]


def post(server, path, body, status=200, **options):
    answer = server.post(path, body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def train(server, items, status=201, **more):
    options = {"headers": more.pop("headers")} if "headers" in more else {}
    return post(server, HEADS, {"items": items, **more}, status, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("heads")


@pytest.fixture(scope="module")
def server(filled, folder):
    rights = rights_file(folder, {"*": {"*": {"rights": ["search", "paths", "label"]}}})
    with running("--archive", f"a={filled[0]}", "--archive-heads", f"a={folder / 'heads'}", "--archive-rights", rights,
                 "--dtype", "f32") as started:
        yield started


@pytest.fixture
def head(server):
    made = train(server, labelled(every(server)), name="body part")
    yield made
    server.request("DELETE", f"{HEADS}/{made['id']}")


def as_table(rows, items, known, path):
    """Labels for mi2 adapter train; patients are called so that their names come in the order in which they were added."""
    label = {one["item"]: one["label"] for one in items}
    patients = {}
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient"])
        for row in rows:
            if row["item"] in label:
                patient = patients.setdefault(known[row["path"]][1], f"p{len(patients):03}")
                writer.writerow([row["path"], label[row["item"]], patient])
    return path


@pytest.mark.parametrize("more, arguments", [({}, []), ({"balanced": True, "seed": 7}, ["--balanced", "--seed", 7])])
def test_the_figures_and_the_adapter_are_the_programs(server, filled, tmp_path, more, arguments):
    rows = every(server)
    items = [one for one in labelled(rows) if one["item"] % 7]
    made = train(server, list(reversed(items)), **more)
    assert made["items"] == items
    exported(filled[0], tmp_path)
    table = as_table(rows, items, filled[1], tmp_path / "labels.csv")
    done = mi2("adapter", "train", "--embeddings", tmp_path / "export.npy", "--labels", table, "--out", tmp_path / "own",
               "--format", "json", *arguments)
    told = json.loads(done.stdout)
    assert told["split"]["by"] == "group" and told["split"]["train"]["groups"] == 3 and told["warnings"]
    assert made["report"] == told
    for end in ("json", "safetensors"):
        answer = server.get(f"{HEADS}/{made['id']}/files/adapter.{end}")
        assert answer.status == 200
        (tmp_path / f"head.{end}").write_bytes(answer.body)
    assert (tmp_path / "head.safetensors").read_bytes() == (tmp_path / "own.safetensors").read_bytes()
    assert server.get(f"{HEADS}/{made['id']}/adapter.exe").status == 404
    done = mi2("adapter", "classify", "--head", tmp_path / "head", "--embeddings", tmp_path / "export.npy", "--format", "jsonl")
    wanted = {one["path"]: {label["label"]: label["score"] for label in one["labels"]}
              for one in map(json.loads, done.stdout.decode().splitlines())}
    applied = post(server, f"{HEADS}/{made['id']}/apply", {"limit": 1000})
    assert applied["labels"] == ["chest", "head"] and applied["chosen"] == len(rows) and not applied["more"]
    for row in applied["results"]:
        for label, score in zip(applied["labels"], row["probabilities"], strict=True):
            assert math.isclose(wanted[row["path"]][label], score, abs_tol=1e-9)
    server.request("DELETE", f"{HEADS}/{made['id']}")


def test_a_head_is_asked_for_tags_as_the_program_asks_an_adapter(server, filled, head, tmp_path):
    for end in ("json", "safetensors"):
        (tmp_path / f"head.{end}").write_bytes(server.get(f"{HEADS}/{head['id']}/files/adapter.{end}").body)
    done = mi2("index", "tags", filled[0], "--field", "modality", "--head", tmp_path / "head", "--min-agreement", "0.1", "--format", "jsonl")
    wanted = [json.loads(line) for line in done.stdout.decode().splitlines()]
    tags = "/v1/archives/a/tags"
    found = server.get(f"{tags}?field=modality&min_agreement=0.1&limit=1000&head={head['id']}").json()
    same = post(server, tags, {"field": "modality", "min_agreement": 0.1, "limit": 1000, "head": head["id"]})
    assert wanted and found["results"] == same["results"]
    assert [(row["item"], row["tag"], row["suggested"], row["agreement"], row["method"]) for row in found["results"]] == \
        [(row["item"], row["tag"], row["suggested"], row["agreement"], row["method"]) for row in wanted]
    assert found["results"][0]["method"].startswith("adapter:") and found["results"][0]["nearest"] == []
    assert server.get(f"{tags}?head={head['id']}&k=3").status == 400
    for unknown in ("0" * 32, "..%2Fx", "x"):
        assert server.get(f"{tags}?head={unknown}").status == 404


def test_the_least_decided_come_first_without_those_that_are_labelled(server, head):
    rows = post(server, f"{HEADS}/{head['id']}/apply", {"limit": 1000})["results"]
    for row in rows:
        assert row["label"] == ["chest", "head"][int(np.argmax(row["probabilities"]))]
        assert math.isclose(row["margin"], abs(row["probabilities"][0] - row["probabilities"][1]), abs_tol=1e-12)
    by_margin = sorted(rows, key=lambda row: (row["margin"], row["item"]))
    skipped = [row["item"] for row in by_margin[:2]]
    answer = post(server, f"{HEADS}/{head['id']}/apply", {"order": "uncertain", "limit": 5, "not_items": skipped})
    assert answer["results"] == by_margin[2:7] and answer["chosen"] == len(rows) - 2 and answer["more"]
    probable = post(server, f"{HEADS}/{head['id']}/apply", {"order": "probable", "label": "head", "limit": 3})
    assert probable["results"] == sorted(rows, key=lambda row: (-row["probabilities"][1], row["item"]))[:3]
    some = post(server, f"{HEADS}/{head['id']}/apply", {"where": "modality=MR", "by": "series"})
    assert 0 < some["chosen"] < len(rows) and {row["modality"] for row in some["results"]} == {"MR"}
    items = [rows[3]["item"], rows[0]["item"]]
    assert post(server, f"{HEADS}/{head['id']}/apply", {"items": items})["results"] == [rows[3], rows[0]]


def test_what_was_trained_is_listed_and_can_be_undone(server, folder, head):
    other = train(server, [{**one, "label": "ab"[one["item"] % 2]} for one in head["items"]])
    listed = server.get(HEADS).json()["heads"]
    assert {one["id"] for one in listed} == {head["id"], other["id"]}
    one = next(one for one in listed if one["id"] == head["id"])
    assert one["labels"] == ["chest", "head"] and one["name"] == "body part" and one["images"] == len(head["items"])
    assert one["accuracy"] == head["report"]["accuracy"] and not one["restricted"]
    assert server.get(f"{HEADS}/{head['id']}").json() == head
    assert server.request("DELETE", f"{HEADS}/{other['id']}").json() == {"id": other["id"]}
    assert [one["id"] for one in server.get(HEADS).json()["heads"]] == [head["id"]]
    assert not list((folder / "heads").glob(f"{other['id']}*")) and len(list((folder / "heads").glob(f"{head['id']}*"))) == 3
    for answer in (server.get(f"{HEADS}/{other['id']}"), server.request("DELETE", f"{HEADS}/{other['id']}"),
                   server.post(f"{HEADS}/{other['id']}/apply", {}), server.get(f"{HEADS}/{other['id']}/files/adapter.json")):
        assert answer.status == 404
    record = server.wait_for(lambda: server.records("archive_head_delete"))[0]
    assert record["outcome"] == "ok" and "chest" not in json.dumps(server.records("archive_head_train"))


def test_heads_survive_a_restart_and_what_a_killed_program_left_goes(filled, folder, server, head):
    heads = folder / "heads"
    left = heads / f"{'0' * 32}.json"
    left.write_text("{}")
    (heads / "notes.txt").write_text("an operator's")
    (heads / f"{'f' * 32}.head").write_text('{"head": 1}')
    with running("--archive", f"a={filled[0]}", "--archive-heads", f"a={heads}", "--dtype", "f32") as again:
        assert again.get(f"{HEADS}/{head['id']}").json() == head
        assert again.get("/v1/archives/a").json()["rights"] == ["search", "label"]
        assert [one["id"] for one in again.get(HEADS).json()["heads"]] == [head["id"]]
        damaged = again.get(f"{HEADS}/{'f' * 32}")
        assert damaged.status == 500 and str(heads).encode() not in damaged.body
        made = train(again, head["items"])
        assert not left.exists() and (heads / "notes.txt").exists()
        assert made["report"] == head["report"] and made["id"] != head["id"]
        again.request("DELETE", f"{HEADS}/{made['id']}")
    (heads / f"{'f' * 32}.head").unlink()


ITEMS = [{"item": 0, "label": "a"}, {"item": 17, "label": "b"}]


@pytest.mark.parametrize("body, status", [
    ({}, 400), ({"items": []}, 400), ({"items": "0=a"}, 400), ({"items": [1, 2]}, 400), ({"items": ITEMS, "labels": []}, 400),
    ({"items": ITEMS[:1]}, 400), ({"items": [*ITEMS, ITEMS[0]]}, 400), ({"items": [{**ITEMS[0], "label": "secret"}, {"item": 1, "label": ""}]}, 400),
    ({"items": [ITEMS[0], {"item": 17}]}, 400), ({"items": [ITEMS[0], {"label": "b"}]}, 400), ({"items": [ITEMS[0], {"item": -1, "label": "b"}]}, 400),
    ({"items": [ITEMS[0], {"item": 1.5, "label": "b"}]}, 400), ({"items": [ITEMS[0], {"item": 17, "label": 5}]}, 400),
    ({"items": [ITEMS[0], {"item": 4_000_000, "label": "b"}]}, 404), ({"items": [ITEMS[0], {"item": 1, "label": "x" * 201}]}, 413),
    ({"items": [{"item": i, "label": "ab"[i % 2]} for i in range(2001)]}, 413), ({"items": [{"item": i, "label": f"l{i}"} for i in range(33)]}, 413),
    ({"items": ITEMS, "name": "x" * 201}, 413), ({"items": ITEMS, "name": 7}, 400), ({"items": ITEMS, "balanced": 1}, 400),
    ({"items": ITEMS, "seed": -1}, 400), ({"items": [{"item": 0, "label": "a"}, {"item": 1, "label": "b"}]}, 400)])
def test_labels_that_make_no_sense_are_refused_and_nothing_is_kept(server, folder, body, status):
    said = json.dumps(post(server, HEADS, body, status))
    assert "xxxx" not in said and "secret" not in said
    assert server.get(HEADS).json() == {"heads": []} and not list((folder / "heads").glob("*.json"))


@pytest.mark.parametrize("body, status", [
    ({"order": "best"}, 400), ({"order": "probable"}, 400), ({"label": "head"}, 400), ({"order": "probable", "label": "secret"}, 400),
    ({"items": [0], "where": "modality=CT"}, 400), ({"items": []}, 400), ({"items": [4_000_000]}, 404), ({"limit": 0}, 400),
    ({"limit": 10_001}, 400), ({"not_items": 3}, 400), ({"not_items": [-1]}, 400), ({"not_items": list(range(2001))}, 413),
    ({"where": "modalty=CT"}, 400), ({"by": "study"}, 400), ({"image": "QUJD"}, 400)])
def test_an_application_that_makes_no_sense_is_refused(server, head, body, status):
    assert "secret" not in json.dumps(post(server, f"{HEADS}/{head['id']}/apply", body, status))


@pytest.mark.parametrize("name", ["0", "..", "%2e%2e", "x" * 32, "A" * 32, "0" * 31, "0" * 33, "%2fetc%2fpasswd"])
def test_what_is_no_id_is_no_head(server, name):
    for answer in (server.get(f"{HEADS}/{name}"), server.request("DELETE", f"{HEADS}/{name}"), server.post(f"{HEADS}/{name}/apply", {})):
        assert answer.status in (400, 404)


def test_a_page_elsewhere_cannot_train(server):
    body = json.dumps({"items": ITEMS}).encode()
    for headers in ({"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}):
        assert server.post(HEADS, body, headers={**headers, "origin": "http://evil.example"}).status == 415


def test_rows_that_a_key_may_not_see_are_neither_trained_on_nor_answered(serve, filled, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search", "label"]}},
                                    digest("ct"): {"a": {"rights": ["search", "label"], "where": "modality=CT"}},
                                    digest("none"): {"a": {"rights": ["search"]}}})
    server = serve("--archive", f"a={filled[0]}", "--archive-heads", f"a={tmp_path / 'heads'}", "--api-key-file", keys,
                   "--archive-rights", rights)
    rows = every(server, headers=of("all"))
    ct = [row for row in rows if row["modality"] == "CT"]
    hidden = next(row["item"] for row in rows if row["modality"] != "CT")
    assert train(server, labelled(rows), 404, headers=of("ct"))["error"]["message"] == "item: there is none of this number"
    whole = train(server, labelled(rows), headers=of("all"))
    some = train(server, labelled(ct), headers=of("ct"))
    assert some["restricted"] and not whole["restricted"] and "modality" not in json.dumps({**some, "report": None, "items": None})
    ids = {key: [one["id"] for one in server.get(HEADS, headers=of(key)).json()["heads"]] for key in ("all", "ct", "none")}
    assert set(ids["all"]) == {whole["id"], some["id"]} == set(ids["none"]) and ids["ct"] == [some["id"]]
    for path in ("", "/files/adapter.json", "/files/adapter.safetensors"):
        assert server.get(f"{HEADS}/{whole['id']}{path}", headers=of("ct")).status == 404
    assert server.post(f"{HEADS}/{whole['id']}/apply", {}, headers=of("ct")).status == 404
    applied = post(server, f"{HEADS}/{some['id']}/apply", {"order": "uncertain"}, headers=of("ct"))
    assert applied["chosen"] == len(ct) and {row["item"] for row in applied["results"]} == {row["item"] for row in ct}
    post(server, f"{HEADS}/{some['id']}/apply", {"items": [hidden]}, 404, headers=of("ct"))
    post(server, f"{HEADS}/{whole['id']}/apply", {"where": "path~a"}, 400, headers=of("all"))
    # Whoever may not label neither trains nor deletes.
    train(server, labelled(rows), 404, headers=of("none"))
    assert server.request("DELETE", f"{HEADS}/{some['id']}", headers=of("none")).status == 404
    assert server.request("DELETE", f"{HEADS}/{whole['id']}", headers=of("ct")).status == 404
    assert server.request("DELETE", f"{HEADS}/{some['id']}", headers=of("ct")).status == 200
    assert server.post(HEADS, {"items": ITEMS}).status == 401


def test_patients_with_the_same_pictures_are_judged_together(serve, tmp_path):
    """The same study under two patients' names, as after a merge that went wrong."""
    for study in range(4):
        write_study(tmp_path / "in", study, patient=f"P{study}", slices=2, BodyPartExamined="CHEST" if study % 2 else "HEAD")
    twin = tmp_path / "twin"
    for path in sorted((tmp_path / "in" / "0").rglob("*.dcm")):
        import pydicom
        data = pydicom.dcmread(path)
        data.PatientID = "P9"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{data.SOPInstanceUID}.9"[-64:]
        data.StudyInstanceUID, data.SeriesInstanceUID = f"{data.StudyInstanceUID}.9"[-64:], f"{data.SeriesInstanceUID}.9"[-64:]
        twin.mkdir(exist_ok=True)
        data.save_as(twin / path.name, enforce_file_format=True)
    add(tmp_path / "archive", tmp_path / "in", twin)
    server = serve("--archive", f"a={tmp_path / 'archive'}", "--archive-heads", f"a={tmp_path / 'heads'}")
    rows = every(server)
    assert len(rows) == 10
    assert train(server, labelled(rows))["report"]["split"]["train"] == {"rows": 10, "groups": 4}


def test_a_full_folder_takes_no_more(serve, filled, tmp_path):
    heads = tmp_path / "heads"
    server = serve("--archive", f"a={filled[0]}", "--archive-heads", f"a={heads}")
    items = labelled(every(server))
    made = train(server, items)
    text = (heads / f"{made['id']}.head").read_text()
    for number in range(199):
        name = f"{number:032x}"
        (heads / f"{name}.head").write_text(text.replace(made["id"], name))
    assert "200" in train(server, items, 413)["error"]["message"]
    assert server.request("DELETE", f"{HEADS}/{made['id']}").status == 200
    train(server, items)


def test_without_a_folder_there_is_nothing(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}")
    about = server.get("/v1/archives/a").json()
    assert not about["keeps_heads"] and about["rights"] == ["search"]
    for method, path, body in (("GET", "", None), ("POST", "", {"items": ITEMS}), ("GET", f"/{'0' * 32}", None)):
        assert server.request(method, HEADS + path, body).status == 404
    for given in ("b=x", "a", "a="):
        done = subprocess.run([os.environ["MI2_BIN"], "serve", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-heads", given],
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 2 and b"--archive-heads" in done.stderr

"""Labels' scores for images of an archive over HTTP: those of mi2 classify, over the rows that a key may see."""
import base64
import json
import math
from pathlib import Path

import pytest
from archive_support import (KEYS, MODEL, PATHS, digest, exported, filled, mi2, of, rights_file, search)  # noqa: F401
from conftest import running

CLASSIFY = "/v1/archives/a/classify"
LABELS = ["chest x-ray", "computed tomography head", "a foot"]


@pytest.fixture(scope="module")
def server(filled, tmp_path_factory):
    rights = rights_file(tmp_path_factory.mktemp("rights"), PATHS)
    with running("--archive", f"a={filled[0]}", "--archive-rights", rights, "--dtype", "f32") as started:
        yield started


def classify(server, body, status=200, **options):
    answer = server.post(CLASSIFY, body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def told(folder, *arguments):
    """{path: {label: score}} of mi2 classify."""
    done = mi2("classify", "--model", MODEL, "--dtype", "f32", "--embeddings", folder / "export.npy", "--format", "jsonl", *arguments)
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return {row["path"]: {one["label"]: one["score"] for one in row["labels"]} for row in rows}


@pytest.mark.parametrize("body, arguments", [
    ({"labels": LABELS}, []),
    ({"labels": LABELS, "templates": ["an image of {}", "{} in {}"]}, ["--template", "an image of {}", "--template", "{} in {}"]),
    ({"labels": LABELS, "multilabel": True}, ["--multilabel"])])
def test_the_scores_are_the_programs(server, filled, tmp_path, body, arguments):
    exported(filled[0], tmp_path)
    wanted = told(tmp_path, "--labels", ",".join(LABELS), *arguments)
    answer = classify(server, {**body, "limit": 1000})
    assert answer["labels"] == LABELS and answer["chosen"] == len(wanted) == len(filled[1]) and not answer["more"]
    got = {row["path"]: dict(zip(LABELS, row["scores"], strict=True)) for row in answer["results"]}
    assert got.keys() == wanted.keys()
    for path, scores in wanted.items():
        assert all(math.isclose(got[path][label], score, abs_tol=1e-9) for label, score in scores.items())
    for row in answer["results"]:
        assert row["label"] == LABELS[max(range(3), key=row["scores"].__getitem__)]


def test_whether_a_label_fits_is_said_as_a_search_says_it(server):
    found = {row["item"]: row for row in search(server, {"text": LABELS[1], "by": "image", "k": 100})["results"]}
    rows = [row for row in classify(server, {"labels": LABELS, "limit": 100})["results"] if row["label"] == LABELS[1]]
    assert rows
    for row in rows:
        assert math.isclose(row["cosine"], found[row["item"]]["score"], abs_tol=1e-5)
        assert math.isclose(row["percentile"], found[row["item"]]["percentile"], abs_tol=2)
    assert {row["verdict"] for row in classify(server, {"labels": LABELS})["results"]} <= {"none", "weak", "match"}


def test_what_is_classified_is_chosen(server):
    every = classify(server, {"labels": LABELS, "limit": 1000})
    some = classify(server, {"labels": LABELS, "where": "modality=CT", "limit": 2})
    assert {row["modality"] for row in some["results"]} == {"CT"} and len(some["results"]) == 2 and some["more"]
    assert some["chosen"] == sum(row["modality"] == "CT" for row in every["results"])
    items = [every["results"][4]["item"], every["results"][0]["item"]]
    assert classify(server, {"labels": LABELS, "items": items})["results"] == [every["results"][4], every["results"][0]]
    series = classify(server, {"labels": LABELS, "by": "series"})
    assert 0 < series["chosen"] < every["chosen"]
    assert classify(server, {"labels": LABELS, "where": "modality=XX"})["results"] == []


def test_an_image_that_is_sent_has_the_scores_of_the_same_image_in_the_archive(server, filled):
    path = next(iter(filled[1]))
    sent = base64.b64encode(open(path, "rb").read()).decode()
    stored = next(row for row in classify(server, {"labels": LABELS, "limit": 1000})["results"] if row["path"] == path)
    for image in (sent, [sent, sent]):
        answer = classify(server, {"labels": LABELS, "image": image})
        assert [row["file"] for row in answer["results"]] == list(range(1, 1 + len(answer["results"])))
        for row in answer["results"]:
            assert row["label"] == stored["label"] and row["verdict"] == stored["verdict"]
            assert all(math.isclose(a, b, abs_tol=1e-3) for a, b in zip(row["scores"], stored["scores"], strict=True))
    classify(server, {"labels": LABELS, "image": base64.b64encode(b"no picture").decode()}, status=422)


@pytest.mark.parametrize("body, status", [
    ({}, 400), ({"labels": []}, 400), ({"labels": ["one"]}, 400), ({"labels": ["a", "a"]}, 400), ({"labels": ["a", ""]}, 400),
    ({"labels": "a,b"}, 400), ({"labels": [1, 2]}, 400), ({"labels": LABELS, "templates": []}, 400),
    ({"labels": LABELS, "templates": ["no place"]}, 400), ({"labels": LABELS, "templates": ["{}" * 9]}, 413),
    ({"labels": LABELS, "templates": [f"{i} {{}}" for i in range(101)]}, 413), ({"labels": ["a", "x" * 1001]}, 413),
    ({"labels": [f"label {i}" for i in range(4097)]}, 413), ({"labels": [f"label {i}" for i in range(2049)], "templates": ["a {}", "b {}"]}, 413),
    ({"labels": LABELS, "classifier": "default"}, 400), ({"classifier": "default"}, 400), ({"classifier": "other"}, 400),
    ({"labels": LABELS, "items": []}, 400), ({"labels": LABELS, "items": [-1]}, 400), ({"labels": LABELS, "items": [4_000_000]}, 404),
    ({"labels": LABELS, "items": [0], "where": "modality=CT"}, 400), ({"labels": LABELS, "items": [0], "by": "series"}, 400),
    ({"labels": LABELS, "by": "study"}, 400), ({"labels": LABELS, "limit": 0}, 400), ({"labels": LABELS, "limit": 10_001}, 400),
    ({"labels": LABELS, "where": "modalty=CT"}, 400), ({"labels": LABELS, "multilabel": 1}, 400), ({"labels": LABELS, "k": 3}, 400),
    ({"labels": LABELS, "image": []}, 400)])
def test_what_makes_no_sense_is_refused(server, body, status):
    said = json.dumps(classify(server, body, status=status))
    assert "xxxx" not in said and "chest x-ray" not in said


def test_a_key_sees_its_rows_alone(serve, filled, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search"]}},
                                    digest("ct"): {"a": {"rights": ["search"], "where": "modality=CT"}}})
    server = serve("--archive", f"a={filled[0]}", "--api-key-file", keys, "--archive-rights", rights)
    every = classify(server, {"labels": LABELS}, headers=of("all"))
    some = classify(server, {"labels": LABELS}, headers=of("ct"))
    hidden = [row for row in every["results"] if row["modality"] != "CT"]
    assert hidden and some["results"] == [row for row in every["results"] if row["modality"] == "CT"]
    assert some["chosen"] == len(some["results"]) and not any("path" in row for row in every["results"])
    classify(server, {"labels": LABELS, "items": [hidden[0]["item"]]}, status=404, headers=of("ct"))
    classify(server, {"labels": LABELS, "where": "path~a"}, status=400, headers=of("all"))
    assert classify(server, {"labels": LABELS, "where": "modality=MR"}, headers=of("ct"))["results"] == []
    assert server.post(CLASSIFY, {"labels": LABELS}, headers=of("none")).status == 404
    assert server.post(CLASSIFY, {"labels": LABELS}).status == 401
    record = server.wait_for(lambda: server.records("archive_classify"))[0]
    assert record["parts"] == "3" and record["outcome"] == "ok"


def test_a_served_classifier_of_the_archives_weights_is_offered_and_used(serve, filled, tmp_path):
    """A zero-shot classifier: the starter with labels beside it."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    for path in Path(MODEL).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "config.json").write_text(json.dumps({"labels": LABELS}))
    server = serve("--archive", f"a={filled[0]}", "--dtype", "f32", model=[f"plain={MODEL}", f"labelled={folder}"])
    assert server.get("/v1/archives/a").json()["classifiers"] == ["labelled"]
    answer = classify(server, {"classifier": "labelled", "limit": 1000})
    assert answer["labels"] == LABELS and not any("verdict" in row for row in answer["results"])
    same = classify(server, {"labels": LABELS, "templates": ["{}."], "limit": 1000})
    for one, other in zip(answer["results"], same["results"], strict=True):
        assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(one["scores"], other["scores"], strict=True))
    classify(server, {"classifier": "plain"}, status=400)

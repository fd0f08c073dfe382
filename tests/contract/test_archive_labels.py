"""Labels that clients give over HTTP: a real server, and what filters, results and other callers make of them."""
import fcntl
import json

import pytest
from archive_support import ADD, keyed, mi2, own, search, told, uid  # noqa: F401


@pytest.fixture
def server(serve, own, tmp_path):  # noqa: F811
    return keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}")


def give(server, labels, status=200, headers=None, **more):
    answer = server.post("/v1/archives/a/labels", {"labels": labels, **more}, headers=headers)
    assert answer.status == status, answer.body
    return answer.json()


def found(server, where, **options):
    return {row["image"] for row in search(server, {"text": "x", "by": "image", "k": 1000, "where": where}, **options)["results"]}


def images(*studies, slices=(0, 1)):
    return {uid("sop", study, 0, number) for study in studies for number in slices}


def test_labels_are_given_and_found_and_come_with_results(server, own):  # noqa: F811
    answer = give(server, [{"study": uid("study", 0), "key": "finding", "value": "pneumonia", "score": 0.5},
                           {"image": uid("sop", 1, 0, 0), "side": "left", "grade": 2}, {"study": "1.2.3", "finding": "x"}], by="reader")
    assert (answer["added"], answer["replaced"], answer["same"]) == (3, 0, 0)
    assert answer["unknown"] == {"labels": 1, "rows": [3]} and answer["refused"] == {"labels": 0, "rows": []}
    assert found(server, "label.finding=pneumonia") == images(0)
    assert found(server, "label.side=left and label.grade=2") == images(1, slices=[0])
    (row,) = search(server, {"text": "x", "by": "image", "k": 9, "where": "label.side=left"})["results"]
    assert row["labels"] == [{"of": "image", "key": "grade", "value": "2", "by": "reader"},
                             {"of": "image", "key": "side", "value": "left", "by": "reader"}]
    assert server.get(f"/v1/archives/a/items/{row['item']}").json()["labels"] == row["labels"]
    facets = server.get("/v1/archives/a/facets").json()["facets"]["label"]["values"]
    assert {one["value"]: one["images"] for one in facets} == {"finding=pneumonia": 2, "side=left": 1, "grade=2": 1}
    # The program knows them, and the server those of the program.
    assert {line["image"] for line in told(own[0], "--item", row["item"], "--same-patient", "include", "--by", "image",
                                           "--where", "label.finding=pneumonia")} == images(0)
    assert found(server, "label.q=z") == set()
    labels = own[0].parent / "labels.csv"
    labels.write_text(f"study,q\n{uid('study', 2)},z\n")
    mi2("index", "label", own[0], labels)
    assert found(server, "label.q=z") == images(2)


def test_another_value_is_refused_or_replaces(server):
    study = uid("study", 0)
    first = give(server, [{"study": study, "q": "a"}])
    again = give(server, [{"study": study, "q": "a"}])
    assert (again["same"], again["snapshot"]) == (1, first["snapshot"])
    assert give(server, [{"study": study, "q": "b"}])["refused"] == {"labels": 1, "rows": [1]}
    assert found(server, "label.q=a") == images(0)
    assert give(server, [{"study": study, "q": "b"}], replace=True)["replaced"] == 1
    assert found(server, "label.q=a") == set() and found(server, "label.q=b") == images(0)


SECRET = "Meier-4711"


@pytest.mark.parametrize("body", [
    {}, {"labels": []}, {"labels": {}}, {"labels": [SECRET]}, {"labels": [{"q": SECRET}]}, {"labels": [{"study": "1.2"}]},
    {"labels": [{"study": "1.2", "series": "1.3", "q": SECRET}]}, {"labels": [{"study": "1.2", "q": [SECRET]}]},
    {"labels": [{"study": "1.2", "q": "v" * 257}]}, {"labels": [{"study": "1.2", "key": f"{SECRET} x", "value": "y"}]},
    {"labels": [{"study": "1.2", "key": "q"}]}, {"labels": [{"study": "1.2", "q": "x\n"}, {"study": "1.2", "q": "x\ny"}]},
    {"labels": [{"study": "1.2", "q": "x"}], "by": ""}, {"labels": [{"study": "1.2", "q": "x"}], "by": SECRET * 9},
    {"labels": [{"study": "1.2", "q": "x"}], "replace": "yes"}, {"labels": [{"study": "1.2", "q": "x"}], SECRET: 1},
])
def test_what_makes_no_sense_is_refused_without_a_word_of_what_it_says(server, body):
    answer = server.post("/v1/archives/a/labels", body)
    assert answer.status == 400 and SECRET not in answer.body.decode(), answer.body
    assert SECRET not in "".join(server.lines)


def test_more_rows_than_are_taken_are_too_many(server):
    assert give(server, [{"study": "1.2", "q": "x"}] * 10_001, status=413)
    assert give(server, [{"study": "1.2", "q": "x"}] * 10_000)["unknown"]["labels"] == 10_000


def test_labels_take_the_right_to_add_and_paths_that_to_paths(serve, own, tmp_path):  # noqa: F811
    archive, known = own
    row = {"study": uid("study", 0), "q": "x"}
    server = keyed(serve, tmp_path, {"*": {"*": {"rights": ["search", "paths", "delete"]}}}, "--archive", f"a={archive}")
    give(server, [row], status=404)
    give(server, [row], status=401, headers={"api-key": "nobody"})
    server = keyed(serve, tmp_path, {"*": {"*": {"rights": ["search", "add"]}}}, "--archive", f"a={archive}")
    path = next(iter(known))
    assert path not in json.dumps(give(server, [{"path": path, "q": "y"}], status=400))
    assert found(server, "label.q=x or label.q=y") == set()
    assert give(server, [row])["added"] == 1
    keyed_with_paths = keyed(serve, tmp_path, ADD, "--archive", f"a={archive}")
    answer = give(keyed_with_paths, [{"path": path, "q": "y"}, {"path": "/etc/passwd", "q": "y"}])
    assert answer["added"] == 1 and answer["unknown"]["rows"] == [2]


def test_the_audit_list_and_the_log_have_no_value(serve, own, tmp_path):  # noqa: F811
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", "--audit", tmp_path / "audit")
    give(server, [{"study": uid("study", 0), "key": "finding", "value": SECRET}], by=SECRET)
    (logged,) = server.wait_for(lambda: server.records("archive_label"))
    assert logged["outcome"] == "ok" and logged["found"] == "1"
    lines = [json.loads(line) for path in (tmp_path / "audit").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert [line["outcome"] for line in lines if line["event"] == "label"] == ["begun", "ok"]
    everything = json.dumps(lines) + "".join(server.lines)
    assert SECRET not in everything and uid("study", 0) not in everything and "finding" not in everything


def test_while_another_process_writes_labels_are_to_be_given_again(server, own):  # noqa: F811
    row = {"study": uid("study", 0), "q": "x"}
    with open(own[0] / "lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        give(server, [row], status=429)
    assert give(server, [row])["added"] == 1

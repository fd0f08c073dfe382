"""Outliers, drift and tags of an archive over HTTP: what the program says, over what the caller may see."""
import json
import select
import signal
import time
import urllib.parse

import pytest
from archive_support import (KEYS, MODEL, PATHS, add, digest, filled, mi2, of, rights_file, search, slice_of,  # noqa: F401
                             uid, write_study)
from conftest import Server
from dicom_studies import write

OUTLIERS = {"reference": "date<2024"}
DRIFT = {"reference": "modality=CT", "by": ["modality", "month"], "permutations": 99}
TAGS = {"field": "modality", "k": 2, "min_agreement": 0.5}
ASKED = [("outliers", OUTLIERS), ("drift", DRIFT), ("tags", TAGS)]


@pytest.fixture(scope="module")
def server(filled, tmp_path_factory):
    """One server for what changes nothing."""
    started = Server("--archive", f"a={filled[0]}", "--archive-rights", rights_file(tmp_path_factory.mktemp("rights"), PATHS))
    yield started
    assert started.end() == 0


def judge(server, what, body, status=200, **options):
    answer = server.post(f"/v1/archives/a/{what}", body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def told(archive, what, *arguments):
    done = mi2("index", what, archive, "--format", "jsonl", *arguments)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_outliers_are_those_of_the_program(server, filled):
    for pool in ("image", "mean", "stats7", "center20"):
        for more, options in (({}, ()), ({"k": 1, "quantile": 0.5}, ("-k", 1, "--quantile", 0.5)),
                              ({"test": "modality=MR", "threshold": 0.1}, ("--test", "modality=MR", "--threshold", 0.1))):
            answer = judge(server, "outliers", {**OUTLIERS, "pool": pool, **more})
            wanted = told(filled[0], "outliers", "--reference", "date<2024", "--pool", pool, *options)
            assert answer["results"] == wanted and answer["judged"] == len(wanted) > 0
            assert answer["outliers"] == sum(row["outlier"] for row in wanted) and not answer["more"]
            assert answer["threshold"] == wanted[0]["threshold"]


def test_drift_is_that_of_the_program(server, filled):
    answer = judge(server, "drift", DRIFT)
    wanted = told(filled[0], "drift", "--reference", "modality=CT", "--by", "modality,month", "--permutations", 99)
    assert answer["groups"] == wanted and len(wanted) == 3 and answer["reference"] == 9 and answer["patients"] == 3
    few = judge(server, "drift", {**DRIFT, "by": "modality", "moved": 1, "sample": 5, "seed": 5})
    assert few["sampled"] == 5 and [(len(group["moved"]), group["sampled"]) for group in few["groups"]] == [(1, 5)]


def test_tags_are_those_of_the_program(server, filled):
    answer = judge(server, "tags", TAGS)
    wanted = told(filled[0], "tags", "--field", "modality", "-k", 2, "--min-agreement", 0.5)
    assert answer["results"] == wanted and answer["doubtful"] == len(wanted)
    assert answer["judged"] + answer["alone"] == 6
    assert answer["agreed"] + answer["undecided"] + answer["doubtful"] == answer["judged"]


@pytest.mark.parametrize("what, body", ASKED)
def test_a_query_asks_what_a_body_asks(server, what, body):
    query = {key: ",".join(value) if isinstance(value, list) else value for key, value in body.items()}
    answer = server.get(f"/v1/archives/a/{what}?{urllib.parse.urlencode(query)}")
    assert answer.status == 200 and answer.json() == judge(server, what, body)


def test_a_filter_may_be_a_tree(server):
    tree = {"and": [{"field": "date", "op": "<", "value": "2024"}]}
    assert judge(server, "outliers", {"reference": tree}) == judge(server, "outliers", OUTLIERS)


def test_results_are_as_many_as_were_asked_for(server):
    every = judge(server, "outliers", {**OUTLIERS, "pool": "image"})
    one = judge(server, "outliers", {**OUTLIERS, "pool": "image", "limit": 1})
    assert one["more"] and one["results"] == every["results"][:1] and one["judged"] == every["judged"] == 6
    assert judge(server, "outliers", {**OUTLIERS, "threshold": 1e12, "only_outliers": True})["results"] == []
    doubtful = judge(server, "tags", {**TAGS, "k": 1})
    first = judge(server, "tags", {**TAGS, "k": 1, "limit": 1})
    assert first["more"] == (doubtful["doubtful"] > 1) and first["results"] == doubtful["results"][:1]


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """(archive of two sites, archive of the north alone): in the south lie the outlier, the drift and the wrong tag."""
    folder = tmp_path_factory.mktemp("sites")
    for study in range(6):
        write_study(folder / "north", study, patient=f"N{study}", modality="CT", StudyDate=f"202{study % 3}0115")
        write_study(folder / "south", 50 + study, patient=f"S{study}", modality="CT" if study else "MR",
                    StudyDate=f"202{study % 3}0115", StationName="SOUTH1")
    for name, places in (("both", ("south", "north")), ("alone", ("north",))):
        for place in places:
            mi2("index", "add", "--model", MODEL, "--site", place, folder / name, folder / place)
    return folder / "both", folder / "alone"


def nameless(value):
    """An answer without what differs between two archives of the same files: the numbers of rows and snapshots."""
    if isinstance(value, dict):
        return {key: nameless(inner) for key, inner in value.items()
                if key not in ("item", "snapshot") and (key != "nearest" or isinstance(inner, dict))}
    return [nameless(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("what, body", [
    ("outliers", {"reference": "date<2022"}), ("outliers", {"reference": "date<2022", "pool": "image", "test": "date>=2020"}),
    ("outliers", {"reference": "date<2022", "pool": "stats7", "test": "date>=2020"}),
    ("outliers", {"reference": "date<2022", "pool": "center20"}),
    ("drift", {"reference": "date<2022", "by": "month,station", "permutations": 99}),
    ("drift", {"reference": "date<2022", "test": "not site=nowhere", "by": "site", "permutations": 99}),
    ("tags", {"k": 2, "field": "modality", "min_agreement": 0.5}), ("tags", {"k": 2, "field": "modality", "where": "date>=2020"})])
def test_rows_that_may_not_be_seen_have_no_part_in_it(serve, sites, tmp_path, what, body):
    both, alone = sites
    north = serve("--archive", f"a={both}", "--archive-rights",
                  rights_file(tmp_path, {"*": {"*": {"rights": ["search"], "where": "site=north"}}}))
    seen = judge(north, what, body)
    (tmp_path / "all").mkdir()
    own = serve("--archive", f"a={alone}", "--archive-rights", rights_file(tmp_path / "all", {"*": {"*": {"rights": ["search"]}}}))
    assert nameless(seen) == nameless(judge(own, what, body))
    assert "south" not in json.dumps(seen).lower()
    paths = rights_file(tmp_path / "all", PATHS)
    every = serve("--archive", f"a={both}", "--archive-rights", paths)
    if what != "tags":
        assert "south" in json.dumps(judge(every, what, body)).lower()


def test_rows_that_may_not_be_seen_are_not_what_is_usual(serve, sites, tmp_path):
    server = serve("--archive", f"a={sites[0]}", "--archive-rights",
                   rights_file(tmp_path, {"*": {"*": {"rights": ["search"], "where": "site=north"}}}))
    hidden = judge(server, "outliers", {"reference": "site=south"}, status=400)
    nowhere = judge(server, "outliers", {"reference": "site=nowhere"}, status=400)
    assert hidden == nowhere
    hidden = judge(server, "drift", {"reference": "site=south"}, status=400)
    assert hidden == judge(server, "drift", {"reference": "site=nowhere"}, status=400)
    assert judge(server, "tags", {"where": "site=south"})["judged"] == 0


def test_paths_are_shown_and_filtered_by_with_the_right_alone(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}")
    for what, body in ASKED:
        assert '"path"' not in json.dumps(judge(server, what, body))
        named = {**body, "reference": "path~hospital"} if what != "tags" else {**body, "where": "path~hospital"}
        assert "right to see paths" in judge(server, what, named, status=400)["error"]["message"]
    with_paths = serve("--archive", f"a={filled[0]}", "--archive-rights", rights_file(tmp_path, PATHS))
    assert '"path"' in json.dumps(judge(with_paths, "outliers", {"reference": "path~hospital/0 or path~hospital/2", "pool": "image"}))


def test_without_the_right_to_search_there_is_no_archive(serve, filled, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    server = serve("--archive", f"a={filled[0]}", "--api-key-file", keys, "--archive-rights",
                   rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search"]}}}))
    for what, body in ASKED:
        assert judge(server, what, body, headers=of("all"))
        judge(server, what, body, headers=of("none"), status=404)
        judge(server, what, body, status=401)


@pytest.mark.parametrize("what, body, message", [
    ("outliers", {}, "reference: expected a filter"), ("drift", {}, "reference: expected a filter"),
    ("outliers", {"referense": "date<2024"}, "did you mean reference?"), ("outliers", {"reference": 7}, "filter"),
    ("outliers", {"reference": "modality=Doe^John and"}, "filter"), ("outliers", {"reference": "date<1990"}, "lets none by"),
    ("outliers", {**OUTLIERS, "pool": "Doe"}, "pool: expected one of image"), ("outliers", {**OUTLIERS, "k": 0}, "k:"),
    ("outliers", {**OUTLIERS, "k": 1001}, "from 1 to 1000"), ("outliers", {**OUTLIERS, "quantile": 1.5}, "quantile:"),
    ("outliers", {**OUTLIERS, "quantile": "0.5"}, "quantile:"), ("outliers", {**OUTLIERS, "threshold": -1}, "threshold:"),
    ("outliers", {**OUTLIERS, "threshold": 1, "quantile": 0.5}, "both"), ("outliers", {**OUTLIERS, "limit": 10001}, "limit:"),
    ("outliers", {**OUTLIERS, "only_outliers": "yes"}, "true or false"), ("outliers", {"reference": "date<2021"}, "threshold"),
    ("drift", {**DRIFT, "by": []}, "by: is empty"), ("drift", {**DRIFT, "by": ""}, "by: is empty"),
    ("drift", {**DRIFT, "by": "Doe"}, "by: expected some of station"), ("drift", {**DRIFT, "by": ["month", "month"]}, "once"),
    ("drift", {**DRIFT, "by": "month," * 1000}, "by:"), ("drift", {**DRIFT, "permutations": 0}, "permutations:"),
    ("drift", {**DRIFT, "permutations": 1_000_001}, "permutations:"), ("drift", {**DRIFT, "sample": 2001}, "sample:"),
    ("drift", {**DRIFT, "moved": 101}, "moved:"), ("drift", {**DRIFT, "seed": -1}, "seed:"),
    ("drift", {"reference": "date<2021"}, "two patients"), ("tags", {"field": "Doe"}, "field: expected one of modality"),
    ("tags", {**TAGS, "min_agreement": 2}, "min_agreement:"), ("tags", {**TAGS, "reference": "date<2024"}, "unknown field")])
def test_what_makes_no_sense_is_refused_by_its_place_without_what_was_sent(server, what, body, message):
    told_what = judge(server, what, body, status=400)["error"]["message"]
    assert message in told_what and "Doe" not in told_what and "/tmp" not in told_what


@pytest.mark.parametrize("path", ["outliers", "outliers?reference=date%3C2024&k=x", "outliers?reference=date%3C2024&quantile=nan",
                                  "outliers?reference=date%3C2024&reference=date%3C2023", "outliers?reference=%FF%FE",
                                  "drift?reference=modality%3DCT&by=", "tags?min_agreement=1e999", "tags?where=", "tags?limit=-1"])
def test_queries_that_make_no_sense_are_refused(server, path):
    assert server.get(f"/v1/archives/a/{path}").status == 400


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """An archive of 40 patients of as many months, of which a drift by month with a million divisions takes long."""
    folder = tmp_path_factory.mktemp("crowd")
    for study in range(40):
        write(folder / "in" / f"{study}.dcm", slice_of(study, 0, 0, patient=f"P{study}", StudyDate=f"{2000 + study // 12}{study % 12 + 1:02}15"))
    add(folder / "archive", folder / "in")
    return folder / "archive"


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """An archive in which each picture of the north is in the south too, as another object of another patient."""
    folder = tmp_path_factory.mktemp("twins")
    for study in range(3):
        for place in ("north", "south"):
            data = slice_of(study, 0, 0, patient=f"{place}{study}")
            if place == "south":
                data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("twin", study)
                data.StudyInstanceUID, data.SeriesInstanceUID = uid("twins", study), uid("twins of", study)
            write(folder / place / f"{study}.dcm", data)
    for place in ("north", "south"):
        mi2("index", "add", "--model", MODEL, "--site", place, folder / "archive", folder / place)
    return folder / "archive"


def test_duplicates_are_those_of_the_program_and_none_shows_what_may_not_be_seen(serve, twins, tmp_path):
    (tmp_path / "north").mkdir()
    every = serve("--archive", f"a={twins}", "--archive-rights", rights_file(tmp_path, PATHS))
    north = serve("--archive", f"a={twins}", "--archive-rights", rights_file(
        tmp_path / "north", {"*": {"*": {"rights": ["search"], "where": "site=north"}}}))
    for level in ("pixels", "reencoded"):
        answer = judge(every, "dups", {"level": level})
        assert answer["groups"] == told(twins, "dups", "--level", level)
        assert answer["compared"] == 6 and answer["duplicates"] == len(answer["groups"]) and not answer["more"]
        seen = judge(north, "dups", {"level": level, "where": "date<2000 or not date<2000"})
        assert seen["groups"] == [] and seen["duplicates"] == 0 and seen["compared"] == 3
    assert [group["patients"] for group in judge(every, "dups", {})["groups"]] == [2, 2, 2]
    first = judge(every, "dups", {"limit": 1})
    assert first["more"] and first["duplicates"] == 3 and len(first["groups"]) == 1
    assert judge(every, "dups", {"where": "site=south"})["duplicates"] == 0
    assert every.get("/v1/archives/a/dups?level=pixels&limit=1").json() == first
    assert "level:" in judge(every, "dups", {"level": "object"}, status=400)["error"]["message"]


def test_what_was_refused_is_counted_and_named_to_those_who_may_see_paths(serve, tmp_path):
    write_study(tmp_path / "in", "good", slices=1)
    (tmp_path / "in" / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM cut")
    (tmp_path / "in" / "empty.png").write_bytes(b"")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    mi2("index", "add", "--model", MODEL, tmp_path / "a", tmp_path / "in", status=8)
    counts = json.loads(mi2("index", "stats", tmp_path / "a", "--format", "json").stdout)["refused_by"]
    folders = {}
    for name, keys in (("with", {"*": {"*": {"rights": ["search", "paths"]}}}), ("without", {"*": {"*": {"rights": ["search"]}}}),
                       ("some", {"*": {"*": {"rights": ["search", "paths"], "where": "modality=CT"}}})):
        (tmp_path / name).mkdir()
        folders[name] = rights_file(tmp_path / name, keys)
    ask = {name: serve("--archive", f"a={tmp_path / 'a'}", "--archive-rights", rights) for name, rights in folders.items()}
    told_all = ask["with"].get("/v1/archives/a/refused").json()
    assert told_all["by"] == counts and told_all["refused"] == sum(counts.values()) >= 2 and not told_all["more"]
    assert {"cut.dcm", "empty.png"} <= {one["path"].rsplit("/", 1)[1] for one in told_all["files"]}
    assert all(one["code"] and one["reason"] and one["at"].endswith("Z") for one in told_all["files"])
    one = ask["with"].get("/v1/archives/a/refused?limit=1").json()
    assert one["more"] and one["files"] == told_all["files"][:1]
    told_some = ask["without"].get("/v1/archives/a/refused").json()
    assert told_some["by"] == counts and "files" not in told_some and str(tmp_path) not in json.dumps(told_some)
    assert ask["some"].get("/v1/archives/a/refused").status == 403
    for query in ("limit=0", "limit=x", "limit=10001", "code=bad_file"):
        assert ask["with"].get(f"/v1/archives/a/refused?{query}").status == 400


LONG = {"reference": "date<2001", "by": "month", "permutations": 1_000_000}


def test_what_takes_too_long_ends(serve, crowd):
    server = serve("--archive", f"a={crowd}", "--comparison-timeout", 1)
    start = time.monotonic()
    answer = judge(server, "drift", LONG, status=413)
    assert "after 1 s" in answer["error"]["message"] and time.monotonic() - start < 60
    assert server.metric('mi2_archive_requests_total{action="drift",archive="a",outcome="too_large"}') == 1
    assert len(judge(server, "drift", {**LONG, "permutations": 9})["groups"]) == 28


def test_searches_go_on_beside_it_and_it_ends_when_its_client_leaves(serve, crowd):
    server = serve("--archive", f"a={crowd}")
    body = json.dumps(LONG).encode()
    client = server.socket()
    client.sendall(b"POST /v1/archives/a/drift HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                   b"content-length: %d\r\n\r\n" % len(body) + body)
    time.sleep(0.5)
    assert search(server, {"text": "x"})["exact"]
    assert server.get("/v1/archives/a").status == 200
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    client.close()
    line, = server.wait_for(lambda: server.records("archive_drift"))
    assert line["outcome"] == "disconnected"
    assert len(judge(server, "drift", {**LONG, "permutations": 9})["groups"]) == 28


@pytest.mark.parametrize("taken,status", [("right", b"404"), ("key", b"401"), ("rows", b"429")])
def test_what_waited_while_it_was_forbidden_is_not_answered(serve, crowd, tmp_path, taken, status):
    keys = tmp_path / "keys.txt"
    keys.write_text(f"{KEYS['all']}\n{KEYS['ct']}\n")
    every = {"a": {"rights": ["search"]}}
    rights = rights_file(tmp_path, {digest("all"): every, digest("ct"): every})
    server = serve("--archive", f"a={crowd}", "--api-key-file", keys, "--archive-rights", rights)

    def ask(name, body):
        body = json.dumps(body).encode()
        client = server.socket()
        client.sendall(b"POST /v1/archives/a/drift HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\napi-key: %s\r\n"
                       b"content-length: %d\r\n\r\n" % (KEYS[name].encode(), len(body)) + body)
        return client
    before = ask("all", LONG)
    time.sleep(0.5)
    waiting = ask("ct", {**LONG, "permutations": 9})
    time.sleep(0.5)
    if taken == "key":
        keys.write_text(KEYS["all"])
    else:
        rows = {"a": {"rights": ["search"], "where": "date<2002"}} if taken == "rows" else {}
        rights_file(tmp_path, {digest("all"): every, digest("ct"): rows})
    server.send(signal.SIGHUP)
    if taken == "rows":
        server.wait_for(lambda: server.get("/v1/archives/a", headers=of("ct")).json().get("images", 40) < 40)
    else:
        server.wait_for(lambda: server.get("/v1/archives/a", headers=of("ct")).status == int(status))
    before.close()
    assert waiting.recv(12) == b"HTTP/1.1 " + status
    waiting.close()


def test_more_of_it_than_may_wait_is_refused_and_searches_go_on(serve, crowd):
    server = serve("--archive", f"a={crowd}")
    body = json.dumps(LONG).encode()
    clients = [server.socket() for _ in range(300)]
    for client in clients:
        client.sendall(b"POST /v1/archives/a/drift HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                       b"content-length: %d\r\n\r\n" % len(body) + body)
    refused = server.wait_for(lambda: len(found := select.select(clients, [], [], 0)[0]) >= 300 - 256 and found)
    assert all(client.recv(12) == b"HTTP/1.1 429" for client in refused)
    assert search(server, {"text": "x"})["exact"]
    assert server.get("/v1/archives/a").status == 200
    for client in clients:
        client.close()
    # Those who left are noticed one after the other.
    assert server.wait_for(lambda: server.post("/v1/archives/a/drift", {**LONG, "permutations": 9}).status == 200)


def test_it_is_logged_without_its_filters(serve, filled):
    server = serve("--archive", f"a={filled[0]}")
    judge(server, "outliers", {"reference": "date<2024 or study_description='visit of John Doe'"})
    line, = server.wait_for(lambda: server.records("archive_outliers"))
    assert (line["archive"], line["outcome"], line["found"]) == ("a", "ok", "2") and len(line["query"]) == 64
    assert "Doe" not in "".join(server.lines)


def test_the_examples_of_the_document_are_true(server):
    paths = server.get("/openapi.json").json()["paths"]
    for what in ("outliers", "drift", "tags", "dups"):
        body = paths[f"/v1/archives/{{archive}}/{what}"]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert judge(server, what, body)

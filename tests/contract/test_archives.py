"""Archives over HTTP: a real server, archives that mi2 index made, and the same answers as the program's and NumPy's."""
import base64
import json
import os
import threading
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from archive_support import (ADD, ALL, MODEL, PATHS, add, brute_force, exported, filled, keyed, mi2, outcomes, own,  # noqa: F401
                             post_items, rights_file, scores, search, study_files, told, unit, write_study)
from conftest import picture, running
from test_budgets import MIB, post, resident


@pytest.fixture(scope="module")
def server(filled, tmp_path_factory):
    """One server for what changes nothing, in the program's own dtype."""
    rights = rights_file(tmp_path_factory.mktemp("rights"), PATHS)
    with running("--archive", f"a={filled[0]}", "--archive-rights", rights, "--dtype", "f32") as started:
        yield started


def as_told(result):
    """A result as the program writes it, without what it says with each."""
    return {key: value for key, value in result.items()
            if key not in ("exact", "snapshot", "searched", "excluded", "archive", "weights_sha256", "min_score")}


@pytest.mark.parametrize("more", [{}, {"match": "maxsim"}, {"by": "image", "k": 7}, {"by": "patient"},
                                  {"by": "series", "match": "mean"},
                                  {"where": "modality=MR and date>=2022"}, {"where": "date<1990"}])
def test_a_text_finds_what_the_program_finds(server, filled, more):
    answer = search(server, {"text": "chest x-ray", **more})
    options = [text for key, value in more.items() for text in (f"--{key}" if len(key) > 1 else f"-{key}", value)]
    lines = told(filled[0], "--model", MODEL, "--text", "chest x-ray", *options)
    assert answer["results"] == [as_told(line) for line in lines]
    assert answer["exact"] is True
    for key in ("exact", "snapshot", "searched", "excluded"):
        assert all(line[key] == answer[key] for line in lines)


def vectors_of(server, texts):
    return np.float64(server.post("/encode", {"texts": texts}).json()["text_embeddings"])


def test_a_text_finds_what_numpy_finds(server, filled, tmp_path):
    archive, known = filled
    names, vectors = exported(archive, tmp_path)
    groups = [known[name][0] for name in names]
    for text in ("chest x-ray", "brain mri, tumour"):
        query = vectors_of(server, [text])[0]
        found = search(server, {"text": text, "k": 4})["results"]
        wanted = brute_force(query, vectors, groups)[:4]
        assert [known[row["path"]][0] for row in found] == [group for group, _ in wanted]
        assert np.allclose([row["score"] for row in found], [score for _, score in wanted], atol=1e-6, rtol=0)


def test_several_things_and_what_is_looked_away_from_are_one_direction(server, filled, tmp_path):
    archive, known = filled
    names, vectors = exported(archive, tmp_path)
    groups = [known[name][0] for name in names]
    texts = vectors_of(server, ["chest x-ray", "brain mri", "a dog"])
    query = unit(texts[0]) + unit(texts[1]) + vectors[5] - unit(texts[2]) - vectors[9]
    items = search(server, {"vector": vectors[5].tolist(), "by": "image", "k": 1})["results"][0]["item"]
    away = search(server, {"vector": vectors[9].tolist(), "by": "image", "k": 1})["results"][0]["item"]
    body = {"text": ["chest x-ray", "brain mri"], "not_text": "a dog", "item": [items], "not_item": away,
            "same_patient": "include", "k": 6}
    found = search(server, body)["results"]
    wanted = brute_force(query, vectors, groups)
    assert [known[row["path"]][0] for row in found] == [group for group, _ in wanted]
    assert np.allclose([row["score"] for row in found], [score for _, score in wanted], atol=1e-5, rtol=0)


def test_an_image_leaves_its_own_patient_out(server, filled):
    archive, known = filled
    path = next(iter(known))
    body = {"image": base64.b64encode(open(path, "rb").read()).decode(), "by": "image", "k": 20}
    answer = search(server, body)
    assert {known[row["path"]][1] for row in answer["results"]} == {"P1", "P2"}
    assert answer["excluded"]["same_patient"] == 6
    own = search(server, {**body, "same_patient": "only"})["results"]
    assert {known[row["path"]][1] for row in own} == {"P0"} and own[0]["score"] > 0.99999


def test_items_series_and_studies_of_the_archive_are_searched_by(server, filled):
    archive, known = filled
    first = search(server, {"text": "x", "k": 1})["results"][0]
    for part in ({"item": first["item"]}, {"series": first["series"]}, {"study": first["study"]}):
        option = f"--{next(iter(part))}"
        lines = told(archive, option, next(iter(part.values())))
        assert search(server, part)["results"] == [as_told(line) for line in lines]
    neighbours = server.get(f"/v1/archives/a/items/{first['item']}/neighbours?k=2&by=series").json()
    assert neighbours["results"] == search(server, {"item": first["item"], "k": 2, "by": "series"})["results"]


def test_results_say_in_which_tags_they_agree_with_what_was_asked(server, filled):
    item = search(server, {"text": "x", "where": "modality=CT", "k": 1})["results"][0]
    found = search(server, {"item": item["item"], "same_patient": "include", "k": 6})["results"]
    for row in found:
        same = {tag for tag in ("modality", "body_part") if row[tag] == item[tag]}
        assert (set(row.get("agrees", [])), set(row.get("differs", []))) == (same, {"modality", "body_part"} - same)
    assert not any("agrees" in row for row in search(server, {"text": "x"})["results"])


def test_a_filter_is_the_same_as_text_and_as_tree_and_facets_count_with_it(server, filled):
    tree = {"and": [{"field": "modality", "value": "CT"}, {"field": "date", "op": ">=", "value": "2021"}]}
    text = "modality=CT and date>=2021"
    assert search(server, {"text": "x", "where": tree}) == search(server, {"text": "x", "where": text})
    facets = server.get("/v1/archives/a/facets?where=" + urllib.parse.quote(text)).json()
    assert facets["images"] == 6 and facets["facets"]["modality"]["values"] == [{"value": "CT", "images": 6}]
    months = {row["value"]: row["images"] for row in server.get("/v1/archives/a/facets").json()["facets"]["month"]["values"]}
    assert months == {f"202{year}-01": 3 for year in range(6)}
    parts = server.get("/v1/archives/a/facets").json()["facets"]["body_part"]["values"]
    assert {row["value"]: row["images"] for row in parts} == {"CHEST": 9, "HEAD": 9}
    assert server.get("/v1/archives/a/facets").json()["facets"]["site"]["values"] == [{"value": None, "images": 18}]


def test_stats_are_those_of_the_program_and_an_item_is_what_a_result_says(server, filled):
    wanted = json.loads(mi2("index", "stats", filled[0], "--format", "json").stdout)
    got = server.get("/v1/archives/a/stats").json()
    wanted.pop("bytes"), got.pop("bytes")
    assert got == wanted
    info = server.get("/v1/archives/a").json()
    assert (info["images"], info["studies"], info["patients"], info["name"]) == (18, 6, 3, "a")
    found = search(server, {"text": "x", "k": 1})["results"][0]
    item = server.get(f"/v1/archives/a/items/{found['item']}").json()
    assert {key: item[key] for key in found if key in item} == {k: v for k, v in found.items() if k in item}
    assert server.get("/v1/archives/a/items/4000").status == 404
    assert [row["name"] for row in server.get("/v1/archives").json()["archives"]] == ["a"]


def test_a_thumbnail_comes_with_a_tag_by_which_it_is_not_sent_again(server, filled):
    rows = {row["item"]: row for by in ("image", "series")
            for row in search(server, {"text": "x", "by": by, "match": "mean" if by == "series" else "best", "k": 3})["results"]}
    for item, row in rows.items():
        assert row["thumb"] is True
        answer = server.get(f"/v1/archives/a/items/{item}/thumb")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
        assert answer.body[:4] == b"RIFF" and answer.body[8:16] == b"WEBPVP8 "
        assert answer.headers["cache-control"] == "private, no-cache"
        tag = answer.headers["etag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            same = server.get(f"/v1/archives/a/items/{item}/thumb", headers={"If-None-Match": known})
            assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
        again = server.get(f"/v1/archives/a/items/{item}/thumb", headers={"If-None-Match": tag[:-2] + '"'})
        assert again.status == 200 and again.body == answer.body
    assert len({server.get(f"/v1/archives/a/items/{item}/thumb").headers["etag"] for item in rows}) >= 3
    assert server.get("/v1/archives/a/items/4000/thumb").status == 404
    assert server.get("/v1/archives/a/items/x/thumb").status == 400


def test_a_thumbnail_that_is_erased_or_was_never_kept_is_not_there(serve, own, tmp_path):
    archive, _ = own
    server = keyed(serve, tmp_path, ALL, "--archive", f"a={archive}")
    row = search(server, {"text": "x", "by": "image", "k": 1})["results"][0]
    path = f"/v1/archives/a/items/{row['item']}/thumb"
    tag = server.get(path).headers["etag"]
    server.request("DELETE", f"/v1/archives/a/studies/{row['study']}?erase=true")
    assert server.get(path, headers={"If-None-Match": tag}).status == 404
    write_study(tmp_path / "more", 60, patient="T", modality="US")
    mi2("index", "add", "--model", MODEL, "--no-thumbnails", archive, tmp_path / "more")
    bare = search(server, {"text": "x", "where": "modality=US", "by": "image"})["results"]
    assert len(bare) == 3
    for found in bare:
        assert "thumb" not in found and server.get(f"/v1/archives/a/items/{found['item']}/thumb").status == 404
    (archive / "thumbs" / "000001.pack").write_bytes(b"MI2 pack")
    left = search(server, {"text": "x", "by": "image", "k": 100})["results"]
    broken = server.get(f"/v1/archives/a/items/{next(r['item'] for r in left if 'thumb' in r)}/thumb")
    assert broken.status == 500 and b"pack" not in broken.body
    assert server.wait_for(lambda: server.records("archive_fault"))


def pages(server, body, k, between=lambda: None):
    rows, cursor, snapshots = [], None, set()
    while True:
        answer = search(server, {**body, "k": k, **({"cursor": cursor} if cursor else {})})
        rows += answer["results"]
        snapshots.add(answer["snapshot"])
        cursor = answer.get("cursor")
        assert answer["more"] == (cursor is not None)
        if cursor is None:
            return rows, snapshots
        between()


def test_pages_together_are_the_whole_answer(server):
    for body in ({"text": "chest x-ray", "by": "image"}, {"item": 0, "same_patient": "include"}):
        whole = search(server, {**body, "k": 1000})
        rows, snapshots = pages(server, body, 4)
        assert rows == whole["results"] and snapshots == {whole["snapshot"]}


def test_pages_go_on_with_the_snapshot_of_the_first_while_studies_are_added(serve, own, tmp_path):
    archive, _ = own
    server = serve("--archive", f"a={archive}")
    body = {"text": "chest x-ray", "by": "image"}
    whole = search(server, {**body, "k": 1000})["results"]
    new = iter(range(100, 200))

    def between():
        number = next(new)
        write_study(tmp_path / "new", number, patient=f"N{number}", StudyDate="20300101")
        add(archive, tmp_path / "new")
    rows, snapshots = pages(server, body, 3, between)
    assert scores(rows) == scores(whole) and len(snapshots) == 1  # verdicts are by the archive as it is now
    assert len(search(server, {**body, "k": 1000})["results"]) > len(whole)


def test_what_scores_less_is_left_out_of_every_page(server, filled):
    everything = search(server, {"text": "chest x-ray", "by": "image", "k": 100})
    scores_of_all = [row["score"] for row in everything["results"]]
    least = scores_of_all[10]
    body = {"text": "chest x-ray", "by": "image", "min_score": least}
    whole = search(server, {**body, "k": 100})
    wanted = [row for row in everything["results"] if row["score"] >= least]
    assert whole["results"] == wanted and whole["min_score"] == least and whole["more"] is False
    assert whole["excluded"] == {**everything["excluded"], "score": len(scores_of_all) - len(wanted)}
    assert "min_score" not in everything and "score" not in everything["excluded"]
    rows, cursor = [], None
    for _ in range(99):
        answer = search(server, {**body, "k": 4, **({"cursor": cursor} if cursor else {})})
        rows += answer["results"]
        assert answer["more"] == (len(rows) < len(wanted))
        cursor = answer.get("cursor")
        if not answer["more"]:
            break
    assert scores(rows) == scores(wanted)
    auto = search(server, {"item": 0, "by": "image", "k": 100, "min_score": "auto"})
    assert all(row["verdict"] != "none" for row in auto["results"])
    lines = told(filled[0], "--item", 0, "--by", "image", "-k", 100, "--min-score", "auto")
    assert auto["results"] == [as_told(line) for line in lines]
    for score in ("auto", least):
        near = server.get(f"/v1/archives/a/items/0/neighbours?by=image&k=100&min_score={score}").json()
        assert near["results"] == search(server, {"item": 0, "by": "image", "k": 100, "min_score": score})["results"]


def test_studies_that_are_excluded_are_left_out_as_a_filter_leaves_them_out(server):
    everything = search(server, {"text": "chest x-ray", "k": 100})["results"]
    first, second = (row["study"] for row in everything[:2])
    for excluded, where in ((first, f"not study={first}"), ([first, second], f"not study in ({first},{second})")):
        answer = search(server, {"text": "chest x-ray", "k": 100, "exclude_study": excluded})
        filtered = search(server, {"text": "chest x-ray", "k": 100, "where": where})
        assert all(answer[name] == filtered[name] for name in ("results", "searched", "excluded", "exact"))
        assert len(answer["results"]) == len(everything) - (1 if excluded == first else 2)
        assert answer["excluded"]["filter"] > 0
    both = search(server, {"text": "chest x-ray", "where": "modality=CT or modality=MR", "exclude_study": first})
    assert both["results"] and first not in [row["study"] for row in both["results"]]
    near = server.get(f"/v1/archives/a/items/0/neighbours?k=100&same_patient=include&exclude_study={first}").json()
    asked = {"item": 0, "k": 100, "same_patient": "include", "where": f"not study={first}"}
    assert near["results"] == search(server, asked)["results"]


def test_a_cursor_of_another_search_or_a_made_up_one_is_refused(server):
    cursor = search(server, {"text": "chest x-ray", "k": 1})["cursor"]
    for body in ({"text": "another", "cursor": cursor}, {"text": "chest x-ray", "where": "modality=CT", "cursor": cursor},
                 {"text": "chest x-ray", "cursor": "1.2.3"}, {"text": "chest x-ray", "cursor": cursor.replace("1.", "9.", 1)}):
        assert "cursor" in search(server, body, status=400)["error"]["message"]
    later = cursor.split(".")
    later[1] = "99999"
    assert search(server, {"text": "chest x-ray", "cursor": ".".join(later)}, status=400)


def test_studies_that_are_added_are_found_without_a_restart(serve, own, tmp_path):
    archive, _ = own
    server = serve("--archive", f"a={archive}")
    before = search(server, {"text": "x", "by": "image", "k": 1000})
    failures, done = [], threading.Event()

    def ask():
        while not done.is_set():
            answer = server.post("/v1/archives/a/search", {"text": "x", "by": "image", "k": 1000})
            if answer.status != 200 or not answer.json()["exact"]:
                failures.append(answer.body)
    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for number in range(50, 54):
        write_study(tmp_path / "more", number, patient=f"M{number}", Modality="US")
        add(archive, tmp_path / "more")
    done.set()
    for thread in asking:
        thread.join()
    after = search(server, {"text": "x", "by": "image", "k": 1000})
    assert not failures
    assert len(after["results"]) == len(before["results"]) + 12 and after["snapshot"] > before["snapshot"]
    assert {row["value"] for row in server.get("/v1/archives/a/facets").json()["facets"]["modality"]["values"]} >= {"US"}


def test_a_deleted_study_is_gone_at_once_and_erased_whole_although_the_server_reads(serve, own, tmp_path):
    archive, known = own
    server = keyed(serve, tmp_path, ALL, "--archive", f"a={archive}")
    studies = {row["study"] for row in search(server, {"text": "x", "k": 10})["results"]}
    gone = sorted(studies)[0]
    answer = server.request("DELETE", f"/v1/archives/a/studies/{gone}")
    assert answer.status == 200 and answer.json() == {"images": 2, "erased": False, "clean": True}
    after = search(server, {"text": "x", "k": 10})
    assert {row["study"] for row in after["results"]} == studies - {gone} and after["excluded"]["deleted"] > 0
    assert server.request("DELETE", f"/v1/archives/a/studies/{gone}").status == 404
    other = sorted(studies)[1]
    erased = server.request("DELETE", f"/v1/archives/a/studies/{other}?erase=true").json()
    assert erased == {"images": 2, "erased": True, "clean": True}
    kept = b"".join(path.read_bytes() for path in archive.iterdir() if path.name.startswith("catalog"))
    assert other.encode() not in kept and gone.encode() not in kept
    assert len(search(server, {"text": "x", "k": 10})["results"]) == 2
    mi2("index", "verify", "--deep", archive)


@pytest.mark.parametrize("body, message", [
    ({"txt": "x"}, "did you mean text?"), ({"text": "x", "limit": 3}, "expected one of"), ({}, "got none"),
    ({"not_text": "x"}, "got none"), ({"text": "x", "k": 0}, "from 1 to 1000"), ({"text": "x", "k": 100000}, "from 1 to 1000"),
    ({"text": "x", "k": -1}, "k:"), ({"text": "x", "k": 2.5}, "k:"), ({"text": "x", "by": "slice"}, "by: expected one of study"),
    ({"text": "x", "where": "modalty=CT"}, "did you mean modality?"), ({"text": "x", "where": "modality=Doe^John and"}, "filter"),
    ({"text": "x", "where": {"or": []}}, "filter"), ({"text": "x", "where": 7}, "filter"), ({"text": ["x"] * 65}, "64"),
    ({"vector": [1.0]}, "numbers"), ({"vector": [0.0] * 256}, ""), ({"text": 5}, "text"), ({"text": []}, "is empty"),
    ({"item": -1}, "item"), ({"item": "1e3"}, "item"), ({"image": "Doe^John"}, "base64"), ({"image": "http://127.0.0.1/x"}, "base64"),
    ({"text": "x", "same_patient": "only"}, "same_patient"), ({"text": "x", "cursor": 5}, "cursor"), ({"text": "x", "not_text": "x"}, ""),
    ({"text": "x", "min_score": 1.5}, "min_score: expected"), ({"text": "x", "min_score": "0.5"}, "min_score: expected"),
    ({"text": "x", "min_score": True}, "min_score: expected"), ({"text": "x", "min_score": -1e308}, "min_score: expected"),
    ({"text": "x", "item": 0, "min_score": "auto"}, "no verdict"),
    ({"item": 0, "match": "maxsim", "min_score": "auto"}, "no verdict"),
    ({"text": "x", "exclude_study": 5}, "exclude_study"), ({"text": "x", "exclude_study": ["Doe", 1]}, "exclude_study 2"),
    ({"text": "x", "exclude_study": []}, "exclude_study"), ({"text": "x", "exclude_study": "Doe\n"}, "exclude_study"),
    ({"text": "x", "exclude_study": ["1.2"] * 1001}, "1000")])
def test_what_makes_no_sense_is_refused_by_its_place_without_what_was_sent(server, body, message):
    answer = server.post("/v1/archives/a/search", body)
    assert answer.status in (400, 413), answer.body
    told_what = answer.json()["error"]["message"]
    assert message in told_what and "Doe" not in told_what and "/tmp" not in told_what


def test_bad_images_bodies_and_queries_are_refused(server):
    cut = base64.b64encode(base64.b64decode(picture())[:60]).decode()
    assert server.post("/v1/archives/a/search", {"image": cut}).status in (400, 422)
    assert server.post("/v1/archives/a/search", b"{").status == 400
    assert server.post("/v1/archives/a/search", b"[]").status == 400
    deep = b'{"text": "x", "where": ' + b'{"not": ' * 40 + b'"modality=CT"' + b"}" * 41
    assert server.post("/v1/archives/a/search", deep).status in (400, 413)
    for path in ("facets?were=modality=CT", "facets?where=modality", "items/x", "items/-1", "items/1/neighbours?k=0",
                 "items/1/neighbours?limit=1", "items/1/neighbours?k=1&k=2"):
        answer = server.get(f"/v1/archives/a/{path}")
        assert answer.status == 400 and answer.json()["error"]["type"] == "invalid_request_error", path


def test_metrics_count_searches_and_rows(serve, filled):
    server = serve("--archive", f"a={filled[0]}")
    search(server, {"text": "x"})
    search(server, {"item": 3000}, status=404)
    assert server.metric('mi2_archive_requests_total{action="search",archive="a",outcome="ok"}') == 1
    assert server.metric('mi2_archive_requests_total{action="search",archive="a",outcome="not_found"}') == 1
    assert server.metric('mi2_archive_search_seconds_count{archive="a"}') == 2
    assert server.metric('mi2_archive_rows{archive="a"}') == 24 and server.metric('mi2_archive_snapshot{archive="a"}') > 0


def test_damage_is_the_operators_and_names_no_file_to_clients(serve, own):
    archive, _ = own
    server = serve("--archive", f"a={archive}")
    (archive / "vectors" / "000001.f32").write_bytes(b"")
    answer = server.post("/v1/archives/a/search", {"text": "x"})
    assert answer.status == 500 and str(archive) not in answer.body.decode()
    fault = server.wait_for(lambda: server.records("archive_fault"))[0]
    assert fault["archive"] == "a" and str(archive) not in json.dumps(fault)


def test_a_model_of_other_weights_makes_no_queries(serve, filled, tmp_path):
    tiny = Path(os.environ["MI2_GOLDEN"]) / "tiny"
    if not tiny.is_dir():
        pytest.skip("no golden weights")
    server = serve("--archive", f"a={filled[0]}", model=tiny)
    assert "weights" in search(server, {"text": "x"}, status=400)["error"]["message"]
    assert search(server, {"item": 0})["exact"]


def test_the_examples_of_the_document_are_true(server):
    paths = server.get("/openapi.json").json()["paths"]
    example = paths["/v1/archives/{archive}/search"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert search(server, example)["exact"]


def test_a_server_without_archives_says_so(serve):
    server = serve()
    assert server.get("/v1/archives").status == 404
    assert "--archive" in server.post("/v1/archives/a/search", {"text": "x"}).json()["error"]["message"]


def test_files_of_more_frames_than_a_request_may_have_are_refused_and_the_others_added(serve, own, tmp_path):
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}")
    head = "ObjectType = Image\nNDims = 3\nDimSize = 1 1 {}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    many, more = (head.format(slices).encode() + b"\7" * slices for slices in (100_001, 200_000))
    answer = post_items(server, many, *study_files(151, slices=1), more, status=202)
    assert outcomes(answer) == ["refused", "stored", "refused"]
    for row in answer["files"][::2]:
        assert row["code"] == "too_large" and row["reason"].startswith(f"file {row['file']}: ") and "100000" in row["reason"]


def test_several_archives_are_apart(serve, filled, own):
    server = serve("--archive", f"one={filled[0]}", "--archive", f"two={own[0]}")
    assert [row["name"] for row in server.get("/v1/archives").json()["archives"]] == ["one", "two"]
    for name, count in (("one", 18), ("two", 8)):
        assert len(search(server, {"text": "x", "by": "image", "k": 100}, archive=name)["results"]) == count


def test_a_search_takes_little_more_than_its_bytes(filled, tmp_path):
    with running("--archive", f"a={filled[0]}", "--archive-rights", rights_file(tmp_path, PATHS)) as server:
        search(server, {"text": "chest x-ray"})
        before = resident(server)
        assert post(server, "/v1/archives/a/search", b'{"text":[' + b"1," * (30 * MIB)) == 413
        assert resident(server) - before < 160 * MIB

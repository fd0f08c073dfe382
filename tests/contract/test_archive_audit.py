"""The audit list: who did what with which archive, and that nothing is done without a line of it."""
import csv
import hashlib
import io
import json
import re

import pytest
from archive_support import (KEYS, MODEL, add, digest, filled, form, mi2, of, own, post_items, search, study_files,  # noqa: F401
                             write_study)

EVERY = ["search", "paths", "delete", "add", "push", "administer"]
RIGHTS = {"keys": {digest("all"): {"*": {"rights": EVERY}}, digest("ct"): {"*": {"rights": ["search"]}}},
          "users": {"alice": {"*": {"rights": EVERY}}}}


def audited(serve, folder, archive, *arguments, rights=RIGHTS):
    (folder / "keys").write_text("\n".join(KEYS.values()))
    (folder / "rights.json").write_text(json.dumps(rights))
    return serve("--archive", f"a={archive}", "--audit", folder / "audit", "--api-key-file", folder / "keys",
                 "--archive-rights", folder / "rights.json", "--user-header", "X-Remote-User", "--trusted-proxy", "127.0.0.1",
                 *arguments)


def lines_of(folder):
    return [json.loads(line) for file in sorted((folder / "audit").glob("*.jsonl")) for line in file.read_text().splitlines()]


def facts(line, *names):
    return tuple(line.get(name) for name in names)


def page(server, query="", status=200, headers=None):
    answer = server.get(f"/v1/archives/a/audit{query}", headers=headers or of("all"))
    assert answer.status == status, answer.body
    return answer.json()


def verified(folder, status=0):
    done = mi2("index", "verify-audit", folder / "audit", status=status)
    return done.stdout.decode() + done.stderr.decode()


def test_every_request_to_an_archive_has_a_line_refused_ones_too(serve, own, tmp_path):
    archive, _ = own
    server = audited(serve, tmp_path, archive)
    asked = {}
    for path, operations in server.get("/openapi.json").json()["paths"].items():
        if not path.startswith("/v1/archives/{archive}"):
            continue
        concrete = path.format(archive="a", item=1, study="1.2.3", card="f" * 64, head="f" * 32, file="adapter.json", z=0, x=0, y=0)
        for method in (name.upper() for name in operations if name in ("get", "post", "delete")):
            for who in ("all", "none"):
                name = f"{method}-{len(asked)}-{who}"
                answer = server.request(method, concrete, {} if method == "POST" else None, headers={**of(who), "x-request-id": name})
                asked[name] = (answer.status, method, path)
    assert len(asked) > 60
    by_id = {}
    for line in lines_of(tmp_path):
        by_id.setdefault(line["request_id"], []).append(line)
    assert set(by_id) == set(asked)
    for name, (status, method, path) in asked.items():
        *begun, last = by_id[name]
        assert last["status"] == status, (path, last)
        assert [line["outcome"] for line in begun] in ([], ["begun"]), path
        assert last["key"] == digest(name.rsplit("-", 1)[1])[:12] and last["archive"] == "a"
        assert status != 404 or last["outcome"] == "not_found"
        assert ("item" in last) == ("{item}" in path) and ("study" in last) == ("{study}" in path)
    assert any(line["outcome"] == "begun" and line["event"] == "delete" for line in lines_of(tmp_path))
    assert "sound" in verified(tmp_path)


def test_what_was_done_is_told_as_the_log_has_it(serve, own, tmp_path):
    archive, _ = own
    server = audited(serve, tmp_path, archive)
    found = search(server, {"text": "chest"}, headers={"x-remote-user": "alice"})
    study = found["results"][0]["study"]
    assert server.request("DELETE", f"/v1/archives/a/studies/{study}?erase=true", headers=of("all")).status == 200
    assert server.get("/v1/archives/a/studies/1.2.3", headers={"x-remote-user": "alice"}).status == 404
    post_items(server, *study_files(8), headers=of("all"))
    lines = lines_of(tmp_path)
    assert [facts(line, "n", "event", "user", "key", "outcome") for line in lines] == [
        (1, "search", "alice", None, "ok"), (2, "erase", None, digest("all")[:12], "begun"),
        (3, "erase", None, digest("all")[:12], "ok"), (4, "study", "alice", None, "not_found"),
        (5, "add", None, digest("all")[:12], "begun"), (6, "add", None, digest("all")[:12], "ok")]
    (logged,) = server.wait_for(lambda: server.records("archive_search"))
    assert facts(lines[0], "query", "request_id") == facts(logged, "query", "request_id")
    assert lines[0]["found"] == int(logged["found"]) and lines[0]["searched"] == int(logged["searched"])
    assert logged["user"] == hashlib.sha256(b"alice").hexdigest()[:12] and "key" not in logged
    assert lines[1]["study"] == lines[2]["study"] != lines[3]["study"] and "query" not in lines[2]
    assert (lines[2]["found"], lines[5]["found"]) == (2, 3)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    assert "alice" not in "".join(server.lines)


def test_what_nobody_asked_of_an_archive_leaves_no_line(serve, filled, tmp_path):
    server = audited(serve, tmp_path, filled[0])
    for path in ("/v1/archives", "/v1/archives/Meier", "/v1/archives/Meier/items/1", "/info"):
        server.get(path, headers=of("all"))
    assert server.get("/v1/archives/a").status == 401
    assert server.get("/v1/archives/a", headers={"x-remote-user": "bad\tname"}).status == 400
    assert lines_of(tmp_path) == []


def test_the_list_goes_on_after_a_restart_and_a_kill(serve, filled, tmp_path):
    for ending in ("end", "kill"):
        server = audited(serve, tmp_path, filled[0])
        search(server, {"text": "x"}, headers=of("all"))
        if ending == "end":
            assert server.end() == 0
        else:
            server.process.kill()
            server.wait()
    file = tmp_path / "audit" / "audit-000001.jsonl"
    with file.open("a") as torn:
        torn.write('{"n":3,"time":"20')
    server = audited(serve, tmp_path, filled[0])
    search(server, {"text": "x"}, headers=of("all"))
    assert [line["n"] for line in lines_of(tmp_path)] == [1, 2, 3]
    told = verified(tmp_path)
    assert "3 lines, 1 to 3" in told and hashlib.sha256(file.read_bytes().splitlines()[-1]).hexdigest() in told
    text = file.read_text()
    file.write_text(text.replace('"outcome":"ok"', '"outcome":"no"', 1))
    assert "audit-000001.jsonl: line 2" in verified(tmp_path, status=3)
    file.write_text(text)
    other = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--audit", tmp_path / "audit", status=6)
    assert "another program" in other.stderr.decode()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_without_a_line_nothing_is_shown_and_nothing_is_changed(serve, own, tmp_path):
    archive, _ = own
    server = audited(serve, tmp_path, archive)
    study = search(server, {"text": "x"}, headers=of("all"))["results"][0]["study"]
    assert server.end() == 0
    (tmp_path / "audit" / "audit-000001.jsonl").rename(tmp_path / "first.jsonl")
    server = audited(serve, tmp_path, archive, "--archive-cards", f"a={tmp_path / 'kept'}")
    in_the_way = tmp_path / "audit" / "audit-000001.jsonl"
    in_the_way.mkdir()
    for asked in (lambda: server.post("/v1/archives/a/search", {"text": "x"}, headers=of("all")),
                  lambda: server.post("/v1/archives/a/cards", {"text": "x"}, headers=of("all")),
                  lambda: server.get("/v1/archives/a/items/1", headers=of("all")),
                  lambda: server.get("/v1/archives/a", headers=of("none")),
                  lambda: server.request("DELETE", f"/v1/archives/a/studies/{study}", headers=of("all")),
                  lambda: server.post("/v1/archives/a/items", form(*study_files(9))[0], headers={**form()[1], **of("all")})):
        refused = asked()
        assert refused.status == 503 and refused.headers["retry-after"], refused.body
        assert refused.json()["error"]["code"] == "audit_unavailable" and str(tmp_path) not in refused.body.decode()
    assert list((tmp_path / "kept").iterdir()) == []
    assert server.post("/v1/embeddings", {"model": "default", "input": "x"}, headers=of("all")).status == 200
    assert server.wait_for(lambda: server.records("audit_failed")) and str(tmp_path) not in "".join(server.lines)
    in_the_way.rmdir()
    assert server.get(f"/v1/archives/a/studies/{study}", headers=of("all")).status == 200
    assert server.get("/v1/archives/a", headers=of("all")).json()["studies"] == 4


@pytest.mark.parametrize("kept", [True, False])
def test_a_card_that_is_kept_is_a_change(serve, filled, tmp_path, kept):
    server = audited(serve, tmp_path, filled[0], *(["--archive-cards", f"a={tmp_path / 'kept'}"] if kept else []))
    answer = server.post("/v1/archives/a/cards", {"text": "x"}, headers=of("all"))
    assert answer.status == (201 if kept else 200)
    assert [facts(line, "event", "outcome") for line in lines_of(tmp_path)] == [("card", "begun")] * kept + [("card", "ok")]


def test_the_list_is_read_page_by_page_by_who_administers(serve, filled, tmp_path):
    server = audited(serve, tmp_path, filled[0])
    item = search(server, {"text": "x"}, headers=of("ct"))["results"][0]
    for n in range(5):
        server.get(f"/v1/archives/a/items/{n}", headers=of("ct"))
    server.get(f"/v1/archives/a/studies/{item['study']}", headers={"x-remote-user": "alice"})
    assert server.get("/v1/archives/a/audit", headers=of("ct")).status == 404
    info = server.get("/v1/archives/a", headers=of("all")).json()
    assert info["rights"] == ["search", "paths", "delete", "add", "push", "administer"] and info["keeps_audit"] is True
    seen, query = [], "?limit=3&event=item,search,study"
    answer = page(server, query)
    while True:
        seen += answer["entries"]
        if not answer["more"]:
            break
        answer = page(server, f"{query}&cursor={answer['cursor']}")
    assert [line["event"] for line in seen] == ["study"] + ["item"] * 5 + ["search"]
    assert [line["n"] for line in seen] == list(range(7, 0, -1))
    assert seen[1]["item"] == 4 and seen[-1]["key"] == digest("ct")[:12]
    for query, expected in (("?item=2", ["item"]), ("?user=alice", ["study"]), (f"?study={item['study']}", ["study"]),
                            ("?user=bob", []), ("?since=2999-01-01", []), ("?since=2020-01-01&event=search", ["search"]),
                            ("?event=audit&limit=1", ["audit"])):
        assert [line["event"] for line in page(server, query)["entries"]] == expected, query
    assert any(line["outcome"] == "not_found" for line in page(server, "?event=audit")["entries"])
    for query in ("?event=serch", "?since=yesterday", "?limit=0", "?limit=10001", "?cursor=x", "?format=xml", "?were=1"):
        page(server, query, status=400)


def test_the_list_is_csv_for_who_asks_for_it(serve, filled, tmp_path):
    server = audited(serve, tmp_path, filled[0], rights={**RIGHTS, "users": {"=cmd()": {"*": {"rights": ["search"]}}}})
    server.get("/v1/archives/a/items/1", headers={"x-remote-user": "=cmd()"})
    search(server, {"text": "x"}, headers=of("all"))
    for query, more in (("?format=csv&limit=2", {}), ("?limit=2", {"accept": "text/csv"})):
        answer = server.get(f"/v1/archives/a/audit{query}", headers={**of("all"), **more})
        assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(server.get("/v1/archives/a/audit?format=csv&event=item,search", headers=of("all")).body.decode())))
    assert [facts(row, "n", "event", "user", "item", "status") for row in rows] == [
        ("2", "search", "", "", "200"), ("1", "item", "'=cmd()", "1", "200")]


def test_a_server_without_a_list_says_so(serve, filled, tmp_path):
    (tmp_path / "keys").write_text(KEYS["all"])
    (tmp_path / "rights.json").write_text(json.dumps({"keys": RIGHTS["keys"]}))
    server = serve("--archive", f"a={filled[0]}", "--api-key-file", tmp_path / "keys", "--archive-rights", tmp_path / "rights.json")
    assert server.get("/v1/archives/a", headers=of("all")).json()["keeps_audit"] is False
    assert "--audit" in page(server, status=404)["error"]["message"]
    done = mi2("serve", "--port", "0", "--model", MODEL, "--audit", tmp_path / "audit", status=2)
    assert "--archive" in done.stderr.decode()


def test_the_list_has_no_name_no_identifier_no_text_and_no_path(serve, tmp_path):
    write_study(tmp_path / "Meier", 1, patient="SECRET-ZULU", name="Meier^Hans", StudyDescription="Thorax Meier",
                AccessionNumber="ACC-YANKEE")
    add(tmp_path / "archive", tmp_path / "Meier")
    server = audited(serve, tmp_path, tmp_path / "archive")
    item = search(server, {"text": "Meier, fracture", "where": "not study_description~Meier"}, headers=of("all"))["results"][0]
    for path in (f"/items/{item['item']}", f"/studies/{item['study']}", "/studies/Meier", "/items/Meier", "/cards/Meier",
                 "/facets?where=study_description~Meier", f"/studies/{item['study']}/matches?with=Meier"):
        server.get(f"/v1/archives/a{path}", headers=of("all"))
    post_items(server, *study_files(5, patient="SECRET-ZULU", name="Meier^Hans"), headers=of("all"), query="?site=north")
    server.request("DELETE", f"/v1/archives/a/studies/{item['study']}", headers=of("all"))
    text = (tmp_path / "audit" / "audit-000001.jsonl").read_text()
    assert text.count("\n") == 12
    for secret in ("Meier", "SECRET", "ZULU", "YANKEE", "fracture", str(tmp_path), item["study"], KEYS["all"],
                   hashlib.sha256(item["study"].encode()).hexdigest()):
        assert secret not in text, secret


@pytest.mark.parametrize("text, told", [("nothing\n", "its last line"), ("x" * 9000, "lines of at most")])
def test_a_list_that_is_none_is_not_gone_on_with(filled, tmp_path, text, told):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "audit-000001.jsonl").write_text(text)
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--audit", tmp_path / "audit", status=3)
    assert told in done.stderr.decode()
    assert (tmp_path / "audit" / "audit-000001.jsonl").read_text() == text

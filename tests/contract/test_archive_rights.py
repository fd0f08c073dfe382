"""Who may do what with which archive, and what an operator is told of it."""
import base64
import fcntl
import hashlib
import signal

import pytest
from archive_support import (ALL, KEYS, MODEL, add, digest, filled, keyed, mi2, of, own, rights_file, scores,  # noqa: F401
                             search, slice_of, uid, write_study)
from dicom_studies import write


@pytest.fixture
def guarded(serve, filled, tmp_path):
    """A server whose keys have different rights."""
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search", "paths", "delete"]}},
                                    digest("ct"): {"*": {"rights": ["search"], "where": "modality=CT"}}})
    return serve("--archive", f"a={filled[0]}", "--api-key-file", keys, "--archive-rights", rights)


def test_without_the_right_an_archive_is_not_there(guarded):
    unknown = guarded.get("/v1/archives/b", headers=of("all"))
    assert unknown.status == 404
    for method, path, body in (("GET", "/v1/archives/a", None), ("GET", "/v1/archives/a/stats", None),
                               ("POST", "/v1/archives/a/search", {"item": 1}), ("GET", "/v1/archives/a/items/1", None),
                               ("GET", "/v1/archives/a/items/1/thumb", None),
                               ("GET", "/v1/archives/a/facets?where=modality=CT", None),
                               ("DELETE", "/v1/archives/a/studies/1.2", None)):
        refused = guarded.request(method, path, body, headers=of("none"))
        assert refused.status == 404 and refused.body == unknown.body, path
    assert guarded.get("/v1/archives", headers=of("none")).json()["archives"] == []
    assert guarded.get("/v1/archives/a").status == 401
    assert guarded.request("DELETE", "/v1/archives/a/studies/1.2", headers=of("ct")).status == 404


def test_rows_that_may_not_be_seen_are_neither_found_nor_counted(guarded, filled):
    archive, known = filled
    every = search(guarded, {"text": "x", "by": "image", "k": 100}, headers=of("all"))
    seen = search(guarded, {"text": "x", "by": "image", "k": 100}, headers=of("ct"))
    allowed = [row for row in every["results"] if row["modality"] == "CT"]
    assert scores(seen["results"]) == scores(allowed)
    assert seen["searched"] == 9 and not any(seen["excluded"].values())
    assert set(seen["excluded"]) == {"same_patient", "linked_patients", "other_patients", "filter", "deleted"}
    filtered = search(guarded, {"text": "x", "where": "modality=MR"}, headers=of("ct"))
    assert filtered["results"] == [] and filtered["excluded"]["filter"] == 9
    hidden = next(row for row in every["results"] if row["modality"] == "MR")
    for path in (f"/v1/archives/a/items/{hidden['item']}{part}" for part in ("", "/neighbours", "/thumb")):
        assert guarded.get(path, headers=of("ct")).status == 404
        assert guarded.get(path, headers=of("all")).status == 200
    for part in ("item", "study", "series"):
        search(guarded, {part: hidden[part]}, headers=of("ct"), status=404)
    facets = guarded.get("/v1/archives/a/facets", headers=of("ct")).json()
    assert facets["images"] == 9 and [row["value"] for row in facets["facets"]["modality"]["values"]] == ["CT"]
    assert guarded.get("/v1/archives/a", headers=of("ct")).json()["images"] == 9
    assert set(guarded.get("/v1/archives/a/stats", headers=of("ct")).json()["totals"]) == {
        "patients", "studies", "series", "instances", "images"}


def test_metrics_say_nothing_of_archives_to_who_may_not_see_all(guarded):
    search(guarded, {"text": "x"}, headers=of("all"))
    for key, shown in (("none", False), ("ct", False), ("all", True)):
        body = guarded.get("/metrics", headers=of(key)).body
        assert b"mi2_requests_total" in body and (b"mi2_archive_" in body) == shown, key


def test_whether_a_patient_is_among_rows_that_may_not_be_seen_does_not_show(serve, tmp_path):
    known = {**{str(p): "ct" for p in write_study(tmp_path / "in", 1, patient="A", modality="CT")},
             **{str(p): "mr" for p in write_study(tmp_path / "in", 2, patient="B", modality="MR")}}
    add(tmp_path / "archive", tmp_path / "in")
    rights = rights_file(tmp_path, {"*": {"*": {"rights": ["search"], "where": "modality=CT"}}})
    server = serve("--archive", f"a={tmp_path / 'archive'}", "--archive-rights", rights)
    stranger = write_study(tmp_path / "out", 3, patient="C", modality="MR", slices=1)[0]
    secret = next(path for path, kind in known.items() if kind == "mr")
    answers = [search(server, {"image": base64.b64encode(open(path, "rb").read()).decode(), "same_patient": same},
                      status=status)
               for path in (stranger, secret) for same, status in (("only", 400), ("exclude", 200))]
    assert answers[0] == answers[2]
    assert answers[1]["excluded"] == answers[3]["excluded"] and answers[1]["searched"] == answers[3]["searched"] == 3


def test_whose_an_object_is_that_may_not_be_seen_does_not_show(serve, tmp_path):
    write_study(tmp_path / "in", 1, patient="A", modality="CT")
    write_study(tmp_path / "in", 2, patient="A", modality="MR")
    add(tmp_path / "archive", tmp_path / "in")
    rights = rights_file(tmp_path, {"*": {"*": {"rights": ["search"], "where": "modality=CT"}}})
    server = serve("--archive", f"a={tmp_path / 'archive'}", "--archive-rights", rights)

    def ask(sop_uid, same, status=200):
        data = slice_of("forged", 0, 0, patient="C")
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = sop_uid
        content = write(tmp_path / "forged.dcm", data).read_bytes()
        answer = search(server, {"image": base64.b64encode(content).decode(), "same_patient": same}, status=status)
        return [answer.get(name) for name in ("results", "excluded", "searched", "error")]

    unknown, hidden = uid("unknown"), uid("sop", 2, 0, 0)
    assert ask(unknown, "exclude") == ask(hidden, "exclude") and ask(unknown, "only", 400) == ask(hidden, "only", 400)
    assert ask(uid("sop", 1, 0, 0), "exclude")[1]["same_patient"] == 3


def test_paths_are_shown_and_filtered_by_with_the_right_alone(guarded):
    assert "path" in search(guarded, {"text": "x"}, headers=of("all"))["results"][0]
    assert "path" not in search(guarded, {"text": "x"}, headers=of("ct"))["results"][0]
    assert search(guarded, {"text": "x", "where": "path~hospital"}, headers=of("all"))["results"]
    for where in ("path~hospital", "not (modality=CT or path~0)", {"not": {"field": "source", "value": 1}}):
        refused = search(guarded, {"text": "x", "where": where}, headers=of("ct"), status=400)
        assert "right to see paths" in refused["error"]["message"]


def test_rights_are_read_anew_on_hangup(guarded, tmp_path):
    rights_file(tmp_path, {digest("none"): {"a": {"rights": ["search"]}}})
    guarded.send(signal.SIGHUP)
    guarded.wait_for(lambda: guarded.get("/v1/archives/a", headers=of("none")).status == 200)
    assert guarded.get("/v1/archives/a", headers=of("all")).status == 404
    rights_file(tmp_path, {"short": {}})
    guarded.send(signal.SIGHUP)
    guarded.wait_for(lambda: guarded.records("reload_failed"))
    assert guarded.get("/v1/archives/a", headers=of("none")).status == 200


@pytest.mark.parametrize("text, told_what", [
    ("{", "rights.json"), ('{"keys": []}', "expected an object"), ('{"key": {}}', "keys?"), ('{"roles": {}}', "'keys'"), ('{"keys": {"secret": {}}}', "SHA-256"),
    ('{"keys": {"*": {"b": {"rights": []}}}}', "unknown name"), ('{"keys": {"*": {"a": {"rights": ["serch"]}}}}', "search?"),
    ('{"keys": {"*": {"a": {"rights": ["paths"]}}}}', "beside"), ('{"keys": {"*": {"a": {"rights": ["add"]}}}}', "beside"),
    ('{"keys": {"*": {"a": {"rights": ["search", "add"], "where": "modality=CT"}}}}', "no 'where' beside"),
    ('{"keys": {"*": {"a": {"rights": ["search"], "where": "modalty=CT"}}}}', "modality?"),
    ('{"keys": {"*": {"a": {"rights": ["search"], "where": "not frame=1"}}}}', "got frame"),
    ('{"keys": {"*": {"a": {"rights": ["search"], "were": "site=A"}}}}', "where?")])
def test_a_file_of_rights_that_makes_no_sense_is_refused_at_the_start(filled, tmp_path, text, told_what):
    (tmp_path / "rights.json").write_text(text)
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-rights",
               tmp_path / "rights.json", status=3)
    assert told_what in done.stderr.decode() and "secret" not in done.stderr.decode()


def test_a_search_is_logged_without_its_text(serve, filled, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text(KEYS["all"])
    server = serve("--archive", f"a={filled[0]}", "--api-key-file", keys)
    for text in ("John Doe, fracture of the left wrist", "John Doe, fracture of the left wrist", "another text of mine"):
        search(server, {"text": text, "where": "study_description='visit of John Doe'"}, headers=of("all"))
    lines = server.wait_for(lambda: (found := server.records("archive_search")) and len(found) == 3 and found)
    assert lines[0]["query"] == lines[1]["query"] != lines[2]["query"]
    assert all(line["key"] == digest("all")[:12] and line["archive"] == "a" and line["outcome"] == "ok" for line in lines)
    assert "Doe" not in "".join(server.lines)
    plain = hashlib.sha256(b"John Doe, fracture of the left wrist").hexdigest()
    assert plain not in "".join(server.lines)


def test_rights_of_keys_without_keys_are_refused(filled, tmp_path):
    rights = rights_file(tmp_path, {digest("ct"): {"*": {"rights": ["search"]}}})
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-rights", rights, status=3)
    assert "--api-key-file" in done.stderr.decode()


@pytest.mark.parametrize("right", ["add", "delete"])
def test_a_right_of_everybody_to_change_an_archive_needs_keys(serve, filled, tmp_path, right):
    """A browser posts a form of any page without asking; a page cannot know a key."""
    archive, anybody = f"a={filled[0]}", {"*": {"a": {"rights": ["search", right]}}}
    rights = rights_file(tmp_path, anybody)
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", archive, "--archive-rights", rights, status=3)
    assert "--api-key-file" in done.stderr.decode() and right in done.stderr.decode()
    rights_file(tmp_path, {"*": {"a": {"rights": ["search"]}}})
    server = serve("--archive", archive, "--archive-rights", rights)
    rights_file(tmp_path, anybody)
    server.send(signal.SIGHUP)
    assert "--api-key-file" in server.wait_for(lambda: server.records("reload_failed"))[0]["error"]
    assert server.get("/v1/archives/a").json()["rights"] == ["search"]
    assert keyed(serve, tmp_path, anybody, "--archive", archive).get("/v1/archives/a").json()["rights"] == ["search", right]


def test_while_another_process_writes_deleting_is_to_be_tried_again(serve, own, tmp_path):
    archive, _ = own
    server = keyed(serve, tmp_path, ALL, "--archive", f"a={archive}")
    study = search(server, {"text": "x", "k": 1})["results"][0]["study"]
    with open(archive / "lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = server.request("DELETE", f"/v1/archives/a/studies/{study}")
        assert refused.status == 429 and refused.headers["retry-after"] and str(archive) not in refused.body.decode()
        assert search(server, {"study": study, "same_patient": "include"})["results"]
    assert server.request("DELETE", f"/v1/archives/a/studies/{study}").status == 200


def test_no_answer_and_no_line_of_the_log_has_a_name_an_identifier_or_a_path(serve, tmp_path):
    write_study(tmp_path / "Meier", 1, patient="SECRET-ZULU", name="Meier^Hans", StudyDescription="Thorax Meier",
                AccessionNumber="ACC-YANKEE")
    image = write_study(tmp_path / "Meier", 2, patient="SECRET-ZULU", name="Meier^Hans", slices=1)[0]
    add(tmp_path / "archive", tmp_path / "Meier")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    body = base64.b64encode(image.read_bytes()).decode()
    item = search(server, {"image": body, "same_patient": "include"})["results"][0]
    said = [server.get(f"/v1/archives{path}").body for path in (
        "", "/a", "/a/stats", "/a/facets", f"/a/items/{item['item']}", f"/a/items/{item['item']}/neighbours?same_patient=include",
        "/a/items/999", "/a/facets?where=study_description~Meier+and", "/b")]
    said += [server.post("/v1/archives/a/search", asked).body for asked in (
        {"text": "x", "same_patient": "include"}, {"image": body, "same_patient": "only"}, {"study": "1.2"}, {"where": "x"})]
    said.append(server.request("DELETE", f"/v1/archives/a/studies/{item['study']}").body)
    for secret in ("Meier", "SECRET", "ZULU", "YANKEE", str(tmp_path)):
        assert not [body for body in said if secret.encode() in body], secret
        assert secret not in "".join(server.lines), secret

"""Users whom a reverse proxy names in a header, their groups, and roles."""
import json
import signal

import pytest
from archive_support import (KEYS, MODEL, digest, filled, form, mi2, of, own, post_items, search,  # noqa: F401
                             study_files)

HEADERS = ("--user-header", "X-Remote-User", "--groups-header", "X-Remote-Groups")
RIGHTS = {
    "roles": {"reader": ["search"], "curator": ["search", "add", "delete"]},
    "keys": {digest("all"): {"*": {"roles": ["identifiers"]}}},
    "users": {"alice": {"a": {"roles": ["curator"]}}, "mallory": {}},
    "groups": {"readers": {"*": {"roles": ["reader"]}}, "ct": {"*": {"roles": ["reader"], "where": "modality=CT"}}}}


def named(user, *groups, **more):
    return {"x-remote-user": user, **({"x-remote-groups": ", ".join(groups)} if groups else {}), **more}


def written(folder, rights):
    path = folder / "rights.json"
    path.write_text(json.dumps(rights))
    return path


def proxied(serve, folder, archive, *arguments, rights=RIGHTS, proxy="127.0.0.1", keys=True):
    """A server that believes a proxy at an address; its own readiness is asked without a user."""
    if keys:
        (folder / "keys").write_text(KEYS["all"])
        arguments += ("--api-key-file", folder / "keys")
    return serve("--archive", f"a={archive}", *HEADERS, "--trusted-proxy", proxy, "--archive-rights", written(folder, rights),
                 *arguments)


def rights_of(server, headers):
    answer = server.get("/v1/archives/a", headers=headers)
    return answer.json()["rights"] if answer.status == 200 else answer.status


def test_a_user_has_the_rights_of_the_name_else_those_of_the_groups(serve, filled, tmp_path):
    server = proxied(serve, tmp_path, filled[0])
    assert rights_of(server, named("alice", "ct")) == ["search", "delete", "add"]
    assert rights_of(server, named("mallory", "readers")) == 404
    assert rights_of(server, named("bob", "readers", "others")) == ["search"]
    assert rights_of(server, named("bob", "others")) == rights_of(server, named("bob")) == 404
    assert rights_of(server, of("all")) == ["search", "paths"]
    assert server.get("/v1/archives/a", headers=named("bob", "ct")).json()["images"] == 9
    assert search(server, {"text": "x", "by": "image", "k": 100}, headers=named("bob", "ct"))["searched"] == 9
    assert server.get("/v1/archives", headers=named("alice")).json()["caller"] == {"user": "alice"}
    assert server.get("/v1/archives", headers=of("all")).json()["caller"] == {"key": digest("all")[:12]}


def test_nobody_is_named_without_a_user_or_a_key(serve, filled, tmp_path):
    with_keys = proxied(serve, tmp_path, filled[0])
    assert with_keys.get("/v1/archives").status == 401 and "key" in with_keys.get("/v1/archives").body.decode()
    alone = proxied(serve, tmp_path, filled[0], rights={"users": RIGHTS["users"], "roles": RIGHTS["roles"]}, keys=False)
    refused = alone.get("/v1/archives")
    assert refused.status == 401 and "user" in refused.json()["error"]["message"]
    assert alone.get("/metrics").status == alone.post("/v1/embeddings", {"model": "default", "input": "x"}).status == 401
    assert alone.get("/health/ready").status == 200
    assert alone.post("/v1/embeddings", {"model": "default", "input": "x"}, headers=named("zoe")).status == 200


def test_a_user_is_not_believed_from_elsewhere_whatever_else_is_shown(serve, filled, tmp_path):
    server = proxied(serve, tmp_path, filled[0], proxy="10.9.9.9")
    for headers in (named("alice"), named("alice", **of("all")), {"x-remote-groups": "readers", **of("all")}):
        for path in ("/v1/archives/a", "/health/live"):
            refused = server.get(path, headers=headers)
            assert refused.status == 400 and b"trusted proxy" in refused.body and b"alice" not in refused.body
    assert rights_of(server, of("all")) == ["search", "paths"]


def test_a_key_beside_a_user_is_refused_and_what_is_no_key_is_not_looked_at(serve, filled, tmp_path):
    server = proxied(serve, tmp_path, filled[0])
    refused = server.get("/v1/archives/a", headers=named("alice", **of("all")))
    assert refused.status == 400 and refused.json()["error"]["code"] == "key_and_user"
    # As some proxies pass on what they were shown.
    assert rights_of(server, named("alice", authorization="Bearer a-token-of-the-proxy-012")) == ["search", "delete", "add"]


def test_a_user_twice_or_in_a_form_that_no_name_has_is_refused(serve, filled, tmp_path):
    server = proxied(serve, tmp_path, filled[0])
    for lines in (["X-Remote-User: alice"] * 2, ["X-Remote-User: alice", "x-remote-user: bob"], ["X-Remote-User:"],
                  ["X-Remote-User: " + "a" * 257], ["X-Remote-User: \u00e4"], ["X-Remote-Groups: readers"],
                  ["X-Remote-User: bob", "X-Remote-Groups: readers", "X-Remote-Groups: ct"]):
        with server.socket() as client:
            request = "\r\n".join(["GET /v1/archives/a HTTP/1.1", "Host: x", *lines, "Connection: close", "", ""])
            client.sendall(request.encode())
            assert client.recv(65536).startswith(b"HTTP/1.1 400 "), lines


def test_the_proxys_secret_is_asked_for_and_read_anew(serve, filled, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("first-secret-0123456789")
    server = proxied(serve, tmp_path, filled[0], "--proxy-secret-file", secret)
    shown = {"x-mi2-proxy-secret": "first-secret-0123456789"}
    assert rights_of(server, named("alice")) == rights_of(server, named("alice", **{"x-mi2-proxy-secret": "x" * 20})) == 401
    assert rights_of(server, named("alice", **shown)) == ["search", "delete", "add"]
    secret.write_text("second-secret-0123456789")
    server.send(signal.SIGHUP)
    server.wait_for(lambda: rights_of(server, named("alice", **shown)) == 401)
    assert rights_of(server, named("alice", **{"x-mi2-proxy-secret": "second-secret-0123456789"})) == ["search", "delete", "add"]


def test_a_page_of_another_site_changes_nothing_in_the_name_of_a_user(serve, own, tmp_path):
    archive, _ = own
    server = proxied(serve, tmp_path, archive)
    body, headers = form(*study_files(7))
    for more in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        refused = server.post("/v1/archives/a/items", body, headers={**headers, **named("alice"), **more})
        assert refused.status == 403, refused.body
    assert post_items(server, *study_files(7), headers={**named("alice"), "sec-fetch-site": "same-origin"})["stored"] == 3


def test_roles_users_and_groups_are_read_anew_on_hangup(serve, filled, tmp_path):
    server = proxied(serve, tmp_path, filled[0])
    written(tmp_path, {"roles": {"reader": ["search", "paths"]}, "groups": {"readers": {"*": {"roles": ["reader"]}}}})
    server.send(signal.SIGHUP)
    server.wait_for(lambda: rights_of(server, named("bob", "readers")) == ["search", "paths"])
    assert rights_of(server, named("alice")) == 404
    written(tmp_path, {"users": {"alice": {"a": {"roles": ["readr"]}}}})
    server.send(signal.SIGHUP)
    told = server.wait_for(lambda: server.records("reload_failed"))[0]["error"]
    assert "user 1" in told and "role" in told and "alice" not in told
    assert rights_of(server, named("bob", "readers")) == ["search", "paths"]


@pytest.mark.parametrize("arguments, rights, status, told", [
    ((), {"users": {}, "groups": {"g": {}}}, 3, "--user-header"),
    (("--user-header", "X-Remote-User", "--trusted-proxy", "::1"), {"groups": {"g": {}}}, 3, "--groups-header"),
    (("--user-header", "X-Remote-User"), {"keys": {}}, 2, "--trusted-proxy"),
    (("--trusted-proxy", "::1"), {"keys": {}}, 2, "--user-header"),
    (("--user-header", "X-Remote-User", "--trusted-proxy", "localhost"), {"keys": {}}, 2, "10.0.0.0/8"),
    (("--user-header", "X-Remote-User", "--trusted-proxy", "0.0.0.0/0"), {"keys": {}}, 2, "--proxy-secret-file"),
    (("--user-header", "Authorization", "--trusted-proxy", "::1"), {"keys": {}}, 2, "header of its own"),
    ((*HEADERS, "--trusted-proxy", "::1"), {"groups": {"g": {"a": {"roles": ["serch"]}}}}, 3, "did you mean search?")])
def test_what_makes_no_sense_is_refused_at_the_start(filled, tmp_path, arguments, rights, status, told):
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-rights",
               written(tmp_path, rights), *arguments, status=status)
    assert told in done.stderr.decode()


def test_without_the_options_the_header_is_a_header_like_any_other(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}")
    assert rights_of(server, named("alice")) == ["search"]
    assert server.get("/v1/archives").json()["caller"] is None

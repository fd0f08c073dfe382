"""Results of cards sent over HTTP: by whom, to where, and that what arrives is what the program itself makes."""
import socket
import sys
from pathlib import Path

import pytest
from archive_support import KEYS, MODEL, add, digest, mi2, of, rights_file, uid, write_study
from archive_support import filled as hospital  # noqa: F401 (a fixture)
from conftest import Server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from stow_server import Stow  # noqa: E402

CARDS = "/v1/archives/a/cards"
UNKNOWN = "0123456789abcdef" * 4
SECRET = "hush-hush-token"


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def stow():
    with Stow() as running:
        yield running


@pytest.fixture(scope="module")
def filled(hospital, tmp_path_factory):  # noqa: F811
    """The hospital's archive, with one study whose modality no other patient has: its tag is doubtful to any model."""
    folder = tmp_path_factory.mktemp("other")
    write_study(folder, 6, patient="P3", modality="US", StudyDate="20260115", BodyPartExamined="CHEST")
    add(hospital[0], folder)
    return hospital


@pytest.fixture(scope="module")
def server(filled, stow, tmp_path_factory):
    """A server that sends to a STOW-RS server and to where nobody listens, and one key of three that may."""
    folder = tmp_path_factory.mktemp("push")
    (folder / "keys.txt").write_text("\n".join(KEYS.values()))
    (folder / "token").write_text(f"bearer {SECRET}\n")
    rights = rights_file(folder, {digest("all"): {"a": {"rights": ["search", "push"]}},
                                  digest("ct"): {"a": {"rights": ["search", "paths"]}},
                                  digest("none"): {"a": {"rights": ["search"], "where": "modality=CT"}}})
    started = Server("--archive", f"a={filled[0]}", "--archive-cards", f"a={folder / 'cards'}", "--api-key-file",
                     folder / "keys.txt", "--archive-rights", rights, "--push-to",
                     f"pacs=stow:http://127.0.0.1:{stow.port}/good", "--push-credentials", f"pacs={folder / 'token'}",
                     "--push-to", f"away=dimse:PACS@127.0.0.1:{closed_port()}", "--dtype", "f32", key=KEYS["all"])
    yield started
    assert started.end() == 0
    log = "".join(started.lines)
    assert not started.sent.found_in(log) and SECRET not in log


@pytest.fixture(autouse=True)
def honest(stow):
    """As stow servers are meant to be."""
    stow.reply = lambda data: (200, {"00081199": stow.sequence(data)})
    stow.got.clear()
    stow.requests.clear()
    stow.headers.clear()


def make(server, body=None):
    answer = server.post(CARDS, body or {"text": "a chest", "k": 3})
    assert answer.status == 201, answer.body
    return answer


def push(server, card, body, status=200, **options):
    answer = server.post(f"{CARDS}/{card}/push", body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def test_what_would_be_sent_is_said_and_nothing_is(server, stow):
    card = make(server).json()
    said = push(server, card["id"], {"to": "pacs"})
    assert (said["card"], said["to"], said["send"], said["sent"], said["failed"]) == (card["id"], "pacs", False, 0, 0)
    assert {(one["kind"], one["study"]) for one in said["objects"]} == {
        (kind, row["study"]) for kind in ("SR", "SC") for row in card["results"]}
    assert all(one["outcome"] == "not_sent" and one["bytes"] > 0 for one in said["objects"])
    assert said["left_out"] == [] and said["of_no_study"] == 0 and stow.requests == []


def test_what_is_sent_is_what_the_program_makes(server, stow, filled, tmp_path):
    card = make(server)
    name = card.json()["id"]
    said = push(server, name, {"to": "pacs", "send": True})
    assert (said["sent"], said["failed"]) == (6, 0) and {one["outcome"] for one in said["objects"]} == {"sent"}
    (tmp_path / "card.json").write_bytes(card.body)
    mi2("index", "push", filled[0], tmp_path / "card.json", "--out", tmp_path / "made")
    made = {path.stem: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert {one["object"] for one in said["objects"]} == made.keys() and sorted(stow.got) == sorted(made.values())
    assert {headers["Authorization"] for headers in stow.headers} == {f"Bearer {SECRET}"}
    record = server.wait_for(lambda: server.records("archive_push"))[-1]
    assert (record["to"], record["parts"], record["found"], record["outcome"]) == ("pacs", "6", "6", "ok")
    assert record["key"] == digest("all")[:12]
    stow.reply = lambda data: (409, {"00081198": stow.sequence(data, _00081197=0x0111)})
    again = push(server, name, {"to": "pacs", "as": "sr", "send": True})
    assert [one["outcome"] for one in again["objects"]] == ["was_there"] * 3


def test_what_is_not_taken_is_said_object_by_object(server, stow):
    name = make(server).json()["id"]

    def reply(data):
        if data.Modality == "SR":
            return 200, {"00081198": stow.sequence(data, _00081197=0xA700)}
        return 202, {"00081199": stow.sequence(data, _00081196=0xB000)}
    stow.reply = reply
    said = push(server, name, {"to": "pacs", "send": True})
    assert (said["sent"], said["failed"]) == (3, 3)
    assert {(one["kind"], one["outcome"]) for one in said["objects"]} == {("SR", "failed"), ("SC", "sent")}
    assert all("reason" in one for one in said["objects"])
    assert all(one["reason"].startswith("pacs: ") for one in said["objects"] if one["kind"] == "SR")
    assert "127.0.0.1" not in str(said)


FIX = ("field", "tag", "suggested", "agreement", "method", "item", "snapshot", "study", "series")


def suggested(server):
    """Suggestions of tags as they are sent back."""
    answer = server.post("/v1/archives/a/tags", {"field": "modality", "k": 3, "min_agreement": 0.5})
    assert answer.status == 200 and answer.json()["doubtful"] > 0
    return [{key: row[key] for key in FIX} for row in answer.json()["results"]]


def push_tags(server, body, status=200, **options):
    answer = server.post("/v1/archives/a/tags/push", body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def test_accepted_tags_are_sent_as_the_program_makes_them(server, stow, filled, tmp_path):
    fixes = suggested(server)
    dry = push_tags(server, {"to": "pacs", "fixes": fixes})
    assert {one["outcome"] for one in dry["objects"]} == {"not_sent"} and "card" not in dry and stow.requests == []
    said = push_tags(server, {"to": "pacs", "fixes": fixes, "send": True})
    assert said["sent"] == len({fix["study"] for fix in fixes}) and said["left_out"] == [] and said["failed"] == said["of_no_study"] == 0
    mi2("index", "tags", filled[0], "--field", "modality", "-k", 3, "--min-agreement", 0.5, "-f", "csv", "--out", tmp_path / "fixes.csv")
    mi2("index", "push", filled[0], tmp_path / "fixes.csv", "--out", tmp_path / "made")
    made = {path.stem: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert {one["object"] for one in said["objects"]} == made.keys() and sorted(stow.got) == sorted(made.values())
    record = server.wait_for(lambda: [line for line in server.records("archive_push") if line["k"] == str(len(fixes))])[-1]
    assert (record["to"], record["found"], record["outcome"]) == ("pacs", str(len(made)), "ok")
    one = push_tags(server, {"to": "pacs", "fixes": fixes[:1]})
    assert len(one["objects"]) == 1 and one["objects"][0]["results"] == 1


def test_tags_that_the_archive_does_not_have_are_left_out_and_why_is_said(server, stow):
    fix = suggested(server)[0]
    for change, words in (({"tag": "XA"}, "another value"), ({"suggested": "my own words"}, "none that the archive has"),
                          ({"item": 10**9}, "no such series"), ({"series": "1.2"}, "no such series"), ({"snapshot": 10**9}, "no snapshot")):
        said = push_tags(server, {"to": "pacs", "send": True, "fixes": [fix | change]})
        assert said["objects"] == [] and words in said["left_out"][0]["reason"] and "my own words" not in str(said)
    assert stow.requests == []


def test_fixes_that_make_no_sense_are_refused(server):
    fix = suggested(server)[0]
    for change in ({"field": "colour"}, {"suggested": ""}, {"suggested": "x" * 257}, {"agreement": 2}, {"agreement": None}, {"item": -1},
                   {"item": None}, {"snapshot": 0}, {"method": "adapter:" + "a" * 64}, {"method": "mine"}, {"more": 1}, {"tag": 3}):
        refused = push_tags(server, {"to": "pacs", "fixes": [fix | change]}, status=400)
        assert "x" * 257 not in refused["error"]["message"] and "colour" not in refused["error"]["message"]
    for body in ({"to": "pacs"}, {"to": "pacs", "fixes": []}, {"to": "pacs", "fixes": [1]}, {"to": "pacs", "fixes": {}}, {"fixes": [fix]},
                 {"to": "PACS", "fixes": [fix]}, {"to": "pacs", "fixes": [fix], "as": "sr"}, {"to": "pacs", "fixes": [fix, fix]}):
        push_tags(server, body, status=400)
    push_tags(server, {"to": "pacs", "fixes": [fix] * 10_001}, status=413)


def test_where_nobody_listens_all_fail_and_nobody_waits(server):
    said = push(server, make(server).json()["id"], {"to": "away", "as": "sc", "send": True})
    assert (said["sent"], said["failed"]) == (0, 3) and {one["outcome"] for one in said["objects"]} == {"failed"}
    assert all(one["reason"].startswith("away: ") for one in said["objects"]) and "127.0.0.1" not in str(said)


def test_where_to_is_the_operators_alone(server):
    name = make(server).json()["id"]
    for body in ({}, {"to": "PACS"}, {"to": "dimse:PACS@127.0.0.1:104"}, {"to": "stow:http://127.0.0.1/"}, {"to": 1}, {"to": None},
                 {"to": "pacs", "as": "pdf"}, {"to": "pacs", "send": "yes"}, {"to": "pacs", "url": "http://127.0.0.1"}):
        push(server, name, body, status=400)
    push(server, name, b"{", status=400)
    push(server, name, b'{"to": "pacs"}', status=415, headers={"content-type": "text/plain"})
    for card in (UNKNOWN, "x", f"{name}.html", "..%2fchain"):
        push(server, card, {"to": "pacs"}, status=404)


def test_who_has_not_the_right_finds_no_such_path(server, stow):
    name = make(server).json()["id"]
    unknown = server.post("/v1/archives/a/nothing", {}, headers=of("ct"))
    for key in ("ct", "none"):
        refused = server.post(f"{CARDS}/{name}/push", {"to": "pacs", "send": True}, headers=of(key))
        assert refused.status == 404 and refused.json()["error"]["message"] == unknown.json()["error"]["message"]
        assert server.get("/v1/archives/a", headers=of(key)).json()["push_to"] == []
        push_tags(server, {"to": "pacs", "fixes": suggested(server), "send": True}, status=404, headers=of(key))
    own = server.get("/v1/archives/a").json()
    assert own["push_to"] == ["pacs", "away"] and own["rights"] == ["search", "push"] and own["keeps_cards"]
    assert stow.requests == []


def test_a_study_whose_files_are_gone_is_left_out_without_their_paths(tmp_path):
    write_study(tmp_path / "in", "gone", slices=1)
    add(tmp_path / "b", tmp_path / "in")
    (tmp_path / "keys.txt").write_text(KEYS["all"])
    rights = rights_file(tmp_path, {digest("all"): {"*": {"rights": ["search", "push"]}}})
    own = Server("--archive", f"a={tmp_path / 'b'}", "--archive-cards", f"a={tmp_path / 'cards'}", "--api-key-file",
                 tmp_path / "keys.txt", "--archive-rights", rights, "--push-to", "pacs=dimse:PACS@127.0.0.1:9", key=KEYS["all"])
    name = make(own, {"text": "a chest"}).json()["id"]
    (tmp_path / "in").rename(tmp_path / "out")
    said = push(own, name, {"to": "pacs"})
    assert said["objects"] == [] and [one["what"] for one in said["left_out"]] == [f"study {uid('study', 'gone')}"]
    assert str(tmp_path) not in str(said)
    assert own.end() == 0


@pytest.mark.parametrize("arguments, said", [
    (["--push-to", "pacs"], "NAME=WHERE"), (["--push-to", "pacs=ftp:x"], "dimse:AET@HOST:PORT or stow:URL"),
    (["--push-to", "p=dimse:A@h:1", "--push-to", "p=dimse:A@h:2"], "two are called"), (["--push-to", "p=dimse:nowhere"], "AET@HOST:PORT"),
    (["--push-to", "p=stow:https://user:secret-pass@h/"], "--push-to p"), (["--push-credentials", "p=file"], "NAME of a --push-to"),
    (["--push-to", "p=dimse:A@h:1", "--push-aet", "x" * 17], "--push-aet")])
def test_what_makes_no_sense_of_where_to_ends_the_server(filled, arguments, said):
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", *arguments, status=2)
    assert said in done.stderr.decode() and "secret-pass" not in done.stderr.decode()


def test_everybody_may_not_be_let_to_push(filled, tmp_path):
    rights = rights_file(tmp_path, {"*": {"*": {"rights": ["search", "push"]}}})
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-rights", rights, status=3)
    assert "add, delete or push" in done.stderr.decode()
    rights_file(tmp_path, {digest("all"): {"*": {"rights": ["search", "push"], "where": "site=a"}}})
    (tmp_path / "keys.txt").write_text(KEYS["all"])
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-rights", rights, "--api-key-file",
               tmp_path / "keys.txt", status=3)
    assert "beside the right to push" in done.stderr.decode()

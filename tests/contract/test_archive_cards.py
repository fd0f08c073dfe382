"""Evidence cards over HTTP: a real server, the program's own cards and replays, and folders with their chain."""
import base64
import hashlib
import json
import re
import signal
import threading

import pytest
from archive_support import (ALL, KEYS, MODEL, PATHS, add, digest, filled, keyed, mi2, of, own, rights_file,  # noqa: F401
                             search, uid, write_study)
from conftest import running

TEXT = "chest x-ray with a drain"
CARDS = "/v1/archives/a/cards"
REPLAY = "/v1/archives/a/replay"
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
UNKNOWN = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "evidence"


@pytest.fixture(scope="module")
def server(filled, folder, tmp_path_factory):
    """One server, which keeps cards, in the program's own dtype."""
    rights = rights_file(tmp_path_factory.mktemp("rights"), PATHS)
    with running("--archive", f"a={filled[0]}", "--archive-cards", f"a={folder}", "--archive-rights", rights,
                 "--dtype", "f32") as started:
        yield started


def make(server, body, status=201, **options):
    answer = server.post(CARDS, body, **options)
    assert answer.status == status, answer.body
    return answer


def replay(server, card, status=200, **options):
    answer = server.post(REPLAY, card, **options)
    assert answer.status == status, answer.body
    return answer.json()


def without(card, *names):
    return {name: value for name, value in card.items() if name not in names}


def forged(card, old, new):
    """Another card's bytes, with a text in place of another and with the hash of that."""
    text = re.sub(r'"id":"[0-9a-f]{64}",', "", card.decode().rstrip("\n"), count=1)
    assert old in text
    text = text.replace(old, new, 1)
    return text.replace('"made_at"', f'"id":"{hashlib.sha256(text.encode()).hexdigest()}","made_at"', 1).encode()


def picture_of(known):
    return base64.b64encode(open(next(iter(known)), "rb").read()).decode()


@pytest.mark.parametrize("body, arguments", [
    ({"text": TEXT, "k": 3}, ["--text", TEXT, "-k", 3]),
    ({"text": [TEXT, "a lung"], "not_text": "a foot", "by": "patient"}, ["--text", TEXT, "--text", "a lung", "--not-text", "a foot", "--by", "patient"]),
    ({"item": 4, "by": "image", "where": "modality=MR and date>=2021"}, ["--item", 4, "--by", "image", "--where", "modality=MR and date>=2021"]),
    ({"study": uid("study", 2), "match": "mean", "same_patient": "include"}, ["--study", uid("study", 2), "--match", "mean", "--same-patient", "include"]),
    ({"image": True}, ["--image"])])
def test_a_card_is_the_programs(server, filled, tmp_path, body, arguments):
    if "image" in body:
        body, arguments = {"image": picture_of(filled[1])}, ["--image", next(iter(filled[1]))]
    mi2("index", "search", "--model", MODEL, filled[0], *arguments, "--cards", tmp_path / "cards")
    file, = (tmp_path / "cards").glob("*.json")
    wanted, got = json.loads(file.read_text()), make(server, body).json()
    chance = ("id", "previous", "made_at")
    assert without(got, *chance) == without(wanted, *chance)
    assert got["results"] and "path" not in got["results"][0]


def test_a_vector_is_named_by_its_place(server, filled):
    dimensions = server.get("/v1/archives/a").json()["dimensions"]
    vectors = [[1.0] * dimensions, [1.0, 0.5] * (dimensions // 2)]
    card = make(server, {"vector": vectors})
    parts = card.json()["asked"]["parts"]
    assert [(part["as"], part["place"], part.get("sha256")) for part in parts] == [("vector", 0, None), ("vector", 1, None)]
    assert replay(server, card.body)["same"]


def test_a_card_says_what_its_search_found(server):
    card = make(server, {"text": TEXT, "k": 4}).json()
    found = search(server, {"text": TEXT, "k": 4})
    for result, row in zip(card["results"], found["results"], strict=True):
        assert all(result.get(key) == row.get(key) for key in ("rank", "score", "percentile", "verdict", "item", "study", "series", "image"))
    assert card["searched"]["rows"] == found["searched"] and card["searched"]["snapshot"] == found["snapshot"]
    assert [(part["as"], part["text"]) for part in card["asked"]["parts"]] == [("text", TEXT)]


def test_cards_are_kept_in_a_chain_and_given_back(server, folder):
    first, second = make(server, {"text": TEXT}), make(server, {"item": 1})
    assert second.json()["previous"] == first.json()["id"]
    for card in (first, second):
        name = card.json()["id"]
        assert card.headers["location"] == f"cards/{name}" and card.headers["cache-control"] == "private, no-cache"
        kept = server.get(f"{CARDS}/{name}")
        assert (kept.status, kept.headers["content-type"]) == (200, "application/json")
        assert kept.body == card.body == (folder / f"{name}.json").read_bytes()
        page = server.get(f"{CARDS}/{name}.html")
        assert page.status == 200 and page.body == (folder / f"{name}.html").read_bytes()
    said = mi2("index", "verify-cards", folder).stdout.decode()
    assert said.startswith("sound: ") and second.json()["id"] in said


def test_a_browser_gets_the_page_in_which_nothing_runs(server):
    answer = make(server, {"text": "a <b>bold</b> & \"quoted\" text"}, headers=HTML)
    name = re.fullmatch(r"cards/([0-9a-f]{64})[.]html", answer.headers["location"])[1]
    for page in (answer, server.get(f"{CARDS}/{name}.html")):
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        text = page.body.decode()
        assert name in text and "<script" not in text and "://" not in text
        assert "&lt;b&gt;bold&lt;/b&gt;" in text and text.count("data:image/webp;base64,UklGR") == 6
    for accept in ("application/json, text/html", "*/*", "text/html;q=0", "text/htmlx"):
        assert make(server, {"item": 0}, headers={"accept": accept}).json()["card"] == 1, accept


def test_notes_are_kept_on_the_card_and_in_its_id(server, filled, folder):
    found = search(server, {"text": TEXT, "k": 3})["results"]
    notes = {"text": "for <b>Tuesday</b>", "results": [{"item": found[1]["item"], "text": "the nearest\nof two"}, {"item": found[2]["item"]}]}
    card = make(server, {"text": TEXT, "k": 3, "notes": notes})
    kept = card.json()
    assert (kept["card"], kept["note"]) == (2, notes["text"])
    assert [(row.get("pinned"), row.get("note")) for row in kept["results"]] == [(None, None), (True, "the nearest\nof two"), (True, None)]
    page = server.get(f"{CARDS}/{kept['id']}.html").body.decode()
    assert "for &lt;b&gt;Tuesday&lt;/b&gt;" in page and "the nearest\nof two" in page
    assert replay(server, card.body)["same"]
    refused = replay(server, card.body.replace(b"of two", b"of 2wo"), status=422)
    assert "changed since it was written" in refused["error"]["message"]
    said = mi2("index", "verify-cards", folder).stdout.decode()
    assert said.startswith("sound: ") and kept["id"] in said
    (file,) = folder.glob(f"{kept['id']}.json")
    mi2("index", "replay", filled[0], file)
    again = make(server, {"text": TEXT, "k": 3, "notes": {}}).json()
    assert again["card"] == 1 and "note" not in again


@pytest.mark.parametrize("notes, status", [
    ({"text": "x" * 4001}, 413), ({"text": 1}, 400), ([], 400), ({"txt": "x"}, 400), ({"results": {}}, 400), ({"results": [{}]}, 400),
    ({"results": [{"item": 4_000_000}]}, 400), ({"results": [{"item": -1}]}, 400), ({"results": [{"item": "1"}]}, 400),
    ({"results": [{"item": 0, "text": "x" * 4001}]}, 413), ({"results": [{"item": 0}] * 1001}, 413)])
def test_notes_that_make_no_sense_make_no_card(server, folder, notes, status):
    before = len(list(folder.glob("*"))) if folder.exists() else 0
    refused = make(server, {"text": TEXT, "notes": notes}, status=status)
    assert b"xxxx" not in refused.body
    assert (len(list(folder.glob("*"))) if folder.exists() else 0) == before


def test_by_default_no_card_is_kept(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}", "--dtype", "f32")
    cards = [make(server, {"text": TEXT}, status=200) for _ in range(2)]
    for card in cards:
        assert "location" not in card.headers and "previous" not in card.json()
        assert server.get(f"{CARDS}/{card.json()['id']}").status == 404
        assert replay(server, card.body)["same"]
    (tmp_path / "card.json").write_bytes(cards[0].body)
    assert "the same: 6 results" in mi2("index", "replay", filled[0], tmp_path / "card.json").stdout.decode()
    page = make(server, {"text": TEXT}, status=200, headers=HTML)
    assert b"data:image/webp" in page.body and "location" not in page.headers


@pytest.mark.parametrize("name", ["x", "A" * 64, "0" * 63, UNKNOWN, f"{UNKNOWN}.html", f"{UNKNOWN}.json", f"{UNKNOWN}.html.html",
                                  "chain.jsonl", "..%2fchain.jsonl", "..", ".html"])
def test_what_is_no_kept_card_is_not_there(server, folder, name):
    make(server, {"item": 0})
    answer = server.get(f"{CARDS}/{name}")
    assert answer.status == 404 and str(folder).encode() not in answer.body


def test_a_card_of_another_archive_in_the_same_folder_is_not_there(serve, filled, own, tmp_path):
    both = tmp_path / "both"
    server = serve("--archive", f"a={filled[0]}", "--archive", f"b={own[0]}", "--archive-cards", f"a={both}", "--archive-cards", f"b={both}")
    card = make(server, {"item": 0})
    name = card.json()["id"]
    assert server.get(f"{CARDS}/{name}").status == 200
    for end in ("", ".html"):
        assert server.get(f"/v1/archives/b/cards/{name}{end}").status == 404
    other = server.post("/v1/archives/b/cards", {"item": 0}).json()
    assert other["previous"] == name
    refused = server.post("/v1/archives/b/replay", card.body)
    assert refused.status == 400 and "another" in refused.json()["error"]["message"]


def test_a_replay_says_what_the_programs_says(server, filled, tmp_path):
    card = make(server, {"text": TEXT, "not_text": "a foot", "k": 3}).body
    answer = replay(server, card)
    assert answer == {"card": json.loads(card)["id"], "same": True, "differences": [], "notes": []}
    score = re.search(r'"score":[^,]*', card.decode())[0]
    other = forged(card, score, '"score":0.5')
    (tmp_path / "other.json").write_bytes(other)
    answer = replay(server, other)
    assert not answer["same"] and [(row["what"], row["rank"]) for row in answer["differences"]] == [("score", 1)]
    done = mi2("index", "replay", filled[0], tmp_path / "other.json", "--format", "json", status=9)
    assert json.loads(done.stdout) == answer


def test_what_is_no_card_of_this_archive_is_refused(server, filled):
    card = make(server, {"text": TEXT}).body
    refused = [replay(server, card.replace(b'"rows":18', b'"rows":19'), status=422),
               replay(server, card.replace(b",", b", ", 1), status=422), replay(server, b"{}", status=422),
               replay(server, b"no JSON", status=422), replay(server, b'{"card":2}', status=422),
               replay(server, card, status=415, headers={"content-type": "text/plain"}),
               replay(server, forged(card, '"k":10', '"k":1001'), status=413)]
    of_archive = json.loads(card)["archive"]["id"]
    refused.append(replay(server, forged(card, of_archive, "0" * 32), status=400))
    snapshot = re.search(r'"snapshot":\d+', card.decode())[0]
    refused.append(replay(server, forged(card, snapshot, '"snapshot":999'), status=400))
    weights = json.loads(card)["archive"]["space"]["weights_sha256"]
    refused.append(replay(server, forged(card, f'"weights_sha256":"{weights}","windows"',
                                         f'"weights_sha256":"{"0" * 64}","windows"'), status=400))
    said = json.dumps(refused)
    assert "changed since it was written" in said and "older copy" in said
    assert str(filled[0]) not in said and TEXT not in said


def test_a_search_that_makes_no_sense_makes_no_card(server, folder):
    before = len(list(folder.iterdir())) if folder.exists() else 0
    first = search(server, {"text": TEXT, "k": 1})
    for body, status in (({"text": TEXT, "k": 1, "cursor": first["cursor"]}, 400), ({}, 400), ({"txt": "x"}, 400), ({"text": TEXT, "k": 1001}, 400),
                         ({"item": 4_000_000}, 404), ({"text": TEXT, "where": "modalty=CT"}, 400)):
        make(server, body, status=status)
    make(server, b"{", status=400)
    assert server.get(CARDS).status == 405
    assert (len(list(folder.iterdir())) if folder.exists() else 0) == before


def test_what_was_erased_since_is_named(serve, own, tmp_path):
    server = keyed(serve, tmp_path, ALL, "--archive", f"a={own[0]}")
    card = make(server, {"text": TEXT}, status=200)
    first, second = card.json()["results"][:2]
    assert server.request("DELETE", f"/v1/archives/a/studies/{first['study']}").status == 200
    answer = replay(server, card.body)
    assert answer["same"] and f"result 1 (item {first['item']}) has been deleted since; its vector is still there" in answer["notes"]
    assert server.request("DELETE", f"/v1/archives/a/studies/{second['study']}?erase=true").status == 200
    answer = replay(server, card.body)
    assert not answer["same"] and 2 in [row["rank"] for row in answer["differences"] if row["what"] == "erased"]


@pytest.fixture
def guarded(serve, filled, tmp_path):
    """A server whose keys have different rights, and the folder of its cards."""
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search", "paths"]}},
                                    digest("ct"): {"*": {"rights": ["search"], "where": "modality=CT"}}})
    return serve("--archive", f"a={filled[0]}", "--archive-cards", f"a={tmp_path / 'cards'}", "--api-key-file", keys,
                 "--archive-rights", rights)


def test_a_key_that_sees_some_rows_is_refused_by_name_and_learns_nothing(guarded, tmp_path):
    card = make(guarded, {"text": TEXT}, headers=of("all"))
    name = card.json()["id"]
    said = [make(guarded, {"text": TEXT}, status=403, headers=of("ct")), make(guarded, {"item": 3}, status=403, headers=of("ct")),
            guarded.get(f"{CARDS}/{name}", headers=of("ct")), guarded.get(f"{CARDS}/{name}.html", headers=of("ct")),
            guarded.get(f"{CARDS}/{UNKNOWN}", headers=of("ct")), guarded.post(REPLAY, card.body, headers=of("ct")),
            guarded.post(REPLAY, b"{}", headers=of("ct"))]
    assert {answer.status for answer in said} == {403} and len({answer.body for answer in said}) == 1
    assert said[0].json()["error"]["code"] == "restricted" and "all rows" in said[0].json()["error"]["message"]
    assert len(list((tmp_path / "cards").glob("*.json"))) == 1


def test_without_the_right_to_search_there_are_no_cards(guarded):
    name = make(guarded, {"text": TEXT}, headers=of("all")).json()["id"]
    unknown = guarded.get("/v1/archives/b", headers=of("none"))
    for method, path, body in (("POST", CARDS, {"text": TEXT}), ("GET", f"{CARDS}/{name}", None), ("POST", REPLAY, b"{}")):
        refused = guarded.request(method, path, body, headers=of("none"))
        assert refused.status == 404 and refused.body == unknown.body, path
        assert guarded.request(method, path, body).status == 401


def test_paths_are_on_no_card_and_cannot_be_found_out_by_one(guarded, filled, tmp_path):
    card = make(guarded, {"text": TEXT, "where": "path~hospital"}, headers=of("all"))
    assert str(filled[0].parent) not in card.body.decode() and "path" not in card.json()["results"][0]
    assert replay(guarded, card.body, headers=of("all"))["same"]
    name = card.json()["id"]
    mi2("index", "search", filled[0], "--item", 0, "--cards", tmp_path / "cards", "--card-paths")
    pathed, = {file.stem for file in (tmp_path / "cards").glob("*.json")} - {name}
    for end in ("", ".html"):
        assert str(filled[0].parent) in guarded.get(f"{CARDS}/{pathed}{end}", headers=of("all")).body.decode()
    keys = {digest("all"): {"a": {"rights": ["search"]}}}
    rights_file(tmp_path, keys)
    guarded.send(signal.SIGHUP)
    guarded.wait_for(lambda: guarded.get("/v1/archives/a", headers=of("all")).json().get("rights") == ["search"])
    assert "right to see paths" in replay(guarded, card.body, status=400, headers=of("all"))["error"]["message"]
    for hidden in (name, pathed, f"{name}.html", f"{pathed}.html"):
        assert guarded.get(f"{CARDS}/{hidden}", headers=of("all")).status == 404
    plain = make(guarded, {"text": TEXT}, headers=of("all"))
    assert guarded.get(f"{CARDS}/{plain.json()['id']}", headers=of("all")).body == plain.body


def test_many_at_once_make_one_chain(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}", "--archive-cards", f"a={tmp_path / 'cards'}")
    made, asking = [], 8
    threads = [threading.Thread(target=lambda n=n: made.append(make(server, {"item": n}).json())) for n in range(asking)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({card["id"] for card in made}) == len({card.get("previous") for card in made}) == asking
    assert f"sound: {asking} cards" in mi2("index", "verify-cards", tmp_path / "cards").stdout.decode()


def test_the_program_and_the_server_continue_one_chain(serve, filled, tmp_path):
    cards = tmp_path / "cards"
    server = serve("--archive", f"a={filled[0]}", "--archive-cards", f"a={cards}")
    first = make(server, {"item": 0}).json()
    mi2("index", "search", filled[0], "--item", 1, "--cards", cards)
    third = make(server, {"item": 2}).json()
    second = json.loads((cards / f"{third['previous']}.json").read_text())
    assert second["previous"] == first["id"] and second["asked"]["parts"][0]["item"] == 1
    assert server.get(f"{CARDS}/{second['id']}").json() == second


def test_a_damaged_folder_is_the_operators(serve, filled, tmp_path):
    cards = tmp_path / "cards"
    server = serve("--archive", f"a={filled[0]}", "--archive-cards", f"a={cards}")
    name = make(server, {"item": 0}).json()["id"]
    file = cards / f"{name}.json"
    file.write_text(file.read_text().replace('"rows":', '"rows":1', 1))
    (cards / "chain.jsonl").write_text("nonsense\n")
    for answer in (server.get(f"{CARDS}/{name}"), server.get(f"{CARDS}/{name}.html"), make(server, {"item": 1}, status=500)):
        assert answer.status == 500 and "log says why" in answer.json()["error"]["message"]
        assert str(tmp_path).encode() not in answer.body
    faults = server.wait_for(lambda: len(server.records("archive_fault")) == 3 and server.records("archive_fault"))
    assert all(fault["archive"] == "a" for fault in faults)
    assert search(server, {"item": 0})["exact"]


def test_cards_and_replays_are_logged_and_counted_without_their_text(serve, filled, tmp_path):
    server = serve("--archive", f"a={filled[0]}")
    asked = {"text": "John Doe, fracture of the left wrist"}
    card = make(server, asked, status=200)
    search(server, asked)
    replay(server, card.body)
    made, = server.wait_for(lambda: server.records("archive_card"))
    found, = server.records("archive_search")
    again, = server.wait_for(lambda: server.records("archive_replay"))
    assert made["query"] == found["query"] != again["query"] and made["outcome"] == again["outcome"] == "ok"
    assert (made["found"], again["found"], again["k"]) == ("6", "0", "10")
    assert "Doe" not in "".join(server.lines) and card.json()["id"] not in "".join(server.lines)
    for action in ("card", "replay"):
        assert server.metric(f'mi2_archive_requests_total{{action="{action}"') == 1


def test_no_name_and_no_identifier_is_on_a_card(serve, tmp_path):
    image = write_study(tmp_path / "Meier", 1, patient="ZX-QRSTU-Q", name="Meier^Hans", StudyDescription="Thorax Meier",
                        AccessionNumber="ACC-WXYZ-Y")[0]
    add(tmp_path / "archive", tmp_path / "Meier")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    asked = {"image": base64.b64encode(image.read_bytes()).decode(), "same_patient": "include"}
    card, page = make(server, asked, status=200).body, make(server, asked, status=200, headers=HTML).body
    plain = re.sub(r'base64,[^"]*|"vector":"[^"]*"', "", (card + page).decode())  # base64 may hold any word
    plain += json.dumps(replay(server, card)) + "".join(server.lines)
    for secret in ("Meier", "QRSTU", "WXYZ", str(tmp_path)):
        assert secret not in plain, secret
    assert "Thorax ***" in plain


@pytest.mark.parametrize("given, told_what", [(["b=DIR"], "expected the NAME of an --archive, got 'b'"), (["DIR"], "expected NAME=DIR"),
                                              (["a="], "no DIR"), (["a=DIR", "a=DIR2"], "two folders for the archive 'a'")])
def test_a_folder_for_no_archive_is_refused_at_the_start(filled, tmp_path, given, told_what):
    options = [word for one in given for word in ("--archive-cards", one.replace("DIR", str(tmp_path / "cards")))]
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", *options, status=2)
    assert told_what in done.stderr.decode() and not (tmp_path / "cards").exists()


def test_a_folder_that_cannot_be_made_is_refused_at_the_start(filled, tmp_path):
    (tmp_path / "file").write_text("")
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--archive-cards", f"a={tmp_path / 'file' / 'cards'}", status=3)
    assert "cannot be made" in done.stderr.decode()


def test_the_example_of_the_document_is_true(server):
    paths = server.get("/openapi.json").json()["paths"]
    example = paths["/v1/archives/{archive}/cards"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert make(server, example).json()["results"]

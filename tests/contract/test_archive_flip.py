"""A link to an archive that is replaced by one to its successor of mi2 index reembed, and back, while the server runs."""
import json
import os
import shutil
import signal
import threading
from pathlib import Path

import pytest
from archive_support import MODEL, add, mi2, search, told, write_hospital, write_study


def lead(link, archive):
    """As `ln -s ARCHIVE next && mv -T next LINK`: at no moment there is no link."""
    following = link.with_name("next")
    following.symlink_to(archive)
    following.rename(link)


def id_of(archive):
    return json.loads((archive / "archive.json").read_text())["id"]


def served(server, name="a"):
    return server.get(f"/v1/archives/{name}").json()["id"]


def flip(server, link, archive):
    lead(link, archive)
    server.send(signal.SIGHUP)
    server.wait_for(lambda: served(server) == id_of(archive))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """(old, new): the same images, prepared in two ways, so that one model serves both."""
    folder = tmp_path_factory.mktemp("pair")
    write_hospital(folder / "hospital")
    add(folder / "old", folder / "hospital")
    mi2("index", "reembed", "--model", MODEL, "--profile", "azure", folder / "old", folder / "new")
    return folder / "old", folder / "new"


@pytest.fixture
def link(pair, tmp_path):
    path = tmp_path / "archive"
    path.symlink_to(pair[0])
    return path


def as_told(archive, text):
    return [(row["item"], row["score"]) for row in told(archive, "--model", MODEL, *profile(archive), "--text", text,
                                                       "--by", "image", "-k", 5)]


def profile(archive):
    return ["--profile", json.loads((archive / "archive.json").read_text())["space"]["profile"].split()[0]]


def as_served(server, text):
    answer = search(server, {"text": text, "by": "image", "k": 5})
    return [(row["item"], row["score"]) for row in answer["results"]]


def test_the_new_archive_is_served_after_a_signal_and_the_old_one_again_after_another(serve, pair, link):
    old, new = pair
    server = serve("--archive", f"a={link}", "--dtype", "f32")
    assert served(server) == id_of(old) and as_served(server, "chest x-ray") == as_told(old, "chest x-ray")
    lead(link, new)
    assert served(server) == id_of(old)  # not before the signal
    for archive in (new, old, new):
        flip(server, link, archive)
        assert as_served(server, "chest x-ray") == as_told(archive, "chest x-ray")
        assert server.get("/v1/archives").json()["archives"][0]["id"] == id_of(archive)
        assert search(server, {"item": 0})["provenance"]["archive"] == id_of(archive)
    assert as_told(old, "chest x-ray") != as_told(new, "chest x-ray")
    assert [record["archive"] for record in server.records("archive_changed")] == ["a"] * 3
    # A signal that finds nothing new changes nothing.
    loads = len(server.records("model_reloaded"))
    server.send(signal.SIGHUP)
    server.wait_for(lambda: len(server.records("model_reloaded")) > loads)
    assert len(server.records("archive_changed")) == 3 and not server.records("reload_failed")


def test_no_search_fails_and_none_mixes_two_archives_while_they_change(serve, pair, link):
    """The query's vector and the rows it is compared with are of one archive."""
    server = serve("--archive", f"a={link}", "--dtype", "f32")
    right = {id_of(archive): as_told(archive, "brain mri") for archive in pair}
    stop, faults, seen = threading.Event(), [], set()

    def ask():
        while not stop.is_set():
            answer = server.post("/v1/archives/a/search", {"text": "brain mri", "by": "image", "k": 5})
            body = answer.json()
            if answer.status != 200:
                faults.append(body)
                continue
            seen.add(body["provenance"]["archive"])
            if [(row["item"], row["score"]) for row in body["results"]] != right[body["provenance"]["archive"]]:
                faults.append(body)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for archive in (pair[1], pair[0]) * 3:
        flip(server, link, archive)
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == [] and seen == set(right)


def test_what_is_not_of_the_archive_is_not_served_in_its_place(serve, pair, link, tmp_path):
    old, _ = pair
    server = serve("--archive", f"a={link}")
    elsewhere = tmp_path / "of DOE JANE" / "archive"
    elsewhere.parent.mkdir()
    write_study(tmp_path / "in", 1)
    add(elsewhere, tmp_path / "in")
    (tmp_path / "of DOE JANE" / "none").mkdir()
    for count, wrong in enumerate((elsewhere, elsewhere.parent / "none", elsewhere.parent / "gone")):
        lead(link, wrong)
        server.send(signal.SIGHUP)
        record = server.wait_for(lambda: server.records("reload_failed")[count:])[0]
        assert "archive 'a'" in record["error"] and record["serving"] == "with the archives as before"
        assert served(server) == id_of(old) and search(server, {"text": "x"})["exact"]
    log = "".join(server.lines)
    assert "DOE" not in log and str(tmp_path) not in log
    flip(server, link, pair[1])


def test_a_page_of_the_old_archive_does_not_go_on_in_the_new_one(serve, pair, link):
    server = serve("--archive", f"a={link}")
    body = {"text": "x", "by": "image", "k": 2}
    cursor = search(server, body)["cursor"]
    assert len(search(server, {**body, "cursor": cursor})["results"]) == 2
    flip(server, link, pair[1])
    assert "cursor" in search(server, {**body, "cursor": cursor}, status=400)["error"]["message"]
    flip(server, link, pair[0])
    assert len(search(server, {**body, "cursor": cursor})["results"]) == 2


def test_the_old_archive_may_go_once_the_new_one_is_served(serve, pair, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for archive, copy in zip(pair, (old, new)):
        shutil.copytree(archive, copy)
    link = tmp_path / "archive"
    link.symlink_to(old)
    server = serve("--archive", f"a={link}")
    flip(server, link, new)
    shutil.rmtree(old)
    assert search(server, {"text": "x"})["exact"] and search(server, {"item": 0})["exact"]


def test_two_models_serve_the_old_archive_and_the_new_one(serve, pair, tmp_path):
    tiny = Path(os.environ["MI2_GOLDEN"]) / "tiny"
    if not tiny.is_dir():
        pytest.skip("no golden weights")
    old, new, link = pair[0], tmp_path / "new", tmp_path / "archive"
    mi2("index", "reembed", "--model", tiny, old, new)
    link.symlink_to(old)
    server = serve("--archive", f"a={link}", model=[f"old={MODEL}", f"new={tiny}"])
    sizes = set()
    for archive in (old, new, old):
        flip(server, link, archive)
        answer = search(server, {"text": "chest x-ray", "k": 3})
        assert answer["provenance"]["archive"] == id_of(archive) and len(answer["results"]) == 3
        sizes.add(server.get("/v1/archives/a").json()["dimensions"])
    assert len(sizes) == 2

"""Files and DICOM objects that clients add to an archive over HTTP: a real server, and what the archive has afterwards."""
import base64
import fcntl
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from archive_support import (ADD, KEYS, MODEL, add, digest, exported, form, keyed, mi2, of, outcomes, own, packed,  # noqa: F401
                             post_items, related, rights_file, search, slice_of, study_files, uid, write_study)
from catalog_support import table
from conftest import IMAGES

KILLS = int(os.environ.get("MI2_KILLS", "2" if os.environ.get("MI2_SANITIZE") else "5"))
STOW = "/v1/archives/a/studies"


@pytest.fixture
def server(serve, own, tmp_path):
    """A server whose callers may add."""
    return keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", "--dtype", "f32")


def images(server, where=None):
    return search(server, {"text": "x", "by": "image", "k": 1000, **({"where": where} if where else {})})["results"]


def stow(server, *objects, path=STOW, status=200):
    """@returns the objects that are there, the failed ones with their reasons, and the other reasons."""
    body, headers = related(*objects)
    answer = server.post(path, body, headers=headers)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/dicom+json"
    said = pydicom.Dataset.from_json(answer.body.decode())
    there = [item.ReferencedSOPInstanceUID for item in said.get("ReferencedSOPSequence", [])]
    failed = {item.ReferencedSOPInstanceUID: item.FailureReason for item in said.get("FailedSOPSequence", [])}
    return there, failed, [item.FailureReason for item in said.get("OtherFailuresSequence", [])]


def sop(study, number):
    return uid("sop", study, 0, number)


def test_files_of_a_form_are_what_the_program_would_have_added(server, own, tmp_path):
    archive, _ = own
    before = images(server)
    answer = post_items(server, *study_files(70, patient="N", modality="US", StudyDate="20300101"))
    assert outcomes(answer) == ["stored"] * 3 and answer["stored"] == 3 and answer["refused"] == 0
    assert [row["image"] for row in answer["files"]] == [sop(70, n) for n in range(3)]
    assert {row["study"] for row in answer["files"]} == {uid("study", 70)}
    found = images(server, "modality=US")
    assert len(found) == 3 and len(images(server)) == len(before) + 3
    assert all(row["path"].startswith("http:") and row["thumb"] for row in found)
    asked = {"study": uid("study", 70), "same_patient": "include", "where": "modality=US", "k": 1}
    assert search(server, asked)["results"][0]["study"] == uid("study", 70)
    write_study(tmp_path / "same", 70, patient="N", modality="US", StudyDate="20300101")
    add(tmp_path / "other", tmp_path / "same")
    names, vectors = exported(archive, tmp_path, "--where", "modality=US")
    _, wanted = exported(tmp_path / "other", tmp_path)
    assert len(names) == 3 and np.abs(vectors - wanted).max() < 1e-6
    for sql in ("SELECT modality, body_part, plane, station FROM series WHERE modality = 'US'",
                "SELECT date, site FROM study WHERE date LIKE '2030%'", "SELECT number, frames, file_sha256 FROM instance WHERE "
                "series = (SELECT max(id) FROM series) ORDER BY number"):
        assert table(archive, sql) == table(tmp_path / "other", sql)
    mi2("index", "verify", "--deep", archive)


def test_the_same_file_again_changes_nothing(server, own):
    files = study_files(71)
    first = post_items(server, *files)
    again = post_items(server, *files)
    assert outcomes(again) == ["copy"] * 3 and again["snapshot"] == first["snapshot"]
    assert len(images(server)) == 8 + 3
    both = post_items(server, *study_files(72, slices=1), *study_files(72, slices=1))
    assert outcomes(both) == ["stored", "copy"]


def test_each_file_is_told_what_became_of_it(server):
    post_items(server, *study_files(73, slices=1))
    other = packed(slice_of(73, 0, 0, StationName="OTHER"))
    report = slice_of(73, 0, 5)
    del report.PixelData
    picture = (IMAGES / "gray.png").read_bytes()
    answer = post_items(server, *study_files(73, slices=1), other, study_files(73)[1], b"Doe^John", packed(report), picture,
                        picture[:60], status=202)
    assert outcomes(answer) == ["copy", "conflict", "stored", "refused", "refused", "stored", "refused"]
    for row in answer["files"]:
        assert ("reason" in row) == (row["outcome"] == "refused")
        if "reason" in row:
            assert row["reason"].startswith(f"file {row['file']}") and "http:" not in row["reason"] and "Doe" not in row["reason"]
    assert (answer["stored"], answer["copies"], answer["conflicts"], answer["refused"]) == (2, 1, 1, 3)
    assert outcomes(post_items(server, other, status=422)) == ["conflict"]
    assert outcomes(post_items(server, b"Doe^John", picture[:60], status=422)) == ["refused", "refused"]


def test_one_file_is_a_body_of_its_own(server):
    file, = study_files(74, slices=1)
    for kind in ("application/dicom", "application/octet-stream"):
        answer = server.post("/v1/archives/a/items", file, headers={"content-type": kind})
        assert answer.status == 200, answer.body
    assert outcomes(answer.json()) == ["copy"]
    refused = server.post("/v1/archives/a/items", file, headers={"content-type": "text/plain"})
    assert refused.status == 415 and "multipart/form-data" in refused.json()["error"]["message"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_adds_files_and_stores_objects(server, tmp_path):
    files = write_study(tmp_path / "new", 75)
    url = f"http://{server.host}:{server.port}/v1/archives/a"
    curl = ["curl", "-sSf", "-H", f"api-key: {KEYS['all']}"]
    parts = [word for file in files for word in ("-F", f"file=@{file}")]
    done = subprocess.run([*curl, *parts, f"{url}/items?site=north"], capture_output=True, check=True)
    assert outcomes(json.loads(done.stdout)) == ["stored"] * 3
    assert {row["site"] for row in images(server, "site=north")} == {"north"}
    body, headers = related(files[0].read_bytes())
    (tmp_path / "body").write_bytes(body)
    done = subprocess.run([*curl, "-H", f"content-type: {headers['content-type']}", "--data-binary",
                           f"@{tmp_path / 'body'}", f"{url}/studies"], capture_output=True, check=True)
    assert len(pydicom.Dataset.from_json(done.stdout.decode()).ReferencedSOPSequence) == 1


def test_where_it_comes_from_keeps_patients_of_two_sites_apart(server, own):
    post_items(server, *study_files(76, slices=1, patient="77"), query="?site=north")
    post_items(server, *study_files(77, slices=1, patient="77"), query="?site=south")
    assert table(own[0], "SELECT count(DISTINCT patient) FROM study WHERE site IN ('north', 'south')") == [(2,)]
    body, headers = form(*study_files(78, slices=1))
    for query in ("?sight=x", "?site=" + "x" * 65, "?site=a%0Ab", "?site=%FF"):
        assert server.post(f"/v1/archives/a/items{query}", body, headers=headers).status == 400, query


def test_without_the_right_there_is_no_such_path(serve, own, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search", "add"]}},
                                    digest("ct"): {"a": {"rights": ["search", "paths", "delete"]}}})
    server = serve("--archive", f"a={own[0]}", "--api-key-file", keys, "--archive-rights", rights)
    assert server.get("/v1/archives/a", headers=of("all")).json()["rights"] == ["search", "add"]
    body, headers = form(*study_files(79, slices=1))
    parts, typed = related(*study_files(79, slices=1))
    for path, sent, own_headers in (("items", body, headers), ("studies", parts, typed), ("studies/1.2", parts, typed)):
        for name in ("ct", "none"):
            answer = server.post(f"/v1/archives/a/{path}", sent, headers={**own_headers, **of(name)})
            assert answer.status == 404, (path, name)
        assert server.post(f"/v1/archives/a/{path}", sent, headers=own_headers).status == 401
    assert len(images_of(server, "ct")) == 8
    post_items(server, *study_files(79, slices=1), headers=of("all"))
    assert len(images_of(server, "ct")) == 9


def images_of(server, name):
    return search(server, {"text": "x", "by": "image", "k": 1000}, headers=of(name))["results"]


def test_without_a_file_of_rights_nobody_adds(serve, own):
    server = serve("--archive", f"a={own[0]}")
    body, headers = form(*study_files(80, slices=1))
    assert server.post("/v1/archives/a/items", body, headers=headers).status == 404


def test_while_another_process_writes_adding_is_to_be_tried_again(server, own):
    body, headers = form(*study_files(81))
    with open(own[0] / "lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path, (sent, typed) in (("items", (body, headers)), ("studies", related(*study_files(81)))):
            refused = server.post(f"/v1/archives/a/{path}", sent, headers=typed)
            assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
            assert str(own[0]) not in refused.body.decode()
        assert len(images(server)) == 8
    assert outcomes(post_items(server, *study_files(81))) == ["stored"] * 3


def test_the_same_object_twice_at_once_is_stored_once(server, own):
    files, told = study_files(82), []

    def post():
        told.extend(outcomes(post_items(server, *files)))
    posting = [threading.Thread(target=post) for _ in range(6)]
    for thread in posting:
        thread.start()
    for thread in posting:
        thread.join()
    assert sorted(told) == ["copy"] * 15 + ["stored"] * 3
    assert len(images(server)) == 8 + 3
    mi2("index", "verify", "--deep", own[0])


def test_searches_go_on_while_files_are_added_and_see_whole_studies(server):
    counts, failures, done = [], [], threading.Event()

    def ask():
        while not done.is_set():
            answer = server.post("/v1/archives/a/search", {"text": "x", "by": "image", "k": 1000})
            if answer.status != 200 or not answer.json()["exact"]:
                failures.append(answer.body)
            else:
                counts.append(len(answer.json()["results"]))
    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for study in range(83, 91):
        post_items(server, *study_files(study, patient=f"S{study}"))
    done.set()
    for thread in asking:
        thread.join()
    assert not failures and set(counts) <= {8 + 3 * studies for studies in range(9)}
    assert len(images(server)) == 8 + 24


def test_what_was_answered_as_stored_survives_a_kill(serve, own, tmp_path):
    archive, moments, number = own[0], random.Random(5), 100
    stored = set()
    for _ in range(KILLS):
        server = keyed(serve, tmp_path, ADD, "--archive", f"a={archive}")
        killer = threading.Timer(moments.uniform(0.05, 1.0), lambda: server.send(signal.SIGKILL))
        killer.start()
        try:
            while True:
                answer = post_items(server, *study_files(number, patient=f"K{number}"))
                stored.update(row["image"] for row in answer["files"] if row["outcome"] in ("stored", "copy"))
                number += 1
        except (OSError, http.client.HTTPException):
            pass  # the connection ended
        killer.join()
        server.wait()
        mi2("index", "verify", "--deep", archive)
        assert stored <= {row[0] for row in table(archive, "SELECT sop_uid FROM instance WHERE deleted_seq IS NULL")}
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={archive}")
    assert set(outcomes(post_items(server, *study_files(number, patient=f"K{number}")))) <= {"stored", "copy"}
    assert table(archive, "SELECT count(*) FROM (SELECT sop_uid FROM instance WHERE deleted_seq IS NULL GROUP BY sop_uid "
                          "HAVING count(*) > 1)") == [(0,)]


def test_a_deleted_study_can_be_added_again(server):
    post_items(server, *study_files(130))
    study = uid("study", 130)
    assert server.request("DELETE", f"/v1/archives/a/studies/{study}").json()["images"] == 3
    assert outcomes(post_items(server, *study_files(130))) == ["stored"] * 3
    assert server.request("DELETE", f"/v1/archives/a/studies/{study}?erase=true").json() == {
        "images": 3, "erased": True, "clean": True}
    assert outcomes(post_items(server, *study_files(130))) == ["stored"] * 3


def test_a_file_takes_the_place_of_what_was_posted_and_not_the_other_way_round(server, own, tmp_path):
    archive, known = own
    post_items(server, *study_files(131))
    assert len(images(server, 'path~"http:"')) == 3
    files = write_study(tmp_path / "later", 131)
    add(archive, tmp_path / "later")
    assert {row["path"] for row in images(server, "path~later")} == {str(file) for file in files}
    assert images(server, 'path~"http:"') == []
    known_file = Path(next(iter(known)))
    content = known_file.read_bytes()
    known_file.unlink()
    assert outcomes(post_items(server, content)) == ["copy"]
    assert str(known_file) in {row["path"] for row in images(server)}


def test_a_model_of_other_weights_adds_nothing(serve, own, tmp_path):
    tiny = Path(os.environ["MI2_GOLDEN"]) / "tiny"
    if not tiny.is_dir():
        pytest.skip("no golden weights")
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", model=tiny)
    for path, (body, headers) in (("items", form(*study_files(132))), ("studies", related(*study_files(132)))):
        answer = server.post(f"/v1/archives/a/{path}", body, headers=headers)
        assert answer.status == 409 and "weights" in answer.json()["error"]["message"]
    assert table(own[0], "SELECT count(*) FROM instance") == [(8,)]


def test_images_are_prepared_as_those_that_are_there(serve, tmp_path):
    write_study(tmp_path / "in", 1)
    mi2("index", "add", "--model", MODEL, "--profile", "azure", tmp_path / "a", tmp_path / "in")
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={tmp_path / 'a'}", "--dtype", "f32")
    post_items(server, *study_files(2))
    write_study(tmp_path / "more", 2)
    mi2("index", "add", "--model", MODEL, "--profile", "azure", tmp_path / "b", tmp_path / "in", tmp_path / "more")
    vectors, wanted = exported(tmp_path / "a", tmp_path)[1], exported(tmp_path / "b", tmp_path)[1]
    assert vectors.shape == wanted.shape and np.abs(vectors - wanted).max() < 1e-6
    assert {row[0] for row in table(tmp_path / "a", "SELECT DISTINCT profile FROM space")} == {"azure"}


def test_stow_stores_objects_and_says_what_failed(server):
    good = study_files(140)
    assert stow(server, *good) == ([sop(140, n) for n in range(3)], {}, [])
    assert stow(server, *good) == ([sop(140, n) for n in range(3)], {}, [])
    conflict = packed(slice_of(140, 0, 0, StationName="OTHER"))
    report = slice_of(140, 0, 7)
    del report.PixelData
    there, failed, others = stow(server, good[1], conflict, packed(report), b"no object", good[2][:700],
                                 (IMAGES / "gray.png").read_bytes(), status=202)
    assert there == [sop(140, 1)] and failed[sop(140, 0)] == 0x0111 and failed[sop(140, 7)] == 0x0122
    assert set(others) <= {0xC000, 0x0122} and len(others) + len(failed) == 5
    assert stow(server, conflict, status=409) == ([], {sop(140, 0): 0x0111}, [])


def test_stow_to_a_study_takes_objects_of_it_alone(server):
    mine, other = study_files(141), study_files(142)
    path = f"{STOW}/{uid('study', 141)}"
    there, failed, _ = stow(server, *mine, other[0], path=path, status=202)
    assert there == [sop(141, n) for n in range(3)] and failed == {sop(142, 0): 0xA900}
    assert stow(server, *other, path=path, status=409)[1] == {sop(142, n): 0xA900 for n in range(3)}
    assert len(images(server)) == 8 + 3


@pytest.mark.parametrize("content_type, body, status", [
    ("multipart/related; type=\"application/dicom\"", b"--b\r\n\r\nx\r\n--b--\r\n", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=" + "b" * 71, b"x", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"nothing of it", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"--b--\r\n", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"--b\r\nX: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--b--\r\n", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"--b\r\nContent-Type: application/dicom\r\n\r\nDoe^John", 400),
    ("multipart/related; type=\"application/dicom\"; boundary=b", b"--b\r\n\r\nx\r\n" * 2000 + b"--b--\r\n", 413),
    ("multipart/related; type=\"application/dicom\"; boundary=b",
     b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--\r\n", 400),
    ("multipart/related; type=\"application/dicom; boundary=b", b"--b--\r\n", 400),
    ("multipart/related; type=\"application/dicom+xml\"; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 415),
    ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 415), ("application/dicom", b"DICM", 415),
    ("application/json", b"{}", 415)])
def test_a_body_that_is_no_whole_request_is_refused_and_stores_nothing(server, content_type, body, status):
    answer = server.post(STOW, body, headers={"content-type": content_type})
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json" and "Doe" not in answer.json()["error"]["message"]
    assert len(images(server)) == 8


@pytest.mark.parametrize("body, content_type, status", [
    (b"", "multipart/form-data; boundary=form", 400), (b"--form--\r\n", "multipart/form-data; boundary=form", 400),
    (b"x", "multipart/form-data", 400), (b"", "application/dicom", 422),
    (b'--form\r\nContent-Disposition: form-data; name="labels"\r\n\r\na\r\n--form--\r\n', "multipart/form-data; boundary=form", 400),
    (b'--form\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\n--form--\r\n', "multipart/form-data; boundary=form", 400),
    (b'--form\r\nContent-Disposition: form-data; name="file"\r\n\r\nno end', "multipart/form-data; boundary=form", 400)])
def test_a_form_that_makes_no_sense_is_refused(server, body, content_type, status):
    answer = server.post("/v1/archives/a/items", body, headers={"content-type": content_type})
    assert answer.status == status, answer.body
    assert len(images(server)) == 8


def test_more_files_and_bytes_than_the_limits_are_refused(serve, own, tmp_path):
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", "--max-rows", 2, "--max-body", "16K")
    for sent in (form, related):
        body, headers = sent(*study_files(150))
        path = "items" if sent is form else "studies"
        assert server.post(f"/v1/archives/a/{path}", body, headers=headers).status == 413
        body, headers = sent(b"x" * 20_000)
        assert server.post(f"/v1/archives/a/{path}", body, headers=headers).status == 413
    assert outcomes(post_items(server, *study_files(150, slices=2))) == ["stored"] * 2


def test_a_client_that_leaves_does_not_keep_the_archive_from_others(server):
    body, headers = form(*[file for study in range(160, 190) for file in study_files(study)])
    client = server.socket()
    head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **of("all")}.items())
    client.sendall(f"POST /v1/archives/a/items HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    time.sleep(0.3)
    client.close()
    assert outcomes(post_items(server, *study_files(190))) == ["stored"] * 3
    assert (len(images(server)) - 8) % 3 == 0


def test_operators_choose_what_is_kept_of_patients_and_of_pictures(serve, own, tmp_path):
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={own[0]}", "--archive-identifiers", "none",
                   "--archive-thumbnails", 0)
    before = table(own[0], "SELECT count(*) FROM patient")
    post_items(server, *study_files(191, patient="SECRET-ZULU", modality="US", AccessionNumber="ACC-YANKEE"))
    assert table(own[0], "SELECT count(*) FROM patient") == before
    assert table(own[0], "SELECT patient, accession_hash FROM study ORDER BY id DESC LIMIT 1") == [(None, None)]
    assert not any("thumb" in row for row in images(server, "modality=US"))


def test_an_addition_is_logged_and_counted_without_what_was_sent(serve, own, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text(KEYS["all"])
    server = serve("--archive", f"a={own[0]}", "--api-key-file", keys, "--archive-rights", rights_file(tmp_path, ADD))
    files = study_files(192, patient="SECRET-ZULU", name="Meier^Hans", StudyDescription="Thorax Meier")
    said = json.dumps(post_items(server, *files, b"Meier^Hans", status=202, headers=of("all")))
    body, headers = related(*files, packed(slice_of(193, 0, 0, patient="SECRET-ZULU"))[:400])
    said += server.post(STOW, body, headers={**headers, **of("all")}).body.decode()
    first, _ = server.wait_for(lambda: (found := server.records("archive_add")) and len(found) == 2 and found)
    assert (first["archive"], first["parts"], first["found"], first["outcome"]) == ("a", "4", "3", "ok")
    assert first["key"] == digest("all")[:12]
    assert server.metric('mi2_archive_requests_total{action="add",archive="a",outcome="ok"}', headers=of("all")) == 2
    kept = b"".join(path.read_bytes() for path in own[0].iterdir() if path.name.startswith("catalog"))
    for secret in ("Meier", "SECRET"):
        assert secret not in said and secret not in "".join(server.lines) and secret.encode() not in kept
    plain = base64.b64encode(files[0]).decode()
    assert plain[:40] not in "".join(server.lines)

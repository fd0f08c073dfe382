"""mi2 index add from DICOMweb servers: what is there is found, once, whatever their way of saying it; what it asks for,
with which credentials, and how it goes on after a kill."""
import shutil
import ssl
import subprocess
import time

import pytest
from dicom_studies import slice_of, uid, write_study
from dicomweb_support import (PARTIAL, TRAPS, DicomwebServer, fill, locator_of, refused, server,  # noqa: F401 (a fixture)
                              wait_for)
from index_support import add, added, exported, sound, table, totals


@pytest.mark.parametrize("trap", TRAPS)
def test_all_studies_are_found_whatever_the_server_does(mi2, server, tmp_path, trap):
    count = {"slow-503": 1, "caps-at-100": 120}.get(trap, 25)
    fill(server, count)
    archive = tmp_path / "a"
    # Whether there are studies without a date behind the cap, nobody knows.
    status = PARTIAL if trap == "caps-at-100" else 0
    errors = add(mi2, archive, server.url(trap), "--connections", "1", status=status)
    assert added(errors) == count and len(refused(archive)) == (1 if status else 0)
    assert all("studies without a date may be missing" in reason for _, reason in refused(archive).values())
    assert totals(mi2, archive)["studies"] == count
    assert len(server.requests) < 20 * count
    paths = exported(mi2, archive, tmp_path)[0]
    assert sorted(paths) == sorted(locator_of(server, study, 0, 0, trap) for study in range(count))
    objects = len(server.fetched())
    assert added(add(mi2, archive, server.url(trap), "--connections", "1", status=status)) == 0
    assert len(server.fetched()) == objects  # nothing is fetched twice
    assert list((archive / "spool").iterdir()) == []
    sound(mi2, archive)


def test_vectors_are_those_of_the_same_files(mi2, server, tmp_path):
    files = write_study(tmp_path / "in", "x", series=2)
    for s in range(2):
        for n in range(3):
            server.add(slice_of("x", s, n))
    add(mi2, tmp_path / "files", tmp_path / "in")
    add(mi2, tmp_path / "server", server.url())
    assert len(server.fetched()) == 2  # a request per series
    from_files = dict(zip(*exported(mi2, tmp_path / "files", tmp_path)))
    names = {str(path): locator_of(server, "x", place // 3, place % 3) for place, path in enumerate(files)}
    from_server = dict(zip(*exported(mi2, tmp_path / "server", tmp_path)))
    assert set(from_server) == set(names.values())
    for path, name in names.items():
        assert (from_files[path] == from_server[name]).all()
    assert totals(mi2, tmp_path / "server")["pooled"] == 2


def test_only_what_is_new_is_asked_for(mi2, server, tmp_path):
    fill(server, 4, slices=3)
    archive = tmp_path / "a"
    add(mi2, archive, server.url())
    server.add(slice_of(2, 0, 3, patient="P1", StudyDate="20200301"))
    server.add(slice_of("late", 0, 0, StudyDate="20200601"))
    before = len(server.fetched())
    errors = add(mi2, archive, server.url())
    assert added(errors) == 2
    new = server.fetched()[before:]
    assert len(new) == 2
    assert any(path.endswith(f"/instances/{uid('sop', 2, 0, 3)}") for path in new)
    assert any(path.endswith(f"/series/{uid('series', 'late', 0)}") for path in new)
    assert totals(mi2, archive)["images"] == 14


def test_with_a_choice_of_slices_a_series_that_grew_is_fetched_whole(mi2, server, tmp_path):
    fill(server, 1, slices=4)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url(), "--slices", "max:2")) == 2
    before = len(server.fetched())
    assert added(add(mi2, archive, server.url(), "--slices", "max:2")) == 0 and len(server.fetched()) == before
    server.add(slice_of(0, 0, 4, patient="P0", StudyDate="20200101"))
    add(mi2, archive, server.url(), "--slices", "max:2")
    assert server.fetched()[before:][0].endswith(f"/series/{uid('series', 0, 0)}")
    assert added(add(mi2, archive, server.url())) >= 2  # and all of them, if all are wanted now
    assert totals(mi2, archive)["images"] == 5


def test_studies_are_chosen_by_date_and_modality_here_too(mi2, server, tmp_path):
    fill(server, 12)
    query = "?StudyDate=20200401-20200930&ModalitiesInStudy=CT"
    for trap in ("good", "ignores-date", "no-modalities"):
        archive = tmp_path / trap
        assert added(add(mi2, archive, server.url(trap, query))) == 3
        dates = table(archive, "SELECT date FROM study ORDER BY date")
        assert dates == [("2020-05-01",), ("2020-07-01",), ("2020-09-01",)]
    add(mi2, tmp_path / "both", server.url(query="?ModalitiesInStudy=CT,MR&StudyDate=20201001-"))
    assert totals(mi2, tmp_path / "both")["studies"] == 3


def test_studies_without_a_date_are_found_among_many(mi2, server, tmp_path):
    fill(server, 100)
    server.add(slice_of("undated", 0, 0))
    archive = tmp_path / "a"
    add(mi2, archive, server.url("caps-at-100"))
    assert totals(mi2, archive)["studies"] == 101 and refused(archive) == {}


@pytest.mark.parametrize("moment", [1, 4, 7])
def test_a_killed_run_is_gone_on_with(mi2, server, tmp_path, moment):
    fill(server, 8, slices=3)
    hang = {"on": True}

    def stop_in_the_middle(handler, path):
        if not hang["on"] or len(server.fetched()) < moment:
            return False
        time.sleep(60)
        return True

    server.hook = stop_in_the_middle
    archive = tmp_path / "a"
    run = subprocess.Popen([mi2.path, "index", "add", str(archive), server.url()], env=mi2.environment(),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(server.fetched()) >= moment)
    run.kill()
    run.wait()
    hang["on"] = False
    add(mi2, archive, server.url())
    found = totals(mi2, archive)
    assert (found["images"], found["studies"], found["pooled"]) == (24, 8, 8)
    assert list((archive / "spool").iterdir()) == []
    sound(mi2, archive)


def test_a_run_can_be_stopped_while_a_server_is_silent(mi2, server, tmp_path):
    server.hook = lambda handler, path: bool(time.sleep(60)) or True
    run = subprocess.Popen([mi2.path, "index", "add", str(tmp_path / "a"), server.url()], env=mi2.environment(),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: server.requests)
    run.terminate()
    assert run.wait(10) != 0


@pytest.mark.parametrize("trap", ["good", "no-series"])
def test_a_study_over_the_spools_limit_comes_in_several_runs(mi2, server, tmp_path, trap):
    for number in range(30):
        data = slice_of("long", 0, number)
        data.Rows = data.Columns = 64
        data.PixelData = bytes([number]) * (64 * 64 * 2)
        server.add(data)
    archive = tmp_path / "a"
    images = 0
    for _ in range(10):
        done = mi2("index", "add", str(archive), server.url(trap), "--max-spool", "100K",
                   status=PARTIAL if images < 20 else 0)
        assert added(done.errors) > 0
        images = totals(mi2, archive)["images"]
        if images == 30:
            break
        assert "--max-spool" in done.errors
    assert images == 30 and refused(archive) == {}


def test_objects_without_pixels_are_counted_and_not_asked_for_again(mi2, server, tmp_path):
    fill(server, 1)
    report = slice_of(0, 1, 0, patient="P0", modality="SR", StudyDate="20200101")
    for name in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel",
                 "PixelRepresentation", "PhotometricInterpretation"):
        delattr(report, name)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    server.add(report)
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url())
    assert added(errors) == 1 and "1 objects have no pixels" in errors
    before = len(server.fetched())
    add(mi2, archive, server.url())
    assert len(server.fetched()) == before


def test_what_was_removed_comes_back_with_its_source(mi2, server, tmp_path):
    fill(server, 3)
    archive = tmp_path / "a"
    add(mi2, archive, server.url())
    mi2("index", "rm", str(archive), "--study", str(uid("study", 1)), "--yes", with_model=False)
    before = len(server.fetched())
    assert added(add(mi2, archive, server.url())) == 1 and len(server.fetched()) == before + 1


def test_an_object_in_a_folder_too_is_a_copy_and_stays_where_it_was(mi2, server, tmp_path):
    [path] = write_study(tmp_path / "in", "x", slices=1)
    server.add(slice_of("x", 0, 0))
    first, archive = tmp_path / "a", tmp_path / "b"
    add(mi2, first, server.url())
    assert "1 copies" in add(mi2, first, path)
    assert exported(mi2, first, tmp_path)[0] == [locator_of(server, "x", 0, 0)]
    assert added(add(mi2, first, server.url())) == 0 and "1 files unchanged" in add(mi2, first, path)
    add(mi2, archive, path)
    assert "1 copies" in add(mi2, archive, server.url())
    before = len(server.fetched())
    add(mi2, archive, server.url())
    assert len(server.fetched()) == before and exported(mi2, archive, tmp_path)[0] == [str(path)]


def test_an_object_whose_file_is_gone_is_on_the_server_now(mi2, server, tmp_path):
    [path] = write_study(tmp_path / "in", "x", slices=1)
    server.add(slice_of("x", 0, 0))
    archive = tmp_path / "a"
    add(mi2, archive, path)
    path.unlink()
    assert "1 files moved" in add(mi2, archive, server.url())
    assert exported(mi2, archive, tmp_path)[0] == [locator_of(server, "x", 0, 0)]


def test_another_object_of_the_same_identifier_is_a_conflict(mi2, server, tmp_path):
    [path] = write_study(tmp_path / "in", "x", slices=1)
    other = slice_of("x", 0, 0)
    other.PixelData = bytes(len(other.PixelData))
    server.add(other)
    archive = tmp_path / "a"
    add(mi2, archive, path)
    assert "1 conflicts" in add(mi2, archive, server.url())
    assert table(archive, "SELECT locator FROM conflict") == [(locator_of(server, "x", 0, 0),)]
    before = len(server.fetched())
    add(mi2, archive, server.url())
    assert len(server.fetched()) == before


def test_credentials_come_from_a_file_or_the_environment_and_are_kept_nowhere(mi2, server, tmp_path, monkeypatch):
    fill(server, 1)
    wanted = {"value": "Bearer a-token-for-tests"}

    def guard(handler, path):
        if handler.headers.get("Authorization") == wanted["value"]:
            return False
        server.send(handler, 401)
        return True

    server.hook = guard
    archive, secret = tmp_path / "a", tmp_path / "secret"
    assert "asks for credentials" in add(mi2, archive, server.url(), status=3)
    secret.write_text("bearer wrong-token\n")
    errors = add(mi2, archive, server.url(), "--credentials", secret, status=3)
    assert "refuses the credentials" in errors and "wrong-token" not in errors
    secret.write_text("bearer a-token-for-tests\n")
    errors = add(mi2, archive, server.url(), "--credentials", secret)
    assert added(errors) == 1 and "go over http" in errors and "a-token" not in errors
    wanted["value"] = "Basic bmFtZTpwYXNz"
    monkeypatch.setenv("MI2_DICOMWEB_CREDENTIALS", "basic name:pass")
    assert added(add(mi2, tmp_path / "b", server.url())) == 1
    for path in [*archive.rglob("*"), *(tmp_path / "b").rglob("*")]:
        content = path.read_bytes() if path.is_file() else b""
        assert b"a-token" not in content and b"name:pass" not in content and b"bmFtZTpwYXNz" not in content


@pytest.mark.parametrize("source", ["dicomweb:https://name:pass-word@host/dicom-web", "dicomweb:ftp://host/pass-word",
                                    "dicomweb:https://host/x?PatientID=pass-word", "dicomweb:https://host/#pass-word",
                                    "orthanc:http://host?StudyDate=20200101", "dicomweb:https://host?StudyDate=2020",
                                    "dicomweb:", "dicomweb:https://host?StudyDate=20200230"])
def test_a_source_that_is_none_is_refused_without_being_repeated(mi2, tmp_path, source):
    errors = add(mi2, tmp_path / "a", source, status=2)
    assert "source: " in errors and "pass-word" not in errors and not (tmp_path / "a").exists()


def test_a_url_of_another_kind_is_refused_without_being_repeated(mi2, tmp_path):
    errors = add(mi2, tmp_path / "a", "https://name:pass-word@host/dicom-web", status=4)
    assert "dicomweb:URL" in errors and "pass-word" not in errors


def test_a_server_comes_alone(mi2, server, tmp_path):
    assert "one server" in add(mi2, tmp_path / "a", server.url(), tmp_path, status=2)


def test_certificates_are_verified(mi2, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out",
                    tmp_path / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    secure = DicomwebServer()
    secure.encrypt(context)
    with secure:
        fill(secure, 2)
        url = secure.url().replace("http://127.0.0.1", "https://localhost")
        assert "certificate" in add(mi2, tmp_path / "a", url, status=3)
        assert added(add(mi2, tmp_path / "b", url, "--ca-file", tmp_path / "cert.pem")) == 2


def test_a_dry_run_lists_and_fetches_nothing(mi2, server, tmp_path):
    fill(server, 5)
    archive = tmp_path / "a"
    assert "5 studies would be asked for, of 5" in add(mi2, archive, server.url(), "--dry-run")
    assert server.fetched() == [] and not archive.exists()
    add(mi2, archive, server.url())
    server.add(slice_of(9, 0, 0))
    assert "1 studies would be asked for, of 6" in add(mi2, archive, server.url(), "--dry-run")


def test_a_rate_is_kept(mi2, server, tmp_path):
    fill(server, 3)
    start = time.monotonic()
    add(mi2, tmp_path / "a", server.url(), "--rate", "5")
    assert time.monotonic() - start > (len(server.requests) - 1) / 5 - 0.1


def test_the_help_says_how_servers_are_named(mi2):
    text = mi2("index", "add", "--help", with_model=False).stdout.decode()
    assert "orthanc:http" in text and "MI2_DICOMWEB_CREDENTIALS" in text and "--max-spool" in text

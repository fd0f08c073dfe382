"""mi2 index add from DICOMweb servers that misbehave or go away: what cannot be got is refused by name and tried again,
and the rest is taken."""
import json
import re

import pytest
from dicom_studies import slice_of, uid
from dicomweb_support import PARTIAL, DicomwebServer, fill, locator_of, refused, server  # noqa: F401 (a fixture)
from index_support import add, added, stats


def test_what_a_cut_answer_lacks_is_fetched_by_itself(mi2, server, tmp_path):
    fill(server, 2, slices=4)

    def cut(handler, path):
        if "multipart" not in handler.headers["Accept"] or "/instances/" in path:
            return False
        parts = path.strip("/").split("/")[1:]
        body = server.body_of("good", server.objects(parts))
        server.send(handler, 200, body[:len(body) // 2], 'multipart/related; boundary=B', length=len(body))
        handler.close_connection = True
        return True

    server.hook = cut
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url())) == 8
    one_by_one = [path for path in server.fetched() if "/instances/" in path]
    assert 0 < len(one_by_one) < 8  # what had come whole before the cut is kept
    assert refused(archive) == {}


def test_what_fails_is_refused_by_name_and_tried_again(mi2, server, tmp_path):
    fill(server, 3, slices=2)
    lost = uid("sop", 1, 0, 1)

    def fail(handler, path):
        whole = path.endswith(f"/series/{uid('series', 1, 0)}")
        if "multipart" not in handler.headers["Accept"] or not (whole or path.endswith(f"/instances/{lost}")):
            return False
        server.send(handler, 500, b"Meier^Hans")
        return True

    server.hook = fail
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url(), status=PARTIAL)
    name = locator_of(server, 1, 0, 1)
    assert added(errors) == 5 and f"{name}: the server answers 500" in errors
    assert list(refused(archive)) == [name] and "Meier" not in errors
    assert stats(mi2, archive)["totals"]["refused"] == 1
    before = len(server.fetched())
    add(mi2, archive, server.url(), status=PARTIAL)  # it, and nothing else
    assert [path.rpartition("/")[2] for path in server.fetched()[before:]] == [lost]
    server.hook = None
    assert added(add(mi2, archive, server.url())) == 1 and refused(archive) == {}


def short_lists(server, most=12):
    """Lists of what is in a study have so many rows, whatever offset they are asked for from."""
    def answer(handler, path):
        trap, *parts = path.partition("?")[0].strip("/").split("/")
        if len(parts) < 3 or "multipart" in handler.headers["Accept"]:
            return False
        server.send(handler, 200, json.dumps(server.rows(trap, parts, {})[:most]).encode())
        return True
    server.hook = answer


def test_a_study_whose_lists_are_cut_is_refused_by_its_numbers(mi2, server, tmp_path):
    fill(server, 1, series=20)
    short_lists(server)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url(), status=PARTIAL)) == 12
    name = f"{server.url()}/studies/{uid('study', 0)}"
    assert refused(archive) == {name: ("bad_file", f"{name}: the server counts 20 objects, and lists 12")}
    assert added(add(mi2, archive, server.url(), status=PARTIAL)) == 0
    server.hook = None
    assert added(add(mi2, archive, server.url())) == 8 and refused(archive) == {}


def test_a_series_whose_answer_and_list_are_cut_is_refused_by_its_numbers(mi2, server, tmp_path):
    fill(server, 2, slices=20)
    short_lists(server)
    lists = server.hook

    def cut(handler, path):
        if "multipart" not in handler.headers["Accept"] or "/instances/" in path:
            return lists(handler, path)
        body = server.body_of("good", server.objects(path.strip("/").split("/")[1:])[:12])
        server.send(handler, 200, body, 'multipart/related; boundary=B; type="application/dicom"')
        return True

    server.hook = cut
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url(), status=PARTIAL)) == 24
    names = {f"{server.url()}/studies/{uid('study', study)}/series/{uid('series', study, 0)}" for study in range(2)}
    assert {name: reason for name, (_, reason) in refused(archive).items()} == {
        name: f"{name}: the server counts 20 objects, and lists 12" for name in names}
    server.hook = None
    assert added(add(mi2, archive, server.url())) == 16 and refused(archive) == {}


def test_a_server_that_stays_busy_costs_a_study_and_not_the_run(mi2, server, tmp_path):
    fill(server, 3)

    def busy(handler, path):
        if str(uid("study", 1)) not in path:
            return False
        server.send(handler, 503, Retry_After=0)
        return True

    server.hook = busy
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url(), status=PARTIAL)
    assert added(errors) == 2 and "busy (503)" in errors
    [(locator, (code, _))] = refused(archive).items()
    assert locator == f"{server.url()}/studies/{uid('study', 1)}" and code == "overloaded"


def test_redirects_are_followed_on_the_host_alone(mi2, server, tmp_path):
    fill(server, 1)

    def redirect(handler, path):
        if not path.startswith("/old/"):
            return False
        server.send(handler, 307, Location="/good/" + path.removeprefix("/old/"))
        return True

    server.hook = redirect
    assert added(add(mi2, tmp_path / "a", server.url("old"))) == 1
    with DicomwebServer() as other:
        fill(other, 1)
        server.hook = lambda handler, path: server.send(
            handler, 302, Location=f"http://127.0.0.1:{other.port}{path}") or True
        errors = add(mi2, tmp_path / "b", server.url(), status=3)
        assert "redirects to another host" in errors and other.requests == []


def test_an_object_over_the_limit_is_refused_alone(mi2, server, tmp_path):
    fill(server, 1, slices=3)
    large = slice_of(0, 0, 3, patient="P0", StudyDate="20200101")
    large.Rows = large.Columns = 256
    large.PixelData = bytes(256 * 256 * 2)
    server.add(large)
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url(), "--max-file-size", "50000", status=PARTIAL)
    assert added(errors) == 3
    [(locator, (code, reason))] = refused(archive).items()
    assert locator == locator_of(server, 0, 0, 3) and code == "too_large" and "50000" in reason


def test_an_object_that_may_have_been_cut_is_not_taken(mi2, server, tmp_path):
    fill(server, 1)

    def without_length(handler, path):
        if "multipart" not in handler.headers.get("Accept", ""):
            return False
        handler.send_response(200)
        handler.send_header("Content-Type", "application/dicom")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(server.objects(path.strip("/").split("/")[1:])[0])
        handler.close_connection = True
        return True

    server.hook = without_length
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url(), status=3)) == 0
    assert "may have been cut" in refused(archive)[locator_of(server, 0, 0, 0)][1]
    server.hook = None
    assert added(add(mi2, archive, server.url())) == 1 and refused(archive) == {}


def test_objects_of_another_study_are_not_taken(mi2, server, tmp_path):
    fill(server, 2)
    series = next(iter(server.studies[str(uid("study", 0))]["series"].values()))
    other = next(iter(server.studies[str(uid("study", 1))]["series"].values()))
    series["objects"] = {key: content for key, content in zip(series["objects"], other["objects"].values())}
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url(), status=PARTIAL)
    assert added(errors) == 1 and "an object of another study came" in errors
    assert locator_of(server, 0, 0, 0) in refused(archive)


def test_uids_that_would_lead_elsewhere_are_refused(mi2, server, tmp_path):
    fill(server, 1)
    server.studies["../../instances"] = {"date": "20200101", "series": {"1.2": {"modality": "CT", "objects": {}}}}
    archive = tmp_path / "a"
    errors = add(mi2, archive, server.url(), status=PARTIAL)
    assert added(errors) == 1 and "1 studies without a usable UID" in errors
    assert not server.asked("..") and len(refused(archive)) == 1


@pytest.mark.parametrize("answer", [b"[" * 100_000, b'{"a": 1}', b"<html>", b"[1]", b'[{"0020000D": ' * 5])
def test_a_list_that_is_none_ends_the_run(mi2, server, tmp_path, answer):
    server.hook = lambda handler, path: server.send(handler, 200, answer) or True
    errors = add(mi2, tmp_path / "a", server.url(), status=3)
    assert "/studies: " in errors and len(errors) < 1000


def test_a_boundary_in_the_pixels_ends_no_part_that_says_its_length(mi2, server, tmp_path):
    data = slice_of("x", 0, 0)
    data.PixelData = b"\r\n--B\r\n" + data.PixelData[7:]
    server.add(data)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url("part-length"))) == 1 and refused(archive) == {}


def test_a_server_that_is_not_there_ends_the_run(mi2, tmp_path):
    with DicomwebServer() as gone:
        url = gone.url()
    errors = add(mi2, tmp_path / "a", url, status=3)
    assert f"{url}: nobody answers there" in errors


def test_nothing_of_a_patient_is_said(mi2, server, tmp_path):
    fill(server, 2)
    server.hook = lambda handler, path: "multipart" in handler.headers["Accept"] and (
        server.send(handler, 200, b"--B\r\n\r\nMeier^Hans P0\r\n--B--", "multipart/related; boundary=B") or True)
    errors = add(mi2, tmp_path / "a", server.url(), status=3)
    assert "no DICOM object" in errors and not re.search(r"Meier|Hans|\bP0\b", errors)

"""rm --source: all that came from one source goes, and adding it again adds everything."""
import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from dicom_studies import slice_of, uid, write, write_study
from dicomweb_support import fill, server  # noqa: F401 (a fixture)
from index_support import add, added, exported, query, sound, stats, table, totals
from orthanc_server import OrthancServer
from postgres_support import machine, postgres, url  # noqa: F401 (fixtures)


@pytest.fixture
def two(mi2, tmp_path):
    """An archive of two folders, the second of which has the first study of the first, too."""
    write_study(tmp_path / "one", "a")
    write_study(tmp_path / "one", "b")
    write_study(tmp_path / "two", "c", slices=2)
    shutil.copytree(tmp_path / "one" / "a", tmp_path / "two" / "a")
    add(mi2, tmp_path / "archive", tmp_path / "one")
    add(mi2, tmp_path / "archive", tmp_path / "two")
    return tmp_path / "archive"


def rm(mi2, archive, *arguments, status=0, **options):
    return mi2("index", "rm", str(archive), *map(str, arguments), "--yes", status=status, with_model=False, **options).errors


def test_what_came_from_a_source_goes_and_comes_back_with_it(mi2, two, tmp_path):
    assert stats(mi2, two)["sources"] == {f"folder {tmp_path / 'one'}": 6, f"folder {tmp_path / 'two'}": 2}
    assert "6 images of 6 objects removed" in rm(mi2, two, "--source", tmp_path / "one")
    assert {Path(name).parts[-3] for name in exported(mi2, two, tmp_path)[0]} == {"c"}
    sound(mi2, two)
    assert added(add(mi2, two, tmp_path / "one")) == 6 and totals(mi2, two)["images"] == 8
    assert added(add(mi2, two, tmp_path / "one")) == 0
    sound(mi2, two)


def test_an_object_of_two_sources_goes_with_the_first_and_comes_back_with_the_other(mi2, two, tmp_path):
    rm(mi2, two, "--source", tmp_path / "two")
    assert totals(mi2, two)["images"] == 6  # what it has twice is of the first
    rm(mi2, two, "--source", tmp_path / "one")
    assert totals(mi2, two)["images"] == 0
    assert added(add(mi2, two, tmp_path / "two")) == 5
    assert stats(mi2, two)["sources"][f"folder {tmp_path / 'two'}"] == 5
    sound(mi2, two)


@pytest.mark.parametrize("name", ["one", "one/", "./one", "{}/one", "folder {}/one"])
def test_a_source_is_named_as_stats_does_or_by_a_path(mi2, two, tmp_path, name):
    assert "6 images" in rm(mi2, two, "--source", name.format(tmp_path), cwd=tmp_path)


def test_an_unknown_source_is_refused_with_the_nearest(mi2, two, tmp_path):
    assert f"did you mean '{tmp_path}/one'?" in rm(mi2, two, "--source", tmp_path / "onn", status=7)
    assert "'mi2 index stats' lists them" in rm(mi2, two, "--source", "orthanc:http://pacs.example", status=7)
    assert "expected one of --study, --patient, --where and --source" in rm(mi2, two, "--source", "one", "--study", "1", status=2)
    assert totals(mi2, two)["images"] == 8


def test_with_erase_its_name_goes_too(mi2, two, tmp_path):
    rm(mi2, two, "--source", tmp_path / "two")
    assert f"folder {tmp_path / 'two'}" in stats(mi2, two)["sources"]
    rm(mi2, two, "--source", tmp_path / "one", "--erase")
    rm(mi2, two, "--source", tmp_path / "two", "--erase")  # of which nothing is left
    assert stats(mi2, two)["sources"] == {}
    content = b"".join(path.read_bytes() for path in two.rglob("*") if path.is_file())
    assert f"{tmp_path}/one".encode() not in content and f"{tmp_path}/two".encode() not in content
    sound(mi2, two)
    assert added(add(mi2, two, tmp_path / "one")) == 6
    sound(mi2, two)


def test_without_yes_nothing_goes(mi2, two):
    errors = mi2("index", "rm", str(two), "--source", str(two.parent / "one"), status=2, with_model=False).errors
    assert "6 images of 6 objects would go; --yes removes them" in errors and totals(mi2, two)["images"] == 8


def test_a_server_is_gone_through_again(mi2, server, tmp_path):  # noqa: F811
    fill(server, 3, slices=2)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, server.url())) == 6
    [source] = stats(mi2, archive)["sources"]
    rm(mi2, archive, "--source", source.split(" ", 1)[1])
    assert totals(mi2, archive)["images"] == 0
    assert added(add(mi2, archive, server.url())) == 6 and added(add(mi2, archive, server.url())) == 0


def test_an_orthanc_is_read_from_its_first_change_again(mi2, tmp_path):
    with OrthancServer() as orthanc:
        for n in range(3):
            orthanc.add(slice_of(0, 0, n))
        archive = tmp_path / "a"
        assert added(add(mi2, archive, orthanc.url())) == 3
        rm(mi2, archive, "--source", orthanc.url())
        assert table(archive, "SELECT coalesce(cursor, '') FROM source") == [("",)]
        assert added(add(mi2, archive, orthanc.url())) == 3 and added(add(mi2, archive, orthanc.url())) == 0


def test_a_restart_goes_through_an_orthanc_again_without_adding_twice(mi2, tmp_path):
    with OrthancServer() as orthanc:
        for n in range(3):
            orthanc.add(slice_of(0, 0, n))
        archive = tmp_path / "a"
        assert added(add(mi2, archive, orthanc.url())) == 3
        before = len(orthanc.asked_for_all())
        assert added(add(mi2, archive, "--restart", orthanc.url())) == 0 and len(orthanc.asked_for_all()) > before
        rm(mi2, archive, "--study", uid("study", 0))
        assert added(add(mi2, archive, orthanc.url())) == 0  # the list of changes has nothing new
        assert added(add(mi2, archive, "--restart", orthanc.url())) == 3
        [(cursor,)] = table(archive, "SELECT cursor FROM source")
        assert cursor.split()[0] == "9"


def test_a_restart_of_a_dicomweb_server_is_a_run_like_any_other(mi2, server, tmp_path):  # noqa: F811
    fill(server, 2)
    assert added(add(mi2, tmp_path / "a", "--restart", server.url())) == 2
    assert added(add(mi2, tmp_path / "a", "--restart", server.url())) == 0


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_a_restart_of_files_or_of_what_is_only_shown_is_refused(mi2, server, tmp_path, more):  # noqa: F811
    source = server.url() if more else write_study(tmp_path / "in", "a")[0]
    assert "--restart" in add(mi2, tmp_path / "a", "--restart", *more, source, status=2)
    assert not (tmp_path / "a").exists()


def refuse(handler, _path):
    """A server that asks for credentials, and says more than it should."""
    handler.send_response(401, "Meier^Hans")
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"Meier^Hans")
    return True


def test_why_a_server_could_not_be_read_stands_in_stats_until_it_can(mi2, server, tmp_path, monkeypatch):  # noqa: F811
    fill(server, 2)
    archive = tmp_path / "a"
    monkeypatch.setenv("MI2_DICOMWEB_CREDENTIALS", "bearer Geheimnis")
    server.hook = refuse
    add(mi2, tmp_path / "none", server.url(), status=3)  # is no source yet
    assert stats(mi2, tmp_path / "none")["source_details"] == []
    server.hook = None
    add(mi2, archive, server.url())
    [source] = stats(mi2, archive)["source_details"]
    assert source == {"number": 1, "kind": "dicomweb", "url": server.url(), "objects": 2}
    server.hook = refuse
    add(mi2, archive, server.url(), status=3)
    [source] = stats(mi2, archive)["source_details"]
    assert re.match(r"20\d\d-\d\d-\d\dT[\d:.]+Z bad_file: .*401", source["last_error"])
    assert "Meier" not in source["last_error"] and server.url() not in source["last_error"]
    content = b"".join(path.read_bytes() for path in archive.rglob("*") if path.is_file())
    assert b"Geheimnis" not in content
    shown = mi2("index", "stats", str(archive), with_model=False).stdout.decode()
    assert f"not read: {source['last_error']}" in shown and f"dicomweb {server.url()}" in shown
    server.hook = None
    add(mi2, archive, server.url())
    assert "last_error" not in stats(mi2, archive)["source_details"][0]
    sound(mi2, archive)


def test_of_a_list_that_cannot_be_read_the_reason_is_kept_and_no_place(mi2, server, tmp_path):  # noqa: F811
    fill(server, 2)
    archive = tmp_path / "a"
    add(mi2, archive, server.url())

    def fail(handler, path):
        server.send(handler, 500, b"Meier^Hans")
        return True
    server.hook = fail
    assert f"{server.url()}/studies: the server answers 500" in add(mi2, archive, server.url(), status=3)
    [source] = stats(mi2, archive)["source_details"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z bad_file: the server answers 500", source["last_error"])


def test_an_option_that_a_server_cannot_do_is_no_fault_of_the_server(mi2, tmp_path):
    with OrthancServer() as orthanc:
        orthanc.add(slice_of(0, 0, 0))
        archive = tmp_path / "a"
        add(mi2, archive, orthanc.url())
        assert "--slices all" in add(mi2, archive, orthanc.url(), "--slices", "max:2", status=4)
        assert "last_error" not in stats(mi2, archive)["source_details"][0]


def test_an_archive_without_a_spool_is_no_fault_of_the_server(mi2, server, tmp_path):  # noqa: F811
    fill(server, 2)
    archive = tmp_path / "a"
    add(mi2, archive, server.url())
    shutil.rmtree(archive / "spool")
    (archive / "spool").write_bytes(b"")
    assert "spool: the folder cannot be made" in add(mi2, archive, server.url(), status=3)
    assert "last_error" not in stats(mi2, archive)["source_details"][0]


def test_a_source_is_named_by_its_number_too(mi2, two, tmp_path):
    first, second = stats(mi2, two)["source_details"]
    assert (first["url"], first["objects"], second["url"], second["objects"]) == (
        str(tmp_path / "one"), 6, str(tmp_path / "two"), 2)
    rows = query(mi2, two, "--text", "lung", "--by", "image", "-k", 100, "--where", f"source={second['number']}")
    assert {Path(row["path"]).parts[-3] for row in rows} == {"c"}
    assert "2 images" in rm(mi2, two, "--source", second["number"])
    assert "no source of this name" in rm(mi2, two, "--source", 99, status=7)
    assert totals(mi2, two)["images"] == 6


def test_a_number_that_is_also_a_path_is_refused_as_long_as_they_differ(mi2, two, tmp_path):
    write_study(tmp_path / "1", "d")
    add(mi2, two, tmp_path / "1")
    assert "expected ./1 for the path" in rm(mi2, two, "--source", "1", status=2, cwd=tmp_path)
    assert "3 images" in rm(mi2, two, "--source", "./1", "--erase", cwd=tmp_path)  # or its name would stay
    assert "6 images" in rm(mi2, two, "--source", "1")


def test_files_of_vectors_are_sources_too(mi2, tmp_path):
    files = write_study(tmp_path / "in", "a")
    mi2("embed", "--provenance", "--out", str(tmp_path / "v.npy"), str(tmp_path / "in"))
    archive = tmp_path / "a"
    assert added(add(mi2, archive, tmp_path / "v.npy")) == len(files)
    assert "3 images of 3 objects" in rm(mi2, archive, "--source", tmp_path / "v.npy")
    assert added(add(mi2, archive, tmp_path / "v.npy")) == len(files)


def test_in_a_database_everybody_sees_it_gone(mi2, url, machine, two, tmp_path):  # noqa: F811
    mi2("index", "share", str(two), url, with_model=False)
    rm(mi2, url, "--source", tmp_path / "one")
    machine("other")
    assert totals(mi2, url)["images"] == 2
    rm(mi2, url, "--source", tmp_path / "two", "--erase")
    machine("third")
    assert list(stats(mi2, url)["sources"]) == [f"folder {tmp_path / 'one'}"]
    assert added(add(mi2, url, tmp_path / "one")) == 6
    mi2("index", "verify", "--deep", url, with_model=False)

"""Archives in PostgreSQL: what is received into one, pushed, mapped and backed up, and what is said while it is away."""
import json
import re
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager

import pytest
from dicom_peer import Peer
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, exported, query, sound, totals
from listen_support import encoded, listening, send, until, with_tools  # noqa: F401
from postgres_support import PASSWORD, machine, postgres, replica_of, schema_of, url  # noqa: F401
from push_support import made_in, make_archive, push
from pydicom.uid import CTImageStorage

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def archive(mi2, tmp_path_factory):
    """Three studies in a folder, and a card of a search of them."""
    return make_archive(mi2, tmp_path_factory.mktemp("made"))


@pytest.fixture
def copied(mi2, archive, url):
    mi2("index", "share", str(archive / "a"), url, with_model=False)
    return url


def images(mi2, url):
    return totals(mi2, url)["images"]


@with_tools
def test_what_is_received_while_the_database_is_away_outlives_a_kill(mi2, postgres, url, machine, listening, tmp_path):
    own, spool = machine("listener"), tmp_path / "waits" / "spool"
    options = ("--spool", spool)
    server = listening(*options, archive=url)
    send(server.port, *write_study(tmp_path / "in", "x"))
    until(lambda: images(mi2, url) == 3 and not list(spool.glob("*.dcm")))
    assert spool.stat().st_mode & 0o077 == 0
    with postgres.away():
        send(server.port, *write_study(tmp_path / "in", "y"))  # is told that they are stored
        until(lambda: "nothing can be added to the archive for now" in server.said())
        assert len(list(spool.glob("*.dcm"))) == 3 and PASSWORD not in server.said()
        server.process.kill()
        server.process.wait()
    shutil.rmtree(own)  # a replica may be deleted
    again = listening(*options, archive=url)
    until(lambda: images(mi2, url) == 6 and not list(spool.glob("*.dcm")))
    assert "3 objects are left in the spool" in again.said() and again.end() == 0
    machine("other")
    assert images(mi2, url) == 6 and "sound" in sound(mi2, url)
    names, _ = exported(mi2, url, tmp_path)
    assert all(name.startswith("dimse:SENDER/") for name in names)


@with_tools
def test_what_two_listeners_receive_is_there_once(mi2, url, machine, listening, tmp_path):
    files = write_study(tmp_path / "in", "x", series=2)
    for name, said in (("one", "6 images added"), ("other", "6 copies")):
        machine(name)
        server = listening("--spool", tmp_path / name, archive=url, quiet=2)
        send(server.port, *files, calling=name.upper())
        until(lambda server=server, said=said: said in server.said())
    assert images(mi2, url) == 6
    assert not [path for name in ("one", "other") for path in (tmp_path / name).glob("*.dcm")]


def test_an_identifier_that_no_database_takes_is_in_nobodys_way(mi2, postgres, url, listening, tmp_path):
    server = listening("--spool", tmp_path / "spool", "--identifiers", "keep", archive=url)
    peer = Peer(server.port, CTImageStorage)
    for number in range(3):
        content = encoded(slice_of("x", 0, number, patient="AB#CD", AccessionNumber="12#34"))
        content = content.replace(b"AB#CD", b"AB\0CD").replace(b"12#34", b"12\00034")
        assert peer.store(CTImageStorage, uid("sop", "x", 0, number), content) == 0
    until(lambda: images(mi2, url) == 3 and not list((tmp_path / "spool").glob("*.dcm")))
    assert "nothing can be added" not in server.said() and server.end() == 0


def test_a_listener_into_a_database_is_told_where_objects_wait(mi2, postgres, url, tmp_path):
    assert "--spool" in mi2("listen", "--port", "0", url, status=2).errors
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    (other / "mine").write_text("x")
    said = mi2("listen", "--port", "0", "--spool", str(other), url, status=2).errors
    assert "expected a spool or an empty folder" in said and other.stat().st_mode & 0o077 != 0
    with postgres.away():
        assert "cannot connect" in mi2("listen", "--port", "0", "--spool", str(tmp_path / "s"), url, status=6).errors


def test_what_is_said_to_be_committed_is_on_the_disk_of_the_database(mi2, postgres, copied, tmp_path):
    schema = schema_of(copied)
    postgres.sql(f"SET search_path TO {schema}; CREATE TABLE seen (how text);"
                 "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                 f" INSERT INTO {schema}.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END$$;"
                 "CREATE TRIGGER see AFTER INSERT ON commit FOR EACH ROW EXECUTE FUNCTION see()")
    for configured, used in (("off", "on"), ("local", "local")):
        postgres.sql(f"ALTER ROLE owner SET synchronous_commit = {configured}")
        add(mi2, copied, *write_study(tmp_path / configured, configured))
        assert {row[0] for row in postgres.sql(f"SELECT how FROM {schema}.seen")} == {used}
        postgres.sql(f"ALTER ROLE owner RESET synchronous_commit; DELETE FROM {schema}.seen")


def test_results_are_pushed_as_from_the_folder(mi2, archive, copied, tmp_path):
    (card,) = (archive / "cards").glob("*.json")
    for name, where in (("folder", archive / "a"), ("database", copied)):
        push(mi2, where, card, "--out", tmp_path / name)
    ours, theirs = (made_in(tmp_path / name) for name in ("database", "folder"))
    assert len(ours) == 6
    assert {what: path.name for what, path in ours.items()} == {what: path.name for what, path in theirs.items()}


def test_a_backup_is_an_archive_of_its_own(mi2, postgres, copied, archive, machine, tmp_path):
    machine("new")
    said = mi2("index", "backup", copied, str(tmp_path / "b"), with_model=False).errors
    assert "12 rows of snapshot" in said and "sound" in sound(mi2, tmp_path / "b")
    assert query(mi2, tmp_path / "b", "--text", TEXT, "-k", "9") == query(mi2, archive / "a", "--text", TEXT, "-k", "9")
    add(mi2, tmp_path / "b", *write_study(tmp_path / "in", "w"))
    assert images(mi2, tmp_path / "b") == 12 and images(mi2, copied) == 9
    with postgres.away():
        assert "cannot connect" in mi2("index", "backup", copied, str(tmp_path / "c"), with_model=False, status=6).errors
    assert not (tmp_path / "c").exists()


def test_each_machine_keeps_a_map_that_follows_what_is_erased(mi2, copied, archive, machine):
    def points(where):
        text = mi2("index", "map", str(where), "--format", "csv", with_model=False).stdout.decode()
        return {line.split(",")[0]: line for line in text.splitlines()[1:]}

    machine("first")
    before = points(copied)
    assert before == points(archive / "a")  # the same rows at the same places
    machine("other")
    assert points(copied) == before
    mi2("index", "rm", copied, "--study", uid("study", "y"), "--erase", "--yes", with_model=False)
    machine("first")
    after = points(copied)
    assert len(before) == 9 and len(after) == 6 and after.items() <= before.items()


def test_what_takes_folders_alone_says_the_way_round(mi2, copied, archive, tmp_path):
    new = str(tmp_path / "new")
    for command, way in ((["reembed", copied, new], "'mi2 index share NEW URL'"), (["compact", copied], "VACUUM"),
                         (["share", copied, copied + "2"], "'mi2 index backup URL FOLDER'")):
        assert way in mi2("index", *command, status=2).errors
    # Which leads there.
    mi2("index", "backup", copied, str(tmp_path / "old"), with_model=False)
    mi2("index", "reembed", str(tmp_path / "old"), new)
    mi2("index", "share", new, copied + "2", with_model=False)
    assert images(mi2, copied + "2") == 9
    (overlap,) = mi2.rows("index", "overlap", str(archive / "a"), copied + "2", "--format", "json", with_model=False)
    assert overlap["in_both"] == 9
    mi2("index", "compact", replica_of(mi2, copied), with_model=False)


@contextmanager
def served(mi2, url, folder):
    """@yields what asks a server for a path, and what reads its log."""
    log = folder / "log"
    with log.open("w") as file:
        server = subprocess.Popen([mi2.path, "serve", "--port", "0", "--model", mi2.model, "--archive", f"main={url}"],
                                  stdout=subprocess.PIPE, stderr=file, text=True)
    root = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())[1]

    def get(path):
        with urllib.request.urlopen(root + path, timeout=30) as answer:
            return answer.read().decode()

    def events(name):
        found = [json.loads(line) for line in log.read_text().splitlines()]
        return [one for one in found if one["event"] == name]
    try:
        yield get, events
    finally:
        server.terminate()
        assert server.wait(60) == 0


def test_a_server_says_how_old_its_answers_are_while_the_database_is_away(mi2, postgres, copied, machine, tmp_path):
    def database():
        return json.loads(get("/v1/archives/main"))["database"]

    def age():
        return float(re.search(r'^mi2_archive_follow_seconds\{archive="main"\} (\S+)$', get("/metrics"), re.MULTILINE)[1])

    with served(mi2, copied, tmp_path) as (get, events):
        until(lambda: json.loads(get("/v1/models"))["data"])
        assert database()["answers"] and 0 <= database()["seconds"] < 60 and events("archive_stale") == []
        with postgres.away():
            until(lambda: not database()["answers"])
            first = age()
            until(lambda: age() >= first + 3)  # it is tried again meanwhile
            stats = json.loads(get("/v1/archives/main/stats"))
            assert stats["totals"]["images"] == 9 and stats["database"]["seconds"] >= 3
            (stale,) = events("archive_stale")
            assert stale["archive"] == "main" and stale["level"] == "warning" and PASSWORD not in json.dumps(stale)
            get("/health/ready")
            assert events("archive_follows") == []
            assert "cannot connect" in mi2("index", "search", copied, "--text", TEXT, status=6).errors
        until(lambda: database()["answers"])
        (follows,) = events("archive_follows")
        assert follows["archive"] == "main" and len(events("archive_stale")) == 1
        machine("writer")
        add(mi2, copied, *write_study(tmp_path / "in", "w"))
        until(lambda: json.loads(get("/v1/archives/main"))["images"] == 12)


def test_an_archive_in_a_folder_has_no_database(mi2, archive, tmp_path):
    with served(mi2, archive / "a", tmp_path) as (get, _):
        assert "database" not in json.loads(get("/v1/archives/main")) and "mi2_archive_follow" not in get("/metrics")


def test_several_windows_are_carried_until_they_are_erased(mi2, postgres, url, machine, tmp_path):
    hounsfield = {"RescaleIntercept": -1500, "RescaleSlope": 1}
    for study in range(2):
        write_study(tmp_path / "in", study, patient=f"P{study}", **hounsfield)
    add(mi2, tmp_path / "a", "--windows", "lung,bone", tmp_path / "in")
    asked = ["--text", TEXT, "--by", "image", "-k", "100"]
    mi2("index", "share", str(tmp_path / "a"), url, with_model=False)
    rows = query(mi2, tmp_path / "a", *asked)
    assert query(mi2, url, *asked) == rows and len(rows) == 6 and all("window" in row for row in rows)
    machine("second")
    assert query(mi2, url, *asked) == rows
    write_study(tmp_path / "in", 2, patient="P2", **hounsfield)
    assert "expected windows lung,bone" in add(mi2, url, "--windows", "lung", tmp_path / "in", status=2)
    add(mi2, url, tmp_path / "in")
    assert (images(mi2, url), totals(mi2, url)["image_rows"]) == (9, 18)
    assert "sound" in sound(mi2, url)
    mi2("index", "rm", url, "--study", uid("study", 0), "--erase", "--yes", with_model=False)
    machine("first")
    assert (images(mi2, url), totals(mi2, url)["image_rows"]) == (6, 12)
    assert postgres.sql(f"SELECT count(*) FROM {schema_of(url)}.voi") == [["12"]]
    assert "sound" in sound(mi2, url)


def test_an_archive_of_several_windows_is_made_in_a_database(mi2, url, tmp_path):
    write_study(tmp_path / "in", 0, RescaleIntercept=-1500, RescaleSlope=1)
    add(mi2, url, "--windows", "lung,bone", tmp_path / "in")
    assert (images(mi2, url), totals(mi2, url)["image_rows"]) == (3, 6)


def test_a_mean_without_localisers_stays_so_for_who_adds_from_another_machine(mi2, postgres, url, machine, tmp_path):
    for number, kind in enumerate(("LOCALIZER", "AXIAL", "AXIAL")):
        write(tmp_path / "in" / f"{number}.dcm", slice_of("x", 0, number, ImageType=["ORIGINAL", "PRIMARY", kind]))
    machine("first")
    add(mi2, url, tmp_path / "in")
    assert postgres.sql(f"SELECT count(*) FROM {schema_of(url)}.localizer") == [["1"]]
    machine("second")
    write(tmp_path / "late" / "3.dcm", slice_of("x", 0, 3, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]))
    add(mi2, url, tmp_path / "late")
    names, vectors = exported(mi2, url, tmp_path)
    rows = vectors[[i for i, name in enumerate(names) if not name.endswith("0.dcm")]].astype(float)
    [mean] = exported(mi2, url, tmp_path, "series")[1]
    assert len(rows) == 3 and abs(mean - rows.sum(axis=0) / (rows.sum(axis=0) ** 2).sum() ** 0.5).max() < 1e-7
    assert "sound" in sound(mi2, url)

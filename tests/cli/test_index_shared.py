"""Archives in PostgreSQL, a real one: several writers, replicas that follow, and what goes wrong between them."""
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from catalog_support import packed
from dicom_studies import uid, write_hospital, write_study
from index_support import add, added, exported, query, sound, totals
from postgres_support import PASSWORD, WAITING, machine, postgres, replica_of, schema_of, url  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


def start_add(mi2, url, source):
    return subprocess.Popen([mi2.path, "index", "add", "--batch", "2", url, str(source)], env=mi2.environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def whole(mi2, url, hospital, folder):
    """Every study once, whoever looks."""
    found = totals(mi2, url)
    assert (found["images"], found["studies"], found["pooled"], found["conflicts"]) == (18, 6, 6, 0)
    names, vectors = exported(mi2, url, folder)
    assert sorted(names) == sorted(hospital[1])
    assert "sound" in sound(mi2, url)
    return dict(zip(names, vectors.tolist()))


def holds(folder, text):
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_copied_archive_answers_as_its_folder_to_the_last_bit(mi2, hospital, url, machine, tmp_path):
    archive = tmp_path / "a"
    write_study(tmp_path / "gone", 78, patient="P8")
    add(mi2, archive, tmp_path / "gone")
    add(mi2, archive, hospital[0])
    mi2("index", "rm", str(archive), "--study", uid("study", 78), "--yes", with_model=False)
    mi2("index", "compact", str(archive), with_model=False)  # rows of zeros, whose checksums are of what was erased
    note = mi2("index", "share", str(archive), url, with_model=False).errors
    assert re.search(r": \d+ rows; ", note) and PASSWORD not in note
    for asked in (["--text", TEXT, "-k", "7"], ["--study", uid("study", 2), "--by", "series"],
                  ["--text", TEXT, "--where", "modality=MR", "--by", "patient"]):
        assert query(mi2, url, *asked) == query(mi2, archive, *asked)
    assert totals(mi2, url) == totals(mi2, archive)
    names, vectors = exported(mi2, url, tmp_path)
    own_names, own_vectors = exported(mi2, archive, tmp_path)
    assert names == own_names and (vectors == own_vectors).all()
    assert "has an archive already" in mi2("index", "share", str(archive), url, with_model=False, status=2).errors
    # What is added to both goes on with the same row numbers.
    more = write_study(tmp_path / "more", 77, patient="P9")
    add(mi2, archive, more[0].parent)
    add(mi2, url, more[0].parent)
    assert query(mi2, url, "--text", TEXT, "-k", "30") == query(mi2, archive, "--text", TEXT, "-k", "30")


def test_two_writers_at_once_lose_nothing_and_repeat_nothing(mi2, hospital, url, machine, tmp_path):
    runs = []
    for name in ("first", "second", "second"):  # two of them share a machine
        machine(name)
        runs.append(start_add(mi2, url, hospital[0]))
    said = [run.communicate(timeout=200)[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    assert sum(map(added, said)) == 18
    here = whole(mi2, url, hospital, tmp_path)
    machine("third")
    assert whole(mi2, url, hospital, tmp_path) == here
    # All have one key: a patient of two writers is one patient.
    assert totals(mi2, url)["patients"] == 3


def test_objects_that_two_writers_have_in_two_folders_are_added_once(mi2, hospital, url, machine, tmp_path):
    shutil.copytree(hospital[0], tmp_path / "copy")
    runs = []
    for name, source in (("first", hospital[0]), ("second", tmp_path / "copy")):
        machine(name)
        runs.append(start_add(mi2, url, source))
    said = [run.communicate(timeout=200)[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0] and sum(map(added, said)) == 18, said
    found = totals(mi2, url)
    assert (found["images"], found["studies"], found["pooled"], found["conflicts"]) == (18, 6, 6, 0)
    assert "sound" in sound(mi2, url)
    # Both know by now what there is.
    for source in (hospital[0], tmp_path / "copy"):
        assert added(add(mi2, url, source)) == 0


def test_a_replica_follows_removals_and_erasures(mi2, hospital, url, machine):
    other = machine("other")
    add(mi2, url, hospital[0])
    assert totals(mi2, url)["studies"] == 6
    study = uid("study", 0)
    assert holds(other, study)
    machine("first")
    mi2("index", "rm", url, "--study", study, "--yes", with_model=False)
    machine("other")
    assert totals(mi2, url)["studies"] == 5 and holds(other, study)
    machine("first")
    mi2("index", "rm", url, "--study", uid("study", 1), "--erase", "--yes", with_model=False)
    machine("other")
    assert totals(mi2, url)["studies"] == 4
    for gone in (study, uid("study", 1)):
        assert not holds(other, gone)
    assert "sound" in sound(mi2, url)


def test_what_a_reader_keeps_of_the_erased_goes_once_it_ends(mi2, hospital, url, machine):
    add(mi2, url, hospital[0])
    other = machine("other")
    assert totals(mi2, url)["studies"] == 6
    with closing(sqlite3.connect(next(other.rglob("catalog.sqlite")), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM study").fetchall()
        machine("first")
        mi2("index", "rm", url, "--study", uid("study", 0), "--erase", "--yes", with_model=False)
        machine("other")
        assert totals(mi2, url)["studies"] == 5 and holds(other, uid("study", 0))
        reader.execute("ROLLBACK")  # still open: or it would empty the log itself
        assert totals(mi2, url)["studies"] == 5 and not holds(other, uid("study", 0))


def test_erasing_leaves_no_row_in_the_database_that_names_it(mi2, hospital, postgres, url):
    add(mi2, url, hospital[0])
    mi2("index", "rm", url, "--study", uid("study", 3), "--erase", "--yes", with_model=False)
    schema = schema_of(url)
    tables = [row[0] for row in postgres.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'")]
    assert {"item", "vector", "thumb", "gone", "archive", "commit"} <= set(tables)
    for name in (uid("study", 3), uid("sop", 3, 0, 0), packed(uid("sop", 3, 0, 0)).hex(), str(hospital[0] / "3")):
        for table in tables:
            assert postgres.sql(f"SELECT count(*) FROM {schema}.{table} AS t WHERE position('{name}' IN t::text) > 0") \
                == [["0"]], (table, name)


def test_what_is_committed_survives_a_kill(mi2, hospital, url, machine, tmp_path):
    start = time.monotonic()
    calm = tmp_path / "calm"
    add(mi2, calm, hospital[0])
    duration = time.monotonic() - start
    moments, had = random.Random(11), 0
    for _ in range(3):
        run = start_add(mi2, url, hospital[0])
        time.sleep(moments.uniform(0.2, 1) * duration)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        shown = subprocess.run([mi2.path, "index", "stats", url, "--format", "json"], capture_output=True, timeout=100,
                               check=False)
        images = json.loads(shown.stdout)["totals"]["images"] if shown.returncode == 0 else 0
        assert shown.returncode in (0, 7) and images >= had and images % 3 == 0
        had = images
    add(mi2, url, hospital[0])
    whole(mi2, url, hospital, tmp_path)


def test_a_connection_that_drops_ends_a_run_that_can_be_repeated(mi2, hospital, postgres, url, tmp_path):
    add(mi2, url, hospital[0] / "0")
    with postgres.held(f"SELECT 1 FROM {schema_of(url)}.archive FOR UPDATE") as end:
        run = start_add(mi2, url, hospital[0])
        try:
            while not postgres.sql(f"SELECT pg_terminate_backend(pid) {WAITING}"):
                assert time.monotonic() < end and run.poll() is None
            errors = run.communicate(timeout=60)[1].decode()
        finally:
            run.kill()
    assert run.returncode == 6 and "terminating connection" in errors and PASSWORD not in errors
    assert totals(mi2, url)["studies"] == 1
    add(mi2, url, hospital[0])
    whole(mi2, url, hospital, tmp_path)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_a_row_that_somebody_changed_is_named(mi2, hospital, postgres, url, machine):
    add(mi2, url, hospital[0])
    schema = schema_of(url)
    bytes_of = bytes.fromhex(postgres.sql(f"SELECT encode(f32, 'hex') FROM {schema}.vector WHERE item = 3")[0][0])
    numbers = struct.unpack(f"<{len(bytes_of) // 4}f", bytes_of)
    long = struct.pack(f"<{len(numbers)}f", *(2 * number for number in numbers))
    put = f"UPDATE {schema}.vector SET f32 = decode('{{}}', 'hex') WHERE item = 3"
    flipped = bytes([bytes_of[0] ^ 1]) + bytes_of[1:]
    for name, changes, said in (("bit", [put.format(flipped.hex())], "row 3: its checksum is another"),
                                ("cut", [put.format(bytes_of[:-4].hex())], "row 3: its vector is missing or of another"),
                                ("gone", [f"DELETE FROM {schema}.vector WHERE item = 3"], "row 3: it is missing"),
                                ("long", [f"INSERT INTO {schema}.vector VALUES (3, decode('{long.hex()}', 'hex'), 1)",
                                          f"UPDATE {schema}.item SET crc32c = {crc32c(long)} WHERE id = 3"],
                                 "row 3: it is no unit vector")):
        for change in changes:
            postgres.sql(change)
        machine("first")
        assert "row 3" in sound(mi2, url, status=3) or name == "gone"
        machine(name)  # a new one refuses it
        assert said in mi2("index", "stats", url, with_model=False, status=3).errors, name
    machine("first")
    assert "--repair" in mi2("index", "verify", "--repair", url, with_model=False, status=4).errors


def test_a_row_that_no_writer_makes_is_not_taken(mi2, hospital, postgres, url, machine):
    add(mi2, url, hospital[0] / "0")
    folder = replica_of(mi2, url)
    answer = query(mi2, folder, "--text", TEXT)
    schema = schema_of(url)
    for name, change, said, undo in (
            ("thumb", f"INSERT INTO {schema}.thumb (item, crc32c, webp, shared_seq)"
             f" SELECT 100000000000, crc32c, webp, shared_seq FROM {schema}.thumb LIMIT 1",
             "row 100000000000: it has a thumbnail, and is no row", f"DELETE FROM {schema}.thumb WHERE item > 1000"),
            ("text", f"UPDATE {schema}.study SET description = repeat('x', 3000000)",
             "expected at most 2097152 bytes of texts in a row of table 'study', got 3000",
             f"UPDATE {schema}.study SET description = NULL"),
            ("type", f"ALTER TABLE {schema}.series ALTER kvp TYPE bigint", "expected type 701",
             f"ALTER TABLE {schema}.series ALTER kvp TYPE double precision")):
        postgres.sql(change)
        machine(name)
        assert said in mi2("index", "stats", url, with_model=False, status=3).errors
        postgres.sql(undo)
    # A vector in place of another, as if a commit had made it so.
    postgres.sql(f"SET search_path TO {schema}; INSERT INTO commit (seq, mark) VALUES (100, 'x');"
                 "UPDATE vector SET shared_seq = 100, f32 = (SELECT f32 FROM vector WHERE item = 1) WHERE item = 0;"
                 "UPDATE item SET shared_seq = 100, crc32c = (SELECT crc32c FROM item WHERE id = 1) WHERE id = 0;"
                 "UPDATE archive SET seq = 100")
    machine("first")
    assert "row 0: its vector is another one" in mi2("index", "stats", url, with_model=False, status=3).errors
    assert query(mi2, folder, "--text", TEXT) == answer


def test_tiles_of_slides_are_carried_with_their_rectangles_until_they_are_erased(mi2, postgres, url, machine, tmp_path):
    pixels = make.picture(150, 120)
    (tmp_path / "in").mkdir()
    make.write_svs(tmp_path / "in" / "a.svs", [pixels], compression=make.DEFLATE)
    make.write_dicom(tmp_path / "in" / "b.dcm", pixels)
    options = ["--level", "0", "--tiles", "all", tmp_path / "in"]
    archive, asked = tmp_path / "a", ["--text", TEXT, "--by", "tile", "-k", "100"]
    add(mi2, archive, *options)
    mi2("index", "share", str(archive), url, with_model=False)
    rows = query(mi2, archive, *asked)
    assert query(mi2, url, *asked) == rows and len(rows) > 2 and all("tile" in row for row in rows)
    assert added(add(mi2, url, tmp_path / "in")) == 0  # by the same tiles
    machine("second")
    assert query(mi2, url, *asked) == rows
    assert added(add(mi2, url, "--level", "0", "--tiles", "tissue", tmp_path / "in" / "b.dcm")) > 0
    assert "sound" in sound(mi2, url)
    mi2("index", "rm", url, "--where", "path~dcm", "--erase", "--yes", with_model=False)
    machine("first")
    left = query(mi2, url, *asked)
    assert left and all(row["path"].endswith("svs") for row in left)
    assert postgres.sql(f"SELECT count(*) FROM {schema_of(url)}.tile") == [[str(len(left))]]


def test_a_copied_folder_brings_its_rows_and_none_of_its_sql(mi2, hospital, postgres, url, tmp_path):
    archive = tmp_path / "a"
    add(mi2, archive, hospital[0])
    mi2("index", "rm", str(archive), "--study", uid("study", 2), "--yes", with_model=False)
    mi2("index", "compact", str(archive), with_model=False)  # where it was there is nothing
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute('CREATE TABLE "x"" (k int); CREATE TABLE public.planted (k int); --" (k INTEGER PRIMARY KEY)')
    mi2("index", "share", str(archive), url, with_model=False)
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'planted'") == [["0"]]
    assert totals(mi2, url) == totals(mi2, archive) and "sound" in sound(mi2, url)


def test_what_is_no_archive_of_this_version_is_refused_by_name(mi2, hospital, postgres, url, machine, tmp_path):
    schema = schema_of(url)
    assert "no archive in schema" in mi2("index", "stats", url, with_model=False, status=7).errors
    postgres.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.archive (other int)")
    assert "SQLSTATE 42703" in mi2("index", "stats", url, with_model=False, status=3).errors
    postgres.sql(f"DROP TABLE {schema}.archive")
    add(mi2, url, hospital[0] / "0")
    postgres.sql(f"UPDATE {schema}.meta SET value = '99' WHERE key = 'format'")
    machine("new")
    assert "expected a catalog of format 6, got 99" in mi2("index", "stats", url, with_model=False, status=4).errors
    postgres.sql(f"UPDATE {schema}.archive SET format = '2'")
    assert "expected format 1, got 2" in mi2("index", "stats", url, with_model=False, status=4).errors


def test_a_database_that_was_put_back_is_not_taken_for_the_one_before(mi2, hospital, postgres, url):
    add(mi2, url, hospital[0])
    schema = schema_of(url)
    postgres.sql(f"DELETE FROM {schema}.commit WHERE seq = (SELECT max(seq) FROM {schema}.commit);"
                 f"UPDATE {schema}.archive SET seq = seq - 1")
    assert "the database is older than this replica" in mi2("index", "stats", url, with_model=False, status=3).errors


def test_passwords_are_refused_in_urls_and_never_shown(mi2, postgres, machine, monkeypatch, tmp_path):
    bad = f"postgres://owner:sesame99@/postgres?host={postgres.folder}"
    for text in (bad, "postgres:///x?pass%77ord=sesame99", "postgres:///x?sesame99", "postgres://a:sesame99@h:x/y"):
        for command in (["index", "stats", text], ["index", "map", text], ["index", "backup", text, str(tmp_path / "b")],
                        ["serve", "--port", "0", "--archive", text],
                        ["serve", "--port", "0", "--archive", f"main={text}"]):
            assert "sesame99" not in mi2(*command, status=2).errors
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", "sesame99")
    errors = mi2("index", "stats", postgres.url("none"), with_model=False, status=6).errors
    assert "password authentication failed" in errors and "sesame99" not in errors


def test_a_role_that_only_reads_searches_and_does_not_add(mi2, hospital, postgres, url, machine):
    add(mi2, url, hospital[0] / "0")
    schema = schema_of(url)
    postgres.sql(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE ON SCHEMA {schema} TO guest;"
                 f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO guest")
    machine("guest")
    guest = postgres.url(schema, "guest")
    assert query(mi2, guest, "--text", TEXT) == query(mi2, url, "--text", TEXT)
    assert "permission denied" in mi2("index", "add", guest, str(hospital[0]), status=2).errors
    assert totals(mi2, url)["studies"] == 1


def test_a_server_follows_and_outlives_a_restart_of_the_database(mi2, hospital, postgres, url, machine):
    machine("server")
    add(mi2, url, hospital[0] / "0")
    server = subprocess.Popen([mi2.path, "serve", "--port", "0", "--model", mi2.model, "--archive", f"main={url}"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        root = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())[1]

        def studies():
            with urllib.request.urlopen(f"{root}/v1/archives/main/stats", timeout=30) as answer:
                return json.load(answer)["totals"]["studies"]

        def becomes(count):
            end = time.monotonic() + 60
            while studies() != count:
                assert time.monotonic() < end
                time.sleep(0.05)

        becomes(1)
        machine("writer")
        add(mi2, url, hospital[0] / "1")
        becomes(2)
        postgres.restart()
        assert studies() == 2
        add(mi2, url, hospital[0] / "2")
        becomes(3)
        # It answers, and ends at once, while it waits there.
        schema = schema_of(url)
        channel = "mi2_" + postgres.sql(f"SELECT id FROM {schema}.archive")[0][0]
        with postgres.held(f"LOCK TABLE {schema}.archive") as end:
            postgres.sql(f"NOTIFY {channel}")
            while not postgres.sql(f"SELECT 1 {WAITING}"):
                assert time.monotonic() < end
            server.send_signal(signal.SIGHUP)
            assert studies() == 3
            server.terminate()
            assert server.wait(20) == 0
    finally:
        server.terminate()
        assert server.wait(60) == 0


def test_the_replica_is_its_owners_alone_and_an_archive_itself(mi2, hospital, url, machine, tmp_path):
    add(mi2, url, hospital[0] / "0")
    folder = replica_of(mi2, url)
    os.chmod(folder, 0o755)  # as when it was killed between making it and this
    assert replica_of(mi2, url) == folder
    assert os.stat(folder).st_mode & 0o077 == 0 and PASSWORD not in Path(folder, "shared.json").read_text()
    assert totals(mi2, folder) == totals(mi2, url)
    mi2("index", "backup", folder, str(tmp_path / "b"), with_model=False)
    # One that was passed on must not say which database is written to.
    shutil.copytree(folder, tmp_path / "passed-on")
    remove = ["--study", uid("study", 0), "--yes"]
    assert "is only read" in mi2("index", "rm", str(tmp_path / "passed-on"), *remove, with_model=False, status=2).errors
    # Whoever writes to it writes to the database.
    mi2("index", "rm", folder, *remove, with_model=False)
    machine("other")
    assert totals(mi2, url)["studies"] == 0
    # A copy of it is an archive of its own.
    add(mi2, tmp_path / "b", hospital[0] / "1")
    assert totals(mi2, tmp_path / "b")["studies"] == 2 and totals(mi2, url)["studies"] == 0

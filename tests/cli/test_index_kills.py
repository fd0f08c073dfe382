"""mi2 index add, killed at random moments and on a full disk: what was committed stays, nothing is there twice, and the
next run goes on."""
import shutil
import subprocess

import pytest
from dicom_studies import write_hospital
from index_support import exported, query, sound, table, totals
from kill_support import fill, killed, kills, small_disk, undisturbed


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder, studies=8, slices=4)


def command(archive, source):
    return ["index", "add", "--batch", "2", str(archive), str(source)]


def whole(mi2, archive, hospital, tmp_path):
    """What a run that nobody disturbs leaves."""
    found = totals(mi2, archive)
    assert (found["images"], found["studies"], found["pooled"]) == (32, 8, 8)
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(hospital[1])
    sound(mi2, archive)


def test_whatever_is_committed_survives_a_kill(mi2, hospital, tmp_path):
    calm = tmp_path / "calm"
    duration = undisturbed(mi2, *command(calm, hospital[0]))
    archive, had = tmp_path / "a", 0
    for _ in killed(mi2, command(archive, hospital[0]), duration, 7, kills(20)):
        if not (archive / "archive.json").exists():
            continue
        sound(mi2, archive)
        images = totals(mi2, archive)["images"]
        assert images >= had and table(archive, "SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL") == [(0,)]
        had = images
        if had == 32:  # again from the start
            shutil.rmtree(archive)
            had = 0
    undisturbed(mi2, *command(archive, hospital[0]))
    whole(mi2, archive, hospital, tmp_path)
    assert (exported(mi2, archive, tmp_path)[1] == exported(mi2, calm, tmp_path)[1]).all()


def test_what_a_kill_left_of_a_new_archive_is_in_nobodys_way(mi2, hospital, tmp_path):
    archive = tmp_path / "a"
    (archive / "vectors").mkdir(parents=True)
    for name in ("lock", "key", "catalog.sqlite", "catalog.sqlite-journal", "catalog.sqlite-wal", "vectors/000001.f32",
                 "key.mi2-0123456789abcdef", "archive.json.mi2-0123456789abcdef"):
        (archive / name).write_text("half")
    undisturbed(mi2, *command(archive, hospital[0]))
    whole(mi2, archive, hospital, tmp_path)


def test_a_reader_finds_whole_studies_while_they_are_added(mi2, hospital, tmp_path):
    archive = tmp_path / "a"
    mi2("index", "add", str(archive), str(hospital[0] / "0"))
    run = subprocess.Popen([mi2.path, *command(archive, hospital[0])], env=mi2.environment(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    searches = 0
    while run.poll() is None or searches == 0:
        found = query(mi2, archive, "--item", 0, "--by", "image", "-k", 100, "--same-patient", "include", with_model=False)
        assert len(found) % 4 == 0 and all(row["exact"] for row in found)
        searches += 1
    assert run.returncode == 0
    whole(mi2, archive, hospital, tmp_path)


def test_a_full_disk_is_said_and_nothing_committed_is_lost(mi2, hospital, tmp_path):
    with small_disk(tmp_path / "small", "420k") as place:
        archive = place / "a"
        mi2("index", "add", str(archive), str(hospital[0] / "0"))
        (place / "more").write_bytes(bytes(16384))
        ballast = fill(place, 3)
        errors = mi2("index", "add", str(archive), str(hospital[0]), status=3).errors
        assert "No space left" in errors or "disk" in errors
        ballast.unlink()
        assert totals(mi2, archive)["images"] >= 4
        sound(mi2, archive)

"""mi2 index rm --erase and compact, killed at system calls drawn with a seed and refused them by a full disk, and mi2
listen, killed at random moments: nothing that is not to go is lost, nothing is there twice, the next run goes on."""
import random
import shutil
import threading
import time

import numpy as np
import pytest
from dicom_peer import Peer
from dicom_studies import uid, write_hospital
from index_support import add, exported, sound, table, totals
from kill_support import fill, killed, kills, small_disk, undisturbed
from listen_support import PATIENCE, Listening, encoded, until
from pydicom import dcmread
from pydicom.uid import CTImageStorage
from tracing import CALLS_MAY_FAIL, NEEDS_KILLS, Traced

CHANGES = "write,pwrite64,fallocate,fdatasync,ftruncate,unlink"
ROOM = "write,pwrite64,ftruncate"  # what a full disk refuses
GONE = range(4, 20)  # studies side by side, so that whole blocks of the disk hold nothing else
WHERE = "study in (" + ",".join(uid("study", study) for study in GONE) + ")"
STUDIES = 24


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """(an archive, and the same with studies removed, and with them erased, the vectors of what stays by path)."""
    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder / "in", studies=STUDIES, slices=4)
    whole, removed, erased = folder / "whole", folder / "removed", folder / "erased"
    add(mi2, whole, folder / "in")
    for archive in (removed, erased):
        shutil.copytree(whole, archive)
    mi2("index", "rm", str(removed), "--where", WHERE, "--yes", with_model=False)
    mi2("index", "rm", str(erased), "--where", WHERE, "--erase", "--yes", with_model=False)
    return whole, removed, erased, vectors_of(mi2, erased, folder)


def vectors_of(mi2, archive, folder):
    return {name: vector.tobytes() for name, vector in zip(*exported(mi2, archive, folder), strict=True)}


@pytest.fixture
def place(hospital, tmp_path):
    """Puts one of the archives in a place of its own. @returns the function that does, and the place."""
    archive = tmp_path / "a"

    def put(which):
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(hospital[which], archive)
    return put, archive


def lost_nothing(mi2, archive, hospital, tmp_path):
    """What stays is there, to the bit, whatever became of the rest."""
    sound(mi2, archive)
    left = vectors_of(mi2, archive, tmp_path)
    assert left.items() >= hospital[3].items()
    return len(left) - len(hospital[3])


def erased_whole(mi2, archive, hospital, tmp_path):
    assert lost_nothing(mi2, archive, hospital, tmp_path) == 0
    content = b"".join(path.read_bytes() for path in archive.rglob("*") if path.is_file())
    assert not any(uid("study", study).encode() in content for study in GONE)


def rm(archive):
    return ["index", "rm", str(archive), "--where", WHERE, "--erase", "--yes"]


def disk(archive):
    return sum(path.stat().st_blocks for part in ("vectors", "thumbs") for path in (archive / part).iterdir())


@pytest.mark.parametrize("fault,names", [("signal=KILL", CHANGES),
                                         pytest.param("error=ENOSPC", ROOM, marks=CALLS_MAY_FAIL)])
class TestAtACall:
    pytestmark = NEEDS_KILLS

    def test_an_erasure_goes_on(self, mi2, hospital, place, tmp_path, fault, names):
        put, archive = place
        for _ in Traced(mi2, tmp_path, *rm(archive)).some(fault, lambda: put(0), kills(5), 17, names):
            more = lost_nothing(mi2, archive, hospital, tmp_path)
            assert more in (0, 4 * len(GONE))
            if more:
                undisturbed(mi2, *rm(archive))
            else:
                undisturbed(mi2, "index", "compact", archive)
            erased_whole(mi2, archive, hospital, tmp_path)

    def test_a_compaction_goes_on(self, mi2, hospital, place, tmp_path, fault, names):
        put, archive = place
        before = disk(hospital[1])
        for _ in Traced(mi2, tmp_path, "index", "compact", archive).some(fault, lambda: put(1), kills(5), 19, names):
            assert lost_nothing(mi2, archive, hospital, tmp_path) == 0
            undisturbed(mi2, "index", "compact", archive)
            erased_whole(mi2, archive, hospital, tmp_path)
            assert disk(archive) < before


@pytest.mark.parametrize("which,arguments", [(0, ["rm", "--where", WHERE, "--erase", "--yes"]), (1, ["compact"])])
def test_what_stays_is_there_after_kills_at_random_moments(mi2, hospital, place, tmp_path, which, arguments):
    put, archive = place
    command = ["index", *arguments, archive]
    put(which)
    duration = undisturbed(mi2, *command)
    put(which)
    for ended in killed(mi2, command, duration, 23, kills(10)):
        lost_nothing(mi2, archive, hospital, tmp_path)
        if ended:
            put(which)
    if lost_nothing(mi2, archive, hospital, tmp_path):
        undisturbed(mi2, *rm(archive))
    undisturbed(mi2, "index", "compact", archive)
    erased_whole(mi2, archive, hospital, tmp_path)


def test_on_a_full_disk_a_compaction_loses_nothing_and_goes_on_once_there_is_room(mi2, hospital, tmp_path):
    with small_disk(tmp_path / "small", "4m") as disk_of_its_own:
        archive = disk_of_its_own / "a"
        for blocks in (2, 12, 40):
            shutil.rmtree(archive, ignore_errors=True)
            shutil.copytree(hospital[1], archive)
            ballast = fill(disk_of_its_own, blocks)
            errors = mi2("index", "compact", str(archive), with_model=False, status=3).errors
            assert "No space left" in errors or "disk" in errors
            ballast.unlink()
            assert lost_nothing(mi2, archive, hospital, tmp_path) == 0
            mi2("index", "compact", str(archive), with_model=False)
            erased_whole(mi2, archive, hospital, tmp_path)


def test_what_was_acknowledged_is_found_once_however_often_the_listener_is_killed(mi2, tmp_path):
    objects = [dcmread(path) for path in write_hospital(tmp_path / "in", studies=4, slices=3)]
    archive, acknowledged, moments = tmp_path / "a", set(), random.Random(29)
    for _ in range(kills(5)):
        server = Listening(mi2, archive, "--quiet-after", 1)
        killer = threading.Timer(moments.uniform(0, 2.5), server.process.kill)
        killer.start()
        acknowledged |= sent_until_it_ends(server, objects)
        server.process.wait(PATIENCE)
        killer.join()
        sound(mi2, archive)
    server = Listening(mi2, archive, "--quiet-after", 1)
    until(lambda: acknowledged <= found_in(archive))
    assert sent_until_it_ends(server, objects, ends=False) == {data.SOPInstanceUID for data in objects}
    server.wait_for_images(len(objects))
    assert server.end() == 0
    assert table(archive, "SELECT count(*), count(DISTINCT instance) FROM item WHERE kind = 'frame'"
                          " AND deleted_seq IS NULL") == [(len(objects), len(objects))]
    assert totals(mi2, archive)["studies"] == 4
    names, vectors = exported(mi2, archive, tmp_path)
    assert len(set(names)) == len(objects) and np.isfinite(vectors).all()
    sound(mi2, archive)


def found_in(archive):
    return {row for row, in table(archive, "SELECT sop_uid FROM instance WHERE deleted_seq IS NULL")}


def sent_until_it_ends(server, objects, ends=True):
    """Sends each object. @returns the identifiers of those that were acknowledged."""
    acknowledged = set()
    try:
        peer = Peer(server.port, CTImageStorage)
        for data in objects:
            if peer.store(CTImageStorage, data.SOPInstanceUID, encoded(data)) == 0:
                acknowledged.add(data.SOPInstanceUID)
            if ends:
                time.sleep(0.02)  # or all would be there before most of the moments
        peer.close()
    except OSError:  # it was killed
        assert ends
    return acknowledged

"""mi2 listen against peers that are wrong, slow or too many, and where there is no room."""
import fcntl
import os
import socket
import struct
import subprocess
import time

import pytest
from dicom_peer import VERIFICATION, Peer
from dicom_studies import slice_of, uid, write_study
from index_support import totals
from listen_support import Listening, encoded, run, spooled, until, with_tools
from pydicom.uid import CTImageStorage, MRImageStorage

SOP = uid("sop", "x", 0, 1)


@pytest.fixture
def listening(mi2, tmp_path):
    running = []

    def start(*arguments, archive=None):
        running.append(Listening(mi2, archive or tmp_path / "a", "--quiet-after", 3600, *arguments))
        return running[-1]
    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.fixture(scope="module")
def data():
    return encoded(slice_of("x", 0, 1))


def test_garbage_is_not_understood_and_the_next_object_is(listening, data):
    server = listening()
    peer = Peer(server.port, CTImageStorage)
    for garbage in (b"no object at all" * 100, b"", bytes(64), data[:60], os.urandom(4096)):
        assert peer.store(CTImageStorage, SOP, garbage) in range(0xC000, 0xD000), garbage[:16]
    assert spooled(server.archive) == []
    assert peer.store(CTImageStorage, SOP, data) == 0
    assert peer.release() and len(spooled(server.archive)) == 1
    server.end()
    assert "1 objects stored" in server.said() and "5 refused" in server.said()


@pytest.mark.parametrize("sop_class,sop_uid", [(CTImageStorage, uid("another")), (MRImageStorage, SOP),
                                               (CTImageStorage, "../../x"), (CTImageStorage, "1..2")])
def test_an_object_that_was_announced_otherwise_is_refused(listening, data, sop_class, sop_uid):
    server = listening()
    peer = Peer(server.port, CTImageStorage)
    assert peer.store(sop_class, sop_uid, data) == 0xA900
    assert peer.store(CTImageStorage, SOP, data) == 0
    assert [name.split("_")[2] for name in spooled(server.archive)] == [f"{SOP}.dcm"]


def test_a_title_with_a_slash_is_no_path(listening, data):
    server = listening()
    peer = Peer(server.port, CTImageStorage, calling="../../etc")
    assert peer.store(CTImageStorage, SOP, data) == 0
    assert [name.split("_")[1] for name in spooled(server.archive)] == ["%2E%2E%2F%2E%2E%2Fetc"]


def test_an_object_that_breaks_off_leaves_nothing(listening, data):
    server = listening()
    peer = Peer(server.port, CTImageStorage)
    peer.begin_store(CTImageStorage, SOP)
    peer.send_data(data[:1000], False, last=False)
    peer.close()
    until(lambda: "association 1: lost" in server.said())
    assert spooled(server.archive) == [] and list((server.archive / "spool" / "incoming").iterdir()) == []


def test_a_full_spool_takes_no_more(listening, data):
    server = listening("--max-spool", str(3 * len(data)))
    peer = Peer(server.port, CTImageStorage)

    def store(number):
        return peer.store(CTImageStorage, uid("sop", "x", 0, number), encoded(slice_of("x", 0, number)))
    with (server.archive / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # somebody else writes to the archive
        assert [store(n) for n in range(4)] == [0, 0, 0xA700, 0xA700]
    until(lambda: spooled(server.archive) == [])  # over half full: embedded at once
    assert store(9) == 0


def test_objects_that_somebody_removed_take_no_room(listening, data):
    server = listening("--max-spool", str(3 * len(data)))
    peer = Peer(server.port, CTImageStorage)

    def store(number):
        return peer.store(CTImageStorage, uid("sop", "x", 0, number), encoded(slice_of("x", 0, number)))
    with (server.archive / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [store(n) for n in range(3)] == [0, 0, 0xA700]
        for name in spooled(server.archive):
            (server.archive / "spool" / name).unlink()
    until(lambda: store(9) == 0)


def test_an_object_that_is_too_large_is_refused(listening, data):
    server = listening("--max-file-size", "4K")
    peer = Peer(server.port, CTImageStorage)
    assert peer.store(CTImageStorage, SOP, data + bytes(4096)) == 0xA700
    assert peer.store(CTImageStorage, SOP, data) == 0
    peer.begin_store(CTImageStorage, SOP)
    with pytest.raises(OSError):  # without an end
        for _ in range(1000):
            peer.send_data(bytes(1 << 20), False, last=False)
    assert len(spooled(server.archive)) == 1
    assert Peer(server.port, CTImageStorage).store(CTImageStorage, SOP, data) == 0


def test_nothing_but_an_object_may_be_large(listening, data):
    server = listening()
    peer = Peer(server.port, CTImageStorage)
    peer.send_data(struct.pack("<HHI", 0, 0x1000, 1 << 30), True, last=False)
    with pytest.raises(OSError):  # a command, all of which is kept in memory
        for _ in range(64):
            peer.send_data(bytes(1 << 20), True, last=False)
    stranger = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    stranger.sendall(struct.pack(">BxI", 1, 1 << 30))
    with pytest.raises(OSError):  # a request for an association
        for _ in range(64):
            stranger.sendall(bytes(1 << 20))
    peer = Peer(server.port, CTImageStorage)
    assert peer.store(CTImageStorage, SOP, data + bytes(8 << 20)) in (0, *range(0xC000, 0xD000))
    assert peer.store(CTImageStorage, uid("sop", "x", 0, 2), encoded(slice_of("x", 0, 2))) == 0


def test_a_full_disk_is_answered_and_loses_nothing(mi2, listening, data, tmp_path):
    listening().end()
    spool = tmp_path / "a" / "spool"
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(spool)],
                                                   capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("a small file system needs root, and leave to mount")
    try:
        server = listening()
        peer = Peer(server.port, CTImageStorage)
        assert peer.store(CTImageStorage, SOP, data) == 0
        ballast = spool / "ballast"
        blocks = os.statvfs(spool)
        ballast.write_bytes(bytes(blocks.f_bavail * blocks.f_frsize))
        assert peer.store(CTImageStorage, uid("sop", "x", 0, 2), encoded(slice_of("x", 0, 2))) == 0xA700
        ballast.unlink()
        assert peer.store(CTImageStorage, uid("sop", "x", 0, 2), encoded(slice_of("x", 0, 2))) == 0
        assert server.end() == 0 and len(spooled(server.archive)) == 2
    finally:
        subprocess.run(["umount", str(spool)], check=True)


def test_more_associations_than_are_served_are_refused_for_now(listening):
    server = listening("--max-associations", "1")
    first = Peer(server.port, VERIFICATION)
    assert first.echo() == 0
    second = Peer(server.port, VERIFICATION)
    assert not second.accepted and tuple(second.result) == (2, 3, 2)  # transient, local limit exceeded
    assert first.release()
    until(lambda: Peer(server.port, VERIFICATION).accepted)


def test_nobody_holds_an_association_for_nothing(listening):
    server = listening("--idle-timeout", "1")
    peer = Peer(server.port, VERIFICATION)
    assert peer.echo() == 0
    begin = time.monotonic()
    assert peer.receive_pdu()[0] in (7, None)  # aborted
    assert time.monotonic() - begin < 30
    until(lambda: "association 1: idle" in server.said())


def test_what_is_no_dicom_ends_its_connection_alone(listening):
    server = listening()
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x04\0\xff\xff\xff\xff", b"\x01\0\xff\xff\xff\xff", b""):
        peer = Peer.__new__(Peer)
        peer.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        peer.socket.sendall(nonsense)
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.receive_pdu()[0] in (7, None)
        peer.close()
    assert Peer(server.port, VERIFICATION).echo() == 0


def test_it_needs_no_dictionary_of_dcmtk(listening, data, monkeypatch):
    monkeypatch.setenv("DCMDICTPATH", "/nowhere/dicom.dic")
    server = listening()
    assert Peer(server.port, VERIFICATION).echo() == 0
    peer = Peer(server.port, CTImageStorage)
    assert peer.store(CTImageStorage, SOP, data) == 0 and peer.release()


def test_what_cannot_be_stored_is_not_negotiated(listening):
    server = listening()
    query_retrieve = "1.2.840.10008.5.1.4.1.2.2.1"
    assert not Peer(server.port, query_retrieve).accepted
    assert not Peer(server.port, CTImageStorage, ["1.2.840.10008.1.2.4.110"]).accepted  # JPEG XL


@with_tools
def test_a_sender_hears_that_there_is_no_room(mi2, listening, tmp_path):
    server = listening("--max-spool", "1K")
    done = run("storescu", server.port, *write_study(tmp_path / "in", "x", slices=1))
    assert "OutOfResources" in done.output
    assert server.end() == 0 and totals(mi2, server.archive)["images"] == 0


@pytest.mark.parametrize("arguments,words", [
    (["--aet", "seventeen letters"], "--aet: expected 1 to 16"), (["--aet", " "], "--aet: expected 1 to 16"),
    (["--accept-from", "A,,B"], "--accept-from: expected 1 to 16"), (["--bind", "203.0.113.77"], "cannot listen on"),
    (["--bind", "no such name"], "expected one of this machine")])
def test_what_cannot_be_is_said_at_once(mi2, tmp_path, arguments, words):
    errors = mi2("listen", "--port", "0", *arguments, str(tmp_path / "a"), status=2).errors
    assert words in errors and errors.count("\n") == 1


@pytest.mark.parametrize("entry", ["incoming/2024/scan.dcm", "incoming/scan.dcm", "lock/scan.dcm", "lock.txt"])
def test_a_folder_of_somebody_is_no_spool(mi2, tmp_path, entry):
    theirs = tmp_path / "shared" / entry
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    before = (tmp_path / "shared").stat().st_mode
    errors = mi2("listen", "--port", "0", "--spool", str(tmp_path / "shared"), str(tmp_path / "a"), status=2).errors
    assert "expected a spool or an empty folder" in errors and theirs.read_text() == "theirs"
    assert (tmp_path / "shared").stat().st_mode == before and len(list((tmp_path / "shared").rglob("*"))) == 1 + entry.count("/")


def test_the_spool_of_an_archive_may_be_named(listening, tmp_path):
    server = listening()
    server.end()
    (tmp_path / "a" / "spool" / "fetched.mi2-0123456789abcdef").mkdir()  # by mi2 index add
    assert listening("--spool", tmp_path / "a" / "spool").end() == 0


def test_an_archive_of_another_model_is_refused(mi2, listening, tmp_path):
    listening().end()
    errors = mi2("listen", "--port", "0", "--profile", "azure" if "raw" in (tmp_path / "a" / "archive.json").read_text()
                 else "raw", str(tmp_path / "a"), status=2).errors
    assert "profile" in errors

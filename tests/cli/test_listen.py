"""mi2 listen: what DCMTK's own programs send is found, once, whatever happens between."""
import contextlib
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time

import pydicom
import pytest
from dicom_peer import EXPLICIT, VERIFICATION, Peer
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, exported, query, sound, stats, table, totals
from listen_support import PATIENCE, damaged, encoded, listening, run, send, spooled, until, with_tools  # noqa: F401
from pydicom.uid import BasicTextSRStorage, CTImageStorage, RLELossless

pytestmark = with_tools


def locators(archive):
    return sorted(row[0] for row in table(archive, "SELECT locator FROM instance WHERE deleted_seq IS NULL"))


def test_what_is_sent_is_found(mi2, listening, tmp_path):
    known = write_hospital(tmp_path / "in", studies=4)
    server = listening()
    assert server.title == "MI2"
    send(server.port, *known)
    server.wait_for_images(12)
    found = totals(mi2, server.archive)
    assert (found["images"], found["studies"], found["patients"], found["pooled"]) == (12, 4, 2, 4)
    assert locators(server.archive) == sorted(f"dimse:SENDER/{pydicom.dcmread(path).SOPInstanceUID}" for path in known)
    rows = query(mi2, server.archive, "--study", uid("study", 0), "--same-patient", "include", with_model=False)
    assert uid("study", 1) in [row["study"] for row in rows]
    assert query(mi2, server.archive, "--text", "a scan", "-k", 1)
    sound(mi2, server.archive)
    assert spooled(server.archive) == [] and server.end() == 0
    # The same vectors as of the files themselves.
    add(mi2, tmp_path / "files", tmp_path / "in")
    ours = dict(zip(*exported(mi2, server.archive, tmp_path), strict=True))
    for path, vector in zip(*exported(mi2, tmp_path / "files", tmp_path), strict=True):
        assert (ours[f"dimse:SENDER/{pydicom.dcmread(path).SOPInstanceUID}"] == vector).all()


def test_an_echo_is_answered(listening):
    server = listening("--aet", "ARCHIVE")
    done = run("echoscu", server.port, called="ARCHIVE")
    assert done.returncode == 0 and "Received Echo Response (Success)" in done.output
    assert server.end() == 0 and "1 echoes" in server.said()


def test_another_title_than_ours_is_refused(listening):
    server = listening("--aet", "ARCHIVE")
    done = run("echoscu", server.port, called="MI2")
    assert done.returncode != 0 and "Called AE Title Not Recognized" in done.output
    server.end()
    assert "association 1: called title" in server.said()


def test_peers_that_are_not_on_the_list_are_refused(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    server = listening("--accept-from", "CT1,CT2", "--accept-from", "PACS")
    done = run("storescu", server.port, *files, calling="OTHER")
    assert done.returncode != 0 and "Calling AE Title Not Recognized" in done.output
    assert run("echoscu", server.port, calling="CT2").returncode == 0
    send(server.port, *files, calling="PACS")
    server.wait_for_images(3)
    server.end()
    assert "OTHER" not in server.said() and " of PACS: released" in server.said()


def test_nothing_is_lost_by_a_kill_before_it_is_embedded(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x", series=2)
    server = listening(quiet=3600)
    send(server.port, *files)
    assert len(spooled(server.archive)) == 6
    server.process.kill()
    server.process.wait()
    (server.archive / "spool" / "incoming" / "000000000099").write_bytes(b"half of it")
    again = listening()
    again.wait_for_images(6)
    assert "6 objects are left in the spool" in again.said()
    assert list((server.archive / "spool" / "incoming").iterdir()) == []
    sound(mi2, server.archive)


def test_what_was_committed_before_a_kill_is_not_there_twice(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    server = listening(quiet=3600)
    send(server.port, *files)
    server.process.kill()
    server.process.wait()
    kept = tmp_path / "kept"
    shutil.copytree(server.archive / "spool", kept)
    first = listening()
    first.wait_for_images(3)
    first.end()
    for path in kept.glob("*.dcm"):  # as if they had not been removed yet
        shutil.copy(path, server.archive / "spool")
    second = listening()
    second.wait_for_images(3)
    second.end()
    assert "3 files unchanged" in second.said() and table(server.archive, "SELECT count(*) FROM item") == [(4,)]


def test_an_object_that_is_sent_twice_is_one_row(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    server = listening(quiet=3)
    for _ in range(2):  # before anybody has looked
        send(server.port, *files)
    server.wait_for_images(3)
    send(server.port, *files)
    until(lambda: "3 files unchanged" in server.said())
    send(server.port, *files, calling="OTHER")
    until(lambda: "3 copies" in server.said())
    server.wait_for_images(3)
    assert all(name.startswith("dimse:SENDER/") for name in locators(server.archive))
    assert stats(mi2, server.archive)["totals"]["images"] == 3
    sound(mi2, server.archive)


def test_of_two_objects_with_one_identifier_the_first_is_kept(mi2, listening, tmp_path):
    first = write(tmp_path / "1.dcm", slice_of("x", 0, 1))
    other = slice_of("x", 0, 1)
    other.PixelData = bytes(len(other.PixelData))
    second = write(tmp_path / "2.dcm", other)
    server = listening()
    send(server.port, first)
    server.wait_for_images(1)
    vector = exported(mi2, server.archive, tmp_path)[1]
    for calling in ("SENDER", "OTHER"):
        send(server.port, second, calling=calling)
        until(lambda: server.said().count("1 conflicts") == 1 + ["SENDER", "OTHER"].index(calling))
    server.wait_for_images(1)
    assert (exported(mi2, server.archive, tmp_path)[1] == vector).all()
    assert len(table(server.archive, "SELECT * FROM conflict")) == 2


def test_an_object_that_repeats_a_damaged_one_is_not_lost(mi2, listening, tmp_path):
    server = listening(quiet=5)  # both in one pass
    done = run("storescu", server.port, write(tmp_path / "1.dcm", damaged("x", 0, 1)), options=["-xr"], calling="FIRST")
    assert done.returncode == 0, done.output
    send(server.port, write(tmp_path / "2.dcm", slice_of("x", 0, 1)), calling="SECOND")
    server.wait_for_images(1)
    name = uid("sop", "x", 0, 1)
    assert locators(server.archive) == [f"dimse:SECOND/{name}"]
    assert table(server.archive, "SELECT locator FROM refused") == [(f"dimse:FIRST/{name}",)]
    sound(mi2, server.archive)


def test_late_slices_join_their_series(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x", slices=5)
    server = listening()
    send(server.port, *files[:3])
    server.wait_for_images(3)
    send(server.port, *files[3:])
    server.wait_for_images(5)
    assert (totals(mi2, server.archive)["series"], totals(mi2, server.archive)["pooled"]) == (1, 1)
    assert table(server.archive, "SELECT pooled_from FROM item WHERE kind = 'series' AND deleted_seq IS NULL") == [(5,)]


def test_kept_objects_are_files_that_add_knows(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    keep = tmp_path / "deep" / "kept"
    server = listening("--keep", keep)
    send(server.port, *files)
    server.wait_for_images(3)
    names = [keep / uid("study", "x") / uid("series", "x", 0) / f"{uid('sop', 'x', 0, n)}.dcm" for n in range(3)]
    assert locators(server.archive) == sorted(map(str, names))
    assert pydicom.dcmread(names[1]).PixelData == pydicom.dcmread(files[1]).PixelData
    send(server.port, *files)  # the same again
    until(lambda: "3 files unchanged" in server.said())
    other = slice_of("x", 0, 1)
    other.PixelData = bytes(len(other.PixelData))
    send(server.port, write(tmp_path / "other.dcm", other))
    until(lambda: "1 conflicts" in server.said())
    server.wait_for_images(3)
    assert server.end() == 0
    assert pydicom.dcmread(names[1]).PixelData == pydicom.dcmread(files[1]).PixelData
    assert len(list(keep.rglob("*.dcm"))) == 4
    assert "0 images added" in add(mi2, server.archive, keep)
    assert totals(mi2, server.archive)["images"] == 3


def with_study(content, study):
    """A dataset with another StudyInstanceUID."""
    at = content.index(b"\x20\x00\x0d\x00UI") + 6
    size, = struct.unpack_from("<H", content, at)
    return content[:at] + struct.pack("<H", len(study)) + study + content[at + 2 + size:]


def test_an_identifier_longer_than_a_name_is_in_nobodys_way(listening, tmp_path):
    keep = tmp_path / "kept"
    server = listening("--keep", keep)
    peer = Peer(server.port, CTImageStorage)
    content = with_study(encoded(slice_of("x", 0, 1)), b"_" * 120)
    assert peer.store(CTImageStorage, uid("sop", "x", 0, 1), content) == 0 and peer.release()
    send(server.port, *write_study(tmp_path / "in", "y"))
    server.wait_for_images(4)
    assert len(list(keep.rglob("*.dcm"))) == 4 and "tried again" not in server.said()


def test_a_file_of_a_received_object_becomes_its_place(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    keep, archive = tmp_path / "kept", tmp_path / "a"
    copies = listening("--keep", keep, archive=tmp_path / "other")
    server = listening(archive=archive)
    for one in (copies, server):
        send(one.port, *files)
        one.wait_for_images(3)
    assert "3 files moved" in add(mi2, archive, keep)  # the same bytes as were received
    assert all(name.startswith(str(keep)) for name in locators(archive))
    assert totals(mi2, archive)["images"] == 3
    send(server.port, *files)
    until(lambda: "3 copies" in server.said())
    assert all(name.startswith(str(keep)) for name in locators(archive))


def test_an_object_comes_in_the_syntax_that_it_has(mi2, listening, tmp_path):
    data = slice_of("x", 0, 1)
    data.compress(RLELossless, generate_instance_uid=False)
    path = write(tmp_path / "rle.dcm", data)
    server = listening()
    done = run("storescu", server.port, path, options=["-xr"])
    assert done.returncode == 0, done.output
    server.wait_for_images(1)
    assert table(server.archive, "SELECT transfer_syntax FROM instance") == [(RLELossless,)]
    jpeg_xl = "1.2.840.10008.1.2.4.110"
    peer = Peer(server.port, CTImageStorage, [jpeg_xl, RLELossless, EXPLICIT])
    assert peer.accepted and peer.syntax() == RLELossless
    assert peer.release()


def test_a_report_is_taken_and_counted_as_what_it_is(mi2, listening, tmp_path):
    data = slice_of("x", 0, 1, modality="SR")
    for name in ("PixelData", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated",
                 "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter", "WindowWidth"):
        delattr(data, name)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    server = listening()
    send(server.port, write(tmp_path / "sr.dcm", data), *write_study(tmp_path / "in", "y"))
    server.wait_for_images(3)
    server.end()
    assert "nothing to embed in 1 DICOM without pixels: structured report" in server.said()
    assert table(server.archive, "SELECT locator, code FROM refused") == [(f"dimse:SENDER/{data.SOPInstanceUID}", "skipped")]


def test_an_image_that_is_damaged_is_taken_and_counted(mi2, listening, tmp_path):
    keep = tmp_path / "kept"
    server = listening("--keep", keep)
    done = run("storescu", server.port, write(tmp_path / "damaged.dcm", damaged("x", 0, 1)), options=["-xr"])
    assert done.returncode == 0, done.output
    until(lambda: "not embedded: 1 " in server.said())
    until(lambda: spooled(server.archive) == [])
    assert len(table(server.archive, "SELECT locator FROM refused")) == 1 and len(list(keep.rglob("*.dcm"))) == 1


def test_many_send_at_once(mi2, listening, tmp_path):
    known = write_hospital(tmp_path / "in", studies=6)
    server = listening()
    senders = [subprocess.Popen(["storescu", "-aec", "MI2", "+sd", "+r", "localhost", str(server.port),
                                 str(tmp_path / "in" / str(study))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for study in range(6)]
    assert [sender.wait(PATIENCE) for sender in senders] == [0] * 6
    server.wait_for_images(len(known))
    assert totals(mi2, server.archive)["studies"] == 6
    sound(mi2, server.archive)


def test_others_write_to_the_archive_meanwhile(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x")
    server = listening()
    send(server.port, *files)
    server.wait_for_images(3)
    mi2("index", "rm", str(server.archive), "--study", uid("study", "x"), "--yes", with_model=False)
    assert totals(mi2, server.archive)["images"] == 0
    send(server.port, *files)  # removed, not forbidden
    server.wait_for_images(3)
    errors = mi2("listen", "--port", "0", str(server.archive), status=6).errors
    assert "another process receives into this spool" in errors


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_what_waits_stays(listening, tmp_path, by):
    server = listening(quiet=3600)
    send(server.port, *write_study(tmp_path / "in", "x"))
    assert server.end(by) == 0 and len(spooled(server.archive)) == 3
    assert run("echoscu", server.port).returncode != 0


def test_one_whose_notes_nobody_reads_goes_on_and_ends(mi2, tmp_path):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([mi2.path, "listen", "--port", "0", str(tmp_path / "a")], stdout=subprocess.PIPE,
                               stderr=writing, text=True, env=mi2.environment())
    os.close(writing)
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        for _ in range(150):  # lines of some 70 bytes
            peer = Peer(port, VERIFICATION)
            assert peer.echo() == 0 and peer.release()
            peer.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert os.read(reading, 100).startswith(b"mi2: ")
    finally:
        process.kill()
        process.wait()
        os.close(reading)


def test_an_object_that_is_on_its_way_comes_to_its_end(listening):
    server = listening(quiet=3600)
    data = encoded(slice_of("x", 0, 1))
    peer = Peer(server.port, CTImageStorage)
    peer.begin_store(CTImageStorage, uid("sop", "x", 0, 1))
    peer.send_data(data[:1000], False, last=False)
    server.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(1)
    peer.send_data(data[1000:], False)
    assert peer.status() == 0 and len(spooled(server.archive)) == 1
    assert peer.receive_pdu()[0] in (7, None)  # aborted: nothing more is taken
    peer.close()
    assert server.process.wait(PATIENCE) == 0


def test_one_that_always_has_more_holds_no_end_up(listening):
    server = listening(quiet=3600)
    peer = Peer(server.port, VERIFICATION)
    assert peer.echo() == 0
    server.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + 60
    with contextlib.suppress(OSError):
        while time.monotonic() < end and peer.echo() == 0:
            pass
    assert time.monotonic() < end and server.process.wait(PATIENCE) == 0


def test_what_it_says_names_nobody(listening, tmp_path):
    files = write_study(tmp_path / "in", "x", patient="SECRET77", name="Geheim^Gerda")
    server = listening()
    send(server.port, *files, calling="GEHEIM")
    server.wait_for_images(3)
    send(server.port, *files, calling="GEHEIM")
    until(lambda: "3 files unchanged" in server.said())
    server.end()
    said = server.said()
    assert "3 objects stored" in said and "3 images added" in said and "energy: " in said
    for secret in ("SECRET77", "Geheim", "Gerda", "GEHEIM", uid("study", "x"), uid("series", "x", 0), uid("sop", "x", 0, 1)):
        assert secret not in said

"""mi2 listen: an object that it has acknowledged and cannot add is in nobody's way, and is not lost."""
import zlib

import pydicom
from dicom_peer import Peer
from dicom_studies import slice_of, uid, write, write_study
from index_support import table, totals
from listen_support import damaged, encoded, listening, run, send, spooled, until, with_tools  # noqa: F401
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian

pytestmark = with_tools


def test_what_cannot_be_kept_waits_and_nobody_is_named(mi2, listening, tmp_path):
    keep = tmp_path / "kept"
    server = listening("--keep", keep)
    keep.rmdir()
    keep.write_text("where objects cannot be kept")
    send(server.port, *write_study(tmp_path / "in", "x", slices=1), calling="GEHEIM")
    until(lambda: "1 objects stay in the spool" in server.said())
    assert "GEHEIM" not in server.said() and uid("sop", "x", 0, 0) not in server.said()
    assert len(spooled(server.archive)) == 1 and server.end() == 0
    keep.unlink()
    listening("--keep", keep).wait_for_images(1)
    assert len(list(keep.rglob("*.dcm"))) == 1


def test_a_file_that_cannot_be_read_is_in_nobodys_way(mi2, listening, tmp_path):
    server = listening(quiet=5)
    send(server.port, *write_study(tmp_path / "in", "x"), calling="GEHEIM")
    names = spooled(server.archive)
    bad = server.archive / "spool" / names[1]
    content = bad.read_bytes()
    bad.unlink()
    bad.mkdir()
    until(lambda: "1 objects stay in the spool" in server.said())
    assert totals(mi2, server.archive)["images"] == 2 and spooled(server.archive) == [names[1]]
    assert "GEHEIM" not in server.said() and uid("sop", "x", 0, 1) not in server.said()
    assert table(server.archive, "SELECT * FROM refused") == []
    assert server.end() == 0
    again = listening()
    until(lambda: "1 objects stay in the spool" in again.said())
    again.end()
    bad.rmdir()
    bad.write_bytes(content)
    last = listening()
    last.wait_for_images(3)


def test_what_is_refused_for_its_content_is_set_aside(listening, tmp_path):
    many = slice_of("y", 0, 1)
    many.Rows = many.Columns = 1
    many.BitsAllocated = many.BitsStored = 8
    many.HighBit, many.NumberOfFrames, many.PixelData = 7, 100_001, bytes(100_002)
    server = listening()
    done = run("storescu", server.port, write(tmp_path / "damaged.dcm", damaged("x", 0, 1)), options=["-xr"])
    assert done.returncode == 0, done.output
    send(server.port, write(tmp_path / "many.dcm", many), *write_study(tmp_path / "in", "z"))
    server.wait_for_images(3)
    reasons = dict(until(lambda: len(rows := table(server.archive, "SELECT locator, reason FROM refused")) == 2 and rows))
    assert "100001 frames, the limit is 100000" in reasons[f"dimse:SENDER/{many.SOPInstanceUID}"]
    until(lambda: spooled(server.archive) == [])
    kept = (server.archive / "spool" / "refused").glob("*.dcm")
    assert {pydicom.dcmread(path).SOPInstanceUID for path in kept} == {uid("sop", "x", 0, 1), uid("sop", "y", 0, 1)}
    assert server.end() == 0 and "are kept in spool/refused" in server.said()


def test_a_deflated_object_of_too_many_pixels_is_set_aside(listening):
    many = slice_of("x", 0, 1)
    many.NumberOfFrames, many.PixelData = 600, 600 * many.PixelData
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    server = listening("--max-pixels", "2000")  # of all frames of a deflated object
    peer = Peer(server.port, CTImageStorage, [DeflatedExplicitVRLittleEndian])
    content = packer.compress(encoded(many)) + packer.flush()
    content += bytes(len(content) % 2)  # as PS3.5 A.5 has it
    assert peer.store(CTImageStorage, many.SOPInstanceUID, content) == 0 and peer.release()
    until(lambda: "are kept in spool/refused" in server.said())
    assert "got 614400" in table(server.archive, "SELECT reason FROM refused")[0][0] and spooled(server.archive) == []

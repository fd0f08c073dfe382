"""Results of searches on their way: to DCMTK's storescp, to a STOW-RS server that answers as it is told, and to an Orthanc.
What arrives is what was made, and what does not arrive is said."""
import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pydicom
import pytest
from dicom_studies import slice_of, uid
from index_support import add
from push_support import HEADER, ID, NAME, STUDIES, made_in, make_archive, push, search, tool, unpacked

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from stow_server import Stow  # noqa: E402


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    return make_archive(mi2, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def card(made):
    (card,) = (made / "cards").glob("*.json")
    return card


@pytest.fixture(scope="module")
def objects(mi2, made, card):
    """{(kind, study): file}"""
    push(mi2, made / "a", card, "--out", made / "objects")
    return made_in(made / "objects")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Storescp:
    """DCMTK's receiver, which writes what it gets to a folder."""

    def __init__(self, folder, *options):
        self.folder, self.log, self.port = folder / "got", folder / "storescp.log", free_port()
        self.folder.mkdir()
        storescp = tool("dcmtk", "storescp")
        self.output = open(self.log, "wb")
        self.process = subprocess.Popen(
            [storescp.program, "-v", "-aet", "PACS", "-od", str(self.folder), *options, str(self.port)],
            stdout=self.output, stderr=self.output, env=storescp.environment)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        self.to = ["--to", f"dimse:PACS@127.0.0.1:{self.port}", "--send"]

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.output.close()


@pytest.fixture
def storescp(tmp_path):
    made = []

    def start(*options):
        made.append(Storescp(tmp_path, *options))
        return made[-1]
    yield start
    for one in made:
        one.close()


def test_what_is_sent_arrives(mi2, made, card, objects, storescp):
    receiver = storescp("+xa")
    done = push(mi2, made / "a", card, *receiver.to)
    assert "6 objects sent" in done.errors and done.stdout.decode().count(" sent ") == 6
    wanted = {path.stem: pydicom.dcmread(path) for path in objects.values()}
    got = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, receiver.folder.iterdir())}
    assert got.keys() == wanted.keys()
    assert all(got[name] == data for name, data in wanted.items())


def test_a_receiver_of_implicit_syntax_alone_gets_the_same(mi2, made, card, objects, storescp):
    receiver = storescp("+xi")
    push(mi2, made / "a", card, *receiver.to, "--as", "sr")
    got = [pydicom.dcmread(path) for path in receiver.folder.iterdir()]
    assert {data.file_meta.TransferSyntaxUID for data in got} == {"1.2.840.10008.1.2"}
    assert {data.SOPInstanceUID for data in got} == {path.stem for (kind, _), path in objects.items() if kind == "SR"}


def test_a_refused_object_is_said(mi2, made, card, storescp):
    receiver = storescp()
    shutil.rmtree(receiver.folder)  # it cannot write
    done = push(mi2, made / "a", card, *receiver.to, "--as", "sr", status=6)
    assert "refused: out of resources (status A7" in done.errors and uid("study", "x") in done.errors
    assert done.stdout.decode().count("failed") == 3


def test_a_refused_association_is_said(mi2, made, card, storescp):
    receiver = storescp("--refuse")
    assert f"PACS@127.0.0.1:{receiver.port}" in push(mi2, made / "a", card, *receiver.to, status=6).errors


def test_a_connection_that_is_ended_loses_no_object_silently(mi2, made, card, storescp):
    receiver = storescp("--abort-after")  # each association, behind its first object and without an answer
    done = push(mi2, made / "a", card, *receiver.to, status=6)
    assert done.stdout.decode().count("failed") == 6


@pytest.mark.parametrize("to", ["dimse:PACS@127.0.0.1:{}", "stow:http://127.0.0.1:{}/dicom-web"])
def test_where_nobody_listens_nothing_is_sent(mi2, made, card, to):
    push(mi2, made / "a", card, "--to", to.format(free_port()), "--as", "sr", "--send", status=6)


@pytest.fixture
def stow():
    with Stow() as running:
        yield running


def test_what_is_posted_is_what_was_made(mi2, made, card, objects, stow):
    done = push(mi2, made / "a", card, *stow.to)
    assert "6 objects sent" in done.errors
    assert sorted(stow.got) == sorted(path.read_bytes() for path in objects.values())


def test_a_dry_run_posts_nothing(mi2, made, card, stow):
    push(mi2, made / "a", card, *stow.to[:2])
    assert stow.requests == []


def test_a_failure_is_one_whatever_the_status(mi2, made, card, stow):
    stow.reply = lambda data: (200, {"00081198": stow.sequence(data, _00081197=0xA700)})
    done = push(mi2, made / "a", card, *stow.to, "--as", "sr", status=6)
    assert "A700" in done.errors and done.stdout.decode().count("failed") == 3


def test_a_part_that_is_refused_is_status_8(mi2, made, card, stow):
    def reply(data):
        if data.Modality == "SR":
            return 409, {"00081198": stow.sequence(data, _00081197=0x0122)}
        return 202, {"00081199": stow.sequence(data, _00081196=0xB000)}
    stow.reply = reply
    done = push(mi2, made / "a", card, *stow.to, status=8)
    assert "takes no objects of this class" in done.errors and "changed elements (status B000)" in done.errors
    assert done.stdout.decode().count("failed") == 3 and done.stdout.decode().count(" sent ") == 3


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>stored</html>", b'{"00081199": {"vr": "SQ"}}'])
def test_an_answer_that_does_not_name_the_object_is_a_failure(mi2, made, card, stow, body):
    stow.reply = lambda data: (200, body)
    assert "does not say that it has stored" in push(mi2, made / "a", card, *stow.to, "--as", "sr", status=3).errors


def test_what_is_there_already_is_fine(mi2, made, card, stow):
    stow.reply = lambda data: (409, {"00081198": stow.sequence(data, _00081197=0x0111)})
    done = push(mi2, made / "a", card, *stow.to)
    assert done.stdout.decode().count("was there") == 6


def test_nothing_of_an_answer_is_repeated(mi2, made, card, stow):
    stow.reply = lambda data: (500, {"Message": f"{NAME} is not known", "Details": ID})
    assert "500" in push(mi2, made / "a", card, *stow.to, "--as", "sr", status=3).errors


def test_a_server_that_is_busy_is_asked_again(mi2, made, card, objects, stow):
    busy = iter([True] + [False] * 99)
    stow.reply = lambda data: (503, b"later") if next(busy) else (200, {"00081199": stow.sequence(data)})
    push(mi2, made / "a", card, *stow.to, "--as", "sr")
    assert len(stow.got) == 3


@pytest.mark.parametrize("piece, pause", [(1 << 16, 0), (1, 0.2)])
def test_what_a_busy_server_says_beside_that_may_have_no_end(mi2, made, card, stow, piece, pause):
    store, begun = stow.hook, []

    def endless(handler, path):
        if handler.command != "POST" or begun:
            return store(handler, path)
        begun.append(path)
        handler.send_response(503)
        handler.send_header("Retry-After", "0")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(bytes(piece))
                time.sleep(pause)
        handler.close_connection = True
        return True

    stow.hook = endless
    push(mi2, made / "a", card, *stow.to, "--as", "sr")
    assert len(stow.got) == 3


def test_credentials_come_from_a_file_or_the_environment_and_are_not_said(mi2, made, card, stow, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("bearer hush-hush-1\n")
    done = push(mi2, made / "a", card, *stow.to, "--credentials", tmp_path / "token")
    monkeypatch.setenv("MI2_DICOMWEB_CREDENTIALS", "basic name:hush-hush-2")
    done.errors += push(mi2, made / "a", card, *stow.to).errors
    said = {headers["Authorization"] for headers in stow.headers}
    assert "Bearer hush-hush-1" in said and len(said) == 2 and "hush" not in done.errors
    assert "go over http" in done.errors


def test_a_server_that_refuses_who_asks_is_asked_once(mi2, made, card, stow):
    stow.reply = lambda data: (401, b"")
    done = push(mi2, made / "a", card, *stow.to, status=6)
    assert "401" in done.errors and len(stow.requests) == 1 and done.stdout.decode().count("failed") == 6


def test_whose_it_is_is_asked_of_the_server_that_it_goes_to_and_of_no_other(mi2, stow, tmp_path):
    for study in STUDIES:
        stow.add(slice_of(study, 0, 0, patient=ID, **HEADER))
    add(mi2, tmp_path / "a", stow.url())
    card = search(mi2, tmp_path / "a", tmp_path / "c")
    push(mi2, tmp_path / "a", card, *stow.to, "--as", "sr")
    made = [pydicom.dcmread(io.BytesIO(content)) for content in stow.got]
    assert {(str(data.PatientName), data.PatientID) for data in made} == {(NAME, ID)}
    assert {data.StudyInstanceUID for data in made} == {uid("study", study) for study in STUDIES}
    before = len(stow.requests)
    with Stow() as other:
        push(mi2, tmp_path / "a", card, *other.to, status=7)
        assert other.requests == [] and len(stow.requests) == before
    push(mi2, tmp_path / "a", card, status=7)
    assert len(stow.requests) == before


def ask(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.loads(answer.read() or b"[]")


class Orthanc:
    def __init__(self, folder):
        program, libraries = unpacked(["orthanc", "liblua5.3-0", "libpugixml1v5", "libboost-locale1.74.0", "libboost-thread1.74.0"],
                                      "usr/sbin/Orthanc")
        plugin = Path("/usr/lib/orthanc/libOrthancDicomWeb.so.1.7")
        if not plugin.exists():
            plugin = Path(unpacked(["orthanc-dicomweb"], "usr/lib/orthanc/libOrthancDicomWeb.so.1.7")[0])
        if not plugin.exists():
            pytest.skip("orthanc-dicomweb has another version")
        self.http, self.dicom, self.log = free_port(), free_port(), folder / "orthanc.log"
        settings = {"StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpPort": self.http,
                    "DicomPort": self.dicom, "DicomAet": "ORTHANC", "AuthenticationEnabled": False,
                    "RemoteAccessAllowed": False, "Plugins": [str(plugin)],
                    "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}}
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.output = open(self.log, "wb")
        self.process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=self.output, stderr=self.output,
                                        env={**os.environ, "LD_LIBRARY_PATH": libraries})
        self.url = f"http://127.0.0.1:{self.http}"
        for _ in range(300):
            try:
                ask(self.url + "/system")
                break
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)

    def close(self):
        self.process.kill()  # ending by itself takes 3 s
        self.process.wait(30)
        self.output.close()

    def found(self, study):
        """By QIDO-RS: {SOP instance UID: series description}."""
        rows = ask(f"{self.url}/dicom-web/instances?StudyInstanceUID={study}&includefield=0008103E")
        return {row["00080018"]["Value"][0]: row.get("0008103E", {}).get("Value", [""])[0] for row in rows}


@pytest.fixture
def orthanc(tmp_path):
    running = Orthanc(tmp_path)
    yield running
    running.close()


@pytest.mark.parametrize("way", ["dimse", "stow"])
def test_an_orthanc_stores_the_objects_once(mi2, made, card, objects, orthanc, way):
    for path in (made / "in").rglob("*.dcm"):
        urllib.request.urlopen(urllib.request.Request(orthanc.url + "/instances", data=path.read_bytes()), timeout=60).close()
    to = {"dimse": f"dimse:ORTHANC@127.0.0.1:{orthanc.dicom}", "stow": f"stow:{orthanc.url}/dicom-web"}[way]
    push(mi2, made / "a", card, "--to", to, "--send")
    for study in STUDIES:
        name = uid("study", study)
        there = orthanc.found(name)
        wanted = {path.stem for (_, of), path in objects.items() if of == name}
        assert wanted <= there.keys() and len(there) == 3 + len(wanted)
        assert all("research use" in there[one] for one in wanted)
    # Beside the images of the same patient, not as a patient of their own.
    before = ask(orthanc.url + "/statistics")
    assert (before["CountPatients"], before["CountStudies"], before["CountInstances"]) == (3, 3, 15)
    push(mi2, made / "a", card, "--to", to, "--send")
    assert ask(orthanc.url + "/statistics")["CountInstances"] == 15
    assert ask(orthanc.url + "/statistics")["TotalDiskSize"] == before["TotalDiskSize"]

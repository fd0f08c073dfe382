"""Debian's Orthanc with the script of deploy/orthanc: what it stores gets the vector that mi2 embed gives."""
import json
import os
import shutil
import subprocess
import time
import urllib.error
from pathlib import Path

import numpy as np
import pydicom
import pytest
from conftest import DEPLOY
from debian import unpacked
from orthanc import PACKAGES, ask, free_port


def _object(path, sop_class, modality):
    """A dataset with all that Orthanc wants, of a patient whose name nothing may repeat."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "2.25.1"
    dataset.PatientID, dataset.PatientName, dataset.Modality = "secret-id", "Doe^Jane", modality
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.2", "2.25.3"
    if modality == "CT":
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 40, 50, 1
        dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelData = (np.arange(2000, dtype="<u2") * 2).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def dicom(tmp_path):
    return _object(tmp_path / "ct.dcm", pydicom.uid.CTImageStorage, "CT")


@pytest.fixture
def another_model(tmp_path):
    """The starter with one bit of its weights changed."""
    folder = shutil.copytree(os.environ["MI2_STARTER_MODEL"], tmp_path / "another")
    weights = Path(folder) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-4] ^= 1
    weights.write_bytes(content)
    return folder


@pytest.fixture
def orthanc(tmp_path, serve, another_model):
    program, libraries = unpacked(PACKAGES, "usr/sbin/Orthanc")
    # The first answers; in a list, the other comes before it.
    server = serve(model=[f"starter={os.environ['MI2_STARTER_MODEL']}", f"another={another_model}"])
    settings = json.loads((DEPLOY / "orthanc/orthanc.json").read_text())
    port = free_port()
    settings["LuaScripts"] = [str(DEPLOY / "orthanc/mi2.lua")]
    settings |= {"StorageDirectory": str(tmp_path / "db"), "IndexDirectory": str(tmp_path / "db"), "HttpPort": port,
                 "DicomServerEnabled": False, "AuthenticationEnabled": False, "RemoteAccessAllowed": False}
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    environment = {**os.environ, "MI2_URL": f"http://{server.host}:{server.port}", "LD_LIBRARY_PATH": libraries}
    log = open(tmp_path / "log", "wb")
    process = subprocess.Popen([program, str(tmp_path / "orthanc.json")], env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                ask(url + "/system")
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.1)
        yield url, tmp_path / "log"
    finally:
        process.kill()  # ending by itself takes 3 s
        process.wait(30)
        log.close()


def test_each_stored_instance_gets_its_vector(orthanc, dicom):
    url, log = orthanc
    instance = json.loads(ask(url + "/instances", dicom.read_bytes()))["ID"]
    weights = None
    for _ in range(300):
        try:
            weights = ask(f"{url}/instances/{instance}/metadata/mi2-weights").decode()
            break
        except urllib.error.HTTPError:
            time.sleep(0.1)
    assert weights is not None, log.read_text()
    vector = json.loads(ask(f"{url}/instances/{instance}/metadata/mi2-embedding"))
    done = subprocess.run([os.environ["MI2_BIN"], "embed", "--model", os.environ["MI2_STARTER_MODEL"], "--dtype", "f32",
                           "--provenance", str(dicom)], capture_output=True, check=True)
    row = json.loads(done.stdout)
    wanted = row["embedding"]
    assert weights == row["provenance"]["weights_sha256"]
    assert len(vector) == len(wanted) and max(abs(a - b) for a, b in zip(vector, wanted)) < 1e-3


def test_what_has_no_pixels_is_stored_without_a_vector(orthanc, tmp_path):
    url, log = orthanc
    report = _object(tmp_path / "report.dcm", pydicom.uid.BasicTextSRStorage, "SR")
    instance = json.loads(ask(url + "/instances", report.read_bytes()))["ID"]
    for _ in range(100):
        if f"no vector for instance {instance}" in log.read_text():
            break
        time.sleep(0.1)
    assert f"no vector for instance {instance}" in log.read_text()
    assert "Doe" not in log.read_text() and "secret-id" not in log.read_text()
    assert b"mi2-embedding" not in ask(f"{url}/instances/{instance}/metadata")

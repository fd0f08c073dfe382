"""Every route, asked well and badly, leaves nothing of a patient, a text, a payload or a key in the log.

The fixture `serve` looks for what the other tests of this folder sent in the same way.
"""
import base64
import io
import json

import pydicom
import pytest
from conftest import picture
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

KEYS = ["first-key-0123456789", "second-key-0123456789"]
WRONG_KEY = "wrong-key-0123456789"
PATIENT = {"PatientName": "Zwetschke^Ottokar", "PatientID": "MRN_7741093", "PatientBirthDate": "19370211",
           "AccessionNumber": "ACC-5518264", "ReferringPhysicianName": "Quendel^Isolde",
           "InstitutionName": "Hospital of Hintertupfing", "StudyDescription": "suspected granuloma, left lung",
           "StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
TEXT = "finding of Ottokar Zwetschke: granuloma"
LABEL = "granuloma of Ottokar"


def dicom(**changes):
    """A secondary capture of 8 x 8 grey pixels with a patient's identifiers, as bytes."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    values = {**PATIENT, "SOPClassUID": SecondaryCaptureImageStorage, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
              "Modality": "OT", "Rows": 8, "Columns": 8, "SamplesPerPixel": 1, "BitsAllocated": 8, "BitsStored": 8,
              "HighBit": 7, "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2",
              "PixelData": bytes(range(0, 256, 4)), **changes}
    for name, value in values.items():
        setattr(dataset, name, value)
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def bad_dicoms():
    """Objects that are refused at different depths, each with the identifiers in it."""
    good = dicom()
    yield good[:-40]
    yield good[:300]
    yield dicom(PhotometricInterpretation=PATIENT["PatientID"])
    yield dicom(Rows=4000)
    yield dicom(BitsAllocated=7)
    yield dicom(WindowCenter="1", WindowWidth="-1", Modality=PATIENT["PatientID"])


def bodies(image):
    """(method and path, content type, body) of each route that computes."""
    kserve = [{"name": "image", "datatype": "BYTES", "shape": [1], "data": [image]},
              {"name": "text", "datatype": "BYTES", "shape": [1], "data": [TEXT]}]
    table = {"columns": ["image", "text"], "data": [[image, TEXT]]}
    for path, body in [("/score", {"input_data": table}), ("/", {"input_data": [{"image": image, "text": TEXT}]}),
                       ("/invocations", {"dataframe_split": table}), ("/encode", {"images": [image], "texts": [TEXT]}),
                       ("/predict", {"images": [image], "labels": [LABEL, TEXT]}),
                       ("/v1/embeddings", {"input": ["data:application/dicom;base64," + image, TEXT]}),
                       ("/v2/models/default/infer", {"inputs": kserve})]:
        yield path, "application/json", json.dumps(body).encode()
    yield "/invocations", "text/csv", f'image,text\n{image},"{TEXT}"\n'.encode()


def spoiled(path, body):
    """The same request wrong in ways that tempt a parser to repeat what it read."""
    yield path, body[: len(body) * 2 // 3]
    yield path, body.replace(b'"image"', json.dumps(TEXT).encode()).replace(b'"images"', json.dumps(TEXT).encode())
    yield path, body.replace(b"[", b"{", 1)
    yield path, json.dumps({TEXT: PATIENT, "params": {"profile": TEXT}, "model": TEXT, "modality": TEXT}).encode()
    yield path, b'{"input_data": {"columns": ["' + TEXT.encode() + b'"], "data": [[1]]}, "params": "' + TEXT.encode() + b'"}'
    yield path, TEXT.encode() + b"\xff\xfe"
    yield path + "?model=" + PATIENT["PatientID"], body
    yield path + "/" + PATIENT["PatientID"], body


@pytest.fixture
def server(serve, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS) + "\n")
    return serve("--api-key-file", keys, "--max-queue", 4)


def secrets():
    """What must not be in the log, and the same as base64 at each of the three places it may have in a payload."""
    plain = [*KEYS, WRONG_KEY, TEXT, LABEL, "granuloma", *PATIENT.values(), "Zwetschke", "Quendel", "Hintertupfing"]
    for secret in plain:
        yield secret
        for shift in range(3):
            # Without the letters that also hold bits of what stands before and after.
            yield base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")[4 if shift else 0:-2]


def ask_everything(server):
    """Asks every route of the program's own table; returns the statuses."""
    key, statuses = {"authorization": f"Bearer {KEYS[0]}", "user-agent": TEXT}, []
    for path, operations in json.loads(server.get("/openapi.json").body)["paths"].items():
        for method in operations:
            for name in ("default", PATIENT["PatientID"]):
                target = path.replace("{model}", name)
                for headers in (key, {"api-key": WRONG_KEY}, {"x-api-key": KEYS[1], "referer": TEXT}):
                    statuses.append(server.request(method.upper(), target, headers=headers).status)
    images = [picture(), *(base64.b64encode(content).decode() for content in (dicom(), *bad_dicoms())), TEXT]
    for image in images:
        for path, kind, body in bodies(image):
            statuses.append(server.post(path, body, headers={**key, "content-type": kind}).status)
    for path, kind, body in bodies(base64.b64encode(dicom()).decode()):
        for target, content in spoiled(path, body):
            statuses.append(server.post(target, content, headers={**key, "content-type": kind}).status)
    return statuses


def test_the_log_holds_nothing_of_what_was_sent_to_any_route(server):
    statuses = ask_everything(server)
    assert {200, 400, 401, 404, 422} <= set(statuses) <= {200, 307, 400, 401, 404, 405, 413, 415, 422, 429}, set(statuses)
    routes = {record["route"] for record in server.records("request") if record["status"] == 200}
    assert {"score", "invocations", "predict", "encode", "embeddings", "infer"} <= routes
    assert server.end() == 0
    log = "".join(server.lines)
    assert len(server.records("request")) >= len(statuses)
    assert not [secret for secret in secrets() if secret in log]
    for payload in (picture(), base64.b64encode(dicom()).decode()):
        assert not [i for i in range(0, len(payload) - 24, 24) if payload[i:i + 24] in log]


def test_what_a_log_must_not_hold_would_be_found():
    """The search itself: it sees a whole secret, a piece of a payload and a key, and nothing in an innocent log."""
    from privacy import Sent
    sent = Sent()
    sent.add({"input_data": {"data": [[picture(), TEXT]]}}, {"Authorization": f"Bearer {KEYS[0]}"})
    assert not sent.found_in('{"event":"request","route":"score","model":"default"}')
    for leak in (TEXT, KEYS[0], picture()[240:300]):
        assert sent.found_in(f'{{"message":"{leak}"}}'), leak

"""A STOW-RS server on loopback for tests that answers as it is told."""
import io
import json

import pydicom
from dicomweb_server import DicomwebServer


class Stow(DicomwebServer):
    """`answer(data)` says what becomes of an object: (status, answer)."""

    def __init__(self):
        super().__init__()
        self.hook, self.got = self.store, []
        self.reply = lambda data: (200, {"00081199": self.sequence(data)})

    @property
    def to(self):
        return ["--to", f"stow:http://127.0.0.1:{self.port}/good", "--send"]

    @staticmethod
    def sequence(data, **more):
        item = {"00081150": {"vr": "UI", "Value": [str(data.SOPClassUID)]},
                "00081155": {"vr": "UI", "Value": [str(data.SOPInstanceUID)]}}
        return {"vr": "SQ", "Value": [item | {tag[1:]: {"vr": "US", "Value": [value]} for tag, value in more.items()}]}

    def store(self, handler, path):
        if handler.command != "POST":
            return False
        assert path == "/good/studies"
        kind = handler.headers["Content-Type"]
        assert kind.startswith('multipart/related; type="application/dicom"; boundary=')
        boundary = kind.rsplit("=", 1)[1].encode()
        head, body, end = handler.body.split(b"--" + boundary)
        assert head == b"" and end == b"--\r\n"
        fields, _, content = body.partition(b"\r\n\r\n")
        assert fields == b"\r\nContent-Type: application/dicom" and content.endswith(b"\r\n")
        data = pydicom.dcmread(io.BytesIO(content[:-2]))
        status, answer = self.reply(data)
        if status < 300:
            self.got.append(content[:-2])
        self.send(handler, status, answer if isinstance(answer, bytes) else json.dumps(answer).encode())
        return True

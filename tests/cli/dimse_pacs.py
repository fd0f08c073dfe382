"""PACS of the tests: DCMTK's dcmqrscp, and one that answers as it is told to, right or wrong (PS3.8 section 9)."""
import contextlib
import socket
import struct
import subprocess
import threading
from io import BytesIO
from pathlib import Path

import pydicom
from dicom_peer import EXPLICIT, _item, _uid, command, short
from dicom_studies import write
from listen_support import encoded, run, send, until
from pydicom.filereader import read_dataset

NO_DATA = 0x0101


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Dcmqrscp:
    """DCMTK's archive as PACS. @param knows  whether it has MI2 as the destination of moves."""

    def __init__(self, folder, knows=True):
        self.port, self.ours = free_port(), free_port()
        (folder / "db").mkdir(parents=True)
        hosts = f"ours = (MI2, localhost, {self.ours})\n" if knows else ""
        (folder / "pacs.cfg").write_text(
            f"NetworkTCPPort = {self.port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            f"HostTable BEGIN\n{hosts}HostTable END\n"
            f"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nPACS {folder}/db RW (200, 1024mb) ANY\nAETable END\n")
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(["dcmqrscp", "-v", "-c", str(folder / "pacs.cfg")], stdout=log, stderr=log)
        until(lambda: run("echoscu", self.port, called="PACS").returncode == 0)

    def source(self, query=""):
        return f"dimse:PACS@localhost:{self.port}{query}"

    def store(self, *files):
        send(self.port, *files, called="PACS")

    def moves(self):
        return self.log.read_text(errors="replace").count("Received Move SCP")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


class Pacs:
    """Has datasets. `finds` and `moves` are what it was asked.

    cap, cut        at most so many studies in an answer, which then ends with that status
    counts          whether rows have numbers of objects
    lists           whether objects are listed
    on_move         (study, series) -> (the files to send, status, completed, failed, warned)
    """

    def __init__(self, folder, datasets):
        self.folder, self.datasets, self.files = Path(folder), list(datasets), {}
        for data in self.datasets:
            self.files[data.SOPInstanceUID] = write(self.folder / f"{data.SOPInstanceUID}.dcm", data)
        self.cap, self.cut, self.counts, self.on_move = None, 0, True, self.honest
        self.lists = True
        self.finds, self.moves = [], []
        self.ours = free_port()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def source(self, query=""):
        return f"dimse:PACS@127.0.0.1:{self.port}{query}"

    def of(self, study, series=None):
        return [data for data in self.datasets
                if data.StudyInstanceUID == study and series in (None, data.SeriesInstanceUID)]

    def honest(self, study, series):
        files = [self.files[data.SOPInstanceUID] for data in self.of(study, series)]
        return files, 0, len(files), 0, 0

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            _Association(self, connection).serve()


class _Association:
    def __init__(self, pacs, connection):
        self.pacs, self.connection, self.contexts = pacs, connection, {}

    def _read(self, size):
        content = b""
        while len(content) < size:
            part = self.connection.recv(size - len(content))
            if not part:
                raise OSError("the connection ended")
            content += part
        return content

    def _pdu(self):
        kind, size = struct.unpack(">BxI", self._read(6))
        return kind, self._read(size)

    def _send(self, kind, body):
        self.connection.sendall(struct.pack(">BxI", kind, len(body)) + body)

    def serve(self):
        commands, data = b"", b""
        while True:
            kind, body = self._pdu()
            if kind == 1:
                self._accept(body)
            elif kind == 5:
                return self._send(6, b"\0\0\0\0")
            elif kind != 4:
                return None
            at = 0
            while kind == 4 and at < len(body):
                size, context, flags = struct.unpack_from(">IBB", body, at)
                part = body[at + 6:at + 4 + size]
                at += 4 + size
                if flags & 1:
                    commands += part
                    continue
                data += part
                if flags & 2:  # both requests have a dataset
                    self._answer(context, commands, data)
                    commands, data = b"", b""

    def _accept(self, body):
        accepted, at = _item(0x10, b"1.2.840.10008.3.1.1.1"), 68
        while at < len(body):
            kind, size = struct.unpack_from(">BxH", body, at)
            content = body[at + 4:at + 4 + size]
            at += 4 + size
            if kind == 0x20:
                length, = struct.unpack_from(">H", content, 6)
                self.contexts[content[0]] = content[8:8 + length].decode().rstrip("\0")
                accepted += _item(0x21, bytes([content[0], 0, 0, 0]) + _item(0x40, EXPLICIT.encode()))
        user = _item(0x50, _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.3.4"))
        self._send(2, body[:68] + accepted + user)

    def _message(self, context, content, flags):
        self._send(4, struct.pack(">IBB", len(content) + 2, context, flags) + content)

    def _respond(self, context, number, field, status, row=None, counts=()):
        elements = [(0x0002, _uid(self.contexts[context])), (0x0100, short(field)), (0x0120, short(number)),
                    (0x0800, short(NO_DATA if row is None else 1)), (0x0900, short(status))]
        elements += [(0x1021 + place, short(count)) for place, count in enumerate(counts)]
        self._message(context, command(*elements), 3)
        if row is not None:
            self._message(context, encoded(row), 2)

    def _answer(self, context, commands, content):
        elements, at = {}, 0
        while at < len(commands):
            _, element, size = struct.unpack_from("<HHI", commands, at)
            elements[element] = commands[at + 8:at + 8 + size]
            at += 8 + size
        field, number = (struct.unpack("<H", elements[element])[0] for element in (0x0100, 0x0110))
        query = read_dataset(BytesIO(content), False, True)
        if field == 0x20:
            self._find(context, number, query)
        else:
            self._move(context, number, query)

    def _find(self, context, number, query):
        level = query.QueryRetrieveLevel
        self.pacs.finds.append((level, query.get("StudyDate", "")))
        rows = {"STUDY": self._studies, "SERIES": self._series, "IMAGE": self._objects}[level](query)
        cut = level == "STUDY" and self.pacs.cap is not None and len(rows) > self.pacs.cap
        for row in rows[:self.pacs.cap] if cut else rows:
            self._respond(context, number, 0x8020, 0xFF00, row)
        self._respond(context, number, 0x8020, self.pacs.cut if cut else 0)

    def _studies(self, query):
        first, dash, last = query.get("StudyDate", "").partition("-")
        rows = {}
        for data in self.pacs.datasets:
            date = data.get("StudyDate", "")
            if first and not first <= date <= (last if dash else first):
                continue
            row = rows.setdefault(data.StudyInstanceUID, pydicom.Dataset())
            row.QueryRetrieveLevel, row.StudyInstanceUID, row.StudyDate = "STUDY", data.StudyInstanceUID, date
            if self.pacs.counts:
                row.NumberOfStudyRelatedInstances = len(self.pacs.of(data.StudyInstanceUID))
        return list(rows.values())

    def _series(self, query):
        rows = {}
        for data in self.pacs.of(query.StudyInstanceUID):
            row = rows.setdefault(data.SeriesInstanceUID, pydicom.Dataset())
            row.StudyInstanceUID, row.SeriesInstanceUID, row.Modality = (data.StudyInstanceUID, data.SeriesInstanceUID,
                                                                         data.Modality)
        return list(rows.values())

    def _objects(self, query):
        rows = []
        for data in self.pacs.of(query.StudyInstanceUID, query.SeriesInstanceUID) if self.pacs.lists else []:
            row = pydicom.Dataset()
            row.SOPInstanceUID = data.SOPInstanceUID
            rows.append(row)
        return rows

    def _move(self, context, number, query):
        study, series = query.StudyInstanceUID, query.get("SeriesInstanceUID")
        self.pacs.moves.append((study, series))
        files, status, *counts = self.pacs.on_move(study, series)
        for file in files:  # one by one: dcmsend ends where one is refused
            run("dcmsend", self.pacs.ours, file, calling="PACS")
        self._respond(context, number, 0x8021, status, counts=counts)

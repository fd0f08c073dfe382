"""A peer of DICOM's network that says what it is told to, right or wrong: the upper layer by hand (PS3.8 section 9)."""
import socket
import struct

VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


def _item(kind, content):
    return struct.pack(">BxH", kind, len(content)) + content


def _element(group, element, content):
    return struct.pack("<HHI", group, element, len(content)) + content


def _uid(text):
    return text.encode() + b"\0" * (len(text) % 2)


def command(*elements):
    """A command set from (element, content) of group 0000."""
    body = b"".join(_element(0, element, content) for element, content in elements)
    return _element(0, 0, struct.pack("<I", len(body))) + body


def short(number):
    return struct.pack("<H", number)


class Peer:
    """An association with one presentation context, number 1."""

    def __init__(self, port, abstract, syntaxes=(EXPLICIT,), called="MI2", calling="PEER"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        syntaxes = b"".join(_item(0x40, syntax.encode()) for syntax in syntaxes)
        context = _item(0x20, b"\x01\0\0\0" + _item(0x30, abstract.encode()) + syntaxes)
        user = _item(0x50, _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.3.4"))
        body = struct.pack(">Hxx16s16s32x", 1, called.ljust(16).encode(), calling.ljust(16).encode())
        self.send_pdu(1, body + _item(0x10, b"1.2.840.10008.3.1.1.1") + context + user)
        self.kind, self.answer = self.receive_pdu()
        self.accepted = self.kind == 2
        self.result = self.answer[1:4] if self.kind == 3 else b""  # of a rejection: result, source, reason

    def syntax(self):
        """The transfer syntax that was accepted."""
        at = self.answer.index(b"\x40\x00", 68)
        size, = struct.unpack_from(">H", self.answer, at + 2)
        return self.answer[at + 4:at + 4 + size].decode()

    def send_pdu(self, kind, body):
        self.socket.sendall(struct.pack(">BxI", kind, len(body)) + body)

    def _read(self, size):
        content = b""
        while len(content) < size:
            part = self.socket.recv(size - len(content))
            if not part:
                return None
            content += part
        return content

    def receive_pdu(self):
        """@returns kind and body; None and nothing if the connection ended."""
        try:
            head = self._read(6)
        except ConnectionResetError:
            head = None
        if head is None:
            return None, b""
        kind, size = struct.unpack(">BxI", head)
        return kind, self._read(size)

    def send_data(self, content, is_command, last=True, most=16000):
        for at in range(0, max(len(content), 1), most):
            part = content[at:at + most]
            end = last and at + most >= len(content)
            self.send_pdu(4, struct.pack(">IBB", len(part) + 2, 1, int(is_command) | 2 * int(end)) + part)

    def status(self):
        """Of the next answer; None if there is none."""
        kind, body = self.receive_pdu()
        if kind != 4:
            return None
        content, at = body[6:], 0
        while at < len(content):
            group, element, size = struct.unpack_from("<HHI", content, at)
            if (group, element) == (0, 0x0900):
                return struct.unpack_from("<H", content, at + 8)[0]
            at += 8 + size
        return None

    def begin_store(self, sop_class, sop_uid):
        self.send_data(command((0x0002, _uid(sop_class)), (0x0100, short(1)), (0x0110, short(7)), (0x0700, short(0)),
                               (0x0800, short(1)), (0x1000, _uid(sop_uid))), True)

    def store(self, sop_class, sop_uid, content):
        """Sends bytes as an object's dataset. @returns the status."""
        self.begin_store(sop_class, sop_uid)
        self.send_data(content, False)
        return self.status()

    def echo(self):
        self.send_data(command((0x0002, _uid(VERIFICATION)), (0x0100, short(0x30)), (0x0110, short(1)),
                               (0x0800, short(0x0101))), True)
        return self.status()

    def release(self):
        """@returns whether the release was answered."""
        self.send_pdu(5, b"\0\0\0\0")
        kind, _ = self.receive_pdu()
        self.close()
        return kind == 6

    def close(self):
        self.socket.close()

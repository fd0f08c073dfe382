"""The smallest images there are, no two alike."""
import struct
import zlib
from pathlib import Path


def write_png(path: Path, shade: int = 0):
    """A grey PNG of 4 x 4, its shade from a number."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    rows = b"".join(b"\0" + bytes((shade + 16 * y + x) % 256 for x in range(4)) for y in range(4))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)) +
                     chunk(b"tEXt", f"n\0{shade}".encode()) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

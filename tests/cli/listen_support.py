"""A running mi2 listen, and DCMTK's programs that send to it."""
import fcntl
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
from dicom_studies import slice_of
from index_support import totals
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import RLELossless

PATIENCE = 120  # seconds; a sanitized build on a busy machine is slow
TOOLS = ("echoscu", "storescu", "dcmsend")

# DCMTK's programs among each other: without it each message waits 40 ms for its beginning's acknowledgement.
os.environ["TCP_NODELAY"] = "1"

with_tools = pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="needs DCMTK's programs (dcmtk)")


def until(condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("did not come about")


class Listening:
    """mi2 listen on a free port; what it says is collected."""

    def __init__(self, mi2, archive, *arguments):
        self.mi2, self.archive = mi2, archive
        self.process = subprocess.Popen([mi2.path, "listen", "--port", "0", *map(str, arguments), str(archive)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=mi2.environment())
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reader.start()
        found = re.fullmatch(r"listening on (.+)@127\.0\.0\.1:(\d+)\n", self.process.stdout.readline())
        assert found, self.lines
        self.title, self.port = found[1], int(found[2])

    def said(self):
        return "".join(self.lines)

    def wait_for_images(self, count):
        """@returns once they are there, nothing waits, and nobody writes to the archive."""
        until(lambda: totals(self.mi2, self.archive)["images"] == count and not spooled(self.archive)
              and nobody_writes(self.archive))

    def end(self, by=signal.SIGTERM):
        """@returns the exit status."""
        self.process.send_signal(by)
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status


@pytest.fixture
def listening(mi2, tmp_path):
    """Starts mi2 listen on an archive; ends what a test leaves running."""
    running = []

    def start(*arguments, archive=None, quiet=1):
        running.append(Listening(mi2, archive or tmp_path / "a", "--quiet-after", quiet, *arguments))
        return running[-1]
    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


def nobody_writes(archive):
    with (archive / "lock").open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def spooled(archive):
    return sorted(path.name for path in (archive / "spool").glob("*.dcm"))


def run(tool, port, *files, options=(), called="MI2", calling="SENDER"):
    """One of DCMTK's programs. @returns what became of it, with what it said in `output`."""
    done = subprocess.run([tool, "-v", "-aet", calling, "-aec", called, *options, "localhost", str(port),
                           *map(str, files)], capture_output=True, timeout=PATIENCE, check=False, text=True)
    done.output = done.stdout + done.stderr
    return done


def send(port, *files, **titles):
    """Sends files with dcmsend, which reads whatever they are encoded in."""
    done = run("dcmsend", port, *files, **titles)
    assert done.returncode == 0, done.output
    return done


def encoded(data):
    """The bytes of a dataset, explicit VR little endian, without what a file begins with."""
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    write_dataset(out, data)
    return out.getvalue()


def damaged(study, series, number, **more):
    """One that says what it is, and whose pixels are none."""
    data = slice_of(study, series, number, **more)
    data.compress(RLELossless, generate_instance_uid=False)
    data.PixelData = data.PixelData[:20] + bytes(64) + data.PixelData[84:]  # of no segments
    return data

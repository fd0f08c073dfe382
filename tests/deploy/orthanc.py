"""Debian's Orthanc with its DICOMweb plugin, for tests and benchmarks. Without its gdcm plugin, which dies of requests that
let it convert."""
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from debian import unpacked, unpacked_at

PACKAGES = ["orthanc", "liblua5.3-0", "libpugixml1v5", "libboost-locale1.74.0", "libboost-thread1.74.0"]
PLUGIN = "usr/lib/orthanc/libOrthancDicomWeb.so*"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url, body=None, method=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method), timeout=60) as answer:
        return answer.read()


def _plugin():
    """The plugin's file: the machine's own, or unpacked from a download."""
    installed = [path for path in Path("/").glob(PLUGIN) if path.is_file()]
    return installed[0] if installed else next(unpacked_at(["orthanc-dicomweb"], PLUGIN).glob(PLUGIN))


class Orthanc:
    def __init__(self, folder, port=None, **more):
        program, libraries = unpacked(PACKAGES, "usr/sbin/Orthanc")
        self.port, self.log = port or free_port(), folder / "log"
        settings = {"StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpPort": self.port,
                    "DicomServerEnabled": False, "AuthenticationEnabled": False, "RemoteAccessAllowed": False,
                    "Plugins": [str(_plugin())], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}} | more
        (folder / "orthanc.json").write_text(json.dumps(settings))
        environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
        self.output = open(self.log, "ab")
        self.process = subprocess.Popen([program, str(folder / "orthanc.json")], env=environment, stdout=self.output,
                                        stderr=self.output)
        for _ in range(300):
            try:
                ask(self.base + "/system")
                break
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def store(self, path):
        return json.loads(ask(self.base + "/instances", Path(path).read_bytes()))["ID"]

    def end(self):
        """Once or more often."""
        self.process.terminate()
        self.process.wait(30)
        self.output.close()

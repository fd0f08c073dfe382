"""OHIF, the viewer of others, as its npm package ships it, beside a DICOMweb server under one origin."""
import hashlib
import http.client
import http.server
import mimetypes
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, VERSION = "@ohif/app", "3.12.10"
SHA512 = ("d24b85eba32af5cf5d303fbe6d4b138ccac9a57270699873f41e2e4b6e380dac"
          "008d2913c0860553dde9c4fb915108b16918bb4001e517715ed6ab9d06566b98")
# A study's page and nothing else: no sample server, no survey, no dialog that a browser without a GPU gets.
CONFIG = b"""window.config = {
  routerBasename: null, extensions: [], modes: [], showStudyList: true, showCPUFallbackMessage: false,
  showWarningMessageForCrossOrigin: false, investigationalUseDialog: {option: 'never'},
  defaultDataSourceName: 'dicomweb',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb',
    configuration: {
      friendlyName: 'Orthanc', name: 'orthanc', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      wadoUriRoot: '/dicom-web', imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      qidoSupportsIncludeField: false, supportsFuzzyMatching: false, supportsWildcard: true, singlepart: 'bulkdata',
    },
  }],
}
"""


def dist():
    """The folder of the built viewer: 160 MB, from 48 MB that are downloaded once. Skips if it cannot be had."""
    place = ROOT / "build" / "downloads" / "ohif" / VERSION
    if place.exists():
        return place / "package" / "dist"
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as name:
        folder = Path(name)
        done = subprocess.run([npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, capture_output=True,
                              text=True, check=False, timeout=300)
        if done.returncode != 0:
            pytest.skip(f"{PACKAGE} cannot be downloaded: {done.stderr.strip()[:200]}")
        (archive,) = folder.glob("*.tgz")
        found = hashlib.sha512(archive.read_bytes()).hexdigest()
        assert found == SHA512, f"{PACKAGE}@{VERSION}: expected SHA-512 {SHA512}, got {found}"
        (folder / "new").mkdir()
        subprocess.run(["tar", "-xzf", archive, "--exclude=*.map", "-C", folder / "new"], check=True)
        (folder / "new").rename(place)
    return place / "package" / "dist"


class Viewer:
    """The viewer, and below /dicom-web the server whose port is given. `failed`: what that one did not answer well."""

    def __init__(self, files, dicomweb_port):
        self.failed = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                path = urllib.parse.urlparse(self.path).path
                if path.startswith("/dicom-web/"):
                    return self.pass_on()
                if path == "/app-config.js":
                    return self.send(200, "text/javascript", CONFIG)
                file = (files / path.lstrip("/")).resolve()
                if not file.is_relative_to(files) or not file.is_file():
                    file = files / "index.html"  # the viewer's own routes
                self.send(200, mimetypes.guess_type(file)[0] or "application/octet-stream", file.read_bytes())

            def pass_on(self):
                server = http.client.HTTPConnection("127.0.0.1", dicomweb_port, timeout=60)
                server.request("GET", self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
                answer = server.getresponse()
                body = answer.read()
                if answer.status not in (200, 204):
                    owner.failed.append((self.path, answer.status))
                self.send(answer.status, answer.headers.get("Content-Type", "application/json"), body)
                server.close()

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                # Without these two a page has no SharedArrayBuffer, which the viewer's volumes need.
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

"""A DICOMweb server on loopback for tests: honest under /good, misbehaving as real ones do under the name of a trap.

  ignores-offset every page is the first page (a client that pages until a page is empty never ends)
  caps-at-10     at most 10 rows per page whatever the limit says (a short page is not the last page)
  caps-at-100    no more than 100 studies of any query, by whatever pages
  ignores-date   StudyDate in the query has no effect
  empty-204      204 without a body, instead of 200 and []
  lower-json     content-type application/json, not application/dicom+json
  no-modalities  ModalitiesInStudy (0008,0061) absent from the answer
  no-counts      NumberOfStudyRelatedInstances and NumberOfSeriesRelatedInstances absent
  dup-rows       the same study twice on a page boundary (rows moved while paging)
  slow-503       503 with Retry-After: 1 on every second request
  lf-multipart   multipart with bare LF line ends and no closing boundary
  part-length    parts carry Content-Length, and the boundary may occur inside the pixel data
  no-series      there is no list of series, only whole studies
  gzip           answers are compressed: lists if that is accepted, objects without being asked
"""
import gzip
import http.server
import json
import threading
import time
import urllib.parse
from io import BytesIO

TRAPS = ["good", "ignores-offset", "caps-at-10", "caps-at-100", "ignores-date", "empty-204", "lower-json",
         "no-modalities", "no-counts", "dup-rows", "slow-503", "lf-multipart", "part-length", "no-series", "gzip"]
STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def encoded(dataset):
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class DicomwebServer:
    """`requests` are the paths that were asked for. `hook(handler, path)` comes first, and answered if it is True."""

    def __init__(self):
        self.studies = {}  # UID -> {"date", "series": {UID -> {"modality", "objects": {UID -> bytes}}}}
        self.requests, self.headers, self.hook, self.hits = [], [], None, 0
        self.lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or each body waits 40 ms for its header's acknowledgement

            def log_message(self, *_):
                pass

            def do_GET(self):
                owner.answer(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def encrypt(self, context):
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def port(self):
        return self.server.server_address[1]

    def url(self, trap="good", query=""):
        return f"dicomweb:http://127.0.0.1:{self.port}/{trap}{query}"

    def add(self, dataset):
        study = self.studies.setdefault(str(dataset.StudyInstanceUID),
                                        {"date": str(dataset.get("StudyDate", "")), "series": {}})
        series = study["series"].setdefault(str(dataset.SeriesInstanceUID),
                                            {"modality": str(dataset.Modality), "objects": {}})
        series["objects"][str(dataset.SOPInstanceUID)] = encoded(dataset)

    def asked(self, part):
        """Paths that were asked for, with `part` in them."""
        return [path for path in self.requests if part in path]

    def fetched(self):
        """Requests for objects."""
        return [path for path, headers in zip(self.requests, self.headers) if "multipart" in headers.get("Accept", "")]

    def send(self, handler, code, body=b"", kind="application/dicom+json", **headers):
        handler.send_response(code)
        if code != 204:
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(headers.pop("length", len(body))))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        if code != 204:
            handler.wfile.write(body)

    def answer(self, handler):
        with self.lock:
            self.hits += 1
            hits = self.hits
            self.requests.append(handler.path)
            self.headers.append(dict(handler.headers))
        if handler.command == "POST":
            handler.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.hook and self.hook(handler, handler.path):
            return None
        parsed = urllib.parse.urlparse(handler.path)
        trap, *parts = parsed.path.strip("/").split("/")
        query = dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
        if trap == "slow-503" and hits % 2:
            return self.send(handler, 503, Retry_After=1)
        if "multipart" in handler.headers.get("Accept", ""):
            return self.send_objects(handler, trap, parts)
        rows = self.rows(trap, parts, query)
        if rows is None:
            return self.send(handler, 404)
        page = self.page(trap, rows, query)
        if not page and trap == "empty-204":
            return self.send(handler, 204)
        body = json.dumps(page).encode()
        kind = "application/json" if trap == "lower-json" else "application/dicom+json"
        if trap == "gzip" and "gzip" in handler.headers.get("Accept-Encoding", ""):
            return self.send(handler, 200, gzip.compress(body), kind, Content_Encoding="gzip")
        return self.send(handler, 200, body, kind)

    def page(self, trap, rows, query):
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", len(rows)))
        if trap == "ignores-offset":
            offset = 0
        if trap == "caps-at-10":
            limit = min(limit, 10)
        if trap == "caps-at-100":
            rows = rows[:100]
        if trap == "dup-rows" and offset:
            offset -= 1
        return rows[offset:offset + limit]

    def rows(self, trap, parts, query):
        if parts == ["studies"]:
            return self.study_rows(trap, query)
        study = self.studies.get(parts[1]) if len(parts) > 1 else None
        if study is None or (trap == "no-series" and parts[2:] == ["series"]):
            return None
        if parts[2:] == ["series"]:
            rows = []
            for uid, series in study["series"].items():
                row = {"0020000E": {"vr": "UI", "Value": [uid]},
                       "00080060": {"vr": "CS", "Value": [series["modality"]]}}
                if trap != "no-counts":
                    row["00201209"] = {"vr": "IS", "Value": [len(series["objects"])]}
                rows.append(row)
            return rows
        if parts[-1] == "instances":
            return [{"0020000E": {"vr": "UI", "Value": [series_uid]}, "00080018": {"vr": "UI", "Value": [uid]}}
                    for series_uid, series in study["series"].items() if len(parts) == 3 or parts[3] == series_uid
                    for uid in series["objects"]]
        return None

    def study_rows(self, trap, query):
        rows = []
        for uid, study in self.studies.items():
            date = query.get("StudyDate")
            if date and trap != "ignores-date":
                first, _, last = date.partition("-")
                last = last if "-" in date else first
                if date == '""' and study["date"] or date != '""' and not first <= study["date"] <= last:
                    continue
            modalities = sorted({series["modality"] for series in study["series"].values()})
            if query.get("ModalitiesInStudy", modalities[0]) not in modalities and trap != "ignores-date":
                continue
            row = {"0020000D": {"vr": "UI", "Value": [uid]},
                   "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Roe^X"}]},
                   "00080020": {"vr": "DA", "Value": [study["date"]]} if study["date"] else {"vr": "DA"},
                   "00080061": {"vr": "CS", "Value": modalities},
                   "00201208": {"vr": "IS", "Value": [sum(len(s["objects"]) for s in study["series"].values())]}}
            if trap == "no-modalities":
                del row["00080061"]
            if trap == "no-counts":
                del row["00201208"]
            rows.append(row)
        return rows

    def objects(self, parts):
        """Those of a study, a series, or one."""
        study = self.studies.get(parts[1]) if len(parts) > 1 else None
        if study is None:
            return []
        series = [s for uid, s in study["series"].items() if len(parts) < 4 or uid == parts[3]]
        return [content for s in series for uid, content in s["objects"].items() if len(parts) < 6 or uid == parts[5]]

    def body_of(self, trap, objects):
        end = b"\n" if trap == "lf-multipart" else b"\r\n"
        body = b""
        for content in objects:
            length = b"Content-Length: %d" % len(content) + end if trap == "part-length" else b""
            body += b"--B" + end + b"Content-Type: application/dicom" + end + length + end + content + end
        return body if trap == "lf-multipart" else body + b"--B--" + end

    def send_objects(self, handler, trap, parts):
        # One that is asked to choose converts, and Debian's Orthanc with gdcm dies of it.
        if handler.headers["Accept"] != STORED:
            return self.send(handler, 406)
        objects = self.objects(parts)
        if not objects:
            return self.send(handler, 404)
        body, more = self.body_of(trap, objects), {}
        if trap == "gzip":
            body, more = gzip.compress(body), {"Content_Encoding": "gzip"}
        return self.send(handler, 200, body, 'multipart/related; boundary=B; type="application/dicom"', **more)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)

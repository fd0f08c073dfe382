"""What mi2 asks of an Orthanc, on loopback: changes, instances and their files. For what a real one does not do at
will: to lose its list of changes, or an object's file."""
import http.server
import json
import threading
import urllib.parse
import zlib

from dicomweb_server import encoded


def identifier(uid):
    """In the form of Orthanc's."""
    return "-".join(f"{zlib.crc32(f'{i} {uid}'.encode()):08x}" for i in range(5))


class OrthancServer:
    def __init__(self):
        self.objects, self.changes, self.requests, self.broken, self.empty = {}, [], [], set(), set()
        self.sequence, self.clock, self.ignores_since, self.nameless, self.looks_up = 0, 0, False, set(), True
        self.most_rows = 100  # of a page, whatever is asked for
        self.vanishing = 0  # how many of the list of all go behind its first page
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as dicomweb_server.py

            def log_message(self, *_):
                pass

            def do_GET(self):
                owner.answer(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self):
        return f"orthanc:http://127.0.0.1:{self.server.server_address[1]}"

    def add(self, dataset):
        uid = str(dataset.SOPInstanceUID)
        self.objects[identifier(uid)] = (uid, encoded(dataset))
        for kind in ("NewInstance", "NewSeries", "StableStudy"):
            self.clock += 1
            self.sequence += 1
            self.changes.append({"ChangeType": kind, "Date": f"20260101T{self.clock:06}", "ID": identifier(uid),
                                 "ResourceType": "Instance", "Seq": self.sequence,
                                 "Path": f"/instances/{identifier(uid)}"})

    def begin_anew(self):
        """The list of changes of another database, with the objects of this one."""
        self.changes.clear()
        self.sequence = 0

    def files(self):
        return [path for path in self.requests if path.endswith("/file")]

    def asked_for_all(self):
        return [path for path in self.requests if "expand" in path]

    def row(self, name):
        tags = {} if name in self.nameless else {"SOPInstanceUID": self.objects[name][0]}
        return {"ID": name, "Type": "Instance", "MainDicomTags": tags}

    def answer(self, handler):
        self.requests.append(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0) or 0)).decode()
        parsed = urllib.parse.urlparse(handler.path)
        query = dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
        parts = parsed.path.strip("/").split("/")
        since, limit = int(query.get("since", 0)), min(int(query.get("limit", 100)), self.most_rows)
        if parts == ["changes"]:
            after = self.changes[-1:] if "last" in query else [c for c in self.changes if c["Seq"] > since]
            page = after[:limit]
            last = page[-1]["Seq"] if page else self.sequence
            return self.send(handler, {"Changes": page, "Done": len(page) == len(after), "Last": last})
        if parts == ["instances"]:
            if self.vanishing and len(self.asked_for_all()) == 2:
                for name in sorted(self.objects)[:self.vanishing]:
                    del self.objects[name]
                self.vanishing = 0
            if self.ignores_since:
                since = 0
                if len(self.asked_for_all()) > 20:
                    return self.send(handler, {}, 500)
            return self.send(handler, [self.row(name) for name in sorted(self.objects)[since:since + limit]])
        if parts == ["tools", "lookup"] and not self.looks_up:
            return self.send(handler, {}, 403)
        if parts == ["tools", "lookup"]:
            return self.send(handler, [self.row(name) for name in self.objects if self.objects[name][0] == body])
        if parts[0] != "instances" or parts[1] not in self.objects:
            return self.send(handler, {}, 404)
        if parts[2:] == ["file"]:
            if parts[1] in self.broken:
                return self.send(handler, {}, 500)
            content = b"" if parts[1] in self.empty else self.objects[parts[1]][1]
            return self.send(handler, content, kind="application/dicom")
        return self.send(handler, self.row(parts[1]))

    @staticmethod
    def send(handler, content, code=200, kind="application/json"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

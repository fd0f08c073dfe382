"""Images that a search is for: parts of them, through windows, and on DICOMweb servers."""
import base64
import http.server
import io
import threading

import pytest
from archive_support import MODEL, PATHS, filled, mi2, packed, related, rights_file, scores, search, slice_of, uid  # noqa: F401
from archive_support import write_study
from conftest import IMAGES, picture
from PIL import Image

WINDOWS = ("lung", "bone")
HOUNSFIELD = {"RescaleIntercept": -1500, "RescaleSlope": 1}


def encoded(data):
    return base64.b64encode(data).decode()


def refusal(server, body, status=400):
    return search(server, body, status=status)["error"]["message"]


@pytest.fixture
def server(serve, filled, tmp_path):  # noqa: F811
    return serve("--archive", f"a={filled[0]}", "--archive-rights", rights_file(tmp_path, PATHS), "--dtype", "f32")


def test_a_region_is_searched_for_as_an_image_of_its_own(server):
    x, y, width, height = 3, 5, 40, 30
    whole = Image.open(IMAGES / "gray.png")
    assert x + width <= whole.width and y + height <= whole.height
    file = io.BytesIO()
    whole.convert("L").crop((x, y, x + width, y + height)).save(file, "PNG")
    wanted = scores(search(server, {"image": encoded(file.getvalue())})["results"])
    assert scores(search(server, {"image": picture(), "region": [x, y, width, height]})["results"]) == wanted
    region = {"x": x, "y": y, "width": width, "height": height}
    assert scores(search(server, {"image": picture(), "region": region})["results"]) == wanted
    assert scores(search(server, {"image": picture()})["results"]) != wanted


def test_a_region_is_within_the_one_image_that_is_given(server):
    whole = Image.open(IMAGES / "gray.png")
    outside = {"image": picture(), "region": [1, 0, whole.width, whole.height]}
    assert f"within its {whole.width} x {whole.height} pixels" in refusal(server, outside)
    assert "expected one image, got 0" in refusal(server, {"text": "x", "region": [0, 0, 1, 1]})
    assert "expected one image, got 2" in refusal(server, {"image": [picture()] * 2, "region": [0, 0, 1, 1]})
    for region in ([0, 0, 1], [0, 0, 0, 1], [0, 0, 1, -1], [0, 0, 1.5, 1], {"x": 0, "y": 0, "width": 1}, "0,0,1,1", 7):
        assert "expected x, y, width and height" in refusal(server, {"image": picture(), "region": region})
    assert "unknown field" in refusal(server, {"image": picture(), "region": {"x": 0, "y": 0, "w": 1, "h": 1}})


def test_the_card_of_a_region_says_which(server):
    answer = server.post("/v1/archives/a/cards", {"image": picture(), "region": [0, 0, 20, 20]})
    assert answer.status == 200, answer.body
    part, = answer.json()["asked"]["parts"]
    assert part["region"] == "0,0,20,20" and len(part["sha256"]) == 64


def test_an_image_is_seen_through_the_window_that_is_named(serve, tmp_path):
    write_study(tmp_path / "in", 0, slices=2, patient="P0", **HOUNSFIELD)
    mi2("index", "add", "--model", MODEL, "--windows", ",".join(WINDOWS), tmp_path / "a", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'a'}", "--dtype", "f32")
    image = encoded((tmp_path / "in" / "0" / "s0" / "00.dcm").read_bytes())
    items = {}
    for window in WINDOWS:
        found = search(server, {"image": image, "window": window, "by": "image", "same_patient": "only", "k": 1})["results"]
        assert found[0]["score"] > 0.99999 and found[0]["window"] == window
        items[window] = found[0]["item"]
    assert len(set(items.values())) == 2
    assert "expected windows lung,bone" in refusal(server, {"image": image, "window": "brain"})
    assert "expected CENTER,WIDTH" in refusal(server, {"image": image, "window": "wide"})
    assert "expected an image" in refusal(server, {"text": "x", "window": "lung"})


def test_another_window_than_the_archive_has_is_refused(server):
    assert "expected windows file" in refusal(server, {"image": picture(), "window": "lung"})
    assert search(server, {"image": picture(), "window": "file"}) == search(server, {"image": picture()})


@pytest.fixture
def pacs():
    """A DICOMweb server on loopback with a slice of patient P0, in the archive too: (its port, what it was asked for)."""
    asked = []
    whole = packed(slice_of(0, 0, 0, patient="P0"))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Accept"), self.headers.get("Authorization")))
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/dicom-web{self.path[6:]}")
                self.end_headers()
                return
            body, headers = related(whole)
            kind, size = headers["content-type"], len(body)
            if self.path.startswith("/single"):
                body, kind, size = whole, "application/dicom", len(whole)
            elif self.path.startswith("/cut"):
                body = body[:-200]
            elif self.path.startswith("/page"):
                body, kind, size = b"<html></html>", "text/html", 13
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass
    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield host.server_port, asked
    host.shutdown()


def path_of(root, image):
    return f"/{root}/studies/{uid('study', 0)}/series/{uid('series', 0, 0)}/instances/{image}"


def allowing(serve, archive, folder, port):
    return serve("--archive", f"a={archive}", "--archive-rights", rights_file(folder, PATHS), "--dtype", "f32",
                 "--allow-url-host", f"127.0.0.1:{port}", "--allow-url-private")


def test_an_object_of_a_dicomweb_server_is_searched_for_as_if_it_were_sent(serve, filled, pacs, tmp_path):  # noqa: F811
    port, asked = pacs
    server = allowing(serve, filled[0], tmp_path, port)
    image = uid("sop", 0, 0, 0)
    sent = search(server, {"image": encoded(packed(slice_of(0, 0, 0, patient="P0"))), "by": "image"})
    assert sent["excluded"]["same_patient"] > 0
    for root, way in (("dicom-web", ""), ("dicom-web", "dicomweb:"), ("single", "")):
        uri = f"{way}http://127.0.0.1:{port}{path_of(root, image)}"
        found = search(server, {"dicomweb_uri": uri, "by": "image"})
        assert (found["results"], found["excluded"]) == (sent["results"], sent["excluded"])
        assert asked[-1][0] == path_of(root, image) and 'type="application/dicom"' in asked[-1][1] and asked[-1][2] is None
    both = search(server, {"dicomweb_uri": [uri], "region": [0, 0, 16, 16], "by": "image"})
    assert scores(both["results"]) != scores(sent["results"])
    assert not any("127.0.0.1:%d" % port in line and "instances" in line for line in server.lines)


def test_other_hosts_other_objects_and_what_is_no_object_are_refused(serve, filled, pacs, tmp_path):  # noqa: F811
    port, asked = pacs
    server = allowing(serve, filled[0], tmp_path, port)
    image = uid("sop", 0, 0, 0)
    path = path_of("dicom-web", image)
    for url in (f"http://127.0.0.1:{port + 1}{path}", f"http://localhost:{port}{path}"):
        message = refusal(server, {"dicomweb_uri": url})
        assert message.startswith("dicomweb_uri: ") and "127.0.0.1" not in message
    for url in (f"http://127.0.0.1:{port}/dicom-web/studies/1.2", f"http://127.0.0.1:{port}{path}/frames/1",
                f"http://127.0.0.1:{port}{path}?x=1", f"ftp://127.0.0.1{path}", "1.2.3"):
        assert "expected" in refusal(server, {"dicomweb_uri": url})
    assert asked == []
    for root in ("moved", "cut", "page"):
        message = refusal(server, {"dicomweb_uri": f"http://127.0.0.1:{port}{path_of(root, image)}"}, 422)
        assert message.startswith("dicomweb_uri: its URL cannot be read") and str(port) not in message
    other = f"http://127.0.0.1:{port}{path_of('dicom-web', uid('sop', 0, 0, 1))}"
    assert "expected the object that it names" in refusal(server, {"dicomweb_uri": other}, 422)
    assert [sought for sought, *_ in asked] == [path_of(root, image) for root in ("moved", "cut", "page")] + [
        path_of("dicom-web", uid("sop", 0, 0, 1))]
    assert search(server, {"text": "x"})["exact"]


@pytest.mark.parametrize("root", ["any?x=", "any#", "any%2fthing", "any/%2e%2e", "any;x=1", "any/..;", "any/../thing",
                                  "..", "./any", "any/.", "any//thing", "/any", "any/", "any\\thing"])
def test_an_allowed_host_is_asked_for_objects_alone(serve, filled, pacs, tmp_path, root):  # noqa: F811
    port, asked = pacs
    server = allowing(serve, filled[0], tmp_path, port)
    for way in ("", "dicomweb:"):
        uri = f"{way}http://127.0.0.1:{port}{path_of(root, uid('sop', 0, 0, 0))}"
        assert "expected http(s)://HOST/PATH/studies/" in refusal(server, {"dicomweb_uri": uri})
    assert asked == []


def test_without_an_allowed_host_no_dicomweb_server_is_asked(server, pacs):
    port, asked = pacs
    assert "does not allow" in refusal(server, {"dicomweb_uri": f"http://127.0.0.1:{port}{path_of('dicom-web', '1.2')}"})
    assert asked == []

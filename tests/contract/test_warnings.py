"""Doubts about an image: a header of the answer, names in the log."""
import base64
import io

from conftest import picture
from PIL import Image


def blank():
    file = io.BytesIO()
    Image.new("L", (20, 20), 77).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def scored(server):
    return [record for record in server.records("request") if record.get("images")]


def test_warnings_are_in_a_header_by_row_and_in_the_log_by_name(serve):
    server = serve()
    answer = server.score([picture(), "x"], [blank(), "y"], [blank(), "z"])
    assert answer.status == 200
    wanted = "one_value: every pixel has the same value"
    assert answer.headers["x-mi2-warnings"] == f"row 2: image: {wanted}; row 3: image: {wanted}"
    assert "x-mi2-warnings" not in server.score([picture(), "x"]).headers
    server.wait_for(lambda: len(scored(server)) == 2)
    assert [record.get("warnings") for record in scored(server)] == [["one_value"], None]


def test_strict_refuses_them(serve):
    server = serve("--strict")
    answer = server.score([blank(), "x"])
    assert answer.status >= 400
    assert "one_value" in answer.body.decode()
    assert server.score([picture(), "x"]).status == 200

"""Archives of several windows over HTTP: items name theirs, and are shown, asked for and added through it."""
import io
from collections import Counter

import numpy as np
import pytest
from archive_support import (ADD, MODEL, PATHS, keyed, mi2, outcomes, post_items, rights_file, search, study_files, uid,
                             write_study)
from PIL import Image

TEXT = "ct, chest"
WINDOWS = ("lung", "bone")
HOUNSFIELD = {"RescaleIntercept": -1500, "RescaleSlope": 1}


@pytest.fixture
def archive(tmp_path):
    write_study(tmp_path / "in", 0, slices=2, patient="P0", **HOUNSFIELD)
    write_study(tmp_path / "in", 1, slices=2, patient="P1", modality="MR")
    write_study(tmp_path / "in", 2, slices=1, patient="P2", **HOUNSFIELD)
    mi2("index", "add", "--model", MODEL, "--windows", ",".join(WINDOWS), tmp_path / "a", tmp_path / "in")
    return tmp_path / "a"


@pytest.fixture
def server(serve, archive, tmp_path):
    return serve("--archive", f"a={archive}", "--archive-rights", rights_file(tmp_path, PATHS), "--dtype", "f32")


def items_of(server, study):
    series = server.get(f"/v1/archives/a/studies/{uid('study', study)}").json()["series"]
    assert all(item.get("window") == one.get("window") for one in series for item in one["items"])
    return [item for one in series for item in one["items"]]


def items_window(server, item):
    return server.get(f"/v1/archives/a/items/{item}").json().get("window")


def test_results_are_images_and_items_name_their_window(server):
    found = search(server, {"text": TEXT, "by": "image", "k": 100})["results"]
    assert len(found) == 5 and sum("window" in row for row in found) == 3
    for row in found:
        item = server.get(f"/v1/archives/a/items/{row['item']}").json()
        assert item.get("window") == row.get("window") and (item["modality"] == "CT") == ("window" in item)
    assert [row["window"] for row in items_of(server, 0)] == ["lung", "lung", "bone", "bone"]
    assert server.get(f"/v1/archives/a/studies/{uid('study', 0)}").json()["images"] == 2
    assert not any("window" in row for row in items_of(server, 1))
    counted = server.get("/v1/archives/a/stats").json()
    assert (counted["totals"]["images"], counted["totals"]["image_rows"], counted["windows"]) == (5, 8, "lung,bone")


def test_the_picture_of_an_item_is_through_its_window_unless_another_is_asked_for(server):
    items = {row["window"]: row["item"] for row in items_of(server, 0) if row["image"] == items_of(server, 0)[0]["image"]}
    shown = {}
    for window, item in items.items():
        answer = server.get(f"/v1/archives/a/items/{item}/pixels")
        assert answer.status == 200, answer.body
        shown[window] = np.asarray(Image.open(io.BytesIO(answer.body)))
        asked = server.get(f"/v1/archives/a/items/{item}/pixels?window={window}")
        assert asked.headers["etag"] == answer.headers["etag"] and "x-mi2-window" in answer.headers
    assert not np.array_equal(shown["lung"], shown["bone"])
    other = server.get(f"/v1/archives/a/items/{items['lung']}/pixels?window=bone")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(other.body))), shown["bone"])


def test_a_slice_is_matched_with_one_of_the_same_window_where_there_is_one(server):
    one, other = items_of(server, 0), items_of(server, 1)
    windows = {row["item"]: row.get("window") for row in [*one, *other]}
    address = f"/v1/archives/a/studies/{uid('study', 0)}/matches?with="
    pairs = server.get(address + uid("study", 0)).json()["items"]
    assert [pair["item"] for pair in pairs] == [pair["nearest"] for pair in pairs] == [row["item"] for row in one]
    pairs = server.get(address + uid("study", 2)).json()["items"]
    assert len(pairs) == 4 and all(windows[pair["item"]] == items_window(server, pair["nearest"]) for pair in pairs)
    pairs = server.get(address + uid("study", 1)).json()["items"]
    assert {windows[pair["nearest"]] for pair in pairs} == {None} and len(pairs) == 4


def test_a_heatmap_of_an_item_is_through_its_window(server):
    for row in items_of(server, 0):
        answer = server.post(f"/v1/archives/a/items/{row['item']}/heatmap", {"text": TEXT})
        assert answer.status == 200, answer.body


def test_what_is_sent_is_added_through_each_window(serve, archive, tmp_path):
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={archive}", "--dtype", "f32")
    answer = post_items(server, *study_files(5, patient="P5", **HOUNSFIELD))
    assert outcomes(answer) == ["stored"] * 3
    assert Counter(row["window"] for row in items_of(server, 5)) == dict.fromkeys(WINDOWS, 3)
    assert outcomes(post_items(server, *study_files(5, patient="P5", **HOUNSFIELD))) != ["stored"] * 3
    counted = server.get("/v1/archives/a/stats").json()["totals"]
    assert (counted["images"], counted["image_rows"]) == (8, 14)

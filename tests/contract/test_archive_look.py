"""Studies of an archive as a viewer asks for them: slices in order, pixels of their files, likeness slice by slice."""
import io
import os
import zipfile

import numpy as np
import pydicom
import pytest
from archive_support import (ADD, KEYS, MODEL, PATHS, add, digest, filled, keyed, mi2, of, own, post_items,  # noqa: F401
                             rights_file, search, slice_of, study_files, uid, write_study)
from PIL import Image


@pytest.fixture
def server(serve, filled, tmp_path):
    """A server whose callers may see paths."""
    return serve("--archive", f"a={filled[0]}", "--archive-rights", rights_file(tmp_path, PATHS))


def get_study(server, study, **options):
    answer = server.get(f"/v1/archives/a/studies/{study}", **options)
    assert answer.status == 200, answer.body
    return answer.json()


def items_of(server, study):
    return [row["item"] for series in get_study(server, study)["series"] for row in series["items"]]


def get_pixels(server, item, query="", status=200, **options):
    answer = server.get(f"/v1/archives/a/items/{item}/pixels{query}", **options)
    assert answer.status == status, answer.body
    return answer


def shades(answer):
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.body))).astype(int)


def windowed(path, center, width):
    """What PS3.3 C.11.2.1.2 makes of the stored values."""
    values = pydicom.dcmread(path).pixel_array.astype(float)
    return np.floor(((values - (center - 0.5)) / (width - 1) + 0.5).clip(0, 1) * 255 + 0.5).astype(int)


def first_image(server, modality):
    return search(server, {"text": "x", "by": "image", "where": f"modality={modality}", "k": 1})["results"][0]


def test_a_study_is_its_series_with_their_slices_as_they_lie(serve, tmp_path):
    write_study(tmp_path / "in", 1, series=2, slices=3, StudyDate="20210304", StudyDescription="visit",
                SeriesDescription="<b>thin</b>")
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    found = get_study(server, uid("study", 1))
    assert (found["study"], found["date"], found["images"], found["more"]) == (uid("study", 1), "2021-03-04", 6, False)
    assert found["study_description"] == "visit" and "viewer" not in found and found["snapshot"] > 0
    assert {series["series"] for series in found["series"]} == {uid("series", 1, s) for s in range(2)}
    for series in found["series"]:
        assert series["modality"] == "CT" and series["series_description"] == "<b>thin</b>"
        number = 0 if series["series"] == uid("series", 1, 0) else 1
        assert [row["image"] for row in series["items"]] == [uid("sop", 1, number, n) for n in range(3)]
        assert [row["position"] for row in series["items"]] == [0, 5, 10]
        assert all(row["thumb"] and (row["frame"], row["frames"]) == (1, 1) for row in series["items"])
    assert "path" not in str(found) and str(tmp_path) not in str(found)


def test_two_patients_whose_studies_have_one_identifier_are_told_apart(serve, tmp_path):
    write_study(tmp_path / "in" / "a", 1, series=2, slices=1)
    write_study(tmp_path / "in" / "b", 2, slices=1, patient="P2", StudyInstanceUID=uid("study", 1))
    add(tmp_path / "archive", tmp_path / "in")
    found = get_study(serve("--archive", f"a={tmp_path / 'archive'}"), uid("study", 1))
    marked = {series["series"]: series.get("other_study", False) for series in found["series"]}
    first = [marked[uid("series", 1, number)] for number in range(2)]
    assert first[0] == first[1] != marked[uid("series", 2, 0)] and found["images"] == 3


def test_pixels_are_those_of_the_file_through_the_window_that_is_asked_for(server):
    item = first_image(server, "CT")
    own_window = get_pixels(server, item["item"])
    assert (own_window.headers["x-mi2-window"], own_window.headers["x-mi2-columns"], own_window.headers["x-mi2-rows"]) == (
        "2048,4096", "32", "32")
    assert np.abs(shades(own_window) - windowed(item["path"], 2048, 4096)).max() <= 1
    chosen = get_pixels(server, item["item"], "?window=1200,500")
    assert chosen.headers["x-mi2-window"] == "1200,500"
    assert np.abs(shades(chosen) - windowed(item["path"], 1200, 500)).max() <= 1
    assert (shades(chosen) != shades(own_window)).any()
    assert (shades(get_pixels(server, item["item"], "?window=1200,500&invert=true")) == 255 - shades(chosen)).all()
    assert shades(get_pixels(server, item["item"], "?size=16")).shape == (16, 16)
    assert shades(get_pixels(server, item["item"], "?size=4096")).shape == (32, 32)


def test_a_named_window_is_for_ct_alone(server):
    ct, mr = (first_image(server, modality)["item"] for modality in ("CT", "MR"))
    assert get_pixels(server, ct, "?window=soft").headers["x-mi2-window"] == "40,400"
    passed_over = get_pixels(server, mr, "?window=soft")
    assert passed_over.headers["x-mi2-window"] == "2048,4096" and passed_over.body == get_pixels(server, mr).body


def test_an_image_without_a_window_says_by_what_it_is_shown(serve, tmp_path):
    file = write_study(tmp_path / "in", 1, slices=1)[0]
    data = pydicom.dcmread(file)
    del data.WindowCenter, data.WindowWidth
    data.save_as(file)
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    item, = items_of(server, uid("study", 1))
    shown = get_pixels(server, item)
    center, width = map(float, shown.headers["x-mi2-window"].split(","))
    assert np.abs(shades(shown) - windowed(file, center, width)).max() <= 1
    low, high = np.percentile(data.pixel_array, [1, 99])
    assert center - width / 2 == pytest.approx(low, abs=1.01) and center + width / 2 == pytest.approx(high, abs=1.01)


def test_a_picture_that_is_no_dicom_has_no_window(serve, tmp_path):
    (tmp_path / "in").mkdir()
    picture = np.arange(64 * 48 * 3, dtype=np.uint32).reshape(64, 48, 3).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "in" / "a.png")
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    shown = get_pixels(server, 0, "?window=100,50")
    assert "x-mi2-window" not in shown.headers and (shades(shown) == picture).all()


def test_a_client_that_has_the_picture_gets_no_second_one(server):
    item = first_image(server, "CT")["item"]
    first = get_pixels(server, item)
    assert "no-cache" in first.headers["cache-control"] and "private" in first.headers["cache-control"]
    known = {"if-none-match": first.headers["etag"]}
    again = get_pixels(server, item, status=304, headers=known)
    assert again.body == b"" and again.headers["etag"] == first.headers["etag"]
    assert get_pixels(server, item, "?window=9,9", headers=known).headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("query", ["window=", "window=1", "window=1,0", "window=nan,2", "window=%00", "size=0", "size=4097",
                                   "size=x", "invert=1", "windows=1,2", "size=1&size=2"])
def test_a_query_that_makes_no_sense_is_refused(server, query):
    get_pixels(server, 0, f"?{query}", status=400)


def test_a_file_that_was_touched_is_shown_and_one_that_was_changed_or_is_gone_is_not(serve, tmp_path):
    files = write_study(tmp_path / "in", 1, slices=3)
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    items = items_of(server, uid("study", 1))
    known = {"if-none-match": get_pixels(server, items[1]).headers["etag"]}
    os.utime(files[0], (1, 1))
    get_pixels(server, items[0])
    other = bytearray(files[1].read_bytes())
    other[-1] ^= 1
    files[1].write_bytes(other)
    files[2].unlink()
    for item, status, code, headers in ((items[1], 409, "changed", {}), (items[1], 409, "changed", known),
                                        (items[2], 410, "gone", {})):
        refused = get_pixels(server, item, status=status, headers=headers)
        assert refused.json()["error"]["code"] == code and str(tmp_path) not in refused.body.decode()
    assert server.get(f"/v1/archives/a/items/{items[2]}/thumb").status == 200


def test_what_came_over_a_network_has_no_file_to_show(serve, tmp_path):
    write_study(tmp_path / "in", 1, slices=1)
    add(tmp_path / "archive", tmp_path / "in")
    server = keyed(serve, tmp_path, ADD, "--archive", f"a={tmp_path / 'archive'}")
    post_items(server, *study_files(2, slices=1))
    item, = items_of(server, uid("study", 2))
    assert get_pixels(server, item, status=409).json()["error"]["code"] == "no_file"


def test_what_is_in_a_zip_is_shown_and_mapped_while_it_is_what_was_added(serve, tmp_path):
    files = write_study(tmp_path / "in", 1, slices=2)

    def pack(*content, packing=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
            for number, data in enumerate(content):
                made.writestr(f"in/{number}.dcm", data, packing)
    bytes_of = [file.read_bytes() for file in files]
    pack(*bytes_of)
    add(tmp_path / "archive", tmp_path / "a.zip")
    server = serve("--archive", f"a={tmp_path / 'archive'}", "--dtype", "f32")
    items = sorted(items_of(server, uid("study", 1)))
    assert (shades(get_pixels(server, items[0], "?window=100,50")) == windowed(files[0], 100, 50)).all()
    mapped = server.post(f"/v1/archives/a/items/{items[0]}/heatmap", {"text": "chest x-ray"})
    assert mapped.status == 200 and mapped.json()["maps"]
    # Packed again as it was, it is still the same; with another content it is not what was added.
    pack(*bytes_of, packing=zipfile.ZIP_STORED)
    assert (shades(get_pixels(server, items[0], "?window=100,50")) == windowed(files[0], 100, 50)).all()
    pack(bytes_of[0][:-1] + bytes([bytes_of[0][-1] ^ 1]))
    refused = [get_pixels(server, items[0], status=409), get_pixels(server, items[1], status=410)]
    (tmp_path / "a.zip").unlink()
    refused.append(get_pixels(server, items[0], status=410))
    assert [answer.json()["error"]["code"] for answer in refused] == ["changed", "gone", "gone"]
    assert not any(str(tmp_path) in answer.body.decode() for answer in refused)
    assert server.post(f"/v1/archives/a/items/{items[0]}/heatmap", {"text": "chest x-ray"}).status == 404


def test_a_frame_over_the_limit_of_pixels_is_not_decoded(serve, filled):
    server = serve("--archive", f"a={filled[0]}", "--max-pixels", 1000)
    refused = get_pixels(server, 0, status=413)
    assert "1000" in refused.json()["error"]["message"] and "hospital" not in refused.body.decode()


def test_a_file_that_now_claims_a_huge_frame_is_not_decoded(serve, tmp_path):
    file = write_study(tmp_path / "in", 1, slices=1)[0]
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    data = pydicom.dcmread(file)
    data.Rows = data.Columns = 65535
    data.save_as(file)  # what was added is another
    item, = items_of(server, uid("study", 1))
    get_pixels(server, item, status=409)


def test_the_mean_of_a_series_has_no_pixels(server):
    mean = search(server, {"text": "x", "match": "mean", "k": 1})["results"][0]["item"]
    assert "mean" in get_pixels(server, mean, status=404).json()["error"]["message"]


def test_each_frame_of_an_object_is_shown(serve, tmp_path):
    data = slice_of(1, 0, 0)
    values = np.random.default_rng(1).integers(0, 4096, (3, 32, 32)).astype("<u2")
    data.NumberOfFrames, data.PixelData = 3, values.tobytes()
    (tmp_path / "in").mkdir()
    data.save_as(tmp_path / "in" / "a.dcm", enforce_file_format=True)
    add(tmp_path / "archive", tmp_path / "in")
    server = serve("--archive", f"a={tmp_path / 'archive'}")
    items = items_of(server, uid("study", 1))
    assert len(items) == 3
    for item, frame in zip(items, values):
        expected = np.floor(((frame.astype(float) - 2047.5) / 4095 + 0.5).clip(0, 1) * 255 + 0.5)
        assert np.abs(shades(get_pixels(server, item)) - expected).max() <= 1


def test_likeness_of_slices_is_what_a_search_by_image_scores(server):
    for query in ({"text": "x-ray chest"}, {"item": 3, "same_patient": "include"}, {"text": "x", "not_item": 2}):
        every = search(server, {**query, "by": "image", "k": 100})["results"]
        scores = {row["item"]: row["score"] for row in every}
        study = every[0]["study"]
        asked = {name: value for name, value in query.items() if name != "same_patient"}
        answer = server.post(f"/v1/archives/a/studies/{study}/similarity", asked)
        assert answer.status == 200, answer.body
        found = answer.json()
        assert [row["item"] for row in found["items"]] == items_of(server, study) and not found["more"]
        assert {row["item"]: row["cosine"] for row in found["items"]} == {
            row["item"]: scores[row["item"]] for row in every if row["study"] == study}


def test_slices_of_two_studies_are_matched_with_their_nearest(server):
    one, other = (first_image(server, modality)["study"] for modality in ("CT", "MR"))
    answer = server.get(f"/v1/archives/a/studies/{one}/matches?with={other}")
    assert answer.status == 200, answer.body
    pairs = answer.json()["items"]
    assert [row["item"] for row in pairs] == items_of(server, one)
    for row in pairs:
        best = search(server, {"item": row["item"], "by": "image", "k": 1, "where": f"study={other}",
                               "same_patient": "include"})["results"][0]
        assert (row["nearest"], row["cosine"]) == (best["item"], best["score"])
    series = get_study(server, other)["series"][0]["series"]
    assert server.get(f"/v1/archives/a/studies/{one}/matches?with={other}&with_series={series}").json()["items"] == pairs
    itself = server.get(f"/v1/archives/a/studies/{one}/matches?with={one}").json()["items"]
    assert all(row["item"] == row["nearest"] and row["cosine"] == pytest.approx(1, abs=1e-5) for row in itself)


def test_what_makes_no_sense_or_is_not_there_is_refused(server):
    one = first_image(server, "CT")["study"]
    for body in ({}, {"not_text": "x"}, {"text": ""}, {"text": "x", "k": 3}, {"text": "x", "where": "modality=CT"},
                 {"texts": "x"}):
        assert server.post(f"/v1/archives/a/studies/{one}/similarity", body).status == 400, body
    for path in (f"{one}/matches", f"{one}/matches?with=", f"{one}/matches?to={one}"):
        assert server.get(f"/v1/archives/a/studies/{path}").status == 400, path
    for path in ("1.2.3", "9" * 300, f"{one}/matches?with=1.2.3", f"{one}/matches?with={one}&with_series=1.2.3",
                 f"1.2.3/matches?with={one}"):
        assert server.get(f"/v1/archives/a/studies/{path}").status == 404, path
    assert server.post("/v1/archives/a/studies/1.2.3/similarity", {"item": 0}).status == 404
    assert server.post(f"/v1/archives/a/studies/{one}/similarity", {"item": 4_000_000}).status == 404


def test_what_may_not_be_seen_is_not_there(serve, filled, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search"]}},
                                    digest("ct"): {"*": {"rights": ["search"], "where": "modality=CT"}}})
    server = serve("--archive", f"a={filled[0]}", "--api-key-file", keys, "--archive-rights", rights)
    rows = search(server, {"text": "x", "by": "image", "k": 100}, headers=of("all"))["results"]
    seen, hidden = (next(row for row in rows if row["modality"] == modality) for modality in ("CT", "MR"))
    asked = [("GET", f"items/{hidden['item']}/pixels", None), ("GET", f"studies/{hidden['study']}", None),
             ("POST", f"studies/{hidden['study']}/similarity", {"item": seen["item"]}),
             ("POST", f"studies/{seen['study']}/similarity", {"item": hidden["item"]}),
             ("GET", f"studies/{seen['study']}/matches?with={hidden['study']}", None),
             ("GET", f"studies/{hidden['study']}/matches?with={seen['study']}", None)]
    unknown = server.get("/v1/archives/b", headers=of("all"))
    for method, path, body in asked:
        path = f"/v1/archives/a/{path}"
        assert server.request(method, path, body, headers=of("all")).status == 200, path
        assert server.request(method, path, body, headers=of("ct")).status == 404, path
        refused = server.request(method, path, body, headers=of("none"))
        assert (refused.status, refused.body) == (404, unknown.body), path
        assert server.request(method, path, body).status == 401, path
    get_pixels(server, seen["item"], headers=of("ct"))


def test_a_viewer_is_linked_where_identifiers_are_kept(serve, tmp_path):
    address = "https://viewer.example/ohif?StudyInstanceUIDs={study}"
    for kept in ("keep", "hash"):
        write_study(tmp_path / kept, kept, slices=1)
        mi2("index", "add", "--model", MODEL, "--identifiers", kept, tmp_path / f"archive-{kept}", tmp_path / kept)
    archives = [part for kept in ("keep", "hash") for part in ("--archive", f"{kept}={tmp_path / f'archive-{kept}'}")]
    server = serve(*archives, "--viewer-url", address)
    found = {kept: server.get(f"/v1/archives/{kept}/studies/{uid('study', kept)}").json() for kept in ("keep", "hash")}
    assert found["keep"]["viewer"] == address.replace("{study}", uid("study", "keep")) and "viewer" not in found["hash"]


@pytest.mark.parametrize("address", ["https://viewer.example/", "javascript:alert('{study}')", "/ohif/{study}",
                                     "https://user:pass@viewer.example/{study}"])
def test_an_address_that_is_no_viewers_is_refused_at_the_start(filled, address):
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={filled[0]}", "--viewer-url", address, status=2)
    assert "--viewer-url: expected" in done.stderr.decode()


def test_the_log_names_the_comparison_and_not_what_was_asked(server):
    study = first_image(server, "CT")["study"]
    assert server.post(f"/v1/archives/a/studies/{study}/similarity", {"text": "the visit of John Doe"}).status == 200
    assert server.get(f"/v1/archives/a/studies/{study}/matches?with={study}").status == 200
    for event in ("archive_similarity", "archive_matches"):
        line, = server.wait_for(lambda event=event: server.records(event))
        assert (line["archive"], line["outcome"], line["found"], line["exact"]) == ("a", "ok", "3", "true")
    assert "Doe" not in "".join(server.lines) and study not in "".join(server.lines)


def test_the_example_of_the_document_is_true(server):
    post = server.get("/openapi.json").json()["paths"]["/v1/archives/{archive}/studies/{study}/similarity"]["post"]
    example = post["requestBody"]["content"]["application/json"]["example"]
    study = first_image(server, "CT")["study"]
    assert server.post(f"/v1/archives/a/studies/{study}/similarity", example).status == 200

"""The map of an archive over HTTP: what mi2 index map has kept, as far as a key may see it."""
import json
import struct

import numpy as np
import pytest
from archive_support import (ALL, KEYS, add, digest, filled, keyed, mi2, of, own, rights_file, search,  # noqa: F401
                             write_study)

POINT = np.dtype([("x", "<u2"), ("y", "<u2"), ("item", "<u4"), ("facet", "<u2"), ("flags", "<u2")])


def unpacked(body):
    """(x, y) by item, facets by item, flags by item, snapshot."""
    magic, version, count, left, right, low, high, snapshot = struct.unpack_from("<8sII4fQ", body)
    assert (magic, version) == (b"MI2POINT", 1) and len(body) == 40 + 12 * count
    rows = np.frombuffer(body, POINT, offset=40)
    assert (np.diff(rows["item"].astype(np.int64)) > 0).all()
    at = {int(row["item"]): (left + row["x"] / 65535 * (right - left), low + row["y"] / 65535 * (high - low)) for row in rows}
    return (at, {int(row["item"]): int(row["facet"]) for row in rows}, {int(row["item"]): int(row["flags"]) for row in rows},
            snapshot)


def told(archive, *arguments):
    """{item: row} that the program writes."""
    done = mi2("index", "map", archive, "--out", "-", *arguments)
    return {row["item"]: row for row in map(json.loads, done.stdout.decode().splitlines())}


@pytest.fixture(scope="module")
def mapped(filled):
    """An archive with a map by image."""
    return filled[0], told(filled[0])


@pytest.fixture
def guarded(serve, mapped, tmp_path):
    """A server whose keys have different rights."""
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"a": {"rights": ["search", "paths"]}},
                                    digest("ct"): {"*": {"rights": ["search"], "where": "modality=CT"}}})
    return serve("--archive", f"a={mapped[0]}", "--api-key-file", keys, "--archive-rights", rights)


def get_map(server, path="", **options):
    answer = server.get(f"/v1/archives/a/map{path}", **options)
    assert answer.status == 200, answer.body
    return answer


def test_the_points_are_those_of_the_program(guarded, mapped):
    answer = get_map(guarded, headers=of("all"))
    assert answer.headers["content-type"] == "application/octet-stream" and "no-cache" in answer.headers["cache-control"]
    at, _, flags, snapshot = unpacked(answer.body)
    rows = mapped[1]
    assert set(at) == set(rows) and set(flags.values()) == {0}
    assert {row["snapshot"] for row in rows.values()} == {snapshot}
    spread = max(abs(row["x"]) + abs(row["y"]) for row in rows.values())
    for item, place in at.items():
        assert np.allclose(place, (rows[item]["x"], rows[item]["y"]), atol=spread / 10_000)


@pytest.mark.parametrize("where", [None, "modality=MR", "modality=US"])
@pytest.mark.parametrize("colour", ["modality", "month"])
def test_the_bytes_are_those_of_a_bin_of_the_program(guarded, mapped, tmp_path, colour, where):
    query = f"?colour={colour}" + (f"&where={where}" if where else "")
    sent = get_map(guarded, query, headers=of("all")).body
    filtered = ["--where", where] if where else []
    mi2("index", "map", mapped[0], "--out", tmp_path / "map.bin", "--colour", colour, *filtered)
    assert (tmp_path / "map.bin").read_bytes() == sent
    assert mi2("index", "map", mapped[0], "--out", "-", "-f", "bin", "--colour", colour, *filtered).stdout == sent


@pytest.mark.parametrize("colour", ["modality", "body_part", "month", "station"])
def test_facets_are_the_values_of_the_legend(guarded, mapped, colour):
    _, facets, _, _ = unpacked(get_map(guarded, f"?colour={colour}", headers=of("all")).body)
    legend = get_map(guarded, f"/legend?colour={colour}", headers=of("all")).json()
    assert (legend["by"], legend["method"], legend["colour"], legend["points"]) == ("image", "umap", colour, 18)
    names = {row["facet"]: row["value"] for row in legend["values"]}
    counts = [row["points"] for row in legend["values"]]
    assert counts == sorted(counts, reverse=True) and sum(counts) + legend["none"] == 18 and legend["other"] == 0
    for item, facet in facets.items():
        row = mapped[1][item]
        wanted = row.get("date", "")[:7] if colour == "month" else row.get(colour)
        assert names.get(facet) == wanted
    for row in legend["values"]:
        assert row["points"] == list(facets.values()).count(row["facet"])


def test_a_filter_leaves_points_out_and_changes_no_facet(guarded, mapped):
    _, every, _, _ = unpacked(get_map(guarded, "?colour=body_part", headers=of("all")).body)
    _, some, _, _ = unpacked(get_map(guarded, "?colour=body_part&where=modality=MR%20and%20body_part=HEAD", headers=of("all")).body)
    assert set(some) == {item for item, row in mapped[1].items() if (row["modality"], row["body_part"]) == ("MR", "HEAD")}
    assert some == {item: every[item] for item in some} and some
    assert unpacked(get_map(guarded, "?where=modality=US", headers=of("all")).body)[0] == {}


def tile_of(server, tile, query="", key="all"):
    return np.frombuffer(get_map(server, f"/{tile}{query}", headers=of(key)).body, POINT)


def test_tiles_are_the_map_in_parts(guarded):
    whole = np.frombuffer(get_map(guarded, headers=of("all")).body, POINT, offset=40)
    assert np.array_equal(tile_of(guarded, "0/0/0"), whole)
    for z in (1, 3):
        parts = {(x, y): tile_of(guarded, f"{z}/{x}/{y}") for x in range(2**z) for y in range(2**z)}
        for (x, y), part in parts.items():
            assert ((part["x"] >> (16 - z)) == x).all() and ((part["y"] >> (16 - z)) == y).all()
        together = np.concatenate(list(parts.values()))
        assert np.array_equal(together[np.argsort(together["item"])], whole)
    corner = whole[whole["x"] == 65535][0]
    assert corner["item"] in tile_of(guarded, f"16/65535/{corner['y']}")["item"]


def test_a_filter_moves_no_point_to_another_tile(guarded):
    whole = {int(row["item"]): row for row in tile_of(guarded, "0/0/0")}
    some = tile_of(guarded, "0/0/0", "?where=modality=MR")
    assert 0 < len(some) < len(whole) and all(row == whole[int(row["item"])] for row in some)
    own = get_map(guarded, headers=of("ct")).body[40:]
    assert get_map(guarded, "/0/0/0", headers=of("ct")).body == own


@pytest.mark.parametrize("tile, name", [("17/0/0", "z"), ("-1/0/0", "z"), ("1/2/0", "x"), ("1/0/2", "y"), ("a/0/0", "z"),
                                        ("1/0/0.5", "y")])
def test_a_tile_that_is_none_is_named(guarded, tile, name):
    answer = guarded.get(f"/v1/archives/a/map/{tile}", headers=of("all"))
    assert answer.status == 400 and answer.json()["error"]["message"].startswith(f"{name}: expected a whole number")


def test_rows_that_may_not_be_seen_have_no_point_and_no_value(guarded, mapped):
    ct = {item for item, row in mapped[1].items() if row["modality"] == "CT"}
    at, _, _, _ = unpacked(get_map(guarded, headers=of("ct")).body)
    assert set(at) == ct
    legend = get_map(guarded, "/legend", headers=of("ct")).json()
    assert legend["values"] == [{"facet": 1, "value": "CT", "points": 9}] and legend["points"] == 9
    assert unpacked(get_map(guarded, "?where=modality=MR", headers=of("ct")).body)[0] == {}
    unknown = guarded.get("/v1/archives/b", headers=of("all"))
    for path in ("map", "map/legend"):
        refused = guarded.get(f"/v1/archives/a/{path}", headers=of("none"))
        assert (refused.status, refused.body) == (404, unknown.body)
        assert guarded.get(f"/v1/archives/a/{path}").status == 401
    refused = guarded.get("/v1/archives/a/map?where=path~hospital", headers=of("ct"))
    assert refused.status == 400 and b"right to see paths" in refused.body


def test_without_a_map_the_answer_says_which_command_makes_one(guarded):
    for path in ("map", "map/legend"):
        refused = guarded.get(f"/v1/archives/a/{path}?by=series", headers=of("all"))
        assert refused.status == 404 and "mi2 index map ARCHIVE --by series" in refused.json()["error"]["message"]


@pytest.mark.parametrize("query", ["by=patient", "colour=sex", "color=modality", "where=modality=", "by=image&by=image"])
def test_a_query_that_makes_no_sense_is_refused(guarded, query):
    assert guarded.get(f"/v1/archives/a/map?{query}", headers=of("all")).status == 400


def test_a_map_by_series_has_the_series(serve, own):
    archive, _ = own
    rows = told(archive, "--by", "series", "--method", "pca")
    server = serve("--archive", f"a={archive}")
    assert set(unpacked(get_map(server, "?by=series").body)[0]) == set(rows) and len(rows) == 4
    assert get_map(server, "/legend?by=series").json()["method"] == "pca"


def test_what_is_added_comes_with_the_next_map_and_what_is_removed_is_gone_at_once(serve, own, tmp_path):
    archive, _ = own
    before = told(archive)
    server = keyed(serve, tmp_path, ALL, "--archive", f"a={archive}")
    write_study(tmp_path / "more", 60, patient="T", modality="CT")
    add(archive, tmp_path / "more")
    assert set(unpacked(get_map(server).body)[0]) == set(before)
    after = told(archive)
    _, _, flags, _ = unpacked(get_map(server).body)
    assert set(flags) == set(after) and {item for item, flag in flags.items() if flag} == set(after) - set(before)
    study = next(iter(before.values()))["study"]
    assert server.request("DELETE", f"/v1/archives/a/studies/{study}?erase=true").status == 200
    left = {item for item, row in after.items() if row["study"] != study}
    assert set(unpacked(get_map(server).body)[0]) == left and len(left) < len(after)


def test_a_damaged_map_is_the_operators_to_know(serve, own, tmp_path):
    archive, _ = own
    told(archive)
    server = serve("--archive", f"a={archive}")
    file = archive / "map" / "image.bin"
    file.write_bytes(file.read_bytes()[:-1])
    broken = server.get("/v1/archives/a/map")
    assert broken.status == 500 and str(archive).encode() not in broken.body
    assert server.wait_for(lambda: server.records("archive_fault"))

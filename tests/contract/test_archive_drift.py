"""--archive-drift: gauges of how the stations of an archive differ from a reference, made in the background."""
import json
import re
import time

import pytest
from archive_support import KEYS, MODEL, add, digest, mi2, of, rights_file, uid, write_study  # noqa: F401

REFERENCE = "station=A"
LINE = re.compile(r'^mi2_archive_drift_(energy|p)\{archive="a",station="([^"]*)"\} (\S+)$', re.MULTILINE)


def put(folder, station, *studies):
    bright = {"RescaleSlope": "1", "RescaleIntercept": "1800"} if station == "B" else {}
    for study in studies:
        write_study(folder, f"{station}{study}", patient=f"{station}{study}", StationName=station, **bright)
    return folder


@pytest.fixture
def archive(tmp_path):
    put(tmp_path / "in", "A", *range(4))
    add(tmp_path / "a", put(tmp_path / "in", "B", *range(3)))
    return tmp_path / "a"


def gauges(server, **options):
    """{station: {"energy": .., "p": ..}}"""
    found = {}
    for kind, station, value in LINE.findall(server.get("/metrics", **options).body.decode()):
        found.setdefault(station, {})[kind] = float(value)
    return found


def told(archive):
    """What the program says."""
    done = mi2("index", "drift", archive, "--reference", REFERENCE, "--by", "station", "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return {row["station"]: {"energy": row["distance"], "p": row["p_holm"]} for row in rows}


def wait_until_same(server, archive, stations):
    """Studies are committed one after the other, and so may be compared."""
    wanted = told(archive)
    assert wanted.keys() == stations

    def same():
        found = gauges(server)
        return found.keys() == stations and all(found[name] == pytest.approx(wanted[name], rel=1e-9) for name in stations)
    server.wait_for(same)


def test_gauges_are_what_drift_says_and_follow_the_archive(serve, archive, tmp_path):
    server = serve("--archive", f"a={archive}", "--archive-drift", f"a={REFERENCE}", "--archive-drift-every", "1")
    wait_until_same(server, archive, {"B"})
    assert server.metric('mi2_archive_drift_failed{archive="a"}') == 0
    add(archive, put(tmp_path / "more", "C", 0, 1))
    wait_until_same(server, archive, {"B", "C"})
    for study in range(3):
        mi2("index", "rm", archive, "--study", uid("study", f"B{study}"), "--yes")
    wait_until_same(server, archive, {"C"})


def test_how_often_is_refused_where_nothing_is_compared(archive):
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={archive}", "--archive-drift-every", "9",
               status=2)
    assert "--archive-drift-every requires --archive-drift" in done.stderr.decode()


def test_nothing_is_compared_unless_it_is_asked_for(serve, archive):
    server = serve("--archive", f"a={archive}")
    assert "mi2_archive_drift_" not in server.get("/metrics").body.decode()


def test_what_cannot_be_compared_is_said_and_has_no_gauges(serve, archive, tmp_path):
    server = serve("--archive", f"a={archive}", "--archive-drift", "a=station=D", "--archive-drift-every", "1")
    server.wait_for(lambda: server.metric('mi2_archive_drift_failed{archive="a"}') == 1)
    (said,) = server.wait_for(lambda: server.records("archive_drift_failed"))
    assert said["archive"] == "a" and "two patients or more, got 0" in said["error"]
    time.sleep(2.5)  # it has tried again
    assert len(server.records("archive_drift_failed")) == 1 and not gauges(server)
    add(archive, put(tmp_path / "more", "D", 0, 1))
    server.wait_for(lambda: gauges(server).keys() == {"A", "B"})
    assert server.metric('mi2_archive_drift_failed{archive="a"}') == 0


def test_stations_show_only_to_who_may_see_all_archives(serve, archive, tmp_path):
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(KEYS.values()))
    rights = rights_file(tmp_path, {digest("all"): {"*": {"rights": ["search"]}},
                                    digest("ct"): {"*": {"rights": ["search"], "where": "station=A"}}})
    server = serve("--archive", f"a={archive}", "--archive-drift", f"a={REFERENCE}", "--api-key-file", keys,
                   "--archive-rights", rights, key=KEYS["all"])
    server.wait_for(lambda: gauges(server, headers=of("all")))
    assert not gauges(server, headers=of("ct")) and not gauges(server, headers=of("none"))


@pytest.mark.parametrize("given, told_what", [(["b=station=A"], "--archive-drift: expected the NAME of an --archive, got 'b'"),
                                              (["a=station"], "drift of the archive 'a': filter"), (["a="], "no EXPR"),
                                              (["a=station=A", "a=station=B"], "two filters for the archive 'a'")])
def test_a_reference_that_is_none_is_refused_at_the_start(archive, given, told_what):
    options = [word for one in given for word in ("--archive-drift", one)]
    done = mi2("serve", "--port", "0", "--model", MODEL, "--archive", f"a={archive}", *options, status=2)
    assert told_what in done.stderr.decode()

"""mi2 index add from a PACS by C-FIND and C-MOVE: what dcmqrscp has is found, once; what a PACS that misbehaves keeps
back is refused by name and tried again."""
import shutil
import signal
import subprocess
import threading
import time

import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_study
from dimse_pacs import Dcmqrscp, Pacs, free_port
from index_support import add, added, exported, sound, table, totals
from listen_support import TOOLS, until
from pydicom.uid import BasicTextSRStorage

PARTIAL, BAD_FILE, UNSUPPORTED, BAD_ARGUMENT = 8, 3, 4, 2

pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in (*TOOLS, "dcmqrscp")),
                                reason="needs DCMTK's programs (dcmtk)")


@pytest.fixture
def pacs(tmp_path):
    with Dcmqrscp(tmp_path / "pacs") as running:
        yield running


def pull(mi2, pacs, archive, *more, query="", status=0):
    return add(mi2, archive, pacs.source(query), "--port", pacs.ours, *more, status=status)


def locators(archive):
    return sorted(row[0] for row in table(archive, "SELECT locator FROM instance WHERE deleted_seq IS NULL"))


def refused(archive):
    """{locator: reason} of what could not be got."""
    return dict(table(archive, "SELECT locator, reason FROM refused WHERE code <> 'skipped'"))


def locators_of(files):
    return sorted(f"dimse:PACS/{pydicom.dcmread(path).SOPInstanceUID}" for path in files)


def test_what_a_pacs_has_is_added_once(mi2, pacs, tmp_path):
    files = [path for study in range(3) for path in write_study(tmp_path / "in", study, series=2, slices=3,
                                                                patient=f"P{study}", StudyDate=f"2024010{study + 1}")]
    pacs.store(*files)
    archive = tmp_path / "a"
    assert added(pull(mi2, pacs, archive)) == 18
    assert locators(archive) == locators_of(files) and pacs.moves() == 6
    assert table(archive, "SELECT kind, url FROM source") == [("dimse", pacs.source())]
    assert added(pull(mi2, pacs, archive)) == 0
    assert pacs.moves() == 6  # nothing is sent twice
    assert refused(archive) == {} and list((archive / "spool").iterdir()) == []
    sound(mi2, archive)
    # The same vectors as of the files themselves.
    add(mi2, tmp_path / "files", tmp_path / "in")
    ours = dict(zip(*exported(mi2, archive, tmp_path), strict=True))
    for path, vector in zip(*exported(mi2, tmp_path / "files", tmp_path), strict=True):
        assert (ours[f"dimse:PACS/{pydicom.dcmread(path).SOPInstanceUID}"] == vector).all()


def test_a_filter_goes_by_what_objects_say_when_they_have_come(mi2, pacs, tmp_path):
    pacs.store(*write_study(tmp_path / "in", "x", slices=2, StudyDate="20240101"),
               *write_study(tmp_path / "in", "y", slices=3, StudyDate="20240102", modality="MR"))
    archive = tmp_path / "a"
    errors = pull(mi2, pacs, archive, "--where", "modality=CT and date>=2024")
    assert added(errors) == 2 and "3 left out by --where" in errors and refused(archive) == {}
    assert added(pull(mi2, pacs, archive, "--where", "modality=CT")) == 0
    assert added(pull(mi2, pacs, archive)) == 3 and totals(mi2, archive)["images"] == 5


def test_only_series_with_something_new_are_moved(mi2, pacs, tmp_path):
    pacs.store(*write_study(tmp_path / "in", "x", series=2, slices=2, StudyDate="20240101"))
    archive = tmp_path / "a"
    pull(mi2, pacs, archive)
    moves = pacs.moves()
    pacs.store(write(tmp_path / "late.dcm", slice_of("x", 1, 7, StudyDate="20240101")))
    assert added(pull(mi2, pacs, archive)) == 1
    assert pacs.moves() == moves + 1 and totals(mi2, archive)["images"] == 5
    sound(mi2, archive)


def test_a_query_chooses_studies(mi2, pacs, tmp_path):
    january = write_study(tmp_path / "in", "january", StudyDate="20240115")
    pacs.store(*january, *write_study(tmp_path / "in", "march", StudyDate="20240315"),
               *write_study(tmp_path / "in", "mr", StudyDate="20240116", modality="MR"))
    archive = tmp_path / "a"
    assert added(pull(mi2, pacs, archive, query="?StudyDate=20240101-20240131&ModalitiesInStudy=CT")) == 3
    assert locators(archive) == locators_of(january)


def test_studies_without_a_date_are_found(mi2, pacs, tmp_path):
    files = write_study(tmp_path / "in", "x")
    pacs.store(*files)
    assert added(pull(mi2, pacs, tmp_path / "a")) == len(files)


def test_a_dry_run_moves_nothing(mi2, pacs, tmp_path):
    pacs.store(*write_study(tmp_path / "in", "x", StudyDate="20240101"))
    assert "1 studies would be asked for, of 1" in pull(mi2, pacs, tmp_path / "a", "--dry-run")
    assert pacs.moves() == 0 and not (tmp_path / "a").exists()
    pull(mi2, pacs, tmp_path / "a")
    assert "0 studies would be asked for, of 1" in pull(mi2, pacs, tmp_path / "a", "--dry-run")


def test_objects_without_pixels_are_asked_for_once(mi2, pacs, tmp_path):
    report = slice_of("x", 1, 0, StudyDate="20240101", modality="SR")
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    for name in ("PixelData", "Rows", "Columns"):
        delattr(report, name)
    pacs.store(*write_study(tmp_path / "in", "x", StudyDate="20240101"), write(tmp_path / "sr.dcm", report))
    archive = tmp_path / "a"
    assert "1 objects have no pixels" in pull(mi2, pacs, archive)
    moves = pacs.moves()
    pull(mi2, pacs, archive)
    assert pacs.moves() == moves and refused(archive) == {}


def test_an_unknown_destination_is_said_in_plain_words(mi2, tmp_path):
    with Dcmqrscp(tmp_path / "pacs", knows=False) as pacs:
        pacs.store(*write_study(tmp_path / "in", "x", StudyDate="20240101"))
        errors = pull(mi2, pacs, tmp_path / "a", status=UNSUPPORTED)
        assert f"{pacs.source()}: the peer does not know MI2 as the destination of a move (status A801)" in errors
        assert f"port {pacs.ours}" in errors and "Meier" not in errors and "P1" not in errors


def test_an_object_that_is_too_large_is_refused_and_tried_again(mi2, pacs, tmp_path):
    files = write_study(tmp_path / "in", "x", slices=2, StudyDate="20240101")
    large = write(tmp_path / "large.dcm", slice_of("x", 1, 0, StudyDate="20240101", ImageComments="x" * 9000))
    pacs.store(*files, large)
    archive = tmp_path / "a"
    assert added(pull(mi2, pacs, archive, "--max-file-size", 8000, status=PARTIAL)) == 2
    [(locator, reason)] = refused(archive).items()
    assert locator == f"dimse:PACS/{uid('study', 'x')}/{uid('series', 'x', 1)}"
    assert "1 objects did not come (status" in reason and "1 not sent" in reason
    assert added(pull(mi2, pacs, archive)) == 1
    assert refused(archive) == {}


def test_a_series_over_the_spools_limit_comes_in_several_runs(mi2, pacs, tmp_path):
    files = []
    for number in range(30):
        data = slice_of("long", 0, number, StudyDate="20240101")
        data.Rows = data.Columns = 64
        data.PixelData = bytes([number]) * (64 * 64 * 2)
        files.append(write(tmp_path / "in" / f"{number}.dcm", data))
    pacs.store(*files)
    archive = tmp_path / "a"
    for images in (11, 22):
        assert added(pull(mi2, pacs, archive, "--max-spool", "100K", status=PARTIAL)) == 11
        assert totals(mi2, archive)["images"] == images
        assert "not sent" in next(iter(refused(archive).values()))
    assert added(pull(mi2, pacs, archive, "--max-spool", "100K")) == 8
    assert refused(archive) == {} and locators(archive) == locators_of(files)


def test_a_killed_run_is_gone_on_with(mi2, pacs, tmp_path):
    # More than are added together, so that the first are committed long before the last.
    files = [path for study in range(30)
             for path in write_study(tmp_path / "in", study, slices=5, StudyDate="20240101")]
    pacs.store(*files)
    archive = tmp_path / "a"
    run = subprocess.Popen([mi2.path, "index", "add", str(archive), pacs.source(), "--port", str(pacs.ours)],
                           env=mi2.environment(), stderr=subprocess.DEVNULL)
    until(lambda: pacs.moves() > 20)  # by then some are committed
    run.kill()
    run.wait()
    before = len(locators(archive))
    assert added(pull(mi2, pacs, archive)) == len(files) - before
    assert locators(archive) == locators_of(files) and list((archive / "spool").iterdir()) == []
    sound(mi2, archive)


def test_it_needs_no_dictionary_of_dcmtk(mi2, tmp_path, monkeypatch):
    with Pacs(tmp_path / "pacs", studies(2)) as pacs:
        archive = tmp_path / "a"
        monkeypatch.setattr(mi2, "environment", lambda *_: {**type(mi2).environment(mi2),
                                                            "DCMDICTPATH": "/nowhere/dicom.dic"})
        assert added(pull(mi2, pacs, archive)) == 2


def test_a_pacs_that_is_not_there_ends_the_run(mi2, tmp_path):
    source = f"dimse:PACS@127.0.0.1:{free_port()}"
    errors = add(mi2, tmp_path / "a", source, "--port", free_port(), status=BAD_FILE)
    assert f"{source}: no association: the peer cannot be reached" in errors


@pytest.mark.parametrize("source", ["dimse:PACS", "dimse:PACS@host", "dimse:@host:104", "dimse:PACS@host:0",
                                    "dimse:PACS@host:104?PatientName=x", "dimse:PACS@host:104?StudyDate=2024"])
def test_a_source_that_is_none_is_refused(mi2, tmp_path, source):
    assert "source: " in add(mi2, tmp_path / "a", source, status=BAD_ARGUMENT)
    assert not (tmp_path / "a").exists()


def studies(count, **more):
    return [slice_of(study, 0, 0, StudyDate=f"2024{1 + study % 12:02}{1 + study % 28:02}", **more)
            for study in range(count)]


@pytest.mark.parametrize(("cap", "cut"), [(10, 0xA700), (10, 0xFE00), (100, 0)])
def test_a_list_that_is_cut_is_asked_for_by_windows_of_dates(mi2, tmp_path, cap, cut):
    count = 120 if cap == 100 else 25
    with Pacs(tmp_path / "pacs", studies(count)) as pacs:
        pacs.cap, pacs.cut = cap, cut
        archive = tmp_path / "a"
        errors = pull(mi2, pacs, archive, query="?StudyDate=20230101-20251231")
        assert added(errors) == count and refused(archive) == {}
        dates = [date for level, date in pacs.finds if level == "STUDY"]
        assert dates[0] == "20230101-20251231" and len(dates) > 1 and len(set(dates)) == len(dates)


def test_a_day_and_studies_without_a_date_that_may_be_missing_are_refused(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", [slice_of(study, 0, 0, StudyDate="20240101") for study in range(12)]) as pacs:
        pacs.cap, pacs.cut = 10, 0xA700
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive, status=PARTIAL)) == 10
        found = refused(archive)
        assert "there may be more of 20240101" in found["dimse:PACS/studies"]
        assert "studies without a date may be missing" in found["dimse:PACS/studies"]
        pacs.cap = None
        assert added(pull(mi2, pacs, archive)) == 2 and refused(archive) == {}


def test_only_what_was_asked_for_is_taken(mi2, tmp_path):
    wanted, other = slice_of("x", 0, 0, StudyDate="20240101"), slice_of("other", 0, 0, StudyDate="20200101")
    with Pacs(tmp_path / "pacs", [wanted]) as pacs:
        uninvited = write(tmp_path / "other.dcm", other)
        pacs.on_move = lambda study, series: ([uninvited, *pacs.honest(study, series)[0]], 0, 1, 0, 0)
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive)) == 1
        assert locators(archive) == [f"dimse:PACS/{wanted.SOPInstanceUID}"]


@pytest.mark.parametrize(("ending", "said"), [((0xB000, 1, 1, 0), "status B000, 1 not sent"),
                                              ((0, 2, 0, 0), "status 0000"),
                                              ((0xA702, 0, 2, 0), "status A702, 2 not sent")])
def test_what_does_not_come_is_refused_and_tried_again(mi2, tmp_path, ending, said):
    with Pacs(tmp_path / "pacs", [slice_of("x", 0, number, StudyDate="20240101") for number in range(2)]) as pacs:
        pacs.on_move = lambda study, series: (pacs.honest(study, series)[0][:1], *ending)
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive, status=PARTIAL)) == 1
        assert list(refused(archive).values()) == [
            f"dimse:PACS/{uid('study', 'x')}/{uid('series', 'x', 0)}: 1 objects did not come ({said})"]
        pacs.on_move = pacs.honest
        assert added(pull(mi2, pacs, archive)) == 1 and refused(archive) == {}


def test_what_a_pacs_says_it_sent_is_compared_where_it_lists_nothing(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", [slice_of("x", 0, number, StudyDate="20240101") for number in range(2)]) as pacs:
        pacs.counts = pacs.lists = False
        pacs.on_move = lambda study, series: (pacs.honest(study, series)[0][:1], 0, 2, 0, 0)
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive, status=PARTIAL)) == 1
        assert list(refused(archive).values()) == [
            f"dimse:PACS/{uid('study', 'x')}/{uid('series', 'x', 0)}: 1 objects did not come (status 0000)"]
        pacs.on_move = pacs.honest
        assert added(pull(mi2, pacs, archive)) == 1 and refused(archive) == {}


def test_a_warning_is_said_and_kept(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", [slice_of("x", 0, 0, StudyDate="20240101")]) as pacs:
        pacs.on_move = lambda study, series: (pacs.honest(study, series)[0], 0xB000, 0, 0, 1)
        archive = tmp_path / "a"
        errors = pull(mi2, pacs, archive, status=PARTIAL)
        assert added(errors) == 1 and "1 with a warning" in errors and len(refused(archive)) == 1


def test_a_connection_that_is_lost_costs_its_study(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", studies(3)) as pacs:
        def lost(study, series):
            if study == uid("study", 1):
                raise OSError("the PACS goes away")
            return pacs.honest(study, series)
        pacs.on_move = lost
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive, status=PARTIAL)) == 2
        [(locator, reason)] = refused(archive).items()
        assert locator == f"dimse:PACS/{uid('study', 1)}"
        assert "the peer ended the connection before its answer" in reason
        pacs.on_move = pacs.honest
        assert added(pull(mi2, pacs, archive)) == 1 and refused(archive) == {}


def test_a_run_can_be_stopped_while_a_pacs_is_silent(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", studies(1)) as pacs:
        asked, over = threading.Event(), threading.Event()

        def silent(study, series):
            asked.set()
            over.wait(60)
            return pacs.honest(study, series)
        pacs.on_move = silent
        run = subprocess.Popen([mi2.path, "index", "add", str(tmp_path / "a"), pacs.source(), "--port", str(pacs.ours)],
                               env=mi2.environment(), stderr=subprocess.PIPE, text=True)
        assert asked.wait(60)
        begin = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
        over.set()
        assert run.returncode == -signal.SIGINT and time.monotonic() - begin < 20
        assert "the same command goes on from there" in errors
        assert list((tmp_path / "a" / "spool").iterdir()) == []


def test_a_study_that_is_known_by_its_number_is_not_asked_about(mi2, tmp_path):
    with Pacs(tmp_path / "pacs", studies(3)) as pacs:
        archive = tmp_path / "a"
        pull(mi2, pacs, archive)
        pacs.finds.clear()
        pull(mi2, pacs, archive)
        assert [level for level, _ in pacs.finds] == ["STUDY"]


def test_another_number_of_objects_than_are_listed_is_refused(mi2, tmp_path):
    data = [slice_of("x", 0, number, StudyDate="20240101") for number in range(3)]
    with Pacs(tmp_path / "pacs", data) as pacs:
        whole = pacs.of
        pacs.of = lambda study, series=None: whole(study, series) if series is None else whole(study, series)[:2]
        archive = tmp_path / "a"
        assert added(pull(mi2, pacs, archive, status=PARTIAL)) == 2
        assert refused(archive)[f"dimse:PACS/{uid('study', 'x')}"].endswith(
            "the peer counts 3 objects of the study, and lists 2")

"""mi2 index add from Orthanc: its list of changes is followed, and gone through again when it is another one."""
import subprocess

import pytest
from dicom_studies import slice_of, uid
from dicomweb_support import PARTIAL, refused, wait_for
from index_support import add, added, exported, sound, table, totals
from orthanc_server import OrthancServer, identifier


@pytest.fixture
def orthanc():
    with OrthancServer() as running:
        yield running


def hospital_of(orthanc, studies=3, slices=3):
    for study in range(studies):
        for n in range(slices):
            orthanc.add(slice_of(study, 0, n, patient=f"P{study}", StudyDate="20200101"))


def place(orthanc, study, number):
    return f"{orthanc.url()}/instances/{uid('sop', study, 0, number)}"


def cursor(archive):
    """(kind of the source, number of the last change that was seen)"""
    [(kind, text)] = table(archive, "SELECT kind, cursor FROM source")
    return kind, text.split()[0]


def test_an_orthanc_is_followed_by_its_changes(mi2, orthanc, tmp_path):
    hospital_of(orthanc)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, orthanc.url())) == 9
    assert cursor(archive) == ("orthanc", "27")
    names = [place(orthanc, study, n) for study in range(3) for n in range(3)]
    assert sorted(exported(mi2, archive, tmp_path)[0]) == sorted(names)
    before = len(orthanc.files())
    assert added(add(mi2, archive, orthanc.url())) == 0 and len(orthanc.files()) == before
    orthanc.add(slice_of(7, 0, 0))
    assert added(add(mi2, archive, orthanc.url())) == 1 and len(orthanc.files()) == before + 1
    assert cursor(archive) == ("orthanc", "30")
    sound(mi2, archive)


def test_no_identifier_that_orthanc_hashed_without_a_key_is_kept(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 1, 1)
    archive = tmp_path / "a"
    add(mi2, archive, orthanc.url())
    assert identifier(str(uid("sop", 0, 0, 0))).encode() not in (archive / "catalog.sqlite").read_bytes()


def test_an_orthanc_whose_changes_began_anew_is_gone_through_again(mi2, orthanc, tmp_path):
    hospital_of(orthanc)
    archive = tmp_path / "a"
    add(mi2, archive, orthanc.url())
    orthanc.begin_anew()
    name = str(uid("sop", "x", 0, 0))
    orthanc.add(slice_of("x", 0, 0))
    before = len(orthanc.files())
    assert added(add(mi2, archive, orthanc.url())) == 1
    assert orthanc.files()[before:] == [f"/instances/{identifier(name)}/file"] and cursor(archive) == ("orthanc", "3")


def test_a_list_of_changes_that_was_emptied_hides_nothing(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 1)
    archive = tmp_path / "a"
    add(mi2, archive, orthanc.url())
    orthanc.add(slice_of("unseen", 0, 0))
    orthanc.changes.clear()
    orthanc.add(slice_of("new", 0, 0))
    assert added(add(mi2, archive, orthanc.url())) == 2 and cursor(archive) == ("orthanc", "15")


def test_other_changes_of_the_same_number_are_noticed(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 2)
    archive = tmp_path / "a"
    add(mi2, archive, orthanc.url())
    orthanc.begin_anew()
    for n in range(6):
        orthanc.add(slice_of("new", 0, n))
    assert len(orthanc.changes) == 18  # as many as before
    assert added(add(mi2, archive, orthanc.url())) == 6
    orthanc.changes.pop()  # the last one went with its object: that is no other list
    orthanc.add(slice_of("newer", 0, 0))
    before = len(orthanc.asked_for_all())
    assert added(add(mi2, archive, orthanc.url())) == 1
    assert len(orthanc.asked_for_all()) == before


@pytest.mark.parametrize("how", ["broken", "empty"])
def test_an_orthancs_object_that_fails_is_tried_again(mi2, orthanc, tmp_path, how):
    hospital_of(orthanc)
    bad = identifier(str(uid("sop", 1, 0, 1)))
    getattr(orthanc, how).add(bad)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, orthanc.url(), status=PARTIAL)) == 8
    assert list(refused(archive)) == [place(orthanc, 1, 1)]
    before = len(orthanc.files())
    add(mi2, archive, orthanc.url(), status=PARTIAL)
    assert orthanc.files()[before:] == [f"/instances/{bad}/file"]
    getattr(orthanc, how).clear()
    assert added(add(mi2, archive, orthanc.url())) == 1 and refused(archive) == {}


def test_what_failed_is_not_forgotten_before_it_is_there(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 10, 6)
    archive = tmp_path / "a"
    orthanc.broken.update(orthanc.objects)
    add(mi2, archive, orthanc.url(), status=3)
    assert len(refused(archive)) == 60
    orthanc.broken.clear()
    run = subprocess.Popen([mi2.path, "index", "add", str(archive), orthanc.url()], env=mi2.environment(),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: not refused(archive), 120)
    run.kill()
    run.wait()
    add(mi2, archive, orthanc.url())
    assert totals(mi2, archive)["images"] == 60 and refused(archive) == {}
    sound(mi2, archive)


def test_what_cannot_be_looked_up_is_not_in_the_way_of_what_is_new(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 1)
    orthanc.broken.add(identifier(str(uid("sop", 0, 0, 1))))
    archive = tmp_path / "a"
    add(mi2, archive, orthanc.url(), status=PARTIAL)
    orthanc.broken.clear()
    orthanc.looks_up = False
    orthanc.add(slice_of("new", 0, 0))
    assert added(add(mi2, archive, orthanc.url())) == 1 and list(refused(archive)) == [place(orthanc, 0, 1)]
    orthanc.looks_up = True
    assert added(add(mi2, archive, orthanc.url())) == 1 and refused(archive) == {}


def test_what_an_orthanc_does_not_name_stays_refused(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 1)
    orthanc.nameless.add(identifier(str(uid("sop", 0, 0, 1))))
    archive = tmp_path / "a"
    assert added(add(mi2, archive, orthanc.url(), status=PARTIAL)) == 2
    assert list(refused(archive)) == [f"{orthanc.url()}/changes/0"]
    add(mi2, archive, orthanc.url())
    assert list(refused(archive)) == [f"{orthanc.url()}/changes/0"]


def test_what_is_deleted_while_all_is_listed_hides_nothing(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 15, 10)
    orthanc.vanishing = 30
    add(mi2, tmp_path / "a", orthanc.url())
    assert len(orthanc.objects) == 120
    assert {f"{orthanc.url()}/instances/{name}" for name, _ in orthanc.objects.values()} <= \
           set(exported(mi2, tmp_path / "a", tmp_path)[0])


@pytest.mark.parametrize("most", [1, 10, 25])
def test_a_page_that_is_shorter_than_was_asked_for_is_not_the_last(mi2, orthanc, tmp_path, most):
    hospital_of(orthanc, 9, 3)
    orthanc.most_rows = most
    archive = tmp_path / "a"
    assert added(add(mi2, archive, orthanc.url())) == 27
    hospital_of(orthanc, 12, 3)  # and of the list of changes
    assert added(add(mi2, archive, orthanc.url())) == 9


def test_an_orthanc_without_objects_is_no_fault(mi2, orthanc, tmp_path):
    assert added(add(mi2, tmp_path / "a", orthanc.url())) == 0
    orthanc.add(slice_of("x", 0, 0))
    assert added(add(mi2, tmp_path / "a", orthanc.url())) == 1


def test_a_list_of_all_that_never_ends_is_given_up(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 17, 6)  # more than a page
    orthanc.ignores_since = True
    archive = tmp_path / "a"
    errors = add(mi2, archive, orthanc.url(), status=3)
    assert "come to an end" in errors and len(orthanc.asked_for_all()) < 10


def test_an_orthanc_with_many_objects_is_listed_page_by_page(mi2, orthanc, tmp_path):
    hospital_of(orthanc, 30, 7)
    archive = tmp_path / "a"
    assert added(add(mi2, archive, orthanc.url())) == 210
    assert len(orthanc.files()) == len(set(orthanc.files())) == 210
    found = totals(mi2, archive)
    assert (found["studies"], found["pooled"]) == (30, 30)


def test_a_choice_of_slices_needs_series(mi2, orthanc, tmp_path):
    assert "dicomweb:" in add(mi2, tmp_path / "a", orthanc.url(), "--slices", "max:2", status=4)

"""Labels of archives in PostgreSQL: they come along, are written from any machine, and go with what they are of."""
import pytest
from dicom_studies import uid, write_hospital
from index_support import add, query, sound, stats, table
from postgres_support import machine, postgres, replica_of, url  # noqa: F401

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder / "in")
    add(mi2, folder / "a", folder / "in")
    return folder


def give(mi2, archive, folder, text, *options, status=0):
    (folder / "labels.csv").write_text(text)
    return mi2("index", "label", str(archive), str(folder / "labels.csv"), *options, with_model=False, status=status).errors


def found(mi2, archive, where):
    return {row["image"] for row in query(mi2, archive, "--text", TEXT, "--by", "image", "-k", 100, "--where", where)}


def images(*studies):
    return {uid("sop", study, 0, number) for study in studies for number in range(3)}


def test_a_shared_copy_has_the_labels(mi2, hospital, url, tmp_path):  # noqa: F811
    give(mi2, hospital / "a", tmp_path, f"study,q,r\n{uid('study', 0)},x,ü\n", "--by", "reader", "--replace")
    mi2("index", "share", str(hospital / "a"), url, with_model=False)
    assert found(mi2, url, "label.q=x and label.r=ü") == images(0)
    assert query(mi2, url, "--text", TEXT, "--where", "label.q=x") == query(mi2, hospital / "a", "--text", TEXT,
                                                                            "--where", "label.q=x")
    mi2("index", "backup", url, str(tmp_path / "copy"), with_model=False)
    assert found(mi2, tmp_path / "copy", "label.q=x") == images(0)


def test_labels_are_given_on_one_machine_and_found_on_another(mi2, hospital, url, machine, tmp_path):  # noqa: F811
    machine("first")
    add(mi2, url, hospital / "in")
    machine("second")
    assert stats(mi2, url)["totals"]["images"] == 18
    machine("first")
    text = f"study,q\n{uid('study', 0)},x\n{uid('study', 1)},x\n"
    assert "2 labels added" in give(mi2, url, tmp_path, text)
    machine("second")
    assert found(mi2, url, "label.q=x") == images(0, 1)
    assert "2 are there already" in give(mi2, url, tmp_path, text)
    assert "1 replaced" in give(mi2, url, tmp_path, f"study,q\n{uid('study', 1)},y\n", "--replace")
    # Another label may have the number of one that is gone.
    mi2("index", "label", url, "--remove", "q", "--where", f"study={uid('study', 1)}", with_model=False)
    give(mi2, url, tmp_path, f"series,s\n{uid('series', 2, 0)},z\n")
    machine("first")
    assert found(mi2, url, "label.q=x") == images(0) and found(mi2, url, "label.q=y") == set()
    assert found(mi2, url, "label.s=z") == images(2)
    assert "sound" in sound(mi2, url)


def test_labels_go_with_a_study_everywhere_and_erased_leave_nothing(mi2, hospital, url, machine, postgres,  # noqa: F811
                                                                    tmp_path):
    word = "Quittengelee"
    cache = machine("first")
    add(mi2, url, hospital / "in")
    give(mi2, url, tmp_path, f"study,q\n{uid('study', 0)},{word}\n{uid('study', 1)},stays\n")
    give(mi2, url, tmp_path, f"image,q\n{uid('sop', 0, 0, 0)},{word}\n")
    machine("second")
    assert found(mi2, url, f"label.q={word}") == images(0)
    mi2("index", "rm", url, "--study", uid("study", 0), "--erase", "--yes", with_model=False)
    machine("first")
    assert found(mi2, url, "label.q=stays") == images(1)
    assert table(replica_of(mi2, url), "SELECT key, value FROM label") == [("q", "stays")]
    assert not [path for path in cache.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
    assert "sound" in sound(mi2, url)

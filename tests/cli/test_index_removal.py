"""Archives from which something is removed: it is not found any more, and erased it leaves nothing."""
import pytest
from dicom_studies import uid, write_hospital
from index_support import add, added, exported, query, sound, totals

TEXT = "chest x-ray"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    return folder, write_hospital(folder)


@pytest.fixture
def removable(mi2, hospital, tmp_path):
    archive = tmp_path / "removable"
    add(mi2, archive, hospital[0])
    return archive


def test_what_is_removed_is_not_found_and_counted(mi2, removable):
    assert "--yes" in mi2("index", "rm", str(removable), "--study", uid("study", 0), status=2, with_model=False).errors
    mi2("index", "rm", str(removable), "--study", uid("study", 0), "--yes", with_model=False)
    found = query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)
    assert len(found) == 15 and found[0]["excluded"]["deleted"] == 4
    mi2("index", "rm", str(removable), "--patient", "P1", "--yes", with_model=False)
    assert len(query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)) == 9
    mi2("index", "rm", str(removable), "--where", "modality=MR and date>=2025", "--yes", with_model=False)
    assert totals(mi2, removable)["images"] == 6
    mi2("index", "rm", str(removable), "--patient", "P1", "--yes", status=7, with_model=False)
    sound(mi2, removable)


def test_what_is_erased_leaves_nothing(mi2, hospital, removable, tmp_path):
    names, vectors = exported(mi2, removable, tmp_path)
    query(mi2, removable, "--text", TEXT)  # makes codes
    gone = [i for i, name in enumerate(names) if hospital[1][name][1] == "P1"]
    mi2("index", "rm", str(removable), "--patient", "P1", "--erase", "--yes", with_model=False)
    content = b"".join(path.read_bytes() for path in removable.rglob("*") if path.is_file())
    for i, name in enumerate(names):
        assert (vectors[i].tobytes() in content) == (i not in gone)
        assert (name.encode() in content) == (i not in gone)
    for study in range(6):
        assert (uid("study", study).encode() in content) == (study not in (2, 3))
    sound(mi2, removable)
    assert len(query(mi2, removable, "--text", TEXT, "--by", "image", "-k", 100)) == 12
    assert added(add(mi2, removable, hospital[0])) == 6
    sound(mi2, removable)

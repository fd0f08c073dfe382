"""mi2 index label: what people and programs say of images, series and studies, and what filters make of it."""
import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from catalog_support import make_older
from dicom_studies import slice_of, uid, write, write_hospital
from index_support import add, query, sound, stats, table
from kill_support import fill, killed, kills, small_disk, undisturbed

TEXT = "chest x-ray"
LABELS = "SELECT key, value, by FROM label ORDER BY key, value, by"


@pytest.fixture(scope="module")
def hospital(mi2, tmp_path_factory):
    """(an archive of six studies of three images, its files)."""
    folder = tmp_path_factory.mktemp("labels")
    files = write_hospital(folder / "in")
    add(mi2, folder / "a", folder / "in")
    return folder / "a", sorted(files)


@pytest.fixture
def archive(hospital, tmp_path):
    shutil.copytree(hospital[0], tmp_path / "a")
    return tmp_path / "a"


def give(mi2, archive, folder, text, *options, status=0, name="labels.csv"):
    (folder / name).write_text(text)
    return mi2("index", "label", str(archive), str(folder / name), *options, with_model=False, status=status).errors


def found(mi2, archive, where, by="image"):
    return {row[by] for row in query(mi2, archive, "--text", TEXT, "--by", by, "-k", 100, "--where", where)}


def images(*studies, slices=(0, 1, 2)):
    return {uid("sop", study, 0, number) for study in studies for number in slices}


def snapshot(mi2, archive):
    return stats(mi2, archive)["snapshot"]


def test_studies_are_labelled_one_label_per_line_and_filters_find_them(mi2, archive, tmp_path):
    note = give(mi2, archive, tmp_path, f"study,key,value,score\n{uid('study', 0)},finding,pneumonia,0.9\n"
                                        f"{uid('study', 1)},finding,Effusion,\n{uid('study', 2)},side,left,\n", "--by", "reader")
    assert "one label per line" in note and "3 labels added, 0 replaced, 0 are there already" in note
    assert found(mi2, archive, "label.finding=PNEUMONIA") == images(0)
    assert found(mi2, archive, "label.finding in (pneumonia, effusion)") == images(0, 1)
    assert found(mi2, archive, "label.finding~fus") == images(1)
    # A comparison is of all that has no such label, as those of other fields are of what has another value or none.
    assert found(mi2, archive, "label.finding!=pneumonia") == images(1, 2, 3, 4, 5)
    assert found(mi2, archive, "not label.finding~'' or label.side=left") >= images(2, 3)
    assert found(mi2, archive, "label.side=pneumonia") == set()
    row = query(mi2, archive, "--text", TEXT, "--where", "label.finding=pneumonia")[0]
    assert row["labels"] == [{"of": "study", "key": "finding", "value": "pneumonia", "by": "reader", "score": 0.9}]
    assert "labels" not in query(mi2, archive, "--text", TEXT, "--where", f"study={uid('study', 5)}")[0]
    sound(mi2, archive)


def test_each_other_column_is_a_key(mi2, archive, tmp_path):
    note = give(mi2, archive, tmp_path, f"SeriesInstanceUID,finding,grade\n{uid('series', 0, 0)},normal,\n"
                                        f"{uid('series', 1, 0)},,2\n")
    assert "a column for each key: finding, grade" in note and "2 labels added" in note
    assert found(mi2, archive, "label.finding=normal") == images(0)
    assert found(mi2, archive, "label.grade=2") == images(1)
    assert table(archive, LABELS) == [("finding", "normal", "user"), ("grade", "2", "user")]


def test_images_are_labelled_by_uid_item_and_path(mi2, archive, hospital, tmp_path):
    item = query(mi2, archive, "--text", TEXT, "--by", "image", "-k", 100, "--where", f"image={uid('sop', 1, 0, 2)}")[0]["item"]
    give(mi2, archive, tmp_path, f"image,q\n{uid('sop', 0, 0, 1)},uid\n")
    give(mi2, archive, tmp_path, f"item,q\n{item},item\n")
    give(mi2, archive, tmp_path, f"path,q\n{hospital[1][6]},path\n4/s0/01.dcm,end\n")
    assert found(mi2, archive, "label.q=uid") == images(0, slices=[1])
    assert found(mi2, archive, "label.q=item") == images(1, slices=[2])
    assert found(mi2, archive, "label.q=path") == images(2, slices=[0])
    assert found(mi2, archive, "label.q=end") == images(4, slices=[1])
    # Paths start at the table's folder; those that fit several files are refused.
    shutil.copy(hospital[1][0], tmp_path / "own.dcm")
    assert "both" in give(mi2, archive, tmp_path, "path,q\n00.dcm,many\n", status=2)
    assert "1 labels of nothing" in give(mi2, archive, tmp_path, "path,q\nown.dcm,other\n", status=8)
    assert found(mi2, archive, "label.q=many or label.q=other") == set()


def test_lines_of_json_are_read_too(mi2, archive, tmp_path):
    lines = [{"study": uid("study", 0), "key": "grade", "value": 3, "score": 0.25}, {"study": uid("study", 1), "normal": True},
             {"series": uid("series", 2, 0), "finding": "mass", "side": None}]
    note = give(mi2, archive, tmp_path, "".join(json.dumps(line) + "\n\n" for line in lines), name="l.jsonl")
    assert "lines of both forms" in note and "3 labels added" in note
    for where, study in (("label.grade=3", 0), ("label.normal=true", 1), ("label.finding=mass", 2)):
        assert found(mi2, archive, where) == images(study), where


def test_the_same_label_again_changes_nothing(mi2, archive, tmp_path):
    text = f"study,finding\n{uid('study', 0)},mass\n"
    give(mi2, archive, tmp_path, text)
    before = snapshot(mi2, archive)
    assert "0 labels added, 0 replaced, 1 are there already" in give(mi2, archive, tmp_path, text)
    assert snapshot(mi2, archive) == before


def test_another_value_is_refused_by_its_line_or_replaces_the_one_that_is_there(mi2, archive, tmp_path):
    first, second = uid("study", 0), uid("study", 1)
    give(mi2, archive, tmp_path, f"study,finding\n{first},mass\n")
    text = f"study,finding\n{second},mass\n{first},normal\n"
    errors = give(mi2, archive, tmp_path, text, status=8)
    assert "1 labels refused" in errors and "--replace" in errors and "line 3" in errors and "1 labels added" in errors
    assert found(mi2, archive, "label.finding=mass") == images(0, 1)
    before = snapshot(mi2, archive)
    assert "1 replaced" in give(mi2, archive, tmp_path, text, "--replace")
    assert snapshot(mi2, archive) > before
    assert found(mi2, archive, "label.finding=mass") == images(1) and found(mi2, archive, "label.finding=normal") == images(0)
    # A file that contradicts itself is no replacement.
    errors = give(mi2, archive, tmp_path, f"study,finding\n{first},cyst\n{first},mass\n", "--replace", status=8)
    assert "in the same file" in errors and "line 3" in errors
    # Whoever else says something is somebody else.
    give(mi2, archive, tmp_path, f"study,finding\n{first},fracture\n", "--by", "other")
    assert found(mi2, archive, "label.finding=fracture") == found(mi2, archive, "label.finding=cyst") == images(0)


def test_labels_of_what_is_not_there_are_counted_and_the_others_written(mi2, archive, tmp_path):
    mi2("index", "rm", str(archive), "--study", uid("study", 4), "--yes", with_model=False)
    errors = give(mi2, archive, tmp_path, f"study,q\n1.2.3,x\n{uid('study', 0)},x\n{uid('study', 4)},x\n", status=8)
    assert "2 labels of nothing that the archive has: lines 2, 4" in errors and "1 labels added" in errors
    assert found(mi2, archive, "label.q=x") == images(0)
    for name in ("item,q\n99999999999999999999,x\n", "item,q\n-1,x\n", "image,q\nno.uid-at.all,x\n", "path,q\n/no/where.dcm,x\n"):
        assert "1 labels of nothing" in give(mi2, archive, tmp_path, name, status=8), name


def test_a_dry_run_says_what_would_be_and_changes_nothing(mi2, archive, tmp_path):
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 1)},x\n")
    before = (archive / "catalog.sqlite").read_bytes(), snapshot(mi2, archive)
    text = f"study,q\n{uid('study', 0)},x\n{uid('study', 1)},y\n1.2.3,x\n"
    errors = give(mi2, archive, tmp_path, text, "--replace", "--dry-run", status=8)
    assert "1 labels would be added, 1 would be replaced" in errors and "line 4" in errors
    assert ((archive / "catalog.sqlite").read_bytes(), snapshot(mi2, archive)) == before
    assert table(archive, LABELS) == [("q", "x", "user")]


SECRET = "Meier-4711"


@pytest.mark.parametrize("text, status", [
    ("study,q\n", 3),  # no row
    (f"q,r\n{SECRET},x\n", 3),  # of what?
    (f"study,series,q\n1.2,1.3,{SECRET}\n", 3),
    (f"study,key\n1.2,{SECRET}\n", 3),
    ("study\n1.2\n", 3),
    (f"study,key,value\n1.2,{SECRET} x,y\n", 3),  # no key of a filter
    (f"study,key,value\n1.2,{'k' * 65},y\n", 3),
    ("study,key,value\n1.2,k,\n", 3),
    (f"study,key,value\n1.2,k,{'v' * 257}\n", 3),
    (f'study,key,value\n1.2,k,"{SECRET}\n2"\n', 3),
    (f"study,key,value,score\n1.2,k,v,{SECRET}\n", 3),
    ("study,key,value,score\n1.2,k,v,nan\n", 3),
    (f"study,a,b,score\n1.2,{SECRET},y,1\n", 3),
    (f"study,q\n,{SECRET}\n", 3),
    (f"study,q\n{'1' * 5000},x\n", 5),
    (f"study,q,Q\n1.2,{SECRET},x\n", 3),
])
def test_what_is_no_table_of_labels_is_refused_without_a_word_of_what_it_says(mi2, archive, tmp_path, text, status):
    before = snapshot(mi2, archive)
    assert SECRET not in give(mi2, archive, tmp_path, f"{text}", status=status)
    good = f"study,q\n{uid('study', 0)},x\n"
    assert snapshot(mi2, archive) == before and "1 labels added" in give(mi2, archive, tmp_path, good)


@pytest.mark.parametrize("line", ["[1]", "7", "{", '{"study": "1.2", "q": [1]}', '{"study": "1.2", "q": {"a": 1}}',
                                  '{"study": "1.2", "q": "x", "q": "y"}', '{"study": "1.2"}', '{"q": "x"}', ""])
def test_lines_that_are_no_labels_are_refused(mi2, archive, tmp_path, line):
    text = f'{json.dumps({"study": uid("study", 0), "q": "x"})}\n' * bool(line) + line + "\n"
    errors = give(mi2, archive, tmp_path, text, status=3, name="l.jsonl")
    assert "line 2" in errors or not line
    assert table(archive, LABELS) == []


def test_who_says_so_is_a_name(mi2, archive, tmp_path):
    for by in ("x" * 65, "a\nb"):
        assert "by: expected" in give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},x\n", "--by", by, status=2)


def test_labels_are_removed_by_key_who_said_so_and_filter(mi2, archive, tmp_path):
    studies = "".join(f"{uid('study', n)},x,y\n" for n in range(6))
    for by in ("one", "two"):
        give(mi2, archive, tmp_path, "study,a,b\n" + studies, "--by", by)
    remove = ["index", "label", str(archive), "--remove"]
    assert "12 labels would be removed" in mi2(*remove, "a", "--dry-run", with_model=False).errors
    assert "3 labels removed" in mi2(*remove, "a", "--by", "one", "--where", "modality=CT", with_model=False).errors
    assert found(mi2, archive, "label.a=x") == images(*range(6))  # the other one still says so
    assert "6 labels removed" in mi2(*remove, "a", "--by", "two", with_model=False).errors
    assert found(mi2, archive, "label.a=x") == images(1, 3, 5)
    before = snapshot(mi2, archive)
    assert "3 labels removed" in mi2(*remove, "a", with_model=False).errors and snapshot(mi2, archive) > before
    assert found(mi2, archive, "label.a=x") == set() and found(mi2, archive, "label.b=y") == images(*range(6))
    assert "no label" in mi2(*remove, "a", with_model=False, status=7).errors
    for wrong in (["x.csv", "--remove", "a"], ["--remove", "a", "--replace"], ["x.csv", "--where", "modality=CT"], []):
        mi2("index", "label", str(archive), *wrong, with_model=False, status=2)


def test_stats_count_by_labels(mi2, archive, tmp_path):
    give(mi2, archive, tmp_path, f"study,finding\n{uid('study', 0)},mass\n{uid('study', 1)},mass\n{uid('study', 2)},cyst\n")
    give(mi2, archive, tmp_path, f"image,finding\n{uid('sop', 1, 0, 0)},normal\n", "--by", "other")
    counted = json.loads(mi2("index", "stats", str(archive), "--by", "label.finding,modality", "--format", "json",
                             with_model=False).stdout)
    assert counted["by"] == ["label.finding", "modality"]
    assert {(row["label.finding"], row["modality"]): row["images"] for row in counted["groups"]} == {
        ("mass", "CT"): 3, ("mass", "MR"): 2, ("mass | normal", "MR"): 1, ("cyst", "CT"): 3, (None, "CT"): 3, (None, "MR"): 6}
    for wrong in ("label", "label.", "label.a,label.a", "label.a b"):
        mi2("index", "stats", str(archive), "--by", wrong, with_model=False, status=2)


def test_labels_go_with_what_they_are_of_and_erased_leave_nothing(mi2, archive, hospital, tmp_path):
    word = "Quittengelee"
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},{word}\n{uid('study', 1)},stays\n")
    give(mi2, archive, tmp_path, f"series,r\n{uid('series', 0, 0)},{word}\n")
    give(mi2, archive, tmp_path, f"image,s\n{uid('sop', 0, 0, 1)},{word}\n")
    item = query(mi2, archive, "--text", TEXT, "--by", "image", "--where", f"image={uid('sop', 0, 0, 2)}")[0]["item"]
    give(mi2, archive, tmp_path, f"item,t\n{item},{word}\n")
    mi2("index", "rm", str(archive), "--study", uid("study", 0), "--yes", with_model=False)
    assert table(archive, LABELS) == [("q", "stays", "user")]
    sound(mi2, archive)
    # What comes back is without labels.
    add(mi2, archive, hospital[1][0])
    assert found(mi2, archive, f"label.q={word} or label.r={word} or label.s={word} or label.t={word}") == set()
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},{word}\n")
    mi2("index", "rm", str(archive), "--study", uid("study", 0), "--erase", "--yes", with_model=False)
    assert word.encode() not in b"".join(path.read_bytes() for path in archive.rglob("*") if path.is_file())
    assert found(mi2, archive, "label.q=stays") == images(1)
    sound(mi2, archive)


def test_an_image_whose_file_has_changed_is_another_one_and_its_study_is_the_same(mi2, tmp_path):
    files = sorted(write_hospital(tmp_path / "in", studies=1))
    archive = tmp_path / "a"
    add(mi2, archive, tmp_path / "in")
    give(mi2, archive, tmp_path, f"image,q\n{uid('sop', 0, 0, 0)},image\n")
    give(mi2, archive, tmp_path, f"study,r\n{uid('study', 0)},study\n")
    changed = slice_of(0, 0, 0, patient="P0", StudyDate="20200115")
    changed.PixelData = bytes(len(changed.PixelData))
    write(tmp_path / "in" / "0" / "s0" / "00.dcm", changed)
    add(mi2, archive, files[0])
    assert found(mi2, archive, "label.q=image") == set() and found(mi2, archive, "label.r=study") == images(0)
    sound(mi2, archive)


def test_a_label_of_what_is_not_there_is_damage(mi2, archive, tmp_path):
    give(mi2, archive, tmp_path, f"image,q\n{uid('sop', 0, 0, 0)},x\n")
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        catalog.execute("UPDATE label SET instance = 1000")
        catalog.commit()
    assert "1 labels are of what is not there" in sound(mi2, archive, status=3)


def test_a_backup_has_the_labels_and_copies_of_objects_have_none(mi2, archive, tmp_path):
    word = "Quittengelee"
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},{word}\n")
    mi2("index", "backup", str(archive), str(tmp_path / "copy"), with_model=False)
    assert found(mi2, tmp_path / "copy", f"label.q={word}") == images(0)
    (tmp_path / "key").write_text("k" * 40 + "\n")
    mi2("index", "export", str(archive), "--what", "dicom", "--anonymize", "basic", "--key", str(tmp_path / "key"), "--to",
        str(tmp_path / "out"), "--where", f"label.q={word}", with_model=False)
    copies = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(copies) >= 3 and not any(word.encode() in path.read_bytes() for path in copies)


def test_labels_come_along_to_another_models_archive(mi2, archive, hospital, tmp_path):
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},study\n", "--by", "reader")
    give(mi2, archive, tmp_path, f"series,q\n{uid('series', 1, 0)},series\n")
    give(mi2, archive, tmp_path, f"image,q\n{uid('sop', 2, 0, 1)},image\n")
    item = query(mi2, archive, "--text", TEXT, "--by", "image", "--where", f"image={uid('sop', 3, 0, 1)}")[0]["item"]
    give(mi2, archive, tmp_path, f"item,q\n{item},item\n")
    new = tmp_path / "new"
    assert "4 labels copied" in mi2("index", "reembed", str(archive), str(new), "--sample", "0").errors
    for where, wanted in (("study", images(0)), ("series", images(1)), ("image", images(2, slices=[1])),
                          ("item", images(3, slices=[1]))):
        assert found(mi2, new, f"label.q={where}") == wanted, where
    # What the new archive says by now stays.
    give(mi2, new, tmp_path, f"study,q\n{uid('study', 0)},other\n", "--by", "reader", "--replace")
    assert "copied" not in mi2("index", "reembed", str(archive), str(new), "--sample", "0").errors
    assert found(mi2, new, "label.q=other") == images(0)
    sound(mi2, new)


def test_a_killed_run_has_written_all_labels_or_none(mi2, archive, tmp_path):
    keys = [f"k{n}" for n in range(300)]
    text = f"study,{','.join(keys)}\n" + "".join(f"{uid('study', n)},{','.join(keys)}\n" for n in range(6))
    (tmp_path / "l.csv").write_text(text)
    shutil.copytree(archive, tmp_path / "fresh")
    arguments = ["index", "label", archive, tmp_path / "l.csv"]
    duration = undisturbed(mi2, *arguments)
    for seed in range(kills(12)):
        shutil.rmtree(archive)
        shutil.copytree(tmp_path / "fresh", archive)
        list(killed(mi2, arguments, duration, seed=seed, times=1))
        assert table(archive, "SELECT count(*) FROM label") in ([(0,)], [(1800,)])
        sound(mi2, archive)


def test_a_full_disk_is_said_and_no_label_written(mi2, hospital, tmp_path):
    keys = ",".join(f"k{n}" for n in range(2000))
    text = f"study,{keys}\n" + "".join(f"{uid('study', n)},{keys}\n" for n in range(6))
    with small_disk(tmp_path / "disk", "8m") as disk:
        shutil.copytree(hospital[0], disk / "a")
        ballast = fill(disk, 16)
        assert "No space left" in give(mi2, disk / "a", tmp_path, text, status=3)
        ballast.unlink()
        assert table(disk / "a", LABELS) == []
        assert "12000 labels added" in give(mi2, disk / "a", tmp_path, text)


def test_labels_of_an_older_catalog_are_read_and_come_along(mi2, archive, tmp_path):
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},x\n")
    make_older(archive, 3)
    assert found(mi2, archive, "label.q=x") == images(0)
    assert "1 are there already" in give(mi2, archive, tmp_path, f"study,q\n{uid('study', 0)},x\n", "--dry-run")
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("3",)]
    give(mi2, archive, tmp_path, f"study,q\n{uid('study', 1)},x\n")
    assert table(archive, "SELECT value FROM meta WHERE key = 'format'") == [("6",)]
    assert found(mi2, archive, "label.q=x") == images(0, 1)
    sound(mi2, archive)

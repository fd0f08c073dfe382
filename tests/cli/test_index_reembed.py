"""mi2 index reembed: an archive's images with another model, in the background."""
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from catalog_support import make_older
from dicom_studies import slice_of, uid, write, write_hospital, write_study
from index_support import add, added, exported, query, sound, stats, table, totals
from kill_support import fill, killed, kills, small_disk, undisturbed
from PIL import Image
from reembed_support import filled, hospital, other, reembed, report  # noqa: F401 (three are fixtures)

# What an image is in any archive, and whose it is.
IMAGES = """SELECT instance.sop_uid, instance.locator, instance.file_sha256, item.frame, item.position, series.uid,
  series.modality, study.uid, study.site, study.accession_hash, study.accession, patient.key, patient.identifier,
  patient.birth_year, patient.sex
  FROM item JOIN instance ON instance.id = item.instance LEFT JOIN series ON series.id = item.series
  LEFT JOIN study ON study.id = series.study LEFT JOIN patient ON patient.id = study.patient
  WHERE item.kind = 'frame' AND item.deleted_seq IS NULL ORDER BY instance.locator, item.frame"""


@pytest.fixture
def own(mi2, tmp_path):
    """(old archive, the folder of its files), for tests that change them."""
    write_hospital(tmp_path / "in", studies=4, slices=3)
    mi2("index", "add", str(tmp_path / "old"), str(tmp_path / "in"))
    return tmp_path / "old", tmp_path / "in"


def embedded(errors):
    return int(re.search(r"(\d+) images embedded", errors)[1])


def left(found):
    return {row["reason"]: row["objects"] for row in found["left"]}


def paths(archive):
    return [(row[1], row[3]) for row in table(archive, IMAGES)]


def format_of(archive):
    return json.loads((archive / "archive.json").read_text())


def by_name(mi2, archive, folder):
    names, vectors = exported(mi2, archive, folder)
    return dict(zip(names, vectors))


def test_a_new_archive_has_the_same_images_of_the_same_patients_with_the_other_models_vectors(mi2, hospital, other, filled,
                                                                                            tmp_path):
    old, new = filled
    assert table(new, IMAGES) == table(old, IMAGES) and len(table(new, IMAGES)) == 32
    assert (new / "key").read_bytes() == (old / "key").read_bytes() and (new / "key").stat().st_mode & 0o77 == 0
    assert format_of(new)["reembedded_from"] == format_of(old)["id"] != format_of(new)["id"]
    assert format_of(new)["space"]["weights_sha256"] != format_of(old)["space"]["weights_sha256"]
    counted, wanted = totals(mi2, new), totals(mi2, old)
    assert counted == wanted and counted["thumbnails"] == 32 and counted["pooled"] == 8
    assert "sound" in sound(mi2, new)
    mi2("index", "add", "--model", other, str(tmp_path / "direct"), str(hospital[0]))
    vectors, direct, before = (by_name(mi2, archive, tmp_path) for archive in (new, tmp_path / "direct", old))
    assert all(np.array_equal(vectors[name], direct[name]) for name in direct) and set(vectors) == set(direct)
    assert not any(np.allclose(vectors[name], before[name]) for name in before)
    assert stats(mi2, new)["energy"]["runs"] == 1


def test_the_same_again_embeds_nothing(mi2, other, own, tmp_path):
    old, new = own[0], tmp_path / "new"
    assert embedded(reembed(mi2, other, old, new).errors) == 12
    before = table(new, "SELECT * FROM item"), table(new, "SELECT * FROM instance")
    errors = reembed(mi2, other, old, new).errors
    assert embedded(errors) == 0 and "12 there before" in errors and "energy" not in errors
    assert (table(new, "SELECT * FROM item"), table(new, "SELECT * FROM instance")) == before


def test_what_was_added_since_is_added_and_what_was_removed_is_erased(mi2, other, own, tmp_path):
    old, source = own
    new = tmp_path / "new"
    reembed(mi2, other, old, new)
    write_study(source, "late", patient="P9", slices=2)
    add(mi2, old, source)
    mi2("index", "rm", str(old), "--study", uid("study", 1), "--erase", "--yes", with_model=False)
    gone = uid("study", 1).encode()
    assert any(gone in path.read_bytes() for path in new.glob("catalog.sqlite*"))
    found, errors = report(mi2, other, old, new)
    assert embedded(errors) == 2 and "9 there before" in errors and "3 erased" in errors
    assert table(new, IMAGES) == table(old, IMAGES) and found["in_both"] == 11
    assert not any(gone in path.read_bytes() for path in new.glob("catalog.sqlite*"))
    assert table(new, "SELECT count(*) FROM item WHERE kind = 'erased'")[0][0] >= 3
    sound(mi2, new)


def test_what_others_added_to_the_new_archive_stays(mi2, other, own, tmp_path):
    old, source = own
    new = tmp_path / "new"
    reembed(mi2, other, old, new)
    files = write_study(tmp_path / "more", "more", patient="P7")
    mi2("index", "add", "--model", other, str(new), str(source), str(tmp_path / "more"))
    assert "erased" not in reembed(mi2, other, old, new).errors
    assert {str(path) for path in files} < {path for path, _ in paths(new)} and len(paths(new)) == 15


def test_a_file_that_changed_is_embedded_once_the_old_archive_has_it(mi2, other, own, tmp_path):
    old, source = own
    new, path = tmp_path / "new", source / "0" / "s0" / "00.dcm"
    reembed(mi2, other, old, new)
    data = slice_of(0, 0, 0, patient="P0")
    data.PixelData = bytes(len(data.PixelData))
    write(path, data)
    # The old archive still speaks of what was there, and the new one has it.
    assert "12 there before" in reembed(mi2, other, old, new).errors
    add(mi2, old, source)
    errors = reembed(mi2, other, old, new).errors
    assert embedded(errors) == 1 and "1 erased" in errors
    assert table(new, IMAGES) == table(old, IMAGES)
    sound(mi2, new)


def test_what_cannot_be_read_again_is_counted_by_reason_and_named(mi2, other, own, tmp_path):
    old, source = own
    new = tmp_path / "new"
    missing, changed, touched = (source / str(study) / "s0" / "00.dcm" for study in (0, 1, 2))
    missing.unlink()
    times = changed.stat()
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))  # of the same size and time
    os.utime(touched)
    with sqlite3.connect(old / "catalog.sqlite") as catalog:
        for number, way in enumerate(("http", "http", "dimse")):
            catalog.execute("INSERT OR IGNORE INTO folder (path) VALUES ('')")
            catalog.execute("UPDATE instance SET folder = (SELECT id FROM folder WHERE path = ''), name = ? WHERE name = ? AND"
                            " folder = (SELECT id FROM folder WHERE path = ?)",
                            (f"{way}:{number}", f"{number:02}.dcm", str(source / "3" / "s0") + "/"))
    for repeat in range(2):
        found, errors = report(mi2, other, old, new, status=8)
        assert left(found) == {"missing": 1, "changed": 1, "no file: http": 2, "no file: dimse": 1}
        assert embedded(errors) == (7 if repeat == 0 else 0) and "1 changed, 1 missing" in errors
        assert str(missing) not in errors and found["in_both"] == 7
    errors = reembed(mi2, other, old, new, "--verbose", status=8).errors
    for name in (f"{missing}: ", f"{changed}: changed since it was added", "http:0: ", "http:1: ", "dimse:2: "):
        assert name in errors, name
    names = [path for path, _ in paths(new)]
    assert str(touched) in names and str(changed) not in names
    sound(mi2, new)
    # Once it is back, it is taken.
    changed.write_bytes(bytes(content[:-1]) + bytes([content[-1] ^ 1]))
    assert embedded(reembed(mi2, other, old, new, status=8).errors) == 1


def test_a_file_that_changes_under_the_same_stamp_is_refused_where_it_is_read(mi2, other, own, tmp_path):
    old, source = own
    path = source / "0" / "s0" / "00.dcm"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    make_older(old, 3)
    found = path.stat()
    with sqlite3.connect(old / "catalog.sqlite") as catalog:  # as if the clock stood still
        catalog.execute("UPDATE file SET mtime_ns = ?, ctime_ns = ? WHERE locator = ?",
                        (found.st_mtime_ns, found.st_ctime_ns, str(path)))
    answer, errors = report(mi2, other, old, tmp_path / "new", status=8)
    assert left(answer) == {"bad_file": 1} and embedded(errors) == 11
    assert str(path) not in [name for name, _ in paths(tmp_path / "new")]


def test_nothing_that_can_be_read_is_the_first_failures_status(mi2, other, own, tmp_path):
    old, source = own
    shutil.rmtree(source)
    found, _ = report(mi2, other, old, tmp_path / "new", status=7)
    assert left(found) == {"missing": 12} and found["in_both"] == 0


def test_an_object_in_another_file_is_not_embedded_again(mi2, other, own, tmp_path):
    old, source = own
    new = tmp_path / "new"
    reembed(mi2, other, old, new)
    source.rename(tmp_path / "moved")
    assert "12 there before" in reembed(mi2, other, old, new).errors  # gone from where it was, and there all the same
    add(mi2, old, tmp_path / "moved")
    errors = reembed(mi2, other, old, new).errors
    assert embedded(errors) == 0 and "erased" not in errors
    assert table(new, IMAGES) == table(old, IMAGES)


def test_the_same_slices_and_pages_are_there_and_no_others(mi2, other, tmp_path):
    write_study(tmp_path / "in", 1, slices=7)
    pages = [Image.fromarray(np.full((40, 40), 30 * page, np.uint8) + np.arange(40, dtype=np.uint8)) for page in range(5)]
    pages[0].save(tmp_path / "in" / "pages.tif", save_all=True, append_images=pages[1:])
    old, new = tmp_path / "old", tmp_path / "new"
    add(mi2, old, tmp_path / "in", "--slices", "max:3")
    assert embedded(reembed(mi2, other, old, new).errors) == 6
    assert paths(new) == paths(old) and len({path for path, _ in paths(new)}) == 4
    assert table(new, IMAGES) == table(old, IMAGES)
    # The new archive goes on as the old one would.
    assert added(mi2("index", "add", "--model", other, "--slices", "max:3", str(new), str(tmp_path / "in")).errors) == 0
    # More slices of an object that is there.
    add(mi2, old, tmp_path / "in", "--slices", "all")
    assert embedded(reembed(mi2, other, old, new).errors) == 6 and paths(new) == paths(old)
    sound(mi2, new)


def test_objects_in_a_zip_are_read_from_it(mi2, other, tmp_path):
    files = write_study(tmp_path / "in", 1)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as made:
        for path in files:
            made.write(path, path.name)
    old, new = tmp_path / "old", tmp_path / "new"
    add(mi2, old, tmp_path / "export.zip")
    assert embedded(reembed(mi2, other, old, new).errors) == 3 and table(new, IMAGES) == table(old, IMAGES)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as made:
        made.write(files[0], files[0].name)
    shutil.rmtree(new)
    found, errors = report(mi2, other, old, new, status=8)
    assert embedded(errors) == 1 and left(found) == {"missing": 2}


def test_identifiers_are_kept_as_they_were_of_each_object(mi2, other, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    more = {"AccessionNumber": "ACC1", "PatientSex": "F", "PatientBirthDate": "19700203"}
    for number, (identifiers, site) in enumerate((("hash", "north"), ("keep", "south"), ("none", "north"), ("hash", ""))):
        write_study(tmp_path / str(number), number, patient="P1", **more)
        add(mi2, old, tmp_path / str(number), "--identifiers", identifiers, *(["--site", site] if site else []))
    assert embedded(reembed(mi2, other, old, new).errors) == 12
    assert table(new, IMAGES) == table(old, IMAGES)
    assert len({row[11] for row in table(new, IMAGES)}) == 4  # three patients, and nobody
    assert [kind for kind, in table(new, "SELECT DISTINCT kind FROM source")] == ["reembed"]


def test_images_are_prepared_as_before_unless_it_is_said_otherwise(mi2, other, tmp_path):
    write_study(tmp_path / "in", 1)
    old = tmp_path / "old"
    add(mi2, old, tmp_path / "in", "--profile", "azure", "--window", "100,900", "--no-thumbnails")
    reembed(mi2, other, old, tmp_path / "same")
    space = dict(format_of(old)["space"], weights_sha256=format_of(tmp_path / "same")["space"]["weights_sha256"])
    assert format_of(tmp_path / "same")["space"] == space and totals(mi2, tmp_path / "same")["thumbnails"] == 0
    # The same weights, prepared in another way.
    reembed(mi2, mi2.model, old, tmp_path / "raw", "--profile", "raw", "--thumbnails", "64")
    assert format_of(tmp_path / "raw")["space"] == dict(format_of(old)["space"], profile="raw")
    assert totals(mi2, tmp_path / "raw")["thumbnails"] == 3
    for archive, model, more in ((tmp_path / "same", other, []), (tmp_path / "raw", mi2.model, ["--profile", "raw"])):
        direct = tmp_path / f"direct-{archive.name}"
        mi2("index", "add", "--model", model, "--window", "100,900", *(more or ["--profile", "azure"]), str(direct),
            str(tmp_path / "in"))
        assert np.array_equal(exported(mi2, archive, tmp_path)[1], exported(mi2, direct, tmp_path)[1])


def test_another_dtype_is_a_new_archive_too(mi2, own, tmp_path):
    found, errors = report(mi2, mi2.model, own[0], tmp_path / "new", "--dtype", "bf16")
    assert embedded(errors) == 12 and found["neighbours"]["overlap"] > 0.5
    assert {row[0] for row in table(tmp_path / "new", "SELECT dtype FROM space")} == {"bf16"}


def files_of(archive):
    return {path.name: path.read_bytes() for path in archive.rglob("*") if path.is_file() and "catalog" not in path.name}


def test_only_what_was_made_of_the_archive_is_gone_on_with(mi2, other, own, tmp_path):
    old, source = own
    elsewhere, new = tmp_path / "elsewhere", tmp_path / "new"
    add(mi2, elsewhere, source)
    before = files_of(elsewhere)
    for folder in (elsewhere, old):
        assert "expected an empty folder" in reembed(mi2, mi2.model, old, folder, status=2).errors
    assert files_of(elsewhere) == before
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "notes").write_text("mine")
    assert "'notes'" in reembed(mi2, mi2.model, old, tmp_path / "things", status=2).errors
    reembed(mi2, other, old, new)
    assert "weights" in reembed(mi2, mi2.model, old, new, status=2).errors
    assert "profile" in reembed(mi2, other, old, new, "--profile", "azure", status=2).errors
    assert "expected an empty folder" in reembed(mi2, other, elsewhere, new, status=2).errors
    assert "no archive" in reembed(mi2, other, source, tmp_path / "x", status=7).errors and not (tmp_path / "x").exists()
    (new / "key").chmod(0o600)
    (new / "key").write_text("0" * 64 + "\n")
    assert "key" in reembed(mi2, other, old, new, status=3).errors


def test_the_old_archive_may_be_written_to_and_the_new_one_may_not(mi2, other, own, tmp_path):
    old, new = own[0], tmp_path / "new"
    with open(old / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert embedded(reembed(mi2, other, old, new).errors) == 12
    with open(new / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process writes" in reembed(mi2, other, old, new, status=6).errors


def command(other, old, new):
    return ["index", "reembed", "--model", other, "--batch", "2", str(old), str(new)]


def test_the_old_archive_is_searched_and_added_to_meanwhile(mi2, other, hospital, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    add(mi2, old, hospital[0])
    write_study(tmp_path / "late", "late", patient="P9")
    run = subprocess.Popen([mi2.path, *command(other, old, new)], env=mi2.environment(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    assert added(add(mi2, old, tmp_path / "late")) == 3
    assert len(query(mi2, old, "--item", 0, "--by", "image", "-k", 100, "--same-patient", "include",
                     with_model=False)) == 35
    assert run.wait(timeout=300) == 0
    reembed(mi2, other, old, new)
    assert table(new, IMAGES) == table(old, IMAGES)


def test_whatever_was_embedded_survives_a_kill_and_the_same_command_goes_on(mi2, other, filled, tmp_path):
    old, whole = filled
    duration = undisturbed(mi2, *command(other, old, tmp_path / "calm"))
    new, had = tmp_path / "new", 0
    for _ in killed(mi2, command(other, old, new), duration, 11, kills(20)):
        if not (new / "archive.json").exists():
            continue
        sound(mi2, new)
        images = totals(mi2, new)["images"]
        assert images >= had and table(new, "SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL") == [(0,)]
        had = images
        if had == 32:
            shutil.rmtree(new)
            had = 0
    undisturbed(mi2, *command(other, old, new))
    assert table(new, IMAGES) == table(old, IMAGES)
    vectors, wanted = by_name(mi2, new, tmp_path), by_name(mi2, whole, tmp_path)
    assert all(np.array_equal(vectors[name], wanted[name]) for name in wanted)
    sound(mi2, new)


@pytest.mark.parametrize("blocks", [40, 110])  # for a part of the new catalog, and for a part of what goes into it
def test_a_full_disk_is_said_and_the_same_command_goes_on(mi2, other, filled, tmp_path, blocks):
    old, _ = filled
    with small_disk(tmp_path / "small", "4m") as place:
        new = place / "new"
        ballast = fill(place, blocks)
        errors = reembed(mi2, other, old, new, status=3).errors
        assert "No space left" in errors or "disk" in errors
        ballast.unlink()
        if (new / "archive.json").exists():
            sound(mi2, new)
        reembed(mi2, other, old, new)
        assert table(new, IMAGES) == table(old, IMAGES)
        sound(mi2, new)


def test_an_archive_that_was_reembedded_is_one_like_any_other(mi2, other, filled, tmp_path):
    """Searched, and re-embedded again."""
    new = filled[1]
    found = query(mi2, new, "--text", "chest x-ray", "--model", other, "-k", 3)
    assert len(found) == 3 and all(row["exact"] for row in found)
    assert "weights" in mi2("index", "search", str(new), "--text", "x", status=2).errors
    reembed(mi2, mi2.model, new, tmp_path / "back")
    assert table(tmp_path / "back", IMAGES) == table(filled[0], IMAGES)
    vectors, wanted = by_name(mi2, tmp_path / "back", tmp_path), by_name(mi2, filled[0], tmp_path)
    assert all(np.array_equal(vectors[name], wanted[name]) for name in wanted)


def test_an_archive_without_images_makes_one(mi2, other, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing to see")
    write_study(tmp_path / "in", 1)
    old = tmp_path / "old"
    add(mi2, old, tmp_path / "in")
    mi2("index", "rm", str(old), "--study", uid("study", 1), "--yes", with_model=False)
    found, errors = report(mi2, other, old, tmp_path / "new")
    assert embedded(errors) == 0 and found["in_both"] == 0 and Path(tmp_path / "new" / "archive.json").exists()

"""mi2 index export --what catalog: what an archive knows, as a table; --what cards: its evidence, in another folder."""
import csv
import io
import json

import numpy as np
import pytest
from dicom_studies import slice_of, uid, write, write_hospital
from index_support import add, query, table
from PIL import Image

TAGS = ("modality", "body_part", "date", "study", "series", "image", "path", "kind", "frame", "position", "source", "kvp", "sex",
        "birth_year", "study_description", "site", "station", "plane")


@pytest.fixture(scope="module")
def filled(mi2, tmp_path_factory):
    """A folder with an archive "a": the hospital's six studies, one of a known patient with odd texts, and a picture."""
    folder = tmp_path_factory.mktemp("export")
    write_hospital(folder / "in")
    write(folder / "in" / "odd.dcm", slice_of("odd", 0, 0, patient="ZX-99417-Q", name="Zwetschgenbaum^Ottokar", KVP="120",
                                              StudyDescription='a "b", Zwetschgenbaum', PatientSex="F",
                                              PatientBirthDate="19530412", AccessionNumber="ACC-7731-Y"))
    Image.fromarray(np.full((8, 8), 7, np.uint8)).save(folder / "in" / "picture.png")
    add(mi2, folder / "a", "--identifiers", "keep", folder / "in")
    return folder


def export(mi2, archive, *arguments, status=0):
    return mi2("index", "export", str(archive), *map(str, arguments), with_model=False, status=status)


def catalog(mi2, archive, *arguments):
    """Rows of the CSV, and the same of JSON lines."""
    text = export(mi2, archive, "--what", "catalog", *arguments).stdout.decode()
    lines = export(mi2, archive, "--what", "catalog", "-f", "jsonl", *arguments).stdout.decode().splitlines()
    return list(csv.DictReader(io.StringIO(text))), [json.loads(line) for line in lines]


def test_every_image_has_a_row_in_the_order_of_the_vectors(mi2, filled, tmp_path):
    rows, lines = catalog(mi2, filled / "a")
    export(mi2, filled / "a", "--to", tmp_path / "v.npy")
    of_vectors = [json.loads(line) for line in (tmp_path / "v.npy.rows.jsonl").read_text().splitlines()]
    names = [row["path"] for row in of_vectors if "path" in row]  # the last line has none
    assert [row["path"] for row in rows] == names == [line["path"] for line in lines] and len(rows) == 20
    assert {row["kind"] for row in rows} == {"frame"} and set(TAGS) < set(rows[0])


def test_rows_say_what_headers_and_searches_say(mi2, filled):
    rows, lines = catalog(mi2, filled / "a")
    found = {row["item"]: row for row in query(mi2, filled / "a", "--text", "x", "--by", "image", "-k", 100)}
    assert {int(row["item"]) for row in rows} == set(found)
    for row, line in zip(rows, lines, strict=True):
        known = found[line["item"]]
        for name in ("modality", "body_part", "date", "study", "series", "image", "path", "study_description", "frame"):
            assert line.get(name) == known.get(name) and row[name] == str(known.get(name, ""))
    (odd,) = [line for line in lines if line["path"].endswith("odd.dcm")]
    assert (odd["kvp"], odd["sex"], odd["birth_year"]) == (120, "F", 1953)
    (odd,) = [row for row in rows if row["path"].endswith("odd.dcm")]
    assert (odd["kvp"], odd["birth_year"], odd["source"]) == ("120", "1953", "1")
    assert odd["study_description"].startswith('a "b", ')


def test_a_row_of_csv_is_its_row_of_json_lines(mi2, filled):
    for kind in ("images", "series"):
        rows, lines = catalog(mi2, filled / "a", "--kind", kind)
        for row, line in zip(rows, lines, strict=True):
            assert {name: value for name, value in row.items() if value} == {
                name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in line.items()}


def test_patients_are_numbers_and_are_in_no_other_way_in_it(mi2, filled):
    text = export(mi2, filled / "a", "--what", "catalog").stdout + export(mi2, filled / "a", "--what", "catalog", "-f", "jsonl").stdout
    for secret in (b"ZX-99417-Q", b"Zwetschgenbaum", b"Ottokar", b"ACC-7731-Y", b"Meier"):
        assert secret.lower() not in text.lower()
    _, lines = catalog(mi2, filled / "a")
    of_study = {}
    for line in lines:
        of_study.setdefault(line.get("study"), set()).add(line.get("patient"))
    assert all(len(patients) == 1 for patients in of_study.values())
    (first,), (second,), (third,), (odd,) = (of_study[uid("study", study)] for study in (0, 1, 2, "odd"))
    assert first == second and len({first, third, odd}) == 3 and None not in (first, third, odd)
    (picture,) = [line for line in lines if line["path"].endswith("picture.png")]
    assert "patient" not in picture and "study" not in picture


def test_series_have_rows_without_what_is_of_one_object(mi2, filled):
    rows, lines = catalog(mi2, filled / "a", "--kind", "series")
    assert sorted(row["series"] for row in rows) == sorted({uid("series", study, 0) for study in (*range(6), "odd")})
    for line in lines:
        assert line["kind"] == "series" and not {"path", "image", "frame", "position", "source"} & set(line)


def test_a_filter_chooses_and_nothing_leaves_a_header(mi2, filled):
    rows, lines = catalog(mi2, filled / "a", "--where", "modality=MR and date<2022")
    assert {row["study"] for row in rows} == {uid("study", 1)} and len(rows) == len(lines) == 3
    rows, lines = catalog(mi2, filled / "a", "--where", "modality=XA")
    assert rows == lines == []
    assert export(mi2, filled / "a", "--what", "catalog", "--where", "modality=XA").stdout.decode().startswith("item,patient,modality,")


def test_what_was_removed_has_no_row(mi2, filled, tmp_path):
    mi2("index", "backup", str(filled / "a"), str(tmp_path / "b"), with_model=False)
    mi2("index", "rm", str(tmp_path / "b"), "--study", uid("study", 0), "--yes", with_model=False)
    assert uid("study", 0) not in {row["study"] for row in catalog(mi2, tmp_path / "b")[0]}
    assert len(catalog(mi2, tmp_path / "b")[0]) == 17


def test_a_file_is_written_as_its_name_ends_and_never_replaced_unasked(mi2, filled, tmp_path):
    for name in ("c.csv", "c.jsonl"):
        export(mi2, filled / "a", "--what", "catalog", "--to", tmp_path / name)
        assert "already exists" in export(mi2, filled / "a", "--what", "catalog", "--out", tmp_path / name, status=2).errors
        export(mi2, filled / "a", "--what", "catalog", "--out", tmp_path / name, "--force")
    assert len((tmp_path / "c.csv").read_text().splitlines()) == 21
    assert json.loads((tmp_path / "c.jsonl").read_text().splitlines()[0])["item"] == 0


@pytest.mark.parametrize("arguments, words", [
    (["-f", "npy"], "csv or jsonl"), (["--to", "c.npy"], ".npy is not written"), (["--key", "k"], "--what dicom"),
    (["--cards", "d"], "--what cards"), (["--where", "modalty=CT"], "did you mean modality?")])
def test_what_a_catalog_does_not_take_is_refused(mi2, filled, arguments, words):
    assert words in export(mi2, filled / "a", "--what", "catalog", *arguments, status=2).errors


@pytest.fixture
def carded(mi2, filled, tmp_path):
    """A folder of two cards of the archive."""
    for text in ("lung", "knee"):
        mi2("index", "search", str(filled / "a"), "--text", text, "--cards", str(tmp_path / "cards"))
    return tmp_path / "cards"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_cards_are_copied_with_their_chain(mi2, filled, carded, tmp_path):
    assert "2 cards, with their chain" in export(mi2, filled / "a", "--what", "cards", "--cards", carded, "--to", tmp_path / "to").errors
    assert names_in(tmp_path / "to") == names_in(carded)
    assert all((tmp_path / "to" / name).read_bytes() == (carded / name).read_bytes() for name in names_in(carded))
    assert b"sound: 2 cards" in mi2("index", "verify-cards", str(tmp_path / "to"), with_model=False).stdout
    again = export(mi2, filled / "a", "--what", "cards", "--cards", carded, "--to", tmp_path / "to", status=2).errors
    assert "to" in again and names_in(tmp_path / "to") == names_in(carded)


def test_cards_of_another_archive_stay_where_they_are(mi2, filled, carded, tmp_path):
    add(mi2, tmp_path / "b", filled / "in" / "odd.dcm")
    own = set(names_in(carded)) - {"chain.jsonl"}
    mi2("index", "search", str(tmp_path / "b"), "--text", "lung", "--cards", str(carded))
    errors = export(mi2, filled / "a", "--what", "cards", "--cards", carded, "--to", tmp_path / "to").errors
    assert "without their chain, which has 1 of other archives" in errors and set(names_in(tmp_path / "to")) == own
    mi2("index", "backup", str(filled / "a"), str(tmp_path / "c"), with_model=False)  # has the same id
    export(mi2, tmp_path / "c", "--what", "cards", "--cards", carded, "--to", tmp_path / "too")
    assert set(names_in(tmp_path / "too")) == own


def test_cards_that_were_changed_or_are_not_there_are_refused(mi2, filled, carded, tmp_path):
    asked = ["--what", "cards", "--to", tmp_path / "to"]
    assert "--cards DIR" in export(mi2, filled / "a", *asked, status=2).errors
    assert "--to DIR" in export(mi2, filled / "a", "--what", "cards", "--cards", carded, status=2).errors
    assert "--where" in export(mi2, filled / "a", *asked, "--cards", carded, "--where", "modality=CT", status=2).errors
    export(mi2, filled / "a", *asked, "--cards", filled, status=7)
    page = next(carded.glob("*.html"))
    page.write_text(page.read_text() + " ")
    assert "verify-cards" in export(mi2, filled / "a", *asked, "--cards", carded, status=3).errors
    assert not (tmp_path / "to").exists()


def test_the_patients_number_is_that_of_the_catalog(mi2, filled):
    numbers = {path: patient for path, patient in table(
        filled / "a", "SELECT instance.locator, coalesce(patient.alias_of, patient.id) FROM instance JOIN series ON series.id ="
                      " instance.series JOIN study ON study.id = series.study JOIN patient ON patient.id = study.patient")}
    assert {line["path"]: line["patient"] for line in catalog(mi2, filled / "a")[1] if "patient" in line} == numbers

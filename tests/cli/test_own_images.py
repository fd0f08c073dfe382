"""examples/own-images/manifest.py: from DICOM files and reports to a manifest, with patients kept apart and unnamed."""
import csv
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SCRIPT = Path(__file__).parents[2] / "examples" / "own-images" / "manifest.py"
REPORT = "FINDINGS:\nLines as before.\nIMPRESSION:\nNo acute\nfinding.\nSIGNED BY:\nDr Grey"


def write_dicom(path, accession, patient, **more):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    dataset.AccessionNumber, dataset.PatientID, dataset.PatientName = accession, patient, "Doe^Jane"
    dataset.Rows = dataset.Columns = 8
    for name, value in more.items():
        setattr(dataset, name, value)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


@pytest.fixture
def export(tmp_path):
    """40 patients with two images each, and what is no example."""
    images = tmp_path / "images"
    images.mkdir()
    rows = [("accession", "label", "report")]
    for p in range(40):
        rows.append((f"A{p}", "well" if p % 2 else "ill", REPORT))
        for i in range(2):
            write_dicom(images / f"{p}-{i}.dcm", f"A{p}", f"Secret{p}")
    write_dicom(images / "scout.dcm", "A0", "Secret0", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_dicom(images / "burned.dcm", "A0", "Secret0", BurnedInAnnotation="YES")
    write_dicom(images / "unknown.dcm", "B1", "Secret0")
    write_dicom(images / "nobody.dcm", "A0", "")
    (images / "note.txt").write_text("no DICOM")
    with open(tmp_path / "reports.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "prompts.csv").write_text("label,prompt\nwell,ct head no finding\nill,ct head bleeding\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "key").write_bytes(bytes(range(32)))  # a random key leaves a split empty once in 300 runs
    return tmp_path


def make(folder, status=0):
    done = subprocess.run([sys.executable, SCRIPT, folder / "images", folder / "reports.csv", folder / "prompts.csv", folder / "own"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_patients_stay_together_and_lose_their_names(export):
    said = make(export)
    rows = rows_of(export / "own" / "manifest.csv")
    assert len(rows) == 80 and {row["caption"] for row in rows} == {"No acute finding."}
    split_of = {}
    for row in rows:
        split_of.setdefault(row["patient"], set()).add(row["split"])
    assert len(split_of) == 40 and all(len(splits) == 1 for splits in split_of.values())
    assert {"train", "val", "test"} == {row["split"] for row in rows}
    assert rows_of(export / "own" / "test.csv") == [row for row in rows if row["split"] == "test"]
    for reason in ("localizer", "burned-in annotation", "no report", "no PatientID", "not DICOM"):
        assert f"1 images, {reason}" in said
    for path in (export / "own").iterdir():
        assert b"Secret" not in path.read_bytes() and b"Doe" not in path.read_bytes(), path
    assert "ill: patients" in said and "too few" in said


def test_the_first_run_makes_a_key_that_others_cannot_read(export):
    key = export / "own" / "key"
    key.unlink()
    make(export)
    first = key.read_bytes()
    assert len(first) == 32 and key.stat().st_mode & 0o077 == 0
    make(export)
    assert key.read_bytes() == first


def test_another_run_divides_alike_and_new_images_follow_their_patient(export):
    make(export)
    before = rows_of(export / "own" / "manifest.csv")
    write_dicom(export / "images" / "new.dcm", "A7", "Secret7")
    make(export)
    after = rows_of(export / "own" / "manifest.csv")
    assert [row for row in after if not row["file"].endswith("new.dcm")] == before
    new = next(row for row in after if row["file"].endswith("new.dcm"))
    assert new["split"] == next(row["split"] for row in before if row["file"].endswith("/7-0.dcm"))


def test_a_report_without_an_accession_number_is_of_no_image_without_one(export):
    write_dicom(export / "images" / "none.dcm", "", "Secret1")
    with open(export / "reports.csv", "a") as file:
        file.write(",ill,of somebody else\n")
    assert "2 images, no report" in make(export)
    assert not [row for row in rows_of(export / "own" / "manifest.csv") if row["file"].endswith("none.dcm")]


def test_blanks_around_a_patient_make_no_other_patient(export):
    for name in ("a.png", "b.png"):
        (export / "images" / name).write_bytes(b"")
    (export / "reports.csv").write_text("file,patient,label,report\na.png,P1,well,\nb.png,P1 ,well,\n")
    make(export)
    assert len({row["patient"] for row in rows_of(export / "own" / "manifest.csv")}) == 1


def test_tables_without_what_is_needed_are_refused(export):
    (export / "reports.csv").write_text("label,report\nwell,x\n")
    assert "expected a column accession, or file and patient" in make(export, status=1)
    (export / "reports.csv").write_text("accession,label\nA1,well\nA1,ill\n")
    assert "two rows" in make(export, status=1)

"""No name and no identifier of a patient in anything that an archive's commands write, unless they are asked to."""
from dicom_studies import uid, write_study
from index_support import table

NAME, ID, OTHER, ACCESSION, DOCTOR = "Zwetschgenbaum^Ottokar", "ZX-99417-Q", "ALT-55120-K", "ACC-7731-Y", "Quendelmoor^Ida"
SECRETS = ["zwetschgenbaum", "ottokar", "zx-99417-q", "alt-55120-k", "acc-7731-y", "quendelmoor"]

HEADER = {"patient": ID, "name": NAME, "OtherPatientIDs": OTHER, "AccessionNumber": ACCESSION,
          "ReferringPhysicianName": DOCTOR, "PatientBirthDate": "19530412", "PatientSex": "F",
          "StudyDescription": "CT Thorax zwetschgenbaum ottokar", "SeriesDescription": f"axial {ID} 5 mm",
          "ProtocolName": f"{ACCESSION} lung", "StationName": "OTTOKAR1", "PatientAddress": "Lindenweg 4711",
          "PatientComments": "seen by Quendelmoor"}


def found_in(archive, said):
    everything = said.lower().encode()
    for path in archive.rglob("*"):
        everything += path.read_bytes().lower() if path.is_file() else str(path).lower().encode()
    return {secret for secret in [*SECRETS, "lindenweg", "19530412"] if secret.encode() in everything}


def run_all(mi2, archive, folder, *options):
    said = ""
    for arguments in (["add", *options, str(archive), str(folder)], ["add", *options, str(archive), str(folder)],
                      ["stats", str(archive)], ["stats", str(archive), "--format", "json"],
                      ["search", str(archive), "--text", "lung", "--format", "jsonl"],
                      ["search", str(archive), "--study", uid("study", "x"), "--same-patient", "include"],
                      ["export", str(archive)], ["verify", "--deep", str(archive), "--verbose"]):
        done = mi2("index", *arguments)
        said += done.stdout.decode(errors="replace") + done.errors
    return said


def test_nothing_of_a_patient_is_written(mi2, tmp_path):
    write_study(tmp_path / "in", "x", **HEADER)
    archive = tmp_path / "a"
    assert found_in(archive, run_all(mi2, archive, tmp_path / "in")) == set()
    ((description, series, year),) = table(
        archive, "SELECT study.description, series.description, birth_year FROM series JOIN study ON study.id = study"
                 " JOIN patient ON patient.id = patient")
    assert description == "CT Thorax *** ***" and series == "axial *** 5 mm" and year == 1953
    assert (archive / "key").stat().st_mode & 0o77 == 0


def test_without_identifiers_not_even_hashes_are_written(mi2, tmp_path):
    write_study(tmp_path / "in", "x", **HEADER)
    archive = tmp_path / "a"
    assert found_in(archive, run_all(mi2, archive, tmp_path / "in", "--identifiers", "none")) == set()
    assert table(archive, "SELECT * FROM patient") == []
    assert table(archive, "SELECT patient, accession_hash FROM study") == [(None, None)]


def test_identifiers_are_kept_if_asked_for_and_names_never(mi2, tmp_path):
    write_study(tmp_path / "in", "x", **HEADER)
    archive = tmp_path / "a"
    assert found_in(archive, run_all(mi2, archive, tmp_path / "in", "--identifiers", "keep")) == {"zx-99417-q", "acc-7731-y"}
    assert table(archive, "SELECT identifier FROM patient") == [(ID,)]


def test_a_refused_file_tells_nothing(mi2, tmp_path):
    (path, *_) = write_study(tmp_path / "in", "x", slices=1, **HEADER)
    path.write_bytes(path.read_bytes()[:-900])
    archive = tmp_path / "a"
    done = mi2("index", "add", "--strict", str(archive), str(tmp_path / "in"), status=3)
    assert found_in(archive, done.errors) == set()


def test_a_path_that_names_the_patient_is_warned_of(mi2, tmp_path):
    write_study(tmp_path / "Ottokar", "x", **HEADER)
    assert "3 paths hold a patient's name" in mi2("index", "add", str(tmp_path / "a"), str(tmp_path / "Ottokar")).errors


def test_two_archives_have_two_pseudonyms(mi2, tmp_path):
    write_study(tmp_path / "in", "x", **HEADER)
    keys = set()
    for name in ("a", "b"):
        mi2("index", "add", str(tmp_path / name), str(tmp_path / "in"))
        ((key,),) = table(tmp_path / name, "SELECT key FROM patient")
        keys.add(key)
    assert len(keys) == 2 and all(len(key) == 64 for key in keys)

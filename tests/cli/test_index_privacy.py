"""No name and no identifier of a patient in anything that an archive's commands write, unless they are asked to."""
import base64
import io
import re
import shutil

import pydicom
from dicom_studies import slice_of, uid, write, write_study
from index_support import table
from listen_support import damaged, listening, run, send, spooled, until, with_tools  # noqa: F401

NAME, ID, OTHER, ACCESSION, DOCTOR = "Zwetschgenbaum^Ottokar", "ZX-99417-Q", "ALT-55120-K", "ACC-7731-Y", "Quendelmoor^Ida"
SECRETS = ["zwetschgenbaum", "ottokar", "zx-99417-q", "alt-55120-k", "acc-7731-y", "quendelmoor"]

HEADER = {"patient": ID, "name": NAME, "OtherPatientIDs": OTHER, "AccessionNumber": ACCESSION,
          "ReferringPhysicianName": DOCTOR, "PatientBirthDate": "19530412", "PatientSex": "F",
          "StudyDescription": "CT Thorax zwetschgenbaum ottokar", "SeriesDescription": f"axial {ID} 5 mm",
          "ProtocolName": f"{ACCESSION} lung", "StationName": "OTTOKAR1", "PatientAddress": "Lindenweg 4711",
          "PatientComments": "seen by Quendelmoor"}


def of_person(number):
    """What a header says of one of several patients."""
    patient, accession = f"ZX-5530{number}-M", f"ACC-8840{number}-W"
    return {**HEADER, "patient": patient, "name": "Mirabellenast^Walburga", "OtherPatientIDs": f"ALT-7720{number}-N",
            "AccessionNumber": accession, "StudyDescription": f"CT Thorax mirabellenast {number}",
            "SeriesDescription": f"axial {patient} walburga", "ProtocolName": f"{accession} lung",
            "StationName": "CT7", "StudyDate": f"202{3 + number // 4}0115",
            "BodyPartExamined": "HEAD" if number == 0 else "CHEST"}


EVERYBODYS = [*SECRETS, "lindenweg", "19530412", "mirabellenast", "walburga", "zx-5530", "alt-7720", "acc-8840"]


def planted_in(content):
    return {secret for secret in EVERYBODYS if secret.encode() in content.lower()}


def found_in(folder, said):
    """Which of all that is planted is in what was said, in the files of a folder and in their names."""
    found = planted_in(said.encode())
    for path in folder.rglob("*"):
        found |= planted_in(str(path.relative_to(folder)).encode())
        content = path.read_bytes() if path.is_file() else b""
        # Of a page also what its pictures hold.
        pictures = (base64.b64decode(text) for text in re.findall(rb"base64,([A-Za-z0-9+/=]+)", content))
        found |= planted_in(b"\n".join([content, *pictures]))
    return found


class Said:
    """Runs mi2 index, and keeps all that it says."""

    def __init__(self, mi2):
        self.mi2, self.text = mi2, ""

    def __call__(self, *arguments, **options):
        done = self.mi2("index", *map(str, arguments), **options)
        self.text += done.stdout.decode(errors="replace") + done.errors
        return done


def run_all(mi2, archive, folder, *options):
    said = Said(mi2)
    for arguments in (["add", *options, archive, folder], ["add", *options, archive, folder],
                      ["stats", archive], ["stats", archive, "--format", "json"],
                      ["search", archive, "--text", "lung", "--format", "jsonl"],
                      ["search", archive, "--study", uid("study", "x"), "--same-patient", "include"],
                      ["export", archive], ["verify", "--deep", archive, "--verbose"]):
        said(*arguments)
    return said.text


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


def write_people(folder):
    """Seven studies of as many patients. The first is damaged in a part, and the last has a picture of the second."""
    for number in range(6):
        write_study(folder, number, slices=2, **of_person(number))
    write(folder / "0" / "s0" / "damaged.dcm", damaged(0, 0, 5, **of_person(0)))
    linked = slice_of(6, 0, 0, **of_person(6))
    linked.PixelData = slice_of(1, 0, 0).PixelData
    write(folder / "6" / "0.dcm", linked)
    shutil.copy(folder / "2" / "s0" / "00.dcm", folder / "2" / "s0" / "copy.dcm")


def test_no_command_writes_or_says_anything_of_a_patient(mi2, tmp_path):
    write_people(tmp_path / "in")
    out, say = tmp_path / "out", Said(mi2)
    archive = out / "a"
    out.mkdir()
    say("add", "--verbose", archive, tmp_path / "in", status=8)
    assert table(archive, "SELECT count(*) FROM refused") == [(1,)]
    say("stats", archive, "--by", "station,month", "--format", "csv")
    say("stats", archive, "--format", "json")

    say("search", archive, "--text", "lung", "--by", "image", "-k", 9, "--cards", out / "cards", "--heatmap")
    say("search", archive, "--study", uid("study", 1), "--cards", out / "cards", "--out", out / "found.csv", "--verbose")
    say("search", archive, "--image", tmp_path / "in" / "3" / "s0" / "00.dcm", "--cards", out / "cards", "--format", "jsonl")
    cards = sorted((out / "cards").glob("*.json"))
    assert len(cards) == 3 and len(list((out / "cards").glob("*.html"))) == 3
    for card in cards:
        say("replay", archive, card)
        say("push", archive, card, "--to", "dimse:PACS@127.0.0.1:9", "--verbose")
    say("verify-cards", out / "cards")

    say("tags", archive, "--field", "body_part", "-k", 3, "--out", out / "fixes.csv")
    assert "body_part,HEAD,CHEST," in (out / "fixes.csv").read_text()
    say("tags", archive, "--field", "protocol", "-k", 3, "--min-agreement", "0.6", "--format", "jsonl")
    say("push", archive, out / "fixes.csv", "--to", "dimse:PACS@127.0.0.1:9", "--verbose")
    for level in ("object", "pixels", "reencoded"):
        say("dups", archive, "--level", level, "--format", "jsonl", "--verbose")
    say("outliers", archive, "--reference", "date<2024", "-k", 1, "--out", out / "outliers.jsonl")
    say("drift", archive, "--reference", "date<2024", "--by", "station,month,site", "--out", out / "drift.jsonl")
    for name in ("map.html", "map.jsonl", "map.csv"):
        say("map", archive, "--out", out / name)

    say("export", archive, "--out", out / "v.npy")
    say("export", archive, "--kind", "series", "--out", out / "series.jsonl")
    (tmp_path / "secret").write_text("k" * 40 + "\n")
    say("export", archive, "--what", "dicom", "--anonymize", "basic", "--key", tmp_path / "secret", "--to", out / "copies")
    say("backup", archive, out / "backup")
    say("reembed", archive, out / "second", "--verbose")
    say("overlap", archive, out / "second")
    say("rm", archive, "--study", uid("study", 4), "--yes")
    # Whom somebody asks for is not repeated.
    say("rm", archive, "--patient", "ZX-55309-M", "--yes", status=7)
    say("rm", archive, "--patient", "ZX-55305-M", "--yes")
    say("compact", archive, "--verbose")
    say("verify", "--deep", archive, "--verbose")
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "in" / "3" / "s0" / "00.dcm").read_bytes()[:-900])
    say("search", archive, "--strict", "--image", tmp_path / "cut.dcm", status=3)
    assert found_in(out, say.text) == set()


def test_pushed_objects_name_their_own_patient_and_in_their_header_alone(mi2, tmp_path):
    write_study(tmp_path / "in", "x", **HEADER)
    write_study(tmp_path / "in", 1, **of_person(1))
    archive, say = tmp_path / "a", Said(mi2)
    say("add", archive, tmp_path / "in")
    say("search", archive, "--text", "lung", "--by", "image", "-k", 6, "--cards", tmp_path / "cards")
    (card,) = (tmp_path / "cards").glob("*.json")
    say("push", archive, card, "--out", tmp_path / "objects", "--verbose")
    files = sorted((tmp_path / "objects").iterdir())
    assert len(files) == 4
    for file in files:
        data = pydicom.dcmread(file)
        own = NAME if data.StudyInstanceUID == uid("study", "x") else "Mirabellenast^Walburga"
        assert data.PatientName == own
        for copied in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyDescription",
                       "ReferringPhysicianName"):
            delattr(data, copied)
        rest = io.BytesIO()
        data.save_as(rest)
        assert planted_in(file.name.encode() + rest.getvalue()) == set()
    assert found_in(tmp_path / "cards", say.text) == set()


@with_tools
def test_what_listens_says_nothing_of_a_patient_and_its_spool_keeps_nothing(mi2, listening, tmp_path):
    files = write_study(tmp_path / "in", "x", **HEADER)
    bad = write(tmp_path / "bad.dcm", damaged("y", 0, 0, **of_person(1)))
    first = listening("--verbose", quiet=3600)
    send(first.port, *files)
    done = run("storescu", first.port, bad, options=["-xr"])
    assert done.returncode == 0, done.output
    spool = first.archive / "spool"
    # What waits are the objects as they came: nobody else may look there, and their names say nothing.
    assert len(spooled(first.archive)) == 4 and spool.stat().st_mode & 0o77 == 0
    assert planted_in("\n".join(map(str, spool.rglob("*"))).encode()) == set()
    first.end()
    again = listening("--verbose")
    again.wait_for_images(3)
    until(lambda: table(again.archive, "SELECT count(*) FROM refused") == [(1,)] and spooled(again.archive) == [])
    again.end()
    (refused,) = (spool / "refused").glob("*.dcm")
    refused.write_bytes(b"")  # it is kept as it came; its name counts
    assert found_in(again.archive, first.said() + again.said()) == set()

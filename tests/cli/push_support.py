"""What tests of mi2 index push share: an archive with a card, the command, and programs that judge its objects."""
import subprocess
import sys
from pathlib import Path

import pydicom
from dicom_studies import write_study
from index_support import add

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy"))
from debian import unpacked  # noqa: E402

NAME, ID, ACCESSION = "Zwetschgenbaum^Ottokar", "ZX-99417-Q", "ACC-7731-Y"
SECRETS = ["zwetschgenbaum", "ottokar", "zx-99417-q", "acc-7731-y"]
HEADER = {"name": NAME, "AccessionNumber": ACCESSION, "PatientBirthDate": "19530412", "PatientSex": "F",
          "StudyDate": "20240115", "StudyTime": "101500", "StudyDescription": "CT Thorax", "StudyID": "7",
          "BodyPartExamined": "CHEST", "ReferringPhysicianName": "Quendelmoor^Ida"}
ENHANCED_SR, SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.7"
STUDIES = ("x", "y", "z")


def make_archive(mi2, folder):
    """An archive of three studies of three patients, and a card of a search that finds all their images."""
    for number, study in enumerate(STUDIES):
        write_study(folder / "in", study, patient=ID if study == "x" else f"P{number}", **HEADER)
    add(mi2, folder / "a", folder / "in")
    search(mi2, folder / "a", folder / "cards")
    return folder


def search(mi2, archive, cards, *arguments):
    """@returns the card."""
    mi2("index", "search", str(archive), "--text", "lung, pneumothorax", "--cards", str(cards),
        *(arguments or ("--by", "image", "-k", "9")))
    (card,) = cards.glob("*.json")
    return card


def push(mi2, archive, card, *arguments, status=0):
    """Nothing that it says is of a patient."""
    done = mi2("index", "push", str(archive), str(card), *map(str, arguments), with_model=False, status=status)
    said = (done.stdout.decode() + done.errors).lower()
    assert not [secret for secret in SECRETS if secret in said]
    return done


def made_in(folder):
    """{(kind, study): file}"""
    found = {}
    for path in folder.glob("*.dcm"):
        data = pydicom.dcmread(path)
        found[{ENHANCED_SR: "SR", SECONDARY_CAPTURE: "SC"}[data.SOPClassUID], data.StudyInstanceUID] = path
    return found


def tool(package, name):
    """A program of a Debian package."""
    program, libraries = unpacked([package], f"usr/bin/{name}")

    def run(*arguments):
        return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                              env=run.environment)
    run.program, run.environment = program, {"LD_LIBRARY_PATH": libraries, "PATH": "/usr/bin:/bin"}
    return run


def items(data, value=None):
    """All content items below one."""
    for item in data.get("ContentSequence", []):
        if value is None or item.ValueType == value:
            yield item
        yield from items(item, value)


def name_of(item):
    return item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else None


def texts(data, code):
    return [item.TextValue for item in items(data, "TEXT") if name_of(item) == code]


def groups(data):
    return [item for item in items(data, "CONTAINER") if name_of(item) == "125007"]

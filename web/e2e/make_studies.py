"""Studies for the tests of the page: some as a hospital has them, some that mean harm.  make_studies.py FOLDER"""
import sys
from pathlib import Path

import pydicom

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "cli"))
from dicom_studies import slice_of, uid, write, write_hospital, write_study  # noqa: E402

MARKUP = "<img src=x onerror=document.title='owned'>"
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
folder = Path(sys.argv[1])
write_hospital(folder / "hospital", studies=10)
hostile = {"SpecificCharacterSet": "ISO_IR 192", "PatientID": "H", "StudyDate": "20260101"}
for number, more in enumerate([
    {"StudyDescription": MARKUP, "SeriesDescription": "<script>document.title='owned'</script>", "StationName": MARKUP},
    {"StudyDescription": "x" * 10_000, "BodyPartExamined": "A" * 3_000},
    {"StudyDescription": "\u202e\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0635\u062f\u0631", "StationName": "\u202eevil"},
    {"StudyDescription": "'\"&lt;&amp;{{7*7}}${7*7}", "StationName": "a\" or modality=\"CT"},
]):
    write_study(folder / "hostile", f"h{number}", slices=1, **hostile, **more)
for number in range(2):  # pictures of the hospital's, under other UIDs and patients
    twice = slice_of(number, 0, 0, patient=f"Z{number}", SpecificCharacterSet="ISO_IR 192", StudyDate="20260301",
                     SeriesDescription=MARKUP)
    twice.SOPInstanceUID = twice.file_meta.MediaStorageSOPInstanceUID = uid("twice", number)
    twice.StudyInstanceUID, twice.SeriesInstanceUID = uid("twice study", number), uid("twice series", number)
    write(folder / "twice" / f"{number}.dcm", twice)

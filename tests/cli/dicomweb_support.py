"""What tests of mi2 index add from servers share: a stand-in DICOMweb server with studies, and what could not be got."""
import sys
from pathlib import Path

import pytest
from dicom_studies import slice_of, uid
from index_support import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from dicomweb_server import TRAPS, DicomwebServer, wait_for  # noqa: E402, F401

PARTIAL = 8  # the exit status where a part was refused


@pytest.fixture
def server():
    with DicomwebServer() as running:
        yield running


def fill(server, studies=25, *, slices=1, series=1):
    """Studies of 2020, on the first day of each month in turn."""
    for study in range(studies):
        for s in range(series):
            for n in range(slices):
                server.add(slice_of(study, s, n, patient=f"P{study // 2}", StudyDate=f"2020{1 + study % 12:02}01",
                                    modality="CT" if study % 2 == 0 else "MR"))


def refused(archive):
    """{locator: (code, reason)} of what could not be got."""
    rows = table(archive, "SELECT locator, code, reason FROM refused WHERE code <> 'skipped'")
    return {locator: (code, reason) for locator, code, reason in rows}


def locator_of(server, study, series, number, trap="good"):
    return (f"{server.url(trap)}/studies/{uid('study', study)}/series/{uid('series', study, series)}"
            f"/instances/{uid('sop', study, series, number)}")

"""Debian's Orthanc with its DICOMweb plugin, as a source of an archive: what it stores is found, once, by either way.
Without its gdcm plugin, which dies of requests that let it convert."""
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from orthanc import Orthanc, ask, free_port

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "cli"))
from dicom_studies import slice_of, uid, write_study
from index_support import added, table


@pytest.fixture
def orthanc(tmp_path):
    running = Orthanc(tmp_path)
    try:
        if "dicom-web" not in ask(running.base + "/plugins").decode():
            pytest.skip(f"the plugin does not load: {running.log.read_text()[-500:]}")
        yield running
    finally:
        running.end()


def _add(archive, source, *more, status=0):
    done = subprocess.run([os.environ["MI2_BIN"], "index", "add", "--model", os.environ["MI2_STARTER_MODEL"], *more,
                           str(archive), source], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == status, done.stderr
    return done.stderr


def _sources(orthanc):
    return {"dicomweb": f"dicomweb:{orthanc.base}/dicom-web", "orthanc": f"orthanc:{orthanc.base}"}


@pytest.mark.parametrize("kind", ["dicomweb", "orthanc"])
def test_what_orthanc_has_is_added_once(orthanc, tmp_path, kind):
    files = [path for study in range(5) for path in write_study(tmp_path / "in", study, series=2, slices=4,
                                                                patient=f"P{study}", StudyDate=f"202{study}0115")]
    for path in files:
        orthanc.store(path)
    archive, source = tmp_path / "a", _sources(orthanc)[kind]
    assert added(_add(archive, source)) == 40
    hashes = dict(table(archive, "SELECT locator, file_sha256 FROM instance WHERE deleted_seq IS NULL"))
    assert len(hashes) == 40 and all(locator.startswith(source) for locator in hashes)
    assert added(_add(archive, source)) == 0
    [late] = write_study(tmp_path / "in", "late", slices=1, StudyDate="20250101")
    orthanc.store(late)
    assert added(_add(archive, source)) == 1
    assert orthanc.process.poll() is None, orthanc.log.read_text()[-2000:]
    done = subprocess.run([os.environ["MI2_BIN"], "index", "verify", "--deep", str(archive)], check=False)
    assert done.returncode == 0


def test_both_ways_give_the_same_objects(orthanc, tmp_path):
    for path in write_study(tmp_path / "in", "x", slices=4, StudyDate="20200115"):
        orthanc.store(path)
    archive = tmp_path / "a"
    sources = _sources(orthanc)
    _add(archive, sources["dicomweb"])
    assert "4 copies" in _add(archive, sources["orthanc"])
    _add(tmp_path / "b", "dicomweb:" + orthanc.base + "/dicom-web?StudyDate=20210101-")
    assert table(tmp_path / "b", "SELECT count(*) FROM instance") == [(0,)]


def test_a_new_database_is_gone_through_again(orthanc, tmp_path):
    files = write_study(tmp_path / "in", "x", slices=4)
    for path in files:
        orthanc.store(path)
    archive, source = tmp_path / "a", f"orthanc:{orthanc.base}"
    assert added(_add(archive, source)) == 4
    orthanc.end()
    shutil.rmtree(tmp_path / "db")
    again = Orthanc(tmp_path, orthanc.port)  # another port would be another source
    try:
        again.store(files[0])
        [new] = write_study(tmp_path / "in", "y", slices=1)
        again.store(new)
        assert added(_add(archive, source)) == 1
    finally:
        again.end()
    assert table(archive, "SELECT count(*) FROM instance WHERE deleted_seq IS NULL") == [(5,)]


def test_uids_are_found_where_the_locator_says(orthanc, tmp_path):
    [path] = write_study(tmp_path / "in", "x", slices=1)
    orthanc.store(path)
    archive = tmp_path / "a"
    _add(archive, _sources(orthanc)["dicomweb"])
    [(locator,)] = table(archive, "SELECT locator FROM instance")
    assert locator.endswith(f"/instances/{uid('sop', 'x', 0, 0)}") and slice_of("x", 0, 0).SOPInstanceUID in locator
    url = locator.removeprefix("dicomweb:")
    request = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    with urllib.request.urlopen(urllib.request.Request(url, headers=request), timeout=60) as answer:
        assert path.read_bytes()[128:] in answer.read()


@pytest.mark.parametrize("limit", [0, 3])
def test_what_orthanc_has_comes_by_c_find_and_c_move_once(tmp_path, limit):
    """@param limit  of studies in an answer; 0: none."""
    dicom, ours = free_port(), free_port()
    running = Orthanc(tmp_path, DicomServerEnabled=True, DicomPort=dicom, DicomAet="ORTHANC", LimitFindResults=limit,
                      DicomModalities={"mi2": ["MI2", "127.0.0.1", ours]})
    try:
        files = [path for study in range(5) for path in write_study(tmp_path / "in", study, series=2, slices=4,
                                                                    patient=f"P{study}", StudyDate=f"202{study}0115")]
        for path in files:
            running.store(path)
        archive, source = tmp_path / "a", f"dimse:ORTHANC@127.0.0.1:{dicom}?StudyDate=20190101-20251231"
        assert added(_add(archive, source, "--port", str(ours))) == 40
        assert sorted(row[0] for row in table(archive, "SELECT locator FROM instance")) == sorted(
            f"dimse:ORTHANC/{uid('sop', study, s, n)}" for study in range(5) for s in range(2) for n in range(4))
        assert added(_add(archive, source, "--port", str(ours))) == 0
        [late] = write_study(tmp_path / "in", "late", slices=1, StudyDate="20250101", modality="MR")
        running.store(late)
        assert added(_add(archive, source + "&ModalitiesInStudy=CT", "--port", str(ours))) == 0
        assert added(_add(archive, source, "--port", str(ours))) == 1
        assert table(archive, "SELECT count(*) FROM refused") == [(0,)]
    finally:
        running.end()

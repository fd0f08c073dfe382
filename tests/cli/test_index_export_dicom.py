"""mi2 index export --what dicom: copies that name nobody, in no byte of them."""
import shutil
import subprocess
import zipfile
from datetime import date

import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_study
from index_support import add
from kill_support import killed, kills, undisturbed
from push_support import tool
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLossless, SecondaryCaptureImageStorage

NAME, ID, ACCESSION = "Zwetschgenbaum^Ottokar", "ZX-99417-Q", "ACC-7731-Y"
SECRETS = (b"Zwetschgenbaum", b"Ottokar", b"ZX-99417-Q", b"ACC-7731-Y", b"Quendelmoor", b"19530412", b"Planted")
HEADER = {"name": NAME, "patient": ID, "AccessionNumber": ACCESSION, "PatientBirthDate": "19530412", "PatientSex": "F",
          "StudyDate": "20240115", "StudyTime": "101500", "SeriesDate": "20240116", "StudyDescription": "Planted CT",
          "StudyID": "7", "BodyPartExamined": "CHEST", "ReferringPhysicianName": "Quendelmoor^Ida",
          "Manufacturer": "Maker", "ManufacturerModelName": "Zwetschgenbaum's own",
          "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
          "KVP": "120", "RescaleIntercept": "-1024", "RescaleSlope": "1", "FrameOfReferenceUID": uid("frame"),
          "InstitutionName": "Planted Hospital", "PatientComments": "Planted", "SeriesNumber": 1, "AcquisitionNumber": 1,
          "PixelSpacing": [1, 1], "SliceThickness": "5", "PositionReferenceIndicator": "Planted", "PatientPosition": "HFS"}


def planted(number):
    """A slice with names in every corner of its file that is not its pixels."""
    data = slice_of("x", 0, number, **HEADER)
    data.add_new(0x00091001, "UN", b"Planted private")
    data.add_new(0x00090010, "LO", "PLANTED Planted")
    data.add_new(0x00184000, "UN", b"Planted Quendelmoor")  # a known attribute, of an unknown VR
    data.add_new(0x60000010, "US", 8)
    data.add_new(0x60000022, "LO", "Planted overlay")
    data.add_new(0x60003000, "OW", b"Planted overlay!")
    data.add_new(0x50000022, "LO", "Planted curve")
    icon = Dataset()
    icon.Rows, icon.Columns, icon.BitsAllocated = 4, 4, 8
    icon.add_new(0x7FE00010, "OB", b"Planted icon....")
    data.IconImageSequence = Sequence([icon])
    other = Dataset()
    other.PatientID, other.PatientName = ID, NAME
    deep = Dataset()
    deep.OtherPatientIDsSequence = Sequence([other])
    data.RequestAttributesSequence = Sequence([deep])
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "T-D3000", "SRT", "Chest"
    region.PatientComments = "Planted in a sequence that stays"
    data.AnatomicRegionSequence = Sequence([region])
    before = Dataset()
    before.ReferencedSOPClassUID, before.ReferencedSOPInstanceUID = data.SOPClassUID, uid("sop", "x", 0, 0)
    data.ReferencedImageSequence = Sequence([before])
    data.file_meta.SourceApplicationEntityTitle = "Planted"
    data.preamble = b"Planted".ljust(128, b"\0")
    return data


@pytest.fixture(scope="module")
def archive(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    for number in range(3):
        path = write(folder / "in" / f"{number}.dcm", planted(number))
        with open(path, "ab") as file:
            file.write(b"Planted behind the end")
    write_study(folder / "in", "y", slices=2, patient="P2", name="Meier^Hans", StudyDate="20230101")
    (folder / "key").write_text("k" * 40 + "\n")
    (folder / "other").write_text("o" * 40 + "\n")
    add(mi2, folder / "a", folder / "in")
    return folder


def export(mi2, folder, to, *arguments, key="key", **options):
    return mi2("index", "export", str(folder / "a"), "--what", "dicom", "--anonymize", "basic", "--key", str(folder / key),
               "--to", str(to), *arguments, with_model=False, **options).errors


def copies(to):
    return [pydicom.dcmread(path) for path in sorted(to.rglob("*.dcm"))]


def of_planted(to):
    return sorted((data for data in copies(to) if data.get("KVP")), key=lambda data: data.InstanceNumber)


def test_no_byte_of_a_copy_names_anybody(mi2, archive, tmp_path):
    content = (archive / "in" / "0.dcm").read_bytes()
    assert all(secret in content for secret in SECRETS)
    assert "5 objects written" in export(mi2, archive, tmp_path / "to")
    for path in (tmp_path / "to").rglob("*.dcm"):
        content = path.read_bytes()
        assert not [secret for secret in SECRETS if secret.lower() in content.lower()], path
        assert uid("study", "x").encode() not in content and uid("sop", "x", 0, 0).encode() not in content
        assert not any(part.encode() in content for part in ("Meier", "20240115", "20240116"))


def test_pixels_and_technical_attributes_stay_and_the_rest_is_said(mi2, archive, tmp_path):
    export(mi2, archive, tmp_path / "to")
    made = of_planted(tmp_path / "to")
    assert len(made) == 3
    for data, number in zip(made, (2, 1, 0), strict=True):
        was = planted(number)
        assert data.PixelData == was.PixelData and data.pixel_array.shape == (32, 32)
        for name in ("Rows", "KVP", "ImageType", "BodyPartExamined", "ImagePositionPatient", "WindowCenter", "Manufacturer"):
            assert data[name].value == was[name].value, name
        assert data.AnatomicRegionSequence[0].CodeMeaning == "Chest" and len(data.AnatomicRegionSequence[0]) == 3
        assert data.PatientIdentityRemoved == "YES" and "PS3.15" in data.DeidentificationMethod
        assert [code.CodeValue for code in data.DeidentificationMethodCodeSequence] == ["113100"]
        assert data.LongitudinalTemporalInformationModified == "REMOVED"
        assert data.StudyDate == data.AccessionNumber == data.PatientSex == "" and "SeriesDate" not in data
        assert "ManufacturerModelName" not in data  # the patient's name is in it
        assert not any(element.tag.is_private or element.tag.group & 0xFF00 in (0x5000, 0x6000) for element in data)
        assert data.PatientID.startswith("ANON-") and str(data.PatientName).startswith("ANON^")
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID


def test_what_is_in_a_zip_is_copied_like_a_file_while_it_is_what_was_added(mi2, archive, tmp_path):
    (tmp_path / "key").write_bytes((archive / "key").read_bytes())

    def pack(*contents, packing):
        with zipfile.ZipFile(tmp_path / "in.zip", "w") as made:
            for number, content in enumerate(contents):
                made.writestr(f"{number}.dcm", content, packing)
    contents = [(archive / "in" / f"{number}.dcm").read_bytes() for number in range(3)]
    pack(*contents, packing=zipfile.ZIP_DEFLATED)
    add(mi2, tmp_path / "a", tmp_path / "in.zip")
    export(mi2, archive, tmp_path / "files", "--where", "manufacturer=Maker")
    export(mi2, tmp_path, tmp_path / "to")
    assert [path.read_bytes() for path in sorted((tmp_path / "to").rglob("*.dcm"))] == \
           [path.read_bytes() for path in sorted((tmp_path / "files").rglob("*.dcm"))] != []
    pack(contents[0], contents[1][:-1], packing=zipfile.ZIP_STORED)
    assert "left: 1 changed, 1 missing" in export(mi2, tmp_path, tmp_path / "again", status=8)
    (tmp_path / "in.zip").unlink()
    assert "left: 3 missing" in export(mi2, tmp_path, tmp_path / "none", status=7)


def test_uids_lead_to_each_other_with_one_key_and_nowhere_with_another(mi2, archive, tmp_path):
    for to, key in (("one", "key"), ("again", "key"), ("other", "other")):
        export(mi2, archive, tmp_path / to, key=key)
    one, other = of_planted(tmp_path / "one"), of_planted(tmp_path / "other")
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert len({data[name].value for data in one}) == 1
        assert one[0][name].value != other[0][name].value
    assert len({data.PatientID for data in copies(tmp_path / "one")}) == 2
    first = one[2]  # slice 0
    assert {data.ReferencedImageSequence[0].ReferencedSOPInstanceUID for data in one} == {first.SOPInstanceUID}
    assert first.ReferencedImageSequence[0].ReferencedSOPClassUID == first.SOPClassUID
    files = [{path.relative_to(tmp_path / to): path.read_bytes() for path in (tmp_path / to).rglob("*.dcm")}
             for to in ("one", "again", "other")]
    assert files[0] == files[1] and not files[0].keys() & files[2].keys()


def test_dates_are_shifted_alike_and_uids_kept_if_that_is_asked_for(mi2, archive, tmp_path):
    export(mi2, archive, tmp_path / "to", "--shift-dates", "--retain-uids")
    made = of_planted(tmp_path / "to")
    assert {data.StudyInstanceUID for data in made} == {uid("study", "x")}
    study, series = ({data[name].value for data in made} for name in ("StudyDate", "SeriesDate"))
    assert len(study) == len(series) == 1 and made[0].StudyTime == "101500"
    days = (date(2024, 1, 15) - date.fromisoformat(made[0].StudyDate)).days
    assert 1 <= days <= 3650 and (date(2024, 1, 16) - date.fromisoformat(made[0].SeriesDate)).days == days
    assert {code.CodeValue for code in made[0].DeidentificationMethodCodeSequence} == {"113100", "113107", "113110"}
    assert not any(secret in path.read_bytes() for path in (tmp_path / "to").rglob("*.dcm") for secret in SECRETS)


def test_a_second_run_and_one_after_a_kill_write_what_is_missing(mi2, archive, tmp_path):
    to = tmp_path / "to"
    command = ["index", "export", archive / "a", "--what", "dicom", "--anonymize", "basic", "--key", archive / "key", "--to",
               to]
    duration = undisturbed(mi2, *command)
    whole = {path: path.read_bytes() for path in to.rglob("*.dcm")}
    shutil.rmtree(to)
    for _ in killed(mi2, command, duration, 31, kills(2)):
        assert all(whole[path] == path.read_bytes() for path in to.rglob("*.dcm"))
    undisturbed(mi2, *command)
    assert {path: path.read_bytes() for path in to.rglob("*.dcm")} == whole
    assert "0 objects written, 5 there before" in export(mi2, archive, to)
    next(iter(whole)).write_bytes(b"mine")
    assert "1 another file is there" in export(mi2, archive, to, status=8)
    assert next(iter(whole)).read_bytes() == b"mine"
    assert [path for path in to.rglob("*") if ".mi2-" in path.name] == []


def test_what_may_show_a_name_is_refused_and_what_is_gone_is_counted(mi2, tmp_path):
    kinds = {"us": {"Modality": "US"}, "burned": {"BurnedInAnnotation": "YES"}, "usual": {}, "gone": {}, "changed": {}}
    for name, more in kinds.items():
        data = slice_of(name, 0, 0)
        for key, value in more.items():
            setattr(data, key, value)
        write(tmp_path / "in" / f"{name}.dcm", data)
    capture = slice_of("sc", 0, 0)
    capture.SOPClassUID = capture.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    write(tmp_path / "in" / "sc.dcm", capture)
    (tmp_path / "key").write_text("k" * 32)
    add(mi2, tmp_path / "a", tmp_path / "in")
    (tmp_path / "in" / "gone.dcm").unlink()
    with open(tmp_path / "in" / "changed.dcm", "ab") as file:
        file.write(b"more")
    said = export(mi2, tmp_path, tmp_path / "to", status=8)
    for reason in ("1 changed", "1 missing", "1 refused: burned-in annotation", "1 refused: secondary capture",
                   "1 refused: ultrasound"):
        assert reason in said
    assert "1 objects written" in said and len(copies(tmp_path / "to")) == 1
    assert "3 objects written, 1 there before" in export(mi2, tmp_path, tmp_path / "to", "--burned-in", "allow", status=8)
    assert "refused" in export(mi2, tmp_path, tmp_path / "us", "--where", "modality=US", status=4)


def test_comments_of_a_jpeg_are_emptied_and_names_elsewhere_noticed(mi2, tmp_path):
    data = slice_of("x", 0, 0, name=NAME)
    write(tmp_path / "raw.dcm", data)
    done = subprocess.run(["dcmcjpeg", str(tmp_path / "raw.dcm"), str(tmp_path / "j.dcm")], check=False, capture_output=True) \
        if shutil.which("dcmcjpeg") else None
    if done is None or done.returncode != 0:
        pytest.skip("needs DCMTK's dcmcjpeg")
    compressed = pydicom.dcmread(tmp_path / "j.dcm")
    (stream,) = generate_frames(compressed.PixelData, number_of_frames=1)
    comment = b"by Somebody Else! "
    commented = stream[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + stream[2:]
    for name, pixels in (("plain", stream), ("commented", commented)):
        compressed.PixelData = encapsulate([pixels])
        compressed["PixelData"].is_undefined_length = True
        compressed.SOPInstanceUID = compressed.file_meta.MediaStorageSOPInstanceUID = uid(name)
        write(tmp_path / "in" / f"{name}.dcm", compressed)
    data.ImageType = ["ORIGINAL", "OTTOKAR"]
    write(tmp_path / "in" / "code.dcm", data)
    named = slice_of("x", 0, 1, name=NAME)
    named.PixelData = b"zwetschgenbaum" + named.PixelData[14:]
    write(tmp_path / "in" / "named.dcm", named)
    (tmp_path / "key").write_text("k" * 32)
    add(mi2, tmp_path / "a", tmp_path / "in")
    said = export(mi2, tmp_path, tmp_path / "to", status=8)
    assert "1 refused: a name among the pixels' bytes" in said and "1 refused: a name in a technical attribute" in said
    made = copies(tmp_path / "to")
    assert all(one.file_meta.TransferSyntaxUID.startswith(JPEGLossless[:20]) for one in made)
    streams = {next(generate_frames(one.PixelData, number_of_frames=1)) for one in made}
    assert streams == {stream, commented.replace(comment, bytes(len(comment)))}


def test_a_copy_has_no_more_faults_than_its_object(mi2, archive, tmp_path):
    dciodvfy = tool("dicom3tools", "dciodvfy")
    plain = tmp_path / "plain"
    write_study(plain / "in", "p", slices=1, **{key: value for key, value in HEADER.items() if key not in (
        "ManufacturerModelName",)})
    (plain / "key").write_text("k" * 40)
    add(mi2, plain / "a", plain / "in")
    export(mi2, plain, plain / "to")

    def faults(path):
        return {line for line in dciodvfy(path).stderr.splitlines() if line.startswith("Error")}
    (before,), (after,) = (list((plain / part).rglob("*.dcm")) for part in ("in", "to"))
    assert faults(after) <= faults(before)


def test_what_it_takes_is_said(mi2, archive, tmp_path):
    (archive / "short").write_text("secret")
    assert "at least 32 bytes" in export(mi2, archive, tmp_path / "to", key="short", status=2)
    export(mi2, archive, tmp_path / "to", key="none", status=7)
    assert "outside of" in export(mi2, archive, archive, status=2)
    (archive / "key").chmod(0o644)
    assert "chmod 600" in export(mi2, archive, tmp_path / "read")
    for arguments in (["--what", "dicom"], ["--to", str(tmp_path)], ["--shift-dates"]):
        mi2("index", "export", str(archive / "a"), *arguments, status=2, with_model=False)
    assert not (tmp_path / "to").exists()

"""Results of searches as objects: what they say, whose they are, and what is left out of them."""
import json
import re
import shutil
import socket
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_studies import slice_of, uid, write, write_study
from index_support import add, table
from PIL import Image
from push_support import (ACCESSION, ENHANCED_SR, HEADER, ID, NAME, SECONDARY_CAPTURE, STUDIES, groups, items, made_in,
                          make_archive, name_of, push, search, texts, tool)
from tracing import NEEDS_STRACE


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    return make_archive(mi2, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def card(made):
    (card,) = (made / "cards").glob("*.json")
    return card


@pytest.fixture(scope="module")
def objects(mi2, made, card):
    """{(kind, study): file}"""
    push(mi2, made / "a", card, "--out", made / "objects")
    return made_in(made / "objects")


def test_every_study_with_results_gets_its_objects(objects):
    assert set(objects) == {(kind, uid("study", study)) for kind in ("SR", "SC") for study in STUDIES}


def test_without_send_it_is_said_what_would_be_sent(mi2, made, card, objects):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.5)
        done = push(mi2, made / "a", card, "--to", f"dimse:PACS@127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(TimeoutError):
            listener.accept()
    rows = [line.split() for line in done.stdout.decode().splitlines()[1:]]
    assert {(row[0], row[-1]): row[-2] for row in rows} == {key: path.stem for key, path in objects.items()}
    assert all(row[1] == "3" and row[3:5] == ["not", "sent"] for row in rows)
    assert {row[-2]: int(row[2]) for row in rows} == {path.stem: path.stat().st_size for path in objects.values()}
    assert "6 objects not sent" in done.errors


@NEEDS_STRACE[0]
@NEEDS_STRACE[1]
def test_without_dcmtks_package_the_dictionary_near_the_program_is_read(mi2, made, card, objects, tmp_path):
    """As the tarball and the wheel are laid out; DCMTK's own file is made to be missing."""
    found = sorted(Path("/usr/share").glob("libdcmtk*/dicom.dic"))
    if not found:
        pytest.skip("DCMTK's dictionary is not where Debian has it")
    hidden = [word for path in found for word in ("-P", path)]
    (tmp_path / "bin").mkdir()
    program = shutil.copy(Path(mi2.path).resolve(), tmp_path / "bin" / "mi2")

    def run(name, **variables):
        environment = {key: value for key, value in mi2.environment(False).items() if key != "DCMDICTPATH"}
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat", *hidden, "-e",
                               "inject=openat:error=ENOENT", program, "index", "push", made / "a", card, "--out",
                               tmp_path / name], env={**environment, **variables}, capture_output=True, timeout=120,
                              check=False)
        return done, {path.name: path.read_bytes() for path in (tmp_path / name).glob("*")}

    done, files = run("none")
    assert done.returncode != 0 and b"(dicom.dic), found none" in done.stderr and files == {}
    (tmp_path / "share").mkdir()
    shutil.copy(found[0], tmp_path / "share" / "dicom.dic")
    done, files = run("near")
    assert done.returncode == 0, done.stderr
    assert files == {path.name: path.read_bytes() for path in objects.values()}
    done, files = run("chosen", DCMDICTPATH="/nowhere/dicom.dic")
    assert done.returncode != 0 and b"DCMDICTPATH names it" in done.stderr and files == {}


@pytest.mark.parametrize("kind", ["sr", "sc"])
def test_one_kind_alone_can_be_made(mi2, made, card, tmp_path, kind):
    push(mi2, made / "a", card, "--as", kind, "--out", tmp_path)
    wanted = ENHANCED_SR if kind == "sr" else SECONDARY_CAPTURE
    assert [pydicom.dcmread(path).SOPClassUID for path in tmp_path.glob("*")] == [wanted] * 3


def test_the_validators_find_no_error(objects):
    dciodvfy, dcmdump, dsrdump = tool("dicom3tools", "dciodvfy"), tool("dcmtk", "dcmdump"), tool("dcmtk", "dsrdump")
    for (kind, _), path in objects.items():
        said = dciodvfy(path)
        assert said.returncode == 0 and "Error" not in said.stdout + said.stderr, said.stderr
        dumped = dcmdump("-q", path)
        assert dumped.returncode == 0 and dumped.stderr == ""
        if kind == "SR":
            dumped = dsrdump("-q", path)
            assert dumped.returncode == 0 and dumped.stderr == "" and "Results of a search" in dumped.stdout


def test_the_validators_find_errors_where_there_are_some(objects, tmp_path):
    data = pydicom.dcmread(objects["SR", uid("study", "x")])
    del data.CompletionFlag, data.ValueType
    data.save_as(tmp_path / "spoilt.dcm")
    assert "Error" in tool("dicom3tools", "dciodvfy")(tmp_path / "spoilt.dcm").stderr
    assert tool("dcmtk", "dsrdump")(tmp_path / "spoilt.dcm").returncode != 0


def test_the_same_card_makes_the_same_objects(mi2, made, card, objects, tmp_path):
    push(mi2, made / "a", card, "--out", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*")} == \
           {path.name: path.read_bytes() for path in objects.values()}
    names = []
    for path in objects.values():
        data = pydicom.dcmread(path)
        names += [data.SOPInstanceUID, data.SeriesInstanceUID]
        assert path.stem == data.SOPInstanceUID == data.file_meta.MediaStorageSOPInstanceUID
    assert len(set(names)) == len(names) == 12
    assert all(re.fullmatch(r"2\.25\.[1-9][0-9]{30,38}", name) for name in names)


def test_another_search_makes_other_objects(mi2, made, objects, tmp_path):
    push(mi2, made / "a", search(mi2, made / "a", tmp_path / "c", "-k", "3"), "--out", tmp_path / "out")
    assert not {path.name for path in (tmp_path / "out").glob("*")} & {path.name for path in objects.values()}


def test_the_report_says_what_was_asked_and_what_was_found(made, card, objects):
    said = json.loads(card.read_text())
    for study in STUDIES:
        data = pydicom.dcmread(objects["SR", uid("study", study)])
        title = data.ConceptNameCodeSequence[0]
        assert (title.CodeValue, title.CodingSchemeDesignator) == ("results", "99MI2") and "research use" in title.CodeMeaning
        assert all("ConceptNameCodeSequence" in item for item in items(data))
        assert data.ContentTemplateSequence[0].TemplateIdentifier == "1500"
        assert (data.CompletionFlag, data.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        assert "research use" in data.SeriesDescription and "research use" in texts(data, "use")[0]
        assert texts(data, "asked") == ["text: lung, pneumothorax"]
        assert texts(data, "card") == [said["id"]] and texts(data, "exact") == ["yes"]
        assert len(texts(data, "weights")[0]) == 64 and data.SoftwareVersions in texts(data, "121015")[0]
        (archive,) = texts(data, "archive")
        assert archive == json.loads((made / "a" / "archive.json").read_text())["id"]
        assert len(groups(data)) == 3
        for group in groups(data):
            (image,) = items(group, "IMAGE")
            assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID in {uid("sop", study, 0, n) for n in range(3)}
            assert re.fullmatch(r"[1-9] of 9", texts(group, "rank")[0])
            assert -1 <= float(texts(group, "score")[0]) <= 1
            assert [item for item in items(group, "UIDREF") if name_of(item) == "112040"]
            assert not list(items(group, "NUM"))  # viewers expect a region with one
        schemes = {scheme.CodingSchemeDesignator for scheme in data.CodingSchemeIdentificationSequence}
        assert "99MI2" in schemes


def test_ranks_and_scores_are_those_of_the_search(made, card, objects):
    found = {}
    for study in STUDIES:
        for group in groups(pydicom.dcmread(objects["SR", uid("study", study)])):
            (image,) = items(group, "IMAGE")
            found[int(texts(group, "rank")[0].split()[0])] = (image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
                                                              float(texts(group, "score")[0]))
    scores = [found[rank][1] for rank in sorted(found)]
    assert sorted(found) == list(range(1, 10)) and scores == sorted(scores, reverse=True)
    said = card.read_text()
    assert all(name in said and repr(score) in said for name, score in found.values())


def test_what_is_shown_is_listed_as_evidence(objects):
    for (kind, study), path in objects.items():
        data = pydicom.dcmread(path)
        if kind == "SC":
            assert len(data.SourceImageSequence) == 3
            continue
        (evidence,) = data.CurrentRequestedProcedureEvidenceSequence
        listed = {one.ReferencedSOPInstanceUID for series in evidence.ReferencedSeriesSequence
                  for one in series.ReferencedSOPSequence}
        named = {item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in items(data, "IMAGE")}
        assert evidence.StudyInstanceUID == study and listed == named and len(listed) == 3


def test_an_object_holds_nothing_of_another_study(objects):
    for (_, study), path in objects.items():
        content = path.read_bytes()
        for other in STUDIES:
            if uid("study", other) == study:
                continue
            names = [uid("study", other), uid("series", other, 0), *(uid("sop", other, 0, n) for n in range(3))]
            assert not [name for name in names if name.encode() in content]
            assert b"/in/" not in content  # no path either


def test_whose_it_is_comes_from_the_study(objects):
    for (kind, study), path in objects.items():
        data = pydicom.dcmread(path)
        assert str(data.PatientName) == NAME and data.AccessionNumber == ACCESSION
        assert data.PatientID == {uid("study", "x"): ID, uid("study", "y"): "P1", uid("study", "z"): "P2"}[study]
        assert (data.PatientBirthDate, data.PatientSex) == ("19530412", "F")
        assert (data.StudyDate, data.StudyTime) == ("20240115", "101500")
        assert (data.StudyDescription, data.StudyID) == ("CT Thorax", "7")
        assert str(data.ReferringPhysicianName) == "Quendelmoor^Ida"
        assert data.SeriesInstanceUID != uid("series", "x", 0)
        assert data.Modality == {"SR": "SR", "SC": "OT"}[kind]


def test_a_name_in_other_letters_stays_byte_for_byte(mi2, tmp_path):
    data = slice_of("latin", 0, 0, patient="L1", name="Müller^Jörg")
    data.SpecificCharacterSet = "ISO_IR 100"
    write(tmp_path / "in" / "latin.dcm", data)
    write(tmp_path / "in" / "ascii.dcm", slice_of("ascii", 0, 0, patient="A1", name=NAME))
    add(mi2, tmp_path / "a", tmp_path / "in")
    mi2("index", "search", str(tmp_path / "a"), "--text", "Pleuraerguß", "--cards", str(tmp_path / "c"))
    (card,) = (tmp_path / "c").glob("*.json")
    push(mi2, tmp_path / "a", card, "--as", "sr", "--out", tmp_path / "out")
    made = {data.StudyInstanceUID: data for data in map(pydicom.dcmread, (tmp_path / "out").glob("*"))}
    latin, plain = made[uid("study", "latin")], made[uid("study", "ascii")]
    assert latin.SpecificCharacterSet == "ISO_IR 100" and latin.PatientName == "Müller^Jörg"
    assert "Müller^Jörg".encode("latin-1") in latin.PatientName.original_string
    assert texts(latin, "asked") == ["text: Pleuraergu?"]
    assert plain.SpecificCharacterSet == "ISO_IR 192" and texts(plain, "asked") == ["text: Pleuraerguß"]


def test_the_picture_shows_the_thumbnails(made, objects):
    thumbs = {}
    for name, offset, size in table(made / "a", "SELECT instance.sop_uid, thumb.offset, thumb.size FROM thumb"
                                                " JOIN item ON item.id = thumb.item"
                                                " JOIN instance ON instance.id = item.instance"):
        content = (made / "a" / "thumbs" / "000001.pack").read_bytes()[offset:offset + size]
        (made / "thumb.webp").write_bytes(content)
        thumbs[name] = np.float32(Image.open(made / "thumb.webp").convert("RGB"))
    for study in STUDIES:
        data = pydicom.dcmread(objects["SC", uid("study", study)])
        assert (data.ConversionType, data.BurnedInAnnotation, data.PhotometricInterpretation) == ("WSD", "YES", "RGB")
        assert list(data.ImageType) == ["DERIVED", "SECONDARY"] and "research use" in data.ImageComments
        picture = np.float32(data.pixel_array)
        assert picture.shape[1:] == (640, 3) and (picture[:100] == 255).any()  # words
        lines = 4  # research use, one text, how many results, the card
        top = 32 + lines * 22
        for place, source in enumerate(data.SourceImageSequence):
            left = 16 + place * (192 + 16)
            shown = picture[top:top + 192, left:left + 192]
            inside = shown[80:112, 80:112]  # 32 x 32 in the middle: never enlarged
            assert np.abs(inside - thumbs[source.ReferencedSOPInstanceUID]).mean() < 4
            assert np.abs(inside - inside.mean()).mean() > 4
            assert (shown[:70] == 40).all()


def test_a_series_is_named_without_an_image(mi2, made, tmp_path):
    card = search(mi2, made / "a", tmp_path / "c", "--match", "mean", "--by", "series", "-k", "1")
    push(mi2, made / "a", card, "--as", "sr", "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*")
    data = pydicom.dcmread(path)
    (group,) = groups(data)
    assert [item.UID for item in items(group, "UIDREF") if name_of(item) == "112002"] == \
           [series for series in (uid("series", study, 0) for study in STUDIES) if series.encode() in path.read_bytes()]
    assert str(data.PatientName) == NAME and not list(items(data, "IMAGE"))
    said = tool("dicom3tools", "dciodvfy")(path)
    assert "Error" not in said.stdout + said.stderr


def test_a_study_whose_files_are_gone_is_left_out(mi2, made, card, tmp_path):
    (made / "in" / "x").rename(tmp_path / "elsewhere")
    try:
        done = push(mi2, made / "a", card, "--out", tmp_path / "out", status=8)
    finally:
        (tmp_path / "elsewhere").rename(made / "in" / "x")
    assert f"study {uid('study', 'x')}" in done.errors
    assert {pydicom.dcmread(path).StudyInstanceUID for path in (tmp_path / "out").glob("*")} == \
           {uid("study", "y"), uid("study", "z")}


def test_a_file_that_is_of_another_study_now_says_nothing_of_this_one(mi2, tmp_path):
    (path,) = write_study(tmp_path / "in", "x", slices=1, **HEADER)
    add(mi2, tmp_path / "a", tmp_path / "in")
    card = search(mi2, tmp_path / "a", tmp_path / "c")
    write(path, slice_of("y", 0, 0, patient="P2", name="Other^Patient"))
    done = push(mi2, tmp_path / "a", card, "--out", tmp_path / "out", status=3)
    assert "another study" in done.errors and "Other" not in done.errors
    assert list((tmp_path / "out").glob("*")) == []


def test_a_file_that_is_another_object_of_that_study_now_says_nothing_of_it(mi2, tmp_path):
    (path,) = write_study(tmp_path / "in", "x", slices=1, **HEADER)
    add(mi2, tmp_path / "a", tmp_path / "in")
    card = search(mi2, tmp_path / "a", tmp_path / "c")
    write(path, slice_of("y", 0, 0, patient="P2", name="Other^Patient", StudyInstanceUID=uid("study", "x")))
    done = push(mi2, tmp_path / "a", card, "--out", tmp_path / "out", status=3)
    assert "found another one" in done.errors and "Other" not in done.errors
    assert list((tmp_path / "out").glob("*")) == []


def test_a_study_identifier_of_two_patients_makes_no_object_of_both(mi2, tmp_path):
    write_study(tmp_path / "in", "x", slices=1, patient="P1")
    write_study(tmp_path / "in", "y", slices=1, patient="P2", StudyInstanceUID=uid("study", "x"))
    write_study(tmp_path / "in", "z", slices=1, patient="P3")
    add(mi2, tmp_path / "a", tmp_path / "in")
    assert table(tmp_path / "a", "SELECT count(*) FROM study") == [(3,)]
    card = search(mi2, tmp_path / "a", tmp_path / "c", "--by", "image", "-k", "3")
    done = push(mi2, tmp_path / "a", card, "--out", tmp_path / "out", status=8)
    assert "several patients' studies" in done.errors
    assert {pydicom.dcmread(path).StudyInstanceUID for path in (tmp_path / "out").glob("*")} == {uid("study", "z")}


def test_whose_a_study_in_a_zip_is_comes_from_there(mi2, tmp_path):
    (path,) = write_study(tmp_path / "in", "x", slices=1, patient=ID, **HEADER)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.write(path, "in/a.dcm")
    add(mi2, tmp_path / "a", tmp_path / "x.zip")
    card = search(mi2, tmp_path / "a", tmp_path / "c")
    push(mi2, tmp_path / "a", card, "--as", "sr", "--out", tmp_path / "out")
    (report,) = (tmp_path / "out").glob("*.dcm")
    assert str(pydicom.dcmread(report).PatientName) == NAME
    (tmp_path / "x.zip").unlink()
    push(mi2, tmp_path / "a", card, "--out", tmp_path / "none", status=7)


def test_what_is_no_card_of_the_archive_is_refused(mi2, made, card, tmp_path):
    (tmp_path / "cut.json").write_bytes(card.read_bytes()[:-30])
    push(mi2, made / "a", tmp_path / "cut.json", status=3)
    push(mi2, made / "a", tmp_path / "none.json", status=7)
    write_study(tmp_path / "in", "q", slices=1)
    add(mi2, tmp_path / "b", tmp_path / "in")
    assert "archive" in push(mi2, tmp_path / "b", card, status=2).errors
    both = push(mi2, made / "a", tmp_path / "cut.json", card, status=8)
    assert "6 objects not sent" in both.errors and "1 failed" in both.errors


@pytest.mark.parametrize("arguments", [
    ["--send"], ["--to", "PACS@127.0.0.1:104"], ["--to", "dimse:127.0.0.1:104"], ["--to", "dimse:PACS@127.0.0.1"],
    ["--to", "dimse:PACS@127.0.0.1:99999"], ["--to", "dimse:A_TITLE_THAT_IS_LONG@127.0.0.1:104"],
    ["--to", "dimse:PACS@127.0.0.1:104", "--aet", ""], ["--to", "stow:ftp://127.0.0.1/"],
    ["--to", "stow:http://127.0.0.1/?a=b"], ["--as", "pdf"]])
def test_a_mistyped_destination_is_refused(mi2, made, card, arguments):
    push(mi2, made / "a", card, *arguments, status=2)

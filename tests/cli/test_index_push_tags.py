"""Accepted suggestions of mi2 index tags as structured reports: what they say, of whom, and which are left out."""
import csv
import re
import sys
from pathlib import Path

import pydicom
import pytest
from dicom_studies import uid, write_study
from index_support import add
from push_support import ENHANCED_SR, HEADER, ID, NAME, groups, items, made_in, name_of, push, texts, tool

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from stow_server import Stow  # noqa: E402

WRONG, NONE = 3, 5


@pytest.fixture(scope="module")
def made(mi2, tmp_path_factory):
    """An archive of ten chests, of which one is called a head and one has no body part, and its table of suggestions."""
    folder = tmp_path_factory.mktemp("made")
    for study in range(10):
        more = HEADER | {"BodyPartExamined": "HEAD"} if study == WRONG else dict(HEADER)
        if study == NONE:
            del more["BodyPartExamined"]
        write_study(folder / "in", study, patient=ID if study == WRONG else f"P{study}", slices=2, **more)
    add(mi2, folder / "a", folder / "in")
    mi2("index", "tags", str(folder / "a"), "-k", "5", "--out", str(folder / "fixes.csv"), "-f", "csv", with_model=False)
    push(mi2, folder / "a", folder / "fixes.csv", "--out", folder / "objects")
    return folder


@pytest.fixture(scope="module")
def objects(made):
    """{study: file}"""
    return {study: path for (kind, study), path in made_in(made / "objects").items() if kind == "SR"}


def rows_of(made):
    with open(made / "fixes.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows, columns=None):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns or list(rows[0]), extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    return path


def row_of(made, study):
    (row,) = [row for row in rows_of(made) if row["study"] == uid("study", study)]
    return row


def codes(data, code):
    return [item.ConceptCodeSequence[0].CodeValue for item in items(data, "CODE") if name_of(item) == code]


def test_each_study_with_a_suggestion_gets_one_report_and_nothing_else(made, objects):
    assert objects.keys() == {uid("study", WRONG), uid("study", NONE)}
    assert len(list((made / "objects").iterdir())) == 2


def test_the_report_says_what_the_header_has_and_what_is_suggested_by_what(made, objects):
    for study, value in ((WRONG, ["HEAD"]), (NONE, [])):
        data, row = pydicom.dcmread(objects[uid("study", study)]), row_of(made, study)
        assert data.SOPClassUID == ENHANCED_SR and data.ContentTemplateSequence[0].TemplateIdentifier == "1500"
        title = data.ConceptNameCodeSequence[0]
        assert (title.CodeValue, title.CodingSchemeDesignator) == ("tags", "99MI2") and "research use" in title.CodeMeaning
        assert (data.CompletionFlag, data.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        assert "research use" in data.SeriesDescription and "research use" in texts(data, "use")[0]
        (group,) = groups(data)
        assert texts(group, "tag") == ["Body Part Examined (0018,0015)"] and texts(group, "tag_is") == value
        assert codes(group, "tag_is") == ([] if value else ["tag_none"])
        assert texts(group, "tag_suggested") == ["CHEST"] == [row["suggested"]]
        assert texts(group, "tag_agreement") == [row["agreement"]] and 0.8 <= float(row["agreement"]) <= 1
        assert [item.UID for item in items(group, "UIDREF") if name_of(item) == "112002"] == [uid("series", study, 0)]
        # TID 4019
        assert texts(group, "111001") == ["mi2 index tags"] and texts(group, "111003") == [data.SoftwareVersions]
        assert "5 nearest other patients" in texts(group, "111002")[0]
        assert len(texts(data, "weights")[0]) == 64 and texts(data, "snapshot") == [row["snapshot"]]
        assert all("ConceptNameCodeSequence" in item for item in items(data)) and not list(items(data, "NUM"))


def test_whose_it_is_comes_from_the_study_and_nothing_of_another_is_in_it(objects):
    data = pydicom.dcmread(objects[uid("study", WRONG)])
    assert str(data.PatientName) == NAME and data.PatientID == ID and data.StudyInstanceUID == uid("study", WRONG)
    for study, path in objects.items():
        others = [uid(kind, *more) for number in range(10) if uid("study", number) != study
                  for kind, more in (("study", (number,)), ("series", (number, 0)))]
        content = path.read_bytes()
        assert not [name for name in others if name.encode() in content] and b"/in/" not in content


def test_the_validators_find_no_error(objects):
    dciodvfy, dcmdump, dsrdump = tool("dicom3tools", "dciodvfy"), tool("dcmtk", "dcmdump"), tool("dcmtk", "dsrdump")
    for path in objects.values():
        said = dciodvfy(path)
        assert said.returncode == 0 and "Error" not in said.stdout + said.stderr, said.stderr
        assert dcmdump("-q", path).stderr == ""
        dumped = dsrdump("-q", path)
        assert dumped.returncode == 0 and dumped.stderr == "" and "Suggested value" in dumped.stdout


def test_what_is_accepted_alone_is_sent_and_the_same_again_is_the_same(mi2, made, objects, tmp_path):
    only = write_rows(tmp_path / "only.csv", [row_of(made, WRONG)])
    push(mi2, made / "a", only, "--as", "sr", "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert path.read_bytes() == objects[uid("study", WRONG)].read_bytes()  # whatever else is accepted of others
    assert path.stem == pydicom.dcmread(path).SOPInstanceUID and re.fullmatch(r"2\.25\.[1-9][0-9]{30,38}", path.stem)


def test_another_suggestion_is_another_object(mi2, made, objects, tmp_path):
    other = write_rows(tmp_path / "other.csv", [row_of(made, WRONG) | {"agreement": "0.85"}])
    push(mi2, made / "a", other, "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert path.name not in {one.name for one in objects.values()}


def test_nothing_is_sent_without_send_and_what_arrives_is_what_was_made(mi2, made, objects):
    with Stow() as stow:
        dry = push(mi2, made / "a", made / "fixes.csv", "--to", f"stow:http://127.0.0.1:{stow.port}/good")
        assert "2 objects not sent" in dry.errors and stow.requests == []
        push(mi2, made / "a", made / "fixes.csv", *stow.to)
        assert sorted(stow.got) == sorted(path.read_bytes() for path in objects.values())
        stow.reply = lambda data: (409, {"00081198": stow.sequence(data, _00081197=0x0111)})
        assert push(mi2, made / "a", made / "fixes.csv", *stow.to).stdout.decode().count("was there") == 2


@pytest.mark.parametrize("change, words", [
    ({"tag": "NECK"}, "another value"), ({"suggested": "a text of mine"}, "none that the archive has"),
    ({"item": "999999"}, "no such series"), ({"series": "1.2.3"}, "no such series"), ({"snapshot": "999"}, "no snapshot")])
def test_what_the_archive_does_not_have_is_left_out(mi2, made, objects, tmp_path, change, words):
    table = write_rows(tmp_path / "t.csv", [row_of(made, WRONG) | change, row_of(made, NONE)])
    done = push(mi2, made / "a", table, "--out", tmp_path / "out", status=8)
    assert words in done.errors and "a text of mine" not in done.errors
    assert [path.name for path in (tmp_path / "out").iterdir()] == [objects[uid("study", NONE)].name]


def test_an_adapter_may_suggest_what_no_header_has(mi2, made, tmp_path):
    table = write_rows(tmp_path / "t.csv", [row_of(made, WRONG) | {"suggested": "THORAX", "method": "adapter:" + "ab" * 32}])
    push(mi2, made / "a", table, "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    data = pydicom.dcmread(path)
    assert texts(data, "tag_suggested") == ["THORAX"] and "ab" * 32 in texts(data, "111002")[0]


def test_an_apostrophe_of_a_spreadsheet_is_no_part_of_a_tag(mi2, tmp_path):
    for study in range(8):
        write_study(tmp_path / "in", study, patient=f"P{study}", slices=1, BodyPartExamined="-CHEST" if study else "HEAD")
    add(mi2, tmp_path / "a", tmp_path / "in")
    mi2("index", "tags", str(tmp_path / "a"), "-k", "5", "--out", str(tmp_path / "fixes.csv"), "-f", "csv", with_model=False)
    (row,) = rows_of(tmp_path)
    assert row["suggested"] == "-CHEST"
    push(mi2, tmp_path / "a", write_rows(tmp_path / "t.csv", [row | {"suggested": "'-CHEST"}]), "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert texts(pydicom.dcmread(path), "tag_suggested") == ["-CHEST"]


@pytest.mark.parametrize("change, words", [
    ({"field": "colour"}, "field: expected one of"), ({"suggested": ""}, "suggested:"), ({"suggested": "x" * 257}, "suggested:"),
    ({"agreement": "2"}, "agreement:"), ({"agreement": "nan"}, "agreement:"), ({"item": "-1"}, "item:"), ({"item": "1e3"}, "item:"),
    ({"method": "by hand"}, "method: expected neighbours:K or adapter:"), ({"method": "neighbours:0"}, "method:"),
    ({"snapshot": "0"}, "snapshot:")])
def test_a_line_that_makes_no_sense_is_named(mi2, made, tmp_path, change, words):
    table = write_rows(tmp_path / "t.csv", [row_of(made, NONE), row_of(made, WRONG) | change])
    done = push(mi2, made / "a", table, "--out", tmp_path / "out", status=3)
    assert "line 3" in done.errors and words in done.errors and list((tmp_path / "out").iterdir()) == []


def test_what_is_no_table_of_tags_is_refused(mi2, made, tmp_path):
    row = row_of(made, WRONG)
    twice = push(mi2, made / "a", write_rows(tmp_path / "twice.csv", [row, row]), status=3)
    assert "line 3" in twice.errors and "an earlier line" in twice.errors
    older = write_rows(tmp_path / "older.csv", [row], [name for name in row if name != "method"])
    assert "method" in push(mi2, made / "a", older, status=3).errors
    push(mi2, made / "a", tmp_path / "none.csv", status=7)
    assert "--as sr" in push(mi2, made / "a", made / "fixes.csv", "--as", "sc", status=2).errors


def test_a_study_whose_files_are_gone_is_left_out(mi2, made, tmp_path):
    (made / "in" / str(WRONG)).rename(tmp_path / "elsewhere")
    try:
        done = push(mi2, made / "a", made / "fixes.csv", "--out", tmp_path / "out", status=8)
    finally:
        (tmp_path / "elsewhere").rename(made / "in" / str(WRONG))
    assert f"SR of study {uid('study', WRONG)}" in done.errors and len(list((tmp_path / "out").iterdir())) == 1

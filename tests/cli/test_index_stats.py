"""mi2 index stats --by: counts of an archive by what its images have."""
import collections
import csv
import io
import itertools
import json

import pytest

from dicom_studies import slice_of, write, write_hospital
from index_support import add

FIELDS = ("modality", "body_part", "site", "station", "month", "manufacturer")


@pytest.fixture(scope="module")
def counted(mi2, tmp_path_factory):
    """An archive, and what each of its images has: {field: value}, (series, study, patient)."""
    folder = tmp_path_factory.mktemp("counted")
    known = write_hospital(folder / "in", studies=6, series=2, slices=3)
    archive = folder / "archive"
    add(mi2, archive, "--site", "north", folder / "in")
    images = [({"modality": modality, "body_part": "CHEST" if study < 3 else "HEAD", "site": "north",
                "month": f"202{study}-01"}, (path.rsplit("/", 1)[0], study, patient))
              for path, (study, patient, modality) in known.items()]
    write(folder / "late" / "one.dcm", slice_of(99, 0, 0, patient="P0", modality="CT", StationName="CT,1",
                                                Manufacturer="M", StudyDate="20240601"))
    add(mi2, archive, "--site", "south", folder / "late")
    images.append(({"modality": "CT", "site": "south", "station": "CT,1", "manufacturer": "M", "month": "2024-06"},
                   ("late", 99, "P0 of south")))
    return archive, images


def counts(mi2, archive, *arguments):
    out = mi2("index", "stats", str(archive), *arguments, with_model=False).stdout.decode()
    if "csv" in arguments:
        return {tuple(v or None for v in list(row.values())[:-4]): tuple(map(int, list(row.values())[-4:]))
                for row in csv.DictReader(io.StringIO(out))}
    found = json.loads(out)
    return {tuple(row[field] for field in found["by"]): (row["images"], row["series"], row["studies"], row["patients"])
            for row in found["groups"]}


def expected(images, by):
    groups = collections.defaultdict(list)
    for values, owners in images:
        groups[tuple(values.get(field) for field in by)].append(owners)
    return {key: (len(rows), *(len({row[i] for row in rows}) for i in range(3))) for key, rows in groups.items()}


@pytest.mark.parametrize("by", [fields for n in (1, 2) for fields in itertools.combinations(FIELDS, n)] + [FIELDS],
                         ids=",".join)
def test_every_choice_of_fields_counts_as_counting_by_hand(mi2, counted, by):
    archive, images = counted
    assert counts(mi2, archive, "--by", ",".join(by), "-f", "json") == expected(images, by)


def test_a_filter_counts_what_it_lets_by(mi2, counted):
    archive, images = counted
    of_ct = [image for image in images if image[0]["modality"] == "CT"]
    found = counts(mi2, archive, "--by", "month,station", "--where", "modality=CT", "-f", "csv")
    assert found == expected(of_ct, ("month", "station"))
    assert counts(mi2, archive, "--by", "month", "--where", "modality=XA", "-f", "json") == {}


def test_what_was_removed_is_not_counted(mi2, counted, tmp_path):
    archive, images = counted
    mi2("index", "backup", str(archive), str(tmp_path / "copy"), with_model=False)
    mi2("index", "rm", str(tmp_path / "copy"), "--where", "site=south", "--yes", with_model=False)
    assert counts(mi2, tmp_path / "copy", "--by", "site", "-f", "json") == expected(images[:-1], ("site",))


def test_a_table_has_a_line_for_each_and_a_dash_for_nothing(mi2, counted):
    lines = mi2("index", "stats", str(counted[0]), "--by", "station", with_model=False).stdout.decode().splitlines()
    assert lines[0].split() == ["station", "images", "series", "studies", "patients"]
    assert [line.split() for line in lines[1:]] == [["-", "36", "12", "6", "3"], ["CT,1", "1", "1", "1", "1"]]


@pytest.mark.parametrize("arguments, word", [
    (("--by", "modalty"), "modality, body_part"), (("--by", "site,site"), "each once"), (("--by", "site,"), "some of"),
    (("--where", "modality=CT"), "--by"), (("-f", "csv"), "--by"), (("--by", "site", "--where", "sit=1"), "site")])
def test_what_cannot_be_counted_by_is_refused(mi2, counted, arguments, word):
    assert word in mi2("index", "stats", str(counted[0]), *arguments, with_model=False, status=2).errors

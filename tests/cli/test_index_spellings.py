"""The commands of mi2 index as people write them: other names of options, and options that only say what is so anyway."""
import csv
import io
import json

import pytest
from dicom_studies import uid, write_hospital
from index_support import add, query, totals


@pytest.fixture(scope="module")
def filled(mi2, tmp_path_factory):
    """A folder with an archive "a" of "in": six studies of three patients, CT and MR in turns."""
    folder = tmp_path_factory.mktemp("filled")
    write_hospital(folder / "in")
    add(mi2, folder / "a", folder / "in")
    return folder


def run(mi2, command, archive, *arguments, status=0):
    return mi2("index", command, str(archive), *map(str, arguments), status=status)


def rows_of(done):
    return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def test_roc_is_another_name_of_truth(mi2, filled, tmp_path):
    judged = ["--reference", "date<2023", "--pool", "image", "-f", "csv"]
    rows = rows_of(run(mi2, "outliers", filled / "a", *judged))
    labels = tmp_path / "labels.csv"
    labels.write_text("item,outlier\n" + "".join(f"{row['item']},{i % 2}\n" for i, row in enumerate(rows)))
    by_roc, by_truth = (run(mi2, "outliers", filled / "a", *judged, name, labels) for name in ("--roc", "--truth"))
    assert "AUC" in by_roc.errors
    assert (by_roc.stdout, by_roc.errors) == (by_truth.stdout, by_truth.errors)


def test_dry_run_is_what_push_does_without_send(mi2, filled, tmp_path):
    run(mi2, "search", filled / "a", "--text", "lung", "--cards", tmp_path / "cards")
    (card,) = (tmp_path / "cards").glob("*.json")
    to = ["--to", "dimse:PACS@127.0.0.1:1"]  # where nobody listens
    done = run(mi2, "push", filled / "a", card, *to, "--dry-run")
    assert done.stdout == run(mi2, "push", filled / "a", card, *to).stdout != b""
    assert "not sent" in done.errors
    assert "--dry-run" in run(mi2, "push", filled / "a", card, *to, "--dry-run", "--send", status=2).errors


@pytest.mark.parametrize("command", ["add", "reembed"])
@pytest.mark.parametrize("none", [["--thumbs", "0"], ["--thumbnails", "0"], ["--thumbs=000"]])
def test_no_thumbnails_are_thumbs_of_0(mi2, filled, tmp_path, command, none):
    from_ = [filled / "a", tmp_path / "b"] if command == "reembed" else [tmp_path / "b", filled / "in"]
    mi2("index", command, *map(str, from_), *none)
    assert totals(mi2, tmp_path / "b")["images"] == 18 and totals(mi2, tmp_path / "b")["thumbnails"] == 0


def test_thumbs_of_a_size_are_thumbnails(mi2, filled, tmp_path):
    add(mi2, tmp_path / "b", "--thumbs", 32, filled / "in")
    assert totals(mi2, tmp_path / "b")["thumbnails"] == 18


@pytest.mark.parametrize("side", ["1", "31", "1025", "-32", "0x40", "many", "1.5", ""])
def test_thumbs_of_another_size_are_refused_before_anything_is_made(mi2, filled, tmp_path, side):
    errors = mi2("index", "add", f"--thumbs={side}", str(tmp_path / "b"), str(filled / "in"), status=2).errors
    assert "expected 0 or a whole number from 32 to 1024" in errors and not (tmp_path / "b").exists()


def test_a_kind_that_nothing_is_of_is_in_no_help(mi2):
    (line,) = [line for line in mi2("index", "search", "--help").stdout.decode().splitlines() if line.startswith("    kind ")]
    assert "series" in line and "report" not in line


def of_studies(rows, *left_out):
    return [(row["study"], row["item"], row["score"]) for row in rows if row["study"] not in left_out]


def test_exact_changes_nothing_and_does_not_go_with_approximate(mi2, filled):
    asked = ["--text", "lung", "--by", "image", "-k", 100]
    assert query(mi2, filled / "a", *asked, "--exact") == query(mi2, filled / "a", *asked)
    errors = run(mi2, "search", filled / "a", *asked, "--exact", "--approximate", status=2).errors
    assert "--approximate" in errors and "--exact" in errors


@pytest.mark.parametrize("more", [[], ["--where", "modality=CT"], ["--where", "modality=CT or date>=2023"]])
def test_a_study_that_is_excluded_is_filtered_out_and_counted(mi2, filled, more):
    asked = ["--text", "lung", "--by", "image", "-k", 100, *more]
    everything = query(mi2, filled / "a", *asked)
    gone = [uid("study", 0), uid("study", 3), uid("study", "of nobody")]
    left = query(mi2, filled / "a", *asked, *(part for study in gone for part in ("--exclude-study", study)))
    assert of_studies(left) == of_studies(everything, *gone) and len(left) < len(everything)
    assert left[0]["excluded"]["filter"] > everything[0]["excluded"]["filter"]
    assert left[0]["searched"] < everything[0]["searched"] and left[0]["exact"]


def test_a_card_of_a_search_without_a_study_replays(mi2, filled, tmp_path):
    asked = ["--item", 0, "--same-patient", "include", "--exclude-study", uid("study", 0)]
    found = query(mi2, filled / "a", *asked, "--cards", tmp_path / "cards")
    assert found and uid("study", 0) not in [row["study"] for row in found]
    (file,) = (tmp_path / "cards").glob("*.json")
    assert json.loads(file.read_text())["asked"]["where"] == f"not study={uid('study', 0)}"
    answer = json.loads(mi2("index", "replay", str(filled / "a"), str(file), "--format", "json", with_model=False).stdout)
    assert answer["same"]


def test_no_study_is_excluded_by_nothing(mi2, filled):
    assert "--exclude-study: expected" in run(mi2, "search", filled / "a", "--item", 0, "--exclude-study", "", status=2).errors


@pytest.mark.parametrize("asked", [["--item", 0, "--same-patient", "include"], ["--text", "lung"], ["--item", 0, "--text", "lung"]])
def test_csv_and_the_table_have_percentiles_and_csv_the_tags_as_jsonl_has(mi2, filled, asked):
    rows = query(mi2, filled / "a", *asked, "-k", 4)
    lines = rows_of(run(mi2, "search", filled / "a", *asked, "-k", 4, "-f", "csv"))
    done = run(mi2, "search", filled / "a", *asked, "-k", 4)
    head, *shown = [line.split() for line in done.stdout.decode().splitlines()]
    assert head[2] == "percentile"
    for row, line, cells in zip(rows, lines, shown, strict=True):
        assert (float(line["percentile"]) if line["percentile"] else None) == row.get("percentile")
        assert cells[2] == (f"{row['percentile']:.1f}" if "percentile" in row else "-")
        assert (line["agrees"].split(), line["differs"].split()) == (row.get("agrees", []), row.get("differs", []))
    assert any(row.get("agrees") for row in rows) == ("--text" not in asked)
    out = rows[0]["excluded"]
    assert f"{rows[0]['searched']} rows searched, exact, snapshot {rows[0]['snapshot']}" in done.errors
    assert out["filter"] == 0 and "left out by the filter" not in done.errors


def test_what_was_left_out_is_said_beside_a_table_and_csv(mi2, filled):
    asked = ["--text", "lung", "--where", "modality=CT"]
    out = query(mi2, filled / "a", *asked)[0]["excluded"]["filter"]
    for form in ("table", "csv"):
        assert f"; {out} left out by the filter" in run(mi2, "search", filled / "a", *asked, "-f", form).errors


def test_the_format_cards_writes_where_the_card_is(mi2, filled, tmp_path):
    done = run(mi2, "search", filled / "a", "--text", "lung", "--format", "cards", "--cards", tmp_path / "cards")
    (file,) = (tmp_path / "cards").glob("*.json")
    assert done.stdout.decode() == f"{file}\n" and json.loads(file.read_text())["results"]
    assert b"not sent" in run(mi2, "push", filled / "a", done.stdout.decode().strip(), "--as", "sr").stdout
    run(mi2, "search", filled / "a", "--text", "x-ray", "-f", "cards", "--cards", tmp_path / "cards", "--out", tmp_path / "names")
    assert (tmp_path / "names").read_text().strip() in map(str, (tmp_path / "cards").glob("*.json"))


def test_the_format_cards_without_a_place_for_them_is_refused(mi2, filled, tmp_path):
    errors = run(mi2, "search", filled / "a", "--text", "lung", "--format", "cards", status=2).errors
    assert "--format cards: expected --cards DIR" in errors
    run(mi2, "search", filled / "a", "--text", "lung", "-f", "cards", "--cards", tmp_path, "--out", tmp_path / "x.csv", status=2)
    run(mi2, "outliers", filled / "a", "--reference", "modality=CT", "--format", "cards", status=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v.npy", "v.csv", "v.jsonl", "v.parquet.csv"])
def test_vectors_go_to_a_file_as_out_of_it(mi2, filled, tmp_path, name):
    for option in ("--to", "--out"):
        run(mi2, "export", filled / "a", option, tmp_path / f"{option[2:]}-{name}")
    assert (tmp_path / f"to-{name}").read_bytes() == (tmp_path / f"out-{name}").read_bytes() != b""
    assert "already exists" in run(mi2, "export", filled / "a", "--to", tmp_path / f"to-{name}", status=2).errors
    run(mi2, "export", filled / "a", "--to", tmp_path / f"to-{name}", "--force")
    run(mi2, "export", filled / "a", "--to", tmp_path / "x.csv", "--out", tmp_path / "y.csv", status=2)
    assert run(mi2, "export", filled / "a", "--to", "-").stdout == run(mi2, "export", filled / "a").stdout

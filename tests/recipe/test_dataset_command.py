"""What a user of mi2 dataset is told."""
import csv
import io
import json
import os

import boneage
import busi
import isic2019
import nih
import padufes20
import pytest


def test_every_recipe_says_what_it_is(dataset):
    rows = json.loads(dataset("list", "--format", "json").stdout)
    names = [row["name"] for row in rows]
    assert names == sorted(names) and len(names) >= 15
    for row in rows:
        assert row["title"] and row["licence"] and row["about"] and row["protocols"], row
        assert row["name"] in dataset("list").stdout and row["title"] in dataset("describe", row["name"]).stdout
        assert json.loads(dataset("describe", row["name"], "--format", "json").stdout) == row


def test_every_figure_of_others_is_listed_with_its_source(dataset):
    rows = json.loads(dataset("figures", "--format", "json").stdout)
    assert all(row["source"] and row["metric"] and row["model"] and row["task"] and row["value"] > 0 for row in rows)
    text = dataset("figures", "--format", "csv").stdout
    again = list(csv.DictReader(io.StringIO(text)))
    assert [{key: "" if value is None else value if isinstance(value, str) else repr(value) for key, value in row.items()}
            for row in rows] == [{**row, "value": repr(json.loads(row["value"]))} for row in again]
    assert len(dataset("figures").stdout.splitlines()) == len(rows) + 1
    for recipe in json.loads(dataset("list", "--format", "json").stdout):
        of_recipe = [row for row in rows if row["dataset"] == recipe["name"]]
        assert {row["task"]: row["value"] for row in of_recipe} == \
            {name: row["value"] for name, row in (recipe["benchmarks"] | recipe["others"]).items()}
    published = [row for row in rows if row["model"] == "MedImageInsight" and row["dataset"]]
    assert "starter" not in {row["dataset"] for row in published}
    assert len(published) >= 21 and {row["way"] for row in published} == {"", "fine-tuned"}
    assert sum(row["way"] == "fine-tuned" for row in published) == 3
    (edema,) = [row for row in rows if row["model"] == "MedSigLIP" and row["task"] == "chest radiographs: edema"]
    assert (edema["value"], edema["rows"], edema["way"], edema["dataset"]) == (0.891, 518, "zero-shot", "")


def test_what_others_reach_stands_in_the_description(dataset):
    text = dataset("describe", "chestxray14").stdout
    assert "benchmark chestxray14-edema: AUC 0.86" in text and "other model ELIXR Edema: AUC 0.85; quoted" in text


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_table(prepare, tmp_path):
    padufes20.make(tmp_path / "pad")
    first = prepare("padufes20", tmp_path / "pad", "--seed", "3", out="a").rows
    table = tmp_path / "pad" / "metadata.csv"
    header, *lines = table.read_text().splitlines()
    table.write_text("\n".join([header, *lines[::-1]]) + "\n")
    assert prepare("padufes20", tmp_path / "pad", "--seed", "3", out="b").rows == first
    assert prepare("padufes20", tmp_path / "pad", "--seed", "4", out="c").rows != first


def test_counts_stand_beside_the_published_ones_and_strict_refuses(prepare, dataset, tmp_path):
    padufes20.make(tmp_path / "pad")
    found = prepare("padufes20", tmp_path / "pad")
    assert {"what": "images", "found": 65, "published": 2298} in found.recipe["published"]
    done = dataset("prepare", "padufes20", "--root", tmp_path / "pad", "--out", tmp_path / "s", "--strict", status=3)
    assert "images: 65 found, 2298 published" in done.stderr and not (tmp_path / "s" / "manifest.csv").exists()


@pytest.mark.parametrize("arguments, status, words", [
    (["prepare", "padufes", "--root", "{pad}", "--out", "{out}"], 2, "did you mean 'padufes20'"),
    (["describe", "nih"], 2, "mi2 dataset list"),
    (["prepare", "padufes20", "--root", "{pad}/none", "--out", "{out}"], 7, "expected the dataset's folder"),
    (["prepare", "isic2019", "--root", "{pad}", "--out", "{out}"], 7, "ISIC_2019_Training_GroundTruth.csv"),
    (["prepare", "padufes20", "--root", "{pad}", "--out", "{out}", "--protocol", "x"], 2, "expected published or patient"),
    (["prepare", "padufes20", "--root", "{pad}", "--out", "{out}", "--set", "a=b"], 2, "no setting 'a'"),
    (["prepare", "padufes20", "--root", "{pad}", "--out", "{out}", "--set", "a"], 2, "KEY=VALUE"),
    (["prepare", "--root", "{pad}", "--out", "{out}"], 2, "NAME or --recipe")])
def test_mistakes_are_told(dataset, tmp_path, arguments, status, words):
    padufes20.make(tmp_path / "pad")
    places = {"pad": tmp_path / "pad", "out": tmp_path / "out"}
    done = dataset(*(argument.format(**places) for argument in arguments), status=status)
    assert words in done.stderr, done.stderr


def test_a_table_without_a_column_that_matters_is_refused_by_its_name(dataset, tmp_path):
    padufes20.make(tmp_path / "pad")
    table = tmp_path / "pad" / "metadata.csv"
    table.write_text(table.read_text().replace("img_id", "picture"))
    done = dataset("prepare", "padufes20", "--root", tmp_path / "pad", "--out", tmp_path / "out", status=3)
    assert "metadata.csv: no column 'img_id'" in done.stderr


def test_a_column_of_people_may_be_absent_and_is_said(prepare, tmp_path):
    padufes20.make(tmp_path / "pad")
    table = tmp_path / "pad" / "metadata.csv"
    table.write_text(table.read_text().replace("fitspatrick", "other"))
    found = prepare("padufes20", tmp_path / "pad")
    assert "no column 'fitspatrick' or 'fitzpatrick': skin_type stays empty" in found.errors


def test_rows_of_one_id_that_differ_are_refused_and_equal_ones_are_one(prepare, dataset, tmp_path):
    nih.make(tmp_path / "nih", "2017")
    table = tmp_path / "nih" / "Data_Entry_2017.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines, lines[1]]) + "\n")
    assert prepare("chestxray14", tmp_path / "nih").recipe["excluded"]["listed twice"] == 1
    table.write_text("\n".join([*lines, lines[1].replace("Atelectasis", "Hernia")]) + "\n")
    done = dataset("prepare", "chestxray14", "--root", tmp_path / "nih", "--out", tmp_path / "x", status=3)
    assert "line 42" in done.stderr and "line 2" in done.stderr and "differs" in done.stderr


def test_a_missing_half_of_the_images_is_counted(prepare, tmp_path):
    isic2019.make(tmp_path / "isic")
    folder = tmp_path / "isic" / "ISIC_2019_Training_Input" / "ISIC_2019_Training_Input"
    gone = sorted(folder.iterdir())[::2]
    for path in gone:
        path.unlink()
    found = prepare("isic2019", tmp_path / "isic")
    assert found.recipe["excluded"]["no file of that name"] == len(gone) and len(found.rows) == 70 - len(gone)


def test_no_image_at_all_is_an_error_with_the_reasons(dataset, tmp_path):
    isic2019.make(tmp_path / "isic")
    for path in (tmp_path / "isic").rglob("*.jpg"):
        path.unlink()
    done = dataset("prepare", "isic2019", "--root", tmp_path / "isic", "--out", tmp_path / "out", status=3)
    assert "no image of ISIC 2019" in done.stderr and "74 no file of that name" in done.stderr


def test_two_tables_of_one_name_are_refused_unless_one_is_nearer(dataset, prepare, tmp_path):
    root = tmp_path / "hands"
    boneage.make(root)
    table = root / "boneage-training-dataset.csv"
    for folder in ("a", "b"):
        (root / folder).mkdir()
        (root / folder / table.name).write_bytes(table.read_bytes())
    assert len(prepare("rsna-boneage", root).rows) == 30
    table.unlink()
    done = dataset("prepare", "rsna-boneage", "--root", root, "--out", tmp_path / "x", status=3)
    assert "both a/boneage-training-dataset.csv and b/" in done.stderr


SMALL = """title: T
about: A
licence: L
task: labels
rows: [{table: t.csv}]
splits: {a: {column: b}}
"""


@pytest.mark.parametrize("text, words", [
    ("title: x\n", "lacks the key 'about'"), ("title: x\ntitle: y\n", "given twice"), ("titel: x\n", "is no key here"),
    (SMALL + "label: {replace: {\"\": x}}\n", "replaces nothing"), ("[", "not YAML"), ("- 1\n", "no map")])
def test_a_recipe_that_is_none_is_refused_where_it_is_wrong(dataset, tmp_path, text, words):
    (tmp_path / "r.yaml").write_text(text)
    done = dataset("prepare", "--recipe", tmp_path / "r.yaml", "--root", tmp_path, "--out", tmp_path / "o", status=3)
    assert words in done.stderr and "r.yaml" in done.stderr


def test_nothing_is_written_into_the_dataset(dataset, tmp_path):
    padufes20.make(tmp_path / "pad")
    (tmp_path / "link").symlink_to(tmp_path / "pad" / "images")
    for out in (tmp_path / "pad", tmp_path / "pad" / "images" / "new", tmp_path / "link" / "new"):
        done = dataset("prepare", "padufes20", "--root", tmp_path / "pad", "--out", out, status=2)
        assert "where nothing is written" in done.stderr
    assert not (tmp_path / "pad" / "images" / "new").exists() and not (tmp_path / "pad" / "manifest.csv").exists()


def test_a_file_whose_name_no_manifest_can_hold_is_left_out(prepare, tmp_path):
    busi.make(tmp_path / "busi")
    folder = tmp_path / "busi" / "Dataset_BUSI_with_GT" / "normal"
    (folder / "normal (1).png").rename(os.fsdecode(os.fsencode(folder) + b"/normal\xff (1).png"))
    (folder / "loop").symlink_to(tmp_path / "busi")
    found = prepare("busi", tmp_path / "busi")
    assert found.recipe["excluded"] == {"a mask": 15, "a file whose path is not UTF-8": 1} and len(found.rows) == 11

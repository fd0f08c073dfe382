"""Tables in .xlsx, beside openpyxl."""
import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from pixels import write_png

import boneage

RECIPE = """\
title: A workbook
task: labels
licence: none
about: a test
rows:
  - table: [book.xlsx]
    columns: {image: [File], label: [Label], a: [A], b: [B], c: [C], patient: [Who]}
image: {key: image, by: name}
texts: {template: "a {label}"}
attributes: [a, b, c, patient]
splits:
  all: {drawn: {test: 0}}
"""


def recipe_in(folder):
    path = folder / "ours.yaml"
    path.write_text(RECIPE)
    return path


def as_text(value):
    """What a cell of openpyxl shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def test_cells_are_as_openpyxl_reads_them(prepare, tmp_path):
    root = tmp_path / "root"
    values = [24, 131.5, 0.1, 1 / 3, 100000, -7, 1e14, True, False, "text", "comma, \"quoted\"", "two\nlines", "24",
              "\u8fd1\u89c6", None, 1234567.25]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["File", "Label", "A", "B", "C", "Who"])
    for i, value in enumerate(values):
        write_png(root / f"{i}.png", i)
        rich = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
        sheet.append([f"{i}.png", "x", value, values[-1 - i], rich if i % 2 else None, f"P{i}"])
    sheet.merge_cells("F3:F4")
    sheet["A2"].font = Font(bold=True)
    book.create_sheet("second").append(["never read"])
    book.save(root / "book.xlsx")
    found = prepare(recipe_in(tmp_path), root)
    read = openpyxl.load_workbook(root / "book.xlsx", data_only=True).worksheets[0]
    for name, label, a, b, c, who in read.iter_rows(min_row=2, values_only=True):
        row = found.by_id[name[:-4]]
        assert [row["label"], row["a"], row["b"], row["c"], row["patient"]] == [as_text(v) for v in (label, a, b, c, who)]
    assert found.by_id["2"]["patient"] == ""  # of merged cells the first has the value


def test_bone_ages_of_the_test_set_come_from_their_workbook(prepare, tmp_path):
    root = tmp_path / "boneage"
    expected = boneage.make(root)
    table = root / "Bone Age Test Set" / "Bone age ground truth.csv"
    rows = [line.split(",") for line in table.read_text().splitlines()]
    by_csv = prepare("rsna-boneage", root, out="csv")
    book = openpyxl.Workbook()
    for number, (case, sex, age) in enumerate(rows):
        book.active.append([case, sex, age] if number == 0 else [int(case), sex, float(age)])
    book.save(table.with_suffix(".xlsx"))
    table.unlink()
    found = prepare("rsna-boneage", root, out="xlsx")
    assert found.counts("split")["test"] == expected["test"]
    assert found.rows == by_csv.rows


def test_what_is_no_workbook_is_refused_by_words(dataset, tmp_path):
    root = tmp_path / "root"
    write_png(root / "1.png", 1)

    def refused(content, status, *words):
        (root / "book.xlsx").write_bytes(content)
        done = dataset("prepare", "--recipe", recipe_in(tmp_path), "--root", root, "--out", tmp_path / "o",
                       status=status)
        assert all(word in done.stderr for word in ("book.xlsx", *words)), done.stderr
    refused(b"File,Label\n1.png,x\n", 3, "expected a zip")
    refused(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, 4, "password")
    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    refused((tmp_path / "empty.xlsx").read_bytes(), 3, "without a value")

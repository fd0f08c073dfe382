"""Real reports, whose sections are labelled, divided by our rules. MI2_OPEN_I is data/NLMCXR_reports.tgz of the wheel
torchxrayvision (CC BY-NC-ND 4.0: nothing of it is kept). Written anew, a report is laid out as MIMIC-CXR's are."""
import csv
import os
import tarfile
import textwrap
import xml.etree.ElementTree

import pytest
from conftest import run
from mimic import name_of
from pixels import write_png

LABELS = ("COMPARISON", "INDICATION", "FINDINGS", "IMPRESSION")
SOURCE = os.environ.get("MI2_OPEN_I", "")


def reports():
    with tarfile.open(SOURCE) as archive:
        for member in sorted(archive.getnames()):
            if member.endswith(".xml"):
                root = xml.etree.ElementTree.parse(archive.extractfile(member)).getroot()
                texts = {e.get("Label"): "".join(e.itertext()) for e in root.iter("AbstractText")}
                yield {label: " ".join(texts.get(label, "").split()) for label in LABELS}


def wrapped(text):
    return textwrap.wrap(text, 78, break_on_hyphens=False, break_long_words=False)


def laid_out(report, layout):
    lines = [" " * 33 + "FINAL REPORT"] if layout == "mimic" else []
    for label in LABELS:
        if not report[label]:
            continue
        if layout == "mimic":
            lines += [" " + line for line in wrapped(f"{label}:  {report[label]}")] + [" "]
        elif layout == "titles":
            lines += [f"{label.title()}:", *wrapped(report[label]), ""]
        else:
            lines += [f"{label}:", *[" " + line for line in wrapped(report[label])]]
    return "\n".join(lines) + "\n"


def share_right(folder, layout, sections):
    root = folder / layout
    if not root.exists():
        write(root, layout)
    out = folder / f"{layout}-{sections}"
    run("prepare", "mimic-cxr", "--root", root, "--out", out, "--set", f"sections={sections}")
    with open(out / "manifest.csv", newline="", encoding="utf-8") as file:
        found = {int(row["study"]): row for row in csv.DictReader(file)}
    judged = right = 0
    for number, report in enumerate(reports(), 1):
        if not report["FINDINGS"] and not report["IMPRESSION"]:
            continue
        judged += 1
        row = found.get(number, {"findings": "", "impression": ""})
        right += row["findings"] == report["FINDINGS"] and row["impression"] == report["IMPRESSION"]
    return judged, right / judged


def write(root, layout):
    metadata, splits = ["dicom_id,subject_id,study_id,ViewPosition,ViewCodeSequence_CodeMeaning,StudyDate"], ["dicom_id,split"]
    for number, report in enumerate(reports(), 1):
        metadata.append(f"{name_of(number)},{number},{number},PA,,21800101")
        splits.append(f"{name_of(number)},test")
        write_png(root / f"{name_of(number)}.jpg", number % 250)
        (root / f"s{number}.txt").write_text(laid_out(report, layout), encoding="utf-8")
    (root / "mimic-cxr-2.0.0-metadata.csv").write_text("\n".join(metadata) + "\n")
    (root / "mimic-cxr-2.0.0-split.csv").write_text("\n".join(splits) + "\n")


@pytest.mark.skipif(not SOURCE, reason="MI2_OPEN_I names no reports of Open-i")
@pytest.mark.parametrize("layout,sections,least", [("mimic", "mimic", 0.999), ("mimic", "mimic-official", 0.999),
                                                   ("titles", "mimic", 0.999), ("tight", "mimic", 0.999)])
def test_labelled_sections_come_back(tmp_path_factory, layout, sections, least):
    judged, share = share_right(tmp_path_factory.mktemp("open-i"), layout, sections)
    print(f"{layout}, {sections}: {100 * share:.2f} % of {judged} reports")
    assert share >= least

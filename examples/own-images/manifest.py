#!/usr/bin/env python3
"""From a folder of images and a table of reports to what `mi2 train` reads, with patients kept apart.

    manifest.py IMAGES REPORTS.csv PROMPTS.csv OUT

REPORTS.csv   one row per examination: `accession` (for DICOM), or `file` and `patient` (for other images; `file` is
              relative to IMAGES); `label`; `report`, or nothing
PROMPTS.csv   `label,prompt`: the text that stands for each label, in the words the model was trained with
OUT           receives manifest.csv, test.csv (its rows of test), prompts.csv, labels.txt and key; a key that is there
              stays

Patients go to train (70 %), val (15 %) and test (15 %) by a keyed hash of their identifier, so that another run, and
new images of a known patient, fall on the same side. The manifest has that hash in place of the identifier.
"""
import collections
import csv
import hashlib
import hmac
import os
import pathlib
import re
import sys

SPLITS = ((0.70, "train"), (0.85, "val"), (1.0, "test"))
FEW = 10  # patients of a label in a split, below which a figure says little


def key_in(folder):
    """The secret that turns identifiers into pseudonyms; whoever has it can find a patient again."""
    path = folder / "key"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
    return path.read_bytes()


def caption_of(report):
    """What a report concludes: its last impression or conclusion, else all of it, in one line."""
    parts = re.split(r"(?im)^\s*(?:impression|conclusion|opinion)\s*:", report)
    return " ".join(re.split(r"(?m)^\s*[A-Z][A-Z ]+:", parts[-1])[0].split()) or " ".join(report.split())


def dicom_images(images, excluded):
    """(path, accession, patient) of each DICOM file with pixels that is no localizer and has no burned-in text."""
    import pydicom  # pip install pydicom; only for DICOM

    for path in sorted(p for p in images.rglob("*") if p.is_file()):
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except pydicom.errors.InvalidDicomError:
            excluded["not DICOM"] += 1
            continue
        if "Rows" not in dataset:
            excluded["no pixels"] += 1
        elif "LOCALIZER" in (dataset.get("ImageType") or []):
            excluded["localizer"] += 1
        elif dataset.get("BurnedInAnnotation") == "YES":
            excluded["burned-in annotation"] += 1
        elif not dataset.get("PatientID"):
            excluded["no PatientID"] += 1
        else:
            patient = f"{dataset.get('IssuerOfPatientID', '')}\0{dataset.PatientID}"
            yield path, str(dataset.get("AccessionNumber", "")), patient


def table(path, *needed):
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in needed if rows and name not in rows[0]]
    if not rows or missing:
        sys.exit(f"{path}: expected rows with columns {', '.join(needed)}; missing: {', '.join(missing) or 'all rows'}")
    return rows


def examples(images, reports, excluded):
    """(path, patient, row of the reports) of each image that has one."""
    if "accession" not in reports[0]:
        for row in reports:
            path = images / row["file"]
            patient = (row["patient"] or "").strip()  # as DICOM has it: blanks around it make no other patient
            if not path.is_file():
                excluded["file is missing"] += 1
            elif not patient:
                excluded["no patient"] += 1
            else:
                yield path, patient, row
        return
    by_accession = {row["accession"]: row for row in reports}
    if len(by_accession) < len(reports):
        sys.exit("two rows of the reports have one accession number")
    for path, accession, patient in dicom_images(images, excluded):
        if accession and accession in by_accession:
            yield path, patient, by_accession[accession]
        else:
            excluded["no report"] += 1


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    images, reports_file, prompts_file, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    reports = table(reports_file, "label")
    if "accession" not in reports[0] and not {"file", "patient"} <= reports[0].keys():
        sys.exit(f"{reports_file}: expected a column accession, or file and patient")
    prompts = {row["label"]: row["prompt"] for row in table(prompts_file, "label", "prompt")}
    out.mkdir(parents=True, exist_ok=True)
    key = key_in(out)
    excluded, patients = collections.Counter(), collections.defaultdict(set)
    columns = ["file", "split", "label", "caption", "patient", "text"]
    with (open(out / "manifest.csv", "w", newline="", encoding="utf-8") as file,
          open(out / "test.csv", "w", newline="", encoding="utf-8") as test):
        tables = {"train": [csv.writer(file)], "val": [csv.writer(file)], "test": [csv.writer(file), csv.writer(test)]}
        for rows in tables["test"]:
            rows.writerow(columns)
        for path, patient, row in examples(images, reports, excluded):
            if row["label"] not in prompts:
                excluded[f"label without a prompt: {row['label'] or '(empty)'}"] += 1
                continue
            digest = hmac.new(key, patient.encode(), hashlib.sha256).digest()
            place = int.from_bytes(digest[:8], "big") / 2**64
            split = next(name for limit, name in SPLITS if place < limit)
            pseudonym = digest[8:16].hex()
            patients[row["label"], split].add(pseudonym)
            prompt = prompts[row["label"]]
            caption = caption_of(row.get("report") or "") or prompt
            for rows in tables[split]:
                rows.writerow([path, split, row["label"], caption, pseudonym, prompt])
    with open(out / "prompts.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("label", "prompt"), *prompts.items()])
    texts = "".join(f"{prompt}\n" for prompt in dict.fromkeys(prompts.values()))
    (out / "labels.txt").write_text(texts, encoding="utf-8")
    for reason, count in excluded.most_common():
        print(f"left out: {count} images, {reason}", file=sys.stderr)
    for label in prompts:
        counts = {name: len(patients[label, name]) for _, name in SPLITS}
        few = "   too few to say much" if min(counts.values()) < FEW else ""
        print(f"{label}: patients {', '.join(f'{n} {name}' for name, n in counts.items())}{few}", file=sys.stderr)


if __name__ == "__main__":
    main()

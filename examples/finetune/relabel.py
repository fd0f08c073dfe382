#!/usr/bin/env python3
"""Write a manifest and prompts with departments in place of findings: labels the starter has never seen.

    relabel.py DATA OUT      DATA has manifest.csv; OUT receives manifest.csv and prompts.csv
"""
import csv
import pathlib
import sys


def main():
    data, out = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    with open(pathlib.Path(__file__).parent / "departments.csv", newline="") as file:
        departments = {row["label"]: row for row in csv.DictReader(file)}
    out.mkdir(parents=True, exist_ok=True)
    with open(data / "manifest.csv", newline="") as source, open(out / "manifest.csv", "w", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["file", "split", "label", "caption"])
        for row in csv.DictReader(source):
            department = departments.get(row["label"])
            if department:
                rows.writerow([data / row["file"], row["split"], department["department"], department["prompt"]])
    with open(out / "prompts.csv", "w", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["label", "prompt"])
        rows.writerows(sorted({(row["department"], row["prompt"]) for row in departments.values()}))


if __name__ == "__main__":
    main()

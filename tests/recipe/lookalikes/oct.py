"""Kermany's OCT: a folder's name that ends in a blank, one file in two splits, one number under two diagnoses."""
from pixels import write_png


def make(root, folder="OCT2017 "):
    files = [("train", "CNV", "1016042", 1), ("train", "CNV", "1016042", 2), ("test", "CNV", "1016042", 1),
             ("train", "DRUSEN", "1001666", 1), ("test", "NORMAL", "1001666", 1), ("val", "DME", "30521", 1),
             ("train", "DME", "30522", 1), ("train", "NORMAL", "5", 1), ("test", "DRUSEN", "6", 1)]
    for i, (split, name, patient, n) in enumerate(files):
        write_png(root / folder / split / name / f"{name}-{patient}-{n}.jpeg", i)
    (root / folder / "train" / "CNV" / ".DS_Store").write_bytes(b"x")
    return {"images": len(files), "patients": 6, "in_several": 2}

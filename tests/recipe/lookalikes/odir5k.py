"""ODIR-5K: keywords divided by two kinds of commas, words on quality among them, letters of patients that are no labels."""
import csv

from pixels import write_png

COMMA = "\uff0c"
HEADER = ["ID", "Patient Age", "Patient Sex", "Left-Fundus", "Right-Fundus", "Left-Diagnostic Keywords",
          "Right-Diagnostic Keywords", "N", "D", "G", "C", "A", "H", "M", "O"]

# cell, label with words on quality left out, label with them counted; None: left out
CELLS = [("normal fundus", "normal fundus", "normal fundus")] * 40 + [
    ("moderate non proliferative retinopathy", "moderate non proliferative retinopathy",
     "moderate non proliferative retinopathy")] * 20 + [
    ("glaucoma", "glaucoma", "glaucoma")] * 10 + [("cataract", "cataract", "cataract")] * 9 + [
    ("lens dust" + COMMA + "normal fundus", "normal fundus", "normal fundus"),
    (" Drusen , ", "drusen", "drusen"),
    ("glaucoma" + COMMA + " low image quality", "glaucoma", None),
    ("low image quality", "low image quality", "low image quality"),
    ("no fundus image, lens dust", "no fundus image", "no fundus image"),
    ("image offset" + COMMA + "low image quality", None, None),
    ("drusen" + COMMA + "glaucoma", None, None),
    ("drusen, glaucoma", None, None),
    ("lens dust", None, None),
    ("", None, None),
    ("suspected abnormal color of optic disc", "suspected abnormal color of  optic disc",
     "suspected abnormal color of  optic disc"),
    ("myopia retinopathy", "myopia retinopathy", "myopia retinopathy"),
    ("a keyword that nobody published", None, None),
]


def eyes():
    """Patient, side, image, cell, both labels: two eyes per patient, normal ones last so that patients are mixed."""
    for i, (cell, dropped, kept) in enumerate(CELLS):
        yield i % (len(CELLS) // 2), ("left", "right")[i // (len(CELLS) // 2)], cell, dropped, kept


def make(root, form="csv", preprocessed=False):
    """@param form  csv: a row per patient; full_df: as Kaggle has it, a row per image; xlsx: a workbook."""
    patients = {}
    labels = {"drop": {}, "keep": {}}
    for patient, side, cell, dropped, kept in eyes():
        patients.setdefault(patient, {})[side] = cell
        name = f"{patient}_{side}"
        if not (patient == 0 and side == "left"):  # one photograph is missing
            write_png(root / "ODIR-5K_Training_Images" / "ODIR-5K_Training_Images" / f"{name}.jpg", patient)
            if dropped is not None:
                labels["drop"][name] = dropped
            if kept is not None:
                labels["keep"][name] = kept
        if preprocessed:
            write_png(root / "preprocessed_images" / f"{name}.jpg", 100 + patient)
    rows = [[patient, 20 + patient, ("Female", "Male")[patient % 2], f"{patient}_left.jpg", f"{patient}_right.jpg",
             sides["left"], sides["right"], *"10000001"] for patient, sides in patients.items()]
    if form == "xlsx":
        import openpyxl
        book = openpyxl.Workbook()
        for row in [HEADER, *rows]:
            book.active.append(row)
        book.save(root / "data.xlsx")
    else:
        header = HEADER
        name = "ODIR-5K_Training_Annotations(Updated)_V2.csv"
        if form == "full_df":
            header, name = [*HEADER, "filepath", "labels", "target", "filename"], "full_df.csv"
            rows = [[*row, f"../{row[0]}_{side}.jpg", "['N']", "[1, 0]", f"{row[0]}_{side}.jpg"]
                    for row in rows for side in ("left", "right")]
        with open(root / name, "w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([header, *rows])
    return {"labels": labels, "patients": len(patients), "eyes": 2 * len(patients)}

"""NIH ChestX-ray14 and NIH-CXR-LT: both generations of the table, its header with commas, lists, a missing image."""
import gzip

from pixels import write_png

FINDINGS = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
            "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax", "Pneumoperitoneum",
            "Pneumomediastinum", "Subcutaneous Emphysema", "Tortuous Aorta", "Calcification of the Aorta", "No Finding"]
HEADER = ("Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
          "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]")
OLD_AGES = {0: "058Y", 3: "413Y", 6: "006M"}


def images():
    for number in range(40):
        yield f"{number // 2:08d}_{number % 2:03d}.png", number


def make(root, generation="2020"):
    old = generation == "2017"
    lines = [HEADER + ("," if old else "")]
    for name, number in images():
        labels = "No Finding" if number % 3 else f"{FINDINGS[number % 14]}|{FINDINGS[(number + 1) % 14]}"
        age = OLD_AGES.get(number, f"{20 + number:03d}Y") if old else 20 + number
        lines.append(f"{name},{labels},{number % 2},{number // 2},{age},{'MF'[number % 2]},PA,2500,2048,0.143,0.143" +
                     ("," if old else ""))
        if number != 11:
            write_png(root / f"images_{number % 12 + 1:03d}" / "images" / name, number)
    table = root / ("Data_Entry_2017.csv" if old else "Data_Entry_2017_v2020.csv")
    if old:
        table.write_text("\n".join(lines) + "\n")
    else:
        (root / "Data_Entry_2017_v2020.csv.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    (root / "BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000000_000.png,Atelectasis,225.0,547.0,86.7,79.1\n"
        "00000000_000.png,Infiltrate,1.0,2.0,3.0,4.0\n00000005_001.png,Mass,5.0,6.0,7.0,8.0\n")
    names = [name for name, _ in images()]
    (root / "train_val_list.txt").write_text("\n".join(names[:28]))
    (root / "test_list.txt").write_text("\r\n".join(names[28:38]) + "\r\n")
    return {"images": 37, "unlisted": 2, "missing": 1, "train": 27, "test": 10}


def make_long_tail(root):
    make(root)
    parts = {"train": range(0, 28), "balanced-val": range(28, 32), "test": range(32, 40), "balanced_test": range(36, 40)}
    order = FINDINGS[::-1]  # the columns' order is not the texts'
    for part, numbers in parts.items():
        lines = ["id," + ",".join(order) + ",subject_id"]
        for number in numbers:
            name = f"{number // 2:08d}_{number % 2:03d}.png"
            lines.append(name + "," + ",".join("1" if f == FINDINGS[number % 20] else "0" for f in order) +
                         f",{number // 2}")
        prefix = "nih-cxr-lt" if part != "test" else "nih-lt"
        (root / "labels" / f"{prefix}_single-label_{part}.csv").parent.mkdir(exist_ok=True)
        (root / "labels" / f"{prefix}_single-label_{part}.csv").write_text("\n".join(lines) + "\n")
    return {"train": 27, "val": 4, "test": 8, "balanced": 4}

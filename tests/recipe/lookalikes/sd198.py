"""SD-198: a folder per disease, names with apostrophes, brackets and blanks; odd and even classes; lists beside them."""
from pixels import write_png

CLASSES = {"Beau's_Lines": 5, "Actinic_solar_Damage(Actinic_Cheilitis)": 4, "Acne_Vulgaris": 7, "Acute_Eczema": 2,
           "Not_a_Disease": 3, "Allergic_Contact_Dermatitis": 1}


def make(root):
    number = 0
    for name, count in CLASSES.items():
        for i in range(count):
            write_png(root / "sd-198" / "sd-198" / "images" / name / f"img {i}-{name[:4]}.jpg", number)
            number += 1
    (root / "sd-198" / "sd-198" / "classes.txt").write_text("".join(f"{i + 1} {n}\n" for i, n in enumerate(CLASSES)))
    return {"images": number - 3, "without_text": 3, "train": 2 + 2 + 3 + 1 + 0}

"""ISIC 2019: one-hot ground truth, suffixes in ids, lesions with several images, UNK in the test set, empty cells."""
from pixels import write_png

CODES = ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"]
PER_CODE = dict(zip(CODES, (10, 20, 10, 5, 10, 5, 5, 5)))


def make(root):
    number = 0
    truth, people = ["image," + ",".join(CODES) + ",UNK"], ["image,age_approx,anatom_site_general,lesion_id,sex"]
    for code, count in PER_CODE.items():
        for i in range(count):
            name = f"ISIC_{number:07d}" + ("_downsampled" if number % 3 == 0 else "")
            truth.append(name + "," + ",".join("1.0" if c == code else "0.0" for c in CODES) + ",0.0")
            lesion = f"{code}_{i // 2}" if i % 5 else ""
            people.append(f"{name},{'' if number % 7 == 0 else 5 * (number % 17)},anterior torso,{lesion},"
                          f"{('male', 'female', '')[number % 3]}")
            write_png(root / "ISIC_2019_Training_Input" / "ISIC_2019_Training_Input" / f"{name}.jpg", number)
            number += 1
    (root / "ISIC_2019_Training_GroundTruth.csv").write_text("\n".join(truth) + "\n")
    (root / "ISIC_2019_Training_Metadata.csv").write_text("\ufeff" + "\r\n".join(people) + "\r\n")
    test = ["image," + ",".join(CODES) + ",UNK,score_weight,validation_weight"]
    for i in range(6):
        name = f"ISIC_1{i:06d}"
        code = "UNK" if i >= 4 else CODES[i]
        test.append(name + "," + ",".join("1.0" if c == code else "0.0" for c in [*CODES, "UNK"]) + ",1.0,0.0")
        write_png(root / "ISIC_2019_Test_Input" / f"{name}.jpg", 100 + i)
    (root / "ISIC_2019_Test_GroundTruth.csv").write_text("\n".join(test) + "\n")
    (root / "ISIC_2019_Training_Input" / "ATTRIBUTION.txt").write_text("")
    return {"images": 70, "unknown": 2, "test": 4}

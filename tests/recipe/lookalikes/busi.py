"""BUSI: masks beside images, one image with two."""
from pixels import write_png


def make(root):
    number = 0
    for name, count in {"benign": 5, "malignant": 4, "normal": 3}.items():
        for i in range(1, count + 1):
            folder = root / "Dataset_BUSI_with_GT" / name
            write_png(folder / f"{name} ({i}).png", number)
            write_png(folder / f"{name} ({i})_mask.png", 100 + number)
            if i == 2:
                write_png(folder / f"{name} ({i})_mask_1.png", 200 + number)
            number += 1
    return {"images": 12, "masks": 15}

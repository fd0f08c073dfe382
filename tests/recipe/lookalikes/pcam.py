"""PatchCamelyon: arrays chunked and deflated as h5py does it, one plain, one packed as a whole, tables of slides."""
import csv
import gzip

import h5py
import numpy as np

COUNT = {"train": 33, "valid": 8, "test": 6}


def arrays(split):
    rng = np.random.default_rng(len(split))
    count = COUNT[split]
    return rng.integers(0, 256, (count, 96, 96, 3), np.uint8), (np.arange(count) % 2).astype(np.uint8)


def write_array(path, name, values, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset(name, data=values, **options)


def make(root, folder="pcam"):
    base = root / folder
    base.mkdir(parents=True)
    options = {"train": dict(chunks=(8, 24, 48, 3), compression="gzip", shuffle=True), "valid": {},
               "test": dict(chunks=True, compression="gzip", fletcher32=True)}
    for split in COUNT:
        x, y = arrays(split)
        stem = f"camelyonpatch_level_2_split_{split}"
        write_array(base / f"{stem}_x.h5", "x", x, **options[split])
        write_array(base / f"{stem}_y.h5", "y", y.reshape(-1, 1, 1, 1), **({"chunks": (16, 1, 1, 1)} if split == "train" else {}))
        with open(base / f"{stem}_meta.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["", "coord_y", "coord_x", "tumor_patch", "center_tumor_patch", "wsi"])
            table.writerows([i, 10, 20, True, bool(label), f"camelyon16_{split}_{i // 4:03d}"] for i, label in enumerate(y))
    for name in ("test_x.h5", "train_y.h5", "valid_meta.csv"):
        path = base / f"camelyonpatch_level_2_split_{name}"
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return {"train": 33, "val": 8, "test": 6}

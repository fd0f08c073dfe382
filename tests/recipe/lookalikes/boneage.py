"""RSNA Bone Age: three tables that call their columns differently; a number that names an image of two sets."""
from pixels import write_png


def make(root, nested=True):
    train = ["id,boneage,male"]
    folder = root / "boneage-training-dataset" / ("boneage-training-dataset" if nested else "")
    for i in range(20):
        train.append(f"{1377 + i},{12 * i},{i % 2 == 0}")
        write_png(folder / f"{1377 + i}.png", i)
    train.append("1500,,True")
    write_png(folder / "1500.png", 77)
    (root / "boneage-training-dataset.csv").write_text("\n".join(train) + "\n")
    validation = ["Image ID,male,Bone Age (months)"]
    for i in range(6):
        validation.append(f"{1400 + i},{'TRUE' if i % 2 else 'FALSE'},{30 * i}")
        part = "boneage-validation-dataset-1" if i < 3 else "boneage-validation-dataset-2"
        write_png(root / "Bone Age Validation Set" / part / f"{1400 + i}.png", 30 + i)
    (root / "Bone Age Validation Set" / "Validation Dataset.csv").write_text("\r\n".join(validation) + "\r\n")
    test = ["Case ID,Sex,Ground truth bone age (months)"]
    for i in range(4):  # 1377 is in the training set too
        test.append(f"{1377 + i},{'MF'[i % 2]},{100.5 + i}")
        write_png(root / "Bone Age Test Set" / "Test Set Images" / f"{1377 + i}.png", 60 + i)
    (root / "Bone Age Test Set" / "Bone age ground truth.csv").write_text("\n".join(test) + "\n")
    return {"train": 20, "val": 6, "test": 4}

"""IRMA: a table of codes of our own with words of the published texts, and images named with and without zeros."""
import gzip

from pixels import write_png

AXES = {
    "T": {"1": "x-ray", "11": "plain radiography", "112": "analog", "1121": "overview image"},
    "D": {"0": "unspecified", "1": "coronal", "10": "unspecified", "11": "posteroanterior (PA)", "110": "unspecified",
          "111": "expiration", "12": "anteroposterior (AP, coronal)", "120": "unspecified", "127": "supine",
          "2": "sagittal", "20": "unspecified", "23": "mediolateral", "4": "other orientation", "40": "unspecified",
          "4a": "right anterior oblique (RAO)", "4b": "occipitofrontal"},
    "A": {"0": "unspecified", "2": "cranium", "20": "unspecified", "23": "facial cranium", "230": "unspecified",
          "233": "eye area", "5": "chest", "50": "unspecified", "51": "bones", "510": "unspecified",
          "51a": "lower ribs", "7": "abdomen", "70": "unspecified", "9": "lower extremity / leg", "91": "foot",
          "91a": "toe"},
    "B": {"0": "unspecified", "5": "uropoietic system", "50": "unspecified", "7": "musculoskeletal system",
          "70": "unspecified"},
}

# code, label; None: left out, and why
CODES = [
    ("1121-127-700-500", "abdomen unspecified, coronal anteroposterior (AP, coronal) supine"),
    ("1121-120-91a-700", "lower extremity / leg foot toe, coronal anteroposterior (AP, coronal) unspecified"),
    ("1121-4b0-233-700", "cranium facial cranium eye area, other orientation occipitofrontal"),
    ("1121-230-91a-700", "lower extremity / leg foot toe, sagittal mediolateral"),
    ("1121-127-500-000", "chest unspecified, coronal anteroposterior (AP, coronal) supine"),
    ("1121-120-51a-700", "chest bones lower ribs, coronal anteroposterior (AP, coronal) unspecified"),
    ("1121-120-510-700", "chest bones unspecified, coronal anteroposterior (AP, coronal) unspecified"),
    ("1121-111-500-000", "chest unspecified, coronal posteroanterior (PA) expiration"),
    ("1121-110-500-000", "chest unspecified, coronal posteroanterior (PA) unspecified"),
    ("1121-120-200-700", "cranium unspecified, coronal anteroposterior (AP, coronal) unspecified"),
    # Another technique and system: the same class.
    ("1120-127-700-400", "abdomen unspecified, coronal anteroposterior (AP, coronal) supine"),
    ("\\N", None),
    ("1121-12*-700-500", None),
    ("1121-127-300-500", None),
    ("chest", None),
    ("1121-4a0-233-700", None),  # a text that is not among the published
]
TOTAL = 40


def code_of(number):
    return CODES[number % len(CODES)]


def write_table(root, form):
    if form == "txt":
        lines = []
        for axis, codes in AXES.items():
            lines += [f"** {axis} axis", *(f"[{code}] {label}" for code, label in codes.items()), ""]
        (root / "code-2008-04-14.txt").write_text("\n".join(lines))
        return
    # The four files are named A to D in the order of the code, not after the letters of its axes.
    for name, codes in zip("ABCD", AXES.values()):
        text = "".join(f"{code};{label}\r\n" for code, label in codes.items()) + ";\r\n"
        (root / f"{name}.csv").write_bytes(text.encode())


def make(root, table="txt", lists="official", nested=True):
    """@param lists  official: the two tables of the challenge; plain: image_codes.csv without a header."""
    header = "image_id;irma_code;05_class;06_class;07_irma_code;08_irma_code"
    rows = {"train": [header], "test": [header]}
    expected = {}
    plain = []
    for number in range(TOTAL):
        code, label = code_of(number)
        split = "test" if number >= 30 else "train"
        image = 1880 + number
        old = "\\N" if number % 3 == 0 else str(number % 57)
        row = f"{image};{code};{old};{old};{code if number % 2 else chr(92) + 'N'};{code}"
        if number == 5:  # columns go by their names, and codes by small letters
            row = row.replace("51a", "51A")
        rows[split].append(row)
        plain.append(f"{image},{code}")
        folder = {"train": "ImageCLEFmed2009_train.02", "test": "ImageCLEFmed2009_test.03"}[split]
        if number != 2:  # one image is missing
            padded = f"{image:08d}" if number % 2 else str(image)
            write_png(root / folder / (folder if nested else "") / f"{padded}.png", number)
            if label is not None:
                expected[str(image)] = {"label": label, "code": code, "split": split, "old": old, "number": number}
    write_table(root, table)
    if lists == "plain":
        (root / "image_codes.csv").write_text("\n".join(plain) + "\n")
    else:
        with gzip.open(root / "ImageCLEFmed2009_train_codes.02.csv.gz", "wt") as file:
            file.write("\n".join(rows["train"]) + "\n")
        (root / "ImageCLEFmed2009_test_codes.03.csv").write_text("\ufeff" + "\r\n".join(rows["test"]) + "\r\n", newline="")
    return expected

"""A user's own images with published texts: two of which have no such text, one file in two folders."""
from pixels import write_png


def make(root, labels, header="image,label,split,patient"):
    lines = [header]
    for i, label in enumerate(labels):
        for j in range(3):
            quoted = f'"{label}"' if "," in label else label
            lines.append(f"deep/{i}/{j}.png,{quoted},{('train', 'val', '')[j]},P{i}")
            write_png(root / "pictures" / "deep" / str(i) / f"{j}.png", 3 * i + j)
    (root / "labels.csv").write_text("\n".join(lines) + "\n")

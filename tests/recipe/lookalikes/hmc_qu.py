"""HMC-QU: frames taken out of recordings, of which one was seen from both sides."""
from pixels import write_png


def make(root):
    for i in range(5):
        write_png(root / "HMC-QU" / "A4C" / f"ES0001{i}_4CH_1.png", i)
        (root / "HMC-QU" / "A4C" / f"ES0001{i}_4CH_1.avi").write_bytes(b"RIFF")
    for i in range(3):
        write_png(root / "HMC-QU" / "A2C" / f"ES0001{i}_2CH_1.png", 10 + i)
    write_png(root / "HMC-QU" / "A2C" / "ES00010_4CH_1.png", 20)  # the same name in the other folder
    return {"4 Chamber (4CH)": 5, "2 Chamber (2CH)": 4}

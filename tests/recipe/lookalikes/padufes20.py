"""PAD-UFES-20: images of three parts, nested and flat; empty people; a patient with several lesions; one image missing."""
from pixels import write_png

COUNTS = {"BCC": 17, "ACK": 14, "NEV": 10, "SEK": 11, "SCC": 9, "MEL": 5}
COLUMNS = ("patient_id,lesion_id,smoke,drink,background_father,background_mother,age,pesticide,gender,skin_cancer_history,"
           "cancer_history,has_piped_water,has_sewage_system,fitspatrick,region,diameter_1,diameter_2,diagnostic,itch,grew,"
           "hurt,changed,bleed,elevation,img_id,biopsed")


def make(root):
    lines, number = [COLUMNS], 0
    for code, count in COUNTS.items():
        for _ in range(count):
            name = f"PAT_{number // 2}_{number}_{number % 9}.png"
            biopsied = number % 2 == 0
            gender, skin = (("FEMALE", "2.0") if number % 3 else ("MALE", "1.0")) if biopsied else ("", "")
            lines.append(f"PAT_{number // 2},{number},,,,,{20 + number},,{gender},,,,,{skin},ARM,,,{code},UNK,UNK,UNK,UNK,"
                         f"UNK,UNK,{name},{biopsied}")
            part = number % 3 + 1
            folder = root / "images" / f"imgs_part_{part}"
            if part == 2:
                folder /= f"imgs_part_{part}"
            if number != 5:
                write_png(folder / name, number)
            number += 1
    (root / "metadata.csv").write_text("\n".join(lines) + "\n")
    counts = dict(COUNTS)
    counts["BCC"] -= 1  # the missing one
    return {"images": number - 1, "counts": counts, "test": 2 + 2 + 1 + 2 + 1 + 1}

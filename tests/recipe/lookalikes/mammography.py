"""RSNA mammography: images in patients' folders, a site without density, patients of several images."""
from pixels import write_png


def make(root):
    lines = ["site_id,patient_id,image_id,laterality,view,age,cancer,biopsy,invasive,BIRADS,implant,density,machine_id,"
             "difficult_negative_case"]
    for i in range(60):
        patient, site = 10000 + i // 4, 1 + i // 30
        cancer, implant = int(i // 4 % 5 == 0), int(i // 4 % 3 == 0)
        lines.append(f"{site},{patient},{900 + i},{'LR'[i % 2]},{('CC', 'MLO')[i // 2 % 2]},61.0,{cancer},0,0,"
                     f"{'1.0' if site == 1 else ''},{implant},{'B' if site == 1 else ''},49,False")
        write_png(root / "train_images" / str(patient) / f"{900 + i}.dcm", i)
    (root / "train.csv").write_text("\n".join(lines) + "\n")
    (root / "test.csv").write_text("site_id,patient_id,image_id,laterality,view,age,implant,machine_id\n")
    return {"images": 60, "patients": 15, "published_test": 12}

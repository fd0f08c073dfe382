"""MIMIC-CXR: reports of every kind that its makers' rules treat in a way of their own. All texts are made up."""
import gzip
import zipfile

from pixels import write_png

LABELS = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture", "Lung Lesion",
          "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia", "Pneumothorax", "Support Devices"]
TITLE = "                                 FINAL REPORT\n"

# study: patient, split, report, (findings, impression) as ours and as the makers' rules have it
STUDIES = {
    50000001: ("10000032", "train",
               TITLE + " EXAMINATION:  CHEST (PA AND LAT)\n \n INDICATION:  ___F with cough.\n \n FINDINGS: \n \n The lungs are\n"
               " clear.\n LUNG BASES: Clear.\n \n IMPRESSION: \n \n No acute process, as ___ said.\n",
               ("The lungs are clear. LUNG BASES: Clear.", "No acute process, as ___ said."),
               ("The lungs are clear.", "No acute process, as ___ said.")),
    50000002: ("10000032", "train", TITLE + " INDICATION: Cough.\n \n IMPRESSION:  Small effusion.\n",
               ("", "Small effusion."), ("", "Small effusion.")),
    50000003: ("11000001", "train", TITLE + " \n The heart is normal.\n", ("The heart is normal.", ""),
               ("The heart is normal.", "")),
    50000004: ("11000001", "train",
               TITLE + " FINDINGS: The spine is straight.\n \n FINDINGS: \n \n IMPRESSION: Normal spine.\n",
               ("The spine is straight.", "Normal spine."), ("The spine is straight.", "Normal spine.")),
    50000005: ("12000001", "train",
               " ADDENDUM:  Discussed by telephone.\n ______________________________________________________________________________\n"
               + TITLE + " FINDINGS: Tube in place.\n \n IMPRESSION: Good position.\n",
               ("Tube in place.", "Good position."), ("Tube in place.", "Good position.")),
    50000006: ("12000001", "train", TITLE + " FINDINGS AND IMPRESSION: Nothing new.\n", ("", "Nothing new."),
               ("", "Nothing new.")),
    50000007: ("13000001", "validate", TITLE + "FINDINGS: Ribs whole.\nIMPRESSION: No fracture.\n",
               ("Ribs whole.", "No fracture."), None),
    50000008: ("14000001", "test", TITLE + " IMPRESSION:\n FINDINGS: Clear.\n", ("Clear.", ""), ("", "FINDINGS: Clear.")),
    50000009: ("14000001", "test", TITLE + " FINDINGS: Seen from the side.\n", None, None),  # no frontal image
    50000010: ("15000001", "train", TITLE + " NDICATION: Fever.\n \n PFI: Former smoker.\n", None, ("", "Fever.")),
    50000011: ("15000001", "train", None, None, None),  # no report
    50000012: ("15000001", "train", TITLE + " COMPARISON: None.\n", None, None),
    50000013: ("15000001", "train", TITLE + " COMPARISON: ___.\n \n Heart size has\n not changed.\n",
               ("Heart size has not changed.", ""), ("Heart size has not changed.", "")),
}

# study, ViewPosition, ViewCodeSequence_CodeMeaning
IMAGES = [(50000001, "AP", "antero-posterior"), (50000001, "PA", "postero-anterior"), (50000001, "LATERAL", "lateral"),
          (50000002, "PA", ""), (50000003, "", "postero-anterior"), (50000003, "", ""), (50000004, "AP", ""),
          (50000005, "AP", ""), (50000005, "LL", "left lateral"), (50000006, "PA", ""), (50000007, "PA", ""),
          (50000008, "AP", ""), (50000008, "AP AXIAL", ""), (50000009, "LATERAL", "lateral"), (50000010, "AP", ""),
          (50000011, "AP", ""), (50000012, "PA", ""), (50000013, "", "Antero-Posterior"), (50000013, "", "oblique")]


def name_of(number):
    digits = f"{number:040x}"
    return "-".join(digits[i:i + 8] for i in range(0, 40, 8))


def report_path(patient, study):
    return f"files/p{patient[:2]}/p{patient}/s{study}.txt"


def make(root, ending="jpg", reports="files", patients=True):
    """@param reports  files: in files/; zip: mimic-cxr-reports.zip; elsewhere: unpacked beside."""
    metadata = ["dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
                "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning"]
    splits = ["dicom_id,study_id,subject_id,split"]
    rows = {}
    for number, (study, view, words) in enumerate(IMAGES, 1):
        patient, split, _, ours, theirs = STUDIES[study]
        metadata.append(f'{name_of(number)},{patient},{study},"CHEST (PA, LAT)",{view},3056,2544,21800506,213014.531,'
                        f"CHEST,{words},Erect")
        splits.append(f"{name_of(number)},{study},{patient},{split}")
        write_png(root / "files" / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{name_of(number)}.{ending}", number)
        if view in ("AP", "PA") or words.lower() in ("antero-posterior", "postero-anterior"):
            rows[name_of(number)] = {"study": str(study), "split": {"validate": "val"}.get(split, split), "ours": ours,
                                     "theirs": theirs, "view": view or words[0].upper() + "AP"[words[0].lower() == "a"]}
    with gzip.open(root / "mimic-cxr-2.0.0-metadata.csv.gz", "wt", newline="") as file:
        file.write("\n".join(metadata) + "\n")
    (root / "mimic-cxr-2.0.0-split.csv").write_text("\ufeff" + "\r\n".join(splits) + "\r\n", newline="")
    chexpert = ["subject_id,study_id," + ",".join(LABELS)]
    for study, (patient, *_) in STUDIES.items():
        if study != 50000006:  # not every study is in it
            chexpert.append(f"{patient},{study},1.0,0.0,-1.0" + "," * 11)
    (root / "mimic-cxr-2.0.0-chexpert.csv").write_text("\n".join(chexpert) + "\n")
    if patients:
        (root / "hosp").mkdir()
        (root / "hosp" / "patients.csv").write_text(
            "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n10000032,F,52,2178,2014 - 2016,\n"
            "11000001,M,91,2100,2011 - 2013,\n12000001,M,40,2180,2011 - 2013,\n19999999,F,30,2150,2011 - 2013,\n")
    write_reports(root, reports)
    return rows


def write_reports(root, where):
    if where == "zip":
        with zipfile.ZipFile(root / "mimic-cxr-reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for study, (patient, _, report, *_) in STUDIES.items():
                if report is not None:
                    archive.writestr(report_path(patient, study), report)
        return
    folder = root if where == "files" else root / "mimic-cxr-reports"
    for study, (patient, _, report, *_) in STUDIES.items():
        if report is not None:
            path = folder / report_path(patient, study)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(report)

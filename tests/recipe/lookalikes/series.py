"""A collection of DICOM series as the NBIA Data Retriever unpacks it: tables in both slash styles, segmentations,
structures, PET, localizers, a secondary capture, a series without a description, one with its patient's name in it,
slices against their order, copies, files that are no objects."""
import shutil

import objects

AXIAL, CORONAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]
HEADER = ("Series UID,Collection,3rd Party Analysis,Data Description URI,Subject ID,Study UID,Study Description,Study Date,"
          "Series Description,Manufacturer,Modality,SOP Class Name,SOP Class UID,Number of Images,File Size,File Location,"
          "Download Timestamp")


class Collection:
    def __init__(self, root, name):
        self.base, self.name, self.lines, self.number = root / "manifest-1700000000000", name, [HEADER], 0

    def add(self, patient, study, description, *, plane=AXIAL, slices=4, listed=None, suffix=".dcm", planes=None, **more):
        """A series, listed as `listed` files. @returns its UID."""
        self.number += 1
        uid = objects.uid(self.name, "series", self.number)
        modality = more.get("modality", "MR")
        folder = f"{self.name}/{patient}/01-01-2001-NA-{study[:8]}-12345/{self.number}.000000-{(description or 'NA')[:9]}-54321"
        folder = folder.replace("^", "")
        for i in range(slices):
            orientation = planes[i % len(planes)] if planes else plane
            along = {tuple(AXIAL): [0, 0, 3.0 * i], tuple(CORONAL): [0, 3.0 * i, 0],
                     tuple(SAGITTAL): [-3.0 * i, 0, 0]}[tuple(orientation)]
            tags = dict(PatientID=patient, PatientName="Meier^Hans", PatientSex="F", PatientAge="061Y",
                        StudyInstanceUID=objects.uid(self.name, patient, study), SeriesInstanceUID=uid,
                        StudyDescription=study, InstanceNumber=slices - i, modality=modality)
            if description is not None:
                tags["SeriesDescription"] = description
            if modality not in ("SR", "RTSTRUCT"):
                tags |= dict(pixels=objects.noise(self.name, self.number, i), ImageOrientationPatient=orientation,
                             ImagePositionPatient=along)
            data = objects.make(objects.uid(self.name, self.number, i), **(tags | more))
            objects.write(self.base / folder / f"1-{i + 1:03d}{suffix}", data)
        location = f"./{folder}" if self.number % 2 else ".\\" + folder.replace("/", "\\")
        self.list(uid, location, slices if listed is None else listed)
        return uid

    def list(self, uid, location, count):
        self.lines.append(f"{uid},{self.name},NO,,P,1.2,,01-01-2001,,SIEMENS,MR,MR Image Storage,1.2.840,{count},1 MB,"
                          f"{location},2023-01-01T00:00:00.000")

    def write(self):
        (self.base / "metadata.csv").write_text("\n".join(self.lines) + "\n")


def make(root, name="UPENN-GBM"):
    all_of = Collection(root, name)
    one, two, three = (f"{name}-0000{i}" for i in (1, 2, 3))
    used = {
        all_of.add(one, "BrainTumor", "Axial Flair T2", BodyPartExamined="BRAIN"):
            "mr NA brain head axial no contrast flair tweighted NA BrainTumor  Axial Flair T",
        all_of.add(one, "BRAIN^SPECTROSCOPY", "t1 axial stealth post", listed=9):
            "mr NA brain head axial yes contrast tweighted NA BRAINSPECTROSCOPY  t axial stealth post",
        all_of.add(one, "BRAIN_ROUTINE", "T2 SAG SPACE", plane=SAGITTAL, suffix=""):
            "mr NA brain head sagittal no contrast tweighted NA BRAINROUTINE  T SAG SPACE",
        all_of.add(two, "MR HEAD W AND WO IV CONTRAST", "COR T1 POST FS", plane=CORONAL, slices=1):
            "mr NA brain head coronal yes contrast tweighted NA MR HEAD W AND WO IV CONTRAST  COR T POST FS",
        all_of.add(two, "HEAD", "T1 of Meier, 2", ContrastBolusAgent="GADAVIST"):
            "mr NA brain head axial yes contrast tweighted NA HEAD  T of",
        all_of.add(three, "CT CHEST/ABD PELVIS W CONTR", "AXIAL CAP", modality="CT", BodyPartExamined="ABDOMEN"):
            "ct NA abdomen axial yes contrast NA NA CT CHESTABD PELVIS W CONTR  AXIAL CAP",
    }
    nameless = all_of.add(two, "BRAIN", None, slices=3)
    used[nameless] = "mr NA brain head axial no contrast NA NA BRAIN"
    for modality in ("SEG", "RTSTRUCT", "SR", "PT"):
        all_of.add(three, "BRAIN", f"made of {modality}", slices=1, modality=modality)
    all_of.add(one, "BRAIN", "AAHead_Scout", slices=2)
    all_of.add(two, "BRAIN", "3 PLANE", slices=3, planes=[AXIAL, CORONAL, SAGITTAL])
    all_of.add(two, "BRAIN", "x", slices=2, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    all_of.add(three, "BRAIN", "screen", slices=1, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    all_of.list(objects.uid("never"), f"./{name}/gone/1/2", 5)
    all_of.write()
    shutil.copy(next(all_of.base.rglob("1-001.dcm")), all_of.base / "copy of it.dcm")
    (all_of.base / "LICENSE").write_text("CC BY 4.0")
    (all_of.base / name / "false.dcm").write_text("no object")
    (all_of.base / name / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\x00\x05")
    return {"texts": used, "nameless": nameless,
            "excluded": {"series of SEG": 1, "series of RTSTRUCT": 1, "series of SR": 1, "series of PT": 1, "localizer": 2,
                         "series of several planes, as localizers are": 1, "series of secondary captures": 1},
            "counts": {"series found": 15, "series used": 7, "series of metadata.csv": 16,
                       "series of metadata.csv that are not on disk": 1, "DICOM files found twice": 1,
                       "series with fewer files than metadata.csv says": 1, "DICOM files that cannot be read": 1}}

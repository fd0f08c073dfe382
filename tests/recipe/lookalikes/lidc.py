"""LIDC-IDRI: readings beside scans and in folders of their own, all kinds of marks, readers who disagree, a hole, a
reading that lies there twice, radiographs, slices that are gone, and two slices at one place."""
import shutil

import objects

SIZE = 128  # tiles begin at 0, 25, 51, 76 and 102
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<LidcReadMessage uid="1.3.6" xmlns="http://www.nih.gov">\n'


def box(left, top, right, bottom):
    """The pixels of a frame, as edge maps have them."""
    top_row = [(x, top) for x in range(left, right + 1)]
    right_side = [(right, y) for y in range(top, bottom + 1)]
    return top_row + right_side + [(x, bottom) for x in range(right, left - 1, -1)] + \
        [(left, y) for y in range(bottom, top, -1)]


def roi(sop, points, inclusion="TRUE"):
    edges = "".join(f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>\n" for x, y in points)
    return (f"<roi><imageZposition>-125.0</imageZposition><imageSOP_UID>{sop}</imageSOP_UID>"
            f"<inclusion>{inclusion}</inclusion>\n{edges}</roi>")


def nodule(*rois, malignancy=None):
    ratings = "" if malignancy is None else "<characteristics>" + "".join(
        f"<{name}>{malignancy}</{name}>" for name in ("subtlety", "internalStructure", "texture", "malignancy")) + \
        "</characteristics>"
    return f"<unblindedReadNodule><noduleID>Nodule 001</noduleID>{ratings}{''.join(rois)}</unblindedReadNodule>"


def non_nodule(sop, x, y):
    return (f"<nonNodule><nonNoduleID>1</nonNoduleID><imageZposition>-125.0</imageZposition><imageSOP_UID>{sop}"
            f"</imageSOP_UID><locus><xCoord>{x}</xCoord><yCoord>{y}</yCoord></locus></nonNodule>")


def reading(patient, *sessions):
    body = "".join("<readingSession><annotationVersion>3.12</annotationVersion>"
                   f"<servicingRadiologistID>anonymous</servicingRadiologistID>{''.join(marks)}</readingSession>\n"
                   for marks in sessions)
    return (f"{HEADER}<ResponseHeader><Version>1.8.1</Version><SeriesInstanceUid>{objects.uid('series', patient)}"
            f"</SeriesInstanceUid><StudyInstanceUID>{objects.uid('study', patient)}</StudyInstanceUID>"
            f"</ResponseHeader>\n{body}</LidcReadMessage>\n")


def sop(patient, number):
    return objects.uid("lidc", patient, number)


def write_scan(folder, patient, slices, twice=None):
    """`twice` is a slice after which another of the same place follows."""
    for number in range(slices + (twice is not None)):
        place = number - (twice is not None and number > twice)
        data = objects.make(
            sop(patient, number), pixels=objects.noise("lidc", patient, number, size=SIZE), PatientID=patient,
            StudyInstanceUID=objects.uid("study", patient), SeriesInstanceUID=objects.uid("series", patient),
            InstanceNumber=number + 1, ImagePositionPatient=[0, 0, -5.0 * place],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], RescaleSlope=1, RescaleIntercept=-24, WindowCenter=40,
            WindowWidth=400)
        objects.write(folder / f"{number + 1:06d}.dcm", data)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_first(root):
    """Four readers of one mind, and of several."""
    name = "LIDC-IDRI-0001"
    folder = root / "LIDC-IDRI" / name / objects.uid("study", name) / objects.uid("series", name)
    write_scan(folder, name, 4)
    s0, s1, s2, gone = sop(name, 0), sop(name, 1), sop(name, 2), objects.uid("gone")
    small, hole = box(10, 10, 15, 15), box(40, 40, 42, 42)
    xml = reading(
        name,
        [nodule(roi(s0, small), malignancy=3), nodule(roi(s0, box(45, 10, 60, 15)), malignancy=2),
         nodule(roi(s1, [(60, 60)])), nodule(roi(s1, [(5, 120)]))],
        [nodule(roi(s0, small), malignancy=4), nodule(roi(s1, box(58, 58, 62, 62)), malignancy=1),
         nodule(roi(s2, box(30, 30, 70, 70)), roi(s2, hole, "FALSE"), malignancy=5)],
        [nodule(roi(s0, small), malignancy=5), nodule(roi(s1, [(60, 60)]), malignancy=0)],
        [non_nodule(s1, 110, 5), nodule(roi(gone, small), malignancy=3)])
    write(folder / "069.xml", xml)
    write(root / "tcia-lidc-xml" / "185" / "069.xml", xml)


def make(root):
    make_first(root)
    name = "LIDC-IDRI-0002"
    write_scan(root / "LIDC-IDRI" / name / "01-01-2000-98329" / "3000522.000000-NA-04919", name, 3, twice=1)
    other = "LIDC-IDRI-0099"
    marks = [[nodule(roi(sop(name, 2), box(80, 80, 90, 90)), malignancy=value)] for value in (1, 5, 5)]
    write(root / "tcia-lidc-xml" / "157" / "158.xml", reading(name, *marks))
    for number in (3, 4, 5):
        name = f"LIDC-IDRI-000{number}"
        write_scan(root / "LIDC-IDRI" / name / "01-01-2000-1" / "1", name, 2)
        write(root / "tcia-lidc-xml" / "157" / f"{number}.xml", reading(name, [non_nodule(sop(name, 0), 3, 3)]))
    write(root / "tcia-lidc-xml" / "157" / "99.xml", reading(other, [non_nodule(sop(other, 0), 3, 3)]))
    radiograph = objects.make(objects.uid("cxr"), modality="DX", pixels=objects.noise("cxr"), PatientID="LIDC-IDRI-0001",
                              StudyInstanceUID=objects.uid("x"), SeriesInstanceUID=objects.uid("y"))
    objects.write(root / "LIDC-IDRI" / "LIDC-IDRI-0001" / "cxr" / "1" / "000000.dcm", radiograph)
    write(root / "LIDC-IDRI" / "LIDC-IDRI-0001" / "cxr" / "1" / "068.xml",
          '<?xml version="1.0"?><IdriReadMessage xmlns="http://www.nih.gov"><CXRreadingSession/></IdriReadMessage>')
    write(root / "other.xml", "<settings/>")
    write(root / "broken.xml", "<LidcReadMessage><readingSession>")
    write(root / "LIDC-IDRI" / "LICENSE", "CC BY 3.0")
    (root / "LIDC-IDRI" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\x00\x05")
    copy = next((root / "LIDC-IDRI" / "LIDC-IDRI-0005").rglob("000001.dcm"))
    shutil.copy(copy, root / "LIDC-IDRI" / "zz-copy.dcm")
    nodules, smalls, others, none = ("mass lung nodule greater than 3mm", "mass lung nodule less than 3mm",
                                     "mass lung non-nodule", "no mass")
    return {
        "any": {nodules: 9, smalls: 1, others: 4, none: 14},
        "majority": {nodules: 2, smalls: 1, others: 3, none: 6},
        "few readers": 2 + 2 + 4,
        "counts": {"readings of CT scans": 6, "readings found twice": 1, "readings of radiographs, passed over": 1,
                   "XML files that are no readings": 1, "XML files that cannot be read": 1,
                   "marked slices that are not on disk": 2, "readings of scans without a slice on disk": 1,
                   "slices found twice": 1, "DICOM files that cannot be read": 1,
                   "outlines of holes, which mark nothing": 1, "nodules of 3 mm or more, per reader": 10,
                   "nodules under 3 mm, per reader": 3, "non-nodules, per reader": 5},
    }

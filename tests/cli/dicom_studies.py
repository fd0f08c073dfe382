"""DICOM studies of our own, as a hospital would have them: series of slices with positions, patients, dates."""
import zlib

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def uid(*parts):
    return generate_uid(entropy_srcs=[str(part) for part in parts])


def slice_of(study, series, number, *, patient="P1", name="Meier^Hans", modality="CT", **more):
    """One slice; its pixels are a function of its names."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = uid("sop", study, series, number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = pydicom.Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study", study), uid("series", study, series)
    data.PatientID, data.PatientName, data.Modality = patient, name, modality
    data.InstanceNumber = 100 - number  # against the order in which they lie
    data.ImageOrientationPatient, data.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
    for key, value in more.items():
        setattr(data, key, value)
    rng = np.random.default_rng(zlib.crc32(f"{study} {series} {number}".encode()))
    rows, columns = np.mgrid[0:32, 0:32]
    wave = np.sin(rows / rng.uniform(1, 9) + columns / rng.uniform(1, 9) + number / 9) + rng.normal(0, 0.1, (32, 32))
    data.Rows = data.Columns = 32
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 2048, 4096
    data.PixelData = ((wave + 1.5) * 1000).clip(0, 4095).astype("<u2").tobytes()
    return data


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def write_study(folder, study, *, series=1, slices=3, **more):
    """@returns the files, series by series, as they lie."""
    return [write(folder / str(study) / f"s{s}" / f"{n:02}.dcm", slice_of(study, s, n, **more))
            for s in range(series) for n in range(slices)]


def write_hospital(folder, studies=6, series=1, slices=3):
    """Two studies of each patient, in turns CT and MR. @returns {path: (study, patient, modality)}."""
    known = {}
    for study in range(studies):
        patient, modality = f"P{study // 2}", "CT" if study % 2 == 0 else "MR"
        files = write_study(folder, study, series=series, slices=slices, patient=patient, modality=modality,
                            StudyDate=f"202{study}0115", BodyPartExamined="CHEST" if study < 3 else "HEAD")
        known.update({str(path): (study, patient, modality) for path in files})
    return known

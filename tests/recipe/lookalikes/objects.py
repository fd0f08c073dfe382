"""DICOM objects, as small as they can be."""
import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "DX": "1.2.840.10008.5.1.4.1.1.1.1",
           "SEG": "1.2.840.10008.5.1.4.1.1.66.4", "SR": "1.2.840.10008.5.1.4.1.1.88.33",
           "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3", "PT": "1.2.840.10008.5.1.4.1.1.128"}


def uid(*parts):
    return generate_uid(entropy_srcs=[str(part) for part in parts])


def make(sop, *, modality="CT", pixels=None, **more):
    """An object; `pixels` are stored values, of int16."""
    data = pydicom.Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = more.pop("SOPClassUID", CLASSES[modality])
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = sop
    data.Modality = modality
    for key, value in more.items():
        setattr(data, key, value)
    if pixels is not None:
        data.Rows, data.Columns = pixels.shape[-2:]
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
        data.PixelData = pixels.astype("<i2").tobytes()
    return data


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def noise(*parts, size=64):
    seed = int.from_bytes(uid(*parts).encode()[-8:], "big")
    return np.random.default_rng(seed).integers(-1000, 1000, (size, size))

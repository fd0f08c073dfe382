"""Small JPEG pictures for the page. Only for looking at: what the model sees is mi2's own reading of the file."""
import base64
import io

import numpy
import pydicom
from PIL import Image


def dicom_picture(path):
    """The middle frame of a DICOM file, through its window if it has one."""
    dataset = pydicom.dcmread(path)
    pixels = dataset.pixel_array
    if int(dataset.get("NumberOfFrames", 1)) > 1:
        pixels = pixels[len(pixels) // 2]
    if dataset.SamplesPerPixel == 3:
        # pydicom turns YBR into RGB on its own where the object is compressed or says so.
        return Image.fromarray(pixels.astype(numpy.uint8))
    values = pixels * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    if "WindowCenter" in dataset:
        center, width = (float(numpy.atleast_1d(dataset[key].value)[0]) for key in ("WindowCenter", "WindowWidth"))
        low, high = center - width / 2, center + width / 2
    else:
        low, high = numpy.percentile(values, (1, 99))
    grey = numpy.clip((values - low) / max(high - low, 1) * 255, 0, 255).astype(numpy.uint8)
    return Image.fromarray(255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey)


def data_uri(path, side=256, quality=72):
    """A picture file, no larger than side x side, as a data: address of a JPEG."""
    picture = dicom_picture(path) if path.suffix == ".dcm" else Image.open(path)
    picture = picture.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(encoded.getvalue()).decode()

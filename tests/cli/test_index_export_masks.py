"""mi2 index export --what dicom --mask: writing in pictures is black in every frame, whatever they are coded as."""
import io

import jpeg_ls
import numpy as np
import pydicom
import pytest
from dicom_studies import slice_of, write
from index_support import add
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless, RLELossless, UltrasoundImageStorage

ROWS, COLUMNS = 48, 64
TOP = 8  # rows that hold writing
Y, X = np.mgrid[0:ROWS, 0:COLUMNS]
GREY = ((X * 3 + Y * 2) % 200 + 20).astype("u1")
GREY[1:TOP - 1, ::2] = 255  # the writing
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], -1)
COLOUR[1:TOP - 1, ::2] = (255, 255, 0)


def jpeg(picture):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def j2k(picture):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG2000", irreversible=True, no_jp2=True)
    return out.getvalue()


def picture_of(name, pixels, syntax=ExplicitVRLittleEndian, encode=None, photometric=None, **more):
    """An ultrasound image. @param pixels  frames x rows x columns, or x 3."""
    data = slice_of(name, 0, 0, modality="US", name="Meier^Hans")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    data.Rows, data.Columns, data.NumberOfFrames = *pixels.shape[1:3], pixels.shape[0]
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    if pixels.ndim == 4:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = photometric or ("RGB" if pixels.ndim == 4 else "MONOCHROME2")
    del data.WindowCenter, data.WindowWidth
    for key, value in more.items():
        setattr(data, key, value)
    data.PixelData = pixels.tobytes() if encode is None else encapsulate([encode(frame) for frame in pixels])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = encode is not None
    data.file_meta.TransferSyntaxUID = syntax
    return data


KINDS = {
    "grey": (np.stack([GREY, GREY[:, ::-1]]), {}),
    "colour": (COLOUR[None], {}),
    "jpeg": (np.stack([COLOUR, COLOUR[:, ::-1]]), {"syntax": JPEGBaseline8Bit, "encode": jpeg, "photometric": "YBR_FULL"}),
    "jpeg_ls": (GREY[None], {"syntax": JPEGLSLossless, "encode": lambda picture: jpeg_ls.encode(picture).tobytes()}),
    "j2k": (COLOUR[None], {"syntax": JPEG2000, "encode": j2k, "photometric": "YBR_ICT"}),
}


def rle(name):
    data = picture_of(name, GREY[None])
    data.compress(RLELossless, generate_instance_uid=False)
    return data


@pytest.fixture(scope="module")
def archive(mi2, tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    for name, (pixels, more) in KINDS.items():
        write(folder / "in" / f"{name}.dcm", picture_of(name, pixels, StationName="ROOM 1", SeriesNumber=7, **more))
    write(folder / "in" / "rle.dcm", rle("rle"))
    write(folder / "in" / "ct.dcm", slice_of("ct", 0, 0, SeriesDescription="Chest Meier axial 12.04.1953"))
    (folder / "key").write_text("k" * 40)
    (folder / "key").chmod(0o600)
    add(mi2, folder / "a", folder / "in")
    return folder


def export(mi2, folder, to, *arguments, **options):
    return mi2("index", "export", str(folder / "a"), "--what", "dicom", "--anonymize", "basic", "--key", str(folder / "key"),
               "--to", str(to), *map(str, arguments), with_model=False, **options).errors


def copies(to):
    return [pydicom.dcmread(path) for path in sorted(to.rglob("*.dcm"))]


def shown(data):
    """Frames x rows x columns x samples as they are shown."""
    pixels = pydicom.pixels.pixel_array(data, raw=False).astype(int)
    samples = data.SamplesPerPixel
    return pixels.reshape(-1, data.Rows, data.Columns, samples)


def test_writing_is_black_in_every_frame_of_every_coding_and_the_rest_stays(mi2, archive, tmp_path):
    said = export(mi2, archive, tmp_path / "to", "--burned-in", "mask", "--mask", f"0,0,65535,{TOP}", "--where", "modality=US")
    assert f"{len(KINDS) + 1} objects written, 0 there before, {len(KINDS) + 1} of them masked" in said
    made = copies(tmp_path / "to")
    originals = [pydicom.dcmread(path) for path in sorted((archive / "in").glob("*.dcm")) if path.stem != "ct"]
    unmatched = [shown(original) for original in originals]
    for data in made:
        pixels = shown(data)
        assert data.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian and not pixels[:, :TOP].any()
        fits = [i for i, other in enumerate(unmatched) if other.shape == pixels.shape
                and np.abs(other[:, TOP:] - pixels[:, TOP:]).max() <= 3]
        assert fits, data.PhotometricInterpretation
        assert data.DeidentificationMethod[1] == f"black from 0,0: {COLUMNS} x {TOP} pixels"
        assert [code.CodeValue for code in data.DeidentificationMethodCodeSequence] == ["113100"]
        assert "BurnedInAnnotation" not in data
    lossy = [data for data in made if data.get("LossyImageCompression") == "01"]
    assert sorted(data.LossyImageCompressionMethod for data in lossy) == ["ISO_10918_1", "ISO_15444_1"]
    assert all(data.LossyImageCompressionRatio > 1 for data in lossy)
    again = export(mi2, archive, tmp_path / "to", "--burned-in", "mask", "--mask", f"0,0,65535,{TOP}", "--where", "modality=US")
    assert f"0 objects written, {len(KINDS) + 1} there before" in again
    assert "6 another file is there" in export(mi2, archive, tmp_path / "to", "--burned-in", "mask", "--mask", "0,0,1,1",
                                               "--where", "modality=US", status=2)


def test_masks_of_a_file_are_of_the_objects_that_it_says(mi2, archive, tmp_path):
    (tmp_path / "masks.csv").write_text("modality,station,x,y,width,height\n"
                                        f"us,room 1,0%,0%,100%,{100 * TOP / ROWS:.4f}%\nUS,room 2,0,0,64,48\n")
    said = export(mi2, archive, tmp_path / "to", "--burned-in", "mask", "--mask-file", tmp_path / "masks.csv",
                  "--nothing-burned-in", status=8)
    # The one of RLE says no station, so that no mask is of it.
    assert "left: 1 refused: ultrasound" in said and f"{len(KINDS)} of them masked" in said
    masked = [data for data in copies(tmp_path / "to") if data.Modality == "US"]
    assert len(masked) == len(KINDS)
    for data in masked:
        assert not shown(data)[:, :TOP].any() and shown(data)[:, TOP + 1:].any()
        assert data.BurnedInAnnotation == "NO"
        assert [code.CodeValue for code in data.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    (ct,) = [data for data in copies(tmp_path / "to") if data.Modality == "CT"]
    assert "BurnedInAnnotation" not in ct and isinstance(ct.DeidentificationMethod, str)


def test_descriptions_keep_the_words_of_a_list(mi2, archive, tmp_path):
    export(mi2, archive, tmp_path / "to", "--clean-descriptors", "--where", "modality=CT")
    export(mi2, archive, tmp_path / "bare", "--where", "modality=CT")
    (cleaned,), (bare,) = copies(tmp_path / "to"), copies(tmp_path / "bare")
    assert cleaned.SeriesDescription == "CHEST AXIAL" and "SeriesDescription" not in bare
    assert [code.CodeValue for code in cleaned.DeidentificationMethodCodeSequence] == ["113100", "113105"]


def test_a_mask_that_cannot_be_is_refused(mi2, archive, tmp_path):
    (tmp_path / "bad.csv").write_text("x,y,width,height,statoin\n0,0,1,1,A\n")
    for arguments, status, words in ((["--mask", "1,2,3"], 2, "X,Y,WIDTH,HEIGHT"), (["--nothing-burned-in"], 2, "--mask"),
                                     (["--burned-in", "mask"], 2, "--mask"),
                                     (["--mask-file", tmp_path / "bad.csv"], 3, "statoin"),
                                     (["--mask-file", tmp_path / "none.csv"], 7, "none.csv")):
        assert words in export(mi2, archive, tmp_path / "to", *arguments, status=status)
    mi2("index", "export", str(archive / "a"), "--mask", "0,0,1,1", status=2, with_model=False)
    assert not (tmp_path / "to").exists()
    said = export(mi2, archive, tmp_path / "to", "--mask", "60,40,4,8", "--where", "modality=CT", status=4)
    assert "a mask outside of the picture" in said  # of 32 x 32 pixels

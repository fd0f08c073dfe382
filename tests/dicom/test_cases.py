"""Objects that readers are known to read wrong, each with the image it must give: data/cases.zip.

Generated (a phantom), after public bug reports of DICOM readers. A case stands for a kind; siblings are in kinds_test.cpp,
elements_test.cpp and test_compressed.py.
"""

import io
import os
import subprocess
import zipfile
from pathlib import Path

import numpy
import pytest
from PIL import Image

# Name -> (what the reader says, the greatest difference allowed). A refusal has no image.
CASES = {
    "A1_rgb_label_jfif_ycc": (None, 0),
    "A8_partial420": (None, 0),
    "AD2_grey8_dark": (None, 0),
    "C1_pal16_lowbyte": ("lut_bits", 0),
    "C2_pal8_words_high": ("lut_bits", 0),
    "D1_voilut12in16": ("lut_bits", 1),  # the image was made by another rounding
    "E1_window_rescale_un": (None, 0),
    "E5_lo": (None, 0),
    "EM10_frame_voilut": (None, 0),
    "F1_native_ybr_rct": ("photometric", 0),
    "G1_tail1": (None, 0),
    "G2_tail2": (None, 0),
    "H6_stored_too_small": ("beyond_bits_stored", None),
    "J2K": (None, 0),
    "K5_ts50_lossless": ("other_coding", 0),
    "L12_slope0": ("RescaleSlope is 0", "refused"),
    "L17_slope_half_comma": (None, 0),
    "M1_width_small": (None, 0),
    "S1_rows_cols_swapped": ("swapped_sides", 0),
    "SQ2_item_len_wrong": (None, 0),
    "T5_mf_split_pad4": (None, 0),
    "TRJ_none": ("ends before its last pixel", "refused"),
    "TRJe_0.5": ("ends before its last pixel", "refused"),
    "TS4_private": ("unknown transfer syntax", "refused"),
    "X1_impl_private_itemlike": (None, 0),
    "X2_impl_private_itemlen": (None, 0),
    "X5_allura": (None, 0),
    "X6_zero_len_sq_then_delim": (None, 0),
    "X7_shared_groups_un": (None, 0),
}

ARCHIVE = zipfile.ZipFile(Path(__file__).parent / "data" / "cases.zip")


def test_every_case_of_the_archive_is_tried():
    names = {Path(name).name.removesuffix(".dcm") for name in ARCHIVE.namelist() if name.endswith(".dcm")}
    assert names == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_case_gives_its_image_or_its_refusal(name, tmp_path):
    says, allowed = CASES[name]
    path = tmp_path / f"{name}.dcm"
    path.write_bytes(ARCHIVE.read(path.name))
    run = subprocess.run([os.environ["MI2_DICOM_DUMP"], path], capture_output=True, check=False, timeout=60)
    text = run.stderr.decode()
    assert (run.returncode != 0) == (allowed == "refused"), text
    if says is None:
        assert text == ""
    else:
        assert says in text
        assert run.returncode != 0 or all(line.startswith("warning: ") for line in text.splitlines())
    if run.returncode != 0 or allowed is None:
        return
    got = numpy.asarray(Image.open(io.BytesIO(run.stdout)).convert("RGB"), int)
    wanted = numpy.asarray(Image.open(io.BytesIO(ARCHIVE.read(f"{name}.expected.png"))).convert("RGB"), int)
    assert got.shape == wanted.shape
    assert abs(got - wanted).max() <= allowed

"""Volumes against nibabel and SimpleITK, and against the DICOM series that they came from."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

nib = pytest.importorskip("nibabel")
sitk = pytest.importorskip("SimpleITK")
pydicom = pytest.importorskip("pydicom")

DUMP = os.environ["MI2_SLICE_DUMP"]
SERIES = Path(os.environ.get("MI2_SHARED_DATA", "")) / "dicom-series"
PLANES = ("axial", "coronal", "sagittal")
WINDOW = (300.0, 700.0)


def frames(path, window="-", plane="axial"):
    done = subprocess.run([DUMP, str(path), window, plane], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found, data = [], done.stdout
    while data:
        _, size, _, rest = data.split(b"\n", 3)
        width, height = map(int, size.split())
        found.append(np.frombuffer(rest[:width * height], np.uint8).reshape(height, width))
        data = rest[width * height:]
    return np.array(found), done.stderr.decode()


def windowed(x, center=WINDOW[0], width=WINDOW[1]):
    return np.floor(np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255 + 0.5)


def by_nibabel(image, plane):
    """Slices of nibabel's closest canonical (RAS) array."""
    data = np.asarray(nib.as_closest_canonical(image).dataobj).astype(np.float32)
    if plane == "axial":
        return np.moveaxis(data[::-1, ::-1], 2, 0).swapaxes(1, 2)
    if plane == "coronal":
        return np.moveaxis(data[::-1, ::-1, ::-1], 1, 0).swapaxes(1, 2)
    return data[:, ::-1, ::-1].swapaxes(1, 2)


def oblique(flips, order):
    turn = np.array([[0.96, -0.2, 0.1], [0.2, 0.97, -0.05], [-0.08, 0.07, 0.99]])
    matrix = np.zeros((3, 3))
    for axis, direction in enumerate(order):
        matrix[direction, axis] = flips[axis]
    affine = np.eye(4)
    affine[:3, :3] = turn @ matrix @ np.diag([0.7, 0.9, 3])
    affine[:3, 3] = (-30, 20, 10)
    return affine


@pytest.mark.parametrize("dtype, name", [
    ("uint8", "a.nii"), ("int8", "a.nii.gz"), ("int16", "a2.nii"), ("uint16", "pair.hdr"), ("int32", "a.nii.gz"),
    ("uint32", "a.nii"), ("int64", "a2.nii"), ("float32", "pair.hdr"), ("float64", "a.nii.gz")])
def test_nifti_as_nibabel(tmp_path, dtype, name):
    rng = np.random.default_rng(7)
    data = rng.integers(0, 120, (5, 7, 4)).astype(dtype)
    affine = oblique((1, -1, -1), (1, 0, 2))
    kind = {"a2.nii": nib.Nifti2Image, "pair.hdr": nib.Nifti1Pair}.get(name, nib.Nifti1Image)
    image = kind(data, affine, dtype=dtype)
    image.header.set_slope_inter(4.5, -20)
    nib.save(image, tmp_path / name)
    for plane in PLANES:
        got, _ = frames(tmp_path / name, "300,700", plane)
        assert np.array_equal(got, windowed(by_nibabel(nib.load(tmp_path / name), plane))), plane


@pytest.mark.parametrize("name, flips, order", [
    ("a.nrrd", (1, 1, 1), (0, 1, 2)), ("a.nhdr", (-1, 1, -1), (2, 0, 1)), ("packed.nrrd", (1, -1, 1), (1, 2, 0)),
    ("a.mha", (-1, 1, -1), (2, 0, 1)), ("a.mhd", (1, -1, 1), (1, 2, 0)), ("packed.mha", (1, 1, 1), (0, 1, 2)),
    ("a.nii", (1, -1, 1), (1, 2, 0))])
def test_simpleitk_writes_what_is_read(tmp_path, name, flips, order):
    rng = np.random.default_rng(8)
    data = rng.integers(-200, 900, (4, 6, 5)).astype(np.int16)
    affine = oblique(flips, order)
    image = sitk.GetImageFromArray(data)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    lps = np.diag([-1, -1, 1]) @ affine[:3, :3] / spacing
    image.SetDirection(np.linalg.qr(lps)[0].ravel().tolist() if name == "a.nii" else lps.ravel().tolist())
    image.SetOrigin((np.diag([-1, -1, 1]) @ affine[:3, 3]).tolist())
    sitk.WriteImage(image, str(tmp_path / name), useCompression=name.startswith("packed"))
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([-1, -1, 1]) @ (np.array(image.GetDirection()).reshape(3, 3) * spacing)
    twin = nib.Nifti1Image(data.transpose(2, 1, 0), matrix)
    for plane in PLANES:
        got, warnings = frames(tmp_path / name, "300,700", plane)
        assert np.array_equal(got, windowed(by_nibabel(twin, plane))), plane
        assert not warnings


def series_of(folder):
    objects = [pydicom.dcmread(path) for path in sorted((SERIES / folder).glob("*.dcm"))]
    turn = np.array(objects[0].ImageOrientationPatient, float)
    normal = np.cross(turn[:3], turn[3:])
    return sorted(objects, key=lambda one: normal @ np.array(one.ImagePositionPatient, float)), turn


@pytest.mark.parametrize("folder, window", [("ct-head-ge", "brain"), ("ct-head-ge", "40,400"), ("mr-t1-7t", "300,700")])
def test_volume_gives_the_slices_of_the_series_it_came_from(tmp_path, folder, window):
    if not (SERIES / folder).is_dir():
        pytest.skip("no shared data")
    objects, turn = series_of(folder)
    volume = np.stack([one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in objects])
    first, last = (np.array(one.ImagePositionPatient, float) for one in (objects[0], objects[-1]))
    affine = np.eye(4)
    spacing = [float(x) for x in objects[0].PixelSpacing]
    affine[:3, 0] = turn[:3] * spacing[1]
    affine[:3, 1] = turn[3:] * spacing[0]
    affine[:3, 2] = (last - first) / (len(objects) - 1)
    affine[:3, 3] = first
    affine = np.diag([-1, -1, 1, 1]) @ affine
    nib.save(nib.Nifti1Image(volume.transpose(2, 1, 0).astype(np.int16), affine), tmp_path / "a.nii.gz")
    slices, _ = frames(tmp_path / "a.nii.gz", window)
    assert len(slices) == len(objects)
    for one, got in zip(objects, slices):
        want, _ = frames(one.filename, window)
        assert np.abs(want[0].astype(int) - got).max() <= 1


def test_real_nifti_as_nibabel():
    files = sorted((SERIES / "nifti").glob("*.nii"))
    if not files:
        pytest.skip("no shared data")
    for path in files:
        image = nib.load(path)
        for plane in PLANES:
            want = [by_nibabel(image.slicer[..., t], plane) for t in range(image.shape[3])]
            got, _ = frames(path, "300,700", plane)
            assert np.array_equal(got, windowed(np.concatenate(want)))

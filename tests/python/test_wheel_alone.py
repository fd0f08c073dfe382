"""The wheel in a fresh environment with nothing else: what it needs is what it says."""
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT


@pytest.fixture(scope="module")
def wheel():
    found, = (ROOT / "build" / "dist").glob("medimageinsight-*.whl")
    return found


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """Python with the wheel and what pip says it needs."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    str(wheel)], check=True)
    return folder


def run(fresh, *arguments, **options):
    environment = {"PATH": f"{fresh}/bin:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}
    return subprocess.run([fresh / "bin" / "python", *arguments], env=environment, cwd=fresh, capture_output=True,
                          timeout=120, check=False, **options)


def test_it_needs_numpy_and_nothing_else(fresh):
    listed = json.loads(run(fresh, "-m", "pip", "list", "--format", "json").stdout)
    assert {row["name"] for row in listed} - {"pip", "setuptools"} == {"medimageinsight", "numpy"}


def test_images_and_arrays_are_embedded_without_pillow(fresh, model_path, images, program, tmp_path):
    out = tmp_path / "vectors.npy"
    code = ("import sys, numpy, medimageinsight\n"
            "model = medimageinsight.load(sys.argv[1])\n"
            "model.embed_images(numpy.zeros((9, 9), numpy.uint16))\n"
            "numpy.save(sys.argv[2], model.embed_images(sys.argv[3:], progress=True))\n"
            "assert not {'PIL', 'urllib3', 'tqdm', 'pandas'} & set(sys.modules)\n")
    done = run(fresh, "-c", code, model_path, str(out), *map(str, images[:2]))
    assert done.returncode == 0, done.stderr.decode()
    assert np.load(out).tobytes() == program(*images[:2]).tobytes()


@pytest.mark.parametrize("how", ["module", "script"])
def test_the_program_is_shipped(fresh, model_path, images, how):
    """Same output, same messages, same exit statuses as the build's own program."""
    def ours(*arguments, **options):
        if how == "module":
            return run(fresh, "-m", "medimageinsight", *arguments, **options)
        return subprocess.run([fresh / "bin" / "mi2", *arguments], capture_output=True, timeout=120, check=False,
                              **options)

    content = images[0].read_bytes()
    for arguments, options in ((["--version"], {}), (["--help"], {}), (["embed", "--help"], {}), ([], {}),
                               (["embed", "--model", model_path, "-"], {"input": content}),
                               (["tokenize", "--model", model_path, "a b"], {}),
                               (["inspect", model_path], {}),
                               (["classify", "--model", model_path, "--labels", "a,b", str(images[0])], {}),
                               (["embed", "--model", "/nowhere", "-"], {"input": b""}),
                               (["embed", "--model", model_path, "--text", "a", "none.png"], {})):
        wanted = subprocess.run([os.environ["MI2_BIN"], *arguments], capture_output=True, check=False, **options)
        found = ours(*arguments, **options)
        assert (found.returncode, found.stdout, found.stderr) == (wanted.returncode, wanted.stdout, wanted.stderr)


@pytest.mark.skipif(not list(Path("/usr/share").glob("libdcmtk*/dicom.dic")), reason="DCMTK's is not where Debian has it")
def test_dcmtks_dictionary_lies_near_the_program(wheel):
    assert {"medimageinsight/bin/mi2", "medimageinsight/share/dicom.dic"} <= set(zipfile.ZipFile(wheel).namelist())


def test_it_is_typed(wheel, tmp_path):
    assert {"medimageinsight/py.typed", "medimageinsight/_core.pyi"} <= set(zipfile.ZipFile(wheel).namelist())
    script = tmp_path / "typed.py"
    script.write_text(
        "from typing import assert_type\nfrom collections.abc import Iterator\nimport medimageinsight as mi2\n"
        "import numpy as np\nimport numpy.typing as npt\n"
        "model = mi2.load('m', dtype='bf16')\n"
        "assert_type(model.embed_images(['a.png', b'..', np.zeros((2, 2))]), npt.NDArray[np.float32])\n"
        "assert_type(model.embed_images('a.dcm', frames=3), npt.NDArray[np.float32])\n"
        "assert_type(model.embed_frames('a.dcm', 'every:2').frame, npt.NDArray[np.int64])\n"
        "assert_type(model.embed_tiles('a.svs', mpp=0.5, tiles='all').x, npt.NDArray[np.int64])\n"
        "assert_type(model.embed_tiles(['a.svs'], level=0).path, list[str])\n"
        "assert_type(model.embed_images('a', return_tokens=True).tokens, npt.NDArray[np.float32])\n"
        "assert_type(model.dimensions, int)\n"
        "assert_type(model.classify('a', ['b'])[0][0].score, float)\n"
        "archive = mi2.Archive('a', model=model)\n"
        "assert_type(archive.search(text='a', where='modality=CT')[0].item.path, str)\n"
        "assert_type(archive.search(image=np.zeros((2, 2)), by='image').searched, int)\n"
        "assert_type(list(archive.items()), list[mi2.Item])\n"
        "assert_type(archive.vectors().vectors, npt.NDArray[np.float32])\n"
        "assert_type(archive.thumbnail(3), bytes | None)\n"
        "assert_type(archive.add(['a.dcm'], slices='max:32').images, int)\n"
        "archive.search(text='a', by='slice')  # type: ignore[arg-type]\n"
        "client = mi2.Client('http://h')\n"
        "assert_type(client.embed_images('a'), npt.NDArray[np.float32])\n"
        "assert_type(client.embed_texts('a', ordered=False), Iterator[tuple[int, npt.NDArray[np.float32]]])\n"
        "model.embed_images(3)  # type: ignore[call-overload]\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
                           str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    # The package's own sources, as installed.
    package = Path(subprocess.run([sys.executable, "-c", "import medimageinsight; print(medimageinsight.__path__[0])"],
                                  capture_output=True, text=True, check=True).stdout.strip())
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--allow-any-generics",
                           "--cache-dir", str(tmp_path / "cache"), "-p", package.name], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout

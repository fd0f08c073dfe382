"""An archive for tests of its routes: DICOM studies of our own, added and searched by the program itself."""
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "cli"))
from dicom_studies import slice_of, uid, write_hospital, write_study  # noqa: E402, F401

MODEL = os.environ["MI2_STARTER_MODEL"]
KEYS = {"all": "key-of-all-0123456789", "ct": "key-of-ct-only-0123456", "none": "key-of-nobody-0123456"}
PATHS = {"*": {"*": {"rights": ["search", "paths"]}}}
ALL = {"*": {"*": {"rights": ["search", "paths", "delete"]}}}
ADD = {"*": {"*": {"rights": ["search", "paths", "delete", "add"]}}}


def digest(name):
    return hashlib.sha256(KEYS[name].encode()).hexdigest()


def of(name):
    return {"api-key": KEYS[name]}


def rights_file(folder, keys):
    path = folder / "rights.json"
    path.write_text(json.dumps({"keys": keys}))
    return path


def keyed(serve, folder, rights, *arguments, **options):
    """A server whose requests show the key of `all`: without keys nobody may change an archive."""
    keys = folder / "keys.txt"
    keys.write_text(KEYS["all"])
    return serve(*arguments, "--api-key-file", keys, "--archive-rights", rights_file(folder, rights), key=KEYS["all"], **options)


def search(server, body, archive="a", status=200, **options):
    answer = server.post(f"/v1/archives/{archive}/search", body, **options)
    assert answer.status == status, answer.body
    return answer.json()


def scores(results):
    return [(row["item"], row["score"]) for row in results]


def mi2(*arguments, status=0):
    done = subprocess.run([os.environ["MI2_BIN"], *map(str, arguments)], capture_output=True, timeout=300, check=False)
    assert done.returncode == status, done.stderr.decode()
    return done


def add(archive, *sources):
    mi2("index", "add", "--model", MODEL, archive, *sources)


def told(archive, *arguments):
    """What mi2 index search says."""
    done = mi2("index", "search", archive, "--format", "jsonl", *arguments)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def exported(archive, folder, *arguments):
    """[(path, frame)] and vectors of an archive's images."""
    out = folder / "export.npy"
    mi2("index", "export", archive, "--out", out, "--force", *arguments)
    rows = [json.loads(line) for line in Path(f"{out}.rows.jsonl").read_text().splitlines()]
    return [row["path"] for row in rows if "path" in row], np.load(out).astype(np.float64)


def unit(vector):
    return vector / np.linalg.norm(vector)


def brute_force(query, vectors, groups, allowed=None):
    """[(group, score)], the best row of each group standing for it."""
    best = {}
    for i, score in enumerate(vectors @ unit(np.asarray(query, np.float64))):
        if allowed is None or allowed(i):
            best[groups[i]] = max(best.get(groups[i], -2.0), score)
    return sorted(best.items(), key=lambda row: -row[1])


def packed(data):
    """The bytes of an object's file."""
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def study_files(study, slices=3, **more):
    """The files of a study of one series, which no folder has."""
    return [packed(slice_of(study, 0, number, **more)) for number in range(slices)]


def form(*files, name="file"):
    """A form's body and headers."""
    parts = [f'--form\r\nContent-Disposition: form-data; name="{name}"; filename="{i}.dcm"\r\n\r\n'.encode() + file + b"\r\n"
             for i, file in enumerate(files)]
    return b"".join(parts) + b"--form--\r\n", {"content-type": "multipart/form-data; boundary=form"}


def related(*objects):
    """The body and headers of a STOW-RS request."""
    parts = [b"--related\r\nContent-Type: application/dicom\r\n\r\n" + one + b"\r\n" for one in objects]
    return (b"".join(parts) + b"--related--\r\n",
            {"content-type": 'multipart/related; type="application/dicom"; boundary=related', "accept": "application/dicom+json"})


def post_items(server, *files, status=200, query="", headers=None):
    body, own = form(*files)
    answer = server.post(f"/v1/archives/a/items{query}", body, headers={**own, **(headers or {})})
    assert answer.status == status, answer.body
    return answer.json()


def outcomes(answer):
    return [row["outcome"] for row in answer["files"]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """(archive, {path: (study, patient, modality)}) that tests only read."""
    folder = tmp_path_factory.mktemp("filled")
    known = write_hospital(folder / "hospital")
    add(folder / "archive", folder / "hospital")
    return folder / "archive", known


@pytest.fixture
def own(tmp_path):
    """An archive for tests that change it, and its files."""
    known = write_hospital(tmp_path / "hospital", studies=4, slices=2)
    add(tmp_path / "own", tmp_path / "hospital")
    return tmp_path / "own", known

"""to_frame and to_parquet: vectors with what they are of and what they depend on."""
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import medimageinsight as mi2
import numpy as np
import pandas
import pytest
from pyarrow import parquet

PROVENANCE = ["version", "weights_sha256", "profile", "dtype", "instructions"]


def test_a_frame_has_paths_vectors_and_provenance(model, images):
    vectors = model.embed_images(images[:3])
    table = mi2.to_frame(vectors, paths=images[:3], provenance=model.provenance)
    assert list(table.columns) == ["path", "embedding", *PROVENANCE]
    assert list(table["path"]) == [str(path) for path in images[:3]]
    assert np.stack(table["embedding"]).tobytes() == vectors.tobytes()
    assert set(table["weights_sha256"]) == {model.provenance.weights_sha256}


def test_a_parquet_file_has_the_bits_and_what_is_missing(model, images, cut_picture, tmp_path):
    paths = pandas.Series([images[0], cut_picture, images[1]])
    vectors = model.embed_images(paths, on_error="nan")
    file = tmp_path / "v.parquet"
    file.write_bytes(b"old")
    file.chmod(0o640)
    mi2.to_parquet(file, vectors, paths=paths, provenance=model.provenance)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".parquet"] == ["v.parquet"]
    assert file.stat().st_mode & 0o777 == 0o640
    assert str(parquet.read_schema(file).field("embedding").type) == f"fixed_size_list<element: float>[{model.dimensions}]"
    stored = pandas.read_parquet(file)
    assert list(stored["embedding"].isna()) == [False, True, False]
    assert np.stack(stored["embedding"].dropna()).tobytes() == vectors[[0, 2]].tobytes()
    assert list(stored["path"]) == [str(path) for path in paths]
    assert model.classify(np.stack(stored["embedding"].dropna()), ["a", "b"]) == model.classify(vectors[[0, 2]], ["a", "b"])


def test_the_column_of_a_frame_is_classified(model, images, cut_picture):
    vectors = model.embed_images([images[0], cut_picture, images[1]], on_error="nan")
    table = mi2.to_frame(vectors)
    found = model.classify_vectors(table["embedding"], ["a", "b"])
    assert repr(found) == repr(model.classify_vectors(vectors, ["a", "b"])) and "nan" in repr(found[1])
    assert mi2.to_frame(table["embedding"])["embedding"].isna().tolist() == [False, True, False]


def test_frames_have_their_numbers_and_their_images_paths(model, images, tmp_path):
    found = model.embed_frames(images[:2])
    mi2.to_parquet(tmp_path / "f.parquet", found, paths=images[:2])
    stored = pandas.read_parquet(tmp_path / "f.parquet")
    assert list(stored.columns) == ["path", "frame", "embedding"]
    assert list(stored["frame"]) == list(found.frame)
    assert list(stored["path"]) == [str(images[i]) for i in found.image]


def test_tiles_have_their_slides_and_their_places(model):
    ints = np.array([3, 4])
    tiles = mi2.TileVectors(model.embed_texts(["a", "b"]), ["s.svs", "t.svs"], *[ints + i for i in range(6)], np.array([0.5, 0]))
    table = mi2.to_frame(tiles)
    assert list(table.columns) == ["path", "frame", "level", "x", "y", "width", "height", "mpp", "embedding"]
    assert list(table["path"]) == ["s.svs", "t.svs"] and list(table["y"]) == [6, 7] and list(table["mpp"]) == [0.5, 0]
    assert list(mi2.to_frame(tiles, paths=["u", "v"])["path"]) == ["u", "v"]


def test_texts_and_no_rows(model, tmp_path):
    table = mi2.to_frame(model.embed_texts(["a", "b"]), texts=["a", None])
    assert list(table["text"].isna()) == [False, True]
    mi2.to_parquet(tmp_path / "none.parquet", model.embed_texts([]), texts=[])
    assert len(pandas.read_parquet(tmp_path / "none.parquet")) == 0


def test_what_does_not_fit_is_refused_and_leaves_nothing(model, tmp_path):
    vectors = model.embed_texts(["a", "b"])
    for options, words in (({"paths": ["a"]}, "path: expected one of each of the 2 rows, got 1"),
                           ({"texts": "ab"}, "one of each row"), ({"paths": {"a": 1, "b": 2}}, "a dictionary is not a list"),
                           ({"paths": pandas.DataFrame({"x": [], "y": []})}, "a DataFrame is not a column"),
                           ({"paths": [1, 2]}, r"paths\[0\]: int is not a text"),
                           ({"paths": ["\udc80", "b"]}, "UTF-8"), ({"provenance": {"dtype": "f32"}}, "dict is not a model's")):
        with pytest.raises(mi2.BadArgument, match=words):
            mi2.to_parquet(tmp_path / "v.parquet", vectors, **options)
    with pytest.raises(mi2.BadArgument, match="expected .rows, dimensions., got"):
        mi2.to_frame(vectors[0])
    with pytest.raises(mi2.BadFile, match="cannot be written"):
        mi2.to_parquet(tmp_path / "absent" / "v.parquet", vectors)
    with pytest.raises(mi2.BadFile, match="is not a regular file"):
        mi2.to_parquet(tmp_path, vectors)
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
import medimageinsight as mi2, numpy as np
from pyarrow import parquet

def half(table, path):
    with open(path, "wb") as file:
        file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

parquet.write_table = half
mi2.to_parquet(sys.argv[1], np.ones((2, 3), np.float32))
"""


def test_what_a_killed_run_left_is_removed_by_the_next(model, tmp_path):
    file = tmp_path / "v.parquet"
    done = subprocess.run([sys.executable, "-c", KILLED, file], check=False)
    assert done.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1 and not file.exists()
    mi2.to_parquet(file, model.embed_texts(["a"]))
    assert [path.name for path in tmp_path.iterdir()] == ["v.parquet"] and file.stat().st_mode & 0o111 == 0


def test_without_pyarrow_the_message_says_what_to_install(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(mi2.Unsupported, match="pip install"):
        mi2.to_parquet(tmp_path / "v.parquet", model.embed_texts(["a"]))


def test_the_documents_line_makes_parquet_of_the_programs_rows(model_path, images, tmp_path):
    line, = re.findall(r'^python3 (-c "import pyarrow.*")$', (Path(__file__).parents[2] / "docs/cli.md").read_text(), re.M)
    subprocess.run([os.environ["MI2_BIN"], "embed", "--model", model_path, "--provenance", "--out", tmp_path / "v.jsonl",
                    *images[:2], "--text", "a"], check=True)
    subprocess.run(f"{sys.executable} {line}", shell=True, cwd=tmp_path, check=True)
    stored = pandas.read_parquet(tmp_path / "v.parquet")
    rows = [json.loads(row) for row in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert np.float32(np.stack(stored["embedding"])).tobytes() == np.float32([row["embedding"] for row in rows]).tobytes()
    assert list(stored["path"].dropna()) == [row["path"] for row in rows if "path" in row]
    assert [row["weights_sha256"] for row in stored["provenance"]] == [row["provenance"]["weights_sha256"] for row in rows]

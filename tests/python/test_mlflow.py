"""mi2 package mlflow: MLflow loads and serves it, with the program's vectors."""
import base64
import json
import math
import shutil
import sys
from pathlib import Path

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
import yaml
from medimageinsight.pyfunc import _load_pyfunc

from packages import free_port, package, post, running, wheel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from adapter_model import write_adapter

TEXTS = ["x-ray chest anteroposterior Cardiomegaly", "x-ray chest anteroposterior No Finding"]


@pytest.fixture(scope="module")
def folder(model_path, tmp_path_factory):
    out = tmp_path_factory.mktemp("mlflow") / "package"
    package("mlflow", model_path, out, "--wheel", wheel())
    return out


@pytest.fixture(scope="module")
def loaded(folder):
    return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(scope="module")
def encoded(images):
    return [base64.b64encode(path.read_bytes()).decode() for path in images]


def vectors(rows, kind):
    return np.array([row[f"{kind}_features"] for row in rows], dtype=np.float32)[:, 0, :]


def test_the_signature_is_the_published_one(folder):
    model = mlflow.models.Model.load(str(folder))
    assert [(column.name, column.type.name) for column in model.signature.inputs] == [("image", "string"),
                                                                                      ("text", "string")]
    assert {param.name: param.default for param in model.signature.params.params} == {
        "image_standardization_jpeg_compression_ratio": 75, "image_standardization_image_size": 512,
        "get_scaling_factor": True}


def test_load_model_predicts_the_programs_vectors(loaded, program, images, encoded):
    table = pd.DataFrame({"image": encoded[:2], "text": TEXTS})
    rows = loaded.predict(table)
    assert vectors(rows, "image").tobytes() == program("--profile", "azure", *images[:2]).tobytes()
    assert vectors(rows, "text").tobytes() == program("--text", TEXTS[0], "--text", TEXTS[1]).tobytes()
    assert [set(row) for row in rows] == [{"image_features", "text_features", "scaling_factor"}] * 2


def test_sides_may_be_missing(loaded, encoded):
    rows = loaded.predict(pd.DataFrame({"image": [encoded[0], None, ""], "text": [None, TEXTS[0], TEXTS[1]]}))
    assert [sorted(row) for row in rows] == [["image_features", "scaling_factor"],
                                             ["scaling_factor", "text_features"], ["scaling_factor", "text_features"]]
    assert set(loaded.predict(pd.DataFrame({"text": TEXTS}))[0]) == {"text_features", "scaling_factor"}
    rows = loaded.predict(pd.DataFrame({"image": encoded[:1]}), params={"get_scaling_factor": False})
    assert [set(row) for row in rows] == [{"image_features"}]


def test_params_reach_the_model(loaded, model_path, images, encoded):
    import medimageinsight
    model = medimageinsight.load(model_path, profile="azure", azure_size=480, azure_quality=95)
    rows = loaded.predict(pd.DataFrame({"image": encoded[:1]}), params={
        "image_standardization_image_size": 480, "image_standardization_jpeg_compression_ratio": 95})
    assert vectors(rows, "image").tobytes() == model.embed_images(images[0]).tobytes()


def test_long_tables_are_scored_in_parts_in_order(loaded, model_path):
    import medimageinsight
    texts = [f"finding number {i}" for i in range(150)]
    wanted = medimageinsight.load(model_path).embed_texts(texts)
    assert vectors(loaded.predict(pd.DataFrame({"text": texts})), "text").tobytes() == wanted.tobytes()


def test_a_bad_row_is_named(loaded, encoded):
    wrong = "bm90IGEgcGljdHVyZQ=="
    with pytest.raises(mlflow.MlflowException, match="^row 2: image"):
        loaded.predict(pd.DataFrame({"image": [encoded[0], wrong], "text": [None, None]}))
    with pytest.raises(mlflow.MlflowException, match="^row 100: image"):
        loaded.predict(pd.DataFrame({"image": [None] * 99 + [wrong], "text": ["a"] * 100}))


def test_cells_are_read_as_score_reads_them(model_path, program, images):
    model = _load_pyfunc(model_path)
    table = pd.DataFrame({"image": [bytearray(images[0].read_bytes()), np.nan], "text": [pd.NA, np.int64(5)], "more": [[], {}]},
                         dtype=object)
    rows = model.predict(table)
    assert vectors(rows[:1], "image").tobytes() == program("--profile", "azure", images[0]).tobytes()
    assert vectors(rows[1:], "text").tobytes() == program("--text", "5").tobytes()
    with pytest.raises(mlflow.MlflowException, match="^row 2: text: list"):
        model.predict(pd.DataFrame({"text": ["a", ["b"]]}))
    with pytest.raises(mlflow.MlflowException, match="^row 2: text: inf is no number"):
        model.predict(pd.DataFrame({"text": ["a", math.inf]}))


def test_mlflow_models_serve_answers_with_the_programs_vectors(folder, program, images, encoded, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder), "--env-manager", "local",
               "--port", str(port), "--workers", "1"]
    with running(command, f"http://127.0.0.1:{port}/ping", tmp_path / "log"):
        url = f"http://127.0.0.1:{port}/invocations"
        table = {"columns": ["image", "text"], "data": [[encoded[0], TEXTS[0]], [encoded[1], TEXTS[1]]]}
        status, answer = post(url, {"dataframe_split": table, "params": {"get_scaling_factor": True}})
        assert status == 200, answer
        rows = answer["predictions"]
        assert vectors(rows, "image").tobytes() == program("--profile", "azure", *images[:2]).tobytes()
        assert vectors(rows, "text").tobytes() == program("--text", TEXTS[0], "--text", TEXTS[1]).tobytes()
        status, answer = post(url, {"dataframe_records": [{"image": "bm90IGEgcGljdHVyZQ==", "text": ""}]})
        assert status == 400 and "row 1: image" in answer["message"]


def test_a_packed_file_is_packaged_as_it_is(model_path, program, images, encoded, tmp_path):
    import os
    import subprocess
    packed = tmp_path / "tiny.bf16.mi2"
    subprocess.run([os.environ["MI2_BIN"], "pack", "--model", model_path, "--dtype", "bf16", packed], check=True)
    package("mlflow", packed, tmp_path / "out", "--profile", "raw")
    rows = mlflow.pyfunc.load_model(str(tmp_path / "out")).predict(pd.DataFrame({"image": encoded[:1]}))
    assert vectors(rows, "image").tobytes() == program("--dtype", "bf16", images[0]).tobytes()


def test_the_device_of_a_package_may_be_overridden(folder):
    with pytest.raises(Exception, match="device 'cuda:99': this machine has no GPU"):
        mlflow.pyfunc.load_model(str(folder), model_config={"device": "cuda:99"})


@pytest.mark.parametrize("kind", ["zero-shot", "adapter"])
def test_a_classifiers_folder_predicts_scores(starter_path, encoded, tmp_path, kind):
    labels = ["chest x-ray", "brain mri", "skin photo"]
    for name in ("config.yaml", "model.safetensors"):
        (tmp_path / "model").mkdir(exist_ok=True)
        shutil.copy(Path(starter_path) / name, tmp_path / "model" / name)
    if kind == "adapter":
        write_adapter(tmp_path / "model" / "adapter_model", labels)
    else:
        (tmp_path / "model" / "config.json").write_text(json.dumps({"labels": labels}))
    package("mlflow", tmp_path / "model", tmp_path / "out")
    rows = mlflow.pyfunc.load_model(str(tmp_path / "out")).predict(pd.DataFrame({"image": encoded[:2]}))
    assert len(rows) == 2
    for row in rows:
        scores = [entry["score"] for entry in row]
        assert {entry["label"] for entry in row} == set(labels) and scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-5)
        assert kind == "zero-shot" or row[0]["label"] == labels[-1]


def test_environments_name_the_wheel(folder, model_path, tmp_path):
    name = f"wheels/{wheel().name}"
    assert (folder / name).read_bytes() == wheel().read_bytes()
    assert (folder / "requirements.txt").read_text().splitlines()[0] == name
    assert name in yaml.safe_load((folder / "conda.yaml").read_text())["dependencies"][-1]["pip"]
    assert yaml.safe_load((folder / "python_env.yaml").read_text())["python"] == "3.11"
    package("mlflow", model_path, tmp_path / "without")
    assert (tmp_path / "without" / "requirements.txt").read_text().startswith("medimageinsight==")


def test_mistakes_leave_nothing_behind(model_path, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert "already exists" in package("mlflow", model_path, out, status=2)
    out.rmdir()
    assert "no such file" in package("mlflow", model_path, out, "--wheel", "medimageinsight-0.whl", status=7)
    assert "got '3.11; rm'" in package("mlflow", model_path, out, "--python", "3.11; rm", status=2)
    assert "name" in package("azureml", model_path, out, "--name", "A B", status=2)
    package("mlflow", tmp_path / "nowhere", out, status=7)
    package("other", model_path, out, status=2)
    assert "No such file" in package("mlflow", model_path, tmp_path / "no" / "out", status=3)
    assert not list(tmp_path.iterdir())

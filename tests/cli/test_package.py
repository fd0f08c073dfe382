"""mi2 package: what goes into a package, and what never does."""
import os
import resource
import shutil
import struct
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def model(mi2, tmp_path):
    """A copy of a model's folder that a test may harm."""
    return Path(shutil.copytree(mi2.model, tmp_path / "model"))


def package(mi2, model, out, **options):
    return mi2("package", "mlflow", "--model", str(model), str(out), **options)


def test_the_device_is_that_of_the_deployment(mi2, model, tmp_path):
    """This machine need not have it."""
    mi2("package", "mlflow", "--model", str(model), "--device", "cuda:1", "--dtype", "f16", str(tmp_path / "mlflow"))
    assert "      device: 'cuda:1'\n      dtype: 'f16'\n" in (tmp_path / "mlflow" / "MLmodel").read_text()
    mi2("package", "azureml", "--model", str(model), "--device", "auto", str(tmp_path / "azureml"))
    for name in ("deployment.yml", "batch-deployment.yml"):
        assert 'MI2_DEVICE: "auto"\n' in (tmp_path / "azureml" / name).read_text(), name
    package(mi2, model, tmp_path / "plain")
    mi2("package", "mlflow", "--model", str(model), "--dtype", "auto", str(tmp_path / "fastest"))
    assert "      dtype: 'auto'\n" in (tmp_path / "fastest" / "MLmodel").read_text()
    assert "      device: 'cpu'\n" in (tmp_path / "plain" / "MLmodel").read_text()
    done = mi2("package", "mlflow", "--model", str(model), "--device", "gpu", str(tmp_path / "no"), status=2)
    assert "--device" in done.errors and not (tmp_path / "no").exists()
    done = mi2("package", "mlflow", "--model", str(model), "--dtype", "f16", str(tmp_path / "no"), status=2)
    assert "f16" in done.errors and not (tmp_path / "no").exists()


def test_weights_that_are_not_finite_are_not_packaged(mi2, model, tmp_path):
    weights = next(model.glob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    weights.write_bytes(content)
    done = package(mi2, model, tmp_path / "out", status=3)
    assert "holds a NaN or an infinity" in done.errors and not (tmp_path / "out").exists()


def test_a_link_out_of_the_models_folder_is_refused(mi2, model, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("not the model's")
    for name, target in (("notes.txt", secret / "file"), ("more", secret), ("up", ".."), ("gone", "nowhere")):
        (model / name).symlink_to(target)
        done = package(mi2, model, tmp_path / "out", status=2)
        assert f"the link {name}" in done.errors and not (tmp_path / "out").exists()
        (model / name).unlink()
    package(mi2, model, tmp_path / "out")


def test_a_link_into_the_models_folder_is_followed_once(mi2, model, tmp_path):
    (model / "copy.yaml").symlink_to("config.yaml")
    package(mi2, model, tmp_path / "out")
    copied = next((tmp_path / "out").rglob("copy.yaml"))
    assert copied.read_bytes() == (model / "config.yaml").read_bytes() and not copied.is_symlink()
    (model / "again").symlink_to(".")
    assert "the link again" in package(mi2, model, tmp_path / "other", status=2).errors


def test_a_snapshot_of_the_hubs_cache_is_packaged(mi2, model, tmp_path):
    cache = tmp_path / "models--a--b"
    snapshot = cache / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for path in model.iterdir():
        path.rename(cache / "blobs" / path.name)
        (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
    package(mi2, snapshot, tmp_path / "out")
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


def test_a_package_is_never_in_its_model(mi2, model):
    before = sorted(model.iterdir())
    assert "is in the model's folder" in package(mi2, model, model / "out", status=2).errors
    assert sorted(model.iterdir()) == before


def test_a_folder_of_another_run_is_not_adopted(mi2, model, tmp_path):
    """As an earlier version named its own, with any process's number."""
    for number in range(1, 400):
        (tmp_path / f"out.partial-{os.getpid() + number}").mkdir()
    package(mi2, model, tmp_path / "out")
    assert len(list(tmp_path.glob("out.partial-*"))) == 399


def test_a_file_over_the_systems_limit_is_an_error_that_names_it(mi2, model, tmp_path):
    for command in (["package", "mlflow", "--model", str(model), "out"], ["pack", "--dtype", "f32", "--model", str(model), "m.mi2"]):
        done = subprocess.run([mi2.path, *command], cwd=tmp_path, env=mi2.environment(), capture_output=True, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
        assert done.returncode == 3 and b"File too large" in done.stderr, (done.returncode, done.stderr)
        assert str(model).encode() not in done.stderr and command[-1].encode() in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]

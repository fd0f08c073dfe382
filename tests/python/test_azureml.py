"""mi2 package azureml: azureml-inference-server-http runs the scoring script; the files are what Azure ML reads."""
import base64
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from packages import free_port, package, post, running, wheel

TEXT = "x-ray chest anteroposterior No Finding"


@pytest.fixture(scope="module")
def folder(model_path, tmp_path_factory):
    out = tmp_path_factory.mktemp("azureml") / "package"
    package("azureml", model_path, out, "--wheel", wheel(), "--name", "insight-1", "--dtype", "f32")
    return out


def test_the_inference_server_answers_as_the_hosted_model(folder, program, images, tmp_path):
    port, health = free_port(), free_port()
    command = [Path(sys.executable).parent / "azmlinfsrv", "--entry_script", str(folder / "environment" / "score.py"),
               "--port", str(port), "--health_port", str(health)]
    url = f"http://127.0.0.1:{port}/score"
    with running(command, f"http://127.0.0.1:{port}/", tmp_path / "log", AZUREML_MODEL_DIR=str(folder),
                 MI2_PROFILE="azure"):
        table = {"columns": ["image", "text"], "index": [0, 1],
                 "data": [[base64.b64encode(images[0].read_bytes()).decode(), TEXT], ["", TEXT]]}
        status, rows = post(url, {"input_data": table, "params": {"get_scaling_factor": "True"}})
        assert status == 200, rows
        assert [sorted(row) for row in rows] == [["image_features", "scaling_factor", "text_features"],
                                                 ["scaling_factor", "text_features"]]
        image, text = (np.array(rows[0][f"{kind}_features"], dtype=np.float32) for kind in ("image", "text"))
        assert image.tobytes() == program("--profile", "azure", images[0]).tobytes()
        assert text.tobytes() == program("--text", TEXT).tobytes()
        table["data"][1][0] = base64.b64encode(b"not a picture").decode()
        status, answer = post(url, {"input_data": table})
        assert status in (400, 422) and "row 2: image" in answer["message"]
        status, answer = post(url, b"{")
        assert status == 400 and answer["message"]


def test_files_are_yaml_that_names_what_is_there(folder):
    files = {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}
    assert set(files) == {"model.yml", "environment.yml", "endpoint.yml", "deployment.yml", "batch-endpoint.yml",
                          "batch-deployment.yml"}
    assert (folder / files["model.yml"]["path"] / "config.yaml").is_file()
    build = files["environment.yml"]["build"]
    assert (folder / build["path"] / build["dockerfile_path"]).is_file()
    assert files["deployment.yml"]["endpoint_name"] == files["endpoint.yml"]["name"] == "insight-1"
    assert files["batch-deployment.yml"]["endpoint_name"] == files["batch-endpoint.yml"]["name"]
    for name in ("deployment.yml", "batch-deployment.yml"):
        code = files[name]["code_configuration"]
        compile((folder / code["code"] / code["scoring_script"]).read_text(), name, "exec")
    assert "{{" not in "".join(path.read_text() for path in folder.rglob("*") if path.suffix in (".yml", ".md", ".txt"))
    container = (folder / "environment" / "Containerfile").read_text()
    assert "COPY wheels wheels" in container and list((folder / "environment" / "wheels").glob("*.whl"))


def test_without_a_wheel_nothing_is_copied_from_a_folder_that_is_not_there(model_path, tmp_path):
    package("azureml", model_path, tmp_path / "out")
    container = (tmp_path / "out" / "environment" / "Containerfile").read_text()
    assert "wheels" not in container and "{{" not in container and "./\nRUN pip" in container


def test_the_container_file_installs_every_library_of_the_wheel(folder, tmp_path):
    zipfile.ZipFile(wheel()).extractall(tmp_path)
    built = [tmp_path / "medimageinsight" / "bin" / "mi2", *(tmp_path / "medimageinsight").glob("_core*.so")]
    assert len(built) == 2
    needed = {name for path in built
              for name in re.findall(r"NEEDED\s+(\S+)", subprocess.run(["objdump", "-p", path], capture_output=True,
                                                                       text=True, check=True).stdout)}
    installed = set((folder / "environment" / "Containerfile").read_text().split())
    installed |= {"libc6", "libgcc-s1", "libstdc++6"}  # every image of Debian has these
    found = subprocess.run(["dpkg-query", "--search", *(f"*/{library}" for library in needed)], capture_output=True,
                           text=True, check=False)
    packages = {}
    for line in found.stdout.splitlines():
        package_name, path = line.split(": ")
        packages.setdefault(Path(path).name, set()).add(package_name.split(":")[0])
    assert set(packages) == needed
    assert {name: owners for name, owners in packages.items() if not owners & installed} == {}


def test_batch_scores_csv_files(folder, images, tmp_path):
    encoded = base64.b64encode(images[0].read_bytes()).decode()
    (tmp_path / "in.csv").write_text(f"image,text\n{encoded},{TEXT}\n,{TEXT}\n")
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import batch_score\n"
            "batch_score.init(); print('\\n'.join(batch_score.run(sys.argv[2:])))")
    done = subprocess.run([sys.executable, "-c", code, str(folder / "environment"), str(tmp_path / "in.csv")],
                          env={**os.environ, "AZUREML_MODEL_DIR": str(folder)}, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    first, second = (line.split(",", 1) for line in done.stdout.splitlines())
    assert first[0] == "1" and first[1].startswith('"[[') and second[0] == "2" and second[1].startswith(',"[[')

"""The files for GPUs: the same choices as without, and what a GPU takes besides."""
import copy
import json
import os
import re
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
from conftest import DEPLOY, ROOT, document, image_command

CPU = (DEPLOY / "container/Containerfile").read_text()
GPU = (DEPLOY / "container/Containerfile.cuda").read_text()
TORCH = Path(os.environ["MI2_BIN"]).resolve().parent / "mi2-torch"


def command(text):
    return json.loads(re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)[1])


def patched():
    """The deployment as kustomize makes it of the base and the patch."""
    kustomization = document("kubernetes-gpu/kustomization.yaml")
    assert kustomization["resources"] == ["../kubernetes"]
    [patch] = kustomization["patches"]
    deployment = copy.deepcopy(document("kubernetes/deployment.yaml"))
    assert patch["target"] == {"kind": deployment["kind"], "name": deployment["metadata"]["name"]}
    for change in document(f"kubernetes-gpu/{patch['path']}"):
        *way, last = [part.replace("~1", "/") for part in change["path"].split("/")[1:]]
        place = deployment
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        assert change["op"] == "add"
        if last == "-":
            place.append(change["value"])
        else:
            place[last] = change["value"]
    return deployment


@pytest.mark.parametrize("version", ["1.25", "1.33"])
def test_the_pod_has_a_gpu_and_uses_all_it_has(version):
    deployment = patched()
    kubernetes_validate.validate(deployment, version, strict=True)
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1 and container["args"][-1] == "--device=cuda:all"
    [image] = document("kubernetes-gpu/kustomization.yaml")["images"]
    [base] = document("kubernetes/kustomization.yaml")["images"]
    assert image == {"name": base["name"], "newName": "mi2-cuda", "newTag": base["newTag"]}


def test_the_image_serves_as_the_other_but_on_gpus():
    assert command(GPU) == [*image_command(), "--device", "cuda:all"]
    for line in (r"^USER .*$", r"^ENTRYPOINT .*$", r"^EXPOSE .*$", r"^HEALTHCHECK .*\n.*$"):
        assert re.search(line, GPU, re.MULTILINE)[0] == re.search(line, CPU, re.MULTILINE)[0]
    assert re.findall(r"^FROM (\S+)", GPU, re.MULTILINE) == ["debian:12-slim"] * 2


def test_its_torch_is_the_one_that_the_build_is_made_for():
    assert '"$(grep ^torch== cmake/torch-requirements.txt)"' in GPU and "MI2_WITH_TORCH=ON cmake --preset release" in GPU
    pinned = re.search(r"^torch==(\S+)$", (ROOT / "cmake/torch-requirements.txt").read_text(), re.MULTILINE)[1]
    assert f"torch=={pinned}" in (ROOT / "docs/gpu.md").read_text()
    for path in ("/opt/torch/lib", "/out/mi2 /out/mi2-torch"):
        assert f"COPY --from=build {path} " in GPU


@pytest.mark.skipif(not TORCH.exists(), reason="this build has no libtorch (MI2_WITH_TORCH=OFF)")
def test_the_packages_of_the_second_program_are_installed():
    def linked(program):
        return set(re.findall(r"=> (/\S+) ", subprocess.run(["ldd", program], capture_output=True, text=True,
                                                            check=True).stdout))
    more = [path for path in linked(TORCH) - linked(os.environ["MI2_BIN"]) if "/site-packages/" not in path]
    libraries = [path for path in more if "libmpi" in path]
    assert libraries
    owners = subprocess.run(["dpkg-query", "--search", *libraries], capture_output=True, text=True, check=False).stdout
    assert {line.split(":")[0] for line in owners.splitlines()} <= set(re.search(
        r"apt-get install (.*?) *\\?$", GPU.split("FROM ")[-1], re.MULTILINE)[1].split())

"""Files of deploy/ say what their readers understand, and keep to the rules of a hardened container."""
import json
import re

import kubernetes_validate
import pytest
import yaml
from conftest import DEPLOY, ROOT, container_of, document, documents

# The oldest release whose fields the manifests use, and a later one: fields may go.
KUBERNETES_VERSIONS = ["1.25", "1.33"]
TEXTS = sorted(path.relative_to(DEPLOY).as_posix() for path in DEPLOY.rglob("*")
               if path.suffix in (".yaml", ".yml", ".json"))
MANIFESTS = [path for path in TEXTS if path.startswith("kubernetes/") and "kustomization" not in path]
CONTAINERS = ["kubernetes/deployment.yaml", "kserve/serving-runtime.yaml"]


def test_there_are_files_of_every_kind():
    assert {path.split("/")[0] for path in TEXTS} == {"container", "grafana", "kserve", "kubernetes", "kubernetes-gpu",
                                                       "orthanc", "prometheus"}


class UniqueKeys(yaml.SafeLoader):
    """YAML readers pass over the first of two equal keys, which is never what the writer meant."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"line {node.start_mark.line + 1}: a key is a duplicate"
        return super().construct_mapping(node, deep)


def no_key_twice(pairs):
    assert len(dict(pairs)) == len(pairs), [key for key, _ in pairs]
    return dict(pairs)


@pytest.mark.parametrize("path", TEXTS)
def test_every_file_parses(path):
    text = (DEPLOY / path).read_text()
    if path.endswith(".json"):
        assert json.loads(text, object_pairs_hook=no_key_twice)
    else:
        assert list(yaml.load_all(text, UniqueKeys))


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("path", MANIFESTS)
def test_manifests_are_valid_for_kubernetes(path, version):
    for manifest in documents(path):
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_the_container_of_kserve_is_valid_in_a_pod(version):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mi2"},
           "spec": {"containers": [container_of("kserve/serving-runtime.yaml")]}}
    kubernetes_validate.validate(pod, version, strict=True)


@pytest.mark.parametrize("folder", ["kubernetes", "kserve"])
def test_kustomizations_name_their_files_and_the_version(folder):
    kustomization = document(f"{folder}/kustomization.yaml")
    files = {path.name for path in (DEPLOY / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    [image] = kustomization["images"]
    version = re.search(r"project\(mi2 VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert image == {"name": "mi2", "newTag": version}
    assert document("container/compose.yaml")["services"]["mi2"]["image"] == f"mi2:{version}"


@pytest.mark.parametrize("path", CONTAINERS)
def test_containers_are_not_root_and_cannot_write(path):
    security = container_of(path)["securityContext"]
    if path.startswith("kubernetes/"):
        security = {**document(path)["spec"]["template"]["spec"]["securityContext"], **security}
    user = re.search(r"^USER (\d+):", (DEPLOY / "container/Containerfile").read_text(), re.MULTILINE)[1]
    assert security["runAsNonRoot"] and security["runAsUser"] == int(user) > 0
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_the_container_of_compose_is_hardened():
    service = document("container/compose.yaml")["services"]["mi2"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"] and service["ulimits"]["core"] == 0
    assert service["memswap_limit"] == service["mem_limit"]
    assert all(volume["read_only"] for volume in service["volumes"])


def test_service_policy_and_budget_select_the_pods_of_the_deployment():
    template = document("kubernetes/deployment.yaml")["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert document("kubernetes/service.yaml")["spec"]["selector"] == labels
    assert document("kubernetes/network-policy.yaml")["spec"]["podSelector"]["matchLabels"] == labels
    assert document("kubernetes/pod-disruption-budget.yaml")["spec"]["selector"]["matchLabels"] == labels
    [port] = document("kubernetes/service.yaml")["spec"]["ports"]
    assert port["targetPort"] in [item["name"] for item in template["spec"]["containers"][0]["ports"]]


def test_the_inference_service_asks_for_what_the_runtime_offers():
    runtime = document("kserve/serving-runtime.yaml")
    model = document("kserve/inference-service.yaml")["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]
    offered = [(item["name"], item["version"]) for item in runtime["spec"]["supportedModelFormats"]]
    assert (model["modelFormat"]["name"], model["modelFormat"]["version"]) in offered


@pytest.mark.parametrize("path", CONTAINERS)
def test_threads_follow_the_limit_of_the_container(path):
    container = container_of(path)
    [cpus] = [item for item in container["env"] if item["name"] == "CPUS"]
    assert cpus["valueFrom"]["resourceFieldRef"] == {"containerName": container["name"], "resource": "limits.cpu"}
    assert {"--threads=$(CPUS)", "--workers=$(CPUS)"} <= set(container["args"])

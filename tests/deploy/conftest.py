"""What deploy/ says, read once for its tests. MI2_BIN is the program, MI2_STARTER_MODEL a model's folder."""
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def _contract_tests():
    """The server's own tests start servers: so do these, in the same way."""
    folder = ROOT / "tests" / "contract"
    sys.path.insert(0, str(folder))  # what that file imports lies beside it
    spec = importlib.util.spec_from_file_location("contract_conftest", folder / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


contract = _contract_tests()
serve = contract.serve


def documents(path):
    return [document for document in yaml.safe_load_all((DEPLOY / path).read_text()) if document is not None]


def document(path):
    found = documents(path)
    assert len(found) == 1, path
    return found[0]


def container_of(path):
    """The one container of the Deployment or ServingRuntime in a file."""
    spec = document(path)["spec"]
    containers = (spec["template"]["spec"] if "template" in spec else spec)["containers"]
    assert len(containers) == 1, path
    return containers[0]


def unit_environment(unit="mi2"):
    lines = (DEPLOY / f"systemd/{unit}.env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: " ".join(shlex.split(value)) for name, value in pairs}


def unit_lines(name, unit="mi2"):
    """The values of a setting of a unit."""
    lines = (DEPLOY / f"systemd/{unit}.service").read_text().splitlines()
    return [line.split("=", 1)[1] for line in lines if line.startswith(name + "=")]


def image_command():
    text = (DEPLOY / "container/Containerfile").read_text()
    return json.loads(re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)[1])


def commands():
    """{what starts a server: its arguments, from "serve" on}"""
    [start] = unit_lines("ExecStart")
    program, *arguments = shlex.split(start.replace("$MI2_OPTIONS", unit_environment()["MI2_OPTIONS"]))
    assert program == "/usr/local/bin/mi2"
    return {
        "image": image_command(),
        "compose": document("container/compose.yaml")["services"]["mi2"]["command"],
        "systemd": arguments,
        "kubernetes": container_of("kubernetes/deployment.yaml")["args"],
        "kserve": container_of("kserve/serving-runtime.yaml")["args"],
    }


def help_of(*command):
    return subprocess.run([os.environ["MI2_BIN"], *command, "--help"], capture_output=True, text=True, check=True,
                          timeout=120).stdout


def options_in(help_text):
    """The names of the options of a command."""
    return set(re.findall(r"^ +(?:-h,)?(--[a-z][a-z-]*)", help_text, re.MULTILINE))


@pytest.fixture(scope="session")
def help_text():
    return help_of("serve")


@pytest.fixture(scope="session")
def listen_help():
    if re.search(r"^ +listen ", help_of(), re.MULTILINE) is None:
        pytest.skip("this build has no mi2 listen (MI2_WITH_ARCHIVE=OFF)")
    return help_of("listen")


@pytest.fixture(scope="session")
def serve_options(help_text):
    """The names of the options of mi2 serve."""
    return options_in(help_text)

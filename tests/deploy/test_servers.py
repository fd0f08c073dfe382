"""Each way of deploy/ to start a server, tried on a real one with the arguments that stand there."""
import re
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest
from conftest import commands, container_of, document, unit_environment, unit_lines

KEY = "a-key-for-tests-0123456789"
CORES = "2"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """Keys and a certificate, under the names that the files of deploy/ use."""
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "api-keys").write_text(KEY + "\n")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", folder / "key.pem", "-out", folder / "chain.pem"], check=True, capture_output=True)
    shutil.copy(folder / "key.pem", folder / "tls.key")
    shutil.copy(folder / "chain.pem", folder / "tls.crt")
    return folder


def values(arguments):
    """{option: value} of arguments written as --option=value or --option value."""
    words = [word for argument in arguments for word in re.split(r"(?<=[a-z])=", argument, maxsplit=1)]
    return dict(zip(words[::2], words[1::2], strict=True))


def settings_of(name):
    command = commands()[name]
    assert command[0] == "serve"
    return values(command[1:])


def started(serve, name, secrets):
    """A server with the arguments of deploy/, but for its port, its address and the files' places."""
    arguments = []
    for option, value in settings_of(name).items():
        if option not in ("--port", "--host", "--model"):
            placed = re.sub(r"^/etc/mi2/.*?([^/]+)$", lambda found: str(secrets / found[1]), value)
            arguments += [option, placed.replace("$(CPUS)", CORES)]
    return serve(*arguments)


@pytest.mark.parametrize("name", commands())
def test_every_option_is_one_of_mi2_serve(name, serve_options):
    assert set(settings_of(name)) <= serve_options


@pytest.mark.parametrize("name", ["compose", "systemd", "kubernetes"])
def test_servers_for_others_want_a_key_and_speak_tls(serve, secrets, name):
    server = started(serve, name, secrets)
    assert server.scheme == "https"
    row = ["", "chest x-ray"]
    assert server.score(row).status == 401 and server.get("/metrics").status == 401
    assert server.score(row, headers={"api-key": KEY}).status == 200
    assert server.get("/metrics", headers={"authorization": f"Bearer {KEY}"}).status == 200


def probes(name, path):
    container = container_of(path)
    return [container[probe]["httpGet"] for probe in ("livenessProbe", "readinessProbe")]


@pytest.mark.parametrize(("name", "path"), [("kubernetes", "kubernetes/deployment.yaml"),
                                            ("kserve", "kserve/serving-runtime.yaml")])
def test_probes_answer_without_a_key(serve, secrets, name, path):
    server = started(serve, name, secrets)
    for probe in probes(name, path):
        assert server.get(probe["path"]).status == 200
        assert probe.get("scheme", "HTTP").lower() == server.scheme


def test_the_health_check_of_images_asks_a_path_that_tells(serve, secrets):
    text = document("container/compose.yaml")["services"]["mi2"]["environment"]["MI2_HEALTH_URL"]
    url = urlsplit(text)
    server = started(serve, "compose", secrets)
    assert url.scheme == server.scheme and server.get(url.path).status == 200


def test_ports_agree():
    kubernetes, kserve = container_of("kubernetes/deployment.yaml"), container_of("kserve/serving-runtime.yaml")
    assert [port["containerPort"] for port in kubernetes["ports"]] == [int(settings_of("kubernetes")["--port"])]
    assert [port["containerPort"] for port in kserve["ports"]] == [int(settings_of("kserve")["--port"])]
    compose = document("container/compose.yaml")["services"]["mi2"]
    inside = settings_of("compose")["--port"]
    assert compose["ports"] == [f"{inside}:{inside}"]
    assert urlsplit(compose["environment"]["MI2_HEALTH_URL"]).port == int(inside)


def test_whoever_stops_a_server_waits_longer_than_it_drains():
    pod = document("kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    predictor = document("kserve/inference-service.yaml")["spec"]["predictor"]
    for name, patience, path in [
            ("kubernetes", pod["terminationGracePeriodSeconds"], "kubernetes/deployment.yaml"),
            ("kserve", predictor["terminationGracePeriodSeconds"], "kserve/serving-runtime.yaml")]:
        program, pause = container_of(path)["lifecycle"]["preStop"]["exec"]["command"]
        assert program == "sleep"
        assert patience > int(pause) + int(settings_of(name)["--drain-timeout"]), name
    [unit] = unit_lines("TimeoutStopSec")
    assert int(unit) > int(settings_of("systemd")["--drain-timeout"])
    compose = document("container/compose.yaml")["services"]["mi2"]["stop_grace_period"]
    assert int(compose.removesuffix("s")) > int(settings_of("compose")["--drain-timeout"])


def test_models_are_where_servers_look_for_them():
    mounts = {mount["name"]: mount for mount in container_of("kubernetes/deployment.yaml")["volumeMounts"]}
    assert mounts["model"]["mountPath"] == settings_of("kubernetes")["--model"] and mounts["model"]["readOnly"]
    assert settings_of("kserve")["--model"] == "{{.Name}}=/mnt/models"
    [mounted] = unit_lines("RequiresMountsFor")
    assert unit_environment()["MI2_MODEL"].startswith(mounted)
    targets = [volume["target"] for volume in document("container/compose.yaml")["services"]["mi2"]["volumes"]]
    assert "/models" in targets

"""The proxy that names users: what its configuration says, and nginx itself before a server where it is installed."""
import base64
import json
import os
import re
import shutil
import socket
import subprocess

import pytest
from conftest import DEPLOY, contract

certificate = contract.certificate
TEXT = (DEPLOY / "nginx/mi2.conf").read_text()
SECRET = "a-secret-of-the-proxy-0123"
OPTIONS = ("--user-header", "X-Remote-User", "--groups-header", "X-Remote-Groups", "--trusted-proxy", "127.0.0.1")


def test_each_header_by_which_somebody_is_known_is_the_proxys_own():
    set_there = {name.lower() for name in re.findall(r"^ +(?:# )?proxy_set_header (\S+)", TEXT, re.MULTILINE)}
    assert {"x-remote-user", "x-remote-groups", "authorization", "api-key", "x-api-key", "host"} <= set_there
    for location in re.findall(r"location \S+ \{([^}]*)\}", TEXT):
        assert "proxy_set_header" not in location, "one there, and those above are not set"


def test_the_documents_start_a_server_as_the_proxy_expects(serve_options):
    readme = (DEPLOY / "README.md").read_text().split("## nginx")[1].split("\n## ")[0]
    named = set(re.findall(r"--[a-z][a-z-]+", readme))
    assert {"--user-header", "--groups-header", "--trusted-proxy", "--proxy-secret-file"} <= named <= serve_options
    [header] = re.findall(r"--user-header (\S+)", readme)
    assert f"proxy_set_header {header} " in TEXT


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def proxied(serve, tmp_path, certificate):
    """(server, its address through nginx)"""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("the program nginx is not installed")
    (tmp_path / "secret").write_text(SECRET)
    server = serve(*OPTIONS, "--proxy-secret-file", tmp_path / "secret")
    (tmp_path / "mi2-users").write_text("alice:{PLAIN}wonder\n")
    (tmp_path / "mi2-groups").write_text('alice "readers, curators";\n')
    (tmp_path / "mi2-secret.conf").write_text(f"proxy_set_header X-Mi2-Proxy-Secret {SECRET};\n")
    port = free_port()
    text = TEXT.replace("/etc/nginx/", f"{tmp_path}/").replace("127.0.0.1:5001", f"127.0.0.1:{server.port}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = text.replace("/etc/mi2/chain.pem", str(certificate[0])).replace("/etc/mi2/key.pem", str(certificate[1]))
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root; " if os.geteuid() == 0 else ""  # whom the files of this test are for
    (tmp_path / "nginx.conf").write_text(f"{user}worker_processes 1; daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
                                         f"http {{ access_log off; {paths}\n{text}}}\n")
    process = subprocess.Popen([nginx, "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf"])
    try:
        def answers():
            assert process.poll() is None
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0
        server.wait_for(answers)
        own, server.port, server.scheme = server.port, port, "https"
        yield server
        server.port, server.scheme = own, "http"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_a_client_is_whom_nginx_takes_it_for_whatever_it_says(proxied):
    login = {"authorization": "Basic " + base64.b64encode(b"alice:wonder").decode()}
    assert proxied.get("/health/ready", headers={"x-remote-user": "mallory"}).status == 200
    assert proxied.get("/info").status == proxied.get("/info", headers={"x-remote-user": "mallory"}).status == 401
    claimed = {"x-remote-user": "mallory", "x-remote-groups": "admins", "x-mi2-proxy-secret": "x", "api-key": "x" * 20}
    assert proxied.get("/info", headers={**login, **claimed}).status == 200
    body = {"model": "default", "input": "x"}
    assert proxied.post("/v1/embeddings", body, headers=login).status == 200
    same = {"origin": f"https://127.0.0.1:{proxied.port}"}
    assert proxied.post("/v1/embeddings", body, headers={**login, **same}).status == 200
    assert proxied.post("/v1/embeddings", body, headers={**login, "origin": "https://evil.example"}).status == 403
    assert "mallory" not in json.dumps(proxied.lines)

"""Every metric and label in the dashboard and the alerts is one that a server exports."""
import json
import os
import re
import shutil
import subprocess

import promql_parser
import pytest
from conftest import DEPLOY, contract, document
from debian import unpacked
from promql_parser import AggregateExpr, BinaryExpr, Call, MatrixSelector, ParenExpr, SubqueryExpr, UnaryExpr, VectorSelector

DASHBOARD = json.loads((DEPLOY / "grafana/mi2.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [rule for group in document("prometheus/alerts.yml")["groups"] for rule in group["rules"]]

# What Prometheus itself adds.
TARGET_LABELS = {"instance", "job"}
FROM_PROMETHEUS = {"up": TARGET_LABELS}


def dashboard_expressions():
    return [target["expr"].replace("$__rate_interval", "5m") for panel in PANELS for target in panel["targets"]]


def expressions():
    return dashboard_expressions() + [rule["expr"] for rule in RULES]


@pytest.fixture(scope="module")
def exported():
    """{name of a sample: its labels}, of a server with several models that has answered and refused."""
    model = os.environ["MI2_STARTER_MODEL"]
    server = contract.Server(model=[f"first={model}", f"second={model}"])
    try:
        assert server.score([contract.picture(), "chest x-ray"]).status == 200
        assert server.score(["not base64!", "chest x-ray"]).status in (400, 422)
        lines = server.get("/metrics").body.decode().splitlines()
    finally:
        assert server.end() == 0
    samples = {}
    for line in lines:
        if not line.startswith("#"):
            name, labels = re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line).groups()
            samples.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
    return samples


def selectors(node):
    """The vector selectors of an expression, each with the labels by which what it selects is summed up."""
    if isinstance(node, VectorSelector):
        return [(node, set())]
    if isinstance(node, MatrixSelector):
        return [(node.vector_selector, set())]
    if isinstance(node, AggregateExpr):
        by = set(node.modifier.labels) if node.modifier else set()
        return [(selector, labels | by) for selector, labels in selectors(node.expr)]
    if isinstance(node, Call):
        return [found for argument in node.args for found in selectors(argument)]
    if isinstance(node, BinaryExpr):
        return selectors(node.lhs) + selectors(node.rhs)
    if isinstance(node, (ParenExpr, SubqueryExpr, UnaryExpr)):
        return selectors(node.expr)
    return []


@pytest.mark.parametrize("expression", expressions())
def test_metrics_and_labels_exist(expression, exported):
    known = {**{name: labels | TARGET_LABELS for name, labels in exported.items()}, **FROM_PROMETHEUS}
    found = selectors(promql_parser.parse(expression))
    assert found
    assert len(found) == len(re.findall(r"\b(?:mi2_\w+|up)\b", expression))
    for selector, labels in found:
        assert selector.name in known
        assert labels | {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name]


def test_variables_are_made_of_what_is_exported(exported):
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
            assert variable["query"]["query"] == variable["definition"]
            assert label in exported[promql_parser.parse(selector).name] | TARGET_LABELS


def test_every_variable_of_the_dashboard_is_defined():
    defined = {variable["name"] for variable in DASHBOARD["templating"]["list"]} | {"__rate_interval", "__all"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) == defined


def test_the_dashboard_shows_every_metric(exported):
    shown = " ".join(dashboard_expressions())
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported}
    assert [family for family in families if family not in shown] == []


def test_panels_do_not_overlap_and_have_names_of_their_own():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    places = [(x, y) for panel in DASHBOARD["panels"] for place in [panel["gridPos"]]
              for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(places) == len(set(places)) and max(x for x, _ in places) == 23


def test_legends_and_summaries_name_labels_that_are_left():
    for panel in PANELS:
        for target in panel["targets"]:
            expression = promql_parser.parse(target["expr"].replace("$__rate_interval", "5m"))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left_of(expression)
    for rule in RULES:
        named = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
        assert named and set(named) <= left_of(promql_parser.parse(rule["expr"])), rule["alert"]


def left_of(node):
    """The labels that the result of an expression has, as far as an aggregation limits them."""
    found = selectors(node)
    by = [labels for _, labels in found if labels]
    return set.intersection(*by) if by else {"instance", "model", "kind", "outcome", "route", "status"}


@pytest.mark.parametrize("name", ["prometheus", "kubernetes"])
def test_prometheus_reads_the_alerts_and_has_a_key(name):
    configuration = document(f"prometheus/{name}.yml")
    assert all((DEPLOY / "prometheus" / file).is_file() for file in configuration["rule_files"])
    for job in configuration["scrape_configs"]:
        assert job["scheme"] == "https" and job["authorization"]["credentials_file"]
        assert re.fullmatch("mi2.*", job["job_name"])


def test_debians_promtool_reads_the_configuration(tmp_path):
    """Debian's Prometheus is built without some kinds of discovery. The files that it names are the host's own."""
    promtool, _ = unpacked(["prometheus"], "usr/bin/promtool")
    subprocess.run([promtool, "check", "rules", DEPLOY / "prometheus/alerts.yml"], check=True)
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    for name in set(re.findall(r"/etc/prometheus/(\S+)", text)):
        (tmp_path / name).write_text("a-key")
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "hospital-ca.pem"], check=True, capture_output=True)
    shutil.copy(DEPLOY / "prometheus/alerts.yml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus", str(tmp_path)))
    subprocess.run([promtool, "check", "config", tmp_path / "prometheus.yml"], check=True)

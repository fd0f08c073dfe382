"""azure_shim: clients that know only cloud resource ids reach a URL.

healthcareai_toolkit is on no package index, so `toolkit` below is written to the interface of its
WorkspaceEndpointManager and RetryClient: the same calls of MLClient, the same regular expression, the same request.


Azure's packages are real in an environment that has them (azure-requirements.txt). Where they are not, most tests run
twice: without them, and with `AZURE`, which is written to the interface that the toolkit uses.
"""
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from score_server import serving

TOOLKIT = {
    "healthcareai_toolkit/__init__.py": "",
    "healthcareai_toolkit/settings.py": """
        import os
        MI2_MODEL_ENDPOINT = os.environ.get("MI2_MODEL_ENDPOINT", None)
        _constants = {"MI2_MODEL_ENDPOINT": MI2_MODEL_ENDPOINT}

        def get(name):
            return _constants[name]
        """,
    "healthcareai_toolkit/util/__init__.py": "",
    "healthcareai_toolkit/util/azureml_managers.py": """
        import re
        from azure.ai.ml import MLClient
        from azure.ai.ml.entities import WorkspaceConnection

        class WorkspaceEndpointManager:
            def __init__(self, resource_id, credential=None):
                if credential is None:
                    from azure.identity import DefaultAzureCredential
                    credential = DefaultAzureCredential(exclude_managed_identity_credential=False)
                self._credential = credential
                self.initialize_client(resource_id)

            @property
            def target(self):
                return self.endpoint.scoring_uri

            @property
            def headers(self):
                return {"Authorization": f"Bearer {self.api_key}"}

            def initialize_client(self, resource_id):
                found = re.match("/subscriptions/(.*)/resourceGroups/(.*)/providers/"
                                 "Microsoft.MachineLearningServices/workspaces/(.*)/onlineEndpoints/(.*)", resource_id)
                self.ml_client = MLClient(credential=self._credential, subscription_id=found.group(1),
                                          resource_group_name=found.group(2), workspace_name=found.group(3))
                self.endpoint = self.ml_client.online_endpoints.get(name=found.group(4))
                if self.endpoint.auth_mode != "key":
                    raise NotImplementedError("only api key is implemented")
                self.api_key = self.ml_client.online_endpoints.get_keys(name=found.group(4)).primary_key
        """,
    "healthcareai_toolkit/clients.py": """
        import base64, json, urllib.request
        from healthcareai_toolkit.util.azureml_managers import WorkspaceEndpointManager

        class MedImageInsightClient:
            def __init__(self, endpoint_name=None, credential=None):
                if endpoint_name is None:
                    from healthcareai_toolkit import settings
                    endpoint_name = settings.get("MI2_MODEL_ENDPOINT")
                self.endpoint_manager = WorkspaceEndpointManager(endpoint_name, credential)

            def submit(self, image_list, text_list):
                rows = [[base64.encodebytes(open(i, "rb").read()).decode(), t] for i, t in zip(image_list, text_list)]
                body = {"input_data": {"columns": ["image", "text"], "index": list(range(len(rows))), "data": rows},
                        "params": {}}
                request = urllib.request.Request(self.endpoint_manager.target, json.dumps(body).encode(),
                                                 {"Content-Type": "application/json", **self.endpoint_manager.headers})
                return json.load(urllib.request.urlopen(request))
        """,
}
REAL = importlib.util.find_spec("azure") is not None
AZURE = {
    "azure/ai/ml/__init__.py": """
        class Operations:
            def get(self, name):
                return type("Endpoint", (), {"scoring_uri": "https://cloud/" + name, "auth_mode": "key"})
            def get_keys(self, name):
                return type("Keys", (), {"primary_key": "cloud key"})
            def list(self, endpoint_name=None):
                return ["from the cloud"]
            def __getattr__(self, operation):
                return lambda *args, **options: ("cloud", operation, *args, *options.values())

        class MLClient:
            def __init__(self, *where, **more):
                self.online_endpoints = self.online_deployments = self.batch_endpoints = Operations()
                self.models = "models of the cloud"
            def begin_create_or_update(self, entity):
                return ("cloud", entity.name)
            create_or_update = begin_create_or_update
            @classmethod
            def from_config(cls, credential):
                return cls(credential)
        """,
    "azure/ai/ml/entities.py": """
        class WorkspaceConnection:
            def __init__(self, **options):
                vars(self).update(options)
        class ManagedOnlineEndpoint(WorkspaceConnection): pass
        class ManagedOnlineDeployment(WorkspaceConnection): pass
        class Model(WorkspaceConnection): pass
        """,
    "azure/identity.py": "class DefaultAzureCredential:\n    def __init__(self, **options): pass\n",
}


only_real = pytest.mark.skipif(not REAL, reason="Azure's packages are not installed here")
not_real = pytest.mark.skipif(REAL, reason="Azure's packages are installed here")
with_and_without = pytest.mark.parametrize("azure", [True] if REAL else [False, True],
                                           ids=["Azure's packages"] if REAL else ["no azure", "Azure's interface"])


@pytest.fixture
def toolkit(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
    write(TOOLKIT)
    write.site = str(tmp_path / "site")
    return write


def run(toolkit, code, *arguments, **variables):
    """A program of its own, as a notebook's kernel is."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MI2_")}
    environment.update(PYTHONPATH=toolkit.site, **variables)
    script = Path(toolkit.site).parent / "script.py"
    script.write_text(textwrap.dedent(code))
    return subprocess.run([sys.executable, *(a.replace("SCRIPT", str(script)) for a in arguments or ["SCRIPT"])],
                          env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def server(azure_model):
    with serving({"azure": azure_model}, key="k") as running:
        yield running


USE = """
    import json
    from healthcareai_toolkit.clients import MedImageInsightClient
    client = MedImageInsightClient({endpoint})
    print(json.dumps(client.submit(image_list=[{image!r}], text_list=["chest x-ray"])))
"""


def check(done, azure_model, image):
    assert done.returncode == 0, done.stderr
    row, = json.loads(done.stdout)
    for kind, wanted in (("image", azure_model.embed_images(image)), ("text", azure_model.embed_texts("chest x-ray"))):
        assert np.array(row[f"{kind}_features"], dtype=np.float32).tobytes() == wanted.tobytes()


@with_and_without
@pytest.mark.parametrize("imported_first", [False, True], ids=["installed first", "imported first"])
@pytest.mark.parametrize("endpoint", ["", "url", "own id"])
def test_a_notebook_needs_one_line(toolkit, server, azure_model, images, azure, imported_first, endpoint):
    if imported_first and not azure:
        pytest.skip("without azure's packages the toolkit cannot be imported before the shim")
    if azure and not REAL:
        toolkit(AZURE)
    own = azure_id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/mine"
    options = f", endpoint={own!r}" if endpoint == "own id" else ""
    given = {"": "", "url": repr(server.url), "own id": repr(azure_id)}[endpoint]
    first = "import healthcareai_toolkit.clients, healthcareai_toolkit.settings\n" if imported_first else ""
    shim = f"import medimageinsight.azure_shim as s\ns.install({server.url!r}, 'k'{options})\n"
    check(run(toolkit, first + shim + textwrap.dedent(USE.format(endpoint=given, image=str(images[0])))), azure_model,
          images[0])


def test_a_program_runs_unchanged(toolkit, server, azure_model, images):
    code = USE.format(endpoint="", image=str(images[0]))
    check(run(toolkit, code, "-m", "medimageinsight.azure_shim", server.url, "SCRIPT", MI2_API_KEY="k"), azure_model,
          images[0])
    done = run(toolkit, code, "-m", "medimageinsight.azure_shim", server.url, "-m", "json.tool", "--help")
    assert done.returncode == 0 and "usage" in done.stdout
    assert "usage" in run(toolkit, code, "-m", "medimageinsight.azure_shim").stderr


@only_real
def test_what_is_not_ours_is_asked_of_azures_own_client(toolkit):
    done = run(toolkit, """
        import medimageinsight.azure_shim as s
        s.install("http://127.0.0.1:1", "k")
        from azure.ai.ml import MLClient

        class Credential:
            def get_token(self, *scopes, **options):
                raise SystemExit("a token was asked for")

        client = MLClient(Credential(), "s", "r", "w")
        print(client.online_endpoints.get(name="mi2").scoring_uri, client.online_endpoints.get_keys("mi2").primary_key)
        client.online_endpoints.get(name="other")
        """)
    assert done.stdout == "http://127.0.0.1:1/score k\n" and "a token was asked for" in done.stderr, done.stderr


@not_real
def test_what_is_not_ours_goes_to_azure(toolkit):
    toolkit(AZURE)
    done = run(toolkit, """
        import medimageinsight.azure_shim as s
        s.install("http://127.0.0.1:1", "k")
        from azure.ai.ml import MLClient
        client = MLClient.from_config(object())
        print(client.online_endpoints.get(name="other").scoring_uri, client.online_endpoints.list(), client.models)
        print(client.online_endpoints.get(name="mi2").scoring_uri, client.online_endpoints.get_keys("mi2").primary_key)
        s.uninstall()
        import azure.ai.ml
        print(azure.ai.ml.MLClient.__module__)
        """)
    assert done.stdout.split("\n")[:3] == ["https://cloud/other ['from the cloud'] models of the cloud",
                                          "http://127.0.0.1:1/score k", "azure.ai.ml"], done.stderr


PUBLISHED = """
    import azure.ai.ml, azure.identity, azure.core.exceptions
    from azure.ai.ml import Input, MLClient, load_component
    from azure.ai.ml.constants import AssetTypes, BatchDeploymentOutputAction
    from azure.ai.ml.dsl import pipeline
    from azure.ai.ml.entities import (AmlCompute, BatchEndpoint, BatchRetrySettings, BuildContext, Data, Environment,
                                      ManagedOnlineDeployment, ManagedOnlineEndpoint, Model, ModelBatchDeployment,
                                      ModelBatchDeploymentSettings, OnlineEndpoint, OnlineRequestSettings, ProbeSettings,
                                      WorkspaceConnection)
    from azure.core.exceptions import (AzureError, ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                       ResourceNotFoundError, ServiceRequestError)
    from azure.identity import (AzureCliCredential, ClientSecretCredential, DefaultAzureCredential, DeviceCodeCredential,
                                InteractiveBrowserCredential, ManagedIdentityCredential, get_bearer_token_provider)
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    from azure.identity import CredentialUnavailableError
    assert issubclass(ClientAuthenticationError, AzureError) and issubclass(AzureError, Exception)
    assert issubclass(CredentialUnavailableError, ClientAuthenticationError)
    assert not issubclass(ServiceRequestError, HttpResponseError)
    try:
        raise ResourceNotFoundError("x")
    except (ClientAuthenticationError, ResourceExistsError, ServiceRequestError):
        raise SystemExit("caught by another's name")
    except HttpResponseError:
        pass
    provider = get_bearer_token_provider(DefaultAzureCredential(exclude_managed_identity_credential=True), "scope")
    assert ManagedOnlineEndpoint(name="mi2", auth_mode="key").name == "mi2"
    assert ManagedOnlineEndpoint is azure.ai.ml.entities.ManagedOnlineEndpoint
"""


@only_real
def test_everything_that_the_published_code_imports_is_azures_own(toolkit):
    done = run(toolkit, "import medimageinsight.azure_shim as s\ns.install('http://127.0.0.1:1')\n" +
               textwrap.dedent(PUBLISHED) + "print(azure.identity.DefaultAzureCredential.__module__)\n")
    assert done.returncode == 0 and done.stdout.startswith("azure.identity._credentials"), done.stderr


@not_real
def test_without_azure_everything_that_the_published_code_imports_is_there(toolkit):
    done = run(toolkit, "import medimageinsight.azure_shim as s\ns.install('http://127.0.0.1:1')\n" +
               textwrap.dedent(PUBLISHED) + textwrap.dedent("""
        import importlib.util, sys
        for other in ("azure.storage.blob", "azure.keyvault", "azureml", "nothing"):
            try: assert importlib.util.find_spec(other) is None, other
            except ModuleNotFoundError: pass
        import azure.ai
        assert not hasattr(azure.ai, "anything")
        s.uninstall()
        assert not [name for name in sys.modules if name == "azure" or name.startswith("azure.")]
        try: import azure.identity
        except ImportError: print("gone")
        """))
    assert done.returncode == 0 and done.stdout == "gone\n", done.stderr


# As the MCP server finds its endpoint: imports inside the function, the id in any case, errors by Azure's names.
MCP_SERVER = """
    import json, re, urllib.request
    {shim}
    def resolve(resource_id):
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential
        found = re.match("/subscriptions/(.*)/resourceGroups/(.*)/providers/Microsoft.MachineLearningServices/workspaces/(.*)"
                         "/onlineEndpoints/(.*)", resource_id, re.IGNORECASE)
        client = MLClient(credential=DefaultAzureCredential(exclude_managed_identity_credential=False),
                          subscription_id=found.group(1), resource_group_name=found.group(2), workspace_name=found.group(3))
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        try:
            endpoint = client.online_endpoints.get(name=found.group(4))
            assert endpoint.auth_mode == "key"
            keys = client.online_endpoints.get_keys(name=found.group(4))
        except ClientAuthenticationError:
            raise SystemExit("not logged in")
        except AzureError:
            raise SystemExit("no such endpoint")
        return endpoint.scoring_uri, keys.primary_key

    url, key = resolve(s.ENDPOINT)
    body = {{"input_data": {{"columns": ["image", "text"], "index": [0], "data": [[None, "chest x-ray"]]}}, "params": {{}}}}
    request = urllib.request.Request(url, json.dumps(body).encode(),
                                     {{"Content-Type": "application/json", "Authorization": "Bearer " + key}})
    print(urllib.request.urlopen(request).read().decode())
"""


@with_and_without
def test_an_agents_server_finds_the_model(toolkit, server, azure_model, azure):
    if azure and not REAL:
        toolkit(AZURE)
    shim = f"import medimageinsight.azure_shim as s; s.install({server.url!r}, 'k')"
    done = run(toolkit, MCP_SERVER.format(shim=shim))
    assert done.returncode == 0, done.stderr
    row, = json.loads(done.stdout)
    assert np.array(row["text_features"], dtype=np.float32).tobytes() == azure_model.embed_texts("chest x-ray").tobytes()


INVOKE = """
    import json, sys
    import medimageinsight, medimageinsight.azure_shim as s
    s.install({url!r}, "k")
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential
    client = MLClient(DefaultAzureCredential(), "s", "r", "w")
    request = {{"input_data": {{"columns": ["image", "text"], "index": [0], "data": [["", "chest x-ray"]]}}}}
    open("request.json", "w").write(json.dumps(request))
    by_file = client.online_endpoints.invoke(endpoint_name="mi2", deployment_name="d", request_file="request.json")
    assert by_file == client.online_endpoints.invoke("mi2", input_data=request)
    made = client.online_endpoints.begin_create_or_update(type("E", (), {{"name": "mi2"}})).result()
    assert made.scoring_uri == {url!r} + "/score" and made.provisioning_state == "Succeeded"
    deployment = type("D", (), {{"name": "d", "endpoint_name": "mi2"}})
    client.online_deployments.begin_create_or_update(deployment).wait()
    assert [one.endpoint_name for one in client.online_deployments.list("mi2")] == ["mi2"]
    client.online_endpoints.begin_delete(name="mi2").wait()
    open("twice.json", "w").write('{{"params": {{}}, ' + json.dumps(request)[1:-1] + ', "params": {{"size": 64}}}}')
    for wrong in ({{}}, {{"request_file": "request.json", "input_data": 1}}, {{"request_file": __file__}},
                  {{"request_file": "twice.json"}}):
        try: client.online_endpoints.invoke("mi2", **wrong)
        except medimageinsight.BadArgument: pass
        else: raise SystemExit("taken")
    print(by_file)
"""


@with_and_without
def test_invoke_reaches_the_url_and_never_the_cloud(toolkit, server, azure_model, azure, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if azure and not REAL:
        toolkit(AZURE)
    done = run(toolkit, INVOKE.format(url=server.url))
    assert done.returncode == 0, done.stderr
    row, = json.loads(done.stdout)
    assert np.array(row["text_features"], dtype=np.float32).tobytes() == azure_model.embed_texts("chest x-ray").tobytes()


GUARDED = """
    import medimageinsight, medimageinsight.azure_shim as s
    s.install("http://127.0.0.1:1", "k")
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model
    from azure.identity import DefaultAzureCredential
    client = MLClient(DefaultAzureCredential(), "s", "r", "w")
    deployment = ManagedOnlineDeployment(name="blue", endpoint_name="mi2")
"""


@with_and_without
def test_nothing_else_that_is_done_by_our_names_reaches_the_cloud(toolkit, azure):
    if azure and not REAL:
        toolkit(AZURE)
    done = run(toolkit, textwrap.dedent(GUARDED) + textwrap.dedent("""
        made = client.begin_create_or_update(ManagedOnlineEndpoint(name="mi2")).result()
        assert made.scoring_uri == "http://127.0.0.1:1/score"
        assert client.begin_create_or_update(deployment).result().endpoint_name == "mi2"
        calls = [
            lambda: client.online_deployments.begin_delete(name="blue", endpoint_name="mi2"),
            lambda: client.online_deployments.begin_delete("blue", "mi2"),
            lambda: client.online_deployments.get_logs("blue", endpoint_name="mi2", lines=50),
            lambda: client.online_endpoints.begin_regenerate_keys(name="mi2"),
            lambda: client.online_endpoints.begin_regenerate_keys("mi2", key_type="secondary"),
            lambda: client.batch_endpoints.begin_delete(name="mi2"),
            lambda: client.create_or_update(deployment)]
        for number, call in enumerate(calls):
            try: call()
            except medimageinsight.BadArgument as e: assert "'mi2'" in str(e) and "nothing was done" in str(e), e
            else: raise SystemExit(f"call {number} was taken")
        print("refused")
        """))
    assert done.returncode == 0 and done.stdout == "refused\n", done.stderr


@not_real
def test_what_is_done_by_other_names_reaches_the_cloud_as_it_is(toolkit):
    toolkit(AZURE)
    done = run(toolkit, textwrap.dedent(GUARDED) + textwrap.dedent("""
        print(client.online_deployments.begin_delete(name="mi2", endpoint_name="other"))
        print(client.online_deployments.get_logs("mi2", "other", 50), client.online_deployments.list("other")[0])
        print(client.online_endpoints.begin_regenerate_keys("other"), client.batch_endpoints.begin_delete(name="other"))
        print(client.begin_create_or_update(ManagedOnlineEndpoint(name="other")), client.create_or_update(Model(name="mi2")))
        """))
    assert done.stdout.split("\n")[:4] == [
        "('cloud', 'begin_delete', 'mi2', 'other')", "('cloud', 'get_logs', 'mi2', 'other', 50) from the cloud",
        "('cloud', 'begin_regenerate_keys', 'other') ('cloud', 'begin_delete', 'other')", "('cloud', 'other') ('cloud', 'mi2')"], done.stderr


@not_real
def test_an_unknown_endpoint_without_azure_is_an_error_that_says_so(toolkit):
    done = run(toolkit, """
        import medimageinsight, medimageinsight.azure_shim as s
        s.install("http://127.0.0.1:1")
        from azure.ai.ml import MLClient
        try: MLClient(None).online_endpoints.get("other")
        except medimageinsight.NotFound as e: print(e)
        try: s.install("nowhere")
        except ValueError as e: print(e)
        """)
    assert "azure-ai-ml" in done.stdout and "expected http" in done.stdout, done.stderr

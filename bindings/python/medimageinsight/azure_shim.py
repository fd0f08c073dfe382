"""Lets code that finds its model by an Azure resource id use a model behind a URL.

``healthcareai_toolkit`` and the notebooks around it ask Azure's ``MLClient`` for the scoring URI and the key of an
endpoint, whose resource id they take from ``MI2_MODEL_ENDPOINT``. One call before the rest of a notebook answers for
Azure::

    import medimageinsight.azure_shim
    medimageinsight.azure_shim.install("http://127.0.0.1:5001", api_key="..")

    from healthcareai_toolkit.clients import MedImageInsightClient
    client = MedImageInsightClient()                # or MedImageInsightClient("http://127.0.0.1:5001")

A program runs without a change of its code through ``python -m medimageinsight.azure_shim URL SCRIPT ARGS..`` or
``.. URL -m MODULE ARGS..``; the key is then in the environment's ``MI2_API_KEY``.

What is done: ``azure.ai.ml.MLClient`` becomes a class that answers for the endpoints named here and hands all others to
the real one. What is invoked, made or deleted by one of our names reaches the URL, or nothing, and never the cloud: what
the model behind the URL cannot answer (logs, new keys, deleting a deployment) is a BadArgument.
Where Azure's packages are not installed, whatever is imported from them is a stand-in: an entity keeps what it is given,
a credential asks nobody, an error can be caught.
"""
from __future__ import annotations

import importlib
import importlib.util
import os
import runpy
import sys
from collections.abc import Callable
from typing import Any

from ._azure_operations import Endpoint, OnlineDeployments, OnlineEndpoints, Operations, Target, is_ours, refuse, targets
from ._azure_stand_ins import Finder
from ._errors import BadArgument, NotFound
from ._inputs import text_of
from ._transport import key_of

__all__ = ["ENDPOINT", "install", "main", "uninstall"]

ENDPOINT = ("/subscriptions/mi2/resourceGroups/mi2/providers/Microsoft.MachineLearningServices/workspaces/mi2/"
            "onlineEndpoints/mi2")
"""The resource id that stands for the model unless another is given."""

_undo: list[tuple[Any, str, Any]] = []


def _name(endpoint: str) -> str:
    return endpoint.rstrip("/").rsplit("/", 1)[-1] if endpoint.startswith("/") else endpoint


class MLClient:
    """Stands in for azure.ai.ml.MLClient. Azure is asked nothing until something is wanted that only it knows."""

    _real_class: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._make: Callable[[], Any] = lambda: type(self)._real_class(*args, **options)
        self._made: Any = None
        self.online_endpoints = OnlineEndpoints(self)
        self.online_deployments = OnlineDeployments(self)

    @classmethod
    def from_config(cls, *args: Any, **options: Any) -> MLClient:
        client = cls()
        client._make = lambda: cls._real_class.from_config(*args, **options)
        return client

    def real(self) -> Any:
        """Azure's own client. :raises NotFound: if its package is not installed."""
        if type(self)._real_class is None:
            raise NotFound(f"azure_shim: no such endpoint: it has {', '.join(sorted(targets))}, and the package "
                           "azure-ai-ml, which could ask Azure, is not installed")
        if self._made is None:
            self._made = self._make()
        return self._made

    def has_real(self) -> bool:
        return type(self)._real_class is not None

    def begin_create_or_update(self, entity: Any, **options: Any) -> Any:
        """As online_endpoints' and online_deployments', which the entity's class says."""
        if is_ours(getattr(entity, "endpoint_name", None)):
            return self.online_deployments.begin_create_or_update(entity, **options)
        if "Endpoint" in type(entity).__name__ and is_ours(getattr(entity, "name", None)):
            return self.online_endpoints.begin_create_or_update(entity, **options)
        return self.real().begin_create_or_update(entity, **options)

    def create_or_update(self, entity: Any, **options: Any) -> Any:
        """Of what needs no time. What is about an endpoint of ours is refused."""
        for name in ("endpoint_name", "name"):
            value = getattr(entity, name, None)
            if is_ours(value) and (name == "endpoint_name" or "Endpoint" in type(entity).__name__):
                refuse("create_or_update", value)
        return self.real().create_or_update(entity, **options)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        if attribute.endswith(("_endpoints", "_deployments")):
            return Operations(self, attribute)
        return getattr(self.real(), attribute)


_finder = Finder({"MLClient": MLClient})


def install(url: str, api_key: str | None = None, endpoint: str = ENDPOINT) -> str:
    """Makes Azure's resource id `endpoint` mean the model at `url`; call it again for further endpoints.

    :param url: of the server or of its /score.
    :param api_key: None: ``MI2_API_KEY`` of the environment, if any.
    :param endpoint: a resource id that the code names by itself.
    :returns: the resource id. ``MI2_MODEL_ENDPOINT`` is set to it, in the environment and in the toolkit's settings.
    :raises BadArgument: for a URL that is none, or a key that no header can hold.
    """
    if not text_of(url, "url").startswith(("http://", "https://")):
        raise BadArgument(f"url {url!r}: expected http:// or https://")
    base = url.rstrip("/")
    key = key_of(api_key if api_key is not None else os.environ.get("MI2_API_KEY", ""))
    target = Target(base if base.endswith("/score") else base + "/score", key)
    targets[_name(endpoint)] = target
    targets[url] = target
    _replace_azure()
    _replace_toolkit()
    _name_endpoint(endpoint)
    return endpoint


def uninstall() -> None:
    """Puts back everything that install() replaced, MI2_MODEL_ENDPOINT apart."""
    while _undo:
        holder, name, value = _undo.pop()
        setattr(holder, name, value)
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name, module in list(sys.modules.items()):
        if getattr(getattr(module, "__spec__", None), "loader", None) is _finder:
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            vars(sys.modules.get(parent, module)).pop(child, None)
    targets.clear()
    MLClient._real_class = None


def _set(holder: Any, name: str, value: Any) -> None:
    _undo.append((holder, name, getattr(holder, name)))
    setattr(holder, name, value)


def _is_there(module: str) -> bool:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.loader is not _finder


def _replace_azure() -> None:
    if MLClient._real_class is None and _is_there("azure.ai.ml"):
        module = importlib.import_module("azure.ai.ml")
        MLClient._real_class = module.MLClient
        _set(module, "MLClient", MLClient)
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


def _replace_toolkit() -> None:
    """Modules that took MLClient by name before, and the toolkit's manager, so that it takes a URL too."""
    for module in list(sys.modules.values()):
        if module is not None and MLClient._real_class is not None and module.__name__ != "azure.ai.ml" \
                and vars(module).get("MLClient") is MLClient._real_class:
            _set(module, "MLClient", MLClient)
    if not _is_there("healthcareai_toolkit.util.azureml_managers"):
        return
    manager = importlib.import_module("healthcareai_toolkit.util.azureml_managers").WorkspaceEndpointManager
    original = manager.initialize_client
    if getattr(original, "takes_urls", False):
        return

    def initialize_client(self: Any, resource_id: str) -> None:
        target = targets.get(resource_id)
        if target is None:
            original(self, resource_id)
            return
        self.ml_client = MLClient()
        self.endpoint = Endpoint(resource_id, target.url)
        self.api_key = target.api_key
        self.deployment_name = None

    initialize_client.takes_urls = True  # type: ignore[attr-defined]
    _set(manager, "initialize_client", initialize_client)


def _name_endpoint(endpoint: str) -> None:
    os.environ["MI2_MODEL_ENDPOINT"] = endpoint
    settings = sys.modules.get("healthcareai_toolkit.settings")
    if settings is not None:
        settings.MI2_MODEL_ENDPOINT = endpoint  # type: ignore[attr-defined]
        getattr(settings, "_constants", {})["MI2_MODEL_ENDPOINT"] = endpoint


def main(arguments: list[str] | None = None) -> None:
    """Runs a script or a module with the shim installed."""
    found = sys.argv[1:] if arguments is None else arguments
    if len(found) < 2 or (found[1] == "-m" and len(found) < 3):
        sys.exit("usage: python -m medimageinsight.azure_shim URL SCRIPT|-m MODULE [ARG..]\n"
                 "The server's key, if it wants one, is MI2_API_KEY of the environment.")
    url, what, *rest = found
    install(url)
    if what == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [what, *rest]
        sys.path[0] = os.path.dirname(os.path.abspath(what))
        runpy.run_path(what, run_name="__main__")


if __name__ == "__main__":
    # As the module that others import, so that there is one table of endpoints.
    from medimageinsight import azure_shim

    azure_shim.main()

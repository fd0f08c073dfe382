"""Modules of Azure's packages where these are not installed: whatever is imported from them is a stand-in."""
from __future__ import annotations

import importlib.abc
import importlib.machinery
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from ._errors import NotFound

__all__ = ["Finder"]


class _StandIn:
    """A class of a package that is not installed: it keeps what it is given."""

    def __init__(self, *args: Any, **options: Any) -> None:
        vars(self).update(options)


class _Credential(_StandIn):
    """Asks nobody. What it gives is no token that any service takes."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise NotFound("azure_shim: the package azure-identity, which could log in, is not installed")


def _token_provider(credential: Any, *scopes: str, **options: Any) -> Callable[[], str]:
    return lambda: credential.get_token(*scopes).token


class AzureError(Exception):
    """Stands in for azure.core.exceptions.AzureError; its kinds are made when they are imported."""


_PARENTS = {
    **dict.fromkeys(("ClientAuthenticationError", "DecodeError", "ODataV4Error", "ResourceExistsError",
                     "ResourceModifiedError", "ResourceNotFoundError", "ResourceNotModifiedError",
                     "TooManyRedirectsError"), "HttpResponseError"),
    "IncompleteReadError": "DecodeError",
    "ServiceRequestTimeoutError": "ServiceRequestError",
    "ServiceResponseTimeoutError": "ServiceResponseError",
    "CredentialUnavailableError": "ClientAuthenticationError",
    "AuthenticationRequiredError": "CredentialUnavailableError",
}
"""Of which error each is a kind (azure-core 1.41, azure-identity 1.27): what is not here is one of AzureError itself."""

_errors: dict[str, type[AzureError]] = {"AzureError": AzureError}


def _error(module: str, name: str) -> type[AzureError]:
    if name not in _errors:
        parent = _error("azure.core.exceptions", _PARENTS.get(name, "AzureError"))
        _errors[name] = type(name, (parent,), {"__module__": module})
    return _errors[name]


def _stand_in(module: str, name: str) -> Any:
    """What `from module import name` gives of a package that is not installed."""
    if name == "get_bearer_token_provider":
        return _token_provider
    if module.endswith(".exceptions") or name.endswith(("Error", "Exception")):
        return _error(module, name)
    base = _Credential if name.endswith("Credential") else _StandIn
    return type(name, (base,), {"__module__": module})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last of all: for modules of Azure's packages that nobody else has."""

    packages = ("azure.ai.ml", "azure.core", "azure.identity", "azure.mgmt.cognitiveservices")

    def __init__(self, given: dict[str, Any]) -> None:
        """:param given: names that are more than stand-ins, in whatever module they are looked for."""
        self._given = given

    def find_spec(self, name: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        inside = any(name == one or name.startswith(one + ".") or one.startswith(name + ".") for one in self.packages)
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if inside else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        made: dict[str, Any] = {}

        def attribute(wanted: str) -> Any:
            if wanted.startswith("__") or not any(name == one or name.startswith(one + ".") for one in self.packages):
                raise AttributeError(f"module {name!r} has no attribute {wanted!r}")
            return self._given.get(wanted) or made.setdefault(wanted, _stand_in(name, wanted))

        vars(module)["__getattr__"] = attribute

"""The operations of Azure's MLClient on the endpoints of azure_shim, and the guard of all others."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeGuard

from ._errors import BadArgument
from ._transport import Transport

__all__ = ["Endpoint", "OnlineDeployments", "OnlineEndpoints", "Operations", "Target", "is_ours", "passed_on", "refuse",
           "targets"]


class Target(NamedTuple):
    url: str
    api_key: str


class Endpoint:
    """What the toolkit reads of azure.ai.ml.entities.OnlineEndpoint."""

    auth_mode = "key"
    provisioning_state = "Succeeded"

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.scoring_uri = url
        self.traffic = {"mi2": 100}


class Keys:
    """What the toolkit reads of azure.ai.ml.entities.EndpointAuthKeys."""

    def __init__(self, key: str) -> None:
        self.primary_key = self.secondary_key = key


class Deployment:
    """What notebooks read of azure.ai.ml.entities.ManagedOnlineDeployment."""

    name = "mi2"
    provisioning_state = "Succeeded"
    instance_count = 1

    def __init__(self, endpoint: str) -> None:
        self.endpoint_name = endpoint


class Done:
    """What an operation that takes its time in the cloud gives: azure.core.polling.LROPoller, at its end."""

    def __init__(self, result: Any = None) -> None:
        self._result = result

    def result(self, timeout: float | None = None) -> Any:
        return self._result

    def wait(self, timeout: float | None = None) -> None:
        pass

    def done(self) -> bool:
        return True

    def status(self) -> str:
        return "Succeeded"


targets: dict[str, Target] = {}


def is_ours(name: Any) -> TypeGuard[str]:
    return isinstance(name, str) and name in targets


def refuse(operation: str, name: str) -> NoReturn:
    raise BadArgument(f"azure_shim: {operation}: the endpoint '{name}' is the model at {targets[name].url} and not the "
                      "cloud's: nothing was done")


def _endpoint_of(group: str, args: tuple[Any, ...], options: dict[str, Any]) -> str | None:
    """The endpoint of ours that a call of Azure's operations is about, by name, position or entity."""
    own = "endpoint_name" if group.endswith("_deployments") else "name"
    for entity in (*args, *options.values()):
        if is_ours(getattr(entity, own, None)):
            return str(getattr(entity, own))
    if group.endswith("_deployments"):
        # The first name is the deployment's, unless it is the only one.
        named = [options["endpoint_name"]] if "endpoint_name" in options else list(args[1:2] or args[:1])
    else:
        named = [options.get("name"), options.get("endpoint_name"), *args[:1]]
    return next((name for name in named if is_ours(name)), None)


def passed_on(client: Any, group: str, attribute: str) -> Any:
    """What the real client has of that name in `group`; of a method, one that does nothing to an endpoint of ours.

    :raises NotFound: when it is called, if Azure's package is not installed.
    """
    if attribute.startswith("__"):
        raise AttributeError(attribute)

    def call(*args: Any, **options: Any) -> Any:
        name = _endpoint_of(group, args, options)
        if name is not None:
            refuse(f"{group}.{attribute}", name)
        return getattr(getattr(client.real(), group), attribute)(*args, **options)

    if client.has_real():
        value = getattr(getattr(client.real(), group), attribute)
        if not callable(value):
            return value
    return call


class Operations:
    """Operations on endpoints or deployments that are not online ones: all the real client's."""

    def __init__(self, client: Any, group: str) -> None:
        self._client = client
        self._group = group

    def __getattr__(self, attribute: str) -> Any:
        return passed_on(self._client, self._group, attribute)


class OnlineEndpoints:
    """The operations on endpoints; of those that are not ours, the real client's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, name: str, **options: Any) -> Any:
        target = targets.get(name)
        if target is None:
            return self._client.real().online_endpoints.get(name=name, **options)
        return Endpoint(name, target.url)

    def get_keys(self, name: str, **options: Any) -> Any:
        target = targets.get(name)
        if target is None:
            return self._client.real().online_endpoints.get_keys(name=name, **options)
        return Keys(target.api_key)

    def list_keys(self, name: str, **options: Any) -> Any:
        return self.get_keys(name, **options)

    def invoke(self, endpoint_name: str, *, request_file: Any = None, deployment_name: str | None = None,
               input_data: Any = None, **options: Any) -> str:
        """Sends a file, or a JSON value, to the model. :returns: the text of its answer."""
        target = targets.get(endpoint_name)
        if target is None:
            return str(self._client.real().online_endpoints.invoke(
                endpoint_name=endpoint_name, request_file=request_file, deployment_name=deployment_name,
                **({} if input_data is None else {"input_data": input_data}), **options))
        if (request_file is None) == (input_data is None):
            raise BadArgument("invoke: expected request_file or input_data")
        if request_file is not None:
            try:
                input_data = json.loads(Path(request_file).read_bytes(), object_pairs_hook=_members)
            except ValueError as error:
                raise BadArgument(f"invoke: {request_file}: is not JSON: {error}") from error
        return _post(target, input_data)

    def begin_create_or_update(self, endpoint: Any, **options: Any) -> Any:
        name = getattr(endpoint, "name", None)
        if not is_ours(name):
            return self._client.real().online_endpoints.begin_create_or_update(endpoint, **options)
        return Done(Endpoint(name, targets[name].url))

    def begin_delete(self, name: str, **options: Any) -> Any:
        """Leaves a server of ours as it is: it is not the notebook's to end."""
        return Done() if name in targets else self._client.real().online_endpoints.begin_delete(name=name, **options)

    def __getattr__(self, attribute: str) -> Any:
        return passed_on(self._client, "online_endpoints", attribute)


class OnlineDeployments:
    """The operations on deployments: an endpoint of ours has one, which is there already."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, name: str, endpoint_name: str, **options: Any) -> Any:
        if endpoint_name in targets:
            return Deployment(endpoint_name)
        return self._client.real().online_deployments.get(name=name, endpoint_name=endpoint_name, **options)

    def list(self, endpoint_name: str, **options: Any) -> Any:
        if endpoint_name in targets:
            return [Deployment(endpoint_name)]
        return self._client.real().online_deployments.list(endpoint_name=endpoint_name, **options)

    def begin_create_or_update(self, deployment: Any, **options: Any) -> Any:
        if is_ours(getattr(deployment, "endpoint_name", None)):
            return Done(Deployment(deployment.endpoint_name))
        return self._client.real().online_deployments.begin_create_or_update(deployment, **options)

    def __getattr__(self, attribute: str) -> Any:
        return passed_on(self._client, "online_deployments", attribute)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as the server reads it: a key may be there once. Otherwise the last would win without a word."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key is there twice in one object")
    return members


def _post(target: Target, payload: Any) -> str:
    transport = Transport(target.url, target.api_key or None, connections=1, timeout=120, retries=3, max_wait=30,
                          ca_certs=None)
    try:
        return json.dumps(transport.post(payload).body)
    finally:
        transport.close()

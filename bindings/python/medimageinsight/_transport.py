"""POST /score over HTTP: one request, its retries, and what a refusal means."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ._errors import (BadArgument, BadFile, Error, Internal, NotFound, NotInstalled, Overloaded, TooLarge, Unauthorized,
                      Unsupported)
from ._inputs import text_of

_BY_STATUS: dict[int, type[Error]] = {
    400: BadArgument, 401: Unauthorized, 403: Unauthorized, 404: NotFound, 413: TooLarge, 415: Unsupported,
    422: BadFile, 429: Overloaded, 431: BadArgument}


class Answer(NamedTuple):
    """A good answer: its JSON and its headers, names in lower case."""

    body: Any
    headers: Mapping[str, str]


def key_of(api_key: str) -> str:
    """A key without the blanks around it, such as the end of the line of its file.

    :raises BadArgument: no header can hold it. Checked here because http.client's own error repeats the header.
    """
    key = text_of(api_key, "api_key").strip()
    if not re.fullmatch("[!-~]*", key):
        raise BadArgument("api_key: expected printable ASCII without blanks")
    return key


def _retry(retries: int, max_wait: float) -> Any:
    """A request computes and changes nothing, so that every kind of failure may be tried again."""
    import urllib3

    class Capped(urllib3.Retry):
        """Only later versions of urllib3 have an argument for this."""

        def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
            seconds = super().get_retry_after(response)
            return None if seconds is None else min(seconds, self.backoff_max)

    return Capped(total=retries, status_forcelist=(429, 502, 503, 504), allowed_methods=None, backoff_factor=0.5,
                  backoff_jitter=0.5, backoff_max=max_wait, respect_retry_after_header=True, redirect=False,
                  raise_on_status=False)


class Transport:
    """Keeps connections to one server. Safe to use from several threads."""

    def __init__(self, url: str, api_key: str | None, connections: int, timeout: float, retries: int, max_wait: float,
                 ca_certs: str | None) -> None:
        try:
            import urllib3
        except ImportError as error:
            raise NotInstalled("medimageinsight.Client needs urllib3: pip install 'medimageinsight[client]'") from error
        if not text_of(url, "url").startswith(("http://", "https://")):
            raise BadArgument(f"url {url!r}: expected http:// or https://")
        self._url = url.rstrip("/")
        if not self._url.endswith("/score"):
            self._url += "/score"
        self._headers = {"content-type": "application/json", "accept": "application/json"}
        if api_key is not None and (key := key_of(api_key)):
            self._headers["authorization"] = f"Bearer {key}"
        retry = _retry(retries, max_wait)
        self._pool = urllib3.PoolManager(maxsize=connections, block=False, retries=retry, ca_certs=ca_certs,
                                         timeout=urllib3.Timeout(connect=min(timeout, 10.0), read=timeout))
        self._failure = urllib3.exceptions.HTTPError
        self._unreachable = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
        # Until a server has answered once, one that cannot be reached, or not by TLS, is not restarting: it is not there.
        self._first: urllib3.Retry | None = retry.new(connect=0, other=0)

    @property
    def url(self) -> str:
        """Where requests go."""
        return self._url

    def post(self, payload: Mapping[str, Any]) -> Answer:
        """Sends one request. :raises Error: of the answer's status; Internal if there is no answer."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            response = self._pool.request("POST", self._url, body=body, headers=self._headers, **self._tries())
        except self._failure as error:
            if isinstance(getattr(error, "reason", None), self._unreachable):
                raise Internal(f"{self._url}: no server answers there; is mi2 serve running? ({error})") from error
            raise Internal(f"{self._url}: {error}") from error
        self._first = None
        if response.status != 200:
            raise _BY_STATUS.get(response.status, Internal)(
                f"{self._url}: HTTP {response.status}: {_message(response.data)}")
        try:
            return Answer(json.loads(response.data), {k.lower(): v for k, v in response.headers.items()})
        except ValueError as error:
            raise Internal(f"{self._url}: the answer is not JSON") from error

    def _tries(self) -> dict[str, Any]:
        return {} if self._first is None else {"retries": self._first}

    def close(self) -> None:
        """Closes idle connections."""
        self._pool.clear()


def _message(data: bytes) -> str:
    try:
        body = json.loads(data)
        return str(body["message"])
    except (ValueError, KeyError, TypeError):
        return data[:200].decode(errors="replace")

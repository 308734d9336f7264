"""Who a machine of Google's is: the token of its own account, from its metadata server."""

from __future__ import annotations

import errno
import http.client
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL = "http://metadata.google.internal"
"""Where the metadata server of Google's machines is: no line to it leaves the machine."""
HOST = "GCE_METADATA_HOST"
"""The variable of Google's own libraries for where that is, if it is not where it always is."""
_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_PATIENCE = 15.0
_EARLY = 300.0
"""Seconds before its end from which on a token is not used any more."""
_AGAIN = 10.0
"""Seconds for which the server is not asked again: it gives out its own until shortly before the end."""
_PRODUCT = Path("/sys/class/dmi/id/product_name")


def on_google() -> bool:
    """Whether this is a machine of Google's. To ask for a metadata server takes seconds where there is none."""
    try:
        return _PRODUCT.read_text().strip().startswith("Google")
    except OSError:
        return False


def server_of(environment: Mapping[str, str]) -> str:
    """Where this machine learns who it is to Google; '' where it is no machine of Google's."""
    named = environment.get(HOST, "")
    return f"http://{named}" if named else USUAL if on_google() else ""


class Tokens:
    """Those of the machine's account, kept until shortly before they end. `server` is the metadata server, '' for
    nobody in particular. Several threads may ask."""

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def header(self) -> dict[str, str]:
        """What shows who asks.

        Raises:
            PermissionError: the machine has no account.
            OSError, http.client.HTTPException: the server does not answer.
        """
        if not self._server:
            return {}
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._token, seconds = self._ask()
                self._until = self._clock() + max(seconds - _EARLY, _AGAIN)
            return {"Authorization": f"Bearer {self._token}"}

    def refused(self, header: dict[str, str]) -> bool:
        """Forget a token that is not taken any more; gives whether there may be another."""
        with self._lock:
            if header.get("Authorization") == f"Bearer {self._token}":
                self._token = ""
        return bool(header)

    def _ask(self) -> tuple[str, float]:
        """Not by way of a proxy: it is a server of this machine alone."""
        connection = http.client.HTTPConnection(urlsplit(self._server).netloc, timeout=_PATIENCE)
        try:
            connection.request("GET", _PATH, headers={"Metadata-Flavor": "Google"})
            answer = connection.getresponse()
            said = answer.read(1 << 16)
        finally:
            connection.close()
        if answer.status == 404:
            raise PermissionError(errno.EACCES, "the machine has no service account, so it is nobody to Google")
        try:
            document = json.loads(said) if answer.status == 200 else {}
            return str(document["access_token"]), float(document["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise OSError(errno.EPROTO, f"the metadata server gave no token ({answer.status})") from None

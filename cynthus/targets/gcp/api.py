"""Google Cloud's own interface, for the little that Cynthus does there beside Terraform."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import urllib.error
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cynthus import web
from cynthus.credentials.google import SCOPE, bearer, how_to_log_in
from cynthus.errors import CloudFailed, ExtraMissing, NotLoggedIn, NotPermitted
from cynthus.targets.gcp.refusals import understood

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.credentials.google import Bearer

ENDPOINT = "CYNTHUS_GOOGLE_API"
"""The variable that names a simulated Google Cloud."""
BASES = {
    "compute": "https://compute.googleapis.com/compute/v1",
    "secretmanager": "https://secretmanager.googleapis.com/v1",
    "artifactregistry": "https://artifactregistry.googleapis.com/v1",
    "iam": "https://iam.googleapis.com/v1",
    "resourcemanager": "https://cloudresourcemanager.googleapis.com/v1",
    "serviceusage": "https://serviceusage.googleapis.com/v1",
    "cloudbilling": "https://cloudbilling.googleapis.com/v1",
    "cloudquotas": "https://cloudquotas.googleapis.com/v1",
    "oslogin": "https://oslogin.googleapis.com/v1",
    "openidconnect": "https://openidconnect.googleapis.com/v1",
    "storage": "https://storage.googleapis.com/storage/v1",
}
_TRIES = 4
_WAIT = 1.0
"""Seconds before the second try; twice as long before each later one, or what Google says."""
_LONGEST_WAIT = 30.0
_TIMEOUT = 20.0
_PASSING = (429, 500, 502, 503, 504)


class NotThere(Exception):
    """Google knows nothing of that name."""


class Api:
    """Asks as the user whose credentials lie on this machine. Nothing is looked for before the first question."""

    def __init__(self, environment: Mapping[str, str], *, wait: float = _WAIT, tries: int = _TRIES) -> None:
        self._environment = environment
        self._wait = wait
        self._tries = tries
        self._token: Bearer | None = None
        self._renewing = threading.Lock()
        self._sent = ""
        self.said_at: datetime | None = None
        """When Google last answered, by its own clock."""

    def ask(
        self, method: str, service: str, path: str, *, body: Mapping[str, object] | None = None,
        query: Mapping[str, str] = MappingProxyType({}), paid_by: str = "",
    ) -> dict[str, Any]:
        """The answer. Only what may be asked twice is asked here. `paid_by` is the cloud project on whose account it is
        asked, where a service cannot tell that by what it is asked about.

        Raises:
            NotThere: Google knows nothing of that name.
            NotLoggedIn: nobody knows who asks.
            NotPermitted: whoever asks may not.
            CloudFailed: Google refuses for another reason, or does not answer.
        """
        address = f"{self._base(service)}/{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        wait = self._wait
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._once(method, address, data, paid_by)
            except urllib.error.HTTPError as error:
                with error:
                    said = _message(error)
                if error.code not in _PASSING or not left:
                    raise self._refusal(error.code, said, address) from None
                time.sleep(min(web.wait_of(error.headers) or wait, _LONGEST_WAIT))
            except (OSError, http.client.HTTPException, web.UnsafeRedirect) as error:
                if not left:
                    raise CloudFailed(
                        f"Google Cloud does not answer: {error}", hint="check the network and run it again"
                    ) from None
                time.sleep(wait)
            wait *= 2
        raise AssertionError  # the last try has returned or raised

    def pages(
        self, service: str, path: str, query: Mapping[str, str] = MappingProxyType({}), paid_by: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Each page of a list; the same errors."""
        token = ""
        while True:
            asked = {**query, **({"pageToken": token} if token else {})}
            page = self.ask("GET", service, path, query=asked, paid_by=paid_by)
            yield page
            token = str(page.get("nextPageToken") or "")
            if not token:
                return

    def simulated(self, service: str) -> str:
        """Where a simulated cloud has a service; '' for the real one.

        Raises:
            CloudFailed: a token would go over a line that anybody can change.
        """
        return self._base(service) if self._environment.get(ENDPOINT) else ""

    def _base(self, service: str) -> str:
        if not self._environment.get(ENDPOINT):
            return BASES[service]
        try:
            return f"{web.named(self._environment, ENDPOINT, '')}/{service}/v1"
        except web.UnsafeAddress as unsafe:
            raise CloudFailed(str(unsafe), hint="name one on this machine, or with https://") from None

    def _once(self, method: str, address: str, data: bytes | None, paid_by: str) -> dict[str, Any]:
        self._sent = self._bearer().value
        headers = {"Authorization": f"Bearer {self._sent}", "Content-Type": "application/json"}
        if paid_by:
            headers["X-Goog-User-Project"] = paid_by
        with web.ask(address, headers, body=data, method=method, timeout=_TIMEOUT) as answer:
            self.said_at = _date(answer.headers.get("Date"))
            said = answer.read()
        try:
            found = json.loads(said or b"{}")
        except ValueError:
            raise CloudFailed(
                "what answers in the name of Google Cloud is something else",
                hint="look at the proxy or the network that this machine is in, and run it again",
            ) from None
        return found if isinstance(found, dict) else {}

    def _bearer(self) -> Bearer:
        # Many ask at once, and one token is enough for all.
        with self._renewing:
            if self._token is None:
                try:
                    self._token = bearer(self._environment, SCOPE)
                except ModuleNotFoundError as error:
                    raise ExtraMissing(
                        f"`target: gcp` needs a package that is not installed: {error.name}",
                        hint="run `pip install 'cynthus[gcp]'` in the environment of Cynthus",
                    ) from None
            return self._token

    def _refusal(self, status: int, said: str, address: str) -> Exception:
        if status == 404:
            return NotThere(said)
        if status == 401:
            self._token = None
            hint = how_to_log_in(self._environment)
            return NotLoggedIn("Google Cloud does not take these credentials", hint=hint)
        if self._sent:
            # Nobody knows what a server repeats.
            said = said.replace(self._sent, "(the token)")
        refusal = understood(said, _project(address))
        hint = f"{refusal.hint}; then run it again" if refusal else "mend what it says and run it again"
        kind = NotPermitted if status == 403 else CloudFailed
        return kind(f"Google Cloud says no ({status}): {said}", hint=hint)


def _project(address: str) -> str:
    """The cloud project that was asked about; '' where the address has none."""
    found = re.search(r"/projects/([^/?]+)", address)
    return found[1] if found else ""


def _date(said: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(said or "").astimezone(UTC)
    except ValueError:
        return None


def _message(error: urllib.error.HTTPError) -> str:
    """Google's own words."""
    try:
        told = json.loads(error.read(100_000))["error"]
        return str(told["message"] if isinstance(told, dict) else told)[:500]
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return str(error.reason)

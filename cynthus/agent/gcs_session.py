"""The line to Google Cloud Storage, and who asks: nobody in particular, this machine itself, or whose token came."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cynthus import objects
from cynthus.agent import gcs_token
from cynthus.agent.failure import DOWNLOAD, TOKEN_NEEDED, Failure
from cynthus.agent.gcs_failure import TOKEN, changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cynthus.agent.gcs_failure import Tries
    from cynthus.objects import Object

_TIMEOUT = (20.0, 60.0)
"""Seconds: until it is connected, and of silence."""
_CONNECTIONS = 16
_NO_TRACES = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"


@contextmanager
def admitted(asked: Mapping[str, Any], tries: Tries) -> Iterator[tuple[Session, Mapping[str, Object]]]:
    """Who is let in, and what of it is wanted, by path. It is as it was when it was pinned.

    Raises:
        Failure: nobody is, it was changed, or there is no answer.
    """
    candidates = _candidates(asked["tokens"])
    for left, credentials in zip(reversed(range(len(candidates))), candidates, strict=True):
        session = Session(asked, credentials)
        try:
            wanted = _wanted(session, asked, tries)
        except Failure as failure:
            session.close()
            if failure.code != TOKEN_NEEDED or not left:
                raise
            continue
        try:
            yield session, wanted
        finally:
            session.close()
        return


def _candidates(tokens: Mapping[str, str]) -> list[Any]:
    """Whom to try, in this order. A machine of Google's gets new tokens for itself; one that came lasts an hour."""
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.credentials import Credentials

    own = _of_this_machine()
    if tokens.get(TOKEN):
        return [*own, Credentials(tokens[TOKEN])]
    return [AnonymousCredentials(), *own]


def _of_this_machine() -> list[Any]:
    if not gcs_token.server_of(os.environ):
        # To ask whether there is a metadata server takes seconds where there is none.
        return []
    from google.auth import compute_engine

    return [compute_engine.Credentials()]


def _wanted(session: Session, asked: Mapping[str, Any], tries: Tries) -> Mapping[str, Object]:
    """What there is, as far as it is as it was pinned."""
    _, path = objects.split(asked["name"])
    pin = str(asked["revision"])
    if objects.is_generation(pin):
        one, name = tries.until_it_works(lambda: session.look(path, pin)), path.rpartition("/")[2]
        with _told_if_unfit(asked, "rename it there"):
            objects.insist_on_path(name, path)
        return {name: one}
    prefix = objects.prefix_of(path)
    listed: list[Object] = []
    token: str | None = ""
    while token is not None:
        page, token = tries.until_it_works(partial(session.page, prefix, token))
        listed += page
    with _told_if_unfit(asked, "rename it there, or leave it out with `files:`"):
        found = objects.chosen(listed, prefix, asked["patterns"])
    if objects.pin_of(found.values()) != pin:
        raise changed(asked["text"])
    # Who may list may not always read: somebody else could.
    smallest = min(found.values(), key=lambda each: each.size, default=None)
    if smallest is not None:
        tries.until_it_works(partial(session.look, smallest.name, smallest.generation))
    return found


@contextmanager
def _told_if_unfit(asked: Mapping[str, Any], hint: str) -> Iterator[None]:
    """Raises: Failure, where within the block something cannot be a file."""
    try:
        yield
    except objects.Unfit as unfit:
        raise Failure(f"{asked['text']} cannot come as files: {unfit}", hint=hint, code=DOWNLOAD) from None


class Session:
    """One who asks about the bucket."""

    def __init__(self, asked: Mapping[str, Any], credentials: Any) -> None:
        from google.auth.credentials import AnonymousCredentials
        from google.auth.transport.requests import AuthorizedSession
        from google.cloud.storage import Client
        from requests.adapters import HTTPAdapter

        # It asks for the bucket itself beside everything else, for which who may only read objects has no permission.
        os.environ.setdefault(_NO_TRACES, "true")
        try:
            endpoint = objects.endpoint(os.environ)
        except objects.Unfit as unfit:
            raise Failure(str(unfit), hint="name one on this machine, or with https://", code=DOWNLOAD) from None
        # Of those that came nobody can get new ones; to try it would hide Google's own answer.
        renews = not isinstance(credentials, AnonymousCredentials) and not getattr(credentials, "token", None)
        self._session = AuthorizedSession(credentials, refresh_status_codes=(401,) if renews else ())
        # Google leads nobody elsewhere, and there anybody could read along.
        self._session.max_redirects = 0
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        _settle(self._session, endpoint)
        options = {"api_endpoint": endpoint}
        self._client = Client(project=None, credentials=credentials, _http=self._session, client_options=options)
        bucket = objects.split(asked["name"])[0]
        self._bucket = self._client.bucket(bucket)
        self._address = f"{endpoint}/storage/v1/b/{quote(bucket, safe='')}/o"

    def look(self, name: str, generation: str) -> Object:
        """One object, of that generation."""
        blob = self._bucket.blob(name, generation=int(generation))
        blob.reload(retry=None, timeout=_TIMEOUT)
        return _told(blob)

    def page(self, prefix: str, after: str) -> tuple[Sequence[Object], str | None]:
        """Those whose names begin so, as many as come together, and where the next begin (None: there are none)."""
        found = self._client.list_blobs(
            self._bucket, prefix=prefix or None, page_token=after or None, retry=None, timeout=_TIMEOUT,
            fields=f"items({objects.FIELDS}),nextPageToken",
        )
        page = [_told(blob) for blob in next(found.pages, ())]
        return page, found.next_page_token or None

    def opened(self, one: Object, begin: int) -> Any:
        """The answer with what the object holds from there on, of its generation and no other, to be closed."""
        from google.api_core.exceptions import from_http_response

        where = f"{self._address}/{quote(one.name, safe='')}"
        # As it is kept: what is unpacked on its way would not have the checksum of what is kept.
        headers = {"Accept-Encoding": "gzip", **({"Range": f"bytes={begin}-"} if begin else {})}
        query = {"alt": "media", "generation": one.generation, "ifGenerationMatch": one.generation}
        response = self._session.get(where, params=query, headers=headers, stream=True, timeout=_TIMEOUT)
        if response.status_code not in (200, 206):
            with response:
                raise from_http_response(response)
        return response

    def close(self) -> None:
        self._session.close()


def _settle(session: Any, endpoint: str) -> None:
    """Look once, and not at each request, which proxy and which certificates the environment names."""
    from requests.utils import get_environ_proxies

    session.trust_env = False
    session.proxies.update(get_environ_proxies(endpoint))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _told(blob: Any) -> Object:
    told = {"name": blob.name, "size": blob.size, "generation": blob.generation, "crc32c": blob.crc32c}
    return objects.told(told)

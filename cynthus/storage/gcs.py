"""A bucket of Google Cloud Storage. Its objects are plain; what only we know of one is in its metadata.

Needs the extra `gcp`: `cynthus.storage.opening` says so where it is missing.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from cynthus.errors import BucketFailed
from cynthus.storage.arriving import Arriving
from cynthus.storage.base import ABSENT, overtaken
from cynthus.storage.gcs_download import Download
from cynthus.storage.gcs_failure import conflict, no_object, told
from cynthus.storage.gcs_object import MODE, SHA256, is_key, named, stored, stored_of
from cynthus.storage.gcs_upload import TIMEOUT, WINDOW, KeptTooLittle, Resumable
from cynthus.storage.patience import FAILURES, PATIENT, patiently
from cynthus.storage.pieces import given, up_to
from cynthus.storage.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from google.auth.credentials import Credentials
    from google.cloud.storage import Blob

    from cynthus.storage.base import Stored
    from cynthus.storage.patience import Patience

ONE_SHOT = 8 << 20
"""Bytes up to which an object goes in one request."""
THREADS = 32
"""How many requests may go on at once; as many connections are kept."""
_MEMORY = 64 << 20
"""Bytes that may be on their way at once."""
_RACES = 5
"""How often a put that replaces whatever is there begins again because somebody else was faster."""
_PUT = "cynthus-put"
"""In the metadata: which put it was, so that we know ours again where its answer was lost."""
_NO_TRACES = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
_FIELDS = "items(name,size,crc32c,generation,metadata),nextPageToken"
_OBJECT = "application/octet-stream"


class Login(Protocol):
    """Who asks. `hint` says how to log in where Google does not take it."""

    @property
    def credentials(self) -> Credentials | None: ...

    @property
    def hint(self) -> str: ...


class GcsBucket:
    """The bucket `name`. Without a login nobody in particular asks, which is enough for public objects and emulators.

    `endpoint` is another address of the service; else STORAGE_EMULATOR_HOST names one.
    """

    def __init__(
        self,
        name: str,
        login: Login | None = None,
        *,
        endpoint: str = "",
        threads: int = THREADS,
        patience: Patience = PATIENT,
    ) -> None:
        # The library asks for the bucket itself beside everything else, to name it in traces that nobody reads. That is
        # a request more, for which who may only read and write objects has no permission.
        os.environ.setdefault(_NO_TRACES, "true")
        credentials = (login and login.credentials) or AnonymousCredentials()
        session = AuthorizedSession(credentials, refresh_status_codes=(401,) if _renews(credentials) else ())
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=threads + 1))
        options = {"client_options": {"api_endpoint": endpoint}} if endpoint else {}
        client = Client(project=None, credentials=credentials, _http=session, **options)
        _settle(session, str(client.api_endpoint))
        self.name = name
        self.threads = threads
        self._hint = login.hint if login else "give credentials: this bucket is not for everybody"
        self._session = session
        self._bucket = client.bucket(name)
        self._client = client
        self._patience = patience
        self._room = Room(_MEMORY)

    def check(self, key: str) -> None:
        named(key)

    def put(
        self,
        key: str,
        data: Iterable[bytes],
        *,
        checksum: str | None = None,
        size: int | None = None,
        over: str | None = None,
        mode: int | None = None,
    ) -> Stored:
        named(key)
        small = size is not None and size <= ONE_SHOT
        # As pieces, as one, and as the body of the request.
        memory = 3 * (size or 0) if small else WINDOW
        extra = {} if mode is None else {MODE: f"{mode:o}"}
        with self._told(key), self._room.taken(memory):
            for _ in range(_RACES):
                arriving = Arriving(key, data, checksum=checksum, size=size, aside=not small)
                try:
                    return self._arrived(key, arriving, checksum, size, extra, over)
                except KeptTooLittle:
                    if iter(data) is data:
                        # What has gone by cannot be given again.
                        raise BucketFailed(
                            f"{key} could not be brought to gs://{self.name}: it was cut or overtaken, and cannot be "
                            "read once more",
                            hint="run it again",
                        ) from None
        raise overtaken(key, f"gs://{self.name}")

    def _arrived(
        self,
        key: str,
        arriving: Arriving,
        checksum: str | None,
        size: int | None,
        extra: Mapping[str, str],
        over: str | None,
    ) -> Stored:
        extra = {**extra, _PUT: os.urandom(8).hex()}
        pieces = iter(arriving)
        first, whole = up_to(ONE_SHOT, pieces)
        if whole:
            content = b"".join(first)
            return self._at_once(key, content, {SHA256: arriving.checksum, **extra}, over)
        metadata = {**extra, **({SHA256: checksum} if checksum else {})}
        stored = self._streamed(key, chain(given(first), pieces), size, metadata, over)
        # Until then it is an object of which only the crc32c is known.
        return stored if checksum else self._with_metadata(stored, {**metadata, SHA256: arriving.checksum})

    def get(self, key: str, *, offset: int = 0, version: str | None = None) -> Iterator[bytes]:
        with self._told(named(key)):
            try:
                yield from Download(self._session, self._url(key), version, self._patience).pieces(offset)
            except FAILURES as error:
                # Of the generation that we have begun with nothing is left, while there is another one.
                if no_object(error) and self._reload(key):
                    raise overtaken(key, f"gs://{self.name}") from None
                raise

    def find(self, key: str) -> Stored | None:
        with self._told(named(key)):
            found = self._reload(key)
            return found and stored_of(found)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        token: str | None = None
        while True:
            with self._told(""):
                page, token = patiently(self._patience, partial(self._page, prefix, token))
            yield from page
            if not token:
                return

    def delete(self, key: str, *, over: str | None = None) -> bool:
        with self._told(named(key)):
            found = self._reload(key)
            if over not in (None, ABSENT if found is None else str(found.generation)):
                raise overtaken(key, f"gs://{self.name}")
            if found is None:
                return False
            for _ in range(_RACES):
                if self._delete(key, found.generation):
                    return True
                found = self._reload(key)
                if found is None:
                    return True
                # What is there now is another one, which was not meant where a version was named.
                if over not in (None, str(found.generation)):
                    break
        raise overtaken(key, f"gs://{self.name}")

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _delete(self, key: str, generation: int) -> bool:
        """Whether it is gone; else there is another one in its place."""
        blob = self._bucket.blob(key)
        try:
            delete = partial(blob.delete, if_generation_match=generation, retry=None, timeout=TIMEOUT)
            patiently(self._patience, delete)
        except FAILURES as error:
            # It was there a moment ago. Perhaps it was we, at a try of which the answer was lost.
            if not no_object(error) and not conflict(error):
                raise
            return no_object(error)
        return True

    def _at_once(self, key: str, content: bytes, metadata: Mapping[str, str], over: str | None) -> Stored:
        def send(generation: int) -> Stored:
            blob = self._bucket.blob(key)
            blob.metadata = metadata
            blob.upload_from_string(
                content, _OBJECT, if_generation_match=generation, checksum="crc32c", retry=None, timeout=TIMEOUT
            )
            return stored_of(blob)

        return self._replacing(key, over, metadata[_PUT], lambda at: patiently(self._patience, partial(send, at)))

    def _streamed(
        self, key: str, data: Iterator[bytes], size: int | None, metadata: Mapping[str, str], over: str | None
    ) -> Stored:
        """Once only: what has gone by cannot be sent again.

        Raises:
            KeptTooLittle: it has to begin anew.
        """
        generation = self._generation(key) if over is None else int(over or 0)
        query = {"uploadType": "resumable", "name": key, "ifGenerationMatch": str(generation)}
        upload = Resumable(self._session, self._url("", upload=True), query, self._patience)
        properties = {"metadata": metadata, "contentType": _OBJECT}

        def send(_: int) -> Stored:
            return stored(key, upload.send(data, properties, size=size))

        try:
            return self._replacing(key, str(generation or ABSENT), metadata[_PUT], send)
        except FAILURES as error:
            # Somebody was faster, and whichever is there is to be replaced.
            if over is None and conflict(error):
                raise KeptTooLittle from None
            raise

    def _with_metadata(self, stored: Stored, metadata: Mapping[str, str]) -> Stored:
        blob = self._bucket.blob(stored.key)
        blob.metadata = metadata
        patch = partial(blob.patch, if_generation_match=int(stored.version), retry=None, timeout=TIMEOUT)
        patiently(self._patience, patch)
        return stored_of(blob)

    def _replacing(self, key: str, over: str | None, token: str, send: Callable[[int], Stored]) -> Stored:
        """Put what `send` puts in the place of a generation. Without `over` it is whichever is there."""
        for _ in range(_RACES):
            generation = self._generation(key) if over is None else int(over or 0)
            try:
                return send(generation)
            except FAILURES as error:
                if not conflict(error):
                    raise
                found = self._reload(key)
                if found is not None and (found.metadata or {}).get(_PUT) == token:
                    # It was kept at a try of which the answer was lost.
                    return stored_of(found)
                if over is not None:
                    raise
        raise overtaken(key, f"gs://{self.name}")

    def _generation(self, key: str) -> int:
        found = self._reload(key)
        return int(found.generation) if found else 0

    def _reload(self, key: str) -> Blob | None:
        blob = self._bucket.blob(key)
        try:
            patiently(self._patience, partial(blob.reload, retry=None, timeout=TIMEOUT))
        except FAILURES as error:
            if no_object(error):
                return None
            raise
        return blob

    def _page(self, prefix: str, token: str | None) -> tuple[Sequence[Stored], str | None]:
        found = self._client.list_blobs(
            self._bucket, prefix=prefix or None, page_token=token, fields=_FIELDS, retry=None, timeout=TIMEOUT
        )
        page = next(found.pages, ())
        # What other programs keep as a "folder", or under a name that is none of ours, cannot be a file.
        stored = [stored_of(blob) for blob in page if is_key(blob.name)]
        return stored, found.next_page_token

    def _url(self, key: str, *, upload: bool = False) -> str:
        base = f"{self._client.api_endpoint}{'/upload' if upload else ''}/storage/v1/b/{quote(self.name, safe='')}/o"
        return f"{base}/{quote(key, safe='')}" if key else base

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            raise told(error, self.name, key, self._hint) from None


def _settle(session: AuthorizedSession, endpoint: str) -> None:
    """Look once, and not at each request, which proxy and which certificates the environment names for the only place
    that is asked: to look takes as long as all else."""
    session.trust_env = False
    session.proxies.update(get_environ_proxies(endpoint))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _renews(credentials: Credentials) -> bool:
    """Whether they can get a new token. To try that in vain would hide Google's own answer."""
    alone = isinstance(credentials, AnonymousCredentials) or getattr(credentials, "refresh_token", "") is None
    return not alone

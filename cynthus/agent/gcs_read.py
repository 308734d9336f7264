"""Objects of Google Cloud Storage as a machine of Google's reads them: as itself, and by the standard library, so that
nothing has to be installed there first.

What has arrived is compared by its MD5, which Google tells of each object but of those that were put together from
others. These, and what this machine is not let in to, are for `cynthus.agent.gcs`.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from cynthus import objects
from cynthus.agent.bucket import Stopped, Unavailable
from cynthus.agent.failure import CONTENT_WRONG, DISK_FULL, DOWNLOAD, REFERENCE_UNKNOWN, Failure
from cynthus.agent.gcs_failure import changed
from cynthus.agent.gcs_line import LANES, PATIENCE, Line, Reply, Request
from cynthus.agent.gcs_refusal import Refused
from cynthus.agent.gcs_token import Tokens, server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cynthus.agent.wanted import Wanted
    from cynthus.objects import Object

_PIECE = 4 << 20
"""Bytes that one request asks for."""
_CHUNK = 1 << 20
_LOOK = 0.5
"""Seconds between two times that it is told how far it is."""
_AGAIN = "run the command again: what has arrived stays"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FIELDS = f"{objects.FIELDS},md5Hash,metadata"


class _File(NamedTuple):
    """An object that will be a file: `md5` is Google's word in base64, `mode` what its permission bits were."""

    one: Object
    md5: str
    mode: int


def fetch(
    wanted: Wanted, body: Path, content: Path, environment: Mapping[str, str], tell: Callable[[str], None],
    *, patience: float = PATIENCE,
) -> bool:  # fmt: skip
    """Bring one object to the file `body`, or a folder of them to the folder `content`; some of it may be there. False
    where somebody else has to: nothing was brought then.

    Raises:
        Failure: it is not there, was changed since it was pinned, or does not come to its end.
        OSError: it cannot be written.
    """
    server = server_of(environment)
    if not server:
        return False
    stop = threading.Event()
    bucket, path = objects.split(wanted.name)
    line = Line(_endpoint(environment), bucket, Tokens(server), lambda: not stop.is_set(), patience)
    try:
        reading = _Reading(wanted, line, path)
        files = reading.files()
        if any(not each.md5 for each in files.values()):
            return False
        if objects.is_generation(wanted.pin):
            places = [(body, each) for each in files.values()]
        else:
            places = [(content / name, each) for name, each in files.items()]
        coming = content.with_name("coming")
        for parent in {place.parent for place, _ in places} | {coming}:
            parent.mkdir(parents=True, exist_ok=True)
        _all_of([partial(reading.bring, place, each, coming) for place, each in places], stop, tell)
    except (Unavailable, Refused) as error:
        if error.errno == errno.EACCES:
            return False
        raise _told(wanted, error) from None
    finally:
        line.close()
    return True


def _endpoint(environment: Mapping[str, str]) -> str:
    try:
        return objects.endpoint(environment)
    except objects.Unfit as unfit:
        raise Failure(str(unfit), hint="name one on this machine, or with https://", code=DOWNLOAD) from None


def _told(wanted: Wanted, error: OSError) -> Failure:
    if error.errno == errno.ENOENT:
        return Failure(f"{wanted.text}: there is no such bucket", hint="is the name right?", code=REFERENCE_UNKNOWN)
    return Failure(f"{wanted.text} could not be fetched: {error.strerror or error}", hint=_AGAIN, code=DOWNLOAD)


def _all_of(calls: list[partial[None]], stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Raises: what the first of them that fails does."""
    from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(LANES) as pool:
        futures = [pool.submit(each) for each in calls]
        try:
            done, left = set[Future[None]](), set(futures)
            # Each is looked at once: there may be a million.
            while left and not any(each.exception() for each in done):
                done, left = wait(left, timeout=_LOOK, return_when=FIRST_EXCEPTION)
                tell("")
        finally:
            # Also where we are told to end: nobody waits out what a server asked for.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    failures = [each.exception() for each in futures if not each.cancelled()]
    for failure in failures:
        if failure is not None and not isinstance(failure, Stopped):
            raise failure


class _Reading:
    """Of what is below `path` in the bucket of `line`."""

    def __init__(self, wanted: Wanted, line: Line, path: str) -> None:
        self._wanted = wanted
        self._line = line
        self._path = path
        self._objects = f"/storage/v1/b/{quote(line.bucket, safe='')}/o"

    def files(self) -> dict[str, _File]:
        """What there is, as far as it is as it was pinned, by path.

        Raises:
            Failure: it is not.
            Unavailable: nobody lets us look.
        """
        pin, prefix = self._wanted.pin, objects.prefix_of(self._path)
        single = objects.is_generation(pin)
        resources = [self._one(pin)] if single else list(self._below(prefix))
        told = {one.name: _file(one, each) for each in resources for one in (objects.told(each),)}
        if single:
            return {self._path.rpartition("/")[2]: each for each in told.values()}
        try:
            found = objects.chosen([each.one for each in told.values()], prefix, self._wanted.files)
        except objects.Unfit as unfit:
            hint = "rename it there, or leave it out with `files:`"
            raise Failure(f"{self._wanted.text} cannot come as files: {unfit}", hint=hint, code=DOWNLOAD) from None
        if objects.pin_of(found.values()) != pin:
            raise changed(self._wanted.text)
        return {path: told[one.name] for path, one in found.items()}

    def _one(self, generation: str) -> dict[str, Any]:
        query = {"fields": _FIELDS, "generation": generation}
        return self._asked(Request("GET", self._of(self._path), query, self._path)).document()

    def _below(self, prefix: str) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            query = {"prefix": prefix, "fields": f"items({_FIELDS}),nextPageToken"}
            page = self._line.ask(Request("GET", self._objects, {**query, **({"pageToken": token} if token else {})}))
            yield from page.document().get("items", ())
            # A page may be empty and not be the last one.
            token = str(page.document().get("nextPageToken") or "")
            if not token:
                return

    def _of(self, name: str) -> str:
        return f"{self._objects}/{quote(name, safe='')}"

    def _asked(self, request: Request) -> Reply:
        reply = self._line.ask(request, 404, 412)
        if reply.status == 404 and "bucket" in str(reply.document().get("error")):
            raise Unavailable(errno.ENOENT, "there is no such bucket", f"gs://{self._line.bucket}")
        if reply.status in (404, 412):
            raise changed(self._wanted.text)
        return reply

    def bring(self, place: Path, file: _File, coming: Path) -> None:
        """One object, unless it is there. Until it is whole, it has another name.

        Raises:
            Failure: see `fetch`.
            Stopped: another one has failed.
        """
        one = file.one
        if place.exists() and place.stat().st_size == one.size and _sum(place) == file.md5:
            return
        partial_file = coming / hashlib.sha256(one.name.encode(errors="surrogatepass")).hexdigest()[:32]
        # What was garbled on its way is so once.
        for _ in range(2):
            try:
                whole = self._came(partial_file, one) == file.md5
            except OSError as error:
                if error.errno in _FULL:
                    hint = f"make room on that disk and {_AGAIN}"
                    raise Failure(f"{self._wanted.text} does not fit on the disk", hint=hint, code=DISK_FULL) from None
                raise
            if whole:
                partial_file.chmod(0o644 | (file.mode & 0o111))
                os.replace(partial_file, place)
                return
            partial_file.unlink()
        raise Failure(
            f"{self._wanted.text}: {one.name} came as something else than Google keeps: its MD5 differs",
            hint="run the command again; if it stays so, something on the way changes what passes", code=CONTENT_WRONG,
        )

    def _came(self, file: Path, one: Object) -> str:
        """The MD5 of all of it, once it has arrived; from where an earlier try ended."""
        digest = hashlib.md5(usedforsecurity=False)
        with open(file, "ab+") as stream:
            stream.seek(0)
            while data := stream.read(_CHUNK):
                digest.update(data)
            while (begin := stream.tell()) < one.size:
                data = self._piece(one, begin)
                stream.write(data)
                digest.update(data)
        return _told_as(digest)

    def _piece(self, one: Object, begin: int) -> bytes:
        end = min(begin + _PIECE, one.size)
        query = {"alt": "media", "generation": one.generation, "ifGenerationMatch": one.generation}
        # As it is kept: what is unpacked on its way would not have the sum of what is kept.
        headers = {"Range": f"bytes={begin}-{end - 1}", "Accept-Encoding": "gzip"}
        reply = self._asked(Request("GET", self._of(one.name), query, one.name, headers))
        # A cache on the way may give all of an object to who asks for a part.
        data = reply.body if reply.status == 206 else reply.body[begin:end]
        if not data:
            raise Failure(f"{self._wanted.text}: {one.name} came without an end", hint=_AGAIN, code=DOWNLOAD)
        return data


def _file(one: Object, resource: Mapping[str, Any]) -> _File:
    try:
        mode = int(str((resource.get("metadata") or {}).get("cynthus-mode", "0")), 8)
    except ValueError:
        mode = 0
    return _File(one, str(resource.get("md5Hash") or ""), mode)


def _sum(file: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with open(file, "rb") as stream:
        while data := stream.read(_CHUNK):
            digest.update(data)
    return _told_as(digest)


def _told_as(digest: Any) -> str:
    return base64.b64encode(digest.digest()).decode()

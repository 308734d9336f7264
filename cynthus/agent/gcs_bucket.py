"""The agent's own way into a bucket of Google, by the standard library: what is on every host. `cynthus.storage.gcs`
reads what this writes, and the other way round.

Nobody else writes under our keys, but an earlier try of ours may still be on its way. So each request names the
generation that it replaces, and one that comes late replaces nothing.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import stat
import time
from contextlib import suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from cynthus import objects
from cynthus.agent import clock, layout
from cynthus.agent.bucket import PIECE, Changed, Paused, Saved, Unavailable, opened, pieces
from cynthus.agent.failure import BUCKET, Failure
from cynthus.agent.gcs_line import LANES, PATIENCE, Line, Request, Tries
from cynthus.agent.gcs_refusal import Refused, Temporary
from cynthus.agent.gcs_token import USUAL, Tokens, on_google
from cynthus.agent.gcs_upload import PART, Upload
from cynthus.agent.ledger import sign_of
from cynthus.agent.status import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.ledger import Sign
    from cynthus.agent.standing import Standing

SMALL = 4 << 20
"""Bytes up to which a file goes in one request, from memory."""
SHA256, MODE, MTIME = "cynthus-sha256", "cynthus-mode", "cynthus-mtime-ns"
"""In an object's metadata, as `cynthus.storage.gcs_object` reads them."""
_RACES = 5
_LONGEST = 1024
"""Bytes of a name, as Google has it."""
_START = 10.0
"""Seconds for which a start waits for Google; what sends is more patient, and goes on afterwards."""


def connect(
    known: Standing, go_on: Callable[[], bool], enough: Callable[[], bool] = lambda: False,
    patience: float = PATIENCE, part: int = PART,
) -> GcsBucket:
    """The bucket of an attempt. `enough` is asked now and then: whether a long file should give way to something else.

    Raises:
        Unavailable: nobody should ask there.
    """
    name, _, prefix = known.bucket[len("gs://") :].partition("/")
    try:
        endpoint = objects.endpoint({objects.EMULATOR: known.storage})
    except objects.Unfit as unfit:
        raise Unavailable(errno.EINVAL, str(unfit), known.bucket) from None
    server = known.metadata or (USUAL if not known.storage and on_google() else "")
    line = Line(endpoint, name, Tokens(server), go_on, patience)
    return GcsBucket(line, f"{prefix}/" if prefix else "", enough, part)


def insist(attempt: Attempt, known: Standing) -> None:
    """See that an attempt can be saved there, by saving how it stands. What may pass by itself stops no run.

    Raises:
        Failure: this machine is not let in, or there is no such bucket.
    """
    if not (known.metadata or known.storage or on_google()):
        raise Failure(
            f"this host is no machine of Google's, so nobody lets it into {known.bucket}",
            hint="name a folder of the host under `bucket:`, file:///srv/results say, or choose `target: gcp`",
            code=BUCKET,
        )
    try:
        bucket = connect(known, lambda: True, patience=_START)
        with suppress(Temporary):
            document = evaluate(attempt, at=clock.stamp(time.time()), told=known)
            bucket.put(f"{layout.keys(attempt).attempt}status.json", json.dumps(document, indent=1).encode() + b"\n")
        bucket.close()
    except OSError as error:
        hint = "mend that, or name another bucket under `bucket:`; then run the command again"
        raise Failure(f"{error.filename or known.bucket}: {error.strerror or error}", hint=hint, code=BUCKET) from None


class GcsBucket:
    """The objects below `prefix` ('' for all, else with a slash at its end)."""

    lanes = LANES

    def __init__(self, line: Line, prefix: str, enough: Callable[[], bool], part: int) -> None:
        self.address = f"gs://{line.bucket}" + (f"/{prefix.rstrip('/')}" if prefix else "")
        self._line = line
        self._prefix = prefix
        self._objects = f"/storage/v1/b/{quote(line.bucket, safe='')}/o"
        self._generations: dict[str, str] = {}
        """Of what is put again and again."""
        self._enough = enough
        self._part = part
        self._begun: dict[str, tuple[Sign, Upload]] = {}
        """Large files of which a part is there."""

    def send(self, key: str, file: str, sign: Sign) -> str:
        name = self._name(key)
        try:
            stream = opened(file)
        except FileNotFoundError:
            raise Changed from None
        with stream:
            found = os.fstat(stream.fileno())
            if sign_of(found) != sign:
                raise Changed
            about = {MODE: f"{stat.S_IMODE(found.st_mode):o}", MTIME: str(sign.mtime_ns)}
            if sign.size > SMALL:
                return self._large(name, stream, file, sign, about)
            data = b"".join(pieces(stream, file, sign, self._go_on))
        checksum = hashlib.sha256(data).hexdigest()
        self._at_once(name, data, {SHA256: checksum, **about}, "0")
        return checksum

    def put(self, key: str, data: bytes) -> None:
        name = self._name(key)
        about = {SHA256: hashlib.sha256(data).hexdigest()}
        self._generations[name] = self._at_once(name, data, about, self._generations.get(name, "0"))

    def size(self, key: str) -> int | None:
        found = self._look(self._name(key))
        return int(found["size"]) if found else None

    def holds_any(self, prefix: str) -> bool:
        return any(self._names(prefix, maxResults="1"))

    def last(self, prefix: str) -> str:
        return max(self._names(prefix), default="")

    def found(self, prefix: str) -> dict[str, Saved]:
        return {name: _saved(each) for name, each in self._items(prefix, "name,size,generation,metadata")}

    def piece(self, key: str, begin: int, one: Saved) -> bytes:
        name, tries = self._name(key), Tries(self._line)
        query = {"alt": "media", **({"generation": one.version} if one.version else {})}
        end = min(begin + PIECE, one.size)
        # As it is kept: nobody should pack it for the way.
        headers = {"Range": f"bytes={begin}-{end - 1}", "Accept-Encoding": "gzip"}
        while True:
            reply = self._line.ask(Request("GET", f"{self._objects}/{quote(name, safe='')}", query, name, headers))
            # A cache on the way may give all of an object to who asks for a part.
            if data := reply.body if reply.status == 206 else reply.body[begin:end]:
                return data
            tries.again(Temporary(errno.EAGAIN, "nothing came of it", f"gs://{self._line.bucket}/{name}"))

    def settle(self, keys: set[str]) -> None:
        """What Google has answered for is there for good."""

    def sweep(self) -> None:
        """Google forgets by itself what was on its way."""

    def close(self) -> None:
        """Let go of the connections."""
        self._line.close()

    def _go_on(self) -> bool:
        self._line.insist()
        return True

    def _name(self, key: str) -> str:
        """Raises: Refused, where Google takes no such name."""
        name = self._prefix + key
        try:
            length = len(name.encode())
        except UnicodeEncodeError:
            raise Refused(errno.EILSEQ, "its name is not UTF-8, which Google's buckets want", ascii(name)) from None
        if length > _LONGEST or "\n" in name or "\r" in name:
            why = f"its name is longer than {_LONGEST} bytes" if length > _LONGEST else "its name has a line break"
            raise Refused(errno.EINVAL, f"{why}, which Google's buckets do not take", f"gs://{self._line.bucket}/{name}")
        return name

    def _names(self, prefix: str, **more: str) -> Iterator[str]:
        return (name for name, _ in self._items(prefix, "name", **more))

    def _items(self, prefix: str, fields: str, **more: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What lies below a prefix, by names without it."""
        begin, token = self._prefix + prefix, ""
        query = {"prefix": begin, "fields": f"items({fields}),nextPageToken", **more}
        while True:
            asked = {**query, "pageToken": token} if token else query
            page = self._line.ask(Request("GET", self._objects, asked)).document()
            yield from ((str(each["name"])[len(begin) :], each) for each in page.get("items", ()))
            # A page may be empty and not be the last one.
            token = str(page.get("nextPageToken") or "")
            if not token:
                return

    def _look(self, name: str) -> dict[str, Any]:
        """What Google tells of an object; nothing where there is none."""
        path = f"{self._objects}/{quote(name, safe='')}"
        reply = self._line.ask(Request("GET", path, {"fields": "size,generation,metadata"}, name), 404)
        if reply.status != 404:
            return reply.document()
        if "bucket" in str(reply.document().get("error")):
            self._line.ask(Request("GET", path, {"fields": "size"}))
        return {}

    def _at_once(self, name: str, data: bytes, about: Mapping[str, str], generation: str) -> str:
        """Put an object in the place of that generation ("0": of nothing), or of what is there; gives the new one."""
        kind, body = _multipart(_properties(name, about, md5=_md5(hashlib.md5(data, usedforsecurity=False))), data)
        for _ in range(_RACES):
            query = {"uploadType": "multipart", "ifGenerationMatch": generation, "fields": "generation"}
            request = Request(
                "POST", f"/upload{self._objects}", query, name, {"Content-Type": kind}, lambda: body, len(body)
            )
            reply = self._line.ask(request, 412)
            if reply.status != 412:
                return str(reply.document()["generation"])
            found = self._look(name)
            generation = str(found.get("generation", "0"))
            if found and found.get("metadata") == dict(about):
                # It was we, at a try of which the answer was lost, or before we were killed.
                return generation
        raise self._overtaken(name)

    def _large(self, name: str, stream: IO[bytes], file: str, sign: Sign, about: Mapping[str, str]) -> str:
        for _ in range(_RACES):
            found = self._look(name)
            known = found.get("metadata", {})
            if found and int(found["size"]) == sign.size and {**known, **about} == known and SHA256 in known:
                # We were killed before we could write down that it is there.
                return str(known[SHA256])
            upload, generation = self._upload(name, sign), str(found.get("generation", "0"))
            try:
                read = partial(self._pieces, stream, file, sign)
                done = upload.send(read, _properties(name, about), sign.size, generation)
                if done is not None and self._tell(name, str(done["generation"]), {**about, SHA256: upload.sha256}):
                    return upload.sha256
            except (Paused, Unavailable):
                self._begun[name] = (sign, upload)
                raise
        raise self._overtaken(name)

    def _upload(self, name: str, sign: Sign) -> Upload:
        """One that has begun with that version of a file, or a new one."""
        begun = self._begun.pop(name, None)
        if begun is not None and begun[0] == sign:
            return begun[1]
        return Upload(self._line, f"/upload{self._objects}", name, self._enough, self._part)

    def _pieces(self, stream: IO[bytes], file: str, sign: Sign, begin: int) -> Iterator[bytes]:
        stream.seek(begin)
        return pieces(stream, file, sign, self._go_on)

    def _tell(self, name: str, generation: str, about: Mapping[str, str]) -> bool:
        """Write into an object's metadata what only its end has shown; false where there is another one by now."""
        body = json.dumps({"metadata": about}).encode()
        query, headers = {"ifGenerationMatch": generation, "fields": "generation"}, {"Content-Type": "application/json"}
        path = f"{self._objects}/{quote(name, safe='')}"
        return self._line.ask(Request("PATCH", path, query, name, headers, lambda: body, len(body)), 412).status != 412

    def _overtaken(self, name: str) -> Refused:
        return Refused(errno.EBUSY, "somebody else writes there, too", f"gs://{self._line.bucket}/{name}")


def _saved(told: Mapping[str, Any]) -> Saved:
    """Whoever put it may have written anything into the metadata."""
    about = told.get("metadata") or {}
    checksum, mode, mtime = (str(about.get(key, "")) for key in (SHA256, MODE, MTIME))
    return Saved(
        int(told["size"]), str(told["generation"]), checksum if re.fullmatch("[0-9a-f]{64}", checksum) else "",
        int(mode, 8) if re.fullmatch("[0-7]{1,4}", mode) else 0o644,
        int(mtime) if re.fullmatch("-?[0-9]{1,19}", mtime) else None,
    )


def _properties(name: str, about: Mapping[str, str], **more: str) -> dict[str, object]:
    told = {"md5Hash": more["md5"]} if more else {}
    return {"name": name, "contentType": "application/octet-stream", "metadata": dict(about), **told}


def _md5(digest: Any) -> str:
    return base64.b64encode(digest.digest()).decode()


def _multipart(properties: Mapping[str, object], data: bytes) -> tuple[str, bytes]:
    """Metadata and content as one body, and what kind that is."""
    mark = os.urandom(16).hex().encode()
    head = b"Content-Type: application/json; charset=UTF-8\r\n\r\n" + json.dumps(properties).encode()
    content = b"Content-Type: application/octet-stream\r\n\r\n" + data
    body = b"".join((b"--", mark, b"\r\n", head, b"\r\n--", mark, b"\r\n", content, b"\r\n--", mark, b"--\r\n"))
    return f"multipart/related; boundary={mark.decode()}", body

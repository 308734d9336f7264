"""A large file on its way to Google: a resumable upload, which goes on where the connection was cut, or where somebody
else had to go first. The file is read once; what has to be sent again is read again."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from cynthus.agent.bucket import Paused
from cynthus.agent.gcs_line import Request, Tries
from cynthus.agent.gcs_refusal import Temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cynthus.agent.gcs_line import Line, Reply

UNIT = 256 << 10
"""All parts are multiples of it but the last, which is no larger."""
PART = 32 << 20
"""Bytes after which we ask whether something more important waits: some seconds on a slow line."""
_GOES_ON, _OVERTAKEN = 308, 412
_FORGOTTEN = (404, 410)
"""What Google answers about an upload that it does not know any more."""


class Upload:
    """One object's. `enough` is asked after each `part` bytes: whether to stop there for now."""

    def __init__(self, line: Line, path: str, name: str, enough: Callable[[], bool], part: int) -> None:
        self._line = line
        self._path = path
        self._name = name
        self._enough = enough
        self._size_of_part = part
        self._query: dict[str, str] | None = None
        """What names the upload; None until it has begun."""
        self._sha256 = hashlib.sha256()
        # Google knows it of every object that comes in one piece, and Python has no crc32c.
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hashed = 0

    @property
    def sha256(self) -> str:
        """That of the file, once all of it was sent."""
        return self._sha256.hexdigest()

    def send(
        self, read: Callable[[int], Iterator[bytes]], properties: Mapping[str, object], size: int, generation: str
    ) -> dict[str, Any] | None:
        """Put the file, which `read` gives from a byte on, in the place of that generation; gives what Google says of
        it. None where there was another one, or it has to begin anew. After an error it may be called again.

        Raises:
            Paused: it was enough for now.
            Unavailable, Refused: Google does not take it; there is no object then.
            Stopped: nobody wants it any more.
        """
        self._read, tries = read, Tries(self._line)
        reply = self._begun(properties, size, generation) if self._query is None else self._asked()
        there = _persisted(reply)
        while True:
            if reply.status in (_OVERTAKEN, *_FORGOTTEN):
                return None
            if self._query is None:
                # Of the address only this: nothing of ours goes anywhere but where we have begun.
                self._query = dict(parse_qsl(urlsplit(str(reply.headers.get("Location") or "")).query))
            elif reply.status != _GOES_ON:
                return self._checked(reply.document())
            kept = _persisted(reply)
            if kept > there:
                tries.moved()
                if self._enough():
                    raise Paused
            there = kept
            try:
                reply = self._part(there, size)
                if reply.status == _GOES_ON and _persisted(reply) <= there:
                    raise Temporary(errno.EAGAIN, "nothing was kept of what was sent", f"gs://{self._line.bucket}")
            except Temporary as error:
                tries.again(error)
                reply = self._asked()

    def _begun(self, properties: Mapping[str, object], size: int, generation: str) -> Reply:
        query = {"uploadType": "resumable", "name": self._name, "ifGenerationMatch": generation}
        body = json.dumps(properties).encode()
        headers = {"Content-Type": "application/json; charset=UTF-8", "X-Upload-Content-Length": str(size)}
        return self._line.ask(
            Request("POST", self._path, query, self._name, headers, lambda: body, len(body)), _OVERTAKEN
        )

    def _asked(self) -> Reply:
        """How far it is."""
        return self._line.ask(self._put("bytes */*"), _GOES_ON, _OVERTAKEN, *_FORGOTTEN)

    def _part(self, begin: int, size: int) -> Reply:
        """Send what comes next. The last part is a small one, with the checksum of all, so that Google compares it."""
        rest = min((size - 1) // UNIT * UNIT, begin + self._size_of_part)
        if begin < rest:
            body = partial(self._hashing, begin, rest)
            request = self._put(f"bytes {begin}-{rest - 1}/{size}", body, rest - begin)
        else:
            last = b"".join(self._hashing(begin, size))
            md5 = {"X-Goog-Hash": f"md5={base64.b64encode(self._md5.digest()).decode()}"}
            request = self._put(f"bytes {begin}-{size - 1}/{size}", lambda: last, len(last), md5)
        return self._line.once(request, _GOES_ON, _OVERTAKEN, *_FORGOTTEN)

    def _put(self, told: str, body: Any = None, length: int = 0, more: Mapping[str, str] = {}) -> Request:
        headers = {"Content-Range": told, **more}
        return Request("PUT", self._path, self._query or {}, self._name, headers, body, length, long=length > UNIT)

    def _hashing(self, begin: int, end: int) -> Iterator[bytes]:
        """A part of the file. What was hashed before is so only once."""
        at = begin
        for data in self._read(begin):
            piece = data[: end - at]
            at += len(piece)
            if at > self._hashed:
                fresh = piece[len(piece) - (at - self._hashed) :]
                self._sha256.update(fresh)
                self._md5.update(fresh)
                self._hashed = at
            yield piece
            if at == end:
                return

    def _checked(self, done: dict[str, Any]) -> dict[str, Any] | None:
        """What Google says of the object, if it is the file; whoever is in between may have changed it."""
        md5 = base64.b64encode(self._md5.digest()).decode()
        return done if done.get("md5Hash", md5) == md5 else None


def _persisted(reply: Reply) -> int:
    found = re.fullmatch(r"bytes=0-(\d+)", str(reply.headers.get("Range") or ""))
    return int(found[1]) + 1 if found else 0

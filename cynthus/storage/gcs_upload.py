"""A large object on its way to Google: a resumable upload, which goes on where the connection was cut."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from google.api_core.exceptions import ServiceUnavailable, from_http_response
from google_crc32c import Checksum

from cynthus.storage.gcs_feed import Feed, SourceFailed
from cynthus.storage.patience import FAILURES, Waiting, patiently

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import requests

    from cynthus.storage.patience import Patience

WINDOW = 16 << 20
"""Bytes that are kept to be sent again: more than is on its way in any connection."""
CHUNK = 8 << 20
"""Bytes of one request where nobody knows how many there will be."""
UNIT = 256 << 10
"""All parts but the last are multiples of it."""
_FORGOTTEN = (404, 410)
"""What Google answers about an upload that it does not know any more."""
TIMEOUT = (20.0, 120.0)
"""Seconds for a connection, and for an answer."""


class KeptTooLittle(Exception):
    """Google has kept less of what was sent than we can send again: it has to begin anew."""


class Resumable:
    """One upload, begun by asking `url` for it."""

    def __init__(self, session: requests.Session, url: str, query: Mapping[str, str], patience: Patience) -> None:
        self._session = session
        self._url = url
        self._query = query
        self._patience = patience
        self._place = ""
        self._crc = Checksum()

    def send(self, data: Iterable[bytes], properties: Mapping[str, object], *, size: int | None) -> dict[str, object]:
        """Gives what Google says about the object.

        Raises:
            KeptTooLittle: it has to begin anew.
            Exception: one of FAILURES, or what reading `data` raises. There is no object then.
        """
        feed = Feed(self._summed(data), window=WINDOW)
        self._place = patiently(self._patience, lambda: self._begin(properties, size))
        try:
            return self._all(feed, size)
        except KeptTooLittle:
            self._cancel()
            raise
        except SourceFailed as failed:
            self._cancel()
            raise (failed.__cause__ or failed) from None

    def _summed(self, data: Iterable[bytes]) -> Iterator[bytes]:
        for piece in data:
            self._crc.update(piece)
            yield piece

    def _begin(self, properties: Mapping[str, object], size: int | None) -> str:
        length = {} if size is None else {"X-Upload-Content-Length": str(size)}
        headers = {"Content-Type": "application/json; charset=UTF-8", **length}
        body = json.dumps(properties).encode()
        response = self._session.post(self._url, params=self._query, headers=headers, data=body, timeout=TIMEOUT)
        if response.status_code not in (200, 201):
            raise from_http_response(response)
        return str(response.headers["Location"])

    def _all(self, feed: Feed, size: int | None) -> dict[str, object]:
        waiting, offset = Waiting(self._patience), 0
        while True:
            try:
                response = self._part(feed, offset, size)
                there = _persisted(response)
                if response.status_code == 308 and there <= offset:
                    raise ServiceUnavailable("nothing was kept of what was sent")
            except FAILURES as error:
                waiting.again(error)
                response = patiently(self._patience, self._ask)
                there = _persisted(response)
            if response.status_code != 308:
                return dict(response.json())
            if there > offset:
                waiting.moved()
            if not feed.begins_at(there):
                raise KeptTooLittle
            offset = there

    def _part(self, feed: Feed, offset: int, size: int | None) -> requests.Response:
        """Send what comes next. The last part is a small one, with the checksum of all, so that Google compares it."""
        rest = 0 if size is None else (size - 1) // UNIT * UNIT
        if offset >= rest:
            # One byte more shows whether it is the last.
            feed.forget(offset)
            feed.fill(offset + CHUNK + 1)
            rest = min(offset + CHUNK, feed.end)
        last = feed.ended and rest == feed.end
        total = str(size or (feed.end if last else "*"))
        headers = {"Content-Range": f"bytes {offset}-{rest - 1}/{total}" if rest > offset else f"bytes */{total}"}
        if last:
            headers["X-Goog-Hash"] = f"crc32c={base64.b64encode(self._crc.digest()).decode()}"
        body = _Body(feed, offset, rest) if rest > offset else b""
        return self._answered(self._session.put(self._place, headers=headers, data=body, timeout=TIMEOUT))

    def _ask(self) -> requests.Response:
        """How far it is."""
        return self._answered(self._session.put(self._place, headers={"Content-Range": "bytes */*"}, timeout=TIMEOUT))

    def _answered(self, response: requests.Response) -> requests.Response:
        if response.status_code in _FORGOTTEN:
            raise KeptTooLittle
        if response.status_code not in (200, 201, 308):
            raise from_http_response(response)
        return response

    def _cancel(self) -> None:
        try:
            self._session.delete(self._place, timeout=TIMEOUT)
        except FAILURES:
            # It goes by itself within a week, and costs nothing.
            return


class _Body:
    """What `requests` sends: it has a length, so that it goes as it is."""

    def __init__(self, feed: Feed, begin: int, end: int) -> None:
        self._feed = feed
        self._begin = begin
        self._end = end

    def __len__(self) -> int:
        return self._end - self._begin

    def __iter__(self) -> Iterator[bytes]:
        return self._feed.pieces(self._begin, self._end)


def _persisted(response: requests.Response) -> int:
    found = re.fullmatch(r"bytes=0-(\d+)", response.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0

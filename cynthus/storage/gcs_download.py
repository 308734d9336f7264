"""An object on its way from Google: it goes on where the connection was cut, and is compared with its checksum."""

from __future__ import annotations

import base64
from contextlib import closing
from typing import TYPE_CHECKING

from google.api_core.exceptions import from_http_response
from google_crc32c import Checksum

from cynthus import objects
from cynthus.errors import BucketFailed
from cynthus.storage.gcs_upload import TIMEOUT
from cynthus.storage.patience import FAILURES, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from cynthus.storage.patience import Patience

_PIECE = 256 << 10
_BEHIND_THE_END = 416


class Download:
    """The object behind `url`, of one generation: the first that is met where none is named."""

    def __init__(self, session: requests.Session, url: str, generation: str | None, patience: Patience) -> None:
        self._session = session
        self._url = url
        self._generation = generation
        self._patience = patience
        self._crc = Checksum()
        self._expected = ""

    def pieces(self, offset: int) -> Iterator[bytes]:
        """What is there from `offset` on. Only a whole object can be compared with its checksum.

        Raises:
            BucketFailed: it is not what was put.
            Exception: one of FAILURES.
        """
        at, waiting = offset, Waiting(self._patience)
        while True:
            try:
                with closing(self._ask(at)) as response:
                    if response.status_code == _BEHIND_THE_END:
                        break
                    for piece in objects.rest(response, at, _PIECE):
                        at += len(piece)
                        self._crc.update(piece)
                        waiting.moved()
                        yield piece
                    break
            except FAILURES as error:
                waiting.again(error)
        if not offset and self._expected not in ("", base64.b64encode(self._crc.digest()).decode()):
            raise BucketFailed(
                "it came as something else than what is kept there: its crc32c differs",
                hint="run it again; if it stays so, something between Google and this machine changes what passes",
            )

    def _ask(self, offset: int) -> requests.Response:
        query = {"alt": "media", **({"generation": self._generation} if self._generation else {})}
        # As it is kept: what is unpacked on its way would not have the checksum of what is kept.
        headers = {"Accept-Encoding": "gzip", **({"Range": f"bytes={offset}-"} if offset else {})}
        response: requests.Response = self._session.get(
            self._url, params=query, headers=headers, stream=True, timeout=TIMEOUT
        )
        if response.status_code not in (200, 206, _BEHIND_THE_END):
            with closing(response):
                raise from_http_response(response)
        self._generation = response.headers.get("X-Goog-Generation", self._generation)
        hashes = dict(each.strip().split("=", 1) for each in response.headers.get("X-Goog-Hash", "=").split(","))
        self._expected = hashes.get("crc32c", self._expected)
        return response

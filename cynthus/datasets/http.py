"""Single files behind `https://`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus import web
from cynthus.core.reference import Description
from cynthus.datasets.asking import asked
from cynthus.errors import DownloadFailed, ReferenceUnknown, TokenNeeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.reference import Reference


class WebPlace:
    """Any web server. It gets no token: an address is a file's name, and nobody knows whom to trust by it."""

    def describe(self, reference: Reference) -> Description:
        # Not HEAD: many a store that signs its addresses signs them for one method.
        reply = asked(reference.name, {"Range": "bytes=0-0"}, limit=0)
        if reply.status in (404, 410):
            raise ReferenceUnknown(f"there is no {reference} ({reply.status})", hint="look at the address in a browser")
        if reply.status in (401, 403, 407):
            raise TokenNeeded(
                f"{reference} is not given to everybody ({reply.status})",
                hint="Cynthus sends no password to a web server: bring the file yourself and name its path",
            )
        # 416: it is empty.
        if reply.status not in (200, 206, 416):
            raise DownloadFailed(f"{reference} is refused ({reply.status})", hint="look at the address in a browser")
        size = web.size_of(reply.headers) if reply.status != 416 else 0
        return Description(reference, web.validator(reply.headers), size, count=1)

    def tokens(self) -> Mapping[str, str]:
        return {}

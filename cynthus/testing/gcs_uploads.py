"""Objects on their way to a simulated Google Cloud Storage: in one request, or resumable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.testing.gcs_objects import Content, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

UNIT = 256 * 1024
"""What is persisted of an upload that is cut off is a multiple of it."""

_RANGE = re.compile(r"bytes (?:(?P<begin>\d+)-(?P<end>\d+)|\*)/(?P<total>\d+|\*)")


class Upload(Struct):
    """A resumable one."""

    bucket: str
    name: str
    properties: Mapping[str, object]
    query: Mapping[str, str]
    content: Content = field(default_factory=Content)
    done: Mapping[str, object] | None = None
    """The object that it became. Whoever has missed the answer may ask again."""

    def receive(self, piece: bytes | memoryview) -> None:
        self.content.add(piece)
        self.content.hash(len(self.content.data) // UNIT * UNIT)

    def persist(self) -> None:
        """Forget what came after the last whole unit."""
        del self.content.data[len(self.content.data) // UNIT * UNIT :]

    @property
    def range(self) -> dict[str, str]:
        """The header that says how far it is; none where nothing is there."""
        size = len(self.content.data)
        return {"Range": f"bytes=0-{size - 1}"} if size else {}


class Part(Struct, frozen=True):
    """Which bytes a request brings, out of how many. None: not known yet, or only asked for."""

    begin: int | None
    total: int | None


def part(header: str | None, length: int) -> Part:
    """What Content-Range says.

    Raises:
        Refusal: nonsense.
    """
    if header is None:
        return Part(0, length)
    found = _RANGE.fullmatch(header)
    if found is None:
        raise Refusal(400, f"Content-Range {header!r} cannot be parsed")
    begin = int(found["begin"]) if found["begin"] else None
    if begin is not None and int(found["end"]) - begin + 1 != length:
        raise Refusal(400, f"Content-Range {header!r} does not fit {length} bytes")
    total = None if found["total"] == "*" else int(found["total"])
    if begin is not None and total is None and length % UNIT:
        raise Refusal(400, f"a part that is not the last one must be a multiple of {UNIT} bytes")
    return Part(begin, total)


def multipart(content_type: str, body: bytes) -> tuple[Mapping[str, object], bytes]:
    """Metadata and content of an upload in one request.

    Raises:
        Refusal: it is not put together as it should be.
    """
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    pieces = body.split(b"--" + found[1].encode(), 2) if found else []
    if found is None or len(pieces) < 3:
        raise Refusal(400, "a multipart body without its two parts")
    end = body.rindex(b"\r\n--" + found[1].encode() + b"--")
    head, _, content = body[: end].split(b"--" + found[1].encode(), 2)[2].partition(b"\r\n\r\n")
    properties: Mapping[str, object] = json.loads(pieces[1].partition(b"\r\n\r\n")[2])
    # What the part itself says of its type counts where the metadata say nothing.
    kind = re.search(rb"(?i)content-type: *([^\r\n]+)", head)
    return ({"contentType": kind[1].decode()} if kind else {}) | dict(properties), content


def checked_name(name: object) -> str:
    """Raises: Refusal, where Google takes no such name."""
    if not isinstance(name, str) or not name or len(name.encode()) > 1024 or "\n" in name or "\r" in name:
        raise Refusal(400, f"Invalid object name: {name!r}")
    return name

"""The frames of the relay's protocol. Each is one binary message of the WebSocket; numbers are big-endian.

==================  ======  =======================================================
CONNECTED           0x0001  length (4), session id: only in the answer to `connect`
RECONNECTED         0x0002  bytes received so far (8): the answer to `reconnect`
DATA                0x0004  length (4), at most 16 kB
ACK                 0x0007  bytes received so far (8)
LONG_CLOSE          0x000a  code (4), length (4), reason
==================  ======  =======================================================

Tags and sizes are those of the Google Cloud SDK; the last one and the codes are iap-desktop's.
"""

from __future__ import annotations

import struct

from msgspec import Struct

SUBPROTOCOL = "relay.tunnel.cloudproxy.app"
ORIGIN = "bot:iap-tunneler"
"""No page of a browser can have this one."""
WINDOW = 16384
"""The most that a frame carries. Both sides confirm what came when it is more than two of these."""
CONNECTED, RECONNECTED, DATA, ACK, LONG_CLOSE = 1, 2, 4, 7, 10

_LONG, _COUNT = struct.Struct(">HI"), struct.Struct(">HQ")


class Broken(Exception):
    """What came is no frame, or none that may come now."""


class Closed(Struct, frozen=True):
    """The relay ends it: a code of its own or of RFC 6455 (1006: without a word), and why."""

    code: int
    reason: str = ""

    def __str__(self) -> str:
        return f"[{self.code}: {self.reason!r}]"


class Data(Struct, frozen=True):
    """Bytes for us, or from us."""

    content: memoryview


class Ack(Struct, frozen=True):
    """The other side has had so many bytes in all; `renewed` is the answer to `reconnect`."""

    total: int
    renewed: bool = False


class Session(Struct, frozen=True):
    """The session stands; by this word it is found again after a cut."""

    id: str


Frame = Data | Ack | Session | Closed


def read(message: bytes | bytearray | memoryview) -> Frame | None:
    """The frame in a message; None for one of a kind that nobody knows, which clients pass over.

    Raises:
        Broken: it is cut short.
    """
    try:
        tag, length = _LONG.unpack_from(message)
        if tag == DATA:
            return Data(_part(message, 6, length))
        if tag in (ACK, RECONNECTED):
            return Ack(_COUNT.unpack_from(message)[1], renewed=tag == RECONNECTED)
        if tag == CONNECTED:
            return Session(bytes(_part(message, 6, length)).decode("ascii"))
        if tag == LONG_CLOSE:
            size = struct.unpack_from(">I", message, 6)[0]
            return Closed(length, bytes(_part(message, 10, size)).decode(errors="replace"))
    except (struct.error, UnicodeDecodeError):
        raise Broken(f"a frame of {len(message)} bytes is cut short: {bytes(message[:20])!r}") from None
    return None


def data(content: bytes | memoryview) -> bytes:
    """At most a window."""
    return b"".join((_LONG.pack(DATA, len(content)), content))


def ack(total: int) -> bytes:
    """So much was received in all."""
    return _COUNT.pack(ACK, total)


def connected(session: str) -> bytes:
    """What the relay says first, to somebody new."""
    return _LONG.pack(CONNECTED, len(session)) + session.encode("ascii")


def reconnected(total: int) -> bytes:
    """And to somebody who was there before."""
    return _COUNT.pack(RECONNECTED, total)


def _part(message: bytes | bytearray | memoryview, begin: int, length: int) -> memoryview:
    found = memoryview(message)[begin : begin + length]
    if len(found) < length:
        raise struct.error
    return found

"""A WebSocket that never waits: a socket, and what the library `websockets` makes of its bytes."""

from __future__ import annotations

import ssl
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.protocol import State

from cynthus.targets.iap.frames import Closed

if TYPE_CHECKING:
    import socket

    from websockets.frames import Frame
    from websockets.protocol import Protocol

Message = bytes | bytearray | memoryview

_PIECE = 1 << 18
_SEVERAL = 16
"""As many pieces as the system takes at once without a list that takes long to make."""
WITHOUT_A_WORD = 1006
"""RFC 6455 keeps this number for a connection that ended without one."""


class Line:
    """One connection. `refused` is the answer of who does not speak WebSocket with us."""

    def __init__(self, there: socket.socket, protocol: Protocol) -> None:
        self._there = there
        self._protocol = protocol
        self._going: deque[memoryview] = deque()
        self._parts: list[Message] = []
        self._kept: list[Message] = []
        self.queued = 0
        self.ended: Closed | None = None
        self.refused: Response | None = None
        self.open = False
        # What the protocol has to say before anything came: a request.
        self._queue()

    def fileno(self) -> int:
        return self._there.fileno()

    def hear(self) -> list[Message]:
        """The messages that came; `ended` is set where it was the end."""
        kept, self._kept = self._kept, []
        data = self._read()
        if data is None:
            return kept
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        found = kept + self._messages()
        self._queue()
        if not data or self._protocol.close_rcvd is not None or self._protocol.state is State.CLOSED:
            said = self._protocol.close_rcvd
            self.ended = self.ended or Closed(*((said.code, said.reason) if said else (WITHOUT_A_WORD, "")))
        return found

    def keep(self, messages: list[Message]) -> None:
        """Have them heard again, before others."""
        self._kept = messages

    def say(self, message: bytes) -> None:
        """Have that sent, by and by; not where the other side has ended it already."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_binary(message)
            self._queue()

    def flush(self) -> None:
        """Send what the system takes now."""
        while self._going:
            try:
                size = self._write()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError:
                self.ended = self.ended or Closed(WITHOUT_A_WORD)
                self._going.clear()
                self.queued = 0
                return
            self._sent(size)

    def goodbye(self, code: int = 1000, reason: str = "") -> None:
        """Have that said, by and by; nothing can be said after it."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._queue()
        self.flush()

    def hang_up(self) -> None:
        """Without a word."""
        with suppress(OSError):
            self._there.close()

    def _read(self) -> bytes | None:
        """None: nothing yet. b'': nothing any more."""
        try:
            return self._there.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:
            return b""

    def _write(self) -> int:
        if isinstance(self._there, ssl.SSLSocket):
            return self._there.send(self._going[0])
        return self._there.sendmsg([self._going[index] for index in range(min(_SEVERAL, len(self._going)))])

    def _sent(self, size: int) -> None:
        self.queued -= size
        while size:
            first = self._going.popleft()
            if len(first) > size:
                self._going.appendleft(first[size:])
            size -= min(size, len(first))

    def _queue(self) -> None:
        for piece in self._protocol.data_to_send():
            if piece:
                self._going.append(memoryview(piece))
                self.queued += len(piece)

    def _messages(self) -> list[Message]:
        found: list[Message] = []
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                # Not by its state: the end may have come with the answer.
                self.open = self._protocol.handshake_exc is None
                self.refused = None if self.open else event
            elif (message := self._whole(event)) is not None:  # type: ignore[arg-type]  # a frame: requests go elsewhere
                found.append(message)
        return found

    def _whole(self, frame: Frame) -> Message | None:
        """The message that a frame ends; the rest of a longer one comes in further frames."""
        if frame.opcode not in (Opcode.BINARY, Opcode.CONT):
            return None
        if frame.fin and not self._parts:
            return frame.data
        self._parts.append(frame.data)
        if not frame.fin:
            return None
        parts, self._parts = self._parts, []
        return b"".join(parts)

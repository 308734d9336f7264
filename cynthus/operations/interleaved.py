"""The logs of several hosts in one: whole lines, each with the name of its host before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cynthus.operations.follow import Sink

LONGEST = 1 << 16
"""Bytes after which a line is broken. One that never ends must not be kept back for ever."""


class Lines:
    """Takes what one host printed, in any pieces, and hands on whole lines."""

    def __init__(self, name: str, sink: Sink) -> None:
        self._prefix = f"[{name}] ".encode()
        self._sink = sink
        self._rest = b""

    def __call__(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines:
            self._sink(b"".join(self._prefix + line + b"\n" for line in lines))
        if len(self._rest) > LONGEST:
            self.flush()

    def flush(self) -> None:
        """Hand on the last line, although it has no end."""
        if self._rest:
            self._sink(self._prefix + self._rest + b"\n")
            self._rest = b""

"""What a simulated relay is told to get wrong, and when."""

from __future__ import annotations

import threading

from msgspec import Struct


class RelayFault(Struct, frozen=True):
    """One connection that goes wrong.

    With `status` it is refused by HTTP, with `close` ended by one of the relay's numbers and `reason`, else it is cut
    without a word: once `after` bytes have gone through it, whichever way. `forget` ends the session with it. `rate` is
    how many bytes a second go through, for a connection that is nothing but slow (`after` is None then).
    """

    status: int = 0
    close: int = 0
    reason: str = ""
    after: int | None = 0
    forget: bool = False
    rate: float = 0.0


HARMLESS = RelayFault(after=None)


class RelayFaults:
    """Those that wait for their connection."""

    def __init__(self) -> None:
        self._planned: list[RelayFault] = []
        self._lock = threading.Lock()

    def plan(self, fault: RelayFault, *, times: int = 1, skip: int = 0) -> None:
        """For the next `times` connections, `reconnect` among them, after `skip` of them."""
        with self._lock:
            self._planned += [HARMLESS] * skip + [fault] * times

    def clear(self) -> None:
        """Let nothing more go wrong."""
        with self._lock:
            self._planned.clear()

    def next(self) -> RelayFault:
        """What happens to a connection."""
        with self._lock:
            return self._planned.pop(0) if self._planned else HARMLESS

"""What one side of a session has received, and what of its own the other side may still want again after a cut."""

from __future__ import annotations

from collections import deque

from cynthus.targets.iap.frames import WINDOW, Broken


class Books:
    """They outlive the connections that carry a session. Both sides keep the same."""

    def __init__(self) -> None:
        self.received = 0
        self._told = 0
        self.confirmed = 0
        self._waiting: deque[bytes] = deque()
        self.unconfirmed = 0
        """How many bytes of ours are kept for another time."""

    def take(self, size: int) -> None:
        """So many more were received."""
        self.received += size

    @property
    def due(self) -> bool:
        """Whether the other side should hear what was received. More often would cost both time for nothing."""
        return self.received - self._told > 2 * WINDOW

    def tell(self) -> int:
        """What was received, which the other side is told now."""
        self._told = self.received
        return self.received

    def send(self, content: bytes) -> tuple[bytes, ...]:
        """The content in pieces, each kept until it is confirmed."""
        pieces = tuple(content[begin : begin + WINDOW] for begin in range(0, len(content), WINDOW))
        self._waiting.extend(pieces)
        self.unconfirmed += len(content)
        return pieces

    def confirm(self, total: int) -> None:
        """The other side has had so many in all.

        Raises:
            Broken: fewer than before, or more than were sent.
        """
        fresh = total - self.confirmed
        if not 0 <= fresh <= self.unconfirmed:
            sent = self.confirmed + self.unconfirmed
            raise Broken(f"{total} bytes are confirmed, after {self.confirmed} of {sent} that were sent")
        self.confirmed, self.unconfirmed = total, self.unconfirmed - fresh
        while fresh:
            piece = self._waiting.popleft()
            if len(piece) > fresh:
                self._waiting.appendleft(piece[fresh:])
            fresh -= min(fresh, len(piece))

    def again(self) -> tuple[bytes, ...]:
        """What is to be sent once more, in its order."""
        return tuple(self._waiting)

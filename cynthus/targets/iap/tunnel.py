"""One session from its beginning to its end, over as many connections as it takes."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from cynthus.targets.iap import frames
from cynthus.targets.iap.books import Books
from cynthus.targets.iap.dialling import PATIENCE, NoLine, dial, wait
from cynthus.targets.iap.frames import Ack, Broken, Closed, Data, Session
from cynthus.targets.iap.place import connect, reconnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.targets.iap.ends import Ends
    from cynthus.targets.iap.line import Line
    from cynthus.targets.iap.place import Machine

HELD = 1 << 20
"""Bytes for a reader that is slow; when there are more, no more are taken from the relay."""
QUEUED = 1 << 20
"""Bytes that wait for the network."""
UNCONFIRMED = 8 << 20
"""Bytes that are kept for another connection. Google's own client has no bound, so this one is beyond what a relay that
confirms at all leaves open."""
_BROKEN = select.POLLERR | select.POLLHUP | select.POLLNVAL
LINGER = 2.0
"""Seconds of silence after the near end has nothing more to say. The protocol knows no half of an end."""
AGAIN = 60.0
"""Seconds for which a session that was cut is tried again; the relay does not keep one for ever."""
_DONE = frozenset({1000, 4009, 4010})
"""The machine has ended it: as agreed, or it takes or gives nothing more."""
RESUMED = frozenset({1001, 1006, 1011, 1012, 1013, 1014, 4000, 4002, 4004})
"""Ends of a connection after which the session may be there still: a line that broke, a relay that restarts, one that
wants to see a new token (4004) or has not noticed the break (4002)."""


class Ended(Exception):
    """There is no session, or none any more; the text is what the relay said, or the network."""


class Tunnel:
    """Carries bytes between `ends` and a machine. `token` is asked for each connection."""

    def __init__(
        self, relay: str, machine: Machine, token: Callable[[], str], ends: Ends, *, agent: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._relay = relay
        self._machine = machine
        self._token = token
        self._ends = ends
        self._agent = agent
        self._sleep = sleep
        self._session = ""
        self._books = Books()
        self._quiet_since = 0.0

    def open(self) -> Line:
        """The first connection.

        Raises:
            Ended: there is none.
        """
        try:
            line = dial(connect(self._relay, self._machine), self._token(), agent=self._agent)
            answer = self._welcome(line)
        except NoLine as none:
            raise Ended(str(none)) from None
        if not isinstance(answer, Session):
            raise Ended(f"[protocol: 'the relay begins with {type(answer).__name__}']")
        self._session = answer.id
        return line

    def carry(self, line: Line) -> None:
        """To the end of the session.

        Raises:
            Ended: it was cut, and is not to be had again.
        """
        try:
            self._carry(line)
        except Broken as broken:
            self._ends.drain()
            raise Ended(f"[protocol: {str(broken)!r}]") from None
        except Ended:
            self._ends.drain()
            raise
        self._ends.drain()

    def _carry(self, line: Line) -> None:
        while True:
            try:
                said = self._until_closed(line)
            finally:
                line.hang_up()
            if said is None or said.code in _DONE:
                return
            if said.code not in RESUMED:
                raise Ended(str(said))
            line = self._resume()

    # one connection

    def _until_closed(self, line: Line) -> Closed | None:
        """What the relay ends it with; None where we do."""
        ends = self._ends
        self._quiet_since = time.monotonic()
        self._listen(line)
        while line.ended is None:
            ready = self._ready(line)
            if line.fileno() in ready:
                self._listen(line)
            if ends.source in ready:
                self._speak(line)
            line.flush()
            ends.flush()
            if ends.gone or (ends.ended and self._is_over(line)):
                line.goodbye()
                return None
        return line.ended

    def _ready(self, line: Line) -> set[int]:
        """The descriptors that have something for us, which may be their end."""
        ends, there = self._ends, line.fileno()
        hears = ends.held < HELD
        takes = not ends.ended and line.queued < QUEUED and self._books.unconfirmed < UNCONFIRMED
        # Without events, too: that nobody reads any more is told in any case.
        wanted = {ends.sink: select.POLLOUT if ends.held else 0}
        if takes:
            wanted[ends.source] = wanted.get(ends.source, 0) | select.POLLIN
        if hears or line.queued:
            wanted[there] = (select.POLLIN if hears else 0) | (select.POLLOUT if line.queued else 0)
        poll = select.poll()
        for descriptor, events in wanted.items():
            poll.register(descriptor, events)
        found = dict(poll.poll(LINGER * 500 if ends.ended else None))
        ends.gone = ends.gone or bool(found.get(ends.sink, 0) & _BROKEN)
        asked = ((ends.source, takes), (there, hears))
        return {descriptor for descriptor, wants in asked if wants and found.get(descriptor, 0) & ~select.POLLOUT}

    def _listen(self, line: Line) -> None:
        for message in line.hear():
            frame = frames.read(message)
            if isinstance(frame, Data):
                self._books.take(len(frame.content))
                self._ends.give(frame.content)
            elif isinstance(frame, Ack) and not frame.renewed:
                self._books.confirm(frame.total)
            elif isinstance(frame, Closed):
                line.ended = line.ended or frame
            elif isinstance(frame, Ack | Session):
                raise Broken(f"{type(frame).__name__} in the middle of a session")
            self._quiet_since = time.monotonic()
        if self._books.due and line.ended is None:
            line.say(frames.ack(self._books.tell()))

    def _speak(self, line: Line) -> None:
        for piece in self._books.send(self._ends.take()):
            line.say(frames.data(piece))
        self._quiet_since = time.monotonic()

    def _is_over(self, line: Line) -> bool:
        return not line.queued and not self._ends.held and time.monotonic() - self._quiet_since >= LINGER

    # the next one

    def _resume(self) -> Line:
        end, pause = time.monotonic() + AGAIN, 0.1
        while True:
            try:
                return self._renewed()
            except (NoLine, Ended) as none:
                if time.monotonic() + pause > end or not _passes(str(none)):
                    raise Ended(str(none)) from None
            self._sleep(pause)
            pause = min(2 * pause, 5.0)

    def _renewed(self) -> Line:
        address = reconnect(self._relay, self._machine, self._session, self._books.received)
        line = dial(address, self._token(), agent=self._agent)
        answer = self._welcome(line)
        if not isinstance(answer, Ack):
            line.hang_up()
            raise Broken(f"the relay goes on with {type(answer).__name__}")
        self._books.tell()
        self._books.confirm(answer.total)
        for piece in self._books.again():
            line.say(frames.data(piece))
        return line

    def _welcome(self, line: Line) -> Ack | Session:
        """The first frame of a connection; what came with it is kept.

        Raises:
            Ended: it is the end.
            NoLine: there is none.
        """
        end = time.monotonic() + PATIENCE
        while not (found := line.hear()) and line.ended is None:
            if not wait(line, end):
                line.hang_up()
                raise NoLine("network", "no answer")
        try:
            frame = frames.read(found[0]) if found else line.ended
        except Broken as broken:
            raise Ended(f"[protocol: {str(broken)!r}]") from None
        if isinstance(frame, Ack | Session):
            line.keep(found[1:])
            return frame
        line.hang_up()
        raise Ended(str(frame) if isinstance(frame, Closed) else "[protocol: 'the relay begins with another frame']")


def _passes(said: str) -> bool:
    """Whether a connection that failed so may stand a moment later."""
    word = said[1:].partition(":")[0]
    if word.startswith("HTTP "):
        return word in ("HTTP 429", "HTTP 500", "HTTP 502", "HTTP 503", "HTTP 504")
    return word == "network" or word.startswith("proxy") or (word.isdecimal() and int(word) in RESUMED)


"""One session of a simulated relay, and the connections that carry it one after the other."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cynthus.targets.iap import frames
from cynthus.targets.iap.frames import Ack, Broken, Data

if TYPE_CHECKING:
    from cynthus.targets.iap.books import Books
    from cynthus.targets.iap.ends import Ends
    from cynthus.targets.iap.line import Line
    from cynthus.testing.gcp.relay_faults import RelayFault

_GOODBYE = 2.0
"""Seconds for a client to say goodbye, too: what is on its way to it would be lost if we hung up."""
_HELD = 1 << 20
RESUMED = (1001, 1011, 1012, 4000, 4002, 4004)
"""Ends of a connection that are none of its session."""


class Told(Exception):
    """A connection ends with a number of the relay's."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class RelayConnection:
    """A WebSocket with a client, and what is to go wrong with it."""

    def __init__(self, there: socket.socket, line: Line, fault: RelayFault, window: int) -> None:
        self.there = there
        self.line = line
        self.fault = fault
        self.window = window
        self._left = fault.after

    def went(self, size: int) -> None:
        """So many bytes went through.

        Raises:
            Told, ConnectionError: it is time to fail.
        """
        if self.fault.rate:
            time.sleep(size / self.fault.rate)
        if self._left is not None:
            self._left -= size
            self.fail_in_time()

    def fail_in_time(self) -> None:
        """Raises: Told, ConnectionError, where enough has gone through."""
        if self._left is None or self._left > 0:
            return
        if self.fault.close:
            raise Told(self.fault.close, self.fault.reason)
        # Without a word, and without what is still on its way.
        self.there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionError("as it was told to")

    def turn_away(self, told: Told) -> None:
        """End it in order."""
        with suppress(OSError):
            self.line.goodbye(told.code, told.reason)
            end = time.monotonic() + _GOODBYE
            while (self.line.ended is None or self.line.queued) and time.monotonic() < end:
                self.line.flush()
                poll = select.poll()
                poll.register(self.there, select.POLLIN | (select.POLLOUT if self.line.queued else 0))
                poll.poll(100)
                self.line.hear()


class Carried:
    """A session: a connection to the machine, and what went through it."""

    def __init__(self, name: str, behind: socket.socket, ends: Ends, books: Books) -> None:
        self.id = name
        self.count = 0
        """Of the connections that carried it so far."""
        self._behind = behind
        self._ends = ends
        self._books = books
        self._now: RelayConnection | None = None
        self._mine = threading.Lock()

    def renew(self, received: int) -> None:
        """A client comes again and has had so many bytes. Its last connection may not know yet that it is dead.

        Raises:
            Told: that cannot be.
        """
        now = self._now
        if now is not None:
            with suppress(OSError):
                now.there.shutdown(socket.SHUT_RDWR)
        if not self._mine.acquire(timeout=5):
            raise Told(4002, "sid in use")
        try:
            self._books.confirm(received)
        except Broken:
            raise Told(4005, "bad ack") from None
        finally:
            self._mine.release()

    def through(self, connection: RelayConnection, *, renewed: bool) -> bool:
        """Carry until one side ends it or the connection breaks; whether the session is over."""
        with self._mine:
            if self._behind.fileno() < 0:
                connection.turn_away(Told(4001, "sid unknown"))
                return True
            self._now, self.count = connection, self.count + 1
            try:
                connection.fail_in_time()
                self._greet(connection.line, renewed=renewed)
                return self._carry(connection)
            except Told as told:
                connection.turn_away(told)
                return told.code not in RESUMED
            except Broken as broken:
                connection.turn_away(Told(4013, str(broken)[:100]))
                return True
            finally:
                self._now = None

    def end(self) -> None:
        """Whoever carries it sees the end first, and closes nothing under our feet."""
        with suppress(OSError):
            self._behind.shutdown(socket.SHUT_RDWR)
        with self._mine:
            self._behind.close()

    def _greet(self, line: Line, *, renewed: bool) -> None:
        if not renewed:
            line.say(frames.connected(self.id))
            return
        line.say(frames.reconnected(self._books.tell()))
        for piece in self._books.again():
            line.say(frames.data(piece))

    def _carry(self, connection: RelayConnection) -> bool:
        line, ends, poll = connection.line, self._ends, select.poll()
        while True:
            line.flush()
            ends.flush()
            if line.ended is not None:
                # A client that says goodbye wants nothing more.
                return line.ended.code != 1006
            if ends.ended or ends.gone:
                self._say_all(connection)
                raise Told(4010, "destination read failed")
            takes = line.queued < _HELD and self._books.unconfirmed < connection.window
            wanted = (select.POLLIN if takes else 0) | (select.POLLOUT if ends.held else 0)
            poll.register(self._behind, wanted)
            hears = select.POLLIN if ends.held < _HELD else 0
            poll.register(connection.there, hears | (select.POLLOUT if line.queued else 0))
            ready = {fd for fd, events in poll.poll() if events & ~select.POLLOUT}
            if connection.there.fileno() in ready:
                self._listen(connection)
            if takes and self._behind.fileno() in ready:
                self._speak(connection)

    def _say_all(self, connection: RelayConnection) -> None:
        """The client has it all before it hears that there is no more: a cut may come even now."""
        line, end = connection.line, time.monotonic() + 30
        while line.queued and line.ended is None and time.monotonic() < end:
            poll = select.poll()
            poll.register(connection.there, select.POLLIN | select.POLLOUT)
            poll.poll(1000)
            self._listen(connection)
            line.flush()
        if line.ended is not None and line.ended.code == 1006:
            raise ConnectionError("cut")

    def _listen(self, connection: RelayConnection) -> None:
        line = connection.line
        for message in line.hear():
            frame = frames.read(message)
            if isinstance(frame, Data):
                self._books.take(len(frame.content))
                self._ends.give(frame.content)
                self._ends.flush()
                connection.went(len(frame.content))
            elif isinstance(frame, Ack) and not frame.renewed:
                self._books.confirm(frame.total)
            else:
                raise Told(4008, "invalid tag")
        if self._books.due and line.ended is None:
            line.say(frames.ack(self._books.tell()))

    def _speak(self, connection: RelayConnection) -> None:
        for piece in self._books.send(self._ends.take()):
            connection.line.say(frames.data(piece))
            connection.line.flush()
            connection.went(len(piece))

"""Where the log of one attempt lies: on its host, in the bucket of one that is gone, or at home."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import HostUnreachable
from cynthus.operations.follow import read_log, tail_offset
from cynthus.operations.log_home import is_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.replayed import Replayed
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.connection import Connection


class LogPlace(Struct, frozen=True):
    """One of them, with its bytes when it was looked at."""

    connection: Connection
    path: PurePosixPath
    size: int

    def tail(self, lines: int) -> int:
        """Where its last lines begin."""
        return tail_offset(self.connection, self.path, lines)

    def hide(self, mark: Replayed, end: int) -> None:
        """Have what is before `end` count as printed, without showing it."""
        mark.hidden = True
        for data in read_log(self.connection, self.path, 0, end):
            mark(data)

    def show(self, mark: Replayed, begin: int) -> int:
        """Show what there is from a byte on; gives where that ends."""
        mark.hidden = False
        for data in read_log(self.connection, self.path, begin):
            mark(data)
            begin += len(data)
        return begin


def log_places(
    tools: Tools, site: Site, run: Run, rank: int, there: Sequence[HostAgent],
    silent: Callable[[HostUnreachable], object],
) -> list[LogPlace]:
    """Where the log of a rank lies, one place for each attempt: that which has the most of it. `there` is who tells of
    the rank, or nobody; `silent` hears of each that does not answer."""
    known = [each for agent in there for each in (agent, agent.earlier) if each is not None]
    found = []
    for attempt in range(1, run.attempt + 1):
        home = PurePosixPath(site.paths.log(run.id, rank, attempt))
        places = [LogPlace(tools.here, home, tools.here.size(home) or 0)]
        if attempt == run.attempt or not is_whole(site, run, rank, attempt):
            # The newest is on its host, which is asked no more once it was silent.
            for agent in known[:1] if attempt == run.attempt else tuple(known):
                try:
                    places += _told(agent, run, attempt)
                except HostUnreachable as error:
                    known.remove(agent)
                    silent(error)
        # Of those that have the same the last one: it can be followed.
        found.append(max(reversed(places), key=lambda place: place.size))
    return found


def tail_begins(places: Sequence[LogPlace], lines: int) -> list[int]:
    """Where each attempt is shown from, if the last `lines` lines of all of them are shown."""
    begins = []
    for place in reversed(places):
        begin = place.tail(lines)
        begins.append(begin)
        # Where more is wanted than there is, the attempt before has the rest.
        lines = 0 if begin or not lines else max(0, lines - _count(place))
    return begins[::-1]


def _told(agent: HostAgent, run: Run, attempt: int) -> list[LogPlace]:
    path = agent.log(run.id, attempt)
    size = agent.connection.size(path)
    return [] if size is None else [LogPlace(agent.connection, path, size)]


def _count(place: LogPlace) -> int:
    """Its lines, of which the last one need not have an end."""
    count, last = 0, b"\n"
    for data in read_log(place.connection, place.path, 0):
        count, last = count + data.count(b"\n"), data[-1:]
    return count + (last != b"\n")

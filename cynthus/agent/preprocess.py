"""The verb `preprocess`: prepare the data where nobody has yet, and become main.py.

It is what the supervisor takes for main.py from the start, in the same session, container and log: whatever ends a run
ends it, too. What it makes has its final name only once all of it is on the disk. Killed before that, it leaves a
folder `part`, which the next start deletes, or whoever prepares next.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from cynthus import process
from cynthus.agent import clock, leftovers, lock, phase, prepared_links
from cynthus.agent.phase import Phase
from cynthus.agent.prepared import PLACE, Prepared
from cynthus.agent.settled import settle
from cynthus.files import sync_folder, write_json
from cynthus.process import Command

if TYPE_CHECKING:
    from cynthus.agent.arguments import Arguments

_TICK = 0.05
_VARIABLE = "CYNTHUS_PREPARED"


class Wish(NamedTuple):
    """What to do. `room` can be written to, and `kept` is where what is whole is read: in a container by another mount.

    `places` are data and models below the app's folder that the next run finds there, too.
    `forward`: only we are told to end, as in a container, and the command by us. A supervisor tells all processes.
    """

    room: Prepared
    kept: Path
    told: Path
    command: tuple[str, ...]
    main: tuple[str, ...]
    forward: bool
    places: tuple[str, ...] = ()


def asked(given: Arguments) -> Wish:
    """What the command line says: after `--` the --words words of the command, then main.py's.

    Raises:
        Failure: something is missing there.
    """
    count, inside = given.number("words") or 0, given.options.get("inside") == "container"
    room, kept, told = (Path(given.need(name)) for name in ("home", "kept", "phase"))
    places = tuple(json.loads(given.options.get("places", "[]")))
    return Wish(Prepared(room), kept, told, given.rest[:count], given.rest[count:], inside, places)


class Broken(Exception):
    """It does not come about; the text says why, and `code` how the command ended (negative: by a signal)."""

    def __init__(self, why: str, code: int = 1) -> None:
        super().__init__(why)
        self.code = code


class _Told(Exception):
    """Somebody has told us to end."""


def become(wish: Wish) -> NoReturn:
    """Prepare, then be main.py: in the folder of the app, with its variables."""
    try:
        Preprocess(wish).run()
    except _Told:
        _die(signal.SIGTERM)
    except Broken as problem:
        _give_up(wish, str(problem), problem.code)
    except OSError as problem:
        place = f"{problem.filename}: " if problem.filename else ""
        _give_up(wish, f"{place}{(problem.strerror or str(problem)).lower()}", 1)
    try:
        os.execvpe(wish.main[0], wish.main, os.environ)  # noqa: S606 - without a shell
    except OSError as error:
        _say(f"cannot start {wish.main[0]!r}: {(error.strerror or str(error)).lower()}")
    sys.exit(127)


def _give_up(wish: Wish, why: str, code: int) -> NoReturn:
    phase.tell(wish.told, Phase(phase.FAILED, why, code))
    _say(f"preprocess failed: {why}; main.py is not started")
    if code < 0:
        _die(-code)
    sys.exit(code)


class Preprocess:
    """One go."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._number = 0
        self._child: process.Started | None = None

    def run(self) -> None:
        """Have ./prepared lead to what is whole. Raises: Broken, _Told, OSError."""
        wish = self._wish
        os.environ[_VARIABLE] = os.path.abspath(PLACE)  # noqa: PTH100 - the link itself
        signal.signal(signal.SIGTERM, self._end)
        if not wish.room.kept.is_dir():
            self._make_once()
        _lead(wish.kept)
        phase.tell(wish.told, Phase())
        # What main.py may take for granted; Python itself ignores some of them.
        for name in ("SIGTERM", "SIGPIPE", "SIGXFSZ"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        self._look()

    def _make_once(self) -> None:
        descriptor = self._wait_for_lock()
        try:
            # Whoever had the lock may have made it.
            if not self._wish.room.kept.is_dir():
                self._make(descriptor)
        finally:
            os.close(descriptor)

    def _wait_for_lock(self) -> int:
        file = self._wish.room.lock
        descriptor = lock.acquire(file, wait=False)
        if descriptor is None:
            phase.tell(self._wish.told, Phase(phase.WAITING))
            _say("another run prepares the data just now; waiting for it")
        while descriptor is None:
            self._look()
            time.sleep(_TICK * 4)
            descriptor = lock.acquire(file, wait=False)
        return descriptor

    def _make(self, descriptor: int) -> None:
        room, command = self._wish.room, self._wish.command
        phase.tell(self._wish.told, Phase(phase.PREPARING))
        _clear(room.part)
        room.part.mkdir()
        _lead(room.part)
        _say(f"preparing data: {' '.join(command)}")
        began = time.monotonic()
        self._attend(descriptor)
        _gather(room.part)
        if not any(os.scandir(room.part)):
            raise Broken(f"{_shown(command)} has ended well and has written nothing to ./{PLACE}")
        _refuse_links(self._wish)
        files, size = settle(room.part, everybody=False)
        took = round(time.monotonic() - began, 1)
        write_json(room.record, {
            "command": list(command), "files": files, "bytes": size, "seconds": took,
            "made_at": clock.stamp(time.time()),
        })
        # All of it at once: to flush a million files one by one takes minutes.
        os.sync()
        self._look()
        os.replace(room.part, room.kept)
        sync_folder(room.folder)
        _say(f"prepared in {took:g} s: {files} file{'' if files == 1 else 's'}; kept for the next runs")

    def _attend(self, descriptor: int) -> None:
        """Run the command to its end. It holds the lock, too: if we are killed, nobody writes where it still does."""
        command = self._wish.command
        self._look()
        try:
            child = process.start(Command(command, env=os.environ), stdout=1, stderr=2, inherit=(descriptor,))
        except OSError as error:
            raise Broken(f"cannot start {command[0]!r}: {(error.strerror or str(error)).lower()}", 127) from None
        self._child = child
        if self._number:
            # It came before there was a child to forward it to.
            self._end(self._number, None)
        while not process.ended(child):
            time.sleep(_TICK)
        self._look()
        if child.returncode:
            how = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
            raise Broken(f"{_shown(command)} ended with {how}", child.returncode)

    def _look(self) -> None:
        if self._number:
            raise _Told

    def _end(self, number: int, _frame: object) -> None:
        self._number = number
        if self._wish.forward and self._child is not None:
            process.kill_group(self._child.pid, number)


def _lead(target: Path) -> None:
    """Have ./prepared lead there."""
    made = f".{PLACE}.{os.getpid()}"
    os.symlink(target, made)  # noqa: PTH211 - texts, relative
    if os.path.isdir(PLACE) and not os.path.islink(PLACE):  # noqa: PTH112, PTH114 - as above
        os.rmdir(PLACE)  # noqa: PTH106 - as above
    os.replace(made, PLACE)


def _gather(part: Path) -> None:
    """What was written to a folder that has taken the place of our link (`rm -rf prepared; mkdir prepared`)."""
    own = Path(PLACE)
    if own.is_symlink() or not own.is_dir():
        return
    for each in list(own.iterdir()):
        shutil.move(str(each), str(part / each.name))


def _refuse_links(wish: Wish) -> None:
    """A link into what goes, or gets another name, would lead nowhere in the next run. Raises: Broken."""
    part, place, here = os.path.realpath(wish.room.part), os.path.abspath(PLACE), os.getcwd()  # noqa: PTH100, PTH109
    # A container sees of the run's folder only where it is; outputs lie beside that elsewhere.
    going = (part, place, here if wish.forward else os.path.dirname(here))  # noqa: PTH120 - texts
    problem = prepared_links.wrong(wish.room.part, going, [os.path.join(here, each) for each in wish.places])  # noqa: PTH118
    if problem is not None:
        advice = "copy the file, link within ./prepared by a relative path, or link to os.path.realpath(FILE)"
        raise Broken(f"{PLACE}/{problem}: {advice}")


def _clear(part: Path) -> None:
    """Delete what one that was killed has left. Raises: Broken."""
    try:
        leftovers.clear(part)
    except OSError as error:
        why = f"{error.filename or part}: {(error.strerror or str(error)).lower()}"
        advice = f"delete {PLACE}/*/part on the host, in the deployment's folder"
        raise Broken(f"what an earlier preparation has left cannot be deleted ({why}): {advice}") from None


def _shown(command: tuple[str, ...]) -> str:
    return f"`{' '.join(command)}`"


def _say(text: str) -> None:
    """A line in main.py's log, which nobody may take for one of main.py's."""
    os.write(1, f"cynthus: {text}\n".encode(errors="backslashreplace"))


def _die(number: int) -> NoReturn:
    """End by a signal, so that what is said of the run is true."""
    with suppress(OSError):  # SIGKILL is never handled otherwise
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    sys.exit(128 + number)

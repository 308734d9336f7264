"""The process beside a run with a bucket that sends log, checkpoints and outputs there. Killing it harms nothing: the
beat puts a new one in its place, which goes on where this one stopped."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import backlog, clock, layout, lock, standing
from cynthus.agent.backlog import Tree
from cynthus.agent.bucket import Changed, Folder, Paused, Stopped, Unavailable
from cynthus.agent.crowd import side_by_side
from cynthus.agent.detached import detach
from cynthus.agent.ledger import Ledger
from cynthus.agent.standing import GIVEN_UP, SAVED, SENDING, Standing
from cynthus.agent.status import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.backlog import Waiting
    from cynthus.agent.bucket import Bucket
    from cynthus.agent.home import Home

_PAUSE = 5.0
"""Seconds between two looks at the files; more where they are so many that a look takes its time."""
_SHARE = 50
"""A look may cost that part of the time."""
_TURN = 10.0
"""Seconds of sending after which we look whether something more important waits."""
_STATUS = 30.0
_LOOK = 0.1
"""Seconds between two looks for the end."""
_GIVE_UP = 600.0
"""Seconds after the end for which we try without getting anywhere; the next start tries again."""


def ensure(attempt: Attempt) -> None:
    """See to it that somebody saves an attempt that has a bucket."""
    if not lock.held(attempt.sync_lock):
        detach(lambda: watch(attempt), log=attempt.agent_log)


def resume(home: Home) -> None:
    """The same for all earlier runs of which something is not saved yet."""
    for attempt in (each for run in home.runs() for each in run.attempts() if each.exit.exists()):
        known = standing.read(attempt)
        if known is not None and known.state != SAVED:
            ensure(attempt)


def watch(attempt: Attempt) -> None:
    """Send until all of an attempt that has ended is there, or its home is about to be removed."""
    if lock.acquire(attempt.sync_lock, wait=False) is None:
        return
    # Whoever started this process may have looked before the one before it came to its end.
    known = standing.read(attempt)
    if known is None or known.state == SAVED:
        return

    def wanted() -> bool:
        return attempt.folder.is_dir() and not attempt.home.leaving.exists()

    sender, moved_at, synced = Sender(attempt, known, wanted), time.monotonic(), -1
    while wanted():
        ended = _ended(attempt)
        with suppress(Stopped):
            told = sender.turn(ended=ended, quiet=ended and not _others_write(attempt))
            if sender.moved or told.bytes_synced != synced or not ended:
                moved_at, synced = time.monotonic(), told.bytes_synced
            if told.state == SENDING and time.monotonic() > moved_at + _GIVE_UP:
                told = told._replace(state=GIVEN_UP)
            with suppress(OSError, ValueError):
                standing.write(attempt, told)
            if told.state != SENDING:
                return
            _wait(attempt, sender.pause, ended=ended)


def _ended(attempt: Attempt) -> bool:
    """Whether nothing is written any more: of one that was killed, a new supervisor still has to end what is left."""
    return attempt.exit.exists() or (not attempt.record.exists() and evaluate(attempt, at="")["state"] == "EXITED")


def _others_write(attempt: Attempt) -> bool:
    """Whether another attempt goes on, which has the same checkpoints and perhaps the same outputs."""
    others = (each for run in attempt.home.runs() for each in run.attempts() if each.folder != attempt.folder)
    return any(lock.held(each.lock) for each in others)


def _wait(attempt: Attempt, seconds: float, *, ended: bool) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not attempt.home.leaving.exists() and (ended or not attempt.exit.exists()):
        time.sleep(_LOOK)


class Sender:
    """What one process knows about an attempt and its bucket. `pause`: how long nobody need look again; `moved`:
    whether a part of a long file has come there."""

    def __init__(self, attempt: Attempt, known: Standing, wanted: Callable[[], bool]) -> None:
        self._attempt = attempt
        self._keys = layout.keys(attempt)
        self._known = known
        self._until = 0.0
        self._bucket = _bucket(attempt, known, wanted, lambda: time.monotonic() > self._until)
        self._trees: tuple[Tree, ...] = ()
        self._logged: int | None = None
        self._log_behind = 0
        self._complete: list[object] | None = None
        self._status_due = 0.0
        self._end_told = False
        self._problem = ""
        self.pause = 0.0
        self.moved = False

    def turn(self, *, ended: bool, quiet: bool) -> Standing:
        """Look once, and send for a while what is ready: log, then checkpoints, then outputs. `quiet`: no file changes
        any more.

        Raises:
            Stopped: in the middle of a file.
        """
        self._problem, self.moved, self.pause = "", False, 1.0 if ended else _PAUSE
        try:
            self._send_log()
            if ended and not self._end_told:
                # Before all files: a machine that is taken back may not last so long, and this says why it ended.
                self._status_due = 0.0
                self._send_status(self._standing())
                self._end_told = True
            self._send_files(quiet=quiet)
            told = self._standing()
            if ended and not (told.files_behind or told.bytes_behind or told.problem):
                told = told._replace(state=SAVED)
                self._send_list()
            self._send_status(told)
        except OSError as error:
            self._problem = f"{error.filename or self._bucket.address}: {_words(error)}"
            told = self._standing()
        return told

    def _standing(self) -> Standing:
        waiting = [each.sign.size for tree in self._trees for each in tree.waiting.values()]
        synced = (self._logged or 0) + sum(tree.saved for tree in self._trees)
        behind = sum(waiting) + self._log_behind
        return self._known._replace(
            state=SENDING, bytes_synced=synced, bytes_behind=behind, files_behind=len(waiting), problem=self._problem
        )

    def _send_log(self) -> None:
        if self._logged is None:
            self._bucket.sweep()
            last = self._bucket.last(self._keys.log)
            self._logged = int(last) + (self._bucket.size(self._keys.log + last) or 0) if last else 0
        end = self._attempt.log.stat().st_size if self._attempt.log.exists() else 0
        while (left := end - self._logged) > 0:
            self._log_behind = left
            # The last part is put anew as it grows: so there are not more of them than a long log needs.
            begin = self._logged - self._logged % layout.LOG_PART
            with open(self._attempt.log, "rb") as stream:
                stream.seek(begin)
                data = stream.read(min(layout.LOG_PART, end - begin))
            self._bucket.put(self._keys.log_part(begin), data)
            self._logged = begin + len(data)
        self._log_behind = 0

    def _send_files(self, *, quiet: bool) -> None:
        checkpoints, outputs = self._trees = self._trees or self._open()
        began = time.monotonic()
        for tree in self._trees:
            tree.look(quiet=quiet)
        looked = time.monotonic()
        self.pause = max(self.pause, _SHARE * (looked - began))
        # One of which a file is about to be replaced is not complete until all of it is there.
        self._tell_complete(checkpoints)
        self._send(checkpoints, backlog.newest_complete_first(checkpoints.waiting.values()), looked + _TURN)
        self._tell_complete(checkpoints)
        self._send(outputs, [each for each in outputs.waiting.values() if each.ready], looked + _TURN)

    def _open(self) -> tuple[Tree, ...]:
        home, run, bucket = self._attempt.home, self._attempt.run_folder, self._bucket.address
        trees = (
            (home.checkpoints, self._keys.checkpoints, home.checkpoints_sent),
            (run.outputs, self._keys.outputs, run.sent),
        )
        for _, prefix, ledger in trees:
            if not self._bucket.holds_any(prefix):
                # Somebody has emptied it, so what was sent has to be sent again.
                ledger.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            # By which home knows them also after another machine has restored them.
            self._bucket.put(self._keys.began, home.checkpoints_begun.read_bytes())
        return tuple(Tree(folder, prefix, Ledger(ledger, bucket)) for folder, prefix, ledger in trees)

    def _send(self, tree: Tree, files: Sequence[Waiting], until: float) -> None:
        sent, fatal, self._until = set(), list[Exception](), until
        try:
            for each, result in side_by_side(self._bucket.lanes, self._calls(tree, files, until, fatal)):
                try:
                    checksum = result()
                except Changed:
                    continue
                except Paused:
                    self.pause, self.moved = 0.0, True
                    continue
                except (Stopped, Unavailable) as error:
                    # What is on its way already comes to its end, and counts.
                    fatal.append(error)
                    continue
                except OSError as error:
                    # Of this file alone: a name or a size that the bucket does not take, or one that cannot be read.
                    self._problem = f"{tree.folder}/{each.name}: {_words(error)}"
                    continue
                sent.add(tree.prefix + each.name)
                tree.note(each, checksum)
        finally:
            # On disk there before it is on record here.
            self._bucket.settle(sent)
            tree.ledger.keep()
        if fatal:
            raise fatal[0]

    def _calls(
        self, tree: Tree, files: Sequence[Waiting], until: float, fatal: Sequence[Exception]
    ) -> Iterator[tuple[Waiting, Callable[[], str]]]:
        """What sends each file, as long as there is time and nothing `fatal` has come."""
        for each in files:
            if fatal:
                return
            if time.monotonic() > until:
                self.pause = 0.0
                return
            yield each, partial(self._bucket.send, tree.prefix + each.name, f"{tree.folder}/{each.name}", each.sign)

    def _tell_complete(self, checkpoints: Tree) -> None:
        complete = checkpoints.complete()
        if complete != self._complete:
            self._put(self._keys.complete, {"schema": 1, "complete": complete})
            self._complete = complete

    def _send_list(self) -> None:
        """What there is, once all of it is there, and how it ended."""
        self._put(self._keys.outputs_list, {"schema": 1, "files": self._trees[1].listing()})
        with suppress(FileNotFoundError):
            self._bucket.put(f"{self._keys.attempt}exit", self._attempt.exit.read_bytes())

    def _send_status(self, told: Standing) -> None:
        now = time.monotonic()
        if told.state == SAVED or now >= self._status_due:
            document = evaluate(self._attempt, at=clock.stamp(time.time()), told=told)
            self._put(f"{self._keys.attempt}status.json", document)
            self._status_due = now + _STATUS

    def _put(self, key: str, document: dict[str, object]) -> None:
        self._bucket.put(key, json.dumps(document, indent=1).encode() + b"\n")


def _bucket(attempt: Attempt, known: Standing, wanted: Callable[[], bool], enough: Callable[[], bool]) -> Bucket:
    if standing.in_google(known.bucket):
        # With all that belongs to HTTP, which few need.
        from cynthus.agent import gcs_bucket

        return gcs_bucket.connect(known, wanted, enough)
    return Folder(Path(known.bucket), f"{attempt.deployment}-{attempt.rank}-{attempt.run}", wanted)


def _words(error: OSError) -> str:
    """What the operating system says begins with a capital; names of Google's have some, too, and keep them."""
    text = error.strerror or str(error)
    return text if isinstance(error, Unavailable) else text[:1].lower() + text[1:]

"""Many small things done by several threads, which keep nobody from leaving."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Task = TypeVar("Task")
Found = TypeVar("Found")

_TICK = 0.2
"""Seconds after which who waits is given a turn even if nothing was done."""
_GRACE = 5.0
"""Seconds that the threads have to put away what they have in hand when nobody waits for them any more."""


class Stopped(Exception):
    """Nobody wants it any more."""


class Crowd(Generic[Task, Found]):
    """`work` for each of `tasks`, by up to `threads` threads. The tasks are read as they are needed."""

    def __init__(self, tasks: Iterable[Task], work: Callable[[Task], Found], *, threads: int) -> None:
        self._tasks = iter(tasks)
        self._work = work
        self._threads = threads
        self._lock = threading.Lock()
        self._results: SimpleQueue[Found | BaseException | None] = SimpleQueue()
        self._over = threading.Event()

    def go_on(self) -> None:
        """To be called by long work. Raises: Stopped."""
        if self._over.is_set():
            raise Stopped

    def results(self) -> Generator[Found | None, None, None]:
        """As they come, in any order; None now and then, so that whoever waits can say how far it is.

        Raises:
            BaseException: what `work` raised first. The others are stopped.
        """
        crew = [threading.Thread(target=self._serve, daemon=True) for _ in range(self._threads)]
        for each in crew:
            each.start()
        left = len(crew)
        try:
            while left:
                try:
                    result = self._results.get(timeout=_TICK)
                except Empty:
                    yield None
                    continue
                if result is None:
                    left -= 1
                elif isinstance(result, BaseException):
                    raise result
                else:
                    yield result
        finally:
            self._over.set()
            for each in crew:
                each.join(_GRACE / len(crew) if left else None)

    def _serve(self) -> None:
        try:
            while not self._over.is_set():
                with self._lock:
                    task = next(self._tasks, self)
                if task is self:
                    break
                self._results.put(self._work(task))  # type: ignore[arg-type]  # it is a task: the end was looked for
        except BaseException as error:  # noqa: BLE001 - whoever waits for the results gets it
            self._results.put(error)
        self._results.put(None)

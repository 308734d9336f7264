"""Ctrl-C that counts whenever it comes."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

MOMENT = 0.01
"""Seconds after which an interrupt that was dropped is raised again."""


def keep() -> None:
    """Raise every KeyboardInterrupt again that Python drops.

    A signal is turned into one between two instructions, wherever the main thread is. What is raised in a finaliser or
    in the callback of a weak reference is printed ("Exception ignored in ...") and forgotten. Such moments are not
    rare: a signal that comes while garbage is collected, which takes up to a tenth of a second, waits for the next
    instruction, and that is the first finaliser's.
    """
    before = sys.unraisablehook

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            _raise_soon(dropped.exc_value.args)
        else:
            before(dropped)

    sys.unraisablehook = hook


def _raise_soon(words: tuple[object, ...]) -> None:
    """Not at once: the collector is not through yet, and what this very function raises is dropped, too."""

    def come(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the signature that signal() asks for
        raise KeyboardInterrupt(*words)

    signal.signal(signal.SIGALRM, come)
    signal.setitimer(signal.ITIMER_REAL, MOMENT)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hear no polite request to end, as long as the block lasts: it puts away what must not be left behind."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

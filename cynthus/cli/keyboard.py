"""Reading an answer from the terminal so that Ctrl-C counts in every moment."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_answer() -> str:
    """The next line that is typed, without its end. What is being asked stands on the screen already.

    `input` looks at signals and then waits for a key; a Ctrl-C between the two is lost until another key comes.

    Raises:
        KeyboardInterrupt: Ctrl-C, or Ctrl-D: no answer will come.
    """
    with _signal_pipe() as ear:
        # A terminal hands over whole lines, so that reading does not wait once there is something to read.
        select.select([sys.stdin, ear], [], [])
        line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.rstrip("\n")


@contextmanager
def unseen() -> Iterator[None]:
    """What is typed meanwhile is not shown; what was typed before is forgotten."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _signal_pipe() -> Iterator[int]:
    """The end of a pipe that can be read from as soon as any signal has come, also one that came before the wait."""
    ear, mouth = os.pipe()
    for descriptor in (ear, mouth):
        os.set_blocking(descriptor, False)
    before = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    try:
        yield ear
    finally:
        signal.set_wakeup_fd(before)
        for descriptor in (ear, mouth):
            os.close(descriptor)

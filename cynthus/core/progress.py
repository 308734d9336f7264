"""How work tells what it is doing. The command line prints it; a test records it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Step(Protocol):
    """One announced step while it lasts."""

    def activity(self, text: str) -> None:
        """What is happening right now, in a few words; the next call replaces it."""

    def amount(self, done: int, total: int) -> None:
        """How many bytes of the whole are done."""

    def result(self, text: str) -> None:
        """What came of the step, shown beside its title when it has ended."""


class Unsaid:
    """A step that nobody hears of."""

    def activity(self, text: str) -> None:
        """As it says."""

    def amount(self, done: int, total: int) -> None:
        """As it says."""

    def result(self, text: str) -> None:
        """As it says."""


class Progress(Protocol):
    """Where steps, remarks and warnings go."""

    def step(self, title: str, *, brief: bool = False) -> AbstractContextManager[Step]:
        """Announce a step, time it, and say whether it ended well. One that is `brief` comes again and again: where
        lines stay, only its end is one."""

    def note(self, text: str) -> None:
        """One line worth knowing."""

    def warn(self, text: str) -> None:
        """One line that should not be missed."""

"""How work tells what it is doing. The command line prints it; a test records it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Step(Protocol):
    """One announced step while it lasts."""

    def activity(self, text: str) -> None:
        """What is happening right now, in a few words; the next call replaces it."""

    def result(self, text: str) -> None:
        """What came of the step, shown beside its title when it has ended."""


class Progress(Protocol):
    """Where steps, remarks and warnings go."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Announce a step, time it, and say whether it ended well."""

    def note(self, text: str) -> None:
        """One line worth knowing."""

    def warn(self, text: str) -> None:
        """One line that should not be missed."""

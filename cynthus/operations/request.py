"""What `up` and its kin are asked for, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from cynthus.operations.readying import Allowed

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.site import Site

Ending = Literal["attached", "unchanged", "prepared", "started"]


class Request(Struct, frozen=True):
    """What was typed."""

    where: str | None = None
    target: str | None = None
    arguments: tuple[str, ...] | None = None
    """What followed `--`, for main.py; None where there was no `--`: then the last run's count."""
    yes: bool = False
    allowed: Allowed = field(default_factory=Allowed)
    version: str | None = None
    """A version that ran before, to be brought back."""
    no_deadline: bool = False
    """Whether the cloud is not to remove the machines by itself."""
    keep: bool | None = None
    """Whether the machine is to stay after the run; None: as it was last."""
    resumes: str = ""
    """The run that is gone on with by itself, as it was begun; '' where somebody typed the command."""


class Outcome(Struct, frozen=True):
    """What came of it: `attached` to a run that goes on, `unchanged` since the last success, `prepared`, `started`."""

    ending: Ending
    site: Site
    run: Run
    spot: bool = False
    """Whether the cloud may take its machine back."""

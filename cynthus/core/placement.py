"""Where a deployment will live: the target's answer to the spec's wishes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Runtime = Literal["venv", "container"]


class Considered(Struct, frozen=True):
    """A machine that could have been taken, what it costs an hour in US dollars, None where that is not known, and
    whether it was, or why not, in a few words."""

    machine: str
    per_hour: float | None
    verdict: str


class Placement(Struct, frozen=True):
    """The machines that were chosen. `nodes` hosts, each with `gpus` GPUs, running the app in `runtime`."""

    target: str
    runtime: Runtime
    nodes: int = 1
    gpus: int = 0
    reasons: tuple[str, ...] = ()
    """Why this and not something else, a sentence each."""
    unready: tuple[str, ...] = ()
    """What the hosts lack so far, a few words each: they are made ready before anything is brought there."""
    asking: tuple[str, ...] = ()
    """Which of these hosts let the user become root only with a password."""
    driver: int | None = None
    """The branch of NVIDIA's driver, of the oldest among the hosts; None where one is yet to be installed."""
    lifetime: int | None = None
    """Seconds after which the cloud itself removes the machines; None where nobody does."""
    remaining: int | None = None
    """The same for machines that are made in the place of others of a run; None: nothing of it is used up."""
    metadata: str | None = None
    """The address of the machines' metadata server, which tells that the cloud takes one back; None where none does."""
    linger: int | None = None
    """Seconds without use after which a machine deletes itself, once its run has ended and is saved; None: never."""
    considered: tuple[Considered, ...] = ()
    """What there was to choose from, the best first."""
    where: dict[str, str] = field(default_factory=dict)
    """What the target calls the place that it has chosen; only the target reads it."""

    @property
    def stands(self) -> int | None:
        """Seconds after which the cloud removes the machines that are made now."""
        return self.lifetime if self.remaining is None else self.remaining


class Instead(Struct, frozen=True):
    """Another place, for a refusal of the last one; None where none is left. `why`: a line for the user, of which
    `because` is what came of the last place. `wait`: seconds before it is asked."""

    placement: Placement | None
    why: str
    because: str = ""
    wait: float = 0.0

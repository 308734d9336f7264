"""Where a deployment will live: the target's answer to the spec's wishes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Runtime = Literal["venv", "container"]


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

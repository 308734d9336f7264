"""For how long a machine was there, and why it is not any more."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

WhyGone = Literal["preempted", "expired", "deleted", ""]
"""`preempted`: the cloud took it back; `expired`: its time was up; `deleted`: somebody removed it, or it itself did; ''
where nobody can tell."""


class Lifespan(Struct, frozen=True):
    """One machine's, in the cloud's own words; None for what is not remembered. `now` is what the cloud's clock says
    while the machine stands, and `machine_type` what it is then. Times are UTC, RFC 3339."""

    began: str | None = None
    ended: str | None = None
    why: WhyGone = ""
    now: str | None = None
    machine_type: str = ""

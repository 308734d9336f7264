"""For how long a machine was there, and why it is not any more."""

from __future__ import annotations

from typing import Literal

WhyGone = Literal["preempted", "expired", "deleted", ""]
"""`preempted`: the cloud took it back; `expired`: its time was up; `deleted`: somebody removed it, or it itself did; ''
where nobody can tell."""

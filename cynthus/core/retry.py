"""The part `retry:` of cynthus.yaml: when a run goes on by itself on another machine."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from cynthus.core.fields import AttemptCount, one_or_more
from cynthus.core.section import Rule, Section

Cause = Literal["preempted", "no_capacity"]


class Retry(Section, frozen=True, kw_only=True):
    """What is tried again, and how often. Each attempt gets what is left of the run's time, and of its cost."""

    on: Annotated[
        tuple[Cause, ...],
        Rule(before=one_or_more, written=Cause | tuple[Cause, ...]),
        Meta(
            description="`preempted`: the cloud took the machine back; another one is made, gets what was saved, and "
            "main.py begins again. `no_capacity`: no place has such a machine; they are all asked again later. `[]`: "
            "nothing is tried again by itself."
        ),
    ] = ("preempted",)
    attempts: Annotated[
        AttemptCount, Meta(description="How often main.py is begun in one run, or machines are asked for, at most.")
    ] = 10

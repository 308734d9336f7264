"""Where what a host saves lies in a bucket: the one definition, for the sender here and for whoever reads there.

    <deployment>/<rank>/checkpoints/...                       as on the host
    <deployment>/<rank>/checkpoints.json                      which of them are complete, the newest first
    <deployment>/<rank>/began.json                            what they began with, as the host has it on record
    <deployment>/<rank>/runs/<run>/outputs/...                as on the host
    <deployment>/<rank>/runs/<run>/outputs.json               what there is, once all of it is there
    <deployment>/<rank>/runs/<run>/attempts/<n>/log/<offset>  the log in parts; the last one grows
    <deployment>/<rank>/runs/<run>/attempts/<n>/status.json   and `exit`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt

LOG_PART = 1 << 20
"""Bytes of a part of the log that does not grow any more."""


class Keys(NamedTuple):
    """The keys of one attempt on one host."""

    host: str
    run: str
    attempt: str

    @property
    def checkpoints(self) -> str:
        return f"{self.host}checkpoints/"

    @property
    def complete(self) -> str:
        return f"{self.host}checkpoints.json"

    @property
    def began(self) -> str:
        return f"{self.host}began.json"

    @property
    def outputs(self) -> str:
        return f"{self.run}outputs/"

    @property
    def outputs_list(self) -> str:
        return f"{self.run}outputs.json"

    @property
    def log(self) -> str:
        return f"{self.attempt}log/"

    def log_part(self, offset: int) -> str:
        """Parts in order of name are in order of offset."""
        return f"{self.log}{offset:020d}"


def keys(attempt: Attempt) -> Keys:
    """Hosts of one run have the same tree, so each has its own place."""
    host = f"{attempt.deployment}/{attempt.rank}/"
    run = f"{host}runs/{attempt.run}/"
    return Keys(host, run, f"{run}attempts/{attempt.number}/")

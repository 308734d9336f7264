"""What a survey of a host has found: what would be changed there, and what stands in the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Change(Struct, frozen=True):
    """One change of the system of a host."""

    what: str
    kind: str
    """install, restart, reboot or remove."""
    why: str
    needs: str
    """What must have been allowed: "disrupt" or "reboot"; empty where whoever asks must expect the change."""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}: {self.why}"


class Obstacle(Struct, frozen=True):
    """Something to mend before a host can be made ready."""

    message: str
    hint: str


class Survey(Struct, frozen=True):
    """A host as the role `survey` saw it. `facts` has what it is, by `host`, `docker` and `nvidia`."""

    changes: tuple[Change, ...]
    obstacles: tuple[Obstacle, ...]
    facts: Mapping[str, Any]

    def refused(self, allowed: Collection[str]) -> tuple[Change, ...]:
        """The changes that need more than what was allowed."""
        return tuple(change for change in self.changes if change.needs and change.needs not in allowed)


def read(text: str) -> Survey:
    """The survey that the role printed.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(text)
    try:
        return Survey(
            tuple(Change(each["what"], each["kind"], each["why"], each["needs"]) for each in found["changes"]),
            tuple(Obstacle(each["message"], each["hint"]) for each in found["problems"]),
            {name: found[name] for name in ("host", "docker", "nvidia")},
        )
    except (KeyError, TypeError) as problem:
        raise ValueError(f"no survey of a host: {problem!r}") from None

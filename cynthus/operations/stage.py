"""The place of a rehearsal: somebody plays a cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cynthus.core.deployment import Host
    from cynthus.core.spec import AppSpec


class Stage(Protocol):
    """A place that is played."""

    title: str
    environment: Mapping[str, str]
    """That of everything that is to meet this place, and not the real one."""
    providers: tuple[str, ...]
    """Terraform's providers that ask it."""
    boots: bool
    """Whether there is a host behind each machine, which lets us in."""
    gpus: bool
    """Whether such hosts have the GPUs that are asked for; else main.py runs without."""

    def rehearsed(self, spec: AppSpec) -> AppSpec:
        """The spec without what leads to a real place."""

    def known_now(self, spec: AppSpec) -> AppSpec:
        """The spec by which the values are made that are known only now."""

    def beside(self, root: str) -> Mapping[str, str]:
        """Files by name, beside those of a root, that have its providers ask this place."""

    def leads_here(self, host: Host) -> bool:
        """Whether the way to a host ends in this place."""

    def standing(self) -> tuple[str, ...]:
        """What is there, a line each."""

    def cost(self) -> float:
        """What it would have cost by now, in dollars."""


class Stager(Protocol):
    """How a module makes one; `Target.stage` names the module. `hosts` names what boots hosts there, '' nothing."""

    def __call__(
        self, spec: AppSpec, environment: Mapping[str, str], root: Path, place: Path, hosts: str
    ) -> AbstractContextManager[Stage]: ...

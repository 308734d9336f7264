"""What targets have in common whose hosts stand already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from cynthus.core.bill import Machine
    from cynthus.core.deployment import Host
    from cynthus.core.leftover import Leftover, Leftovers, Removal, Sweep
    from cynthus.core.lifespan import Lifespan, WhyGone
    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec


class Standing:
    """Nothing is made in a cloud: nothing there costs, goes away or is left over."""

    makes = False
    stage: str | None = None

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:  # noqa: ARG002 - brings nothing
        return spec

    def inputs(self, deployment: str) -> None:  # noqa: ARG002 - a host is asked what it has
        return None

    def keep_secrets(self, deployment: str, root: Path, values: Mapping[str, str]) -> None:  # noqa: ARG002 - there is no cloud
        return None

    def backend(self, deployment: str, spec: AppSpec, root: str) -> None:  # noqa: ARG002 - its state is this machine's
        return None

    def insist_on_state(self, root: Path) -> None:
        """It is a file of this machine."""

    def runtime_variables(
        self, spec: AppSpec, placement: Placement, root: str, now: datetime  # noqa: ARG002 - all is known before
    ) -> Mapping[str, object]:
        return {}

    def open_to(self, deployment: str, spec: AppSpec, root: Path) -> str:  # noqa: ARG002 - their walls are not ours
        return ""

    def entered(self, hosts: Sequence[Host], root: Path, *, as_root: bool) -> Sequence[Host]:  # noqa: ARG002 - as who, they say
        return hosts

    def console(self, host: Host) -> tuple[str, ...]:  # noqa: ARG002 - nobody here can see it
        return ()

    def understood(self, said: str, root: Path) -> None:  # noqa: ARG002 - Terraform makes nothing that is refused
        return None

    def instead(self, spec: AppSpec, tried: Sequence[Placement], said: str) -> None:  # noqa: ARG002 - nothing is made
        return None

    def existing(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]  # noqa: ARG002 - as above
    ) -> Mapping[str, str]:
        return {}

    def remove_unknown(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]  # noqa: ARG002 - as above
    ) -> tuple[str, ...]:
        return ()

    def stays(self, deployment: str, root: Path) -> tuple[str, ...]:  # noqa: ARG002 - nothing of it
        return ()

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:  # noqa: ARG002 - they stay
        return frozenset()

    def why_gone(self, host: Host) -> WhyGone:  # noqa: ARG002 - as above
        return ""

    def lifespan(self, machine: Machine) -> Lifespan:  # noqa: ARG002 - as above
        from cynthus.core.lifespan import Lifespan

        return Lifespan()

    def empty(self, deployment: str, root: Path, activity: Callable[[str], None]) -> None:
        """There are no buckets of a deployment's own."""

    def supply(self) -> None:
        return None

    def renew(self, day: date, project: str, *, keep: bool) -> None:  # noqa: ARG002 - nothing is sold
        return None

    def leftovers(self, sweep: Sweep, spec: AppSpec | None, root: Path) -> Leftovers:  # noqa: ARG002 - nothing is there
        from cynthus.core.leftover import Leftovers

        return Leftovers("", iter(()))

    def remove_leftovers(self, going: Iterable[Leftover], sweep: Sweep) -> Iterator[Removal]:  # noqa: ARG002 - likewise
        return iter(())

    def preflight(self, *_: object) -> None:
        """Nothing is made."""

"""A laptop and a simulated cloud, with all between them real but the machines: nobody has to log in to any."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus import settings
from cynthus.targets.gcp.target import GcpTarget
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.ansible import FakeAnsible, up_steps
from cynthus.testing.clock import FakeClock
from cynthus.testing.gcp import SimulatedCloud
from cynthus.testing.outage import Outage, OutageTargets
from tests.gcp.api import Api
from tests.gcp.plain_terraform import PlainTerraform
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from cynthus.ansible.client import Ansible
    from cynthus.core.deployment import Host
    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.settings import Settings

LIFETIME = 5400
"""Seconds: the run's hour, and half an hour around it."""
SPEC = "target: gcp\nruntime: venv\nlimits: {{max_duration: 1h}}\ngcp: {{key: {key}}}\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHnobodyhasit somebody\n"


class NoHosts(GcpTarget):
    """The target `gcp`, whose machines let everybody in at once and have nothing on them."""

    looks_ahead = True
    """Whether it asks before a plan, beside all that goes on. Who takes pictures between calls has it ask nothing."""

    def __init__(self, own: Settings) -> None:
        super().__init__(own)
        self._here = LocalConnection(own.environment, PurePosixPath(own.data_dir))

    def place(self, spec: AppSpec, root: Path) -> Placement:
        return replace(super().place(spec, root), metadata=None, unready=())

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:
        return spec

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:
        """With a place for a secret, of which nobody has to bring the value to a host."""
        found = super().variables(deployment, spec, placement, root)
        return {**found, "secrets": ["WORD"]} if root == "base" else found

    def connect(self, host: Host, root: Path) -> Any:
        return self._here

    def preflight(self, spec: AppSpec, placement: Placement, roots: Collection[str]) -> Any:
        return super().preflight(spec, placement, roots) if self.looks_ahead else None


@dataclass(frozen=True)
class Only:
    """The one target that there is."""

    target: GcpTarget

    def names(self) -> tuple[str, ...]:
        return (self.target.name,)

    def find(self, name: str) -> Any:
        return self.target


class Laptop(Workshop):
    """Somebody with an app for a cloud that answers. Time is the cloud's."""

    def __init__(self, place: Path, cloud: SimulatedCloud, api: Api) -> None:
        super().__init__(place, **cloud.environment(), GOOGLE_ZONE="us-central1-a")
        self.cloud = cloud
        self.api = api
        self.clock = FakeClock(cloud.clock)
        self.target = NoHosts(self.tools.settings)
        targets = OutageTargets(Only(self.target), Outage())
        self.tools = replace(
            self.tools, targets=targets, terraform=PlainTerraform(api), ansible=FakeAnsible(up_steps), clock=self.clock
        )
        self.app = place / "app"

    def begin(self) -> None:
        """Have an app, and a key to log in with."""
        key = self.place / "key"
        key.with_suffix(".pub").write_text(KEY)
        self.folder(spec=SPEC.format(key=key))

    def wrong_by(self, seconds: float) -> None:
        """Have the clock of this machine be off, from now on."""
        self.clock.set(self.cloud.clock + timedelta(seconds=seconds))

    def exports(self, **variables: str) -> None:
        """Have these in the shell too."""
        environment = {**self.tools.settings.environment, **variables}
        self.tools = replace(self.tools, settings=settings.read(environment))

    def moves(self, **variables: str) -> None:
        """The same, and have the target see them."""
        self.exports(**variables)
        self.target = NoHosts(self.tools.settings)
        self.tools = replace(self.tools, targets=OutageTargets(Only(self.target), Outage()))

    def plays(self, ansible: Ansible) -> None:
        """Have plays come to something else."""
        self.tools = replace(self.tools, ansible=ansible)

    def standing(self) -> dict[str, int]:
        """How many of each kind there are in the cloud."""
        return standing(self.cloud)


def standing(cloud: SimulatedCloud) -> dict[str, int]:
    """How many of each kind there are."""
    return {kind: len(found) for kind, found in cloud.resources().items() if found}


@contextmanager
def laptop(place: Path, before: Path | None = None) -> Iterator[Laptop]:
    """A new one, or one as it was `before`, in a picture. Its folder is the same, for records say where an app lies."""
    ours, theirs = place / "laptop", place / "cloud"
    for each in (ours, theirs):
        shutil.rmtree(each, ignore_errors=True)
        if before is None:
            each.mkdir()
        else:
            shutil.copytree(before / each.name, each, symlinks=True)
    cloud = SimulatedCloud(theirs / "state")
    with cloud.serving() as endpoint, pytest.MonkeyPatch.context() as patch:
        # Google's library looks for it nowhere else.
        patch.setenv("STORAGE_EMULATOR_HOST", endpoint)
        api = Api(endpoint)
        made = Laptop(ours, cloud, api)
        if before is None:
            made.begin()
        yield made
        api.close()

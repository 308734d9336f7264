"""A cloud whose machines are this one: Terraform makes nothing, and yet everything before and after it is real."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cynthus.core.clock import as_label
from cynthus.core.lifespan import Lifespan
from cynthus.errors import HostUnreachable
from cynthus.files import read_json
from cynthus.targets.gcp.target import GcpTarget
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.ansible import FakeAnsible, up_steps
from cynthus.testing.clock import FakeClock
from cynthus.testing.outage import Outage, OutageTargets
from cynthus.testing.terraform import LOCAL_HOST, Description
from tests.operations.workshop import PRINTS, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cynthus.core.bill import Machine
    from cynthus.core.deployment import Host
    from cynthus.core.lifespan import WhyGone
    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec
    from cynthus.settings import Settings
    from cynthus.state.index import Entry
    from cynthus.targets.preflight import Preflight

SAID = {"GOOGLE_CLOUD_PROJECT": "my-lab-1", "GOOGLE_ZONE": "us-central1-a"}
BASE = "google_storage_bucket.output"


class MadeHere(GcpTarget):
    """What the target `gcp` decides, with nothing of Google's behind it. Outputs stay on the machine."""

    def __init__(self, own: Settings, cloud: Cloud) -> None:
        super().__init__(own)
        self._environment, self._data = own.environment, own.data_dir
        self._cloud = cloud

    def place(self, spec: AppSpec, root: Path) -> Placement:
        found = super().place(spec, root)
        return replace(found, metadata=None, unready=self._cloud.unready, gpus=0, driver=None)

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:
        return spec

    def inputs(self, deployment: str) -> Any:
        return self._cloud.inputs

    def keep_secrets(self, deployment: str, root: Path, values: Mapping[str, str]) -> Any:
        return None

    def runtime_variables(
        self, spec: AppSpec, placement: Placement, root: str, now: datetime
    ) -> Mapping[str, object]:
        if root == "base":
            return {"owner": "ann"}
        expires = as_label(now + timedelta(seconds=placement.stands)) if placement.stands is not None else None
        return {"owner": "ann", "expires": expires, "remaining": placement.remaining}

    def connect(self, host: Host, root: Path) -> Any:
        number = str(host.connection.instance_id)
        if number in self._cloud.lost_while_booting:
            self._cloud.removed.add(number)
            self._cloud.reasons[number] = "preempted"
            raise HostUnreachable("no route to host", hint="wait")
        assert host.connection.instance_id not in self._cloud.removed, f"{host.name} is gone, and nobody need ask it"
        return LocalConnection(self._environment, PurePosixPath(self._data))

    def insist_on_state(self, root: Path) -> None:
        """It is wherever the test has it."""

    def preflight(self, *_: object) -> Any:
        return self._cloud.preflight

    def remove_unknown(self, *_: object) -> tuple[str, ...]:
        return ()

    def console(self, host: Host) -> tuple[str, ...]:
        return self._cloud.console

    def existing(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> Mapping[str, str]:
        return {}

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:
        return frozenset(host.name for host in hosts if host.connection.instance_id in self._cloud.removed)

    def why_gone(self, host: Host) -> WhyGone:
        return self._cloud.reasons.get(str(host.connection.instance_id), "")

    def lifespan(self, machine: Machine) -> Lifespan:
        return self._cloud.lifespans.get(machine.key, Lifespan())

    def empty(self, deployment: str, root: Path, activity: Callable[[str], None]) -> None:
        self._cloud.events.append("empty the buckets")


@dataclass
class Cloud:
    """What a test decides of it. `inputs` is the bucket for local data; `preflight` answers what is asked before a
    plan. `removed` are the machines that it has taken away, `reasons` why, and `lifespans` what it remembers of when
    they were there, by their numbers; those that are `lost_while_booting` are taken back before they let anybody in.
    `events` is what happened, in order, beside what Terraform did."""

    unready: tuple[str, ...] = ()
    console: tuple[str, ...] = ()
    inputs: str | None = None
    preflight: Preflight | None = None
    removed: set[str] = field(default_factory=set)
    reasons: dict[str, WhyGone] = field(default_factory=dict)
    lifespans: dict[str, Lifespan] = field(default_factory=dict)
    lost_while_booting: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    made: int = 0
    nodes: int = 1
    outage: Outage = field(default_factory=Outage)
    target: MadeHere | None = None
    _machines: dict[str, str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        return ("gcp",)

    def find(self, name: str) -> Any:
        return self.target

    def described(self, root: Path, files: tuple[Path, ...]) -> Description:
        """What the files of a root ask for. A machine is another one where anything of it but its labels is."""
        values = read_json(root / "terraform.tfvars.json") or {}
        if root.name == "base":
            return Description({BASE: {"secrets": values["secrets"]}}, {"output_bucket": "b"})
        assert files, "the values of run time are missing"
        wish = {name: values[name] for name in ("machine_type", "zone", "max_run_duration")}
        hosts, resources = [], {}
        for number in range(self.nodes):
            id_ = self._machine(root, number, str(wish))
            # In another zone it is another one, and anything else of it can be changed.
            resources[f"google_compute_instance.{wish['zone']}-{number}"] = {**wish, "id": id_}
            there = {"kind": "iap", "instance_id": id_, "project": "my-lab-1", "zone": wish["zone"]}
            way = {"address": f"m-{number}", "user": "cynthus", "connection": there}
            hosts.append({**LOCAL_HOST, "name": f"host-{number}", **way})
        return Description(resources, {"hosts": hosts})

    def _machine(self, root: Path, number: int, wish: str) -> str:
        """The number of a machine: that of the one that stands, if it is as it is wanted."""
        key = f"{root} {number} {wish}"
        if self._machines.get(key, "") in ("", *self.removed):
            self.made += 1
            self._machines[key] = f"{4710 + self.made}"
        return self._machines[key]


class Clouded(Workshop):
    """A user's world with such a cloud. Its clock is the test's, so that nobody waits. Nothing comes to the hosts
    unless they are `real`."""

    def __init__(self, place: Path, cloud: Cloud | None = None, *, real: bool = False, **more: str) -> None:
        super().__init__(place, **SAID, **more)
        self.cloud = cloud or Cloud()
        self.cloud.target = MadeHere(self.tools.settings, self.cloud)
        self.clock = FakeClock()
        self.terraform.describe = self.cloud.described
        self.tools = replace(self.tools, targets=OutageTargets(self.cloud, self.cloud.outage), clock=self.clock)
        self.plays = FakeAnsible(up_steps)
        if not real:
            self.tools = replace(self.tools, ansible=self.plays)

    def folder(self, name: str = "app", main: str = PRINTS, spec: str = "") -> Path:
        return super().folder(name, main, f"target: gcp\nruntime: venv\n{spec}")

    def entry(self, folder: Path) -> Entry:
        return self.tools.index.by_folder(folder)[0]

    def asked(self, *verbs: str) -> list[str]:
        """What Terraform was asked since the last look: plan, apply and destroy, with the root."""
        found = [each for each in self.terraform.asked if each.split()[0] in (verbs or ("plan", "apply", "destroy"))]
        self.terraform.asked.clear()
        return found

    def take_away(self, folder: Path, *names: str) -> None:
        """The cloud removes the machines of a folder's deployment, or those of these names."""
        hosts = [host for host in self.entry(folder).hosts if not names or host.name in names]
        self.cloud.removed |= {str(host.connection.instance_id) for host in hosts}

    def expires(self, folder: Path) -> str:
        """What a machine that is made now would be told of its end, as a label."""
        (file,) = folder.glob(".cynthus/*/runtime.tfvars.json")
        return str((read_json(file) or {})["expires"])

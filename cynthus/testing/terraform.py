"""A Terraform without Terraform: the same promises, kept by a few lines that make nothing.

It passes the tests in `cynthus.testing.contracts.terraform`, as the real one does. Its state is a file in Terraform's
own format, so that it survives the process and whoever reads `terraform.tfstate` finds what it looks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cynthus.core.plan import Change, Plan
from cynthus.errors import TerraformError, TerraformFailed
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.errors import CynthusError
    from cynthus.terraform.client import Activity

DESCRIPTION = "described.json"

Values = Mapping[str, object]


@dataclass(frozen=True)
class Description:
    """What a root describes: the input of each resource by its address (`type.name`), and the outputs."""

    resources: Values
    outputs: Values


Describe = Callable[["Path", tuple["Path", ...]], Description]
"""From a root folder and the variable files to what they describe."""

LOCAL_HOST: Values = {
    "name": "local",
    "address": "localhost",
    "internal_address": "localhost",
    "user": None,
    "port": 22,
    "gpus": 0,
    "connection": {"kind": "local"},
}


def described(root: Path, _: tuple[Path, ...]) -> Description:
    """What the file described.json in the root says; without one a single local host."""
    told = read_json(root / DESCRIPTION)
    if told is None:
        return Description({"terraform_data.host": "local"}, {"hosts": [LOCAL_HOST]})
    return Description(_values(told.get("resources")), _values(told.get("outputs")))


class FakeTerraform:
    """A `cynthus.terraform.client.Terraform` in one root folder."""

    def __init__(self, root: Path, *, activity: Activity, world: FakeTerraformCommand) -> None:
        self._root = root
        self._activity = activity
        self._world = world
        self._state = root / "terraform.tfstate"
        self._initialised = root / ".terraform" / "fake.json"

    def init(self) -> bool:
        self._begin("init")
        content = "".join(file.read_text() for file in sorted(self._root.glob("*.tf")))
        note = {"content": hashlib.sha256(content.encode()).hexdigest()}
        if read_json(self._initialised) == note:
            return False
        self._initialised.parent.mkdir(exist_ok=True)
        write_json(self._initialised, note, durable=False)
        return True

    def plan(self, out: Path, *, var_files: tuple[Path, ...] = (), destroy: bool = False) -> Plan:
        self._begin("destroy" if destroy else "plan")
        wanted = Description({}, {}) if destroy else self._world.describe(self._root, var_files)
        made = {"serial": self._serial(), "resources": dict(wanted.resources), "outputs": dict(wanted.outputs)}
        write_json(out, made, durable=False)
        stands = self._resources()
        changes = tuple(_changes(stands, wanted.resources))
        return Plan(changes or tuple(_output_changes(self._outputs(), wanted.outputs)))

    def apply(self, plan: Path) -> Mapping[str, object]:
        self._begin("apply")
        made = read_json(plan)
        if made is None:
            raise TerraformFailed(f"{plan} is not there", hint="make a plan first")
        if made["serial"] != self._serial():
            raise TerraformFailed(
                "Saved plan is stale", hint="make a new plan", details=("Error: Saved plan is stale",)
            )
        resources, outputs = _values(made["resources"]), _values(made["outputs"])
        for change in _changes(self._resources(), resources):
            self._activity(f"{change.action} {change.address}")
        self._save(resources, outputs)
        return outputs

    def outputs(self) -> Mapping[str, object]:
        self._begin("outputs")
        return self._outputs()

    def resources(self) -> tuple[str, ...]:
        self._begin("resources")
        return tuple(sorted(self._resources()))

    def _begin(self, verb: str) -> None:
        if not self._root.is_dir():
            raise TerraformError(f"{self._root} is not there", hint="`cynthus render` writes it")
        here = f"{verb} {self._root.name}"
        self._world.calls.append(verb)
        self._world.asked.append(here)
        for name in (verb, here):
            if name in self._world.failures:
                raise self._world.failures.pop(name)

    def _read(self) -> Values:
        return read_json(self._state) or {}

    def _serial(self) -> object:
        return self._read().get("serial", 0)

    def _outputs(self) -> dict[str, object]:
        return {name: _values(told)["value"] for name, told in _values(self._read().get("outputs")).items()}

    def _resources(self) -> dict[str, object]:
        listed = self._read().get("resources")
        return dict(map(_input, listed)) if isinstance(listed, list) else {}

    def _save(self, resources: Values, outputs: Values) -> None:
        serial = self._serial()
        state: dict[str, object] = {
            "version": 4,
            "terraform_version": "1.0.0",
            "serial": (serial if isinstance(serial, int) else 0) + 1,
            "lineage": "fake",
            "outputs": {name: {"value": value} for name, value in outputs.items()},
            "resources": [_resource(address, value) for address, value in resources.items()],
        }
        write_json(self._state, state, durable=False)


@dataclass
class FakeTerraformCommand:
    """A `cynthus.terraform.client.TerraformFactory`.

    `calls` lists every verb that was asked for, in any root: init, plan, destroy (a plan to destroy), apply, outputs,
    resources. `asked` lists the same with the name of the root: `apply compute`. `failures` says which verb fails next
    time, in any root or in one, and how.
    """

    describe: Describe = described
    calls: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    failures: dict[str, CynthusError] = field(default_factory=dict)

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> FakeTerraform:  # noqa: ARG002 - keeps no logs
        return FakeTerraform(root, activity=activity, world=self)


def _changes(stands: Values, wanted: Values) -> list[Change]:
    gone = [Change(address, "delete") for address in stands if address not in wanted]
    new = [Change(address, "create") for address in wanted if address not in stands]
    other = [Change(at, "update") for at, value in wanted.items() if at in stands and stands[at] != value]
    return [*new, *other, *gone]


def _output_changes(stands: Values, wanted: Values) -> list[Change]:
    return [Change(f"output.{change.address}", change.action, change.reason) for change in _changes(stands, wanted)]


def _resource(address: str, value: object) -> dict[str, object]:
    kind, _, name = address.partition(".")
    instances = [{"schema_version": 0, "attributes": {"input": value}}]
    return {"mode": "managed", "type": kind, "name": name, "instances": instances}


def _input(resource: Mapping[str, object]) -> tuple[str, object]:
    instances = resource["instances"]
    first = _values(instances[0]) if isinstance(instances, list) and instances else {}
    return f"{resource['type']}.{resource['name']}", _values(first.get("attributes")).get("input")


def _values(value: object) -> Values:
    return value if isinstance(value, dict) else {}

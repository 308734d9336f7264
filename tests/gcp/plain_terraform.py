"""A Terraform that makes what the roots of the target `gcp` name by asking the cloud itself, one piece at a time.

It keeps the promises of the real one that a crash puts to the test: a state that is written after each piece, once the
cloud has said that it is done; a look at all that the state knows before each plan; and import blocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cynthus.core.plan import Change, Plan
from cynthus.errors import TerraformFailed
from cynthus.files import read_json, write_json
from tests.gcp.pieces import ROOTS, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.terraform.client import Activity
    from tests.gcp.api import Api

IMPORT = re.compile(r"import \{\n  to = (.+)\n  id = ")


@dataclass(frozen=True)
class PlainTerraform:
    """A `cynthus.terraform.client.TerraformFactory`."""

    api: Api

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> PlainRoot:
        return PlainRoot(self.api, root)


class PlainRoot:
    """A `cynthus.terraform.client.Terraform` in one of the two roots."""

    def __init__(self, api: Api, root: Path) -> None:
        self._api = api
        self._root = root
        self._state = root / "terraform.tfstate"

    def init(self) -> bool:
        (self._root / ".terraform").mkdir(exist_ok=True)
        return False

    def plan(self, out: Path, *, var_files: tuple[Path, ...] = (), destroy: bool = False) -> Plan:
        values = self._values(var_files)
        pieces = self._pieces(values)
        known = [each for each in self.resources() if pieces[each].found(self._api) is not None]
        wanted = [] if destroy else list(pieces)
        taken = [each for each in self._imports() if each not in known] if wanted else []
        for each in taken:
            if pieces[each].found(self._api) is None:
                raise TerraformFailed(f"cannot import {each}, which is not there", hint="make it")
        made = [each for each in wanted if each not in (*known, *taken)]
        gone = [each for each in reversed(known) if each not in wanted]
        told = {"serial": self._serial, "values": values, "known": known, "taken": taken, "made": made, "gone": gone}
        write_json(out, told)
        imported = [Change(each, "import") for each in taken]
        return Plan((
            *imported, *(Change(each, "create") for each in made), *(Change(each, "delete") for each in gone)
        ))  # fmt: skip

    def apply(self, plan: Path) -> Mapping[str, object]:
        told: Any = read_json(plan)
        if told is None or told["serial"] != self._serial:
            raise TerraformFailed("Saved plan is stale", hint="make a new plan")
        pieces = self._pieces(told["values"])
        known: dict[str, Mapping[str, Any]] = {each: pieces[each].found(self._api) or {} for each in told["known"]}
        for each in told["taken"]:
            known[each] = pieces[each].found(self._api) or {}
            self._write(known, told["values"])
        for each in told["made"]:
            pieces[each].make(self._api)
            known[each] = pieces[each].found(self._api) or {}
            self._write(known, told["values"])
        for each in told["gone"]:
            pieces[each].remove(self._api)
            del known[each]
            self._write(known, told["values"])
        self._write(known, told["values"])
        return self.outputs()

    def outputs(self) -> Mapping[str, object]:
        return {name: told["value"] for name, told in self._read().get("outputs", {}).items()}

    def resources(self) -> tuple[str, ...]:
        return tuple(each["instances"][0]["attributes"]["address"] for each in self._read().get("resources", ()))

    def _pieces(self, values: Mapping[str, Any]) -> dict[str, Piece]:
        return {piece.address: piece for piece in ROOTS[self._root.name](values)}

    def _values(self, files: tuple[Path, ...]) -> dict[str, Any]:
        told: dict[str, Any] = {"owner": None, "expires": None, "ssh_keys": []}
        for file in (self._root / "terraform.tfvars.json", *files):
            told |= read_json(file) or {}
        return told

    def _imports(self) -> list[str]:
        file = self._root / "adopted.tf"
        return IMPORT.findall(file.read_text()) if file.exists() else []

    @property
    def _serial(self) -> int:
        return int(self._read().get("serial", 0))

    def _read(self) -> Any:
        return read_json(self._state) or {}

    def _write(self, known: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> None:
        machine = known.get("module.host-0.google_compute_instance.vm")
        outputs = {"hosts": {"value": [_host(machine, values)]}} if machine else {}
        resources = [
            {"mode": "managed", "type": each, "name": each, "instances": [{"attributes": {"address": each}}]}
            for each in known
        ]
        what = {"outputs": outputs, "resources": resources}
        told = {"version": 4, "serial": self._serial + 1, "lineage": "plain", **what}
        write_json(self._state, told, durable=False)


def _host(machine: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, object]:
    """As the output `hosts` says it."""
    inside = machine["networkInterfaces"][0]["networkIP"]
    place = {"project": values["project"], "zone": values["zone"], "key": values["key"]}
    return {
        "name": "host-0", "address": machine["name"], "internal_address": inside, "user": values["user"], "port": 22,
        "gpus": values["gpus"], "connection": {"kind": "iap", "instance_id": machine["id"], **place},
    }  # fmt: skip

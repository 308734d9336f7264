"""The output `hosts`: where Terraform ends and Ansible begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, get_args

from cynthus.core.deployment import ConnectionInfo, ConnectionKind, Host
from cynthus.errors import TerraformError
from cynthus.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS: dict[str, ConnectionKind] = {kind: kind for kind in get_args(ConnectionKind)}


def hosts(outputs: Mapping[str, object]) -> tuple[Host, ...]:
    """The hosts that a compute root made.

    Raises:
        TerraformError: the output is missing or broken; the message names the field.
    """
    if "hosts" not in outputs:
        _refuse("hosts", "is missing, or marked as sensitive")
    listed = outputs["hosts"]
    if not isinstance(listed, list):
        _refuse("hosts", f"is {_shown(listed)}, not a list")
    if not listed:
        _refuse("hosts", "has no host")
    found = tuple(_host(_Fields(f"hosts[{index}]", value)) for index, value in enumerate(listed))
    names = [host.name for host in found]
    for index, name in enumerate(names):
        if name in names[:index]:
            _refuse(f"hosts[{index}].name", f"is {_shown(name)}, which another host has already")
    return found


def standing_hosts(root: Path) -> tuple[Host, ...]:
    """The hosts that the state file in a root folder knows; none where there is no state that can be read."""
    try:
        state = read_json(root / "terraform.tfstate") or {}
        told = state["outputs"]["hosts"]["value"]  # type: ignore[index]  # a broken state is told by the error
        return hosts({"hosts": told})
    except (OSError, ValueError, KeyError, TypeError, TerraformError):
        return ()


def _host(fields: _Fields) -> Host:
    return Host(
        name=fields.text("name"),
        address=fields.text("address"),
        internal_address=fields.text("internal_address"),
        user=fields.optional("user"),
        port=fields.number("port", least=1, most=65535),
        gpus=fields.number("gpus", least=0, most=1024),
        connection=_connection(fields.inner("connection")),
    )


def _connection(fields: _Fields) -> ConnectionInfo:
    return ConnectionInfo(
        kind=fields.kind("kind"),
        proxy_jump=fields.optional("proxy_jump"),
        key=fields.optional("key"),
        instance_id=fields.optional("instance_id"),
        project=fields.optional("project"),
        zone=fields.optional("zone"),
    )


class _Fields:
    """The fields of one object, each asked for by the type that it must have. `where` is its place in the output."""

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            _refuse(where, f"is {_shown(value)}, not an object")
        self._where = where
        self._values: dict[str, object] = value

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not value or not value.isprintable():
            self._refuse(name, "not a text")
        return value

    def optional(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.text(name)

    def number(self, name: str, *, least: int, most: int) -> int:
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self._refuse(name, f"not a number from {least} to {most}")
        if value != int(value):
            self._refuse(name, "not a whole number")
        return int(value)

    def kind(self, name: str) -> ConnectionKind:
        value = self._values.get(name)
        if not isinstance(value, str) or value not in KINDS:
            self._refuse(name, f"not one of {', '.join(KINDS)}")
        return KINDS[value]

    def inner(self, name: str) -> _Fields:
        return _Fields(f"{self._where}.{name}", self._values.get(name))

    def _refuse(self, name: str, problem: str) -> NoReturn:
        value = self._values.get(name)
        _refuse(f"{self._where}.{name}", "is missing" if value is None else f"is {_shown(value)}, {problem}")


def _refuse(where: str, problem: str) -> NoReturn:
    raise TerraformError(
        f"Terraform's output is not what Ansible needs: {where} {problem}",
        hint="mend the output `hosts` of the root (outputs.tf, or an edit of yours that it is made from) "
        "and run `cynthus up` again",
    )


def _shown(value: object) -> str:
    text = repr(value) if value is not None else "null"
    return text if len(text) <= 60 else f"{text[:57]}..."

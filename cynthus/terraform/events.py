"""Terraform's machine-readable output: one JSON object a line, as `-json` prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cynthus.core.plan import Action, Change

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIONS: dict[str, Action] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "read": "read",
    "move": "move",
    "import": "import",
    "remove": "forget",
    "forget": "forget",
}
"""Terraform's words for what happens to a resource, and ours."""


class Event(Struct, frozen=True):
    """One line. `kind` is Terraform's `type`; a line that is no event of Terraform's has the kind `text`."""

    kind: str
    message: str
    body: Mapping[str, object] = field(default_factory=dict)

    def part(self, name: str) -> Mapping[str, object]:
        """The object under a key; empty where there is none."""
        return _object(self.body.get(name))


class Diagnostic(Struct, frozen=True):
    """An error or warning in Terraform's own words. `where` is `file:line`, `address` a resource; '' if not known."""

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    where: str = ""

    def lines(self) -> tuple[str, ...]:
        """As a person reads it."""
        place = " ".join(filter(None, (self.where and f"at {self.where}", self.address and f"({self.address})")))
        told = [line.rstrip() for line in self.detail.strip().splitlines()]
        head = f"{self.severity.capitalize()}: {self.summary}"
        return (head, *(f"  {line}".rstrip() for line in (*told, *([place] if place else ()))))


def parse(line: bytes) -> Event:
    """The event in one line of output. Never fails: providers and wrappers print plain text in between."""
    text = line.decode(errors="replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Event("text", text)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return Event("text", text)
    return Event(value["type"], _text(value.get("@message")), value)


def change(event: Event) -> Change | None:
    """The change that a `planned_change` announces; None where nothing would happen."""
    told = event.part("change")
    action = _text(told.get("action"))
    if action in ("", "noop", "no-op"):
        return None
    address = _text(_object(told.get("resource")).get("addr"))
    # A word of a later Terraform: something happens to the resource, and the plan must not look empty.
    known = ACTIONS.get(action, "update")
    return Change(address, known, _text(told.get("reason")) if action in ACTIONS else action)


def output_changes(event: Event) -> tuple[Change, ...]:
    """The outputs that a plan would change, as changes of `output.NAME`."""
    actions = {name: _text(_object(told).get("action")) for name, told in event.part("outputs").items()}
    return tuple(Change(f"output.{name}", ACTIONS[word]) for name, word in actions.items() if word in ACTIONS)


def output_values(outputs: Mapping[str, object]) -> dict[str, object]:
    """Values by name, from an `outputs` event or from `terraform output -json`. Sensitive ones are left out."""
    told = {name: _object(output) for name, output in outputs.items()}
    return {name: output["value"] for name, output in told.items() if "value" in output and not output.get("sensitive")}


def diagnostic(event: Event) -> Diagnostic:
    """What a `diagnostic` event says."""
    told = event.part("diagnostic")
    place = _object(told.get("range"))
    line = _object(place.get("start")).get("line")
    return Diagnostic(
        severity=_text(told.get("severity")) or "error",
        summary=_text(told.get("summary")) or event.message,
        detail=_text(told.get("detail")),
        address=_text(told.get("address")),
        where=f"{place['filename']}:{line}" if "filename" in place else "",
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

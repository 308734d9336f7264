"""What Terraform does right now, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cynthus.terraform.events import Event

VERBS = {
    "create": ("creating", "created"),
    "update": ("changing", "changed"),
    "delete": ("removing", "removed"),
    "replace": ("replacing", "replaced"),
    "read": ("reading", "read"),
}


def activity(event: Event) -> str | None:
    """The words for an event; None for one that is not worth any."""
    if event.kind == "state_lock_acquire":
        return "waiting for the lock of the state"
    told = event.part("hook")
    resource = told.get("resource")
    address = resource.get("addr") if isinstance(resource, dict) else None
    if not isinstance(address, str):
        return None
    words = _words(event.kind, str(told.get("action", "")), told.get("elapsed_seconds"))
    return _printable(f"{words} {address}") if words else None


def _words(kind: str, action: str, elapsed: object) -> str:
    doing, done = VERBS.get(action, ("changing", "changed"))
    time = f" ({elapsed} s)" if isinstance(elapsed, int) and elapsed else ""
    return {
        "apply_start": doing,
        "apply_progress": f"{doing}{time}",
        "apply_complete": done,
        "apply_errored": f"failed while {doing}",
        "refresh_start": "looking at",
        "provision_start": "setting up",
    }.get(kind, "")


def _printable(text: str) -> str:
    """Keys of resources are the user's texts: no control character of theirs may reach a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)

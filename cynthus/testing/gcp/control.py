"""What a test, or a person with curl, does to a simulated cloud from outside: below /simulation/."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cynthus.testing.gcp import expiry
from cynthus.testing.gcp.faults import Planned
from cynthus.testing.gcp.refusals import refusal
from cynthus.testing.gcp.router import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World


def answer(world: World, method: str, what: str, query: Mapping[str, str], content: bytes) -> Any:
    """Do it.

    Raises:
        Refusal: there is no such thing to do, or it cannot be understood.
    """
    does = _DOES.get((method, what))
    if does is None:
        raise refusal(404, f"there is no {method} /simulation/{what}; there are: {_all()}")
    try:
        body: Document = msgspec.json.decode(content, type=dict) if content.strip() else {}
        with world.store.change():
            found = does[0](world, {**query, **body})
    except (KeyError, ValueError) as error:
        raise refusal(400, f"cannot do {what}: {error}") from error
    world.settle()
    return found


def _all() -> str:
    return ", ".join(f"{method} {what}" for method, what in _DOES)


def _clock(world: World, _: Document) -> Document:
    return {"now": world.clock.stamp(), "seconds": world.clock.seconds()}


def _set_clock(world: World, told: Document) -> Document:
    if "now" in told:
        world.clock.set(datetime.fromisoformat(told["now"]))
    world.clock.advance(float(told.get("advance", 0)))
    return _clock(world, {})


def _ledger(world: World, _: Document) -> Document:
    now = world.clock.seconds()
    entries = [
        {**msgspec.to_builtins(each), "hours": each.hours(now), "cost": each.cost(now)}
        for each in world.ledger.entries()
    ]
    return {"entries": entries}


def _instances(world: World, _: Document) -> Document:
    return {"instances": [shown(each) for _, each in world.store.items("instances")]}


def _resources(world: World, _: Document) -> Document:
    kinds = {each.kind for each in world.ledger.entries()}
    found = {kind: world.store.keys(kind) for kind in sorted(kinds)}
    return {kind: keys for kind, keys in found.items() if keys}


def _faults(world: World, _: Document) -> Document:
    return {"faults": [each for _, each in world.store.items("faults")]}


def _plan(world: World, told: Document) -> Document:
    world.faults.add(msgspec.convert(told, Planned))
    return _faults(world, {})


def _clear(world: World, _: Document) -> Document:
    world.faults.clear()
    return {}


def _token(world: World, told: Document) -> Document:
    world.principals.add(told["token"], told["email"], *told.get("roles", []), seconds=float(told.get("seconds", 0)))
    return {}


def _deny(world: World, told: Document) -> Document:
    world.principals.deny(told["email"], *told.get("permissions", []))
    return {}


def _permissions(world: World, told: Document) -> Document:
    return {"used": sorted(world.policies.used(told.get("email", "")))}


def _project(world: World, told: Document) -> Document:
    """Change what is told, as the table of commands has it."""
    project = world.project
    project.organisation = str(told.get("organisation", project.organisation))
    project.constraints = told.get("constraints", project.constraints)
    project.metadata = told.get("metadata", project.metadata)
    project.latency = float(told.get("latency", project.latency))
    project.billing = bool(told.get("billing", project.billing))
    for host in told.get("enable", []):
        project.enable(host)
    for host in told.get("disable", []):
        project.disable(host)
    for metric, limit in told.get("limits", {}).items():
        region, _, name = metric.rpartition("/")
        project.set_limit(name, float(limit), region)
    for zone, types in told.get("sell_out", {}).items():
        project.sell_out(zone, *types)
    for zone in told.get("restock", []):
        project.restock(zone)
    for key, kept in told.get("reserve", {}).items():
        zone, _, name = key.partition("/")
        project.reserve(zone, name, kept["machine_type"], int(kept.get("count", 1)))
    return dict(world.store.get("settings", "project") or {})


def _preempt(world: World, told: Document) -> Document:
    expiry.preempt(world, key_of(world, told["instance"]))
    return {}


def serial(world: World, told: Document) -> Document:
    """Have a text on the serial console of an instance."""
    key = key_of(world, told["instance"])
    world.store.put("instances", key, {**(world.store.get("instances", key) or {}), "_serial": told["text"]})
    return {}


def _others(world: World, told: Document) -> Document:
    for name in told["buckets"]:
        world.store.put("others", name, {})
    return {}


def key_of(world: World, name: str) -> str:
    """The key of the instance with that name, in whatever zone.

    Raises:
        ValueError: there is none.
    """
    for key, _ in world.store.items("instances"):
        if key == name or key.endswith(f"/instances/{name}"):
            return key
    raise ValueError(f"there is no instance {name}")


_SETTINGS = "latency, billing, organisation, constraints, metadata, enable, disable, limits, sell_out, restock, reserve"

_DOES: Mapping[tuple[str, str], tuple[Callable[[World, Document], Any], str]] = {
    ("GET", "clock"): (_clock, "what time it is in the cloud"),
    ("POST", "clock"): (_set_clock, "`{now}` sets the clock, `{advance}` lets so many seconds pass"),
    ("GET", "ledger"): (_ledger, "who made what, when, for how long, for how much"),
    ("GET", "instances"): (_instances, "all of them"),
    ("GET", "resources"): (_resources, "the keys of all that is there, by kind"),
    ("GET", "faults"): (_faults, "those that wait"),
    ("POST", "faults"): (_plan, "one more: `{fault or operation, times, method, path, skip}`"),
    ("DELETE", "faults"): (_clear, "none any more"),
    ("POST", "tokens"): (_token, "`{token, email, roles, seconds}`: let a token stand for somebody"),
    ("POST", "denied"): (_deny, "`{email, permissions}`: take these away from somebody"),
    ("GET", "permissions"): (_permissions, "those that were used; `?email=` by whom"),
    ("POST", "project"): (
        _project,
        f"`{{{_SETTINGS}}}`: change what is told; gives all settings",
    ),
    ("POST", "preempt"): (_preempt, "`{instance}`: take a spot machine back"),
    ("POST", "serial"): (serial, "`{instance, text}`: have that on its serial console"),
    ("POST", "others"): (_others, "`{buckets}`: let somebody else have them"),
}

COMMANDS: Mapping[tuple[str, str], str] = {call: says for call, (_, says) in _DOES.items()}
"""What can be done, and what that is."""

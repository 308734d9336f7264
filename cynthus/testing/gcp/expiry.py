"""How machines end: because somebody says so, because their time is up, because a spot machine is taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cynthus.testing.gcp.clock import stamp

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World

NOTICE = 30.0
"""Seconds between the notice that a spot machine gets and its end."""


def run(world: World, key: str) -> None:
    """A machine runs from now on, and its time begins."""
    instance = world.store.get("instances", key)
    if instance is None:
        return
    moment = world.clock.now()
    began: Document = {"status": "RUNNING", "lastStartTimestamp": stamp(moment), "_preempted": False}
    seconds = _seconds(instance)
    if seconds:
        due = moment.timestamp() + seconds
        began["resourceStatus"] = {"scheduling": {"terminationTimestamp": stamp(datetime.fromtimestamp(due, UTC))}}
        _schedule(world, key, {**instance, **began}, due, "expired")
    world.store.put("instances", key, {**instance, **began})
    world.ledger.runs("instances", key)


def preempt(world: World, key: str) -> None:
    """Take a spot machine back: it is told now, and ends when the notice has passed.

    Raises:
        ValueError: there is none, or it is no spot machine that runs.
    """
    with world.changed:
        instance = world.store.get("instances", key)
        if instance is None or instance["status"] != "RUNNING" or not instance["scheduling"].get("preemptible"):
            raise ValueError(f"{key} is no spot machine that runs")
        with world.store.change():
            world.store.put("instances", key, {**instance, "_preempted": True})
            _schedule(world, key, instance, world.clock.seconds() + NOTICE, "preempted")
        world.changed.notify_all()


def announce(world: World, key: str, event: str) -> None:
    """Tell a machine what will be done to its host: `TERMINATE_ON_HOST_MAINTENANCE`, or `NONE` any more.

    Raises:
        ValueError: there is none.
    """
    with world.changed:
        instance = world.store.get("instances", key)
        if instance is None:
            raise ValueError(f"there is no {key}")
        world.store.put("instances", key, {**instance, "_maintenance": event})
        world.changed.notify_all()


def enforce(world: World, now: float) -> None:
    """End those machines whose time has come."""
    for timer in world.store.keys("timers"):
        moment = float(timer.split(" ")[0])
        if moment > now:
            return
        told = world.store.get("timers", timer) or {}
        world.store.remove("timers", timer)
        instance = world.store.get("instances", told["machine"])
        # Another one may have its name by now, or it may have begun to run anew.
        if instance is None or instance["id"] != told["id"] or instance["lastStartTimestamp"] != told["began"]:
            continue
        if instance["status"] == "RUNNING":
            # The clock may have been moved on by more than that.
            world.ledger.stops("instances", told["machine"], moment)
            _end(world, told["machine"], instance)


def stop(world: World, key: str) -> None:
    """A machine stops: it costs no more, and its disk stays."""
    instance = world.store.get("instances", key)
    if instance is not None:
        ended = {"status": "TERMINATED", "lastStopTimestamp": world.clock.stamp(), "_boot": "off"}
        world.store.put("instances", key, {**instance, **ended})
        world.ledger.stops("instances", key)
        world.machines.stop(key)
        world.changed.notify_all()


def remove(world: World, key: str) -> None:
    """A machine goes, with its disks as far as they go with it."""
    instance = world.store.get("instances", key)
    if instance is None:
        return
    for disk in (each for each in instance.get("disks", []) if "source" in each):
        path = disk["source"].partition("/compute/v1/")[2]
        kept = world.store.get("disks", path)
        if disk.get("autoDelete"):
            world.erase("disks", path)
        elif kept is not None:
            world.store.put("disks", path, {**kept, "users": []})
    world.erase("instances", key)
    world.machines.stop(key)
    world.changed.notify_all()


def _end(world: World, key: str, instance: Document) -> None:
    if instance["scheduling"].get("instanceTerminationAction") == "DELETE":
        remove(world, key)
    else:
        stop(world, key)


def _seconds(instance: Document) -> float:
    return float(instance["scheduling"].get("maxRunDuration", {}).get("seconds", 0))


def _schedule(world: World, key: str, instance: Document, due: float, why: str) -> None:
    told = {"machine": key, "id": instance["id"], "began": instance["lastStartTimestamp"], "why": why}
    world.store.put("timers", f"{due:017.3f} {why} {key}", told)

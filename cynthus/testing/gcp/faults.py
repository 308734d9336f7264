"""What a simulated cloud is told to get wrong, and when. It remembers over a restart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from cynthus.testing.gcs_faults import NO_FAULT, Fault, Request

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Store


class OperationFault(Struct, frozen=True):
    """How an operation ends that a request begins: with an error, or (`never`) not at all.

    `dark` is for a machine: it is said to run and is never booted, and its serial console shows this text.
    """

    code: str = ""
    message: str = ""
    never: bool = False
    dark: str = ""


class Planned(Struct, frozen=True):
    """What goes wrong with which requests."""

    fault: Fault = NO_FAULT
    operation: OperationFault = OperationFault()
    times: int = 1
    method: str = ""
    path: str = ""
    skip: int = 0

    def hits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and re.search(self.path, path) is not None


STOCKOUT = OperationFault("ZONE_RESOURCE_POOL_EXHAUSTED")
"""The zone has no such machine left, as Google says it."""


class CloudFaults:
    """Those that wait for their request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def plan(
        self, fault: Fault | OperationFault, *, times: int = 1, method: str = "", path: str = "", skip: int = 0
    ) -> None:
        """For the next `times` requests with that method whose path matches a pattern, after `skip` of them.

        A `Fault` is of the request itself, an `OperationFault` of the operation that it begins.
        """
        planned = Planned(times=times, method=method, path=path, skip=skip)
        if isinstance(fault, OperationFault):
            planned = structs.replace(planned, operation=fault)
        else:
            planned = structs.replace(planned, fault=fault)
        self.add(planned)

    def add(self, planned: Planned) -> None:
        kind = "operation" if planned.operation != OperationFault() else "fault"
        with self._store.change():
            number = (self._store.get("settings", "faults") or {}).get("next", 0)
            self._store.put("settings", "faults", {"next": number + 1})
            self._store.put("faults", f"{kind} {number:06}", msgspec.to_builtins(planned))

    def clear(self) -> None:
        """Let nothing more go wrong."""
        for key in self._store.keys("faults"):
            self._store.remove("faults", key)

    def next(self, request: Request) -> Fault:
        """What happens to a request."""
        found = self._take("fault", request.method, request.path)
        return found.fault if found else NO_FAULT

    def of_operation(self, method: str, path: str) -> OperationFault:
        """What happens to the operation that a request begins."""
        found = self._take("operation", method, path)
        return found.operation if found else OperationFault()

    def _take(self, kind: str, method: str, path: str) -> Planned | None:
        with self._store.change():
            for key, told in self._store.items("faults", kind):
                planned = msgspec.convert(told, Planned)
                if not planned.hits(method, path):
                    continue
                if planned.skip:
                    self._keep(key, structs.replace(planned, skip=planned.skip - 1))
                    continue
                self._keep(key, structs.replace(planned, times=planned.times - 1))
                return planned
        return None

    def _keep(self, key: str, planned: Planned) -> None:
        if planned.times > 0:
            self._store.put("faults", key, msgspec.to_builtins(planned))
        else:
            self._store.remove("faults", key)

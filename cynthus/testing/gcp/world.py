"""All that a simulated cloud is made of, and how it goes on by itself."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from cynthus.testing.gcp import expiry, operations
from cynthus.testing.gcp.clock import CloudClock
from cynthus.testing.gcp.faults import CloudFaults
from cynthus.testing.gcp.ledger import Ledger
from cynthus.testing.gcp.machines import Machines
from cynthus.testing.gcp.outside import USUAL, Outside
from cynthus.testing.gcp.policies import Policies
from cynthus.testing.gcp.principals import Principals
from cynthus.testing.gcp.project import Project
from cynthus.testing.gcp.refusals import denied
from cynthus.testing.gcp.store import Document, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cynthus.testing.gcp.machines import Driver
    from cynthus.testing.gcp.principals import Principal
    from cynthus.testing.gcs_faults import Request


class World:
    """One lock guards it: the store's."""

    def __init__(
        self, state: Path, driver: Driver, project: str, prices: Mapping[str, float], addresses: str = USUAL
    ) -> None:
        self.store = Store(state)
        self.clock = CloudClock(self.store)
        self.project = Project(self.store, project)
        self.principals = Principals(self.store, self.clock)
        self.policies = Policies(self.store, self.principals, self.project.id)
        self.faults = CloudFaults(self.store)
        self.ledger = Ledger(self.store, self.clock, prices)
        self.machines = Machines(self, driver)
        self.outside = Outside(self, addresses)
        self.changed = threading.Condition(self.store.lock)
        """Notified when a machine's metadata may have changed."""
        self.after: Callable[[Request], None] = lambda _: None
        """Called with each request whose work is done, before it is answered."""
        self._last_id = 0

    def new_id(self) -> str:
        """A number that nothing else has."""
        with self.store.lock:
            self._last_id = max(self._last_id + 1, time.time_ns())
            return str(self._last_id)

    def create(self, collection: str, key: str, document: Document, by: str, machine_type: str = "") -> None:
        """Have a resource there that was not."""
        self.store.put(collection, key, document)
        self.ledger.begin(collection, key, by, machine_type)

    def erase(self, collection: str, key: str) -> None:
        """Have it there no more, and nobody's right to it either."""
        if self.store.get(collection, key) is None:
            return
        self.store.remove(collection, key)
        self.policies.remove(key)
        self.ledger.end(collection, key)

    def require(self, who: Principal, service: str, permission: str, resource: str, policy: str = "") -> None:
        """Raises: Refusal, where somebody may not do that to a resource."""
        if not self.policies.allows(who, permission, policy or resource):
            raise denied(service, permission, resource, who.email)

    def settle(self) -> None:
        """Let happen what is due by now."""
        with self.store.change(), self.clock.still():
            now = self.clock.seconds()
            expiry.enforce(self, now)
            for key, pending in self.store.items("pending"):
                if pending["due"] <= now and self.machines.ready(key):
                    operations.finish(self, key)
        self.machines.work()

    def close(self) -> None:
        self.machines.close()
        self.outside.close_all()
        with self.store.lock:
            self.store.close()

"""The one project of a simulated cloud: what it is called, what is enabled in it, how much it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.testing.gcp.refusals import HOSTS, disabled, no_project, without_billing

if TYPE_CHECKING:
    from cynthus.testing.gcp.store import Document, Store

NUMBER = "533005541"

LIMITS = {"GPUS_ALL_REGIONS": 16.0, "CPUS_ALL_REGIONS": 512.0, "INSTANCES": 720.0, "SSD_TOTAL_GB": 40960.0}
"""Of quotas that have one of their own; of CPUs and GPUs see `limit`."""

# It costs nothing to look at a project, and nothing that is here alone is charged for.
_FREE = ("iam", "iamcredentials", "resourcemanager", "serviceusage", "cloudbilling", "cloudquotas")


class Project:
    """Settings that outlive the process."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        if store.get("settings", "project") is None:
            store.put("settings", "project", {"id": name, "number": NUMBER, "enabled": sorted(HOSTS.values())})

    @property
    def id(self) -> str:
        return str(self._told["id"])

    @property
    def number(self) -> str:
        return str(self._told["number"])

    @property
    def latency(self) -> float:
        """Seconds of the simulated clock until an operation is done."""
        return float(self._told.get("latency", 0.0))

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._tell(latency=seconds)

    @property
    def billing(self) -> bool:
        """Whether somebody pays."""
        return bool(self._told.get("billing", True))

    @billing.setter
    def billing(self, pays: bool) -> None:
        self._tell(billing=pays)

    @property
    def organisation(self) -> str:
        """The domain of those who belong to it; '' where nobody is outside."""
        return str(self._told.get("organisation", ""))

    @organisation.setter
    def organisation(self, domain: str) -> None:
        self._tell(organisation=domain)

    @property
    def constraints(self) -> list[str]:
        """The policies of the organisation that are enforced, as `compute.requireOsLogin`."""
        found: list[str] = self._told.get("constraints", [])
        return found

    @constraints.setter
    def constraints(self, names: list[str]) -> None:
        self._tell(constraints=list(names))

    @property
    def metadata(self) -> dict[str, str]:
        """What all machines are told that say nothing else themselves."""
        found: dict[str, str] = self._told.get("metadata", {})
        return found

    @metadata.setter
    def metadata(self, told: dict[str, str]) -> None:
        self._tell(metadata=dict(told))

    @property
    def enabled(self) -> list[str]:
        """The services, by their hosts."""
        found: list[str] = self._told["enabled"]
        return found

    def enable(self, host: str) -> None:
        self._tell(enabled=sorted({*self.enabled, host}))

    def disable(self, host: str) -> None:
        self._tell(enabled=[each for each in self.enabled if each != host])

    def is_called(self, name: str) -> bool:
        return name in (self.id, self.number)

    def admit(self, service: str, project: str) -> None:
        """Raises: Refusal, where the project is another one, or that service does not work in it."""
        if project and not self.is_called(project):
            raise no_project(service, project)
        if HOSTS[service] not in self.enabled:
            raise disabled(service, self.number)
        if not self.billing and service not in _FREE:
            raise without_billing(service, self.number)

    # quotas and capacity

    def limit(self, metric: str, region: str = "") -> float | None:
        """How much; None where nobody ever set a limit for what is preemptible."""
        told: dict[str, float] = self._told.get("limits", {})
        for key in (f"{region}/{metric}", metric):
            if key in told:
                return told[key]
        if metric.startswith("PREEMPTIBLE_"):
            return None
        return LIMITS.get(metric, 8.0 if "GPU" in metric else 256.0)

    def set_limit(self, metric: str, limit: float, region: str = "") -> None:
        key = f"{region}/{metric}" if region else metric
        self._tell(limits={**self._told.get("limits", {}), key: float(limit)})

    @property
    def stockouts(self) -> dict[str, list[str]]:
        """By zone, the machine types of which there are none left; `*` for all."""
        found: dict[str, list[str]] = self._told.get("stockouts", {})
        return found

    def sell_out(self, zone: str, *machine_types: str) -> None:
        """Have none of these machine types there (none given: of none). `restock` has all again."""
        self._tell(stockouts={**self.stockouts, zone: list(machine_types) or ["*"]})

    def restock(self, zone: str) -> None:
        self._tell(stockouts={each: types for each, types in self.stockouts.items() if each != zone})

    @property
    def reservations(self) -> dict[str, Document]:
        """By zone and name (`us-central1-a/lab`): of which machine type, and how many."""
        found: dict[str, Document] = self._told.get("reservations", {})
        return found

    def reserve(self, zone: str, name: str, machine_type: str, count: int = 1) -> None:
        """Have so many of these machines kept there for who names the reservation."""
        kept = {"machine_type": machine_type, "count": count}
        self._tell(reservations={**self.reservations, f"{zone}/{name}": kept})

    @property
    def _told(self) -> Document:
        return self._store.get("settings", "project") or {}

    def _tell(self, **changes: Any) -> None:
        self._store.put("settings", "project", {**self._told, **changes})

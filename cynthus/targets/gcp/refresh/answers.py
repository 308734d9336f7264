"""What Google Cloud said when it was asked what it has and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Page = dict[str, Any]


class Category(Struct, frozen=True, rename="camel"):
    """Under what a row of the price list is filed; Google files some of them wrongly."""

    usage_type: str = ""


class Money(Struct, frozen=True, rename="camel"):
    """Whole units, and billionths of one."""

    currency_code: str = "USD"
    units: str = "0"
    nanos: int = 0


class Tier(Struct, frozen=True, rename="camel"):
    """A price from some amount on."""

    unit_price: Money


class Quoted(Struct, frozen=True, rename="camel"):
    """A price, and of what."""

    usage_unit: str = ""
    tiered_rates: tuple[Tier, ...] = ()


class Pricing(Struct, frozen=True, rename="camel"):
    """A price that holds from some time on; the last is the one that holds."""

    pricing_expression: Quoted = Quoted()


class Sku(Struct, frozen=True, rename="camel"):
    """A row of the price list."""

    description: str
    category: Category = Category()
    service_regions: tuple[str, ...] = ()
    pricing_info: tuple[Pricing, ...] = ()


class Accelerator(Struct, frozen=True, rename="camel"):
    """GPUs that come with a machine."""

    guest_accelerator_type: str
    guest_accelerator_count: int


class MachineType(Struct, frozen=True, rename="camel"):
    """A type of machine in a zone."""

    name: str
    guest_cpus: int
    memory_mb: int
    accelerators: tuple[Accelerator, ...] = ()

    @property
    def memory(self) -> float:
        """In GiB."""
        return self.memory_mb / 1024

    @property
    def gpu(self) -> tuple[str, int]:
        """Which it has, and how many."""
        first = self.accelerators[0] if self.accelerators else Accelerator("", 0)
        return first.guest_accelerator_type, first.guest_accelerator_count


class _Named(Struct, frozen=True):
    name: str


class _Warned(Struct, frozen=True):
    code: str = ""


class _Scope(Struct, frozen=True, rename="camel"):
    machine_types: tuple[MachineType, ...] = ()
    accelerator_types: tuple[_Named, ...] = ()
    warning: _Warned = _Warned()


class _Aggregated(Struct, frozen=True):
    items: dict[str, _Scope] = field(default_factory=dict)


class _Zones(Struct, frozen=True):
    items: tuple[_Named, ...] = ()


class _Skus(Struct, frozen=True):
    skus: tuple[Sku, ...] = ()


class Answers(Struct, frozen=True):
    """All of it, by zone where it is of one. A zone of which nothing could be heard is in `silent`."""

    zones: frozenset[str] = frozenset()
    types: Mapping[str, tuple[MachineType, ...]] = {}
    accelerators: Mapping[str, frozenset[str]] = {}
    skus: tuple[Sku, ...] = ()
    silent: frozenset[str] = frozenset()


def understood(
    zones: Iterable[Page], types: Iterable[Page], accelerators: Iterable[Page], skus: Iterable[Page]
) -> Answers:
    """The pages of four lists as one.

    Raises:
        msgspec.ValidationError: they are not what Google documents.
    """
    machines: dict[str, tuple[MachineType, ...]] = {}
    gpus: dict[str, frozenset[str]] = {}
    silent: set[str] = set()
    for page in types:
        for zone, scope in _scopes(page, silent):
            machines[zone] = (*machines.get(zone, ()), *scope.machine_types)
    for page in accelerators:
        for zone, scope in _scopes(page, silent):
            gpus[zone] = gpus.get(zone, frozenset()) | {each.name for each in scope.accelerator_types}
    listed = (each.name for page in zones for each in msgspec.convert(page, _Zones).items)
    rows = (each for page in skus for each in msgspec.convert(page, _Skus).skus)
    return Answers(frozenset(listed), machines, gpus, tuple(rows), frozenset(silent))


def _scopes(page: Page, silent: set[str]) -> Iterable[tuple[str, _Scope]]:
    for name, scope in msgspec.convert(page, _Aggregated).items.items():
        kind, _, zone = name.partition("/")
        if kind == "zones":
            if scope.warning.code == "UNREACHABLE":
                silent.add(zone)
            yield zone, scope

"""The parts `resources:` and `limits:` of cynthus.yaml: what the machine must have, and when a run is ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from cynthus.core.duration import Duration
from cynthus.core.fields import Dollars, NodeCount, OneGpu, SomeBytes, SomeCpus, Time, one_or_more
from cynthus.core.gcp import Region, ReservationName, Zone
from cynthus.core.misfit import Misfit
from cynthus.core.section import Rule, Section
from cynthus.errors import KeysExclude

if TYPE_CHECKING:
    from collections.abc import Mapping


class Resources(Section, frozen=True, kw_only=True):
    """What the machine must have. On `local` and `ssh` it is checked; on `gcp` such a machine is made."""

    gpu: Annotated[
        tuple[OneGpu, ...],
        Rule(before=one_or_more, written=OneGpu | tuple[OneGpu, ...]),
        Meta(description="A model and how many, or a list in order of preference. By default none."),
    ] = ()
    cpus: Annotated[SomeCpus | None, Meta(description="Processors: 4, or `4+` for four or more.")] = None
    memory: Annotated[SomeBytes | None, Meta(description="Main memory: `16GB`, or `16GB+` for that or more.")] = None
    disk: Annotated[SomeBytes | None, Meta(description="Free disk space for the app.")] = None
    region: Annotated[
        Region | None,
        Meta(
            description="With `target: gcp`: the region in which the machine is made, us-central1 say, in a zone that "
            "has it. Other targets refuse it."
        ),
    ] = None
    zone: Annotated[
        Zone | None,
        Meta(
            description="With `target: gcp`: where the machine is made, us-central1-a say. Other targets make none, "
            "and refuse it."
        ),
    ] = None
    spot: Annotated[
        bool,
        Meta(
            description="With `target: gcp`: a machine that costs less and that Google may take back at any time, half "
            "a minute after saying so. Other targets refuse it."
        ),
    ] = False
    flex_start: Annotated[
        bool,
        Meta(
            description="With `target: gcp`: a machine that costs less and is not taken back, made as soon as there is "
            "one, for seven days at most. Other targets refuse it."
        ),
    ] = False
    reservation: Annotated[
        ReservationName | None,
        Meta(
            description="With `target: gcp`: the name of a reservation of the cloud project, or "
            "`projects/NAME/reservations/NAME` of another that shares it, which the machines are taken from. It is in "
            "one zone. Other targets refuse it."
        ),
    ] = None
    nodes: Annotated[
        NodeCount | None,
        Meta(description="On how many machines main.py runs at once. By default one; on `ssh` all that are named."),
    ] = None

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that a zone is one of the region, that a machine is bought in one way, and where what is reserved is."""
        region = before.get("region")
        if key == "zone" and value and region and value.rpartition("-")[0] != region:
            raise Misfit(f"{value} is no zone of {region}", hint="leave one of the two out", kind=KeysExclude)
        other = next((each for each in ("spot", "flex_start") if before.get(each)), None)
        if key in ("flex_start", "reservation") and value and other:
            what = f"`{key}` and `{other}` are two ways to buy a machine, and Google sells each in one"
            raise Misfit(what, hint="leave one of the two out", kind=KeysExclude)
        if key == "reservation" and value and region and not before.get("zone"):
            hint = f"write e.g. `zone: {region}-a` in place of `region:`"
            raise Misfit("a reservation is in one zone, and a region has several", hint=hint, kind=KeysExclude)


def _some_time(what: str) -> Rule:
    def check(value: Duration) -> Duration:
        if value.seconds == 0:
            raise Misfit(f"a run {what} ends at once", hint="write a longer time, or leave the key out")
        return value

    return Rule(after=check)


class Limits(Section, frozen=True, kw_only=True):
    """When a run is ended."""

    max_duration: Annotated[
        Time | None,
        _some_time("of no time"),
        Meta(description="How long a run may take: `4h`, `1h30m`, or seconds. By default as long as it likes."),
    ] = None
    max_cost: Annotated[
        Dollars | None,
        Meta(
            description="With `target: gcp`: how many US dollars the machines may cost, from when they are made. The "
            "cloud removes them before it is more, and the run is ended early enough to be saved. Other targets refuse "
            "it."
        ),
    ] = None
    idle: Annotated[
        Time | None,
        _some_time("that may not wait"),
        Meta(
            description="How long a run may do nothing: use no GPU of its own and no processor, and write to neither "
            "log, outputs, checkpoints nor what `preprocess:` makes. Then it is ended. By default as long as it likes."
        ),
    ] = None
    stop_grace: Annotated[
        Time, Meta(description="How long a run that is told to end may take before it is killed.")
    ] = Duration(10, "10s")

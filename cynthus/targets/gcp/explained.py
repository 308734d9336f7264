"""Why this machine and no other, as a person reads it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cynthus.core.amounts import counted
from cynthus.core.placement import Considered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cynthus.targets.gcp.choice import Candidate, Choice

_MOST = 6
"""Of one kind; of the others the number is enough."""


def considered(choice: Choice) -> tuple[Considered, ...]:
    """The machines that were looked at: the one that is taken, what costs more, and what would not do."""
    fine = [each for each in choice.candidates if not each.refusal]
    refused = sorted((each for each in choice.candidates if each.refusal), key=lambda each: _kind(each.refusal))
    found = [*_some(fine, "cost more or as much")]
    for kind, group in groupby(refused, key=lambda each: _kind(each.refusal)):
        found += _some(list(group), kind)
    taken, *others = found
    return (Considered(taken.machine, taken.per_hour, "taken"), *others)


def _kind(refusal: str) -> str:
    words = {"has": "have too little or too much", "is": "are not to be had there", "cannot": "cannot be bought so"}
    return words.get(refusal.split()[0], refusal)


def _some(candidates: Sequence[Candidate], otherwise: str) -> Iterator[Considered]:
    for each in candidates[:_MOST]:
        yield Considered(_short(each), each.price, each.refusal or _than(each, candidates[0]))
    left = len(candidates) - _MOST
    if left > 0:
        yield Considered(f"{counted(left, 'other')}", None, otherwise)


def _short(candidate: Candidate) -> str:
    machine = candidate.machine
    return f"{machine.type} ({machine.gpus} {machine.gpu})" if machine.gpu else machine.type


def _than(other: Candidate, taken: Candidate) -> str:
    if other.price is None:
        return "is larger" if taken.price is None else "costs nobody knows how much"
    return "costs more" if other.price != taken.price else "costs as much"

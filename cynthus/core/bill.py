"""What the machines of a deployment have cost, each for as long as it was there."""

from __future__ import annotations

from msgspec import Struct

from cynthus.core.clock import parse_stamp
from cynthus.core.lifespan import WhyGone  # noqa: TC001 - the type is looked at when a record is read


class Machine(Struct, frozen=True):
    """One that was made; `per_hour` is what it was offered for, in US dollars, None where that is not known. Times are
    the cloud's own words, but for those that are `guessed`. `expires_at` is when the cloud removes it at the latest."""

    name: str
    instance_id: str | None
    project: str | None
    zone: str | None
    per_hour: float | None
    began: str
    began_guessed: bool = True
    ended: str | None = None
    ended_guessed: bool = False
    why: WhyGone = ""
    machine_type: str = ""
    expires_at: str | None = None

    @property
    def key(self) -> str:
        """What tells it from all others, where its number is known."""
        return self.instance_id or self.name

    @property
    def guessed(self) -> bool:
        """Whether nobody could tell for how long it was there."""
        return self.began_guessed or self.ended_guessed

    def cost(self, now: str) -> float | None:
        """In dollars, until it ended or until `now`; None where its price is not known."""
        if self.per_hour is None:
            return None
        seconds = (parse_stamp(self.ended or now) - parse_stamp(self.began)).total_seconds()
        return max(seconds, 0.0) / 3600 * self.per_hour


class Bill(Struct, frozen=True):
    """Of all machines since the deployment was last brought up from nothing, oldest first; those of which there is no
    row any more are counted in `earlier`. `now` is when it was made out, `most` what it may come to, None where nobody
    has said that."""

    machines: tuple[Machine, ...]
    now: str
    earlier: int = 0
    earlier_cost: float = 0.0
    most: float | None = None

    @property
    def count(self) -> int:
        return len(self.machines) + self.earlier

    @property
    def dollars(self) -> float:
        """The sum, as far as prices are known."""
        return self.earlier_cost + sum(each.cost(self.now) or 0.0 for each in self.machines)

    @property
    def guessed(self) -> bool:
        """Whether the sum is an estimate."""
        return any(each.guessed for each in self.machines)

    @property
    def unpriced(self) -> int:
        """How many machines are not in the sum, since nobody knows their price."""
        return sum(each.per_hour is None for each in self.machines)

    @property
    def since(self) -> str:
        """When the first of them began."""
        return min((each.began for each in self.machines), key=parse_stamp)

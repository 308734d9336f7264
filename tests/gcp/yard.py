"""A user with an index of their own who looks at a simulated cloud project."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus import web
from cynthus.core.clock import stamp
from cynthus.operations.gc import Swept, Wanted, gc
from cynthus.state.index import Entry
from cynthus.testing.clock import FakeClock
from cynthus.testing.gcp import OWNER_TOKEN, SimulatedCloud
from tests.gcp.estate import KINDS, Estate
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.leftover import Leftover
    from tests.gcp.api import Api

YES = Wanted(yes=True)
ID = "weather-1a2b3c"
OTHER = "climate-4d5e6f"


class Yard:
    """A user with an index of their own, and the cloud project that they look at."""

    def __init__(self, place: Path, cloud: SimulatedCloud, api: Api) -> None:
        self.cloud = cloud
        self.estate = Estate(api)
        self.workshop = Workshop(place, **cloud.environment())
        self.clock = FakeClock(cloud.clock)
        self.workshop.tools = replace(self.workshop.tools, clock=self.clock)
        self.swept: Swept | None = None
        self.found: list[Leftover] = []

    def later(self, **time: float) -> None:
        """Let time pass for all."""
        passed = timedelta(**time).total_seconds()
        self.cloud.advance(passed)
        self.clock.advance(passed)

    def gc(self, wanted: Wanted = YES) -> list[Leftover]:
        """What it found."""
        self.found = []

        def keep(swept: Swept) -> None:
            self.swept, self.found = swept, list(swept.found)

        gc(self.workshop.tools, wanted, show=keep, report=keep)
        return self.found

    def claim(self, id: str) -> None:  # noqa: A002
        """Have a record of it."""
        at = stamp(self.clock.now())
        self.workshop.tools.index.put(
            Entry(id, id[:-7], "gcp", str(self.workshop.place), "venv", "/x", at, "up", (), None, at)
        )

    def there(self) -> dict[str, list[str]]:
        """The names of what is there, by collection."""
        all_ = self.cloud.resources()
        return {kind: [key.rpartition("/")[2] for key in all_.get(kind, [])] for kind in KINDS if all_.get(kind)}

    def why(self, name: str) -> str:
        """Why something goes or stays."""
        (found,) = [each for each in self.found if each.name == name]
        return found.why

    def fill(self, bucket: str, count: int) -> None:
        """Put objects there."""
        for number in range(count):
            address = f"{self.cloud.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name=runs/{number}"
            with web.ask(address, {"Authorization": f"Bearer {OWNER_TOKEN}"}, body=b"content") as answer:
                answer.read()

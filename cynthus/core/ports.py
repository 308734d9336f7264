"""The part `ports:` of cynthus.yaml: where main.py answers."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from cynthus.core.fields import HealthPath, Port
from cynthus.core.misfit import Misfit, refuse
from cynthus.core.section import Rule, Section
from cynthus.errors import KeysExclude


class ServedPort(Section, frozen=True, kw_only=True):
    """A port on which main.py listens, and how it is known that it answers."""

    short: ClassVar[str] = "port"

    port: Annotated[Port, Meta(description="The port that main.py listens on.")]
    health: Annotated[
        HealthPath | None,
        Meta(
            description="Healthy is what answers a GET of this path with a status from 200 to 399. By default it is "
            "enough that somebody takes the connection."
        ),
    ] = None


def _each_once(ports: tuple[ServedPort, ...]) -> tuple[ServedPort, ...]:
    """Raises: Misfit, where two are the same."""
    seen: set[int] = set()
    wrong = []
    for index, each in enumerate(ports):
        if each.port in seen:
            wrong.append(
                Misfit(f"{each.port} stands here twice", hint="delete one", kind=KeysExclude, at=(index, "port"))
            )
        seen.add(each.port)
    refuse(wrong)
    return ports


Ports = Annotated[tuple[ServedPort, ...], Rule(after=_each_once)]

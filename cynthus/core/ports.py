"""The part `ports:` of cynthus.yaml: where main.py answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cynthus.core.fields import HealthPath, Port, listed
from cynthus.core.misfit import Misfit, refuse
from cynthus.core.section import Section
from cynthus.errors import KeysExclude


class ServedPort(Section):
    """A port on which main.py listens, and how it is known that it answers."""

    port: Port = Field(description="The port that main.py listens on.")
    health: HealthPath | None = Field(
        default=None,
        description="Healthy is what answers a GET of this path with a status from 200 to 399. By default it is enough "
        "that somebody takes the connection.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return {"port": value} if isinstance(value, int | float | str) and not isinstance(value, bool) else value


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


Ports = Annotated[
    tuple[ServedPort, ...],
    BeforeValidator(listed, json_schema_input_type=list[int | ServedPort]),
    AfterValidator(_each_once),
]

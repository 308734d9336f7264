"""What stands under `preprocess:`: a command that makes ./prepared of the data, once for each content."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from cynthus.core.fields import Argument, listed, with_program, words_of
from cynthus.core.misfit import Misfit, flow, quoted
from cynthus.core.paths import inside
from cynthus.core.section import Rule, Section
from cynthus.errors import WrongType

PLACE = "prepared"


def _command(value: object) -> object:
    """A script alone is run by Python. Anything else is a list, as under `run:`."""
    if not isinstance(value, str):
        return listed(value)
    if value.endswith(".py") and len(value.split()) == 1:
        return ["python", value]
    shown = ", ".join(flow(word) for word in words_of(value))
    hint = f"write preprocess: [{shown}]" if shown else "write e.g. preprocess: prep.py"
    raise Misfit(f"{quoted(value)} is no Python file, and a command is a list", hint=hint, kind=WrongType)


class Preprocess(Section, frozen=True, kw_only=True):
    """What runs before main.py where the data, or what it is prepared by, was never seen."""

    short: ClassVar[str] = "run"
    short_kinds: ClassVar[tuple[type, ...]] = (str, list, tuple)

    run: Annotated[
        tuple[Argument, ...],
        Rule(before=_command, after=with_program, written=str | tuple[Argument, ...]),
        Meta(
            description="A Python file of the source folder, or a command as a list. It starts where main.py does, "
            "reads `./data` and writes to `./prepared`."
        ),
    ]
    files: Annotated[
        tuple[Annotated[str, Rule(after=inside)], ...],
        Meta(
            description="Files and folders of the source folder that it reads besides, `sizes.yaml` say: a change of "
            "one prepares anew. What the command names, and the modules that it imports, are known without."
        ),
    ] = ()

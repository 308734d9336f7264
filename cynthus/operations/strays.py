"""Files that main.py wrote outside of its outputs and checkpoints. They were never promised to come home, so they are
neither saved nor unsaved; but whoever expects them should hear of it before they are gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.amounts import files, size
from cynthus.errors import CynthusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site

_SHOWN = 3


class Strays(Struct, frozen=True):
    """Those of one run: how many, their bytes, and the largest with its bytes. Not `complete`: there may be more."""

    run: str
    files: int
    bytes: int
    complete: bool
    largest: tuple[tuple[str, int], ...]


def find_strays(agent: HostAgent, run_id: str | None = None) -> tuple[Strays, ...]:
    """Those of a run, or of all runs on the host, for each that has any; none where the agent cannot tell."""
    try:
        if not agent.present:
            return ()
        told = agent.call("strays", *(() if run_id is None else ("--run", run_id))).get("runs")
    except CynthusError:
        return ()
    return tuple(_parsed(each) for each in told) if isinstance(told, list) else ()


def strays_at_end(there: Sequence[HostAgent], run: Run) -> tuple[Strays, ...]:
    """Those of a run that has ended, as each host noted them in that moment; one that did not is asked."""
    return tuple(each for agent in there for each in _noted(agent, run))


def strays_of(there: Sequence[HostAgent], run_id: str | None = None) -> tuple[Strays, ...]:
    """The same of several hosts."""
    return tuple(each for agent in there for each in find_strays(agent, run_id))


def described(found: Sequence[Strays], site: Site) -> str:
    """In a few words: `2 files outside outputs/ (model.pt 3.1 MB, log.csv 12 B)`."""
    # Runs of one app write files of the same names.
    by_size = dict(sorted((each for one in found for each in one.largest), key=lambda each: each[1]))
    largest = sorted(by_size.items(), key=lambda each: -each[1])[:_SHOWN]
    count = sum(each.files for each in found)
    least = "" if all(each.complete for each in found) else "at least "
    names = [f"{_printable(path)} {size(bytes_)}" for path, bytes_ in largest]
    more = [] if len(names) == count else ["..."]
    return f"{least}{files(count)} outside {outputs_of(site)}/ ({', '.join([*names, *more])})"


def outputs_of(site: Site) -> str:
    """What the app calls its outputs, as the run document that was rendered last has it."""
    named = site.document().get("outputs")
    return named if isinstance(named, str) and named else "outputs"


def _noted(agent: HostAgent, run: Run) -> tuple[Strays, ...]:
    try:
        note = agent.connection.read(agent.attempt_folder(run.id, run.attempt) / "strays.json")
        told = json.loads(note or b"")["runs"]
    except (OSError, CynthusError, ValueError, LookupError, TypeError):
        return find_strays(agent, run.id)
    return tuple(_parsed(each) for each in told) if isinstance(told, list) else ()


def _parsed(told: Mapping[str, object]) -> Strays:
    largest = told.get("largest")
    listed = [(str(each["path"]), _number(each["bytes"])) for each in largest] if isinstance(largest, list) else []
    return Strays(
        str(told.get("run")), _number(told.get("files")), _number(told.get("bytes")), told.get("complete") is True,
        tuple(listed),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _printable(path: str) -> str:
    """A name may hold anything, also what a terminal obeys."""
    return "".join(letter if letter.isprintable() else "?" for letter in path)

"""Whether a machine is to delete itself once its run has ended, and that somebody sees to it. Only a run with `linger`
on a machine with a metadata server says so."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import lock
from cynthus.agent.detached import detach
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec


class Order(NamedTuple):
    """Delete the machine once nobody has used it for `linger` seconds. `server` is its metadata server, `compute` where
    Google's Compute Engine is, '' for where it always is."""

    linger: float
    server: str
    compute: str = ""


def expect(attempt: Attempt, spec: Spec) -> None:
    """Write down what the spec orders; nothing where it orders nothing.

    Raises:
        OSError: it cannot be written down.
    """
    if spec.metadata is None or spec.linger is None:
        return
    write_json(attempt.departure, Order(spec.linger, spec.metadata, spec.compute or "")._asdict())


def read(attempt: Attempt) -> Order | None:
    """None where nothing was ordered. A damaged order is none: then the cloud's own clock has to do."""
    try:
        document = read_json(attempt.departure)
        return Order(**document) if document is not None else None  # type: ignore[arg-type]  # we wrote it
    except (OSError, ValueError, TypeError):
        return None


def newest(home: Home) -> Attempt | None:
    """The attempt whose order counts: the last one that has begun, or is about to."""
    return next((each for each in _latest_first(home) if begun(each) or lock.held(each.lock)), None)


def begun(attempt: Attempt) -> bool:
    """Whether main.py ever ran, as far as anybody knows."""
    return attempt.record.exists() or attempt.exit.exists()


def _latest_first(home: Home) -> Iterator[Attempt]:
    for run in reversed(home.runs()):
        yield from reversed(run.attempts())


def ensure(home: Home) -> bool:
    """See to it that somebody waits for the moment; false where the machine is not to delete itself."""
    if lock.held(home.departure_lock):
        return True
    attempt = None if home.leaving.exists() else newest(home)
    if attempt is None or read(attempt) is None:
        return False
    with suppress(OSError):
        detach(lambda: _wait(home), log=attempt.agent_log)
    return True


def _wait(home: Home) -> None:
    # With all that it takes to save and to ask Google, which whoever starts this process need not read.
    from cynthus.agent import departing

    departing.watch(home)

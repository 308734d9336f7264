"""Removes from a cloud project what was found left over, and nothing else.

Each thing is looked at once more before: only what is still the same one, and still unclaimed, goes. What is gone
already is done, so that two may do it at once and a killed one is repeated.
"""

from __future__ import annotations

import time
from itertools import groupby, islice
from typing import TYPE_CHECKING

from cynthus.core.clock import stamp
from cynthus.core.leftover import Removal
from cynthus.errors import CynthusError
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.kinds import BUCKET, INSTANCE, KINDS, Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cynthus.core.leftover import Leftover, Sweep
    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.marks import Document

_AT_ONCE = 32
"""Operations that go on at the same time: a machine takes half a minute to go."""
_EVERY = 1.0
_PATIENCE = 600.0
"""Seconds for the operations of one batch."""
_OF_KIND = {kind.noun: kind for kind in KINDS}
_CHANGED = "it has changed since it was looked at: run `cynthus gc` again"
_IN_USE = "its machine still stands"

Waiting = tuple[str, str]
"""A service, and the path of an operation there that is not done."""


class Remover:
    """Goes through what is to be removed. `empty` deletes the objects of a bucket."""

    def __init__(self, api: Api, sweep: Sweep, empty: Callable[[str], None]) -> None:
        self._api = api
        self._sweep = sweep
        self._empty = empty
        self._still_there: set[str] = set()

    def each(self, going: Iterable[Leftover]) -> Iterator[Removal]:
        """Remove them in their order, those of one kind side by side.

        Raises:
            NotLoggedIn: nobody knows who asks.
        """
        for _, alike in groupby(going, lambda leftover: leftover.kind):
            while batch := tuple(islice(alike, _AT_ONCE)):
                yield from self._batch(batch)

    def _batch(self, batch: tuple[Leftover, ...]) -> Iterator[Removal]:
        begun = [(leftover, *self._begin(leftover)) for leftover in batch]
        end = time.monotonic() + _PATIENCE
        for leftover, waiting, problem in begun:
            said = problem or (self._wait(waiting, end) if waiting else "")
            if said and leftover.kind == INSTANCE.noun:
                self._still_there.add(leftover.deployment)
            yield Removal(leftover, said)

    def _begin(self, leftover: Leftover) -> tuple[Waiting | None, str]:
        """The operation that removes it, if it is not gone at once, and what keeps it from going."""
        kind = _OF_KIND[leftover.kind]
        try:
            problem = self._kept(leftover)
            if problem:
                return None, problem
            if kind is BUCKET and leftover.loss:
                self._empty(leftover.name)
            answer = self._api.ask("DELETE", kind.service, leftover.address)
        except NotThere:
            return None, ""
        except CynthusError as error:
            if error.exit_code != 1:
                raise
            return None, error.message
        return _operation(kind.service, answer), ""

    def _kept(self, leftover: Leftover) -> str:
        """Why it is not to go after all, or ''.

        Raises:
            NotThere: it is gone.
        """
        if not leftover.overdue and self._sweep.claims(leftover.deployment):
            return "a record claims it by now"
        if leftover.deployment in self._still_there and leftover.kind != INSTANCE.noun:
            return _IN_USE
        kind = _OF_KIND[leftover.kind]
        document = self._api.ask("GET", kind.service, leftover.address)
        marked = kind.read(Found(leftover.name, leftover.place, leftover.address, document))
        if marked is None or marked.odd or marked.identity != leftover.identity:
            return _CHANGED
        expires = stamp(marked.expires) if marked.expires else None
        same = (marked.deployment, expires) == (leftover.deployment, leftover.expires_at)
        return "" if same else _CHANGED

    def _wait(self, waiting: Waiting, end: float) -> str:
        """Until an operation is done; what went wrong with it, or ''."""
        service, path = waiting
        while True:
            try:
                told = self._api.ask("GET", service, path)
            except NotThere:
                return ""
            except CynthusError as error:
                if error.exit_code != 1:
                    raise
                return error.message
            if told.get("done") or told.get("status") == "DONE":
                return _failure(told.get("error"))
            if time.monotonic() > end:
                return "Google Cloud is still at it; run `cynthus gc` again to see"
            time.sleep(_EVERY)


def _operation(service: str, answer: Document) -> Waiting | None:
    if service == "compute" and answer.get("selfLink"):
        return service, str(answer["selfLink"]).partition("/compute/v1/")[2]
    if service == "artifactregistry" and answer.get("name"):
        return service, str(answer["name"])
    return None


def _failure(error: Mapping[str, object] | None) -> str:
    """What Google says of an operation that failed; its services say it in two ways."""
    if not error:
        return ""
    several = error.get("errors")
    first = several[0] if isinstance(several, list) and several else error
    return f"Google Cloud says no: {first.get('message') or first.get('code')}"

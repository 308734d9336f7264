"""Data that lies elsewhere comes to the hosts: each fetches it itself, where that is fastest."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from cynthus.operations.elsewhere import fetched, size_text
from cynthus.operations.installing import Growing
from cynthus.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal

PAUSE = 1.0
"""Seconds between two looks at what a host does."""


def gather(tools: Tools, document: Mapping[str, Any], there: Sequence[HostAgent], journal: Journal) -> bool:
    """Have all hosts fetch what a run document wants; whether anything came. What is there is not fetched again.

    Raises:
        HostError, ReferenceUnknown, TokenNeeded, DownloadFailed, DiskFull: of the host that failed first.
    """
    listed = fetched(document)
    if not listed:
        return False
    # On stdin, like every secret: a command line and an environment can be read by others.
    wishes = {
        "fetch": listed, "tokens": _tokens(tools, listed), "settings": tools.places.settings(),
        "metadata": document.get("metadata"),
    }  # fmt: skip
    said = json.dumps(wishes).encode()
    with journal.step("fetch"), tools.progress.step("Fetch the data") as step, _watched(there, step.activity):
        calls = [partial(_ask, agent, said) for agent in there]
        answers = [future.result() for future in side_by_side(calls)]
        step.result(_came(answers))
    return any(answer.get("changed") for answer in answers)


def _ask(agent: HostAgent, said: bytes) -> Mapping[str, Any]:
    # A large data set takes hours; the agent gives up by itself where nothing comes.
    return agent.call("fetch", "--deployment", agent.deployment, stdin=said, timeout=None)


def _tokens(tools: Tools, listed: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Those of places that give something of this only to whom they know. A host gets no other."""
    tokens: dict[str, str] = {}
    for scheme in sorted({str(each["scheme"]) for each in listed if each.get("closed")}):
        tokens |= tools.places.tokens(scheme)
    return tokens


def _came(answers: Sequence[Mapping[str, Any]]) -> str:
    new = [each for answer in answers for each in answer.get("fetched", ()) if each["changed"]]
    files = sum(each["files"] for each in new)
    size = size_text(sum(each["bytes"] for each in new))
    return f"{files} file{'s' * (files != 1)}, {size}" if new else "nothing to fetch"


@contextmanager
def _watched(there: Sequence[HostAgent], activity: Callable[[str], None]) -> Iterator[None]:
    """Within the block the hosts' own words are handed on."""
    logs = [Growing(agent.connection, agent.home / "data/fetching.log") for agent in there]
    over = threading.Event()

    def look_on() -> None:
        while not over.wait(PAUSE):
            line = next(filter(None, (log.news() for log in logs)), "")
            if line and not over.is_set():
                activity(line)

    threading.Thread(target=look_on, name="fetching", daemon=True).start()
    try:
        yield
    finally:
        over.set()

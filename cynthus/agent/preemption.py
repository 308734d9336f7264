"""The process beside a run on a machine that a cloud may take back: it asks the machine's metadata server, which
answers when that happens. Only a spec that names such a server has one; nowhere else is anything asked."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cynthus.agent import clock, lock, request, stop
from cynthus.agent.detached import detach
from cynthus.files import read_json

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt

_PATH = "/computeMetadata/v1/instance/preempted?wait_for_change=true&timeout_sec=5&last_etag="
"""Answered at once where it has changed since `last_etag`, else when it changes, or with the old value."""
_PATIENCE = 15.0
_SHORT = 0.5
"""The same for each half of an answer, where the machine is about to be gone."""
_PAUSE = 1.0
"""Seconds until a server that does not answer is asked again."""
REASON = "preempted: the cloud took the machine back"


def ensure(attempt: Attempt, server: str) -> None:
    """See to it that somebody listens."""
    if not lock.held(attempt.preemption_lock):
        detach(lambda: watch(attempt, server), log=attempt.agent_log)


def watch(attempt: Attempt, server: str) -> None:
    """Listen until the attempt has ended, or has no beat any more that would start us again; end it when told to."""
    if lock.acquire(attempt.preemption_lock, wait=False) is None:
        return
    etag = "0"
    while not attempt.exit.exists() and lock.held(attempt.agent_lock):
        try:
            preempted, etag = _ask(server, etag)
        except (OSError, http.client.HTTPException):
            time.sleep(_PAUSE)
            continue
        if preempted and attempt.folder.is_dir():
            request.ask(attempt.stop, REASON, at=clock.stamp(time.time()))
            stop.nudge(attempt)
            return


def is_on(attempt: Attempt) -> bool:
    """Whether the cloud takes the attempt's machine back just now, asked once and briefly; no where nobody says so."""
    try:
        return _ask(str((read_json(attempt.metadata) or {})["server"]), "0", _SHORT)[0]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False


def _ask(server: str, etag: str, patience: float = _PATIENCE) -> tuple[bool, str]:
    """Not by way of a proxy: it is a server of this machine alone."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=patience)
    try:
        connection.request("GET", _PATH + etag, headers={"Metadata-Flavor": "Google"})
        answer = connection.getresponse()
        said = answer.read(100).strip()
        if answer.status != 200 or answer.headers.get("Metadata-Flavor") != "Google":
            raise http.client.HTTPException
        return said == b"TRUE", answer.headers.get("ETag", "0")
    finally:
        connection.close()

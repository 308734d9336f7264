"""The process beside a run on a machine that a cloud may take back: it asks the machine's metadata server, which
answers when that happens. Only a spec that names such a server has one; nowhere else is anything asked."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cynthus.agent import clock, lock, request, stop
from cynthus.agent.detached import detach

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt

_PATH = "/computeMetadata/v1/instance/preempted?wait_for_change=true&timeout_sec=5&last_etag="
"""Answered at once where it has changed since `last_etag`, else when it changes, or with the old value."""
_PATIENCE = 15.0
_PAUSE = 1.0
"""Seconds until a server that does not answer is asked again."""
REASON = "preempted: the cloud takes the machine back"


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


def _ask(server: str, etag: str) -> tuple[bool, str]:
    """Not by way of a proxy: it is a server of this machine alone."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", _PATH + etag, headers={"Metadata-Flavor": "Google"})
        answer = connection.getresponse()
        said = answer.read(100).strip()
        if answer.status != 200 or answer.headers.get("Metadata-Flavor") != "Google":
            raise http.client.HTTPException
        return said == b"TRUE", answer.headers.get("ETag", "0")
    finally:
        connection.close()

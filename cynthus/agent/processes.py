"""The processes of a run: found by descent, and by the mark that each inherits in its environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "CYNTHUS_ATTEMPT"
"""The environment variable that holds the attempt's label."""

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends. Linux; elsewhere they go to init."""
    import ctypes

    try:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    except (AttributeError, OSError):
        return


def descendants(root: int) -> set[int]:
    """All living processes below `root`, itself not among them."""
    children: dict[int, list[int]] = {}
    for pid in _all():
        parent = _parent(pid)
        if parent is not None:
            children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def marked(label: str) -> set[int]:
    """All living processes that carry the label of an attempt, as far as we may look."""
    wanted = f"{MARK}={label}".encode()
    return {pid for pid in _all() if wanted in _environment(pid).split(b"\0") and _parent(pid) is not None}


def send(pids: Iterable[int], number: int) -> None:
    """Signal each; one that is gone already is fine."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def seconds(pid: int) -> float:
    """Of a processor, that it and its children that have ended have used; 0 for one that is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def reap() -> dict[int, int]:
    """The wait statuses of our children that have ended, by pid."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def outcome(status: int) -> tuple[int | None, int | None]:
    """Exit code and signal of a wait status; one of them is None."""
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    return os.WEXITSTATUS(status), None


def _all() -> list[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - many names, and only their names are wanted
    except OSError:
        return []
    return [int(name) for name in names if name.isdigit()]


def _parent(pid: int) -> int | None:
    """None for one that is gone, a zombie too."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[1])


def _environment(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return stream.read()
    except OSError:
        return b""

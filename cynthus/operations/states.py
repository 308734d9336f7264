"""Terraform's states that lie on this machine: each is looked at before it is used, copied around each apply, and put
back where a Terraform that was killed has left half of one."""

from __future__ import annotations

import fcntl
import shlex
from typing import TYPE_CHECKING

from cynthus.errors import StateCorrupt
from cynthus.files import read_json, write_atomic
from cynthus.operations.site import COMPUTE
from cynthus.state.aside import damage, set_aside
from cynthus.state.backup import backup, newest_copy
from cynthus.writing import reading, writing

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

STATE = "terraform.tfstate"
_LOOK = 0.05
"""Seconds between two looks at a state that a Terraform writes."""


def check_state(site: Site, root: str = COMPUTE) -> None:
    """See that a state on this machine is whole. Terraform takes an empty file for a state that holds nothing.

    Raises:
        StateCorrupt: it is not; where there is a copy of it, the hint puts that back.
    """
    state = site.root(root) / STATE
    problem, copy = damage(state), newest_copy(_copies(site, root))
    if problem is None or (copy is None and not state.stat().st_size):
        return
    back = f"`cp {shlex.quote(str(copy))} {shlex.quote(str(state))}` puts back its newest copy"
    gone = "put back a copy of it, or move it away and remove by hand what it knew of"
    raise StateCorrupt(f"{problem.message}; it says what Terraform has made", hint=back if copy else gone)


def keep_state(site: Site, root: str) -> None:
    """Copy it.

    Raises:
        FolderNotWritable, DiskFull: the copy cannot be written; earlier ones are untouched.
    """
    backup(site.root(root) / STATE, _copies(site, root))


def mend_states(tools: Tools, site: Site) -> None:
    """After an apply that was cut off: put back the newest copy of each state of which there is only half. Terraform
    writes it in place, and no kill waits for that.

    What was made since that copy is found in the cloud and taken over, and so is all of it where there is no copy yet.
    On a target of which nobody can ask what stands there is nothing to be done then, and `check_state` says so.
    """
    target = tools.targets.find(site.target)
    for root in target.roots:
        state = site.root(root) / STATE
        while _half(state):
            if _being_written(state):
                tools.clock.sleep(_LOOK)
                continue
            copy = newest_copy(_copies(site, root))
            if copy is None and not (target.makes and state.stat().st_size):
                # An empty one without a copy counts as never written, and what was made meanwhile is found.
                break
            _put_back(tools, state, copy)


def _put_back(tools: Tools, state: Path, copy: Path | None) -> None:
    with reading(copy or state):
        whole = copy.read_bytes() if copy else None
    told = f"a killed Terraform has left half of {state}"
    if state.stat().st_size:
        told += f", set aside as {set_aside(state, tools.clock.now()).name}"
    if whole is not None:
        with writing(state):
            write_atomic(state, whole, mode=0o600)
        told += "; its newest copy counts"
    tools.progress.warn(told)


def _half(state: Path) -> bool:
    """Whether it is there and ends somewhere. One that nobody may read is another matter."""
    try:
        read_json(state)
    except OSError:
        return False
    except ValueError:
        return True
    return False


def _being_written(state: Path) -> bool:
    """Whether a Terraform is at work with it, which has it locked all the time."""
    try:
        with open(state, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _copies(site: Site, root: str) -> Path:
    return site.paths.backups if root == COMPUTE else site.paths.backups / root

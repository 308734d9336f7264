"""What `engine: ray` puts in front of main.py, and around it: on each host of a run a node of one Ray cluster."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.agent import fellows as hosts
from cynthus.files import read_json

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt
    from cynthus.agent.fellows import Fellows
    from cynthus.agent.record import Ended
    from cynthus.agent.spec import Spec

TOKEN = "RAY_AUTH_TOKEN"  # noqa: S105 - a variable's name
"""What a program must show that wants something of the cluster: who reaches it may run whatever he likes there."""

_INSIDE = "/tmp/ray"  # noqa: S108 - of a container, with which it goes
"""Ray's folder in a container."""

END = "ended.json"
"""A file in Ray's folder: the node's last word."""

_ALONE_TOO = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_DOCKER_CPU_WARNING": "1"}


def variables(spec: Spec, run: str, fellows: Fellows) -> dict[str, str]:
    """What main.py is told of the other hosts. With an engine no ranks: it runs once, and whoever read there that
    it is one of several would wait for the others."""
    if spec.engine is None:
        return fellows.variables(run, spec.gpus)
    others = {"CYNTHUS_ADDRESSES": ",".join(fellows.addresses)} if fellows.several else {}
    return {**others, **_ALONE_TOO}


def secret_names(spec: Spec, fellows: Fellows) -> tuple[str, ...]:
    """The secrets that must have arrived. The hosts of a cluster have one token; a single host makes its own."""
    if spec.engine is None or not fellows.several or TOKEN in spec.secrets:
        return spec.secrets
    return (*spec.secrets, TOKEN)


def command(spec: Spec, run: str, fellows: Fellows, python: str, program: str, folder: str = "") -> tuple[str, ...]:
    """The command of the run, by the agent's `program` where it needs an engine; Ray's own files go to `folder`.

    Without one it is in a container.
    """
    if spec.engine is None:
        return spec.command
    several = ("--addresses", ",".join(fellows.addresses), "--port", str(hosts.port_of(run))) if fellows.several else ()
    place = ("--folder", folder) if folder else ("--folder", _INSIDE, "--inside", "container")
    return (
        python, "-I", "-S", program, "ray", *place, "--rank", str(fellows.rank), "--gpus", str(spec.gpus),
        *several, "--", *spec.command,
    )


def make_folder(attempt: Attempt) -> str:
    """A folder for Ray's files, with a short path: the system takes 107 bytes for that of a socket, and Ray adds 64.

    Raises:
        OSError: it cannot be made.
    """
    import tempfile  # few runs have an engine

    remove_folder(attempt)
    made = tempfile.mkdtemp(prefix="cynthus-", dir="/tmp")
    attempt.engine_folder.symlink_to(made)
    return made


def told_end(attempt: Attempt, ended: Ended) -> Ended:
    """How it ended; where nobody was there to see that, as the node itself has noted it in its folder.

    A node leaves well when the head does: that must not be lost with a supervisor that was killed long before.
    """
    if ended.exit_code is not None or ended.signal is not None:
        return ended
    with suppress(OSError, ValueError):
        code = (read_json(attempt.engine_folder / END) or {}).get("code")
        if isinstance(code, int):
            return ended._replace(exit_code=code if code >= 0 else None, signal=-code if code < 0 else None, reason="")
    return ended


def remove_folder(attempt: Attempt) -> None:
    """Delete it; fine where there is none."""
    try:
        target = Path(os.readlink(attempt.engine_folder))  # noqa: PTH115 - the text
    except OSError:
        return
    # A link that somebody else has put there leads nowhere for us.
    if target.parent == Path("/tmp") and target.name.startswith("cynthus-"):  # noqa: S108
        import shutil

        shutil.rmtree(target, ignore_errors=True)
    with suppress(OSError):
        attempt.engine_folder.unlink()

"""Whether this machine can have a test bed. What a bed needs is tried out, not guessed at."""

from __future__ import annotations

import functools
import os
import shutil
import sys

from cynthus.process import Command, run
from tests.bed import cgroups

_PROGRAMS = ("unshare", "nsenter", "setpriv", "ip", "ssh", "ssh-keygen", "openssl", "mmdebstrap", "apt-get", "dpkg-deb")
_TRIAL = """
set -e
ip link add bridge type bridge
ip link add one type veth peer name two
mount -t tmpfs tmpfs /tmp
mkdir /tmp/lower /tmp/upper /tmp/work /tmp/root
mount -t overlay overlay -o lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work /tmp/root
mount -t proc proc /tmp/root
"""
_APART = ("unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child")


@functools.cache
def unfit() -> str:
    """Why there can be no bed here; '' where there can be one."""
    if sys.platform != "linux":
        return "a test bed needs Linux"
    if os.geteuid() != 0:
        return "a test bed needs root"
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"a test bed needs {', '.join(missing)}"
    return _trial() or _no_cgroups()


def _trial() -> str:
    answer = run(Command((*_APART, "sh", "-c", _TRIAL)))
    said = answer.stderr.decode(errors="replace").strip().splitlines()
    return f"a test bed cannot be made here: {said[0] if said else answer.returncode}" if answer.returncode else ""


def _no_cgroups() -> str:
    name = f"cynthus-probe-{os.getpid()}"
    present = cgroups.hierarchies()
    if not present:
        return f"a test bed needs cgroups at {cgroups.ROOT}"
    try:
        for each in present:
            each.make(name, "probe")
    except OSError as error:
        return f"a test bed needs cgroups of its own: {error}"
    finally:
        cgroups.remove(name)
    return ""

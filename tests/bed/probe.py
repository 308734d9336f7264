"""Whether this machine can have a test bed. What a bed needs is tried out, not guessed at."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import sys

from cynthus.process import Command, run
from tests.bed import cgroups
from tests.bed.hub import SEARCHED

_PROGRAMS = ("unshare", "nsenter", "setpriv", "ip", "ssh", "ssh-keygen", "openssl", "mmdebstrap", "apt-get", "dpkg-deb")
_FOR_MACHINES = ("qemu-system-x86_64", "qemu-img", "xorriso", "mkfs.ext4")
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


def unfit_for_machines() -> str:
    """Why there can be no virtual machine here; '' where there can be one. Whether it has KVM is no reason."""
    if platform.machine() != "x86_64":
        return f"virtual machines of the test bed are x86_64, and this one is {platform.machine()}"
    missing = [name for name in _FOR_MACHINES if shutil.which(name, path=SEARCHED) is None]
    # Its disk is made of the tree below all hosts.
    return f"a virtual machine needs {', '.join(missing)}" if missing else unfit()


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

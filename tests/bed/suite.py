"""The suites that hosts can be of, by their code names: the machine's own, and others of its distribution."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from cynthus.process import Command, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPONENTS = ("main", "universe")
_DOCKER = {"trixie": ("docker.io", "docker-cli", "docker-buildx")}


def usual() -> str:
    """The suite of hosts where nobody asks for another: that of this machine, or what CYNTHUS_TEST_SUITE names."""
    return os.environ.get("CYNTHUS_TEST_SUITE") or _own()


def docker(suite: str) -> tuple[str, ...]:
    """The packages that make Docker: some suites have split the command from the engine."""
    return _DOCKER.get(suite, ("docker.io",))


def sources(suite: str) -> str:
    """The sources of a suite, as apt wants them; '' where the machine has none of its own.

    They are those of the distribution itself: mirrors, security updates and all, but nobody else's packages. A mirror
    of one suite is taken to have the others.
    """
    return "".join(f"deb {line}\n" for line in sorted(set(_lines(suite))))


def _lines(suite: str) -> Iterator[str]:
    asked = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    own = _own()
    for line in run(Command(asked)).stdout.decode().splitlines():
        uri, release, component = line.split()
        # bookworm, bookworm-updates, bookworm-security
        name, dash, pocket = release.partition("-")
        if name == own and component in _COMPONENTS:
            yield f"{uri} {suite}{dash}{pocket} {component}"


def _own() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")

"""What apt and dpkg know. Nothing is installed, and no lock is taken."""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING

from host import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from host import Host

_UNCHECKED = (
    "Acquire::https::Verify-Peer=false", "Acquire::Retries=0", "Acquire::http::Timeout=5", "Acquire::https::Timeout=5",
    "APT::Sandbox::User=root",
)  # fmt: skip


def installed(*names: str) -> dict[str, str]:
    """The version of each of these packages that is installed; a name may hold `*`."""
    answer = ask("dpkg-query", "-W", "-f=${db:Status-Status} ${Package} ${Version}\\n", *names)
    rows = (line.split() for line in answer.out.splitlines())
    return {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "installed"}


def known(names: Sequence[str]) -> set[str]:
    """Those of the packages that apt could install."""
    out = ask("apt-cache", "policy", *names).out
    return set(re.findall(r"^(\S+):\n.*\n  Candidate: (?!\(none\))\S", out, re.MULTILINE))


def simulated(packages: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What would be installed, with versions, and what removed. Empty where apt does not know the packages yet."""
    out = ask("apt-get", "-s", "-qq", "--no-install-recommends", "install", *packages).out
    new = dict(re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", out, re.MULTILINE))
    return new, re.findall(r"^Remv (\S+)", out, re.MULTILINE)


def reachable(url: str) -> bool:
    """Whether apt could fetch `url`, with whatever proxies it is set up for.

    Only whether it answers: a bare system has no certificates yet, and nothing of what comes is used.
    """
    options = [word for setting in _UNCHECKED for word in ("-o", setting)]
    with tempfile.TemporaryDirectory() as folder:
        return ask("apt-helper", *options, "download-file", url, f"{folder}/file").code == 0


def source_naming(host: Host, word: str) -> str:
    """The file in which a repository with `word` in its address is named already; empty where none is.

    Two files that name one repository with different keys make apt refuse to work at all.
    """
    for path in sorted((host.root / "etc/apt").glob("sources.list.d/*")):
        if path.suffix in (".list", ".sources") and word in host.text(str(path.relative_to(host.root))):
            return str(path)
    return ""

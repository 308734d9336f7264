"""What apt and dpkg of a host say of packages. Nothing here changes anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from asked import Unsure, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SHARED = re.compile(r"ca-certificates$|linux-headers-")
"""What others need without saying so: it stays."""


def ours(names: Iterable[str]) -> list[str]:
    """Those that may become ours at all."""
    return [name for name in names if not _SHARED.match(name)]


def states(names: Sequence[str]) -> dict[str, str]:
    """The state of each of them that dpkg knows, in its own word.

    Raises:
        Unsure: it cannot tell.
    """
    if not names:
        return {}
    answer = ask("dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\\n", *names)
    if answer.code not in (0, 1):  # 1: some of them it does not know
        said = answer.err.strip()[-200:]
        raise Unsure(f"dpkg cannot tell what is installed: {said}", "`sudo dpkg --configure -a` there")
    rows = (line.split() for line in answer.out.splitlines())
    return {row[1]: row[0] for row in rows if len(row) == 2}


def installed(names: Sequence[str]) -> set[str]:
    """Those of them that are on the host, be it only in part."""
    return {name for name, state in states(names).items() if state not in ("not-installed", "config-files")}


def coming(asked: Sequence[str]) -> list[str]:
    """What an installation of these would bring that is not there. apt may not know them yet: then they alone."""
    if not asked:
        return []
    out = ask("apt-get", "-s", "-qq", "--no-install-recommends", "install", *asked).out
    new = ours(re.findall(r"^Inst (\S+) \(", out, re.MULTILINE))
    there = installed([*asked, *new])
    return [name for name in dict.fromkeys([*new, *asked]) if name not in there]


def removable(noted: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Our packages that nothing else needs, and packages of others that need one that was asked for.

    Raises:
        Unsure: dpkg or apt cannot tell.
    """
    there = installed(ours(noted["packages"]))
    asked = sorted(there & set(noted["asked"]))
    needed_by = [name for name in _purged(*asked) if name not in there] if asked else []
    return [name for name in _purged("--auto-remove", *asked) if name in there] if there else [], needed_by


def _purged(*words: str) -> list[str]:
    answer = ask("apt-get", "-s", "-qq", "purge", *words)
    if answer.code:
        said = answer.err.strip()[-200:]
        raise Unsure(f"apt cannot tell what it would remove: {said}", "`sudo apt --fix-broken install` there")
    return re.findall(r"^(?:Purg|Remv) (\S+)", answer.out, re.MULTILINE)

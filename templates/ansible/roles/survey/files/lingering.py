"""Whether units of a user run without a session of theirs, which systemd calls lingering."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from host import ask, is_root, this_user

if TYPE_CHECKING:
    from findings import Findings
    from host import Host

_BY_THEMSELVES = 'exec pkcheck --action-id org.freedesktop.login1.set-self-linger --process "$$"'
"""Users are asked about by polkit. Where that is not installed, as on many a Debian, only root may do anything."""


def look(host: Host) -> str:
    """"on", "user" where the user may switch it on, "root" where only root may; "" where there is nothing to switch."""
    if host.user == "root" or not host.has_systemd or ask("loginctl", "list-users").code:
        return ""
    if (host.root / "var/lib/systemd/linger" / host.user).exists():
        return "on"
    if is_root() and host.user != this_user():
        return "root" if ask("runuser", "-u", host.user, "--", "sh", "-c", _BY_THEMSELVES).code else "user"
    return "root" if not shutil.which("pkcheck") or ask("sh", "-c", _BY_THEMSELVES).code else "user"


def plan(host: Host, findings: Findings) -> None:
    """Where the user may switch it on, the agent sees to that, and takes it back."""
    if look(host) == "root":
        why = "without it nobody looks after a run there once its agent was killed or the machine started again"
        findings.change(f"lingering for {host.user}", "install", why)

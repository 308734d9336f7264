"""`catalog update`: what a cloud has to sell and for how much, asked anew and kept for this user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import UsageError

if TYPE_CHECKING:
    from cynthus.core.renewal import Renewal
    from cynthus.operations.tools import Tools


class Wanted(Struct, frozen=True):
    """What was typed."""

    target: str = "gcp"
    project: str = ""
    dry_run: bool = False


def update(tools: Tools, wanted: Wanted) -> Renewal:
    """Ask, and keep what was said.

    Raises:
        UsageError: nothing is sold there.
        NotLoggedIn, ExtraMissing: nobody knows who asks, or in which cloud project.
        CloudFailed, StateTooNew, FolderNotWritable: nothing was kept.
    """
    target = tools.targets.find(wanted.target)
    with tools.progress.step("asking for machines and prices"):
        renewal = target.renew(tools.clock.now().date(), wanted.project, keep=not wanted.dry_run)
    if renewal is None:
        raise UsageError(f"the target {wanted.target} sells nothing: its machines are yours", hint="try --target gcp")
    return renewal

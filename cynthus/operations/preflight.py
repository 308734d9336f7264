"""Whether what would be made can be had: asked while Terraform plans, so that it takes no time of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, ProjectUnfit, TerraformFailed, UsageError
from cynthus.operations.edits import edits_fingerprint
from cynthus.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from cynthus.core.finding import Finding
    from cynthus.core.plan import Plan
    from cynthus.operations.failover import Placed
    from cynthus.operations.offer import Prepared
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.preflight import Preflight

PATIENCE = 2.0
"""Seconds that a question has to be answered, or as long as the plan takes."""


class Asked:
    """Questions that were sent off, all at once."""

    def __init__(self, preflight: Preflight) -> None:
        questions = preflight.questions
        self._until = time.monotonic() + PATIENCE
        self._futures = dict(zip(questions, side_by_side([*questions.values()]), strict=True))

    def amiss(self, tools: Tools) -> tuple[Finding, ...]:
        """What is not fine: errors alone where there are some. What nobody can tell, or tells too late, is left out."""
        from concurrent.futures import wait

        _, late = wait(self._futures.values(), timeout=max(0.0, self._until - time.monotonic()))
        slow = [name for name, future in self._futures.items() if future in late]
        if slow:
            tools.progress.note(f"not known, for nobody has answered yet: {', '.join(slow)}")
        told = (each for future in self._futures.values() if future not in late for each in _told(future))
        # All of them hear it where nobody pays.
        wrong = {each.message: each for each in told if each.level != "ok"}.values()
        return tuple(each for each in wrong if each.level == "error") or tuple(wrong)


def _told(future: Future[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return future.result()
    except (CynthusError, LookupError, TypeError, ValueError, AttributeError):
        # Or it is no answer that anybody would give. What matters of it is said by who makes things.
        return ()


def asked(tools: Tools, site: Site, preflight: Preflight | None) -> Asked | None:
    """Send the questions off; None where there are none, or hosts stand: then most often nothing is made."""
    if preflight is None or not tools.settings.preflight or _stand(site):
        return None
    return Asked(preflight)


def checked(
    tools: Tools, site: Site, placed: Placed, roots: Sequence[str], plan: Callable[[], Prepared], *, yes: bool
) -> Prepared:
    """Plan these roots, and see meanwhile whether what they make can be had. What is off and can be switched on is, if
    somebody says yes; then it is planned again, if it could not be before.

    Raises:
        ProjectUnfit: it cannot be had, or nothing can be planned.
        UsageError, ConfirmationNeeded: nobody said yes.
    """
    preflight = placed.target.preflight(placed.app.spec, placed.placement, roots) if tools.settings.preflight else None
    if preflight is None:
        return plan()
    sent, ask = asked(tools, site, preflight), partial(Asked, preflight)
    try:
        prepared = plan()
    except (ProjectUnfit, TerraformFailed) as error:
        wrong = (sent or ask()).amiss(tools)
        if not _only_off(wrong):
            if isinstance(error, ProjectUnfit):
                _refuse(wrong)
            raise
        _enable(tools, preflight, wrong, yes=yes)
        sent = ask()
        prepared = plan()
    if makes_some(prepared.plan):
        wrong = (sent or ask()).amiss(tools)
        if _only_off(wrong):
            _enable(tools, preflight, wrong, yes=yes)
            wrong = ask().amiss(tools)
        _judge(tools, site, placed, wrong)
    return prepared


def _judge(tools: Tools, site: Site, placed: Placed, wrong: Sequence[Finding]) -> None:
    """Warn of what is doubtful, and end it for what is sure: not where the user has edited the files, for nobody knows
    here what these ask for.

    Raises:
        ProjectUnfit: something is.
    """
    if not edits_fingerprint(site, placed.target):
        _refuse(wrong)
    for each in wrong:
        # Where hosts stand their own are among what is in use.
        if each.level == "error" or not _stand(site):
            tools.progress.warn(f"{each.check}: {each.message}; {each.fix}")


def makes_some(plan: Plan) -> bool:
    """Whether something would be there that is not."""
    return any(change.action in ("create", "replace") for change in plan.changes)


def _stand(site: Site) -> bool:
    return bool(site.hosts) and not site.hosts_gone


def _only_off(wrong: Sequence[Finding]) -> bool:
    return bool(wrong) and all(each.enables for each in wrong)


def _enable(tools: Tools, preflight: Preflight, wrong: Sequence[Finding], *, yes: bool) -> None:
    names = [name for each in wrong for name in each.enables]
    for each in wrong:
        tools.progress.note(f"  ! {each.message}")
    tools.progress.note("    enabling that changes the cloud project, and costs nothing by itself")
    consequence = f"this would enable {', '.join(names)}"
    if not yes and not tools.person.confirm("Enable them?", consequence=consequence):
        raise UsageError("nothing was made: you said no", hint=wrong[0].fix)
    with tools.progress.step(f"Enable {', '.join(names)}") as step:
        preflight.enable(names, step.activity)


def _refuse(wrong: Sequence[Finding]) -> None:
    """Raises: ProjectUnfit, where something is."""
    errors = [each for each in wrong if each.level == "error"]
    for first in errors[:1]:
        others = (f"{each.check}: {each.message}; {each.fix}" for each in errors[1:])
        raise ProjectUnfit(first.message, hint=f"{first.fix}; nothing was made", details=tuple(others))

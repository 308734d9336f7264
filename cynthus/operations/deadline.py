"""A run on a machine that the cloud removes: it is ended early enough to be saved, and nobody leaves the clock out that
keeps a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.allowance import SAVING
from cynthus.core.clock import parse_stamp
from cynthus.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cynthus.core.spec import AppSpec


def in_time(document: Mapping[str, object], expires_at: str | None, now: datetime) -> dict[str, object]:
    """What changes in the document of a run that begins now: it may take no longer than its machine lives. Of a machine
    that is about to go, half of what is left."""
    if expires_at is None:
        return {}
    rest = int((parse_stamp(expires_at) - now).total_seconds())
    allowed, limit = max(rest - SAVING, rest // 2, 1), document.get("max_duration")
    return {} if isinstance(limit, int | float) and limit <= allowed else {"max_duration": allowed}


def insist_on_deadline(spec: AppSpec) -> None:
    """Check that nothing is asked for that only the cloud's clock can give.

    Raises:
        UsageError: something is.
    """
    if spec.limits.max_cost is not None:
        raise UsageError(
            "`max_cost` is kept by the cloud's clock, and --no-deadline leaves that out",
            hint="leave one of the two out; machines that stand without it are removed by `cynthus down`",
        )
    if spec.resources.flex_start:
        raise UsageError(
            "Google makes no machine by `flex_start: true` without a deadline, and --no-deadline leaves that out",
            hint="leave one of the two out",
        )

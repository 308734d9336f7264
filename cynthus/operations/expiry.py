"""When the cloud itself removes the hosts: computed once, when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.clock import parse_label, stamp
from cynthus.files import read_json

if TYPE_CHECKING:
    from cynthus.operations.site import Site


def expiry(site: Site) -> str | None:
    """By what the hosts were, or are about to be, made with; None where nobody removes them."""
    try:
        told = (read_json(site.paths.runtime_tfvars) or {}).get("expires")
        return stamp(parse_label(str(told))) if told else None
    except (OSError, ValueError):
        # Told as unknown: the clock is the cloud's, and runs all the same.
        return None

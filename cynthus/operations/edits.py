"""The user's edits of the rendered files, as far as they matter to the verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.operations.infrastructure import workspace

if TYPE_CHECKING:
    from cynthus.operations.site import Site
    from cynthus.targets.base import Target


def edits_fingerprint(site: Site, target: Target) -> str:
    """Another text for each state of the user's edits in all roots; "" where there are none."""
    return "".join(workspace(site, root).fingerprint() for root in target.roots)

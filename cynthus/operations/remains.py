"""What exists at this moment and how to go on: the answer to Ctrl-C."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError, Interrupted
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@contextmanager
def explained(site: Site) -> Iterator[None]:
    """An interruption says what exists now and how to go on."""
    try:
        yield
    except (KeyboardInterrupt, Interrupted) as error:
        said = error.message if isinstance(error, CynthusError) else "interrupted"
        raise Interrupted(f"{said}; {what_exists(site)}", hint=how_to_go_on(site)) from error


@contextmanager
def cost_told(tools: Tools, site: Site) -> Iterator[None]:
    """An error after hosts were made also says that they go on costing, and until when."""
    try:
        yield
    except CynthusError as error:
        if site.hosts and tools.targets.find(site.target).makes:
            end = site.entry.expires_at if site.entry else None
            until = f", or the cloud does at {end}" if end else ""
            error.hint = f"{error.hint}; what was made costs until `cynthus down` removes it{until}"
        raise


def what_exists(site: Site) -> str:
    """Read from the files alone, so that it can be said at any moment."""
    run = site.runs.newest()
    return _made(site) + (f", run {run.id} is {run.state}" if run else ", no run has started")


def how_to_go_on(site: Site) -> str:
    """What to type next."""
    folder = shlex.quote(str(site.folder))
    return f"`cynthus up {folder}` goes on from here, `cynthus down {folder}` removes it"


def _made(site: Site) -> str:
    count = resource_count(site.root())
    if count is None:
        return f"the state of Terraform that tells what has been made of {site.id} cannot be looked into from here"
    return f"Terraform holds {count} resource{'s' * (count != 1)} of {site.id}" if count else "nothing has been made"

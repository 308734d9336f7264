"""What outlives the hosts: runs that were saved in a bucket of the deployment, and what nobody here can remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import HostUnreachable, PullFailed
from cynthus.operations.saved import bucket_of, readers
from cynthus.operations.site import COMPUTE
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


def insist_on_saved(tools: Tools, site: Site) -> None:
    """Keep the bucket of a deployment while it has, or may have, what a run saved and nobody has brought home.

    Raises:
        PullFailed: so it is.
    """
    if not tools.targets.find(site.target).makes:
        return
    for run in site.runs.all():
        if run.started_at and not run.pulled:
            bucket = bucket_of(site, run)
            why = _kept(tools, site, run)
            if bucket is not None and why:
                raise PullFailed(
                    f"what run {run.id} saved in {bucket} is not at home{why}; nothing was removed",
                    hint="mend that and run it again, or add --discard to lose what is not home",
                )


def _kept(tools: Tools, site: Site, run: Run) -> str:
    """Why something of the run may lie in the bucket alone; '' where nothing does."""
    try:
        saved = [agent for agent in readers(tools, site, run) if agent.gone and agent.present]
    except HostUnreachable as error:
        return f": {error.message}"
    return ", and its machine is gone" if saved else ""


def tell_gone(tools: Tools, site: Site) -> None:
    """Say which machines nobody has to remove, since the cloud has."""
    gone = ", ".join(sorted(site.gone)) or ("its machines" if site.phase == "gone" else "")
    if gone:
        tools.progress.note(f"{gone}: gone already, so nobody has to remove them")


def tell_left_in_cloud(tools: Tools, site: Site) -> None:
    """Warn of what was made for a deployment whose folder is gone, and with it Terraform's state."""
    until = site.entry.expires_at if site.entry else None
    machines = f"its machines are removed at {until}" if until else "its machines stay, and cost"
    tools.progress.warn(
        f"without {site.folder} nothing that was made for {site.id} can be removed from here: {machines}; all of it "
        "has that id in its name, and `cynthus gc` finds it"
    )


def what_outlives(tools: Tools, site: Site) -> tuple[str, ...]:
    """What there is of a deployment without a host, with what it costs by the month; nothing where there is nothing."""
    target = tools.targets.find(site.target)
    longest = target.roots[0]
    if longest == COMPUTE or not site.folder.is_dir() or resource_count(site.root(longest)) == 0:
        return ()
    return target.stays(site.id, site.root(longest))

"""Removing what Terraform has made in a root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.operations import infrastructure, roots
from cynthus.operations.adopting import remove_unknown
from cynthus.operations.offer import describe
from cynthus.operations.refused import refusals_told
from cynthus.operations.site import COMPUTE
from cynthus.terraform.state_file import resource_count

if TYPE_CHECKING:
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal


def remove_root(tools: Tools, site: Site, journal: Journal, root: str = COMPUTE) -> bool:
    """Remove all that the state of the root knows; whether it knew anything."""
    if not site.root(root).is_dir():
        return False
    of_hosts = root == COMPUTE
    name, words = ("destroy", "Remove the hosts") if of_hosts else (f"destroy {root}", f"Remove the {root}")
    with tools.progress.step(words) as step, journal.step(name):
        terraform = roots.open_terraform(tools, site, step, root)
        tools.targets.find(site.target).insist_on_state(site.root(root))
        if resource_count(site.root(root)) is None:
            # A state that lies elsewhere: in a clone Terraform does not know yet where.
            with refusals_told(tools, site, root):
                terraform.init()
        unknown = remove_unknown(tools, site, root, terraform)
        if not terraform.resources():
            if unknown:
                return True
            step.result("they were gone already" if of_hosts and site.hosts_gone else "there were none")
            return False
        roots.forget_applied(site, (root,))
        infrastructure.mend(tools, site, root)
        try:
            with refusals_told(tools, site, root):
                with roots.deleted_files_told(site, root):
                    terraform.init()
                    files = roots.var_files(tools, site, root)
                    plan = terraform.plan(site.paths.plan(root), var_files=files, destroy=True)
                roots.apply_saved(terraform, site, root)
        finally:
            roots.forget_plans(site, (root,))
        step.result(describe(plan, done=True))
    if of_hosts:
        # Their clock was theirs: the next ones get one of their own.
        site.paths.runtime_tfvars.unlink(missing_ok=True)
    return True

"""Which deployment a folder stands for: minted at the first render, kept in the committed tfvars."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.core.names import mint_deployment_id
from cynthus.errors import UsageError
from cynthus.operations.mend import mend_entry
from cynthus.operations.site import COMPUTE, Site, as_it_stands
from cynthus.render.workspace import read_deployment_id
from cynthus.state.folder import DeploymentFolder
from cynthus.state.identity import Standing, standing

if TYPE_CHECKING:
    from cynthus.core.spec import AppSpec
    from cynthus.operations.tools import Tools


def look_up(tools: Tools, folder: Path, spec: AppSpec) -> tuple[Site, Path | None]:
    """The site of `folder`, and the folder that it is a copy of, if it is one. Nothing is touched.

    A copied folder gets an id of its own, a moved one keeps its id.
    """
    root = Path("infra") / spec.target / COMPUTE
    found = read_deployment_id(folder / root)
    if found is None:
        return _known(tools, folder, spec) or _fresh(tools, folder, spec), None
    entry = tools.index.known(found)
    where = Path(entry.folder) if entry else None
    if standing(folder, where, found, lambda other: read_deployment_id(other / root)) is Standing.COPIED:
        return _fresh(tools, folder, spec), where
    return Site(folder, spec.target, found, spec.name, entry), None


def identify(tools: Tools, folder: Path, spec: AppSpec, *, yes: bool) -> Site:
    """The site of `folder`, which the caller holds. That a copy gets an id of its own is asked first.

    Raises:
        ConfirmationNeeded: the folder is a copy and nobody is there to ask.
        UsageError: the answer was no.
    """
    site, original = look_up(tools, folder, spec)
    if original is not None:
        root = folder / "infra" / spec.target / COMPUTE
        _confirm_copy(tools, folder, str(original), yes=yes)
        copied = DeploymentFolder(folder, read_deployment_id(root) or site.id)
        _leave_original(root, copied, site.paths)
    return as_it_stands(tools, mend_entry(tools, site))


def _known(tools: Tools, folder: Path, spec: AppSpec) -> Site | None:
    """The deployment that the index has for the folder: its files were never written, or somebody deleted them."""
    entries = [entry for entry in tools.index.by_folder(folder) if entry.target == spec.target]
    return Site(folder, spec.target, entries[-1].id, spec.name, entries[-1]) if entries else None


def _fresh(tools: Tools, folder: Path, spec: AppSpec) -> Site:
    return Site(folder, spec.target, mint_deployment_id(spec.name, tools.random), spec.name, None)


def _confirm_copy(tools: Tools, folder: Path, original: str, *, yes: bool) -> None:
    said = f"{folder} is a copy of {original}, whose deployment still stands"
    if yes:
        tools.progress.note(f"{said}: this folder gets a deployment of its own")
    elif not tools.person.confirm(f"{said}. Give this folder a deployment of its own?", consequence=said):
        raise UsageError(said, hint=f"work in {original}, or say yes to make a second deployment")


def _leave_original(root: Path, original: DeploymentFolder, own: DeploymentFolder) -> None:
    """The copied state describes the original's resources: it moves aside; the merge base of edits comes along."""
    own.create()
    for state in ("terraform.tfstate", "terraform.tfstate.backup"):
        if (root / state).exists():
            os.replace(root / state, own.backups / f"copied-{state}")
    if original.pristine.is_dir() and not own.pristine.exists():
        shutil.copytree(original.pristine, own.pristine)

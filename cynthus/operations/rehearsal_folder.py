"""The folders of a rehearsal: what it has of the user's, who gets nothing written into theirs."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.agent import listing
from cynthus.core.names import is_deployment_id
from cynthus.state.folder import OURS, DeploymentFolder

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.spec import AppSpec

LEFT_BEHIND = shutil.ignore_patterns(".terraform", "terraform.tfstate*", "*.tfplan", "errored.tfstate")
"""What of `infra/` is no text of the user's: the real state stays where it is, and providers are had again."""


class _Layout(Struct, frozen=True):
    """All of the folder that may belong to a source, for what an image is made of need not lie in it."""

    outputs: str
    checkpoints: str
    source: str = "."
    data: tuple[listing.Entry, ...] = ()
    preprocess: tuple[str, ...] = ()


class _Entry(Struct, frozen=True):
    path: str
    wanted: None = None


def copied(folder: Path, to: Path) -> Path:
    """What the user made of the rendered files, and what they are merged with. All else is linked, for modules may lie
    there; nothing is written there before a run begins."""
    to.mkdir()
    for each in folder.iterdir():
        if each.name not in ("infra", OURS):
            (to / each.name).symlink_to(each)
    if (folder / "infra").is_dir():
        shutil.copytree(folder / "infra", to / "infra", symlinks=True, ignore=LEFT_BEHIND)
    for records in (folder / OURS).glob("*"):
        if is_deployment_id(records.name):
            pristine = DeploymentFolder(folder, records.name).pristine
            if pristine.is_dir():
                shutil.copytree(pristine, DeploymentFolder(to, records.name).pristine, symlinks=True)
    return to


def source_copied(folder: Path, spec: AppSpec, data: list[str], to: Path, rendered: Path) -> Path:
    """What a source and an image are made of: files, for a link that leads out of a source is refused. `data` are the
    paths of what lies in the folder and is none of it; `rendered` is the folder that has the rehearsal's `infra/`."""
    to.mkdir()
    own = spec.preprocess.run if spec.preprocess else ()
    layout = _Layout(spec.outputs, spec.checkpoints, data=tuple(_Entry(each) for each in data), preprocess=own)
    for item in listing.seen(folder, layout):
        copy = to / item.path
        if stat.S_ISDIR(item.found.st_mode):
            copy.mkdir(parents=True, exist_ok=True)
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(folder / item.path, copy, follow_symlinks=False)
        except PermissionError:
            # It need not be of the source; where it is, whoever packs that says so.
            copy.touch(mode=0)
    (to / "infra").symlink_to(rendered / "infra")
    return to

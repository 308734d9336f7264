"""What stands of a root though Terraform's state does not know it, for a crash came between the two: it is taken over
by import blocks, which lie in the root only while it is planned."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cynthus.core.names import ADOPTED
from cynthus.errors import CynthusError, NotPermitted
from cynthus.files import write_atomic
from cynthus.operations.site import COMPUTE
from cynthus.render.documents import read_document
from cynthus.render.folder import TFVARS
from cynthus.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.terraform.client import Terraform


@contextmanager
def adopting(tools: Tools, site: Site, root: str, terraform: Terraform) -> Iterator[None]:
    """Have import blocks in the root for what is to be taken over, as long as the block lasts.

    Raises:
        ProjectUnfit, NotLoggedIn, CloudFailed: nothing can be made there, not by whoever asks, or not now.
    """
    file = site.root(root) / ADOPTED
    # One of a plan that was killed.
    file.unlink(missing_ok=True)
    found = _found(tools, site, root, terraform)
    if found:
        tools.progress.note(f"there already, and taken over: {', '.join(sorted(found))}")
        with writing(file):
            write_atomic(file, _blocks(found))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def remove_unknown(tools: Tools, site: Site, root: str, terraform: Terraform) -> bool:
    """Remove what stands of a root though no state knows of it; whether there was any. Terraform imports nothing in
    order to destroy it, and what it does know of cannot go as long as the rest uses it."""
    target = tools.targets.find(site.target)
    if not target.makes or _complete(site, root):
        return False
    try:
        removed = target.remove_unknown(site.id, root, _values(site.root(root)), terraform.resources())
    except CynthusError as error:
        left = "a machine" if root == COMPUTE else "something else"
        tools.progress.warn(f"nobody can tell whether a crash has left {left}: {error.message}")
        return False
    if removed:
        tools.progress.note(f"removed, though no state knew of it: {', '.join(removed)}")
    return bool(removed)


def _found(tools: Tools, site: Site, root: str, terraform: Terraform) -> Mapping[str, str]:
    target = tools.targets.find(site.target)
    if not target.makes or _complete(site, root):
        return {}
    try:
        return target.existing(site.id, root, _values(site.root(root)), terraform.resources())
    except NotPermitted as error:
        # Whoever may make things need not be allowed to look at them; Terraform will say it, if it matters. All else it
        # would only find out later, and piece by piece, or not at all for as long as nobody answers.
        tools.progress.warn(f"nobody can tell whether anything is there already: {error.message}")
        return {}


def _complete(site: Site, root: str) -> bool:
    """Whether the last apply came to its end, so that the state knows all."""
    if root == COMPUTE:
        return site.entry is not None and site.entry.phase == "up" and bool(site.entry.hosts)
    return site.paths.applied(root).exists()


def _values(root: Path) -> Mapping[str, object]:
    with suppress(OSError, ValueError, RecursionError):
        return read_document((root / TFVARS).read_bytes())
    return {}


def _blocks(found: Mapping[str, str]) -> bytes:
    blocks = [f"import {{\n  to = {address}\n  id = {json.dumps(id_)}\n}}\n" for address, id_ in sorted(found.items())]
    return "\n".join(blocks).encode()

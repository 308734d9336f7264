"""What a cloud means that refuses something of Terraform's: Terraform passes on its words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cynthus.errors import TerraformFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


@contextmanager
def refusals_told(tools: Tools, site: Site, root: str) -> Iterator[None]:
    """Where Terraform fails for what the target knows, say that first, and what to do; its own words stay below."""
    try:
        yield
    except TerraformFailed as error:
        folder, said = site.root(root), "\n".join((error.message, *error.details))
        refusal = tools.targets.find(site.target).understood(said, folder)
        if refusal is None:
            raise
        command, found, _ = error.message.partition(f"{folder}: ")
        where = f"{command}{folder}" if found else f"Terraform failed in {folder}"
        raise TerraformFailed(
            f"{where}: {refusal.message}",
            hint=f"{refusal.hint}; {error.hint}",
            details=error.details or (error.message,),
        ) from error

"""What `gc` came to, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins

from cynthus.cli.documents import Document, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.core.leftover import Leftover
    from cynthus.operations.gc import Swept


def leftovers(swept: Swept, *, dry_run: bool) -> Document:
    """What `gc` has found in a cloud, and what became of each."""
    return document(
        "leftovers",
        place=swept.place,
        dry_run=dry_run,
        leftovers=list(_leftovers(swept, dry_run=dry_run)),
        unseen=[to_builtins(each) for each in swept.unseen],
        removed=swept.removed,
    )


def _leftovers(swept: Swept, *, dry_run: bool) -> Iterator[Document]:
    left = swept.tried
    for each in swept.found:
        problem = swept.problems.get(each.address)
        if each.goes and not dry_run and not left:
            problem = "it was not tried any more"
        left -= each.goes and left > 0
        became = "stays" if not each.goes else "found" if dry_run else "failed" if problem else "removed"
        yield _leftover(each, became, problem)


def _leftover(each: Leftover, became: str, problem: str | None) -> Document:
    return {
        "kind": each.kind,
        "name": each.name,
        "place": each.place,
        "address": each.address,
        "deployment": each.deployment,
        "owner": each.owner,
        "expires_at": each.expires_at,
        "became": became,
        "why": each.why,
        "problem": problem,
    }

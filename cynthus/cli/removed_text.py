"""What `down` and `destroy` say at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.cli.bill_text import in_all

if TYPE_CHECKING:
    from cynthus.operations.down import Removed


def removed_text(removed: Removed) -> str:
    """One line, or two where there is something to do."""
    site = removed.site
    if site is None:
        return "there is nothing to remove"
    if not removed.known:
        return (
            f"{site.id} was not up from here, so nothing was removed; if it is up from another machine, it still is\n"
            "  next: `cynthus down` there, or `cynthus up` here, which attaches to it, and then `cynthus down`"
        )
    word = "gone" if removed.forgotten else "down"
    rest = "what is left is named above" if removed.left else "nothing of it is left running"
    stays = "".join(f"\n  stays: {line}" for line in removed.stays)
    way_out = "\n  next: `cynthus destroy` removes that too" if stays else ""
    cost = in_all(removed.bill)
    return f"{site.id} is {word}; {rest}{f'; it cost {cost}' if cost else ''}{stays}{way_out}"

"""Packages of Debian's or Ubuntu's in an image, whose base is a system of that kind."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def command(packages: Sequence[str]) -> str:
    """The words of a shell that install them, asking nobody, and leave no lists of packages behind."""
    named = " ".join(shlex.quote(each) for each in packages)
    return (
        "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "
        f"{named} && rm -rf /var/lib/apt/lists/*"
    )

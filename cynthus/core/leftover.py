"""What is left over in a cloud: it has our mark, and no record claims it or its time is up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime


class Leftover(Struct, frozen=True):
    """One thing with our mark. It is to be removed where it `goes`; `why` says why, or why it stays.

    `address` is how the cloud's interface calls it, and `identity` tells it from a later one of the same address.
    """

    kind: str
    name: str
    place: str
    deployment: str
    address: str
    identity: str
    goes: bool
    why: str
    owner: str | None = None
    expires_at: str | None = None
    overdue: bool = False
    """Whether its time is up: then it goes although a record claims it."""
    loss: str = ""
    """What is lost with it. It goes only where somebody typed that this may be."""


class Unseen(Struct, frozen=True):
    """A kind of which nobody can tell what there is. `harmless`: nothing of it can be there."""

    kind: str
    why: str
    harmless: bool = False


class Sweep(Struct, frozen=True):
    """What is looked for. `project` names the cloud project; '' leaves that to the folder and the environment.

    `claims` says, by the records as they are when it is asked, whether a deployment is one of this user's.
    """

    now: datetime
    claims: Callable[[str], bool]
    project: str = ""
    discard: bool = False
    all_owners: bool = False


class Leftovers(Struct, frozen=True):
    """Those of one place, in the order in which they can be removed. They are looked for as somebody goes through."""

    place: str
    each: Iterator[Leftover | Unseen]


class Removal(Struct, frozen=True):
    """What came of removing one: gone, or the `problem` because of which it may still be there."""

    leftover: Leftover
    problem: str = ""

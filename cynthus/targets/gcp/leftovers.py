"""Looks for what is left over in a cloud project, and judges of each thing whether it may go.

Lists are gone through page by page and nothing of them is kept. What is kept is the ids of the deployments whose
machines stay: what these use stays with them.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus.core.amounts import counted
from cynthus.core.clock import stamp
from cynthus.core.leftover import Leftover, Unseen
from cynthus.errors import CloudFailed
from cynthus.targets.gcp.api import NotThere
from cynthus.targets.gcp.kinds import BUCKET, INSTANCE, KINDS, Found
from cynthus.targets.gcp.names import bucket_of_inputs, bucket_of_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cynthus.core.leftover import Sweep
    from cynthus.targets.gcp.api import Api
    from cynthus.targets.gcp.kinds import Kind
    from cynthus.targets.gcp.marks import Marked

GRACE = timedelta(minutes=10)
"""After its expiry the cloud itself has so long to remove a machine."""
FRESH = timedelta(hours=1)
"""Somebody may still be making what is younger, from another computer: its machine comes last."""
_ENDED = ("STOPPING", "TERMINATED", "SUSPENDED", "SUSPENDING", "STOPPED")
_MOST = 1000
"""Objects that are counted."""
_REMEMBERED = 512
"""Deployments of which it is remembered whose they are: lists are in the order of names, so a few will do."""
_OFF = "it is disabled"
"""What Google says of a service that the project does not use."""


class _Whose(Struct, frozen=True):
    """What the buckets of a deployment tell of what has no labels."""

    owner: str | None = None
    created: datetime | None = None


class Search:
    """One look through a cloud project, in somebody's name. `owner` is how labels name this user."""

    def __init__(self, api: Api, project: str, owner: str, sweep: Sweep) -> None:
        self._api = api
        self._project = project
        self._owner = owner
        self._sweep = sweep
        self._in_use: set[str] = set()
        self._blind = False
        self._whose = lru_cache(_REMEMBERED)(self._ask_whose)

    def each(self) -> Iterator[Leftover | Unseen]:
        """What is left over, in the order in which it can be removed.

        Raises:
            NotLoggedIn: nobody knows who asks.
            CloudFailed: there is no such project.
        """
        for kind in KINDS:
            try:
                for found in kind.listed(self._api, self._project):
                    marked = kind.read(found)
                    judged = self._judge(kind, marked) if marked is not None else None
                    if judged is not None:
                        yield judged
            except (CloudFailed, NotThere) as error:
                unseen = self._unseen(kind, error)
                self._blind = self._blind or (kind is INSTANCE and not unseen.harmless)
                yield unseen

    def _unseen(self, kind: Kind, error: Exception) -> Unseen:
        if isinstance(error, NotThere) and kind is INSTANCE:
            raise CloudFailed(
                f"there is no cloud project {self._project}, or it is not yours to see",
                hint="name one with --project, or set GOOGLE_CLOUD_PROJECT",
            )
        return Unseen(kind.noun, str(error), harmless=_OFF in str(error))

    @property
    def _now(self) -> datetime:
        """By this computer's clock or Google's, whichever is behind: neither may make something old."""
        said = self._api.said_at
        return min(self._sweep.now, said) if said is not None else self._sweep.now

    def _judge(self, kind: Kind, marked: Marked) -> Leftover | None:
        """None: it is no leftover."""
        if kind is INSTANCE:
            return self._judge_machine(marked)
        if self._sweep.claims(marked.deployment):
            return None
        stays = self._foreign(marked) or self._used(marked) or self._young(marked)
        if stays:
            return _leftover(kind, marked, why=stays)
        found = _leftover(kind, marked, goes=True, why="no record claims it")
        return self._with_objects(found) if kind is BUCKET else found

    def _judge_machine(self, marked: Marked) -> Leftover | None:
        overdue = marked.expires is not None and self._now > marked.expires + GRACE
        claimed = self._sweep.claims(marked.deployment)
        if claimed and (marked.odd or not overdue):
            return None
        foreign = self._foreign(marked, claimed=claimed)
        found = _leftover(INSTANCE, marked, why=foreign)
        if not foreign and overdue:
            found = replace(found, goes=True, overdue=True, why=f"its time was up at {found.expires_at}")
        elif not foreign and marked.status in _ENDED:
            found = replace(found, goes=True, why="no record claims it, and it is stopped")
        elif not foreign:
            found = self._judge_living(found, marked)
        if not found.goes:
            self._in_use.add(marked.deployment)
        return found

    def _judge_living(self, found: Leftover, marked: Marked) -> Leftover:
        """One that somebody may work on, from another computer."""
        young = self._young(marked)
        if young:
            return replace(found, why=young)
        until = f"until {found.expires_at}" if found.expires_at else "and nothing says until when"
        loss = f"it runs {until}, perhaps for another computer of yours"
        if self._sweep.discard:
            return replace(found, goes=True, why=f"no record claims it; {loss}", loss=loss)
        return replace(found, why=f"{loss}: `cynthus gc --discard` removes it all the same", loss=loss)

    def _foreign(self, marked: Marked, *, claimed: bool = False) -> str:
        """Why it is not ours to remove, or ''."""
        if marked.odd:
            return "it has our label, but not a name that Cynthus gives"
        if claimed or self._sweep.all_owners:
            return ""
        owner = marked.owner or self._whose(marked.deployment).owner
        if owner == self._owner:
            return ""
        if owner is None:
            return "nothing says whose it is: `cynthus gc --all-owners` removes it all the same"
        return f"it is {owner}'s"

    def _used(self, marked: Marked) -> str:
        if self._blind:
            return "nobody can tell whether a machine uses it"
        return "a machine of its deployment stays" if marked.deployment in self._in_use else ""

    def _young(self, marked: Marked) -> str:
        created = marked.created or self._whose(marked.deployment).created
        if created is None or self._now - created > FRESH:
            return ""
        return f"it was made at {stamp(created)}, and somebody may still be at work on it"

    def _with_objects(self, found: Leftover) -> Leftover:
        """A bucket is not removed with what is in it, unless that was typed."""
        query = {"maxResults": str(_MOST), "fields": "items(name),nextPageToken", "versions": "true"}
        try:
            page = self._api.ask("GET", "storage", f"{found.address}/o", query=query)
        except (CloudFailed, NotThere) as error:
            return replace(found, goes=False, why=f"nobody can tell what is in it: {error}")
        count = len(page.get("items", ()))
        if not count:
            return found
        more = " or more" if page.get("nextPageToken") else ""
        loss = f"it holds {counted(count, 'object')}{more}"
        if self._sweep.discard:
            return replace(found, why=f"no record claims it; {loss}", loss=loss)
        ways = (
            f"`gcloud storage cp --recursive gs://{found.name} .` saves them, "
            "`cynthus gc --discard` deletes them with it"
        )
        return replace(found, goes=False, why=f"{loss}: {ways}", loss=loss)

    def _ask_whose(self, deployment: str) -> _Whose:
        for name in (bucket_of_outputs(deployment), bucket_of_inputs(deployment)):
            try:
                document = self._api.ask("GET", "storage", f"b/{name}")
            except (CloudFailed, NotThere):
                continue
            marked = BUCKET.read(Found(name, "", f"b/{name}", document))
            # Names of buckets are the whole world's: one without the label is not of that deployment.
            if marked is not None and marked.deployment == deployment:
                return _Whose(marked.owner, marked.created)
        return _Whose()


def _leftover(kind: Kind, marked: Marked, *, why: str, goes: bool = False) -> Leftover:
    return Leftover(
        kind=kind.noun,
        name=marked.name,
        place=marked.place,
        deployment=marked.deployment,
        address=marked.address,
        identity=marked.identity,
        goes=goes,
        why=why,
        owner=marked.owner,
        expires_at=stamp(marked.expires.astimezone(UTC)) if marked.expires else None,
    )

"""The user's own copy of the table, made anew: asked, made, seen through, and only then written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.core.renewal import Renewal
from cynthus.core.supply import Source
from cynthus.errors import CloudFailed, FolderNotWritable
from cynthus.files import write_atomic
from cynthus.targets.gcp.api import Api
from cynthus.targets.gcp.own import own_copy, to_renew
from cynthus.targets.gcp.place import cloud_project
from cynthus.targets.gcp.refresh.asking import ask
from cynthus.targets.gcp.refresh.changes import changes
from cynthus.targets.gcp.refresh.document import written
from cynthus.targets.gcp.refresh.refreshed import refreshed
from cynthus.targets.gcp.table import catalog_of, contradictions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

SOURCE = "google"
_WHAT = "machines, zones and prices: Google's own interfaces, as `cynthus catalog update` asked them"


def renew(environment: Mapping[str, str], day: date, project: str, *, keep: bool) -> Renewal:
    """Whatever goes wrong, the copy that is there stays as it is.

    Raises:
        NotLoggedIn, ExtraMissing: nobody knows who asks, or in which cloud project.
        CloudFailed: it is not told, or does not fit together.
        StateTooNew: the copy that is there is of a newer Cynthus.
        FolderNotWritable: there is no place for a copy.
    """
    path = own_copy(environment)
    before, notes = to_renew(environment)
    # Beside the copy nothing is rendered, so that it is the environment or the credentials that say which.
    project = project or cloud_project(None, environment, path.parent)
    answers = ask(Api(environment), project)
    made = refreshed(before, answers, SOURCE, Source(day.isoformat(), _WHAT))
    wrong = next(contradictions(made.file), None)
    if wrong:
        raise CloudFailed(
            f"what Google Cloud lists does not fit together: {wrong}",
            hint="nothing was written; run it again, for its lists change while they are read",
        )
    if keep:
        _write(path, written(made.file))
    found = changes(catalog_of(before), catalog_of(made.file))
    return Renewal(
        "Google Cloud", str(path), before.as_of, made.file.as_of, found.prices, found.new, found.gone, found.other,
        found.arrived, found.left, made.thrown_out, made.kept, made.unknown, made.strange, notes, written=keep,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    except OSError as error:
        raise FolderNotWritable(
            f"{path} cannot be written: {error.strerror}", hint="set XDG_STATE_HOME to a folder that can"
        ) from None

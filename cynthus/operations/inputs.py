"""Local data on its way to a cloud: it goes into a bucket once, and all machines of the deployment read it from there,
the ones that are made later too."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cynthus.errors import DataMissing, DataUnreadable
from cynthus.operations.elsewhere import size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.core.progress import Step
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.state.journal import Journal
    from cynthus.storage.base import Bucket
    from cynthus.storage.moving import Moved, Report
    from cynthus.storage.tree import File
    from cynthus.targets.base import Target

UNNAMED = "data"
"""What an entry without a name is called there. It is the only one then."""


def through_bucket(
    tools: Tools, target: Target, site: Site, app: App, placement: Placement, journal: Journal
) -> App:
    """The app with its local data in the target's bucket, as it is now, where the target has one for that.

    What is there already is not sent again, and what is no longer here is deleted there. An entry without a file goes
    beside the source, as a bucket has no empty folders.

    Raises:
        BucketFailed, NotLoggedIn, ExtraMissing: the bucket does not take it; what was there before, stays.
        DataMissing, DataUnreadable: it cannot be read.
    """
    address = target.inputs(site.id)
    entries = app.run_document(placement, site.id)["data"]
    local = [each for each in entries if "fetch" not in each]
    if address is None or not local:
        return app
    sources = {_key(each): list(_files(app.folder, each)) for each in local}
    if not any(sources.values()):
        return app
    bucket, prefix = tools.open_bucket(address)
    there: list[dict[str, Any]] = []
    with journal.step("inputs"), tools.progress.step(f"Bring the data to {address}") as step:
        shipment = _Shipment(bucket, prefix, site.paths.root, step)
        for each in entries:
            files = sources.get(_key(each), []) if "fetch" not in each else []
            if files:
                shipment.send(app.folder / each["from"], _key(each), files)
                there.append(_described(tools, each, f"{address.rstrip('/')}/{_key(each)}/"))
            else:
                there.append(dict(each))
        step.result(shipment.told())
    return _with_data(app, there)


def _key(entry: Mapping[str, Any]) -> str:
    return str(entry["name"] or UNNAMED)


def _files(folder: Path, entry: Mapping[str, Any]) -> Iterator[File]:
    """What an entry holds, as a host would get it otherwise: links are followed wherever they lead."""
    from cynthus.agent import data
    from cynthus.agent.failure import Failure
    from cynthus.storage.manifest import sign_of
    from cynthus.storage.tree import File

    source = folder / entry["from"]
    if not source.exists():
        raise DataMissing(f"data: {entry['from']} does not exist ({source})", hint="mend `data:` in cynthus.yaml")
    try:
        for path, found in data.walk(source.resolve()):
            place = source if source.is_file() else source / path
            yield File(path, str(place.resolve()), sign_of(found), found.st_mode & 0o777)
    except Failure as failure:
        raise DataUnreadable(failure.message, hint=failure.hint) from None


class _Shipment:
    """What is sent, entry by entry. `records` is the folder of ours where it is noted."""

    def __init__(self, bucket: Bucket, prefix: str, records: Path, step: Step) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._records = records / "inputs"
        self._step = step
        self._reports: list[Report] = []

    def send(self, source: Path, key: str, files: list[File]) -> None:
        from cynthus.storage.sending import send

        self._records.mkdir(exist_ok=True)
        manifest = self._records / f"{sha256(key.encode()).hexdigest()[:16]}.json"
        tell = self._changes if manifest.exists() else self._all_of(files)
        prefix = f"{self._prefix}{key}/"
        report = send(source, self._bucket, prefix, files=files, manifest=manifest, mirror=True, tell=tell)
        self._reports.append(report)

    def _all_of(self, files: list[File]) -> Callable[[Moved], None]:
        total = sum(each.sign.size for each in files)
        return lambda moved: self._step.amount(moved.bytes, total)

    def _changes(self, moved: Moved) -> None:
        # Nobody knows before how much of it is to be sent.
        self._step.activity(f"{moved.files} of {moved.files_in_all} files, {size_text(moved.bytes)} sent")

    def told(self) -> str:
        """What came of it."""
        sent = sum(each.moved for each in self._reports)
        if not sent:
            return "nothing has changed"
        return f"{sent} file{'s' * (sent != 1)}, {size_text(sum(each.bytes for each in self._reports))}"


def _described(tools: Tools, entry: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The entry as one that lies in a bucket, pinned as it is there now."""
    from cynthus.core import reference
    from cynthus.core.data import Elsewhere

    one = reference.parse(address)
    found = tools.places.describe(one)
    document = Elsewhere(entry["name"], one, None, unpack=False).document()
    fetch: Any = document["fetch"]
    # The machines read it as themselves, so no token of the user goes there.
    pinned = {**fetch, "pin": found.pin, "size": found.size, "count": found.count, "closed": False}
    return {**document, "fetch": pinned}


def _with_data(app: App, entries: list[dict[str, Any]]) -> App:
    edited = None if app.edited is None else {**app.edited, "data": entries}
    return replace(app, data=tuple(entries), edited=edited)

"""`data`: what the app reads and where that is; more of it; and having the hosts fetch it now."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.core.plan import Offer
from cynthus.errors import NothingRunning, UsageError
from cynthus.operations import elsewhere
from cynthus.operations.app import load_app
from cynthus.operations.at_work import at_work
from cynthus.operations.gather import gather
from cynthus.operations.identity import look_up
from cynthus.operations.offer import Prepared, accept
from cynthus.operations.site import agents, folder_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.reference import Description
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools


class Item(Struct, frozen=True):
    """One entry: what it is for the app (`place`), where it comes from or which command makes it, and what is known of
    it. `on_host` is None where it lies on this machine and is not fetched."""

    place: str
    source: str
    size: int | None = None
    files: int | None = None
    revision: str = ""
    licence: str = ""
    on_host: bool | None = None


class Added(Struct, frozen=True):
    """A reference that stands in `file` now, and what its place says of it (None: it is a path)."""

    file: Path
    place: str
    description: Description | None


def listed(tools: Tools, where: str | None, *, target: str | None = None) -> tuple[Site, list[Item]]:
    """All entries under `data:` and `models:`. Places are asked only for what was never looked at."""
    app = load_app(tools, where, target=target)
    site, _ = look_up(tools, app.folder, app.spec)
    app = elsewhere.pinned(tools, app, site, anew=False)
    data = [_item(tools, site, entry, "data") for entry in app.data]
    return site, [*data, *(_item(tools, site, entry, "models") for entry in app.models), *_prepared(tools, site, app)]


def _prepared(tools: Tools, site: Site, app: App) -> list[Item]:
    """What is made of the data: `on_host` says whether that of the newest run is there."""
    if app.spec.preprocess is None:
        return []
    from cynthus.operations.prepared import of_newest_run

    made = of_newest_run(tools, site)
    words = shlex.join(app.spec.preprocess.run)
    return [Item("prepared", words, made.size, made.files, made.name, on_host=made.kept)]


def _item(tools: Tools, site: Site, entry: Mapping[str, Any], top: str) -> Item:
    place = f"{top}/{entry['name'] or ''}".rstrip("/")
    asked = entry.get("fetch")
    if asked is None:
        size, files = _measured(site.folder / entry["from"])
        return Item(place, entry["from"], size, files)
    there = elsewhere.on_hosts(tools, site, asked)
    return Item(place, asked["text"], asked["size"], asked["count"], str(asked["pin"]), asked["licence"], there)


def _measured(path: Path) -> tuple[int, int]:
    """Bytes and files of what lies on this machine."""
    from cynthus.agent.data import walk

    sizes = [found.st_size for _, found in walk(path.resolve())]
    return sum(sizes), len(sizes)


def sync(tools: Tools, where: str | None, *, target: str | None = None, yes: bool) -> tuple[Site, bool]:
    """Have the hosts that stand fetch what `data:` and `models:` name elsewhere, as it is now; whether anything came.

    No run is started and none is touched: one that goes on keeps what it has.

    Raises:
        NothingRunning: no host stands.
    """
    app = load_app(tools, where, target=target)
    found, _ = look_up(tools, app.folder, app.spec)
    if found.entry is None or found.entry.phase != "up":
        raise NothingRunning(f"{found.name} is not up, so there is no host to fetch", hint="`cynthus up` makes it")
    with at_work(tools, found, "data sync") as (site, journal):
        app = elsewhere.pinned(tools, app, site)
        document = {"data": list(app.data), "models": list(app.models)}
        coming = elsewhere.coming(tools, site, document)
        nothing = Offer("", 0.0, 0.0, None)
        accept(tools, Prepared({}, nothing, coming), yes=yes)
        return site, gather(tools, document, agents(tools, site), journal)


def add(tools: Tools, address: str, where: str | None, *, name: str | None = None) -> Added:
    """Write one more entry into cynthus.yaml, which is made where there is none; comments stay.

    Raises:
        SpecError, UsageError: it makes no sense there, or its place does not know it; the file is as it was.
    """
    from cynthus.core import load, reference
    from cynthus.core.misfit import Misfit
    from cynthus.core.yaml_edit import with_item

    folder = folder_named(where, tools.cwd_folder)
    if folder is None:
        raise UsageError(f"{where} is no folder", hint="name the folder that holds main.py")
    file, text = _file(folder)
    try:
        one = reference.parse(address) if reference.has_scheme(address) else None
    except Misfit as misfit:
        raise UsageError(misfit.message, hint=misfit.hint) from None
    key = "models" if one is not None and one.kind == "model" else "data"
    known = load.read(folder, known_targets=tools.targets.names())
    known.close()
    others = known.spec.data or () if key == "data" else known.spec.models
    _refuse_nameless(folder, key, others)
    called = name or (one.short if one is not None and others else None)
    item = {"from": address, **({"as": called} if called else {})}
    description = _replace_file(tools, file, text, with_item(text, key, item), address)
    place = called or (one.short if one is not None and key == "models" else "")
    return Added(file, f"{key}/{place}".rstrip("/"), description)


def use(tools: Tools, address: str, where: str | None) -> Added:
    """Have `address` be the data that main.py finds at ./data, in the place of what was that.

    A path is meant from the folder that one is in, and written as it is meant from the folder of cynthus.yaml.

    Raises:
        SpecError, UsageError: there are several entries, it makes no sense there, or its place does not know it; the
            file is as it was.
    """
    from cynthus.core import load, reference
    from cynthus.core.yaml_edit import with_address, with_item

    folder = folder_named(where, tools.cwd_folder) or Path(tools.index.find(str(where)).folder)
    if not reference.has_scheme(address):
        address = os.path.relpath(tools.cwd_folder / address, folder)
    file, text = _file(folder)
    known = load.read(folder, known_targets=tools.targets.names())
    known.close()
    entries = known.spec.data or ()
    if len(entries) > 1:
        raise UsageError(
            f"{file.name} names {len(entries)} data entries, and nobody can tell which is meant",
            hint="`cynthus data add` adds one more; edit `data:` to change one of them",
        )
    fresh = with_address(text, "data", address) if entries else with_item(text, "data", {"from": address})
    place = f"data/{entries[0].name or ''}".rstrip("/") if entries else "data"
    if entries and entries[0].path == address:
        return Added(file, place, None)
    return Added(file, place, _replace_file(tools, file, text, fresh, address))


def _replace_file(tools: Tools, file: Path, text: str, fresh: str, address: str) -> Description | None:
    """Write another text, once it is one and what it names is there; gives what the place says of that.

    Raises:
        UsageError: somebody else has changed the file meanwhile, from `text` to something else.
    """
    from cynthus.core import load, reference
    from cynthus.core.misfit import Misfit
    from cynthus.core.names import name_from

    folder = file.parent
    name = name_from(folder.name)
    load.parse(fresh, file=str(file), name=name, known_targets=tools.targets.names())
    description = None
    if not reference.has_scheme(address):
        if not (folder / address).exists():
            message = f"there is no {os.path.normpath(folder / address)}"
            raise UsageError(message, hint="name a folder or file that is there, or hf://, kaggle://, gs:// or https://")
    else:
        try:
            description = tools.places.describe(reference.parse(address))
        except Misfit as misfit:
            raise UsageError(misfit.message, hint=misfit.hint) from None
    if _file(folder)[1] != text:
        raise UsageError(f"{file} was changed meanwhile, and nothing was written", hint="run the command again")
    _write(file, fresh)
    return description


def _file(folder: Path) -> tuple[Path, str]:
    from cynthus.core.load import NAMES

    for each in NAMES:
        if (folder / each).exists():
            # As it is, with its ends of lines and its mark at the beginning.
            return folder / each, (folder / each).read_bytes().decode("utf-8")
    return folder / NAMES[0], ""


def _refuse_nameless(folder: Path, key: str, others: tuple[Any, ...]) -> None:
    """See that the entries that are there have names: main.py would have to look for them elsewhere."""
    if key == "models":
        return
    if not others and (folder / "data").is_dir():
        raise UsageError(
            "the folder data/ is what main.py finds at ./data; with other entries it needs a name",
            hint="write data: [{from: data, as: own}] first, and let main.py look into ./data/own",
        )
    if others and others[0].name is None:
        raise UsageError(
            f"{others[0].path} is what main.py finds at ./data; with other entries it needs a name",
            hint=f"write {{from: {others[0].path}, as: first}} first, and let main.py look into ./data/first",
        )


def _write(file: Path, text: str) -> None:
    from cynthus.files import write_atomic
    from cynthus.writing import writing

    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    with writing(file):
        write_atomic(file.resolve(), text.encode(), mode=mode)

"""Data that lies elsewhere: what its place says of it, and what of it is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cynthus.agent import wanted
from cynthus.errors import CynthusError, DownloadFailed, ReferenceUnknown
from cynthus.operations.image_registry import same_everywhere
from cynthus.operations.site import agents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cynthus.core.reference import Description, Reference
    from cynthus.operations.app import App
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

LARGE = 1_000_000_000
"""Bytes from which on somebody is asked before they are fetched."""
_SAID = ("pin", "size", "count", "licence", "closed")
"""What a place says of a reference; all else is the user's word."""


class Coming(Struct, frozen=True):
    """Something that a host will fetch, for the offer."""

    line: str
    size: int | None

    @property
    def large(self) -> bool:
        """Whether somebody should say yes to it; to what nobody knows the size of, too."""
        return self.size is None or self.size > LARGE


def pinned(tools: Tools, app: App, site: Site, *, anew: bool = True) -> App:
    """The app with what the places say of its references, so that all hosts and later runs get the same content, and
    with the Python that an image in a registry has.

    What was rendered last counts where a place is not asked `anew`, cannot have changed its mind, or does not answer.

    Raises:
        ReferenceUnknown, TokenNeeded, DownloadFailed: by a place.
    """
    app = same_everywhere(app, site)
    if not any("fetch" in entry for entry in (*app.data, *app.models)):
        return app
    known = [entry["fetch"] for entry in _entries(site.document()) if isinstance(entry.get("fetch"), dict)]
    data, models = (
        tuple(
            {**entry, "fetch": _pinned(tools, entry["fetch"], known, anew=anew)} if "fetch" in entry else entry
            for entry in entries
        )
        for entries in (app.data, app.models)
    )
    return replace(app, data=data, models=models)


def unasked(app: App, site: Site) -> tuple[App, tuple[str, ...]]:
    """The app with what its places said when it was rendered last, and without those that were not asked yet; and
    these, as the user wrote them. No place is asked."""
    app = same_everywhere(app, site)
    known = [entry["fetch"] for entry in _entries(site.document()) if isinstance(entry.get("fetch"), dict)]
    left_out: list[str] = []

    def told(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for entry in entries:
            before = next((each for each in known if _same(entry["fetch"], each)), None) if "fetch" in entry else None
            if "fetch" in entry and before is None:
                left_out.append(str(entry["fetch"]["text"]))
            else:
                yield entry if before is None else {**entry, "fetch": before}

    return replace(app, data=tuple(told(app.data)), models=tuple(told(app.models))), tuple(left_out)


def _pinned(tools: Tools, asked: Any, known: Iterable[Mapping[str, Any]], *, anew: bool) -> Mapping[str, Any]:
    before = next((each for each in known if _same(asked, each)), None)
    if before is not None and (not anew or asked["sha256"] or _fixed(asked)):
        return before
    try:
        description = tools.places.describe(_reference(asked))
    except DownloadFailed as error:
        if before is None:
            raise
        tools.progress.warn(f"{error.message}; {asked['text']} counts as it was last time")
        return before
    _insist_on_archive(asked, description)
    return {**asked, **_said(description)}


def _insist_on_archive(asked: Mapping[str, Any], description: Description) -> None:
    """See that what somebody wants to have unpacked is no folder. One that is called as an archive is stays one."""
    one = description.reference
    if one.scheme != "gs" or not asked["unpack"] or one.is_archive:
        return
    from cynthus import objects

    if not objects.is_generation(description.pin):
        raise ReferenceUnknown(
            f"{one} is a folder, and `unpack: true` is for one object", hint="delete it, or name the archive itself"
        )


def _same(asked: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(other.get(key) == value for key, value in asked.items() if key not in _SAID)


def _fixed(asked: Mapping[str, Any]) -> bool:
    from cynthus.core import reference

    return reference.parse(asked["text"]).fixed


def _reference(asked: Mapping[str, Any]) -> Reference:
    from cynthus.core import reference

    return replace(reference.parse(asked["text"]), files=tuple(asked["files"]))


def _said(description: Description) -> Mapping[str, Any]:
    return {key: getattr(description, key) for key in _SAID}


def fetched(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a run document wants to have fetched."""
    return [entry["fetch"] for entry in _entries(document) if "fetch" in entry]


def _entries(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lists = [document.get(key) for key in ("data", "models")]
    return [each for listed in lists if isinstance(listed, list) for each in listed if isinstance(each, dict)]


def coming(tools: Tools, site: Site, document: Mapping[str, Any]) -> tuple[Coming, ...]:
    """What is not on all hosts yet."""
    listed = fetched(document)
    if not listed:
        return ()
    return tuple(Coming(described(each), each["size"]) for each in listed if not on_hosts(tools, site, each))


def on_hosts(tools: Tools, site: Site, asked: Mapping[str, Any]) -> bool:
    """Whether it is there, as far as the hosts can tell."""
    if site.entry is None or site.entry.phase != "up":
        return False
    record = f"{'models' if asked['kind'] == 'model' else 'data'}/{wanted.parse(asked).id}.json"
    try:
        return all(each.connection.size(each.home / record) is not None for each in agents(tools, site))
    except CynthusError:
        return False


def described(asked: Mapping[str, Any]) -> str:
    """A reference as a person reads it before it is fetched."""
    parts = [size_text(asked["size"])]
    if asked.get("count") not in (None, 1):
        parts.append(f"{asked['count']} files")
    if asked["scheme"] in ("hf", "kaggle"):
        parts += [f"licence {asked.get('licence') or 'not told'}", f"revision {str(asked['pin'])[:7]}"]
    elif asked["scheme"] == "gs" and str(asked["pin"]).isdecimal():
        parts.append(f"generation {asked['pin']}")
    return f"{asked['text']}: {', '.join(parts)}"


def told(description: Description) -> str:
    """The same of what a place has just said."""
    one = description.reference
    return described({**_said(description), "scheme": one.scheme, "text": str(one)})


def size_text(size: int | None) -> str:
    """Bytes in the unit that fits."""
    if size is None:
        return "of unknown size"
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{size} byte{'s' * (size != 1)}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def total(several: Sequence[Coming]) -> str:
    """All of them together."""
    known = sum(each.size or 0 for each in several)
    return size_text(known) if all(each.size is not None for each in several) else f"{size_text(known)} or more"

"""The requirements that a uv.lock pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from cynthus.images.found import Found, Place, canonical, unreadable
from cynthus.images.project import table, toml, without_login

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

NAME = "uv.lock"
MOST_WAYS = 32
"""How many sets of conditions under which a package is wanted are told apart. Beyond, it is pinned in any case."""

_Ways = set[frozenset[str]]
"""Under which markers a package is wanted: all of one set, or all of another."""


class _Wanted(NamedTuple):
    """One package as another one wants it: its place in the file, and one of its extras or ''."""

    place: int
    extra: str


class _Lock(Struct, frozen=True):
    packages: tuple[Mapping[str, Any], ...]
    by_name: Mapping[str, tuple[int, ...]]


def read(file: Path, name: str, place: Place, indexes: Collection[str] = ()) -> Found:
    """All that the project of that name needs, pinned, each with the markers under which it does.

    `indexes` are those that the project names. Any other in the lock is the one that the machine's installer was set to
    ask, and so was not named.

    Neither groups of dependencies nor extras of the project count, for they are not needed to run it. The project
    itself is not installed.

    Raises:
        RequirementsUnreadable: it cannot be read, or does not hold the project.
    """
    document = toml(file)
    listed = document.get("package")
    packages = tuple(each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict))
    by_name: dict[str, tuple[int, ...]] = {}
    for index, package in enumerate(packages):
        named = canonical(str(package.get("name")))
        by_name[named] = (*by_name.get(named, ()), index)
    lock = _Lock(packages, by_name)
    root = by_name.get(canonical(name))
    if root is None:
        raise unreadable(file, f"it does not hold the project {name!r}: `uv lock` writes it anew")
    ways = _reached(lock, root[0])
    try:
        own = {without_login(each).rstrip("/") for each in indexes}
        return _found(file, lock, ways, root[0], place, own)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(file, f"it is no lock that this version reads: {error}") from None


def _reached(lock: _Lock, root: int) -> dict[int, _Ways]:
    """Every package that the root needs, and when."""
    start = _Wanted(root, "")
    ways: dict[_Wanted, _Ways] = {start: {frozenset()}}
    todo = [start]
    while todo:
        wanted = todo.pop()
        for other, marker in _edges(lock, wanted):
            fresh = {way | {marker} if marker else way for way in ways[wanted]}
            known = ways.get(other, set())
            merged = _least(known | fresh)
            if merged != known:
                ways[other] = merged
                todo.append(other)
    together: dict[int, _Ways] = {}
    for wanted, found in ways.items():
        together[wanted.place] = _least(together.get(wanted.place, set()) | found)
    return together


def _least(ways: _Ways) -> _Ways:
    """Without what asks for more than another way does; too many become one that asks for nothing."""
    kept = {way for way in ways if not any(other < way for other in ways)}
    return kept if len(kept) <= MOST_WAYS else {frozenset()}


def _edges(lock: _Lock, wanted: _Wanted) -> Iterator[tuple[_Wanted, str]]:
    package = lock.packages[wanted.place]
    listed = package.get("dependencies", ())
    if wanted.extra:
        listed = table(package, "optional-dependencies").get(wanted.extra, ())
        yield _Wanted(wanted.place, ""), ""
    for each in listed:
        for index in _candidates(lock, each):
            marker = str(each.get("marker", ""))
            yield _Wanted(index, ""), marker
            yield from ((_Wanted(index, str(extra)), marker) for extra in each.get("extra", ()))


def _candidates(lock: _Lock, dependency: Mapping[str, Any]) -> Iterable[int]:
    """The packages that one may mean: the only one of its name, or that of the version and source that it names."""
    for index in lock.by_name.get(canonical(str(dependency.get("name"))), ()):
        package = lock.packages[index]
        if all(dependency[key] == package.get(key) for key in ("version", "source") if key in dependency):
            yield index


def _found(
    file: Path, lock: _Lock, ways: Mapping[int, _Ways], root: int, place: Place, own: Collection[str]
) -> Found:
    lines, indexes, warnings = list[str](), dict[str, None](), list[str]()
    for index, found in ways.items():
        if index == root:
            continue
        package = lock.packages[index]
        try:
            line = _line(package, indexes, place, own)
        except ValueError as error:
            warnings.append(f"{file.name}: {package['name']} is left out: {error}")
            continue
        marker = _marker(found)
        lines.append(f"{line} ; {marker}" if marker else line)
    first = [f"--extra-index-url {url}" for url in indexes]
    return Found(file.name, (*first, *sorted(lines, key=str.lower)), tuple(warnings))


def _marker(ways: _Ways) -> str:
    if frozenset() in ways:
        return ""
    whole = sorted(" and ".join(_bracketed(each) for each in sorted(way)) for way in ways)
    return whole[0] if len(whole) == 1 else " or ".join(f"({each})" for each in whole)


def _bracketed(marker: str) -> str:
    return f"({marker})" if " or " in marker else marker


def _line(package: Mapping[str, Any], indexes: dict[str, None], place: Place, own: Collection[str]) -> str:
    """One package from where the lock has it from.

    Raises:
        ValueError: it lies on one machine only.
    """
    name, source = str(package["name"]), package.get("source", {})
    if "git" in source:
        address, _, commit = str(source["git"]).partition("#")
        address, _, query = address.partition("?")
        below = next((part for part in query.split("&") if part.startswith("subdirectory=")), "")
        return f"{name} @ git+{address}{'@' + commit if commit else ''}{'#' + below if below else ''}"
    if "url" in source:
        return f"{name} @ {source['url']}"
    for key in ("editable", "directory", "path", "virtual"):
        if key in source:
            return place.path(str(source[key]))
    registry = source.get("registry")
    if isinstance(registry, str) and "://" not in registry:
        raise ValueError(f"{registry} is an index on one machine only")
    if isinstance(registry, str) and without_login(registry).rstrip("/") in own:
        indexes[without_login(registry)] = None
    return f"{name}=={package['version']}"

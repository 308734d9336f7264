"""The requirements of a pyproject.toml: those of `[project]`, else those of Poetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cynthus.images.found import Found, Place, canonical, text_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NAME = "pyproject.toml"


def read(file: Path, place: Place) -> Found | None:
    """What the project depends on; None where the file does not say, without an origin where it leaves that to a build.

    The project itself is not installed: its source is what runs. `[tool.uv.sources]` counts: a path, git, an address
    or an index.

    Raises:
        RequirementsUnreadable: it cannot be read, or is wrong.
    """
    document = toml(file)
    own = table(document, "project")
    if isinstance(own.get("dependencies"), list):
        listed = _of_project(file, own)
        sources = table(document, "tool", "uv", "sources")
        indexes = named_indexes(document)
        return _found(file, listed, sources, indexes, place)
    poetry = table(document, "tool", "poetry", "dependencies")
    if not poetry:
        dynamic = "dependencies" in (own.get("dynamic") or ())
        said = f"{file.name} leaves its dependencies to a build, which is not done: they were looked for elsewhere"
        return Found("", (), (said,)) if dynamic else None
    from cynthus.images import poetry as room

    try:
        return Found(f"{file.name} (Poetry)", tuple(room.lines(poetry, place)))
    except ValueError as error:
        raise unreadable(file, f"[tool.poetry.dependencies]: {error}") from None


def toml(file: Path) -> dict[str, Any]:
    """A TOML file.

    Raises:
        RequirementsUnreadable: it cannot be read as such.
    """
    import tomllib

    try:
        return tomllib.loads(text_of(file))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unreadable(file, f"it is no TOML: {error}") from None


def table(document: Mapping[str, Any], *way: str) -> Mapping[str, Any]:
    """A table within tables; an empty one where there is none."""
    found: Any = document
    for key in way:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _of_project(file: Path, project: Mapping[str, Any]) -> list[str]:
    """Its lines, with those of its own extras in the place of a line that names the project itself."""
    from packaging.requirements import InvalidRequirement, Requirement

    extras = table(project, "optional-dependencies")
    own, kept = canonical(str(project.get("name", ""))), list[str]()
    for line in project["dependencies"]:
        try:
            requirement = Requirement(str(line))
        except InvalidRequirement as error:
            raise unreadable(file, f"dependencies: {line!r} is no requirement: {str(error).splitlines()[0]}") from None
        if canonical(requirement.name) == own:
            kept += [str(each) for extra in sorted(requirement.extras) for each in extras.get(extra, ())]
        else:
            kept.append(str(line))
    return kept


def _found(
    file: Path, listed: Sequence[str], sources: Mapping[str, Any], indexes: Mapping[str, str], place: Place
) -> Found:
    from packaging.requirements import Requirement

    by_name = {canonical(name): source for name, source in sources.items()}
    lines, warnings, used = list[str](), list[str](), dict[str, None]()
    for line in listed:
        requirement = Requirement(line)
        source = by_name.get(canonical(requirement.name))
        if source is None:
            lines.append(line)
            continue
        for each in source if isinstance(source, list) else [source]:
            try:
                lines.append(_from_source(requirement, each, indexes, used, place))
            except ValueError as error:
                warnings.append(f"{file.name}: [tool.uv.sources] {requirement.name}: {error}; PyPI is asked for it")
                lines.append(line)
    first = [f"--extra-index-url {url}" for url in used]
    return Found(file.name, (*first, *dict.fromkeys(lines)), tuple(warnings))


def _from_source(
    requirement: Any, source: Mapping[str, Any], indexes: Mapping[str, str], used: dict[str, None], place: Place
) -> str:
    """One requirement from where `[tool.uv.sources]` has it from."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    markers = [str(each) for each in (requirement.marker, source.get("marker")) if each]
    end = f" ; {' and '.join(f'({each})' if len(markers) > 1 else each for each in markers)}" if markers else ""
    if "git" in source:
        revision = next((f"@{source[key]}" for key in ("rev", "tag", "branch") if key in source), "")
        below = f"#subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
        return f"{requirement.name}{extras} @ git+{source['git']}{revision}{below}{end}"
    if "url" in source:
        return f"{requirement.name}{extras} @ {source['url']}{end}"
    if "path" in source:
        return f"{place.path(str(source['path']))}{extras}{end}"
    if "index" in source:
        if source["index"] not in indexes:
            raise ValueError(f"there is no index {source['index']!r}")
        used[without_login(indexes[source["index"]])] = None
        return f"{requirement.name}{extras}{requirement.specifier}{end}"
    raise ValueError("it is a member of a workspace, or a kind of source that is not known here")


def without_login(url: str) -> str:
    """The address of an index without a name and password in it: what is written here is committed."""
    scheme, there, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{there}{host.rpartition('@')[2]}{slash}{path}"


def named_indexes(document: Mapping[str, Any]) -> dict[str, str]:
    """The addresses of the package indexes that a project names for uv, by their names there."""
    return {str(each.get("name")): str(each.get("url")) for each in _indexes(document)}


def _indexes(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = table(document, "tool", "uv").get("index")
    yield from (each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict))

"""Poetry's way to write versions, in the way of PyPI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.images.found import Place

_MARKED = re.compile(r"(===|==|!=|<=|>=|~=|<|>)?\s*([0-9][0-9A-Za-z.*+!-]*)")


def lines(dependencies: Mapping[str, Any], place: Place) -> Iterator[str]:
    """The requirements in a table `[tool.poetry.dependencies]`. What is optional is left out.

    Raises:
        ValueError: something there cannot be written in another way.
    """
    for name, wanted in dependencies.items():
        if name.lower() == "python":
            continue
        for each in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(each, dict):
                if not each.get("optional"):
                    yield _line(name, each, place)
            else:
                yield f"{name}{constraint(str(each))}"


def constraint(text: str) -> str:
    """A constraint such as `^1.2` as a specifier of PyPI; "" where any version will do.

    Raises:
        ValueError: it has no such form.
    """
    if "|" in text:
        raise ValueError(f"{text!r} offers a choice")
    return ",".join(filter(None, (_one(part.strip()) for part in re.split(r",|(?<=[0-9*])\s+(?=[<>=!~^])", text))))


def python_marker(text: str) -> str:
    """A constraint on Python as a marker."""
    return " and ".join(
        f'python_full_version {found[1] or "=="} "{found[2]}"'
        for found in map(_MARKED.fullmatch, filter(None, constraint(text).split(",")))
        if found is not None
    )


def _one(text: str) -> str:
    if text in ("", "*"):
        return ""
    if text[0] in "^~" and not text.startswith("~="):
        low = text[1:].strip()
        return f">={low},<{_above(low, caret=text[0] == '^')}"
    found = _MARKED.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no version")
    return f"{found[1] or '=='}{found[2]}"


def _above(low: str, *, caret: bool) -> str:
    """The first version that is too new: for `~` beside the second part, for `^` beside the first that is not 0."""
    found = re.match(r"[0-9]+(\.[0-9]+)*", low)
    if found is None:
        raise ValueError(f"{low!r} is no version")
    parts = [int(part) for part in found[0].split(".")]
    at = next((index for index, part in enumerate(parts) if part), len(parts) - 1) if caret else min(1, len(parts) - 1)
    return ".".join(str(part) for part in [*parts[:at], parts[at] + 1])


def _line(name: str, wanted: Mapping[str, Any], place: Place) -> str:
    extras = f"[{','.join(wanted['extras'])}]" if wanted.get("extras") else ""
    markers = [str(wanted["markers"])] if wanted.get("markers") else []
    if wanted.get("python"):
        markers.append(python_marker(str(wanted["python"])))
    marker = " and ".join(f"({each})" if len(markers) > 1 else each for each in markers if each)
    end = f" ; {marker}" if marker else ""
    if "git" in wanted:
        revision = next((f"@{wanted[key]}" for key in ("rev", "tag", "branch") if key in wanted), "")
        below = f"#subdirectory={wanted['subdirectory']}" if "subdirectory" in wanted else ""
        return f"{name}{extras} @ git+{wanted['git']}{revision}{below}{end}"
    if "url" in wanted:
        return f"{name}{extras} @ {wanted['url']}{end}"
    if "path" in wanted:
        return f"{place.path(str(wanted['path']))}{extras}{end}"
    return f"{name}{extras}{constraint(str(wanted.get('version', '*')))}{end}"

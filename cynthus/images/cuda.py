"""The base image with CUDA, for an app whose packages compile with it or load it from the system."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from cynthus.images.found import canonical
from cynthus.images.python import allows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

TABLE = Path(__file__).with_name("cuda.json")
APT = ("python3", "python3-dev", "python3-pip", "python-is-python3")
"""What brings Python to a base that has none, and the headers that an extension is compiled with."""
OWN_TOOLS = ("pip", "setuptools", "wheel")
"""Those of the distribution cannot be replaced by pip, which app's lists ask for: so others are put before them."""
BUILDERS = (
    "cython", "flit-core", "hatchling", "ninja", "packaging", "poetry-core", "psutil", "pybind11", "setuptools-scm",
)  # fmt: skip
"""What is built beside torch, and not in a place of its own, finds only what is there: the usual builders, say."""
INSTALLED = 580
"""The driver branch that Cynthus installs where there is no driver: `nvidia_branch` of the role `nvidia`."""

_PARTS: tuple[Part, ...] = ("runtime", "devel")
_LATER = "9999"
"""A version that no release reaches: whoever allows it allows the newest."""
_NAMED = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_CU = re.compile(r"(?:\+|%2B|/whl/(?:[a-z]+/)*)cu([0-9]{2})[0-9]\b")

Part = Literal["runtime", "devel"]


class Need(Struct, frozen=True):
    """A package that needs CUDA of the system's: its libraries (`runtime`), or also its compiler (`devel`).

    `major` is the version that it is made for; None: any.
    """

    package: str
    part: Part
    major: str | None
    beside_torch: bool = False
    """Whether torch must be there while it is built."""


class CudaBase(Struct, frozen=True):
    """An image of NVIDIA's. It has no Python: `python` is the one that its distribution installs.

    `tools` are packages to install before all others, and `beside` those that are built last, finding what is there.
    """

    image: str
    python: str
    tools: tuple[str, ...]
    beside: tuple[str, ...]


class Choice(Struct, frozen=True):
    """`base` None: none is needed, or none fits, which a warning tells then. `because` says why this one."""

    base: CudaBase | None = None
    because: str = ""
    warnings: tuple[str, ...] = ()


def choose(
    lines: Iterable[str], constraints: Iterable[str] = (), *, driver: int | None, python: str | None,
    allowed: str = "", wanted: str = "auto",
) -> Choice:
    """The base for an app with these requirements on hosts whose oldest driver is of that branch (None: none yet).

    `python` is the version that the app asks for, or `allowed` a range such as `>=3.10`. `wanted` is `auto`, `none`,
    or a version of CUDA that counts in the place of the one that the packages are made for.
    """
    if wanted == "none":
        return Choice()
    stated = _Stated(lines, constraints)
    pythons = [python] if python is not None else [each for each in _pythons() if allows(allowed, each)] or [allowed]
    choices = [_with_python(stated, each, driver, wanted) for each in pythons]
    return next((each for each in choices if each.base is not None), choices[0])


def _with_python(stated: _Stated, python: str, driver: int | None, wanted: str) -> Choice:
    """The same for one version of Python."""
    needs = tuple(_needs(stated, python))
    if not needs and wanted == "auto":
        return Choice()
    majors = sorted({need.major for need in needs if need.major})
    named = " and ".join(need.package for need in needs)
    why = f"{named} {'needs' if len(needs) == 1 else 'need'} CUDA" if needs else f"`image.cuda` asks for CUDA {wanted}"
    told = (f"{named} are made for CUDA {' and '.join(majors)}: the newer one is taken",) if majors[1:] else ()
    fit = _made_for(majors[-1] if majors else None) if wanted == "auto" else _of_version(wanted)
    running = _running(fit, INSTALLED if driver is None else driver, compiled_for_it=wanted == "auto")
    found = next((each for each in running if python in each["systems"]), None)
    if found is None:
        return Choice(warnings=(*told, f"{why}, and {_why_none(fit, running, driver, python)}"))
    # Who names a version may want to compile, and Cynthus cannot know.
    part = max((need.part for need in needs), key=_PARTS.index) if needs else "devel"
    image = f"nvidia/cuda:{found['tag']}-cudnn-{part}-{found['systems'][python]}"
    of = f"drivers from {INSTALLED} on" if driver is None else f"driver {driver}"
    beside = tuple(need.package for need in needs if need.beside_torch)
    tools = OWN_TOOLS if not beside else (*OWN_TOOLS, *BUILDERS, *(() if stated.of("torch", python) else ("torch",)))
    base = CudaBase(image, python, tools, beside)
    return Choice(base, f"{why}: {image} with Python {python}, for {of}", told)


def _needs(stated: _Stated, python: str) -> Iterator[Need]:
    """The packages that need CUDA of the system's."""
    table = _table()
    for name, entry in table["packages"].items():
        asked = stated.of(name, python)
        if not asked or any((each.url or "").partition("#")[0].endswith(".whl") for each in asked):
            continue  # what is compiled already brings what it needs, or its maker knows
        extras = {canonical(extra) for each in asked for extra in each.extras}
        if extras & set(entry.get("brings", ())) or not extras >= set(entry.get("extras", ())):
            continue
        cuda = entry["cuda"]
        if cuda == "torch":
            major = stated.cuda_of_torch(python) or _major(table["torch"], stated.versions_of("torch", python))
            yield Need(name, entry["part"], major, beside_torch=not entry.get("isolated", True))
        elif isinstance(cuda, list):
            major = _major(cuda, stated.versions_of(name, python))
            if major is not None:
                yield Need(name, entry["part"], major)
        else:
            yield Need(name, entry["part"], cuda)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table


def _pythons() -> list[str]:
    """All that a base has, the newest first."""
    found = {version for each in _bases() for version in each["systems"]}
    return sorted(found, key=lambda version: int(version.partition(".")[2]), reverse=True)


def _bases() -> list[dict[str, Any]]:
    bases: list[dict[str, Any]] = _table()["bases"]
    return bases


def _made_for(major: str | None) -> list[dict[str, Any]]:
    return [each for each in _bases() if major in (None, _major_of(each))]


def _of_version(version: str) -> list[dict[str, Any]]:
    return [each for each in _bases() if each["cuda"] == version]


def _running(fit: list[dict[str, Any]], branch: int, *, compiled_for_it: bool) -> list[dict[str, Any]]:
    """Of these, newest first, those for that driver. The oldest will do for any driver that knows its major version."""
    known = [each for each in fit if branch >= each["driver"]] if compiled_for_it else []
    return known or [each for each in fit[-1:] if branch >= _minimum(each)]


def _major_of(base: dict[str, Any]) -> str:
    return str(base["cuda"]).partition(".")[0]


def _minimum(base: dict[str, Any]) -> int:
    """The oldest driver branch on which what is made for its major version runs."""
    return int(_table()["minimum"][_major_of(base)])


def _why_none(fit: list[dict[str, Any]], running: list[dict[str, Any]], driver: int | None, python: str) -> str:
    if not fit:
        known = ", ".join(each["cuda"] for each in _bases())
        return f"the bases that Cynthus knows have {known}: `image.cuda` names one, `image.base` any other image"
    if not running:
        whose = "that is installed where there is none" if driver is None else "of the machine"
        has, needed = driver or INSTALLED, _minimum(fit[-1])
        return f"CUDA {_major_of(fit[-1])} takes a driver from {needed} on, and the one {whose} is {has}"
    offered = sorted({version for each in running for version in each["systems"]}, key=lambda text: int(text[2:]))
    return f'no base with it has Python {python}: `image: {{python: "{offered[-1]}"}}` asks for one that does'


class _Stated:
    """What lines of requirements say, and what constrains them. Markers are of Linux and of the Python of the base."""

    def __init__(self, lines: Iterable[str], constraints: Iterable[str]) -> None:
        self._options: list[str] = []
        self._asked = self._read(lines)
        self._constraints = self._read(constraints)

    def _read(self, lines: Iterable[str]) -> dict[str, list[Requirement]]:
        found: dict[str, list[Requirement]] = {}
        for line in lines:
            statement = re.sub(r"(^|\s)#.*", "", line).strip().removesuffix("\\").strip()
            if statement.startswith("-"):
                self._options.append(statement)
                continue
            # What follows are options of pip's for this package alone.
            requirement = _requirement(re.split(r"\s--?[A-Za-z]", statement)[0])
            if requirement is not None:
                found.setdefault(canonical(requirement.name), []).append(requirement)
        return found

    def of(self, name: str, python: str) -> list[Requirement]:
        """What is asked of that package with that Python."""
        return [each for each in self._asked.get(name, ()) if _counts(each, python)]

    def versions_of(self, name: str, python: str) -> SpecifierSet:
        """The versions that are allowed of it."""
        from packaging.specifiers import SpecifierSet

        constraints = [each for each in self._constraints.get(name, ()) if _counts(each, python)]
        allowed = SpecifierSet()
        for each in (*self.of(name, python), *constraints):
            allowed &= each.specifier
        return allowed

    def cuda_of_torch(self, python: str) -> str | None:
        """The major version that a torch of PyTorch's own index is made for: `+cu128`, or the index of that name."""
        local = [each.version for each in self.versions_of("torch", python)]
        urls = [str(each.url) for each in self.of("torch", python) if each.url]
        found = next((match for text in (*local, *urls, *self._options) if (match := _CU.search(text))), None)
        return found[1] if found else None


def _requirement(statement: str) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(statement)
    except InvalidRequirement:
        return None


def _counts(requirement: Requirement, python: str) -> bool:
    if requirement.marker is None:
        return True
    there = {
        "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
    }
    if re.fullmatch(r"3\.[0-9]+", python):
        there |= {"python_version": python, "python_full_version": f"{python}.9"}
    return requirement.marker.evaluate(there)


def _major(rows: list[list[str]], specifier: SpecifierSet) -> str | None:
    """What the newest version that is allowed is made for; `rows` have the version since when, newest first."""
    before = _LATER
    for since, major in rows:
        if _allows_between(specifier, since, before):
            return major
        before = since
    return None


def _allows_between(specifier: SpecifierSet, since: str, before: str) -> bool:
    """Whether it allows a version from `since` on that is older than `before`, as far as the versions it names tell."""
    from packaging.version import Version

    named = {match for each in specifier for match in _NAMED.findall(each.version)[:1]}
    candidates = {since, *named, *(f"{each}.1" for each in named)}
    fit = {each for each in candidates if Version(since) <= Version(each) < Version(before)}
    fit |= {_LATER} if before == _LATER else set()
    return any(specifier.contains(each, prereleases=True) for each in fit)

"""Where the templates lie, and which files of them make up a root."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.errors import InternalError
from cynthus.render.disk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PACKAGE = Path(__file__).parents[1]

_READYING = (
    "playbooks/configure.yml", "playbooks/purge.yml",
    "roles/survey/", "roles/docker/", "roles/nvidia/", "roles/lingering/", "roles/ledger/",
)  # fmt: skip
"""What makes a host ready that is reached over the network, and removes it. The machine at hand is taken as its owner
has it."""

_JUNK = re.compile(r"(^|/)(__pycache__|\.[^/]+)/|\.pyc\Z")
_MODULE = re.compile(rb'^\s*source\s*=\s*"(?:\./modules|\.\.)/([a-z0-9_]+)"', re.MULTILINE)


def templates() -> Path:
    """The folder `templates`: inside the package where it is installed, beside it in a checkout."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


def root_files(target: str, root: str) -> dict[str, Path]:
    """The files of one root by their paths in it; those that end in .j2 are to be rendered.

    What roots of one name have in common on every target lies in the folder `common`.

    Raises:
        InternalError: there is no such root.
    """
    folder = templates() / "terraform" / target / root
    if not folder.is_dir():
        raise InternalError(
            f"there are no templates for {target}/{root} in {templates()}", hint="install Cynthus again"
        )
    common = templates() / "terraform" / "common" / root
    return {**(_files(common) if common.is_dir() else {}), **_files(folder)}


def ansible_files(target: str) -> dict[str, Path]:
    """The playbooks and roles for the hosts of `target`."""
    found = _files(templates() / "ansible")
    unwanted = _READYING if target == "local" else ()
    return {path: file for path, file in found.items() if not path.startswith(unwanted)}


def module_files(sources: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The files of every module that Terraform sources call, and of those that these call in turn.

    A module's own tests stay behind: they are for whoever changes the module.
    """
    wanted = _called(sources)
    done: set[str] = set()
    while wanted:
        name = min(wanted)
        done.add(name)
        found = _files(templates() / "terraform" / "modules" / name)
        files = {path: file.read_bytes() for path, file in found.items() if not path.startswith("tests/")}
        yield from ((f"modules/{name}/{path}", content) for path, content in files.items())
        wanted = (wanted | _called(files)) - done


def _called(sources: Mapping[str, bytes]) -> set[str]:
    texts = (content for path, content in sources.items() if path.endswith(".tf"))
    return {name.decode() for text in texts for name in _MODULE.findall(text)}


def _files(folder: Path) -> dict[str, Path]:
    """All files below, but for what tools leave behind."""
    return {path: folder / path for path in walk(folder) if not _JUNK.search(path)}

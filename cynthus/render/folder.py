"""Renders the files of one Terraform root. Nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.core.names import BACKEND
from cynthus.render import templates
from cynthus.render.documents import document
from cynthus.render.environment import environment
from cynthus.render.manifest import MANIFEST
from cynthus.render.untouchable import is_inside, is_untouchable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.core.placement import Placement

TFVARS = "terraform.tfvars.json"
RUN = "run.json"
REQUIREMENTS = "requirements.txt"
AGENT = "ansible/roles/agent/files/cynthus-agent.pyz"

NEEDED = frozenset({TFVARS, RUN, REQUIREMENTS, BACKEND, AGENT})
"""The files that are not made from templates. Without them the folder does not work, so they do not stay deleted."""

_SUFFIX = ".j2"


class Rendered(Struct, frozen=True):
    """The files of one root: content by path, relative to the root, with forward slashes."""

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        wrong = [path for path in self.files if not is_inside(path) or is_untouchable(path) or path == MANIFEST]
        if wrong:
            raise ValueError(f"never to be rendered: {', '.join(wrong)}")

    @property
    def executable(self) -> frozenset[str]:
        """The programs: what begins with `#!`."""
        return frozenset(path for path, content in self.files.items() if content.startswith(b"#!"))

    @property
    def generated(self) -> frozenset[str]:
        """Those of them that are needed."""
        return NEEDED & set(self.files)


def render(
    *,
    target: str,
    root: str,
    placement: Placement,
    variables: Mapping[str, object],
    run: Mapping[str, object],
    agent: bytes,
    requirements: bytes | None = None,
    backend: Mapping[str, object] | None = None,
) -> Rendered:
    """The files of `root`: the same bytes for the same arguments.

    `variables` are Terraform's values, `run` says how to run the app, `agent` is the program that does, `requirements`
    are to be installed where the user has no list of them, `backend` says where the state lies; None keeps it in the
    folder. A root that has an ansible.cfg has hosts, so it gets the playbooks and what they need.

    Raises:
        InternalError: a template is missing or broken.
    """
    found = templates.root_files(target, root)
    hosts = [f"host-{number}" for number in range(placement.nodes)]
    structure = {"hosts": hosts, "backend": backend is not None}
    files = {path.removesuffix(_SUFFIX): _content(path, file, structure) for path, file in found.items()}
    files.update(templates.module_files(files))
    files[TFVARS] = document(variables)
    if backend is not None:
        files[BACKEND] = document(backend)
    if "ansible.cfg" in files:
        files.update((f"ansible/{path}", file.read_bytes()) for path, file in templates.ansible_files(target).items())
        files[RUN] = document(run)
        files[AGENT] = agent
        if requirements is not None:
            files[REQUIREMENTS] = requirements
    return Rendered(dict(sorted(files.items())))


def _content(path: str, file: Path, structure: Mapping[str, object]) -> bytes:
    if not path.endswith(_SUFFIX):
        return file.read_bytes()
    here = templates.templates()
    template = environment(here).get_template(file.relative_to(here).as_posix())
    return template.render(structure).encode()

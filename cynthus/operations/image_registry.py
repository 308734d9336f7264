"""Images in a registry: made or fetched beside the play, since no playbook should see a login."""

from __future__ import annotations

import json
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cynthus.ansible.client import PlayResult, TaskResult
from cynthus.errors import CynthusError, RegistryFailed, error_of_code
from cynthus.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.credentials.registries import RegistryLogin
    from cynthus.operations.app import App
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools

ROLE = "image"
LATER = {"cynthus_image": "later"}
"""What the play is told: somebody else sees to the image."""
_AGENT = "ansible/roles/agent/files/cynthus-agent.pyz"


class _Place(Struct, frozen=True):
    """An agent, and where lies on its host what it makes the image of. `program` is the one that is there already."""

    agent: HostAgent
    program: PurePosixPath
    spec: str
    folder: str


def same_everywhere(app: App, site: Site) -> App:
    """The app with the Python that its images have wherever they are made: what was rendered last counts."""
    if app.own_python is None:
        return app
    # Not `python`: somebody may have named that one, or brought it back with an old version.
    known = site.document().get("own_python")
    return replace(app, own_python=known) if isinstance(known, str) and known else app


def wanted(document: Mapping[str, Any]) -> bool:
    """Whether the image of a run document is one of a registry."""
    return document.get("repository") is not None


def with_image(
    tools: Tools, site: Site, document: Mapping[str, Any], played: PlayResult, extravars: Mapping[str, object],
    there: Sequence[HostAgent], activity: Callable[[str], None],
) -> PlayResult:  # fmt: skip
    """What the play came to, and after it the image: on the first host, and then on the others, which fetch it.

    Raises:
        HostError, EnvironmentFailed: of the host that failed first.
    """
    activity(f"{ROLE}: from the registry, or made")
    login, why = _login(tools, str(document["repository"]))
    proofs = None if login is None else {"server": login.server, **login.proofs}
    # On stdin, like every secret: a command line and an environment can be read by others.
    said = json.dumps({"login": proofs}).encode()
    first, *others = (_place(site, played, extravars, agent) for agent in there)
    made = [_ask(first, said, why)]
    made += [future.result() for future in side_by_side([partial(_ask, each, said, why) for each in others])]
    return PlayResult((*played.tasks, *made))


def tell(tools: Tools, result: PlayResult) -> None:
    """Warn of what went wrong at the registry: the image is on the hosts, and the run goes on."""
    for host, found in _kept(result):
        if isinstance(problem := found.get("problem"), dict):
            tools.progress.warn(f"{host}{problem['message']}; {problem['hint']}")


def insist(result: PlayResult) -> Mapping[str, Any] | None:
    """What became of the image in the registry, as its first host tells; None where there is none.

    Raises:
        RegistryFailed, RegistryLoginNeeded: it is not there.
    """
    kept = _kept(result)
    for host, found in kept:
        if isinstance(problem := found.get("problem"), dict):
            raise error_of_code(str(problem["code"]), RegistryFailed)(
                f"{host}the image was made, but {problem['message']}",
                hint=str(problem["hint"]), details=[str(line) for line in problem["details"]],
            )
    return kept[0][1] if kept else None


def _login(tools: Tools, repository: str) -> tuple[RegistryLogin | None, str]:
    """The login, and why there is none; a host may have one of its own."""
    from cynthus.credentials.registries import login

    try:
        return login(repository.partition("/")[0], tools.settings.environment), ""
    except CynthusError as error:
        return None, f"{error.message}: {error.hint}"


def _place(site: Site, played: PlayResult, extravars: Mapping[str, object], agent: HostAgent) -> _Place:
    """Where the play has brought it; for this machine it lies in the user's folder."""
    for task in played.tasks:
        answer = task.answer if task.role == "kit" and task.host == agent.name else {}
        if {"spec", "folder", "home"} <= answer.keys():
            return _Place(agent, agent.program, str(answer["spec"]), str(answer["folder"]))
    spec = str(extravars.get("cynthus_spec") or site.root() / "run.json")
    return _Place(agent, PurePosixPath(site.root() / _AGENT), spec, str(extravars["cynthus_folder"]))


def _ask(place: _Place, said: bytes, why: str) -> TaskResult:
    """The answer, as if a task of the role had given it."""
    # A large image takes long to come and to go; Docker gives up by itself where nothing moves.
    answer = dict(place.agent.call(
        "environment", "--spec", place.spec, "--folder", place.folder, "--login", "stdin",
        stdin=said, timeout=None, program=place.program,
    ))  # fmt: skip
    kept = answer.get("registry")
    if why and isinstance(kept, dict) and isinstance(kept.get("problem"), dict):
        kept["problem"]["hint"] = f"{why}; {kept['problem']['hint']}"
    return TaskResult(place.agent.name, ROLE, "Make the environment", bool(answer.get("changed")), json.dumps(answer))


def _kept(result: PlayResult) -> list[tuple[str, Mapping[str, Any]]]:
    """What each host tells of it, and how a sentence about that host begins: of an only one nobody need be told."""
    made = [task for task in result.tasks if task.role == ROLE]
    told = [(f"{task.host}: " if len(made) > 1 else "", task.answer.get("registry")) for task in made]
    return [(begin, found) for begin, found in told if isinstance(found, dict)]

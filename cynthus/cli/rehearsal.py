"""The place of a rehearsal: a folder of its own, a cloud that is played, and everything assembled for them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from cynthus import settings
from cynthus.bootstrap import assemble
from cynthus.cli import documents
from cynthus.cli.wording import typed
from cynthus.core.names import is_deployment_id
from cynthus.errors import CynthusError, UsageError
from cynthus.operations.app import load_app
from cynthus.operations.rehearse import Rehearsal, Rehearsed, rehearse
from cynthus.state.folder import OURS, DeploymentFolder
from cynthus.terraform.diagnosis import GO_ON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from contextlib import AbstractContextManager

    from cynthus.cli.app import App
    from cynthus.core.spec import AppSpec
    from cynthus.operations.app import App as Loaded
    from cynthus.operations.up import Request

LEFT_BEHIND = shutil.ignore_patterns(".terraform", "terraform.tfstate*", "*.tfplan", "errored.tfstate")
"""What of `infra/` is no text of the user's: the real state stays where it is, and providers are had again."""


class Stage(Protocol):
    """A place that is played."""

    title: str
    environment: Mapping[str, str]
    """That of everything that is to meet this place, and not the real one."""
    providers: Collection[str]
    """Terraform's providers that ask it."""
    beside: Mapping[str, str]
    """Files by name that have them do so, for each root."""

    def rehearsed(self, spec: AppSpec) -> AppSpec:
        """The spec without what leads to a real place."""

    def known_now(self, spec: AppSpec) -> AppSpec:
        """The spec by which the values are made that are known only now."""

    def standing(self) -> tuple[str, ...]:
        """What is there, a line each."""

    def cost(self) -> float:
        """What it would have cost by now, in dollars."""


class Stager(Protocol):
    """How a module makes one; `Target.stage` names the module."""

    def __call__(
        self, spec: AppSpec, environment: Mapping[str, str], root: Path, place: Path
    ) -> AbstractContextManager[Stage]: ...


def rehearse_up(app: App, request: Request, *, as_json: bool) -> None:
    """Rehearse an `up`, and say what would stand.

    Raises:
        UsageError: on this target there is nothing to rehearse, or it is a version that ran already.
    """
    if request.version is not None:
        raise UsageError(
            "a version is environment and source, of which a rehearsal needs neither",
            hint="leave out --version: machines are made alike for all of them",
        )
    loaded = load_app(app.tools, request.where, target=request.target)
    stager = _stager(app, loaded)
    with TemporaryDirectory(prefix="cynthus-rehearsal-") as name:
        place = Path(name).resolve()
        root = loaded.folder / "infra" / loaded.spec.target / "compute"
        with stager(loaded.spec, app.settings.environment, root, place) as stage:
            app.console.say(f"a rehearsal in {stage.title}: nothing is made in the real one, and nobody is charged")
            with as_at_home(place / "folder", loaded.folder):
                rehearsed = _rehearse(app, request, loaded, stage, place)
            if as_json:
                app.console.document(documents.rehearsal(rehearsed, loaded.folder, stage.standing(), stage.cost()))
            else:
                _tell(app, stage, rehearsed, request.where)


def _stager(app: App, loaded: Loaded) -> Stager:
    target = app.tools.targets.find(loaded.spec.target)
    if target.stage is None:
        raise UsageError(
            f"there is nothing to rehearse on the target {target.name}: it makes no machines",
            hint="`cynthus plan` shows what `cynthus up` would do",
        )
    stager: Stager = import_module(target.stage).stage
    return stager


def _rehearse(app: App, request: Request, loaded: Loaded, stage: Stage, place: Path) -> Rehearsed:
    folder = copied(loaded.folder, place / "folder")
    tools = assemble(settings.read(_environment(app, stage, place)), app.console.progress, app.console)
    rehearsal = Rehearsal(
        replace(loaded, folder=folder, spec=stage.rehearsed(loaded.spec)),
        stage.known_now, stage.providers, stage.beside, yes=request.yes, no_deadline=request.no_deadline,
    )  # fmt: skip
    return rehearse(tools, rehearsal)


def copied(folder: Path, to: Path) -> Path:
    """What the user made of the rendered files, and what they are merged with. All else is linked, for modules may lie
    there; nothing is written there before a run begins."""
    to.mkdir()
    for each in folder.iterdir():
        if each.name not in ("infra", OURS):
            (to / each.name).symlink_to(each)
    if (folder / "infra").is_dir():
        shutil.copytree(folder / "infra", to / "infra", symlinks=True, ignore=LEFT_BEHIND)
    for records in (folder / OURS).glob("*"):
        if is_deployment_id(records.name):
            pristine = DeploymentFolder(folder, records.name).pristine
            if pristine.is_dir():
                shutil.copytree(pristine, DeploymentFolder(to, records.name).pristine, symlinks=True)
    return to


def _environment(app: App, stage: Stage, place: Path) -> dict[str, str]:
    own = {"XDG_STATE_HOME": str(place / "state"), "XDG_DATA_HOME": str(place / "share")}
    if "TF_PLUGIN_CACHE_DIR" not in stage.environment:
        # Else a provider of 100 MB is fetched for each root, each time; where nothing can be kept it is.
        with suppress(OSError):
            cache = app.settings.cache_dir / "providers"
            cache.mkdir(parents=True, exist_ok=True)
            own |= {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    return {**stage.environment, **own}


@contextmanager
def as_at_home(folder: Path, home: Path) -> Iterator[None]:
    """Errors speak of the user's folder: the other one is gone when they are read, and so are its logs."""
    try:
        yield
    except CynthusError as error:
        error.message = error.message.replace(str(folder), str(home))
        error.args = (error.message,)
        error.details = tuple(line.replace(str(folder), str(home)) for line in error.details)
        error.hint = error.hint.replace(str(folder), str(home))
        if GO_ON in error.hint or "everything it said is in" in error.hint:
            error.hint = "nothing was made in the real cloud: mend what it says, if anything, and rehearse it again"
        raise


def _tell(app: App, stage: Stage, rehearsed: Rehearsed, where: str | None) -> None:
    offer = rehearsed.offer
    app.console.say("the rehearsal is over, and nothing was made. This would stand now:")
    for line in stage.standing():
        app.console.say(f"  {line}")
    if offer.per_hour is None:
        app.console.say("  the price is not known")
    else:
        app.console.say(f"  ${offer.per_hour:.2f} an hour; by now it would have cost ${stage.cost():.2f}")
    app.console.say(f"next:\n  {typed('up', where)}  does it for real")

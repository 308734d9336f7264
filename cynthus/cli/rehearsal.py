"""`up --simulate`: the place of a rehearsal, everything assembled for it, and what a person is told."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cynthus import settings
from cynthus.bootstrap import assemble
from cynthus.cli import documents, rehearsal_end
from cynthus.cli.interrupts import undisturbed
from cynthus.cli.wording import typed
from cynthus.errors import CynthusError, Interrupted, UsageError
from cynthus.operations.app import load_app
from cynthus.operations.rehearsal_folder import copied, source_copied
from cynthus.operations.rehearse import Rehearsal, rehearse
from cynthus.terraform.diagnosis import GO_ON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.cli.app import App
    from cynthus.operations.app import App as Loaded
    from cynthus.operations.stage import Stage, Stager
    from cynthus.operations.tools import Tools
    from cynthus.operations.up import Request

_STAYS = re.compile(r"`cynthus (cancel|destroy|down|exec|forward|logs|pull|run|ssh|status|update|versions)\b")
"""How a hint speaks of something that stays."""


class Set(Struct):
    """A stage, the folder around it, and a private one in memory."""

    stage: Stage
    place: Path
    memory: Path


def rehearse_up(app: App, request: Request, hosts: str | None, *, detach: bool, as_json: bool) -> None:
    """Rehearse an `up`, to the finished run where something boots `hosts`, and say what would stand.

    Raises:
        UsageError: on this target there is nothing to rehearse, or it is a version that ran already.
        RunFailed, RunCancelled, RunLost: the run did not succeed.
        Interrupted: somebody has seen enough; nothing is left.
    """
    _check(request, detach=detach)
    loaded = load_app(app.tools, request.where, target=request.target)
    stager = _stager(app, loaded)
    try:
        with _set_up(app, loaded, stager, hosts or app.settings.simulated_hosts) as at:
            app.console.say(f"a rehearsal in {at.stage.title}: nothing is made in the real one, and nobody is charged")
            with as_at_home(at.place, loaded.folder):
                ended = _rehearse(app, request, loaded, at, as_json=as_json)
    except (KeyboardInterrupt, Interrupted) as error:
        said = error.message if isinstance(error, Interrupted) else "interrupted"
        hint = f"nothing of it is left; `{typed('up --simulate', request.where)}` begins again"
        raise Interrupted(f"the rehearsal ends here: {said}", hint=hint) from None
    rehearsal_end.judged(ended, request.where)


def _check(request: Request, *, detach: bool) -> None:
    if request.version is not None:
        raise UsageError(
            "a version is environment and source, of which a rehearsal has those of the folder",
            hint="leave out --version: machines are made alike for all of them",
        )
    if detach:
        raise UsageError("nothing goes on after a rehearsal", hint="leave out --detach, or --simulate")


def _stager(app: App, loaded: Loaded) -> Stager:
    target = app.tools.targets.find(loaded.spec.target)
    if target.stage is None:
        raise UsageError(
            f"there is nothing to rehearse on the target {target.name}: it makes no machines",
            hint="`cynthus plan` shows what `cynthus up` would do",
        )
    stager: Stager = import_module(target.stage).stage
    return stager


@contextmanager
def _set_up(app: App, loaded: Loaded, stager: Stager, hosts: str) -> Iterator[Set]:
    root = loaded.folder / "infra" / loaded.spec.target / "compute"
    stack = ExitStack()
    try:
        place = Path(stack.enter_context(TemporaryDirectory(prefix="cynthus-rehearsal-"))).resolve()
        memory = Path(stack.enter_context(TemporaryDirectory(prefix="cynthus-", dir=settings.memory_folder().parent)))
        stage = stack.enter_context(stager(loaded.spec, app.settings.environment, root, place, hosts))
        yield Set(stage, place, memory)
    finally:
        with undisturbed():
            stack.close()


def _rehearse(app: App, request: Request, loaded: Loaded, at: Set, *, as_json: bool) -> rehearsal_end.Ended:
    folder = copied(loaded.folder, at.place / "folder")
    data = [str(each["from"]) for each in loaded.data if "fetch" not in each]
    source = source_copied(loaded.folder, loaded.spec, data, at.place / "app", folder)
    tools = assembled(app, at)
    mine = replace(loaded, folder=source, spec=at.stage.rehearsed(loaded.spec))
    rehearsed = rehearse(tools, Rehearsal(mine, at.stage, request, folder, loaded.folder))
    ended = rehearsal_end.followed(app, tools, rehearsed, as_json=as_json)
    if as_json:
        standing, cost = at.stage.standing(), at.stage.cost()
        app.console.document(
            documents.rehearsal(rehearsed, loaded.folder, standing, cost, ended.run, ended.pulled)
        )
    else:
        rehearsal_end.tell(app, at.stage, rehearsed, ended, request.where)
    return ended


def assembled(app: App, at: Set) -> Tools:
    """All of it anew. Connections that are kept open are found by the names of hosts, and a machine that really stands
    has the same name: so they are in a folder of the rehearsal's own."""
    return assemble(settings.read(_environment(app, at))._replace(tmpfs=at.memory), app.console.progress, app.console)


def _environment(app: App, at: Set) -> dict[str, str]:
    own = {"XDG_STATE_HOME": str(at.place / "state"), "XDG_DATA_HOME": str(at.place / "share")}
    if "TF_PLUGIN_CACHE_DIR" not in at.stage.environment:
        # Else a provider of 100 MB is fetched for each root, each time; where nothing can be kept it is.
        with suppress(OSError):
            cache = app.settings.cache_dir / "providers"
            cache.mkdir(parents=True, exist_ok=True)
            own |= {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    return {**at.stage.environment, **own}


@contextmanager
def as_at_home(place: Path, home: Path) -> Iterator[None]:
    """Errors speak of the user's folder: those in `place` are gone when they are read, and so are their logs."""

    def mended(text: str) -> str:
        for own in ("folder", "app"):
            text = text.replace(str(place / own), str(home))
        return text

    try:
        yield
    except CynthusError as error:
        error.message = mended(error.message)
        error.args = (error.message,)
        error.details = tuple(mended(line) for line in error.details)
        error.hint = mended(error.hint)
        if GO_ON in error.hint or "everything it said is in" in error.hint or _STAYS.search(error.hint):
            error.hint = "nothing was made in the real cloud: mend what it says, if anything, and rehearse it again"
        raise

"""The image of an environment in a registry: fetched from there in the place of a build, and put there once.

A name there ends with the environment's hash, so what it stands for never changes: one that is there is never written
again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import buildkit, listener
from cynthus.agent.failure import NO_ENGINE, REGISTRY, REGISTRY_LOGIN, Failure
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.engine import Engine
    from cynthus.agent.steps import Steps

USUAL = "amd64"
"""The architecture that a name does not tell."""
_MISSING = re.compile(
    r"manifest unknown|name unknown|not found: |: not found$|repository .* not found", re.IGNORECASE | re.MULTILINE
)
_FOR_OTHERS = re.compile(r"no match(ing manifest)? for", re.IGNORECASE)
"""What Docker says of a name that holds only what was built for other machines; with containerd, "not found" too."""
_REFUSED = re.compile(
    "unauthorized|authentication required|no basic auth|denied|forbidden|incorrect username|invalid.*token|credentials",
    re.IGNORECASE,
)


class Kept(NamedTuple):
    """What became of an image there: `there` (it was), `pulled`, `pushed`, or `failed` with what went wrong."""

    name: str
    state: str
    problem: Mapping[str, object] | None = None


class Shelf:
    """The place of one image in a registry: `tag` here is `name` there.

    `record` is a file that says what is known of it; `variables` give the login, for these commands alone.
    """

    def __init__(self, engine: Engine, repository: str, tag: str, record: Path, variables: Mapping[str, str]) -> None:
        self._engine = engine
        self._tag = tag
        self._record = record
        self._variables = variables
        self._tied = buildkit.tied(engine)
        arch = _architecture(engine)
        self._arch = arch
        name = tag.rpartition(":")[2]
        self.name = f"{repository}:{name}" if arch == USUAL else f"{repository}:{name}-{arch}"
        self._problem: Failure | None = None
        self._may_push = True
        self._state = ""

    @property
    def settled(self) -> bool:
        """Whether it is there now."""
        return self._state != ""

    @property
    def kept(self) -> Kept:
        """What became of it."""
        return Kept(self.name, self._state or "failed", self._problem.problem() if self._problem else None)

    def pull(self, steps: Steps) -> bool:
        """Whether it came from there, and is the image `tag` now. What else goes wrong is for `kept` to tell.

        Raises:
            Failure: the engine does not answer.
        """
        # Before the name is there: what is cut off is found by it.
        write_json(self._record, {"name": self.name, "there": False})
        try:
            self._run(steps, "pull", "fetched")
        except Failure as failure:
            self._hear(failure)
            return False
        if not self._fits():
            return False
        self._engine.told("tag", self.name, self._tag)
        self._settle("pulled")
        return True

    def push(self, steps: Steps) -> None:
        """Put it there, unless somebody has meanwhile: then that one counts here, too.

        Raises:
            Failure: the engine does not answer.
        """
        if not self._may_push or self.pull(steps) or not self._may_push:
            return
        self._engine.told("tag", self._tag, self.name)
        try:
            self._run(steps, "push", "pushed")
        except Failure as failure:
            self._problem = _explained(failure, self.name)
            # The name leads to nothing there: a registry gives it out with the last request of a push.
            self._engine.ask("image", "rm", self.name)
            return
        self._problem = None
        self._settle("pushed")

    def _run(self, steps: Steps, verb: str, done: str) -> None:
        # It ends with us: a registry that went silent must not keep whoever comes next waiting for our lock.
        argv = (*self._tied, "docker", verb, self.name)
        with listener.needed():
            steps.run(argv, f"{self.name} could not be {done}", variables=self._variables)

    def _hear(self, failure: Failure) -> None:
        said = "\n".join(failure.details)
        if _FOR_OTHERS.search(said):
            self._keep_off("other machines")
            return
        if _MISSING.search(said):
            self._problem = None
            return
        self._problem = _explained(failure, self.name)
        # Some registries deny what is only not there; whether one may write shows when it is tried.
        self._may_push = bool(_REFUSED.search(said))

    def _fits(self) -> bool:
        """Whether what came runs here: a name may hold what was built for other machines, if somebody tagged it so."""
        found = (self._engine.inspect("image", self.name) or {}).get("Architecture")
        if found == self._arch:
            return True
        self._engine.ask("image", "rm", self.name)
        self._keep_off(str(found))
        return False

    def _keep_off(self, machines: str) -> None:
        """Leave what is there as it is, for whom it is for."""
        self._may_push = False
        self._problem = Failure(
            f"{self.name} is an image for {machines}, and this machine is {self._arch}: it was not used",
            hint="delete that tag in the registry, and run the command again", code=REGISTRY,
        )

    def _settle(self, state: str) -> None:
        self._state = state
        self._engine.ask("image", "rm", self.name)
        write_json(self._record, {"name": self.name, "there": True})


def known(record: Path, repository: str, name: str) -> Kept | None:
    """That the image of the environment `name` is there, where that is known."""
    told = _told(record)
    if told is None or not told[1] or re.fullmatch(rf"{re.escape(repository)}:{name}(-[a-z0-9_]+)?", told[0]) is None:
        return None
    return Kept(told[0], "there")


def names(records: Path) -> list[str]:
    """What images of a deployment are called in registries, by their records in that folder."""
    told = (name_in(each) for each in sorted(records.glob("*.registry")))
    return [name for name in told if name is not None]


def name_in(record: Path) -> str | None:
    """What the image of such a record is called in its registry; None where there is no record."""
    told = _told(record)
    return told[0] if told else None


def record(environments: Path, name: str) -> Path:
    """Where is written what is known of the image of an environment there."""
    return environments / f"{name}.registry"


def _told(file: Path) -> tuple[str, bool] | None:
    try:
        document = read_json(file)
    except (OSError, ValueError):
        return None
    return None if document is None else (str(document.get("name")), document.get("there") is True)


def _architecture(engine: Engine) -> str:
    """The engine's, in Docker's word."""
    found = engine.told("version", "--format", "{{.Server.Arch}}").strip()
    if re.fullmatch(r"[a-z0-9_]+", found) is None:
        hint = "see what `docker version` says"
        raise Failure("the Docker engine does not say for which machines it is", hint=hint, code=NO_ENGINE)
    return found


def _explained(failure: Failure, name: str) -> Failure:
    """What a registry answered, with what to do."""
    # An address of an upload may be signed: whoever has it may write there.
    details = [re.sub(r"\?[^\s\"']+", "?...", line) for line in failure.details][-3:]
    said = "\n".join(details)
    registry = name.partition("/")[0]
    if _REFUSED.search(said):
        return Failure(
            f"{failure.message}: {registry} does not take the login, or there is none",
            hint=f"`docker login {registry}`, or `credHelpers` in Docker's config.json, gives one to whom it lets "
            "read and write there; then `cynthus build` pushes it without building",
            code=REGISTRY_LOGIN, details=details,
        )
    reason = (details or ["nothing was said"])[-1].removeprefix("Error response from daemon: ")
    return Failure(
        f"{failure.message}: {registry} does not answer, or not to the end ({reason})",
        hint="once it does, `cynthus build` pushes it without building", code=REGISTRY, details=details,
    )

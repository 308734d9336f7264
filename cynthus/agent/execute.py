"""The verb `exec`: a command beside main.py."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from cynthus.agent import hub_cache, lock, record, spec, surroundings, version
from cynthus.agent.failure import NOT_RUNNING, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.home import Home, RunFolder


def execute(home: Home, run_id: str, words: tuple[str, ...], environment: Mapping[str, str]) -> NoReturn:
    """Become the command, in the run's folder and environment; a run's secrets are not in it.

    Raises:
        Failure: there is no such run, or no such command.
    """
    run = home.run(run_id)
    ready = version.read(run)
    if ready is None or not words:
        missing = "no command was named" if ready else f"there is no run {run_id} here"
        raise Failure(missing, hint="cynthus exec -- python -V", code=NOT_RUNNING)
    if run.pruned.exists() and not run.app.is_dir():
        gone = f"the files of run {run_id} were removed from the host, since its outputs are at home"
        raise Failure(gone, hint="`cynthus run` starts another; older runs keep only their records", code=NOT_RUNNING)
    _keep_machine(home)
    known, _ = spec.read(run.spec)
    if ready.image is not None:
        _become(*_in_container(run, words, environment))
    os.chdir(run.app)
    folder, others = home.environment(ready.environment).folder, hub_cache.variables(known, home.hub)
    _become(words, surroundings.in_environment(known, run, folder, environment, others))


def _keep_machine(home: Home) -> None:
    """Where the machine deletes itself when nobody uses it, it does not before the command has ended."""
    if home.used.exists():
        with suppress(OSError):
            lock.share(home.visitors_lock)


def _in_container(
    run: RunFolder, words: tuple[str, ...], environment: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    from cynthus.agent import container, engine

    going = [each for each in run.attempts() if not each.exit.exists()]
    known = record.read(going[-1]) if going else None
    if known is None or known.container is None:
        raise Failure(
            f"run {run.id} is not running, and its container with it", hint="`cynthus run` starts one",
            code=NOT_RUNNING,
        )
    argv = container.exec_argv(known.container, words, tty=os.isatty(0) and os.isatty(1))
    return argv, dict(engine.recall(going[-1].engine, environment).variables)


def _become(words: tuple[str, ...], environment: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(words[0], words, environment)  # noqa: S606 - to become a program, without a shell
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Failure(f"{words[0]}: {reason}", hint="name a program that the app's environment has") from None

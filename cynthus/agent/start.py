"""The verb `start`: a run begins, once, however often and by how many it is asked for."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from typing import TYPE_CHECKING

from cynthus.agent import beat, cluster, departure, lock, memory, reserve, supervisor, unit, version, watch
from cynthus.agent.detached import detach
from cynthus.agent.failure import Failure
from cynthus.files import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.fellows import Fellows
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.spec import Spec

EMULATOR = "STORAGE_EMULATOR_HOST"
"""The variable of Google's libraries for where its storage is, if not where it always is."""
_PATIENCE = 60.0
"""Seconds for another `start` of the same attempt to get it going; pulling an image is not part of it."""


def start(home: Home, spec: Spec, run_id: str, number: int, fellows: Fellows, environment: Mapping[str, str]) -> bool:
    """Start an attempt, detached; false where that was done before.

    Raises:
        Failure: it was stopped, something it needs is missing, or it could not be started.
    """
    run = home.run(run_id)
    ready = version.read(run)
    if ready is None:
        raise Failure(f"the source of run {run.id} is not here", hint="the verb `source` brings it")
    if spec.restore and home.restoring.exists():
        raise Failure("what the machine before saved is here in part only", hint="the verb `source` brings the rest")
    attempt = run.attempt(number, fellows.rank)
    attempt.folder.mkdir(parents=True, exist_ok=True)
    descriptor = _claim(attempt)
    if descriptor is None:
        beat.ensure(run, attempt)
        return False
    try:
        _refuse_stopped(run, attempt)
        secrets = memory.wanted(cluster.secret_names(spec, fellows), memory.take(environment, run.deployment, run.id))
        if spec.bucket is not None:
            _expect_saving(home, attempt, spec, environment)
        if spec.metadata is not None:
            write_json(attempt.metadata, {"server": spec.metadata})
            departure.expect(attempt, spec)
        devices = _devices(attempt, spec.gpus)
        work = _runtime(home, spec, run, attempt, ready, {**environment}, secrets, fellows, devices)
        for wish in (run.stop, attempt.stop):
            reserve.make(wish)
        watch.begin(home, attempt)
        _launch(home, run, attempt, work, descriptor)
    finally:
        os.close(descriptor)
    memory.forget(environment, run.deployment, run.id)
    beat.ensure(run, attempt)
    _await_status(attempt)
    return True


def _claim(attempt: Attempt) -> int | None:
    """The attempt's lock, or None where it was started before: its record is never taken back."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        descriptor = lock.acquire(attempt.lock, wait=False)
        if attempt.record.exists() or attempt.exit.exists():
            if descriptor is not None:
                os.close(descriptor)
            return None
        if descriptor is not None:
            return descriptor
        if time.monotonic() > deadline:
            raise Failure(f"another start of run {attempt.run} does not end", hint=f"look into {attempt.agent_log}")
        time.sleep(0.01)


def _refuse_stopped(run: RunFolder, attempt: Attempt) -> None:
    why = supervisor.wished(run, attempt)
    if why:
        raise Failure(f"run {run.id} was stopped before it began ({why})", hint="`cynthus run` starts a new one")


def _expect_saving(home: Home, attempt: Attempt, spec: Spec, environment: Mapping[str, str]) -> None:
    """From now on it is to be saved. Whatever was not of earlier runs gets another try."""
    from cynthus.agent import standing, sync

    storage = spec.storage or environment.get(EMULATOR, "")
    standing.expect(attempt, str(spec.bucket), storage=storage, metadata=spec.metadata or "")
    sync.resume(home)


def _devices(attempt: Attempt, count: int) -> tuple[int, ...]:
    """The GPUs of the attempt, by index."""
    if not count:
        return ()
    from cynthus.agent import leases

    return leases.lease(attempt, count)


def _runtime(
    home: Home, spec: Spec, run: RunFolder, attempt: Attempt, ready: version.Version,
    environment: dict[str, str], secrets: dict[str, str], fellows: Fellows, devices: tuple[int, ...],
) -> partial[None]:
    """What the supervisor is to do; everything that can fail before it begins has been looked at."""
    if ready.image is not None:
        from cynthus.agent import container

        launched = container.launch(home, spec, run, attempt, ready, environment, secrets, fellows, devices)
        return partial(container.begin, launched)
    from cynthus.agent import native

    launch = native.launch(home, spec, run, attempt, ready, environment, secrets, fellows, devices)
    return partial(supervisor.begin, launch)


def _launch(home: Home, run: RunFolder, attempt: Attempt, work: partial[None], descriptor: int) -> None:
    """Hand the lock over to a supervisor and wait for its word that the attempt is on record."""
    ear, mouth = os.pipe()

    def supervise() -> None:
        unit.enter_scope(home, run.id, os.environ)
        # Before there is anything to supervise, so that the agent is never one of the run's own processes.
        if not unit.wake(home, os.environ):
            beat.keep(run, attempt)
        work(tell=partial(_tell, mouth))

    detach(supervise, log=attempt.agent_log, keep=(descriptor, mouth))
    os.close(mouth)
    with open(ear, "rb") as stream:
        said = stream.read()
    if not said:
        hint = f"{attempt.agent_log} says why"
        raise Failure(f"run {run.id} could not be started", hint=hint, details=_tail(attempt))
    problem = json.loads(said)
    if problem:
        raise Failure(problem["message"], hint=problem["hint"], code=problem["code"], details=problem["details"])


def _tell(mouth: int, problem: Mapping[str, object] | None = None) -> None:
    os.write(mouth, json.dumps(problem).encode())
    os.close(mouth)


def _tail(attempt: Attempt) -> list[str]:
    try:
        return attempt.agent_log.read_text(errors="replace").splitlines()[-5:]
    except OSError:
        return []


def _await_status(attempt: Attempt) -> None:
    """Whoever looks next should see the run. That it starts does not depend on this."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if json.loads(attempt.status.read_bytes())["state"] != "STARTING":
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.005)

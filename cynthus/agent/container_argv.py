"""The `docker create` line of a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cynthus.agent import cluster, container_room, hub_cache, processes, surroundings
from cynthus.agent.fellows import ALONE, Fellows
from cynthus.agent.image_name import LABEL
from cynthus.agent.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.agent.attempt import Attempt
    from cynthus.agent.container_room import Room
    from cynthus.agent.home import RunFolder
    from cynthus.agent.spec import Spec
    from cynthus.agent.version import Version

APP = "/app"
_LOG = "/cynthus/log"
_SECRETS = "/cynthus/secrets"
_PROGRAM = "/cynthus/agent.pyz"
_PHASE = "/cynthus/phase"
_PREPARING, _PREPARED = "/cynthus/preparing", "/cynthus/prepared"
"""The same folder, once to write to and once to read from."""
_ENTRY = (
    f"if [ -f {_SECRETS}/values ]; then . {_SECRETS}/values && rm -f {_SECRETS}/values; fi; "
    f'exec "$@" >>{_LOG} 2>&1'
)
"""Takes the secrets into the environment and becomes the command, whose output is the log file itself."""


def create_argv(
    spec: Spec, run: RunFolder, attempt: Attempt, ready: Version, room: Room, fellows: Fellows = ALONE,
    devices: tuple[int, ...] = (),
) -> tuple[str, ...]:
    """Makes the container of an attempt; nothing in it is secret."""
    assert ready.image is not None  # noqa: S101 - only runs that have one come here
    labels = {LABEL: run.deployment, "cynthus-run": run.id, "cynthus-attempt": attempt.label}
    others = {**cluster.variables(spec, run.id, fellows), **hub_cache.variables(spec, hub_cache.INSIDE)}
    own = surroundings.own(spec, run, others)
    variables = {"HOME": "/tmp", **own, processes.MARK: attempt.label}  # noqa: S108 - inside
    return (
        "docker", "create", "--name", container_room.name_of(attempt), "--pull", "never",
        "--init", "--user", room.user, "--workdir", APP, "--entrypoint", "/bin/sh",
        "--stop-signal", "SIGTERM", "--security-opt", "no-new-privileges", "--log-driver", "none",
        "--shm-size", str(_half_of_the_memory()),
        *(("--gpus", _gpus(devices) or str(spec.gpus)) if spec.gpus else ()),
        # Containers of other hosts reach this one by the host's own address, at any port that a library chooses.
        *(("--network", "host") if fellows.several else _published(spec)),
        *_pairs("--label", labels), *_pairs("--env", variables), *_mounts(run, attempt, room),
        *(mount(str(run.program), _PROGRAM, read_only=True) if spec.engine or spec.preprocess else ()),
        ready.image, "-c", _ENTRY, "cynthus",
        *_command(spec, run, room, fellows),
    )


def _command(spec: Spec, run: RunFolder, room: Room, fellows: Fellows) -> tuple[str, ...]:
    words = cluster.command(spec, run.id, fellows, "python", _PROGRAM)
    if not spec.preprocess:
        return words
    from cynthus.agent import prepared

    return prepared.command(
        spec, words, python="python", program=_PROGRAM, making=_PREPARING, kept=f"{_PREPARED}/kept", told=_PHASE,
        inside=room.read_only,
    )


def _gpus(devices: tuple[int, ...]) -> str:
    """Some of the GPUs. Docker reads a line of CSV, so the list is one quoted field of it."""
    return f'"device={",".join(map(str, devices))}"' if devices else ""


def _published(spec: Spec) -> Iterator[str]:
    """The machine's own ports may be taken, so Docker chooses; other machines are not let in."""
    for each in spec.ports:
        yield from ("--publish", f"{LOOPBACK}::{each.port}")


def mount(source: str, target: str, *, read_only: bool = False) -> tuple[str, str]:
    """A bind mount. Docker reads the value as a line of CSV, and makes no folder where the source is missing."""
    fields = ["type=bind", f"source={source}", f"target={target}", *(["readonly"] if read_only else [])]
    return "--mount", ",".join(_field(each) for each in fields)


def _mounts(run: RunFolder, attempt: Attempt, room: Room) -> Iterator[str]:
    yield from mount(str(run.app), APP)
    yield from mount(str(attempt.log), _LOG)
    for place, path in room.read_only.items():
        yield from mount(path, f"{APP}/{place}", read_only=True)
    for place, path in room.writable.items():
        yield from mount(path, f"{APP}/{place}")
    if room.hub is not None:
        yield from mount(str(room.hub), hub_cache.INSIDE)
    if room.prepared is not None:
        yield from mount(str(room.prepared), _PREPARING)
        yield from mount(str(room.prepared), _PREPARED, read_only=True)
        yield from mount(str(attempt.phase), _PHASE)
    if room.secrets is not None:
        yield from mount(str(room.secrets), _SECRETS)


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"\r\n') else text


def _pairs(option: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield from (option, f"{name}={value}")


def _half_of_the_memory() -> int:
    """What Linux gives /dev/shm, in bytes. Docker's 64 MB are too little for PyTorch's data loaders."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2

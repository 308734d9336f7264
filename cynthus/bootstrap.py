"""The composition root: the only place that chooses which part does what."""

from __future__ import annotations

from functools import cached_property
from random import SystemRandom
from typing import TYPE_CHECKING

from cynthus.core.clock import SystemClock
from cynthus.datasets.places import Places
from cynthus.operations.tools import Tools
from cynthus.settings import handed_on
from cynthus.state.index import Index
from cynthus.targets.local.connection import LocalConnection
from cynthus.targets.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cynthus.ansible.client import Activity, Ansible, PlayResult
    from cynthus.core.deployment import Host
    from cynthus.core.finding import Finding
    from cynthus.core.progress import Progress
    from cynthus.operations.tools import Person
    from cynthus.settings import Settings
    from cynthus.storage.base import Bucket
    from cynthus.terraform.client import Terraform, TerraformFactory


def assemble(settings: Settings, progress: Progress, person: Person) -> Tools:
    """Everything that the verbs work with, for real. Heavy parts are made when they are first used."""
    return Tools(
        settings=settings,
        index=Index(settings.state_dir / "deployments"),
        targets=Registry(settings),
        terraform=_LateTerraform(settings, progress),
        ansible=_LateAnsible(settings),
        clock=SystemClock(),
        random=SystemRandom(),
        progress=progress,
        person=person,
        places=Places(settings.environment),
        here=LocalConnection(handed_on(settings.environment)),
        build_agent=lambda: _agent(settings),
        open_bucket=lambda address: _bucket(settings, address),
    )


def check_programs(settings: Settings) -> Iterator[Finding]:
    """What `cynthus doctor` says about the programs that Cynthus drives."""
    from cynthus.ansible.check import check_ansible
    from cynthus.terraform.check import check_terraform

    yield check_terraform(settings)
    yield check_ansible()


def _agent(settings: Settings) -> bytes:
    """The agent's program; this machine, which runs it too, need not compile it."""
    from cynthus.agent import bytecode, zipapp

    program = zipapp.content()
    bytecode.hand_over(program, zipapp.compiled, settings.environment)
    return program


def _bucket(settings: Settings, address: str) -> tuple[Bucket, str]:
    from cynthus import objects
    from cynthus.credentials.google import EMULATOR, login
    from cynthus.errors import UsageError
    from cynthus.storage.opening import opened

    try:
        endpoint = objects.endpoint(settings.environment) if settings.environment.get(EMULATOR) else ""
    except objects.Unfit as unfit:
        raise UsageError(str(unfit), hint=f"name one on this machine, or with https://, or unset {EMULATOR}") from None
    return opened(address, lambda: login(settings.environment), endpoint=endpoint)


class _LateTerraform:
    """A TerraformFactory that imports the real one with its first use: `status` and `logs` never do."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress

    @cached_property
    def _factory(self) -> TerraformFactory:
        from cynthus.terraform.environment import unreadable
        from cynthus.terraform.factory import TerraformCommand

        for file in unreadable(self._settings.environment):
            self._progress.warn(f"Terraform runs without its configuration {file}: this user may not read it")
        return TerraformCommand(self._settings)

    def __call__(self, root: Path, *, logs: Path, activity: Activity) -> Terraform:
        return self._factory(root, logs=logs, activity=activity)


class _LateAnsible:
    """The same for Ansible."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _runner(self) -> Ansible:
        from cynthus.ansible.adapter import AnsibleRunner

        return AnsibleRunner(self._settings)

    def play(
        self, playbook: Path, *, inventory: Path, extravars: Mapping[str, object], activity: Activity,
        sudo_password: str | None = None, hosts: Sequence[Host] = (),
    ) -> PlayResult:
        return self._runner.play(
            playbook, inventory=inventory, extravars=extravars, activity=activity, sudo_password=sudo_password,
            hosts=hosts,
        )  # fmt: skip

    def end_leftovers(self) -> None:
        self._runner.end_leftovers()

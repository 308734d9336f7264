"""The operations with a Terraform that makes nothing and a play without Ansible; files, records and agent are real."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus import settings
from cynthus.agent import zipapp
from cynthus.core.clock import SystemClock
from cynthus.credentials.google import login
from cynthus.datasets.places import Places
from cynthus.errors import ConfirmationNeeded
from cynthus.operations.attend import Attendance
from cynthus.operations.down import down
from cynthus.operations.site import agents
from cynthus.operations.tools import Tools
from cynthus.operations.up import Outcome, Request, up
from cynthus.state.index import Index
from cynthus.storage.gcs import GcsBucket
from cynthus.storage.opening import opened
from cynthus.targets.local.connection import LocalConnection
from cynthus.targets.registry import Registry
from cynthus.testing.play import DirectPlay
from cynthus.testing.terraform import FakeTerraformCommand
from tests.operations.host import Recorder

if TYPE_CHECKING:
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.storage.base import Bucket

PRINTS = "print('ran')\nopen('outputs/x', 'w').write('1')\n"


@dataclass
class Nobody:
    """A Person who is not there, or who always gives one answer."""

    answer: bool | None = None
    types: str | None = None
    """The password that they type; None where they are not there."""
    questions: list[str] = field(default_factory=list)
    defaults: list[bool] = field(default_factory=list)
    """What Enter would have meant."""

    def confirm(self, question: str, *, consequence: str, default: bool = True) -> bool:
        self.questions.append(question)
        self.defaults.append(default)
        if self.answer is None:
            raise ConfirmationNeeded(consequence, hint="add -y")
        return self.answer

    def password(self, question: str) -> str | None:
        self.questions.append(question)
        return self.types


class Workshop:
    """One user's world below `place`."""

    def __init__(self, place: Path, **more: str) -> None:
        self.place = place
        self.google = more.get("STORAGE_EMULATOR_HOST", "")
        usual = {"PATH": os.environ["PATH"], "HOME": str(place / "home"), "DOCKER_HOST": "unix:///no/such.sock"}
        environment = {**usual, **more}
        own = settings.read(environment)
        self.terraform = FakeTerraformCommand()
        self.ansible = DirectPlay(environment)
        self.person = Nobody()
        self.progress = Recorder()
        self.tools = Tools(
            settings=own,
            index=Index(own.state_dir / "deployments"),
            targets=Registry(own),
            terraform=self.terraform,
            ansible=self.ansible,
            clock=SystemClock(),
            # Not a seed: two tests at once would make runs of one name, and each ends the processes of its own.
            random=SystemRandom(),
            progress=self.progress,
            person=self.person,
            places=Places(environment),
            here=LocalConnection(environment),
            build_agent=zipapp.content,
            open_bucket=self._open_bucket,
        )
        self._opened: list[GcsBucket] = []

    def folder(self, name: str = "app", main: str = PRINTS, spec: str = "") -> Path:
        """A folder with an app."""
        folder = self.place / name
        folder.mkdir()
        (folder / "main.py").write_text(main)
        if spec:
            (folder / "cynthus.yaml").write_text(spec)
        return folder

    def up(self, folder: Path, *, yes: bool = True) -> Outcome:
        return up(self.tools, Request(str(folder), yes=yes))

    def to_the_end(self, outcome: Outcome) -> Run:
        """Follow a started run and bring its outputs home."""
        attendance = Attendance(self.tools, outcome.site, outcome.run)
        attendance.watch(lambda _: None)
        attendance.finish()
        return attendance.run

    def with_person(self, *, answer: bool | None, types: str | None = None) -> Workshop:
        """The same world with somebody who gives that answer and types that password."""
        self.person = Nobody(answer, types)
        self.tools = replace(self.tools, person=self.person)
        return self

    def ended(self, outcome: Outcome) -> Run:
        """Wait for a run's end, and leave what it made where it is."""
        attendance = Attendance(self.tools, outcome.site, outcome.run)
        attendance.watch(lambda _: None)
        outcome.site.runs.save(attendance.run)
        return attendance.run

    def host(self, folder: Path) -> Path:
        """Where the deployment of a folder lies on its host."""
        entry = self.tools.index.by_folder(folder)[0]
        return Path(entry.home)

    def lose_host(self, folder: Path) -> None:
        """Somebody removes what lies on the host, at one blow: the agent still writes there."""
        self.host(folder).rename(self.place / "what lay on the host")

    def agent(self, outcome: Outcome) -> HostAgent:
        """The agent of the deployment's host."""
        return agents(self.tools, outcome.site)[0]

    def _open_bucket(self, address: str) -> tuple[Bucket, str]:
        bucket, prefix = opened(address, lambda: login(self.tools.settings.environment), endpoint=self.google)
        if isinstance(bucket, GcsBucket):
            self._opened.append(bucket)
        return bucket, prefix

    def home(self) -> None:
        """Remove everything."""
        for bucket in self._opened:
            bucket.close()
        for entry in self.tools.index.all()[0]:
            down(self.tools, entry.id, yes=True, discard=True, forget=True)

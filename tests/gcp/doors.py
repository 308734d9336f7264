"""The way to the hosts of a simulated cloud, by a program that is called as Google's: `gcloud`."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.files import write_atomic
from tests.gcp import gcloud

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.testing.gcp.machines import Hosts, Machine


class Doors:
    """A driver with the hosts of another one, that notes in a folder where their SSH answers. Whoever has `environment`
    finds a `gcloud` that leads there."""

    def __init__(self, hosts: Hosts, place: Path) -> None:
        self._hosts = hosts
        self._doors, self._programs = place / "doors", place / "programs"
        self._doors.mkdir(parents=True, exist_ok=True)
        self._programs.mkdir(exist_ok=True)
        words = (sys.executable, "-I", "-S", str(Path(gcloud.__file__)), str(self._doors))
        program = self._programs / "gcloud"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        program.chmod(0o700)

    def environment(self, user: Mapping[str, str]) -> dict[str, str]:
        """What a process needs so that this `gcloud` is the one that it finds."""
        return {"PATH": f"{self._programs}{os.pathsep}{user.get('PATH') or os.defpath}"}

    def boot(self, instance: Machine) -> str:
        address = self._hosts.boot(instance)
        where, port = self._hosts.door(instance.name)
        write_atomic(self._doors / instance.name, f"{where} {port}\n".encode())
        return address

    def door(self, name: str) -> tuple[str, int]:
        return self._hosts.door(name)

    def stop(self, name: str) -> None:
        (self._doors / name).unlink(missing_ok=True)
        self._hosts.stop(name)

"""A host that is only told of: files in a folder, and programs that answer what a test wants."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from cynthus.process import Command, Completed, run
from tests.ansible.workbench import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

ROLES = TEMPLATES / "roles"
SURVEY = ROLES / "survey/files"
TRIAL = ROLES / "nvidia/files"
DOCKER = yaml.safe_load((ROLES / "docker/vars/main.yml").read_text())
NVIDIA = yaml.safe_load((ROLES / "nvidia/vars/main.yml").read_text())
BOOKWORM = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\nPRETTY_NAME='Debian 12'\n"
NOBLE = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04"\n'
RUN_PY = "import sys; sys.path[:0] = sys.argv[1].split(':'); __import__(sys.argv[2]).main(sys.argv[3])"


@dataclass(frozen=True)
class StandIn:
    """A host in `folder`. What has no program there is not on it: nothing of this machine's is found."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    def file(self, path: str, text: str) -> None:
        (self.folder / "root" / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "root" / path).write_text(text)

    def program(self, name: str, *cases: tuple[str, str, int], otherwise: int = 1) -> None:
        """A program that answers by cases: a pattern of sh for its arguments, what it prints, its exit code."""
        lines = [f"{pattern}) printf '%s\\n' {_quoted(text)}; exit {code};;" for pattern, text, code in cases]
        self.script(name, '\ncase "$*" in\n' + "\n".join(lines) + f"\n*) exit {otherwise};;\nesac\n")

    def script(self, name: str, text: str) -> None:
        self.programs.mkdir(parents=True, exist_ok=True)
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def engine(self, version: str = "28.2.2", *, containers: str = "", **info: object) -> None:
        """An engine that answers."""
        told = json.dumps({"DockerRootDir": "/var/lib/docker", "Runtimes": {"runc": {}}, **info})
        self.program(
            "docker",
            ("'version '*", json.dumps({"Version": version}), 0),
            ("'info '*", told, 0),
            ("'ps '*", containers, 0),
        )

    def packages(self, **versions: str) -> None:
        """Those that are installed, with `_` for `-` and `__` for `.` in their names."""
        names = {name.replace("__", ".").replace("_", "-"): version for name, version in versions.items()}
        self.script("dpkg-query", "".join(f"echo 'installed {name} {version}'\n" for name, version in names.items()))

    def apt_knows(self, *patterns: str) -> None:
        """What apt could install, as patterns of sh."""
        answer = "printf '%s:\\n  Installed: (none)\\n  Candidate: 1\\n' $name"
        self.script("apt-cache", f"for name; do case $name in {'|'.join(patterns)}) {answer};; esac; done\n")

    def gpu(self, device: str, *, kind: str = "0x030200", vendor: str = "0x10de") -> None:
        """A device on the PCI bus; `kind` is its class."""
        bus = self.folder / "pci"
        place = bus / f"0000:{len(list(bus.glob('*'))):02x}:00.0"
        place.mkdir(parents=True)
        for name, word in (("vendor", vendor), ("device", f"0x{device}"), ("class", kind)):
            (place / name).write_text(f"{word}\n")

    def driver(self, version: str, gpus: int = 1, name: str = "NVIDIA H100 80GB HBM3") -> None:
        """A driver that works."""
        self.program(
            "nvidia-smi",
            ("--query*", "\n".join([f"{version}, {name}"] * gpus), 0),
            ("-L", "\n".join(f"GPU {number}: {name} (UUID: GPU-{number})" for number in range(gpus)), 0),
        )

    def broken_driver(self, said: str, code: int = 9) -> None:
        self.program("nvidia-smi", ("*", said, code))

    def toolkit(self, version: str = "1.18.0", *, cdi: bool = True) -> None:
        devices = "nvidia.com/gpu=0\nnvidia.com/gpu=all" if cdi else ""
        self.program("nvidia-ctk", ("--version", f"NVIDIA Container Toolkit CLI version {version}", 0),
                     ("'cdi list'", devices, 0))  # fmt: skip

    def survey(self, *, user: str = "root", **wish: Any) -> dict[str, Any]:
        """What the survey says of it."""
        asked = {"root": str(self.folder / "root"), "user": user, "path": "", **wish}
        done = self.python("survey", SURVEY, wish=asked)
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def python(self, module: str, *folders: Path, wish: dict[str, Any]) -> Completed:
        """Run one of the roles' programs here."""
        argv = (sys.executable, "-I", "-S", "-B", "-c", RUN_PY, ":".join(map(str, folders)), module, json.dumps(wish))
        return run(Command(argv, env={"PATH": str(self.programs)}))

    def docker(self, *, user: str = "root", **wish: Any) -> dict[str, Any]:
        """What it says where Docker is wished for as the role does, but for `wish`."""
        return self.survey(user=user, docker={**docker_wish(), **wish})

    def nvidia(self, **wish: Any) -> dict[str, Any]:
        """What it says where GPUs are wished for as the role does, but for `wish`."""
        return self.survey(nvidia={**nvidia_wish(), "pci": str(self.folder / "pci"), **wish})


def docker_wish() -> dict[str, Any]:
    return {
        "source": "auto",
        "repository": "https://download.docker.com/linux",
        "suites": DOCKER["docker_suites"],
        "packages": DOCKER["docker_packages"],
        "daemon": {},
        "proxy": "",
        "users": None,
    }


def nvidia_wish() -> dict[str, Any]:
    return {
        "gpus": 0,
        "branch": 580,
        "minimum": "525",
        "containers": True,
        "fresh": False,
        "generations": NVIDIA["nvidia_generations"],
        "hidden_from": NVIDIA["nvidia_hidden_from"],
        "ways": NVIDIA["nvidia_ways"],
        "fabric": NVIDIA["nvidia_fabric_packages"],
        "toolkit": NVIDIA["nvidia_toolkit_packages"],
    }


def kinds(found: dict[str, Any]) -> list[str]:
    """The kinds of the changes, with what each needs to be allowed."""
    return [f"{change['kind']} {change['needs']}".strip() for change in found["changes"]]


def problems(found: dict[str, Any]) -> str:
    return " | ".join(problem["message"] for problem in found["problems"])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"

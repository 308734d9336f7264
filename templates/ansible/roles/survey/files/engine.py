"""What Docker is like on a host."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import debs
from host import ask, is_root

if TYPE_CHECKING:
    from host import Host

PACKAGES = ("docker-ce", "docker.io")
SETTINGS = "etc/docker/daemon.json"
PROXY = "etc/systemd/system/docker.service.d/cynthus-proxy.conf"
_NONE: dict[str, Any] = {
    "answers": False, "answers_user": False, "version": "", "containers": [], "rootless": False, "snap": False,
    "folder": "", "runtimes": [], "said": "",
}  # fmt: skip


def look(host: Host, patience: float = 0) -> dict[str, Any]:
    """The engine, if there is one. It gets `patience` seconds to answer.

    `answers` is about whoever asks, `answers_user` about the host's user in a session that begins now, `containers` are
    the names of those that run, `said` is why it does not answer.
    """
    deadline = time.monotonic() + patience
    told = _talk(host)
    while not told["answers_user"] and time.monotonic() < deadline:
        time.sleep(0.5)
        told = _talk(host)
    return {**told, "packages": debs.installed(*PACKAGES, "podman-docker")}


def _talk(host: Host) -> dict[str, Any]:
    program = shutil.which("docker")
    if program is None:
        return {**_NONE, "said": "there is no docker command"}
    answer = ask("docker", "version", "--format", "{{json .Server}}")
    server = _parsed(answer.out) if answer.code == 0 else None
    if not server:
        return {**_NONE, "said": (answer.err or answer.out).strip()[-500:]}
    info = _parsed(ask("docker", "info", "--format", "{{json .}}").out) or {}
    return {
        **_NONE,
        "answers": True,
        "answers_user": _answers_user(host.user),
        "version": server.get("Version", ""),
        "containers": ask("docker", "ps", "--format", "{{.Names}}").out.split(),
        "rootless": any("rootless" in option for option in info.get("SecurityOptions") or []),
        "snap": "snap" in Path(os.path.realpath(program)).parts or program.startswith("/snap/"),
        "folder": info.get("DockerRootDir", ""),
        "runtimes": sorted(info.get("Runtimes") or {}),
    }


def _answers_user(user: str) -> bool:
    if not is_root() or user == "root":
        return True
    return ask("runuser", "-u", user, "--", "docker", "version").code == 0


def only_root_can_tell(engine: dict[str, Any]) -> bool:
    """Whether something is there that this user may not talk to."""
    return not engine["answers"] and not is_root() and "permission denied" in engine["said"].lower()


def settings(host: Host) -> tuple[dict[str, Any], str]:
    """The engine's settings, and the mode of their file.

    Raises:
        ValueError: the file holds no JSON object.
    """
    path = host.root / SETTINGS
    if not path.exists():
        return {}, "0644"
    found = json.loads(host.text(SETTINGS) or "{}")
    if not isinstance(found, dict):
        raise ValueError("it holds no object")
    return found, f"{path.stat().st_mode & 0o777:04o}"


def proxy_digest(host: Host) -> str:
    """The SHA-256 of the file in which the role has set the engine's proxies; empty where there is none."""
    try:
        return hashlib.sha256((host.root / PROXY).read_bytes()).hexdigest()
    except OSError:
        return ""


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None

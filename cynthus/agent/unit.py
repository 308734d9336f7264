"""The systemd unit of a deployment on a host that was reached from elsewhere. It brings the agent back when that was
killed, and when the machine was started again. Without one the agent is a detached process, as on one's own machine."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus import process
from cynthus.files import read_json, write_atomic, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.agent.home import Home

_PATIENCE = 10.0
"""Seconds for systemd to answer; one that hangs is as good as none."""
_MOVE = 1.0
"""Seconds until a process is in the scope that was made for it."""
_LINGER = "cynthus-lingers"
_SYSTEMD = Path("/run/systemd/system")
_NO_ANSWER = (b"", b"offline", b"unknown")
_NO_LOGIN = Path("/run/nologin")
"""Made where a machine is shut down, and gone once it is up again: nologin(5), systemd-user-sessions(8)."""
_TEXT = """\
# Written by Cynthus; `cynthus down` takes it away.
[Unit]
Description=Cynthus agent of {deployment}
After=docker.service
ConditionPathExists={program}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
# Where it finds its compiled code: a unit of the machine has no home of itself.
Environment={user_home}
Restart=on-failure
RestartForceExitStatus=SIGTERM SIGINT SIGHUP
RestartSec=1
# A run, and whoever watches it, lives on when this is stopped or started anew.
KillMode=process

[Install]
WantedBy={target}
"""


class _Manager(NamedTuple):
    """One of systemd's: the machine's own, or that of a user whose units run without a session."""

    words: tuple[str, ...]
    folder: Path
    target: str


def install(home: Home, python: str, environment: Mapping[str, str]) -> bool:
    """Give the deployment a unit; false where it has one like this, or the host cannot keep one.

    Raises:
        OSError: the home cannot be written.
    """
    manager = _manager(environment)
    if manager is None:
        return False
    file = manager.folder / _name(home)
    words = (python, "-I", "-S", str(home.program), "watch", "--home", str(home.folder))
    text = _TEXT.format(
        deployment=home.deployment, command=" ".join(map(_quoted, words)), target=manager.target,
        program=str(home.program).replace("%", "%%"), user_home=_quoted(f"HOME={environment.get('HOME', '/')}", "$"),
    ).encode()
    about = {"systemctl": list(manager.words), "file": str(file)}
    done = {**about, "enabled": True}
    if _recorded(home) == done and _content(file) == text:
        return False
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        # First of all: what is there from here on is found again by whoever removes it.
        write_json(home.unit, about)
        write_atomic(file, text, mode=0o644)
        # `enable` makes systemd read its files again, too.
        if _asked(manager.words, "enable", _name(home), environment=environment):
            write_json(home.unit, done)
            return True
    remove(home, environment)
    return False


def wake(home: Home, environment: Mapping[str, str]) -> bool:
    """See to it that the unit runs; false where there is none, or systemd refuses."""
    words = _known(home)[0]
    return bool(words) and _asked(words, "start", "--no-block", _name(home), environment=environment)


def enter_scope(home: Home, run: str, environment: Mapping[str, str]) -> None:
    """Put this process, and what it will start, into a scope of its own: nothing that happens to the session it came
    from, or to the agent's unit, happens to it. Where that cannot be it stays where it is."""
    words = _known(home)[0]
    if not words:
        return
    name = f"cynthus-{home.deployment}-{run}-{os.getpid()}.scope"
    made = _asked(
        ("busctl", *words[1:]), "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail",
        "4", "PIDs", "au", "1", str(os.getpid()), "Description", "s", f"Cynthus run {run} of {home.deployment}",
        # In a shutdown the network lasts until it has ended: what it has written is saved over that.
        "After", "as", "2", "network.target", "nss-lookup.target",
        # What the kernel kills for its memory in a scope of systemd's own, systemd kills all of.
        "Delegate", "b", "true", "0",
        environment=environment,
    )
    deadline = time.monotonic() + (_MOVE if made else 0)
    while time.monotonic() < deadline and name not in _cgroup():
        time.sleep(0.005)


def remove(home: Home, environment: Mapping[str, str]) -> None:
    """Take the unit away; fine where there is none."""
    words, file = _known(home)
    if words and file is not None:
        _asked(words, "disable", "--now", _name(home), environment=environment)
        with suppress(OSError):
            file.unlink(missing_ok=True)
            home.unit.unlink(missing_ok=True)
        _asked(words, "daemon-reload", environment=environment)
    folder = _user_units(environment)
    if (folder / _LINGER).exists() and not list(folder.glob("cynthus-*.service")):
        with suppress(OSError):
            (folder / _LINGER).unlink()
        _asked(("loginctl",), "disable-linger", environment=environment)


def system_stops() -> bool:
    """Whether the machine is being shut down or started again."""
    if not _SYSTEMD.is_dir():
        return False
    for _ in range(10):
        try:
            answer = process.run(process.Command(("systemctl", "is-system-running")), timeout=_PATIENCE)
        except (OSError, process.CommandTimeout):
            return False
        if answer.returncode >= 0:
            said = answer.stdout.strip()
            # The bus by which users ask may be stopped, too; logins were closed before it.
            return said == b"stopping" or (said in _NO_ANSWER and _NO_LOGIN.exists())
        # Whoever ends all of our scope has ended the question, too.
        time.sleep(0.1)
    return False


def _name(home: Home) -> str:
    return f"cynthus-{home.deployment}.service"


def _manager(environment: Mapping[str, str]) -> _Manager | None:
    if not _SYSTEMD.is_dir():
        return None
    if not os.geteuid():
        return _Manager(("systemctl",), Path("/etc/systemd/system"), "multi-user.target")
    import pwd

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None
    folder = _user_units(environment)
    if not folder.is_absolute() or not _lingers(name, folder, environment) or not _knows_our_groups(environment):
        return None
    return _Manager(("systemctl", "--user"), folder, "default.target")


def _knows_our_groups(environment: Mapping[str, str]) -> bool:
    """Whether what the user's systemd starts may do what we may. It keeps the groups that the user had when it began:
    without that of Docker an agent could not look after a container."""
    unit = f"user@{os.geteuid()}.service"
    asked = process.Command(("systemctl", "show", "--property=MainPID", "--value", unit), env=dict(environment))
    try:
        pid = process.run(asked, timeout=_PATIENCE).stdout.decode().strip()
        lines = Path("/proc", pid, "status").read_text().splitlines()
    except (OSError, process.CommandTimeout):
        return True  # Nobody can tell.
    known = next((line.split()[1:] for line in lines if line.startswith("Groups:")), [])
    return {str(each) for each in os.getgroups()} - {str(os.getegid())} <= set(known)


def _user_units(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '')}/.config") / "systemd/user"


def _lingers(user: str, folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether the user's units go on without a session. On most systems users may switch that on for themselves."""
    if (Path("/var/lib/systemd/linger") / user).exists():
        return True
    if not _asked(("loginctl",), "enable-linger", environment=environment):
        return False
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _LINGER).write_text("Cynthus has switched lingering on, and `cynthus down` switches it off.\n")
    return True


def _recorded(home: Home) -> dict[str, object]:
    try:
        return read_json(home.unit) or {}
    except (OSError, ValueError):
        return {}


def _known(home: Home) -> tuple[tuple[str, ...], Path | None]:
    """How to ask for the deployment's unit, and its file; nothing where it has none."""
    document = _recorded(home)
    words, file = document.get("systemctl"), document.get("file")
    if words not in (["systemctl"], ["systemctl", "--user"]) or not isinstance(file, str):
        return (), None
    return tuple(words), Path(file)


def _asked(words: tuple[str, ...], *more: str, environment: Mapping[str, str]) -> bool:
    runtime = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"} if "--user" in words else {}
    try:
        answer = process.run(process.Command((*words, *more), env={**runtime, **environment}), timeout=_PATIENCE)
    except (OSError, process.CommandTimeout):
        return False
    return answer.returncode == 0


def _cgroup() -> str:
    try:
        return Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _quoted(word: str, dollar: str = "$$") -> str:
    """A word as a unit's command line has it; elsewhere a dollar sign stands for itself."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    return f'"{escaped}"'

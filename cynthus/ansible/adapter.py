"""Ansible through ansible-runner."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from cynthus.ansible.client import Activity, PlayResult
from cynthus.ansible.environment import play_environment
from cynthus.ansible.events import Events
from cynthus.ansible.extravars import encode
from cynthus.ansible.failure import play_error
from cynthus.ansible.family import Family
from cynthus.ansible.play import Play
from cynthus.ansible.private import own_files, private_folder, sweep_leftovers
from cynthus.ansible.stop import Stop
from cynthus.errors import AnsibleMissing, AnsibleTimeout, Interrupted
from cynthus.settings import google

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_runner.config.runner import RunnerConfig

    from cynthus.core.deployment import Host
    from cynthus.settings import Settings

LATENCY = 0.2
"""Seconds after which a request to stop is seen. Each look costs some microseconds."""
GRACE = 10.0
"""Seconds that Ansible gets to stop in order."""
_MARK = "AWX_ISOLATED_DATA_DIR"


class AnsibleRunner:
    """Runs playbooks with the ansible-playbook that is installed beside us. May be used from several threads."""

    def __init__(
        self, settings: Settings, *, grace: float = GRACE, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._grace = grace
        self._monotonic = monotonic

    def play(
        self, playbook: Path, *, inventory: Path, extravars: Mapping[str, object], activity: Activity,
        sudo_password: str | None = None, hosts: Sequence[Host] = (),
    ) -> PlayResult:
        program = ansible_playbook(script_folders())
        events = Events(activity)
        with private_folder(self._settings.tmpfs) as folder:
            with own_files(folder):
                config = self._configure(program, playbook.absolute(), inventory.absolute(), extravars, folder)
                if sudo_password is not None:
                    config.env["ANSIBLE_BECOME_PASSWORD_FILE"] = _password_file(folder, sudo_password)
                if hosts:
                    config.env["CYNTHUS_HOSTS"] = _hosts_file(folder, hosts)
            stop = Stop(
                Family(f"{_MARK}={config.env[_MARK]}"),
                deadline=self._monotonic() + self._settings.ansible_timeout,
                grace=self._grace,
                monotonic=self._monotonic,
            )
            play = Play(config, stop, announce=activity)
            _follow(play, events)
            with own_files(folder):
                rc = play.rc()
        if stop.timed_out:
            raise _timeout(playbook, self._settings.ansible_timeout, events)
        if rc != 0 or events.no_hosts:
            raise play_error(events, rc)
        return PlayResult(tuple(events.tasks))

    def end_leftovers(self) -> None:
        sweep_leftovers(self._settings.tmpfs)

    def _configure(
        self, program: Path, playbook: Path, inventory: Path, extravars: Mapping[str, object], folder: Path
    ) -> RunnerConfig:
        from ansible_runner.config.runner import RunnerConfig

        root = inventory.parent
        _write(folder / "env/extravars", encode(extravars))
        _write(folder / "env/settings", json.dumps({"pexpect_timeout": LATENCY, "suppress_output_file": True}))
        config = RunnerConfig(
            private_data_dir=str(folder),
            playbook=str(playbook),
            inventory=str(inventory),
            project_dir=str(root),
            host_cwd=str(root),
            ident="play",
            quiet=True,
            fact_cache_type="",  # no facts are gathered, so none are written
        )
        config.prepare()
        config.command[0] = str(program)
        config.env = play_environment(
            self._settings.environment,
            home=self._settings.home,
            scripts=program.parent,
            root=root,
            folder=folder,
            sockets=self._settings.tmpfs / "cp",
            runner=_for_events(Path(config.artifact_dir)),
            google=_google_file(folder, google(self._settings.environment)),
        )
        return config


def ansible_playbook(folders: Sequence[Path]) -> Path:
    """The first ansible-playbook in `folders`.

    Raises:
        AnsibleMissing: none of them has one.
    """
    for folder in folders:
        program = folder / "ansible-playbook"
        if os.access(program, os.X_OK):
            return program
    raise AnsibleMissing(
        f"there is no ansible-playbook in {folders[0]}",
        hint="it is installed with Cynthus: install Cynthus again, in a fresh environment",
    )


def script_folders() -> tuple[Path, ...]:
    """Where the installer of this Python puts programs: beside it, else where its scheme or the user's says."""
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    return (Path(sys.executable).parent, *(Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes))


def _for_events(artifacts: Path) -> dict[str, str]:
    """What ansible-runner sets so that ansible-playbook sends events, without what it takes from our environment."""
    from ansible_runner.utils import get_callback_dir

    return {
        "ANSIBLE_CALLBACK_PLUGINS": get_callback_dir(),
        "ANSIBLE_STDOUT_CALLBACK": "awx_display",
        _MARK: str(artifacts),
    }


def _follow(play: Play, events: Events) -> None:
    try:
        with play:
            for event in play.events():
                events.take(event)
    except KeyboardInterrupt:
        doing = f" at {events.current!r}" if events.current else ""
        raise Interrupted(
            f"interrupted while Ansible was at work{doing}; Ansible was stopped",
            hint="run the command again: a play does only what is still missing",
        ) from None


def _timeout(playbook: Path, seconds: float, events: Events) -> AnsibleTimeout:
    return AnsibleTimeout(
        f"{playbook.name} did not end within {seconds:g} s and was stopped at {events.current or 'its start'!r}",
        hint="run the command again; CYNTHUS_ANSIBLE_TIMEOUT gives it more time",
    )


def _password_file(folder: Path, password: str) -> str:
    """Where Ansible finds it. A variable would be in its environment, which ansible-runner writes down."""
    path = folder / "sudo-password"
    _write(path, password)
    return str(path)


def _hosts_file(folder: Path, hosts: Sequence[Host]) -> str:
    """Where the inventory finds them. For a state in a bucket, or an encrypted one, it would have to ask Terraform: the
    one on PATH, which need not be the one that is used, and without the user's credentials."""
    path = folder / "hosts.json"
    _write(path, json.dumps(to_builtins(hosts)))
    return str(path)


def _google_file(folder: Path, variables: Mapping[str, str]) -> Path | None:
    """What `cynthus iap-tunnel` needs, for the same reason."""
    if not variables:
        return None
    _write(folder / "google", json.dumps(variables))
    return folder / "google"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)

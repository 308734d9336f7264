"""The playbook that makes hosts ready, played on hosts of the test bed."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

from cynthus.ansible.adapter import AnsibleRunner
from tests.ansible.workbench import rendered, settings_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.ansible.client import PlayResult
    from tests.bed.login import Reachable


def inventory_of(folder: Path, host: Reachable, *, user: str = "") -> Path:
    """How Ansible reaches a host of the bed: by its own key, and without asking anything."""
    known = folder / "known_hosts"
    known.write_text(f"[{host.address}]:{host.port} {host.public_key}\n")
    # ssh's socket needs a short path (107 bytes), which that of a test's home is not.
    control = f"-o ControlPath={tempfile.gettempdir()}/cynthus-%C -o ControlMaster=auto -o ControlPersist=60s"
    options = f"-o UserKnownHostsFile={known} -o IdentitiesOnly=yes {control}"
    variables = {
        "ansible_connection": "ssh",
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": user or host.user,
        "ansible_ssh_private_key_file": str(host.key),
        "ansible_ssh_common_args": options,
        "ansible_python_interpreter": "auto_silent",
    }
    path = folder / "hosts.yml"
    path.write_text(json.dumps({"cynthus": {"hosts": {host.name: variables}}}))
    return path


def configure(folder: Path, host: Reachable, *, user: str = "", **extravars: Any) -> PlayResult:
    """Make a host ready, as `cynthus up` does it."""
    return _play("configure", folder, host, user, extravars)


def docker_and_gpus(folder: Path, host: Reachable, *, user: str = "", **extravars: Any) -> PlayResult:
    """The same without the part for the agent, which is the last and takes seconds: for tests of what comes before."""
    return configure(folder, host, user=user, lingering_wanted=False, **extravars)


def purge(folder: Path, host: Reachable, *, user: str = "", **extravars: Any) -> PlayResult:
    """Remove what that has installed, as `cynthus down --purge` does it."""
    return _play("purge", folder, host, user, extravars)


def _play(name: str, folder: Path, host: Reachable, user: str, extravars: dict[str, Any]) -> PlayResult:
    root = folder / "app/infra/local/compute"
    if not root.exists():
        rendered(folder / "app")
    return AnsibleRunner(settings_in(folder, timeout=900)).play(
        root / f"ansible/playbooks/{name}.yml",
        inventory=inventory_of(root, host, user=user),
        extravars=extravars,
        activity=lambda _: None,
    )


def changed(result: PlayResult) -> list[str]:
    """The tasks that changed something."""
    return [task.task for task in result.tasks if task.changed]

"""Small playbooks and rendered folders to try Ansible on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus import settings
from cynthus.ansible.adapter import AnsibleRunner
from cynthus.process import birth
from cynthus.testing.contracts.ansible import HOST, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.settings import Settings

TEMPLATES = Path(__file__).parents[2] / "templates/ansible"
LOCAL: Mapping[str, object] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

CONFIG = """\
[defaults]
roles_path = ansible/roles
[connection]
pipelining = True
"""

INVENTORY = f"""\
#!{sys.executable}
import json, sys
hosts = {{"host-0": {{"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}
print(json.dumps({{"cynthus": {{"hosts": list(hosts)}}, "_meta": {{"hostvars": hosts}}}}))
"""

STAND_IN = """\
import json, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
with open(here / "record", "a", encoding="utf-8", errors="surrogateescape") as record:
    record.write(json.dumps(sys.argv[1:]) + "\\n")
answer = {"changed": True, "run_id": "20260102-030405-abcd"}
if (here / ("answer." + sys.argv[1])).exists():
    answer = json.loads((here / ("answer." + sys.argv[1])).read_text())
print(json.dumps(answer))
sys.exit("error" in answer)
"""


def settings_in(folder: Path, *, timeout: float = 100, tmpfs: Path | None = None, **environment: str) -> Settings:
    """Settings whose every folder lies in `folder`, for a user with `environment` beside the PATH."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    given = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
    read = settings.read(given)
    return read._replace(tmpfs=tmpfs or folder / "tmpfs", ansible_timeout=timeout)


def stage(
    folder: Path,
    tasks: Sequence[Mapping[str, object]],
    *,
    host: Mapping[str, object] = LOCAL,
    settings: Settings | None = None,
) -> Stage:
    """A playbook of `tasks` for one host, without roles."""
    folder.mkdir(parents=True, exist_ok=True)
    playbook = write_playbook(folder, {"tasks": list(tasks)})
    return Stage(AnsibleRunner(settings or settings_in(folder)), playbook, write_inventory(folder, host))


def write_playbook(folder: Path, play: Mapping[str, object]) -> Path:
    path = folder / "playbook.yml"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, **play}]))
    return path


def write_inventory(folder: Path, host: Mapping[str, object] = LOCAL) -> Path:
    path = folder / "hosts.yml"
    path.write_text(json.dumps({"all": {"hosts": {HOST: dict(host)}}}))
    return path


def command(name: str, *argv: str, **more: object) -> dict[str, object]:
    """A task that runs `argv`."""
    return {"name": name, "ansible.builtin.command": {"argv": list(argv)}, **more}


def rendered(folder: Path, runtime: str = "container") -> Path:
    """The root that Cynthus would render below the app's `folder`, with an agent that writes down what it is asked."""
    root = folder / "infra/local/compute"
    shutil.copytree(TEMPLATES, root / "ansible")
    (root / "ansible.cfg").write_text(CONFIG)
    (root / "run.json").write_text(json.dumps({"runtime": runtime}))
    inventory = root / "inventory.py"
    inventory.write_text(INVENTORY)
    inventory.chmod(0o755)
    program = agent_of(root)
    program.parent.mkdir(parents=True)
    program.write_text(STAND_IN)
    return root


def agent_of(root: Path) -> Path:
    return root / "ansible/roles/agent/files/cynthus-agent.pyz"


def asked(root: Path) -> list[list[str]]:
    """What the stand-in agent was asked, verb by verb."""
    record = agent_of(root).with_name("record")
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []


def answers(root: Path, verb: str, answer: Mapping[str, object]) -> None:
    """Make the stand-in agent give `answer` to `verb`."""
    agent_of(root).with_name(f"answer.{verb}").write_text(json.dumps(answer))


def eventually(holds: Callable[[], object], *, within: float = 30) -> bool:
    """Whether `holds` becomes true in time."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def recorded_pid(path: Path) -> int:
    """The pid that a process wrote to `path`, waited for."""
    assert eventually(lambda: path.exists() and path.read_text().strip()), f"{path} was never written"
    return int(path.read_text())


def gone(pid: int) -> bool:
    return birth(pid) is None

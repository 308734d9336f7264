"""What can happen on a host while an app is brought there and runs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.bed import registry
from tests.journeys.test_silent_host import HOMES, WORKS, spec_for
from tests.journeys.user import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.host import Host
    from tests.bed.registry import Registry
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts


def test_a_killed_agent_is_put_back_and_main_py_is_not_started_twice(bare_host: Host, user: User) -> None:
    folder = user.folder(main=WORKS, cynthus_yaml=spec_for(bare_host))
    assert user.cynthus("up", folder, "-y", "--detach").code == 0
    before = user.status(folder)["run"]["id"]
    bare_host.text("pkill", "-KILL", "-f", "agent.pyz")
    again = user.cynthus("up", folder, "-y", "--detach")
    assert again.code == 0, again
    assert (user.status(folder)["run"]["id"], user.status(folder)["run"]["state"]) == (before, "RUNNING")
    assert bare_host.text("pgrep", "-fc", "python[0-9.]* main.py").strip() == "1"


def test_an_up_that_was_cut_off_in_the_midst_is_gone_on_with_by_the_next(bare_host: Host, user: User) -> None:
    folder = user.folder(main=WORKS, cynthus_yaml=spec_for(bare_host))
    with user.typing("up", folder, "-y", "--detach") as typed:
        typed.until("Configure and deploy")
        bare_host.line.cut()
        first = typed.ended()
    assert "Traceback" not in first.err, first
    again = user.cynthus("up", folder, "-y", "--detach")
    assert again.code == 0, again
    running = bare_host.text("sh", "-c", f"grep -l RUNNING {HOMES}/*/runs/*/attempts/1/0/status.json")
    assert len(running.split()) == 1


def test_a_host_that_was_cut_off_while_it_was_made_ready_is_made_ready_by_the_next(
    bare_host: Host, user: User, image_registry: Registry, base_tar: Path
) -> None:
    base = image_registry.put("base:1", base_tar)
    login = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    settings = json.dumps({"auths": {image_registry.internal_address: {"auth": login}}})
    words = ("runuser", "-u", "tester", "--", "sh", "-c", "mkdir ~/.docker; cat >~/.docker/config.json")
    bare_host.text(*words, stdin=settings.encode())
    folder = app(user, bare_host, image={"base": base})
    (folder / "main.py").write_text(WORKS)
    with user.typing("up", folder, "-y", "--detach") as typed:
        wait_for(lambda: bare_host.run("pgrep", "-x", "dpkg|apt-get").returncode == 0, timeout=90)
        bare_host.line.cut()
        first = typed.ended()
    assert (first.code, "Traceback" in first.err) == (1, False), first
    again = user.cynthus("up", folder, "-y", "--detach")
    assert (again.code, user.status(folder)["run"]["state"]) == (0, "RUNNING"), again
    assert "Make the hosts ready" not in user.cynthus("up", folder, "-y", "--detach").err


# what is refused before anything is touched


def app(user: User, machine: Host, who: str = "tester", *, address: str = "", **more: object) -> Path:
    ssh = {"hosts": [address or machine.address], "user": who, "port": machine.port, "key": str(machine.key)}
    return user.folder(cynthus_yaml=json.dumps({"target": "ssh", "ssh": ssh, "runtime": "container", **more}))


def touched(machine: Host) -> str:
    """Files of ours, and what `up` would have installed."""
    places = ("/home", "/opt", "/var/lib/cynthus", "/usr/bin/docker")
    return machine.run("find", *places, "-name", "*cynthus*", "-o", "-name", "docker").stdout.decode()


def test_a_system_that_nothing_is_installed_on_is_refused(bare_host: Host, user: User) -> None:
    bare_host.path("/etc/os-release").unlink()
    bare_host.path("/etc/os-release").write_text("ID=fedora\nPRETTY_NAME='Fedora Linux 42'\n")
    answer = user.cynthus("up", app(user, bare_host), "-y")
    assert (answer.code, "CYN-430" in answer.err, "on Fedora Linux 42" in answer.err) == (1, True, True), answer
    assert "install Docker Engine: one that works is left as it is" in answer.err
    assert touched(bare_host) == ""


def test_a_user_who_may_not_use_sudo_is_refused(bare_host: Host, user: User) -> None:
    answer = user.cynthus("up", app(user, bare_host, "plain"), "-y")
    assert (answer.code, "CYN-136" in answer.err, "may use sudo" in answer.err) == (2, True, True), answer
    assert touched(bare_host) == ""


def test_an_address_that_no_way_leads_to_is_refused(bare_host: Host, user: User) -> None:
    folder = app(user, bare_host, address=bare_host.internal_address)
    answer = user.cynthus("up", folder, "-y")
    # In some networks a gateway says no in the place of nobody.
    told = any(words in answer.err for words in ("does not answer", "refuses the connection"))
    assert (answer.code, "CYN-403" in answer.err, told) == (1, True, True), answer
    assert touched(bare_host) == ""

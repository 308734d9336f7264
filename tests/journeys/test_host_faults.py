"""What can happen on a host while an app is brought there and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_silent_host import HOMES, WORKS, spec_for

if TYPE_CHECKING:
    from tests.bed.host import Host
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

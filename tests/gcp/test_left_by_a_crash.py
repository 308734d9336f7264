"""A machine that was on its way when everything was killed: it stands, and no state knows of it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gcp.someone import Someone, someone
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.cloud, pytest.mark.crash]

LASTS = {"accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "subnetworks": 1}


@pytest.fixture
def person(tmp_path: Path, google: dict[str, str]) -> Iterator[Someone]:
    with someone(tmp_path, google) as made:
        yield made


def test_down_removes_it_all_the_same(person: Someone) -> None:
    app = person.folder(main="print('ran')", more="runtime: venv\n")
    with person.user.typing("up", app, "-y") as typed:
        # The provider waits for five seconds more before it tells Terraform.
        wait_for(person.cloud.instances, "a machine", patience=120)
        kill_all(typed.process.pid)
    assert "google_compute_instance" not in (app / "infra/gcp/compute/terraform.tfstate").read_text()
    answer = person.user.cynthus("down", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == LASTS


def kill_all(pid: int) -> None:
    """Kill a process and all that came of it, wherever their sessions are."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    going = [pid]
    while going:
        one = going.pop()
        going += children.get(one, [])
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)

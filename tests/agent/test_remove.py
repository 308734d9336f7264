from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.host import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.host import Host


def test_a_removed_deployment_leaves_no_folder_and_no_process(host: Host) -> None:
    host.begin("import subprocess, time\nsubprocess.Popen(['setsid', 'sleep', '600'])\ntime.sleep(600)")
    assert host.ask("remove")["changed"]
    assert not host.home.folder.exists()
    until(lambda: not host.processes(), seconds=5)


def test_a_second_removal_changes_nothing(host: Host) -> None:
    host.bring("")
    host.ask("remove")
    assert not host.ask("remove")["changed"]


def test_what_the_user_has_stays(host: Host) -> None:
    data = host.file("data/x", "mine")
    host.end("print('x')", data=[{"name": None, "from": "data", "mode": "mount"}])
    host.ask("remove")
    assert data.read_text() == "mine"


def test_a_folder_that_is_not_ours_is_never_removed(host: Host) -> None:
    host.home.folder.mkdir()
    (host.home.folder / "precious").touch()
    assert "is not the home" in host.refused("remove")["message"]
    assert (host.home.folder / "precious").exists()
    (host.home.folder / "precious").unlink()
    host.home.folder.rmdir()


def test_what_the_app_made_unreadable_is_removed_too(host: Host) -> None:
    host.end("import os\nos.makedirs('outputs/a/b')\nos.chmod('outputs/a', 0)")
    host.ask("remove")
    assert not host.home.folder.exists()


@pytest.mark.parametrize("main", ["print('x')", "raise SystemExit(1)"])
def test_a_run_that_has_ended_stands_in_no_ones_way(host: Host, main: str) -> None:
    host.end(main)
    assert host.ask("remove")["changed"]


def test_a_home_of_another_deployment_is_refused(host: Host) -> None:
    host.bring("")
    mine = host.document["deployment"]
    host.document["deployment"] = "other-abcdef"
    assert "belongs to the deployment" in host.refused("environment")["message"]
    host.document["deployment"] = mine


@pytest.fixture
def arrivals(host: Host) -> Path:
    """Where what was brought to the host from elsewhere has arrived."""
    folder = host.root / "user/.cache/cynthus"
    host.environment["HOME"] = str(host.root / "user")
    for deployment in (host.home.deployment, "other-abcdef"):
        (folder / deployment).mkdir(parents=True)
        (folder / deployment / "cynthus-agent.pyz").touch()
    return folder


def test_what_arrived_for_the_deployment_goes_and_no_other(host: Host, arrivals: Path) -> None:
    host.bring("")
    host.ask("remove")
    assert not (arrivals / host.home.deployment).exists()
    assert (arrivals / "other-abcdef").is_dir()


def test_the_last_deployment_that_arrived_takes_along_what_was_compiled(host: Host, arrivals: Path) -> None:
    host.bring("")
    (arrivals / "other-abcdef/cynthus-agent.pyz").unlink()
    (arrivals / "other-abcdef").rmdir()
    assert (arrivals / "bytecode").is_dir()
    host.ask("remove")
    assert not arrivals.exists()

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.core.run import RunState
from cynthus.errors import PullFailed
from cynthus.operations.pull import collect, not_at_home
from tests.operations.host import RUN, Host, Recorder, run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.pull import Pulled
    from cynthus.operations.site import Site


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = site_in(tmp_path / "folder")
    made.paths.create()
    return made


def pulled(site: Site, host: Host, state: RunState = RunState.SUCCEEDED) -> Pulled:
    return collect(site, run_in(state), (host.agent,), Recorder())


def home(site: Site) -> Path:
    return site.folder / "outputs" / RUN.id


def test_every_file_comes_home(site: Site, host: Host) -> None:
    (host.outputs / "deep/er").mkdir(parents=True)
    (host.outputs / "deep/er/file").write_bytes(b"\x00\xff")
    pulled(site, host)
    assert (home(site) / "deep/er/file").read_bytes() == b"\x00\xff"


def test_an_empty_file_comes_home(site: Site, host: Host) -> None:
    (host.outputs / "empty").touch()
    pulled(site, host)
    assert (home(site) / "empty").read_bytes() == b""


def test_what_is_at_home_already_is_not_copied_again(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("1")
    pulled(site, host)
    again = pulled(site, host)
    assert (again.copied, again.total) == (0, 1)


def test_what_changed_since_is_copied(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("1")
    pulled(site, host)
    (host.outputs / "a").write_text("22")
    assert (pulled(site, host).copied, (home(site) / "a").read_text()) == (1, "22")


def test_latest_leads_to_the_run(site: Site, host: Host) -> None:
    (host.outputs / "a").touch()
    pulled(site, host)
    assert (site.folder / "outputs/latest").readlink().name == RUN.id


def test_without_outputs_there_is_no_folder(site: Site, host: Host) -> None:
    assert pulled(site, host).total == 0
    assert not (site.folder / "outputs").exists()


def test_an_ended_run_is_remembered_as_pulled(site: Site, host: Host) -> None:
    pulled(site, host)
    assert site.runs.load(RUN.id).pulled


def test_a_run_that_goes_on_is_not(site: Site, host: Host) -> None:
    assert not pulled(site, host, RunState.RUNNING).run.pulled


def test_the_log_comes_home_too(site: Site, host: Host) -> None:
    host.prints(b"line\n")
    pulled(site, host)
    assert site.paths.log(RUN.id).read_bytes() == b"line\n"


def test_of_a_log_that_grew_only_the_new_part_is_added(site: Site, host: Host) -> None:
    host.prints(b"one\n")
    pulled(site, host)
    host.prints(b"two\n")
    pulled(site, host)
    assert site.paths.log(RUN.id).read_bytes() == b"one\ntwo\n"


def test_a_link_to_something_else_is_not_followed(site: Site, host: Host) -> None:
    (host.outputs / "link").symlink_to("/etc/hostname")
    assert pulled(site, host).total == 0


def test_a_link_to_something_else_is_told_and_counts_for_nothing(site: Site, host: Host) -> None:
    (host.outputs / "link").symlink_to("/etc/hostname")
    progress = Recorder()
    collect(site, run_in(RunState.RUNNING), (host.agent,), progress)
    assert [said.partition(";")[0] for said in progress.warnings] == [
        f"outputs/{RUN.id}/link is a link to /etc/hostname and stays on the host"
    ]
    assert not_at_home(site, run_in(RunState.RUNNING), (host.agent,)) == (0, 0)


def test_a_link_to_another_output_comes_home(site: Site, host: Host) -> None:
    (host.outputs / "10.pt").write_text("10")
    (host.outputs / "latest.pt").symlink_to("10.pt")
    assert (pulled(site, host).total, str((home(site) / "latest.pt").readlink())) == (2, "10.pt")


def test_a_program_stays_one(site: Site, host: Host) -> None:
    (host.outputs / "tool").write_text("#!/bin/sh\n")
    (host.outputs / "tool").chmod(0o755)
    pulled(site, host)
    assert os.access(home(site) / "tool", os.X_OK)


def test_something_in_the_way_is_told_and_nothing_is_lost(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("1")
    (site.folder / "outputs").write_text("a file")
    with pytest.raises(PullFailed, match="outputs"):
        pulled(site, host)
    assert not site.runs.newest() or not site.runs.load(RUN.id).pulled


def test_half_a_file_is_never_left(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("1")
    (host.outputs / "a").rename(host.outputs / ("a" * 255))
    (home(site) / ("a" * 255)).mkdir(parents=True)
    with pytest.raises(PullFailed):
        pulled(site, host)
    assert [path.name for path in home(site).iterdir()] == ["a" * 255]


def test_an_output_that_was_edited_at_home_is_not_overwritten(site: Site, host: Host) -> None:
    (host.outputs / "notes").write_text("1")
    pulled(site, host, RunState.RUNNING)
    (home(site) / "notes").write_text("mine")
    (host.outputs / "notes").write_text("2")
    pulled(site, host)
    assert {path.name: path.read_text() for path in home(site).iterdir()} == {"notes": "mine", "notes.from-host": "2"}


def test_a_file_of_the_users_that_is_called_latest_stays(site: Site, host: Host) -> None:
    (host.outputs / "a").touch()
    (site.folder / "outputs").mkdir()
    (site.folder / "outputs/latest").write_text("mine")
    pulled(site, host)
    assert (site.folder / "outputs/latest").read_text() == "mine"


def test_what_is_not_at_home_is_counted(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("123")
    (host.outputs / "b").write_text("4")
    assert not_at_home(site, run_in(RunState.RUNNING), (host.agent,)) == (2, 4)


def test_after_a_pull_nothing_is_missing(site: Site, host: Host) -> None:
    (host.outputs / "a").write_text("123")
    pulled(site, host)
    assert not_at_home(site, run_in(RunState.RUNNING), (host.agent,)) == (0, 0)

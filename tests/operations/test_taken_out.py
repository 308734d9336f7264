"""Machines that are taken out of a deployment: that something stays on them is told until nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.cli.documents import status as status_document
from cynthus.cli.status_text import lines
from cynthus.core.deployment import ConnectionInfo
from cynthus.operations.down import down
from cynthus.operations.plan import plan
from cynthus.operations.status import status
from cynthus.operations.taken_out import taken_out
from cynthus.operations.up import Request, prepare
from cynthus.testing.terraform import LOCAL_HOST, Description
from tests.operations.test_silence import Far

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.deployment import Host


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    made = Far(tmp_path)
    yield made
    made.outage.end()
    made.home()


@pytest.fixture
def folder(far: Far) -> Path:
    """The folder of an app that was brought to a host far away."""
    made = far.folder()
    prepare(far.tools, Request(str(made), yes=True))
    entry = far.tools.index.by_folder(made)[0]
    hosts = tuple(replace(host, connection=ConnectionInfo("ssh"), port=2222) for host in entry.hosts)
    far.tools.index.put(replace(entry, hosts=hosts))
    return made


@pytest.fixture
def host(far: Far, folder: Path) -> Host:
    """Where it lies."""
    return far.tools.index.by_folder(folder)[0].hosts[0]


def planned(far: Far, folder: Path, *named: Host) -> list[str]:
    """What `plan` warns of where the spec names these."""
    far.outage.named = named
    far.progress.warnings.clear()
    plan(far.tools, Request(str(folder)))
    return far.progress.warnings


def test_it_is_told_with_what_empties_it(far: Far, folder: Path, host: Host) -> None:
    told = planned(far, folder, replace(host, address="192.0.2.7"))
    entry = far.tools.index.by_folder(folder)[0]
    assert told[0].startswith(f"{host.name} ({host.address}:2222) is no machine of {entry.name} any more")
    assert entry.home in told[0]
    assert f"`cynthus down {entry.id}`" in told[1]
    assert f"-p 2222 -- {host.address} " in told[1]


def test_of_one_that_has_another_name_now_nothing_is_told(far: Far, folder: Path, host: Host) -> None:
    assert planned(far, folder, replace(host, name="host-1")) == []


def test_one_that_does_not_answer_may_hold_something(far: Far, folder: Path, host: Host) -> None:
    far.outage.begin()
    assert "keeps what was brought there" in planned(far, folder, replace(host, port=22))[0]


def test_of_another_user_who_does_not_answer_the_home_is_another_one(far: Far, folder: Path, host: Host) -> None:
    entry = far.tools.index.by_folder(folder)[0]
    root = replace(host, user="root", address="192.0.2.7")
    far.tools.index.put(replace(entry, left=(root,)))
    far.outage.begin()
    (told, _) = planned(far, folder, host)
    assert told.endswith(f"/opt/cynthus/{entry.id}")


@pytest.fixture
def changed(far: Far, folder: Path, host: Host) -> Host:
    """The machine is replaced by another one, and the app was brought there."""
    far.outage.named = (replace(host, address="192.0.2.7"),)
    far.terraform.describe = lambda *_: Description({"terraform_data.host": "another"}, {"hosts": [LOCAL_HOST]})
    prepare(far.tools, Request(str(folder), yes=True))
    return host


def test_it_stays_on_record_when_another_one_has_its_place(far: Far, folder: Path, changed: Host) -> None:
    assert far.tools.index.by_folder(folder)[0].left == (changed,)


def test_status_tells_of_it(far: Far, folder: Path, changed: Host) -> None:
    found, way = status(far.tools, str(folder)), f"{changed.address}:2222"
    assert f"  left       on {way}, " in "\n".join(lines(found, far.tools.clock.now()))
    assert f"'left_on': ['{way}']" in str(status_document([found], [], far.tools.clock.now()))


def test_one_that_was_emptied_is_not_told_of_again(far: Far, folder: Path, changed: Host) -> None:
    assert down(far.tools, str(folder), yes=True).left == ()
    assert planned(far, folder, replace(changed, port=22)) == []
    assert far.tools.index.by_folder(folder)[0].left == ()


# which ones are meant


def test_a_machine_is_known_by_its_way_and_not_by_its_name(host: Host) -> None:
    ann = replace(host, user="ann")
    assert taken_out([ann], [replace(ann, name="host-7")]) == ()
    assert taken_out([ann], [replace(ann, port=23)]) == (ann,)
    assert taken_out([ann], [replace(ann, user="bob")]) == (ann,)


def test_a_user_whom_ssh_chooses_may_be_anybody(host: Host) -> None:
    assert taken_out([replace(host, user="ann")], [replace(host, user=None)]) == ()


def test_a_machine_that_terraform_deletes_keeps_nothing(host: Host) -> None:
    made = replace(host, connection=replace(host.connection, instance_id="i-1"))
    assert taken_out([made, replace(host, connection=replace(host.connection, kind="local"))], []) == ()

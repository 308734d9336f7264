"""One run on several bare hosts: it starts on all or none, fails where it fails on one, and is read as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.machines import spec_on
from tests.journeys.terminal import terminal
from tests.journeys.user import Ended, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.hosts

MEET = """
import os, socket, pathlib, time
rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    with socket.create_server(place) as server:
        met = [server.accept()[0].recv(9).decode() for _ in range(count - 1)]
else:
    for _ in range(300):
        try:
            with socket.create_connection(place, timeout=5) as other:
                other.sendall(f"rank {rank}".encode())
                break
        except OSError:
            time.sleep(0.1)
    met = []
print("met", *met)
pathlib.Path("outputs").joinpath("met.txt").write_text(" ".join(met))
pathlib.Path("checkpoints").joinpath(f"part-{rank}").write_text(str(rank))
"""
"""Rank 0 waits for a word of each of the others, at the address that all were told."""

FAIL_ON_ONE = """
import os, sys, time
if os.environ["RANK"] == "1":
    print("no")
    sys.exit(7)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def machines(bed: Bed) -> Iterator[list[Host]]:
    made = bed.hosts(2)
    yield made
    for each in made:
        bed.remove(each)


def app(visitor: User, name: str, machines: list[Host], main: str, **keys: object) -> Path:
    return visitor.folder(name, main=main, cynthus_yaml=spec_on(machines, **keys))


@pytest.fixture(scope="module")
def meeting(visitor: User, machines: list[Host]) -> Path:
    return app(visitor, "meeting", machines, MEET)


@pytest.fixture(scope="module")
def met(visitor: User, meeting: Path) -> Ended:
    return visitor.cynthus("up", meeting, "-y")


@pytest.fixture(scope="module")
def one_failed(visitor: User, machines: list[Host]) -> tuple[Path, Ended]:
    folder = app(visitor, "one fails", machines, FAIL_ON_ONE)
    return folder, visitor.cynthus("up", folder, "-y", timeout=120)


def test_main_py_runs_on_all_and_they_find_each_other(met: Ended) -> None:
    assert (met.code, sorted(met.out.splitlines())) == (0, ["[host-0] met rank 1", "[host-1] met"]), met


def test_the_outputs_of_each_lie_in_a_folder_of_its_own(met: Ended, meeting: Path) -> None:
    found = {path.parent.name: path.read_text() for path in (meeting / "outputs/latest").glob("*/met.txt")}
    assert found == {"host-0": "rank 1", "host-1": ""}, met


def test_status_tells_of_each_host(met: Ended, visitor: User, meeting: Path) -> None:
    reports = visitor.status(meeting)["host_reports"]
    assert [(each["host"], each["status"]["rank"]) for each in reports] == [("host-0", 0), ("host-1", 1)], met


def test_each_has_checkpoints_of_its_own(met: Ended, visitor: User, meeting: Path) -> None:
    (meeting / "main.py").write_text("import os; print(*os.listdir('checkpoints'))")
    again = visitor.cynthus("up", meeting, "-y")
    assert sorted(again.out.splitlines()) == ["[host-0] part-0", "[host-1] part-1"], (met, again)


def test_where_one_fails_the_others_are_stopped_and_it_is_named(one_failed: tuple[Path, Ended]) -> None:
    _, ended = one_failed
    assert ended.code == 3, ended
    assert "host-1: exit code 7" in ended.err


def test_where_one_fails_nothing_goes_on(one_failed: tuple[Path, Ended], machines: list[Host]) -> None:
    assert one_failed[1].code == 3
    assert "main.py" not in "".join(each.text("ps", "-eo", "args") for each in machines)


def test_where_one_host_lacks_what_the_app_needs_it_starts_on_none(
    visitor: User, bed: Bed, machines: list[Host]
) -> None:
    folder, python = app(visitor, "one lacks", machines, "print('started')"), f"/usr/lib/python{bed.tree.python}"
    machines[1].text("mv", f"{python}/venv", f"{python}/no-venv")
    try:
        ended = visitor.cynthus("up", folder, "-y")
    finally:
        machines[1].text("mv", f"{python}/no-venv", f"{python}/venv")
    assert (ended.code, ended.out) == (1, ""), ended


@pytest.mark.slow  # a host is waited for as long as a reboot may take
def test_a_host_that_dies_ends_the_run_on_the_others(visitor: User, bed: Bed) -> None:
    made = bed.hosts(2)
    folder = app(visitor, "one dies", made, "import time; print('here', flush=True); time.sleep(900)")
    with visitor.typing("up", folder, "-y") as following:
        wait_for(lambda: following.out.count("here") == 2, timeout=60)
        made[1].stop()
        ended = following.ended(timeout=200)
    assert (ended.code, "host-1: the host does not answer" in ended.err) == (3, True), ended
    assert "main.py" not in made[0].text("ps", "-eo", "args")
    for each in made:
        bed.remove(each)


@pytest.mark.slow  # two engines are installed
def test_in_containers_they_find_each_other_too(visitor: User, bed: Bed, base_tar: Path) -> None:
    made = bed.hosts(2, docker=True)
    for each in made:
        each.import_image(base_tar, "base:1")
    folder = app(visitor, "in containers", made, MEET, runtime="container", image={"base": "base:1"})
    met = visitor.cynthus("up", folder, "-y", timeout=300)
    assert (met.code, sorted(met.out.splitlines())) == (0, ["[host-0] met rank 1", "[host-1] met"]), met
    assert visitor.cynthus("destroy", folder, "-y").code == 0
    for each in made:
        bed.remove(each)


def test_down_takes_it_off_all_and_a_later_up_begins_with_what_each_has_saved(
    met: Ended, visitor: User, meeting: Path, machines: list[Host]
) -> None:
    found = visitor.status(meeting)["id"]
    assert visitor.cynthus("down", meeting, "-y").code == 0, met
    saved = sorted(str(path.relative_to(meeting)) for path in meeting.glob("checkpoints/*/*"))
    assert saved == ["checkpoints/host-0/part-0", "checkpoints/host-1/part-1"]
    assert [found in each.text("ls", "/home/tester/.local/share/cynthus") for each in machines] == [False, False]
    again = visitor.cynthus("run", meeting, "-y")
    assert sorted(again.out.splitlines()) == ["[host-0] part-0", "[host-1] part-1"], again


# From here on the second machine is taken out, and comes back in the end.


def way(machine: Host) -> str:
    return f"{machine.user}@{machine.address}:{machine.port}"


def keeps(machine: Host, deployment: str) -> bool:
    return deployment in machine.text("ls", "/home/tester/.local/share/cynthus")


@pytest.fixture(scope="module")
def shrunk(visitor: User, meeting: Path, machines: list[Host]) -> Ended:
    """What `up` says without it, after somebody has said yes."""
    app(visitor, meeting.name, machines[:1], "print('alone')")
    with terminal(visitor, "up", meeting) as screen:
        screen.until("Make it?")
        screen.type("y\n")
        return Ended(screen.end(), "", screen.screen)


@pytest.fixture(scope="module")
def down_without(visitor: User, meeting: Path, shrunk: Ended) -> Ended:
    assert shrunk.code == 0, shrunk
    return visitor.cynthus("down", meeting, "-y", "--json")


def test_machines_in_another_order_are_the_same_machines(visitor: User, meeting: Path, machines: list[Host]) -> None:
    app(visitor, meeting.name, machines[::-1], MEET)
    planned = visitor.cynthus("plan", meeting)
    assert (planned.code, "no machine of" in planned.err) == (0, False), planned


def test_a_plan_without_a_machine_says_what_empties_it(visitor: User, meeting: Path, machines: list[Host]) -> None:
    app(visitor, meeting.name, machines[:1], MEET)
    planned = visitor.cynthus("plan", meeting)
    assert f"host-1 ({way(machines[1])}) is no machine of meeting any more" in planned.err, planned
    assert f"`cynthus down {visitor.status(meeting)['id']}`" in planned.err


def test_status_tells_where_something_was_left(
    shrunk: Ended, visitor: User, meeting: Path, machines: list[Host]
) -> None:
    assert visitor.status(meeting)["left_on"] == [way(machines[1])], shrunk


def test_down_says_what_it_did_not_empty(
    down_without: Ended, visitor: User, meeting: Path, machines: list[Host]
) -> None:
    assert down_without.code == 0, down_without
    (left,) = down_without.document["left"]
    assert (left["host"], left["command"] in down_without.err) == ("host-1", True), down_without
    found = visitor.status(meeting)["id"]
    assert [keeps(each, found) for each in machines] == [False, True]


def test_a_machine_that_is_put_back_is_emptied_by_down(
    down_without: Ended, visitor: User, meeting: Path, machines: list[Host]
) -> None:
    app(visitor, meeting.name, machines, MEET)
    assert visitor.cynthus("prepare", meeting, "-y").code == 0, down_without
    assert visitor.status(meeting)["left_on"] == []
    assert visitor.cynthus("down", meeting, "-y").code == 0
    assert not keeps(machines[1], visitor.status(meeting)["id"])

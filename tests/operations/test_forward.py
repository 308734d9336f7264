from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.core.run import RunState
from cynthus.errors import HostError, HostUnreachable, NothingRunning, UnknownHost, UnknownPort, UnknownRun, UsageError
from cynthus.operations.forward import PATIENCE, Forwarding, forward
from cynthus.operations.host_agent import HostAgent
from cynthus.operations.ports import PortNews, ports_of
from cynthus.operations.up import Request, prepare
from cynthus.targets.local.connection import LocalConnection
from cynthus.testing.clock import FakeClock
from tests.operations.host import Host, Recorder, run_in, site_in
from tests.operations.test_follow import Waking
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT = {"port": 8000, "health": None, "host_port": 32768, "healthy": True, "since": None, "reason": ""}


@dataclass
class FakeTunnel:
    stands: bool = True
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Far(LocalConnection):
    """This machine, as if it were another one. `refusals` are how often it cannot be reached, from the second time."""

    deployments: PurePosixPath
    made: list[FakeTunnel] = field(default_factory=list)
    wanted: list[tuple[int, int]] = field(default_factory=list)
    refusals: int = 0

    def __post_init__(self) -> None:
        super().__init__({}, self.deployments)

    def forward(self, port: int, local_port: int) -> FakeTunnel:  # type: ignore[override]  # far away it is another one
        self.wanted.append((port, local_port))
        if self.made and self.refusals:
            self.refusals -= 1
            raise HostUnreachable("away", hint="wait")
        self.made.append(FakeTunnel())
        return self.made[-1]


class World:
    """A run with one port on a host, and what happens whenever somebody waits."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.host = Host(place / "weather-0a1b2c")
        self.far = Far(PurePosixPath(place))
        self.progress = Recorder()
        self.tells()
        self.told: list[str] = []

    def tells(self, **port: object) -> None:
        self.host.tells(state="RUNNING", ports=[{**PORT, **port}])

    def ends(self) -> None:
        self.host.tells(state="EXITED", exit_code=0)

    def forwarding(self, *happenings: Callable[[], None], near: bool = False, **changes: Any) -> Forwarding:
        tools = replace(Workshop(self.place).tools, progress=self.progress, clock=Waking(*happenings, self.ends))
        agent = self.host.agent if near else HostAgent(self.far, self.host.place.name)
        (port,) = ports_of(agent.status(run_in(RunState.RUNNING).id, 1))
        site = site_in(self.place / "app")
        made = Forwarding(tools, site, run_in(RunState.RUNNING), (agent,), agent, port, None)
        return replace(made, **changes)

    def hold(self, *happenings: Callable[[], None], near: bool = False, **changes: Any) -> RunState:
        return self.forwarding(*happenings, near=near, **changes).hold(self.told.append).state


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def cut(world: World) -> Callable[[], None]:
    def happen() -> None:
        world.far.made[-1].stands = False

    return happen


def nothing() -> None:
    """Time passes."""


def test_the_address_is_told_once_and_the_end_of_the_run_ends_it(world: World) -> None:
    assert (world.hold(nothing, nothing), world.told) == (RunState.SUCCEEDED, ["127.0.0.1:8000"])


def test_a_port_that_is_asked_by_http_has_an_address_to_click(world: World) -> None:
    world.tells(health="/health")
    world.hold()
    assert world.told == ["http://127.0.0.1:8000"]


def test_the_port_here_is_by_default_the_number_of_the_run(world: World) -> None:
    world.hold()
    assert world.far.wanted == [(32768, 8000)]


def test_another_port_may_be_asked_for(world: World) -> None:
    world.hold(local_port=9000)
    assert (world.far.wanted, world.told) == ([(32768, 9000)], ["127.0.0.1:9000"])


def test_nothing_stays_open_afterwards(world: World) -> None:
    world.hold()
    assert [each.closed for each in world.far.made] == [True]


def test_nothing_stays_open_after_an_interruption(world: World) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.hold(interrupt)
    assert [each.closed for each in world.far.made] == [True]


def test_what_was_cut_is_opened_again_and_said_so(world: World) -> None:
    world.hold(cut(world), nothing)
    assert len(world.far.made) == 2
    assert world.progress.warnings == ["the connection to host-0 was cut; trying again"]
    assert world.progress.notes == ["127.0.0.1:8000 is there again"]
    assert world.told == ["127.0.0.1:8000"], "the address has not changed"


def test_a_host_that_comes_back_is_waited_for(world: World) -> None:
    world.far.refusals = 3
    world.hold(cut(world), nothing, nothing, nothing, nothing)
    assert len(world.far.made) == 2


def test_a_host_that_does_not_come_back_is_given_up(world: World) -> None:
    world.far.refusals = 10_000
    forwarding = world.forwarding(cut(world), *[nothing] * 1000)
    with pytest.raises(HostUnreachable):
        forwarding.hold(world.told.append)
    assert PATIENCE <= forwarding.tools.clock.monotonic() < PATIENCE + 5


def test_a_run_that_ends_while_the_connection_is_cut_is_not_waited_for(world: World) -> None:
    world.far.refusals = 10_000
    assert world.hold(cut(world), nothing) is RunState.SUCCEEDED


# a container that has only just started


def test_docker_is_waited_for_to_publish_the_port(world: World) -> None:
    world.tells(host_port=None)
    world.hold(nothing, world.tells, nothing)
    assert world.far.wanted == [(32768, 8000)]


def test_a_port_that_docker_never_publishes_is_told(world: World) -> None:
    world.tells(host_port=None, reason="not published")
    with pytest.raises(HostError, match="port 8000 of the container does not come to its host: not published"):
        world.hold(*[nothing] * 100)


# this machine


def test_on_this_machine_the_address_is_where_the_port_is(world: World) -> None:
    world.hold(near=True)
    assert world.told == ["127.0.0.1:32768"]


def test_on_this_machine_another_port_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="the port is here already, as 32768"):
        world.hold(near=True, local_port=8000)


def test_on_this_machine_the_very_port_may_be_named(world: World) -> None:
    world.hold(near=True, local_port=32768)
    assert world.told == ["127.0.0.1:32768"]


# which port


SLEEPS = "import time\ntime.sleep(600)\n"


def free(count: int) -> list[int]:
    """Ports that nobody has."""
    with ExitStack() as stack:
        tried = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in tried]


def serving(workshop: Workshop, *numbers: int) -> str:
    """A folder whose run goes on and has these ports."""
    folder = workshop.folder(main=SLEEPS, spec=f"ports: {list(numbers)}\n")
    workshop.up(folder)
    return str(folder)


def test_the_only_port_need_not_be_named(workshop: Workshop) -> None:
    (number,) = free(1)
    assert forward(workshop.tools, serving(workshop, number), None).port.port == number


def test_of_several_ports_one_is_named(workshop: Workshop) -> None:
    first, second = free(2)
    folder = serving(workshop, first, second)
    assert forward(workshop.tools, folder, second).port.port == second
    with pytest.raises(UnknownPort, match=f"has several ports: {first}, {second}") as caught:
        forward(workshop.tools, folder, None)
    assert f"cynthus forward {first}" in caught.value.hint


def test_a_port_that_the_run_does_not_have_is_told_with_those_it_has(workshop: Workshop) -> None:
    (number,) = free(1)
    with pytest.raises(UnknownPort, match="has no port 1") as caught:
        forward(workshop.tools, serving(workshop, number), 1)
    assert caught.value.hint == f"its ports are: {number}"


def test_a_port_that_is_nearly_one_of_them_is_asked_about(workshop: Workshop) -> None:
    (number,) = free(1)
    with pytest.raises(UnknownPort) as caught:
        forward(workshop.tools, serving(workshop, number), number - 1 if number % 10 else number + 1)
    assert caught.value.hint == f'did you mean "{number}"? its ports are: {number}'


def test_a_run_without_ports_is_told_how_to_get_some(workshop: Workshop) -> None:
    with pytest.raises(UnknownPort, match="was started without `ports:`") as caught:
        forward(workshop.tools, serving(workshop), None)
    assert "`ports: [8000]`" in caught.value.hint


def test_a_run_that_has_ended_has_nothing_to_forward(workshop: Workshop) -> None:
    folder = workshop.folder()
    workshop.ended(workshop.up(folder))
    with pytest.raises(NothingRunning, match=r"has ended \(SUCCEEDED\)"):
        forward(workshop.tools, str(folder), None)


def test_a_deployment_without_a_run_has_nothing_to_forward(workshop: Workshop) -> None:
    folder = workshop.folder()
    prepare(workshop.tools, Request(str(folder), yes=True))
    with pytest.raises(NothingRunning, match="has not begun"):
        forward(workshop.tools, str(folder), None)


def test_a_run_and_a_host_may_be_named_and_must_be_there(workshop: Workshop) -> None:
    folder = serving(workshop)
    with pytest.raises(UnknownRun):
        forward(workshop.tools, folder, None, run_id="20200101-000000-abcd")
    with pytest.raises(UnknownHost, match="'host-7'"):
        forward(workshop.tools, folder, None, host="host-7")


# what a host tells of its ports


@pytest.mark.parametrize("report", [None, {}, {"ports": None}, {"ports": "8000"}, {"ports": ["8000"]}])
def test_a_report_without_ports_has_none(report: dict[str, object] | None) -> None:
    assert ports_of(report) == ()


def test_each_port_is_news_once_and_only_when_it_is_healthy(world: World) -> None:
    heard: list[int] = []
    news, clock = PortNews(lambda _, port: heard.append(port.port)), FakeClock()
    run = run_in(RunState.RUNNING)
    for healthy in (False, True, True):
        world.tells(healthy=healthy)
        news.look([world.host.agent], run, clock)
        clock.advance(5)
    assert heard == [8000]


def test_a_run_that_has_not_begun_is_not_asked_for_news(world: World) -> None:
    news = PortNews(lambda *_: pytest.fail("no news"))
    news.look([world.host.agent], run_in(RunState.CONFIGURING), FakeClock())


def test_on_each_host_a_port_is_news_of_its_own(world: World) -> None:
    heard: list[tuple[str, int]] = []
    news = PortNews(lambda agent, port: heard.append((agent.name, port.port)))
    twin = replace(world.host.agent, name="host-1", rank=1)
    second = world.host.attempt.parent / "1"
    second.mkdir()
    (second / "status.json").write_bytes((world.host.attempt / "status.json").read_bytes())
    news.look([world.host.agent, twin], run_in(RunState.RUNNING), FakeClock())
    assert heard == [("host-0", 8000), ("host-1", 8000)]

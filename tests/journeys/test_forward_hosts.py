"""A run that serves something on a machine far away, as a process there and as a container."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.bed.fixtures import base_tar, make_hosts
from tests.journeys.serving import follows, forwarded, healthy, reached, serve_model
from tests.journeys.user import wait_for
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.fixtures import MakeHosts
    from tests.bed.host import Host
    from tests.journeys.user import User

__all__ = ["base_tar", "make_hosts"]

pytestmark = pytest.mark.hosts

ANSWER = ["the", "dread", "immortal"]


# A process far away is reached as a container is, and below several machines have one.
@pytest.fixture(scope="module", params=[pytest.param("venv", marks=pytest.mark.slow), "container"])
def runtime(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(scope="module")
def machine(bed: Bed, base_tar: Path, runtime: str) -> Iterator[Host]:
    made = bed.host(docker=runtime == "container")
    if runtime == "container":
        made.import_image(base_tar, "base:1")
    yield made
    bed.remove(made)


@pytest.fixture(scope="module")
def folder(visitor: User, machine: Host, runtime: str) -> Iterator[Path]:
    """The example, served. Its port is free here and on the machine."""
    ssh = {"hosts": [machine.address], "user": machine.user, "port": machine.port, "key": str(machine.key)}
    image = {"base": "base:1"} if runtime == "container" else {}
    made = serve_model(visitor, free_port(), target="ssh", ssh=ssh, runtime=runtime, image=image)
    up = visitor.cynthus("up", made, "-y", "--detach")
    assert up.code == 0, up
    wait_for(lambda: healthy(visitor, made))
    yield made
    down = visitor.cynthus("down", made, "-y")
    assert down.code == 0, down
    made.rename(made.with_name(f"{made.name}-{runtime}"))


def test_the_model_answers_here(visitor: User, folder: Path) -> None:
    with forwarded(visitor, folder) as (_, address):
        assert follows(address, "what") == ANSWER


def test_another_port_of_this_machine_may_be_taken(visitor: User, folder: Path) -> None:
    number = free_port()
    with forwarded(visitor, folder, "--local-port", str(number)) as (_, address):
        assert (address, follows(address, "what")) == (f"http://127.0.0.1:{number}", ANSWER)


def test_a_port_that_is_taken_here_is_told(visitor: User, folder: Path) -> None:
    with forwarded(visitor, folder):
        second = visitor.cynthus("forward", folder)
    assert (second.code, "CYN-506" in second.err, "--local-port" in second.err) == (1, True, True), second


def test_it_comes_back_after_a_cut(visitor: User, folder: Path, machine: Host) -> None:
    with forwarded(visitor, folder) as (command, address):
        machine.line.cut()
        command.until("is there again")
        assert "the connection to host-0 was cut" in command.err
        assert follows(address, "what") == ANSWER


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_open_behind_it(visitor: User, folder: Path, number: signal.Signals) -> None:
    with forwarded(visitor, folder) as (command, address):
        command.signal(number)
        command.ended()
        wait_for(lambda: not reached(address))


def test_the_machine_shows_the_port_to_itself_alone(folder: Path, machine: Host, runtime: str) -> None:
    listening = machine.text("ss", "--listening", "--tcp", "--numeric", "--no-header").splitlines()
    places = {line.split()[3].rpartition(":")[0] for line in listening}
    assert folder.is_dir()
    assert places <= {"127.0.0.1", "0.0.0.0", "[::]", "[::1]"}
    others = [line for line in listening if not line.split()[3].startswith("127.0.0.1") and ":22 " not in line]
    assert others == [], runtime


def test_a_machine_that_forbids_it_is_told_what_to_change(visitor: User, folder: Path, machine: Host) -> None:
    settings = machine.path("/etc/ssh/sshd_config.d/forbid.conf")
    settings.write_text("AllowTcpForwarding no\n")
    machine.text("systemctl", "reload", "ssh")
    try:
        with forwarded(visitor, folder) as (command, address):
            reached(address)
            ended = command.ended()
    finally:
        settings.unlink()
        machine.text("systemctl", "reload", "ssh")
    assert (ended.code, "AllowTcpForwarding" in ended.err) == (1, True), ended


def test_a_container_that_listens_to_itself_alone_is_told_what_to_do(
    user: User, make_hosts: MakeHosts, base_tar: Path
) -> None:
    (machine,) = make_hosts(docker=True)
    machine.import_image(base_tar, "base:1")
    ssh = {"hosts": [machine.address], "user": machine.user, "port": machine.port, "key": str(machine.key)}
    app = serve_model(user, 8000, target="ssh", ssh=ssh, runtime="container", image={"base": "base:1"})
    main = app / "main.py"
    main.write_text(main.read_text().replace('"0.0.0.0"', '"127.0.0.1"'))
    up = user.cynthus("up", app, "-y", "--detach")
    assert up.code == 0, up
    wait_for(lambda: user.status(app)["ports"][0]["since"])
    said = user.cynthus("status", app).out
    user.cynthus("down", app, "-y", "--discard")
    assert "main.py must listen on 0.0.0.0 there, not on 127.0.0.1" in said


def test_of_several_machines_one_is_named(user: User, make_hosts: MakeHosts) -> None:
    machines = make_hosts(2)
    hosts = [{"address": each.address, "port": each.port, "internal_address": each.internal_address}
             for each in machines]  # fmt: skip
    ssh = {"hosts": hosts, "user": machines[0].user, "key": str(machines[0].key)}
    app = serve_model(user, free_port(), target="ssh", ssh=ssh, runtime="venv")
    up = user.cynthus("up", app, "-y", "--detach")
    assert up.code == 0, up
    wait_for(lambda: [each["healthy"] for each in user.status(app)["ports"]] == [True, True])
    with forwarded(user, app, "--host", "host-1") as (_, address):
        assert follows(address, "what") == ANSWER
    read = "cat /home/tester/.local/share/cynthus/*/runs/*/attempts/1/*/log"
    logs = [each.text("sh", "-c", read) for each in machines]
    user.cynthus("down", app, "-y")
    assert ["/next" in log for log in logs] == [False, True]

"""Ports of a run: published or refused, and whether something healthy answers there."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import health, ports, spec
from cynthus.agent.container_argv import create_argv
from cynthus.agent.container_room import Room
from cynthus.agent.failure import Failure
from cynthus.agent.fellows import Fellows
from cynthus.agent.home import Home
from cynthus.agent.version import Version
from tests.agent.host import RUN, Host, document, pids, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists("outputs/sick") else 200)
        self.end_headers()
    def log_message(self, *words): print(self.path, flush=True)
http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        number: int = tried.getsockname()[1]
        return number


@pytest.fixture
def taken() -> Iterator[int]:
    """One that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def only(host: Host) -> dict[str, Any]:
    """The one port in status.json."""
    (found,) = host.told()["ports"]
    return dict(found)


def serving(host: Host, port: int, health: str | None = "/health") -> None:
    host.begin(SERVE.replace("PORT", str(port)), ports=[{"port": port, "health": health}])
    until(lambda: only(host)["healthy"])


# in a virtual environment


def test_the_status_tells_at_once_which_ports_there_will_be(host: Host, port: int) -> None:
    host.begin("import time\ntime.sleep(600)", ports=[{"port": port, "health": None}])
    assert (only(host)["port"], only(host)["host_port"], only(host)["healthy"]) == (port, port, False)


def test_a_port_that_answers_is_healthy_and_since_when(host: Host, port: int) -> None:
    serving(host, port)
    assert (only(host)["reason"], only(host)["since"][-1]) == ("", "Z")


def test_a_port_without_a_path_is_healthy_once_somebody_takes_the_connection(host: Host, port: int) -> None:
    serving(host, port, health=None)
    assert host.log == "", "nothing was asked of main.py"


def test_a_port_where_nobody_listens_says_so(host: Host, port: int) -> None:
    host.begin("import time\ntime.sleep(600)", ports=[{"port": port, "health": "/"}])
    until(lambda: only(host)["reason"] == "connection refused")


def test_a_status_of_503_is_not_healthy(host: Host, port: int) -> None:
    host.run.outputs.mkdir(parents=True)
    (host.run.outputs / "sick").touch()
    host.begin(SERVE.replace("PORT", str(port)), ports=[{"port": port, "health": "/health"}])
    until(lambda: "503" in only(host)["reason"])
    assert not only(host)["healthy"]


def test_a_server_that_hangs_does_not_stop_the_heart(host: Host, port: int) -> None:
    hang = f"import socket, time\ns = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(600)"
    host.begin(hang, ports=[{"port": port, "health": "/"}])
    until(lambda: only(host)["reason"] == "no answer within 2 s")
    before = host.told()["beat_at"]
    until(lambda: host.told()["beat_at"] > before, seconds=5)


def test_a_port_that_is_taken_keeps_the_run_from_starting(host: Host, taken: int) -> None:
    host.spec(ports=[{"port": taken, "health": None}])
    host.bring("")
    problem = host.refused("start")
    assert (problem["code"], problem["message"]) == (
        "CYN-506", f"port {taken} is taken: another program listens there already",
    )


def test_after_the_end_there_are_no_ports(host: Host, port: int) -> None:
    assert host.end("", ports=[{"port": port, "health": None}])["ports"] == []


def test_after_the_end_nobody_watches_them(host: Host, port: int) -> None:
    serving(host, port)
    host.ask("stop")
    until(lambda: host.agents() == set())


def test_a_run_without_ports_has_nobody_who_watches_any(host: Host) -> None:
    host.begin("import time\ntime.sleep(600)")
    assert (host.told()["ports"], host.attempt.ports_lock.exists()) == ([], False)


# one look


@contextmanager
def replying(said: bytes) -> Iterator[int]:
    """The port of a server that takes one connection, says this and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                if said:
                    connection.recv(1000)
                    connection.sendall(said)

        Thread(target=reply, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"HTTP/1.0 204 Fine\r\n\r\n", ""),
        (b"HTTP/1.0 302 There\r\nLocation: /login\r\n\r\n", ""),
        (b"HTTP/1.0 404 No\r\n\r\n", "GET /health is answered with 404"),
        (b"SSH-2.0-OpenSSH\r\n", "what answers is no HTTP"),
    ],
)
def test_healthy_is_an_answer_from_200_to_399(said: bytes, problem: str) -> None:
    with replying(said) as port:
        assert health.problem(port, "/health", inside=False) == problem


@pytest.mark.parametrize("path", [None, "/health"])
def test_a_proxy_that_hangs_up_has_nobody_behind_it(path: str | None) -> None:
    with replying(b"") as port:
        assert "must listen on 0.0.0.0" in health.problem(port, path, inside=True)


# in a container


def test_a_container_is_reached_from_its_own_machine_alone(tmp_path: Path) -> None:
    given = spec.parse(document(runtime="container", ports=[{"port": 8000, "health": None}]))
    run = Home(tmp_path, given.deployment).run(RUN)
    argv = create_argv(given, run, run.attempt(1), Version("e", "s", "image", ()), Room("1:1", {}, {}, None))
    assert argv[argv.index("--publish") + 1] == "127.0.0.1::8000"


def test_a_container_among_several_has_the_ports_of_its_machine(tmp_path: Path) -> None:
    given = spec.parse(document(runtime="container", ports=[{"port": 8000, "health": None}]))
    run, room = Home(tmp_path, given.deployment).run(RUN), Room("1:1", {}, {}, None)
    fellows = Fellows(("192.0.2.1", "192.0.2.2"), 0)
    argv = create_argv(given, run, run.attempt(1), Version("e", "s", "image", ()), room, fellows)
    assert ("--publish" in argv, argv[argv.index("--network") + 1]) == (False, "host")


# spec.json and the record


def test_a_spec_of_an_earlier_cynthus_has_no_ports() -> None:
    assert spec.parse(document()).ports == ()


@pytest.mark.parametrize(
    "value", [8000, {}, {"port": 0}, {"port": 65536}, {"port": "80"}, {"port": True}, {"port": 80, "health": "x"}]
)
def test_what_is_no_port_is_refused(value: object) -> None:
    with pytest.raises(Failure):
        spec.parse(document(ports=[value]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ports": 1}', '{"ports": [{"a": 1}]}', "\0"])
def test_a_damaged_record_of_ports_blocks_nothing(tmp_path: Path, text: str) -> None:
    attempt = Home(tmp_path, "weather").run(RUN).attempt(1)
    attempt.folder.mkdir(parents=True)
    attempt.ports.write_text(text)
    assert ports.read(attempt).each == []


# what watches them may be killed


def watchers(host: Host) -> set[int]:
    """Who holds the lock of those who watch the ports."""
    return {pid for pid in pids() if any(leads_to(each, host.attempt.ports_lock) for each in opened(pid))}


def opened(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return []


def leads_to(link: Path, place: Path) -> bool:
    try:
        return link.readlink() == place
    except OSError:
        return False


def test_whoever_watches_the_ports_is_replaced_when_killed(host: Host, port: int) -> None:
    serving(host, port)
    (killed,) = watchers(host)
    os.kill(killed, signal.SIGKILL)
    until(lambda: watchers(host) - {killed})


def test_nobody_watches_the_ports_of_a_run_without_a_beat(host: Host, port: int) -> None:
    serving(host, port)
    (watcher,) = watchers(host)
    with suppress(ProcessLookupError):
        for pid in host.agents() - {watcher}:
            os.kill(pid, signal.SIGKILL)
    until(lambda: watchers(host) == set())

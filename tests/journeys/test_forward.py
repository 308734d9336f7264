"""A run that serves something, on this machine."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from tests.journeys.serving import follows, forwarded, healthy, reached, serve_model
from tests.journeys.test_schemas import complaints
from tests.journeys.user import wait_for
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def folder(visitor: User, port: int) -> Path:
    return serve_model(visitor, port)


@pytest.fixture(scope="module")
def up(visitor: User, folder: Path) -> Ended:
    started = visitor.cynthus("up", folder, "-y", "--detach")
    assert started.code == 0, started
    wait_for(lambda: healthy(visitor, folder))
    return started


@pytest.fixture(scope="module")
def cancelled(visitor: User, folder: Path, up: Ended) -> Ended:
    """`forward`, after somebody has cancelled the run. From here on the tests come after all others."""
    assert up.code == 0
    with forwarded(visitor, folder) as (command, _):
        assert visitor.cynthus("cancel", folder).code == 0
        return command.ended()


def test_up_says_that_there_is_something_to_forward(up: Ended, folder: Path) -> None:
    assert f"cynthus forward {folder}" in up.err


def test_the_address_that_is_printed_answers(up: Ended, visitor: User, folder: Path, port: int) -> None:
    with forwarded(visitor, folder) as (_, address):
        assert (address, follows(address, "what")) == (f"http://127.0.0.1:{port}", ["the", "dread", "immortal"]), up


def test_a_port_alone_is_one_of_the_folder(up: Ended, visitor: User, folder: Path, port: int) -> None:
    with visitor.typing("forward", str(port), cwd=folder) as command:
        command.until(f"http://127.0.0.1:{port}\n")


def test_an_interruption_leaves_the_run_alone(up: Ended, visitor: User, folder: Path) -> None:
    with forwarded(visitor, folder) as (command, address):
        command.signal(signal.SIGINT)
        ended = command.ended()
    assert (ended.code, "goes on" in ended.err, reached(address)) == (130, True, True), ended


def test_status_shows_the_port_and_its_health(up: Ended, visitor: User, folder: Path, port: int) -> None:
    assert f"port       {port} on host-0, healthy for" in visitor.cynthus("status", folder).out, up


def test_the_json_of_a_port_is_as_its_schema_says(up: Ended, visitor: User, folder: Path) -> None:
    assert complaints(visitor.cynthus("status", folder, "--json").document) == [], up


def test_whoever_follows_hears_once_that_the_port_is_healthy(up: Ended, visitor: User, folder: Path, port: int) -> None:
    with visitor.typing("up", folder, "-y") as command:
        command.until(f"port {port} is healthy")
        command.signal()
        said = command.ended().err
    assert said.count("is healthy") == 1, up
    assert f"`cynthus forward {folder} {port}` in another terminal" in said


def test_a_port_that_the_run_does_not_have_is_wrong_usage(up: Ended, visitor: User, folder: Path, port: int) -> None:
    answer = visitor.cynthus("forward", folder, "1")
    assert (answer.code, "CYN-140" in answer.err, f"its ports are: {port}" in answer.err) == (2, True, True), answer


def test_when_the_run_is_cancelled_forward_says_so_and_ends_like_it(cancelled: Ended) -> None:
    assert (cancelled.code, "nothing is forwarded any more" in cancelled.err) == (5, True), cancelled


def test_after_the_end_nothing_listens(cancelled: Ended, visitor: User, folder: Path, port: int) -> None:
    assert not reached(f"127.0.0.1:{port}"), cancelled
    assert visitor.status(folder)["ports"] == []


def test_a_port_that_another_program_has_keeps_the_run_from_starting(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        app = user.folder(cynthus_yaml=json.dumps({"ports": [number]}))
        answer = user.cynthus("up", app, "-y")
    assert answer.code == 1, answer
    assert f"port {number} is taken: another program listens there already" in answer.err

"""The tunnel and the relay: what goes in comes out, whatever happens on the way."""

from __future__ import annotations

import hashlib
import random
import socket
import time

import pytest

from cynthus.targets.iap.tunnel import HELD, QUEUED, UNCONFIRMED, Ended
from cynthus.testing.gcp.relay_faults import RelayFault
from tests.gcp.tunnelled import TOKEN, Through, echo, noise, relayed, through
from tests.processes import wait_for

WINDOW = 16384
SIZES = [1, 2, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 7, 1_000_000, 7_654_321]


def pour(there: socket.socket) -> None:
    """Sends as many bytes as the first line says, as fast as they are taken."""
    size = int(there.makefile("rb").readline())
    dice = random.Random(size)
    while size:
        piece = dice.randbytes(min(size, 1 << 18))
        there.sendall(piece)
        size -= len(piece)


def poured(size: int) -> bytes:
    dice, left, found = random.Random(size), size, []
    while left:
        found.append(dice.randbytes(min(left, 1 << 18)))
        left -= len(found[-1])
    return b"".join(found)


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    content = noise(size)
    with relayed() as there, through(there) as tunnel:
        tunnel.send(content)
        assert tunnel.receive(size) == content


@pytest.mark.parametrize("seed", range(12))
def test_cuts_at_any_point_lose_and_double_nothing(seed: int) -> None:
    dice = random.Random(seed)
    content = dice.randbytes(dice.randrange(1, 3_000_000))
    with relayed() as there:
        for _ in range(dice.randrange(1, 7)):
            there.relay.faults.plan(RelayFault(after=dice.randrange(1, 2 * len(content) + 1)))
        with through(there) as tunnel:
            tunnel.send(content)
            assert tunnel.receive(len(content)) == content
        assert there.service.connections == 1


@pytest.mark.parametrize("seed", range(6))
def test_what_only_comes_is_whole_after_cuts_to_the_last_byte(seed: int) -> None:
    dice = random.Random(seed)
    size = dice.randrange(1, 4_000_000)
    with relayed(pour) as there:
        for _ in range(dice.randrange(1, 5)):
            there.relay.faults.plan(RelayFault(after=dice.randrange(1, size + 10)))
        with through(there) as tunnel:
            tunnel.send(f"{size}\n".encode())
            assert tunnel.receive(size + 1) == poured(size)


@pytest.mark.parametrize("code", [1001, 4000, 4004])
def test_an_end_that_is_none_of_the_session_is_followed_by_another_connection(code: int) -> None:
    content = noise(300_000)
    with relayed() as there:
        there.relay.faults.plan(RelayFault(close=code, reason="reauthentication required", after=100_000))
        with through(there) as tunnel:
            tunnel.send(content)
            assert tunnel.receive(len(content)) == content
        assert there.relay.connections == 2


def test_a_window_that_is_hardly_more_than_what_is_confirmed_is_enough() -> None:
    with relayed(pour, window=3 * WINDOW) as there, through(there) as tunnel:
        tunnel.send(b"2000000\n")
        assert tunnel.receive(2_000_000) == poured(2_000_000)


def test_the_machine_is_asked_for_by_its_names_and_with_the_token() -> None:
    with relayed() as there, through(there):
        (asked,) = there.asked
    assert (asked.project, asked.zone, asked.instance, asked.interface, asked.port) == (
        "lab", "us-central1-a", "demo-host-0", "nic0", 22,
    )  # fmt: skip
    assert asked.authorization == f"Bearer {TOKEN}"


def test_the_end_of_the_input_is_said_once_all_of_it_has_arrived() -> None:
    heard: list[bytes] = []

    def listen(there: socket.socket) -> None:
        while data := there.recv(1 << 16):
            heard.append(data)

    content = noise(2_000_000)
    with relayed(listen) as there, through(there) as tunnel:
        tunnel.near.sendall(content)
        tunnel.near.shutdown(socket.SHUT_WR)
        assert tunnel.receive(1) == b""
        wait_for(lambda: sum(map(len, heard)) == len(content), "all of it there")
    assert b"".join(heard) == content


def test_an_answer_that_comes_after_the_end_of_the_input_is_still_carried() -> None:
    def late(there: socket.socket) -> None:
        there.recv(1 << 16)
        time.sleep(1)
        there.sendall(b"late")
        time.sleep(0.5)
        there.sendall(b"r")

    with relayed(late) as there, through(there) as tunnel:
        tunnel.near.sendall(b"now")
        tunnel.near.shutdown(socket.SHUT_WR)
        assert tunnel.receive(10) == b"later"


def test_the_machines_end_is_the_end_and_no_failure() -> None:
    with relayed(lambda there: there.sendall(b"bye")) as there:
        tunnel = Through(there.relay.url)
        assert tunnel.receive(10) == b"bye"
        tunnel.end()
        assert tunnel.ended is None
        tunnel.near.close()


def test_a_near_end_that_goes_away_ends_it_at_once() -> None:
    with relayed() as there:
        tunnel = Through(there.relay.url)
        before = time.monotonic()
        tunnel.close()
        assert time.monotonic() - before < 1
        wait_for(lambda: there.relay.sessions == 0, "no session")


def test_a_reader_who_takes_nothing_costs_no_more_than_some_megabytes() -> None:
    with relayed(pour) as there, through(there) as tunnel:
        tunnel.send(b"60000000\n")
        time.sleep(1)
        assert tunnel.ends.held < HELD + (1 << 20)
        assert tunnel.receive(60_000_000) == poured(60_000_000)


def test_a_machine_that_takes_nothing_costs_no_more_than_some_megabytes() -> None:
    sent = bytes(200 << 20)

    def deaf(there: socket.socket) -> None:
        time.sleep(2)
        echo(there)

    with relayed(deaf) as there, through(there) as tunnel:
        tunnel.near.settimeout(1)
        with pytest.raises(TimeoutError):
            tunnel.near.sendall(sent)
        assert tunnel.tunnel._books.unconfirmed < 2 * (QUEUED + UNCONFIRMED)


def test_a_slow_relay_is_nothing_but_slow() -> None:
    content = noise(400_000)
    with relayed() as there:
        there.relay.faults.plan(RelayFault(after=None, rate=2e6))
        with through(there) as tunnel:
            tunnel.send(content)
            assert tunnel.receive(len(content)) == content
        assert there.relay.connections == 1


def test_a_session_that_the_relay_has_forgotten_is_over() -> None:
    with relayed() as there:
        there.relay.faults.plan(RelayFault(after=100_000, forget=True))
        tunnel = Through(there.relay.url)
        tunnel.send(noise(200_000))
        tunnel.end()
        assert str(tunnel.ended) == "[4001: 'sid unknown']"
        tunnel.near.close()


def test_a_session_that_nobody_comes_back_to_is_not_kept() -> None:
    with relayed(keep=0.2) as there:
        there.relay.faults.plan(RelayFault(after=1))
        there.relay.faults.plan(RelayFault(status=503), times=1000)
        tunnel = Through(there.relay.url, sleep=lambda _: time.sleep(0.05))
        tunnel.send(b"xx")
        wait_for(lambda: there.relay.sessions == 0, "no session")
        there.relay.faults.clear()
        tunnel.end()
        assert str(tunnel.ended) == "[4001: 'sid unknown']"
        tunnel.near.close()


def test_connections_that_fail_for_a_while_are_tried_again() -> None:
    content = noise(200_000)
    with relayed() as there:
        there.relay.faults.plan(RelayFault(after=50_000))
        there.relay.faults.plan(RelayFault(status=502), times=3)
        there.relay.faults.plan(RelayFault(after=0), times=2)
        with through(there) as tunnel:
            tunnel.send(content)
            assert tunnel.receive(len(content)) == content


def test_a_cut_after_which_one_is_no_longer_let_through_is_the_end() -> None:
    with relayed() as there:
        there.relay.faults.plan(RelayFault(after=50_000))
        there.relay.faults.plan(RelayFault(close=4033, reason="not authorized"))
        tunnel = Through(there.relay.url)
        tunnel.send(noise(100_000))
        tunnel.end()
        assert str(tunnel.ended) == "[4033: 'not authorized']"
        tunnel.near.close()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RelayFault(close=4003, reason="failed to connect to backend"), "[4003: 'failed to connect to backend']"),
        (RelayFault(close=4033, reason="not authorized"), "[4033: 'not authorized']"),
        (RelayFault(close=4047, reason="Failed to lookup instance"), "[4047: 'Failed to lookup instance']"),
        (RelayFault(status=401), "[HTTP 401: 'Unauthorized']"),
        (RelayFault(status=403), "[HTTP 403: 'Forbidden']"),
        (RelayFault(status=404), "[HTTP 404: 'Not Found']"),
        (RelayFault(status=429), "[HTTP 429: 'Too Many Requests']"),
        (RelayFault(status=503), "[HTTP 503: 'Service Unavailable']"),
    ],
)
def test_who_is_not_let_through_hears_why_in_googles_words(fault: RelayFault, said: str) -> None:
    with relayed() as there:
        there.relay.faults.plan(fault)
        with pytest.raises(Ended) as caught:
            Through(there.relay.url)
        assert str(caught.value) == said


def test_a_connection_that_is_cut_before_anything_was_said_is_one_of_the_network() -> None:
    with relayed() as there:
        there.relay.faults.plan(RelayFault(after=0))
        with pytest.raises(Ended, match=r"\[(network|1006):"):
            Through(there.relay.url)


def test_a_first_connection_is_not_tried_twice() -> None:
    with relayed() as there:
        there.relay.faults.plan(RelayFault(status=503))
        with pytest.raises(Ended):
            Through(there.relay.url)
        assert there.relay.connections == 1


def test_where_nobody_listens_the_system_says_so() -> None:
    with relayed() as there:
        url = there.relay.url
    with pytest.raises(Ended, match=r"\[network: 'Connection refused'\]"):
        Through(url)


def test_the_digest_of_many_megabytes_is_the_same_after_three_cuts() -> None:
    size = 30_000_000
    with relayed(pour) as there:
        for after in (1_000_000, 9_000_000, 12_345_678):
            there.relay.faults.plan(RelayFault(after=after))
        with through(there) as tunnel:
            tunnel.send(f"{size}\n".encode())
            found = hashlib.sha256(tunnel.receive(size)).digest()
        assert (found, there.relay.connections) == (hashlib.sha256(poured(size)).digest(), 4)

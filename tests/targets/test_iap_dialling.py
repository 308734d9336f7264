"""What is in the way of a first connection: nobody there, a web proxy, a certificate that nobody trusts."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.targets.iap.dialling import NoLine, dial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ADDRESS = "wss://tunnel.cloudproxy.invalid/v4/connect?project=lab"


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """Somebody at a port of loopback, for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            with suppress(OSError):
                there, _ = server.accept()
                with there:
                    answer(there)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def head(there: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += there.recv(4096)
    return found


def refusal(address: str, patience: float = 5) -> str:
    with pytest.raises(NoLine) as caught:
        dial(address, "swordfish", agent="tests", patience=patience)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_web_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def refuse(there: socket.socket) -> None:
        heard.append(head(there))
        there.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with listening(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://joe:pass%20word@127.0.0.1:{port}")
        said = refusal(ADDRESS)
    assert said == "[proxy 127.0.0.1: 'Tunnel connection failed: 407 Proxy Authentication Required']"
    assert heard[0].startswith(b"CONNECT tunnel.cloudproxy.invalid:443 HTTP/1")
    assert b"Basic " + base64.b64encode(b"joe:pass word") in heard[0]
    assert b"swordfish" not in heard[0]


def test_a_web_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(head) as port:
        pass
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{port}")
    assert refusal(ADDRESS) == "[proxy 127.0.0.1: 'Connection refused']"


def test_this_machine_is_never_behind_a_web_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with listening(lambda there: there.close()) as port:
        assert refusal(f"ws://127.0.0.1:{port}/v4").startswith("[network: ")


def test_a_certificate_that_nobody_trusts_ends_it_before_the_token_is_shown(tmp_path: Path) -> None:
    words = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key -out cert"
    assert run(Command(("openssl", *words.split()), cwd=tmp_path)).returncode == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    heard: list[bytes] = []

    def answer(there: socket.socket) -> None:
        with context.wrap_socket(there, server_side=True) as safe:
            heard.append(safe.recv(4096))

    with listening(answer) as port:
        said = refusal(f"wss://localhost:{port}/v4")
    assert said.startswith("[TLS: 'self-signed certificate")
    assert heard == []


def test_a_name_that_nobody_knows_is_said_to_be_one() -> None:
    assert refusal(ADDRESS).startswith("[network: ")


def test_who_says_nothing_is_not_waited_for_without_end() -> None:
    def only_hear(there: socket.socket) -> None:
        there.settimeout(5)
        while there.recv(1 << 16):
            pass

    with listening(only_hear) as port:
        assert refusal(f"ws://127.0.0.1:{port}/v4", patience=0.5) == "[network: 'no answer']"


def test_who_speaks_no_websocket_is_told_from_a_relay() -> None:
    def answer(there: socket.socket) -> None:
        head(there)
        there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    with listening(answer) as port:
        assert refusal(f"ws://127.0.0.1:{port}/v4") == "[HTTP 200: 'OK']"

"""Ports of this machine."""

from __future__ import annotations

import socket


def free_port() -> int:
    """One that nobody of this machine has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        return number

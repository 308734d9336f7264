"""A stand-in for the package: asks the stand-in's head who is there."""

import json
import os
import socket


def init(**_: object) -> None:
    """Nothing to do."""


def nodes() -> list[dict[str, object]]:
    host, _, port = os.environ["RAY_ADDRESS"].rpartition(":")
    with socket.create_connection((host, int(port))) as head:
        head.sendall(b"who")
        return [{"NodeName": name, "Alive": True} for name in json.loads(head.recv(9999))]

#!/usr/bin/env python3
"""Stands in for `gcloud compute start-iap-tunnel`: `tunnel.py DOORS compute start-iap-tunnel NAME PORT ...` leads to
the host that an instance of a simulated cloud has, or says no as gcloud does. Standard library only: each
`ssh` starts one of these."""

from __future__ import annotations

import os
import selectors
import socket
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    """Carry stdin there, and what comes back to stdout."""
    doors, *words = words
    if words[:2] != ["compute", "start-iap-tunnel"] or "--listen-on-stdin" not in words:
        return _fail(f"Invalid choice: {' '.join(words[:2])!r}")
    name, port = words[2:4]
    try:
        address, door = (Path(doors) / name).read_text().split()
        line = socket.create_connection((address, int(door)))
    except OSError:
        return _fail(f"Error while connecting [4003: 'failed to connect to backend'] ({name}:{port})")
    return _carry(line)


def _fail(said: str) -> int:
    sys.stderr.write(f"ERROR: (gcloud.compute.start-iap-tunnel) {said}\n")
    return 1


def _carry(line: socket.socket) -> int:
    with selectors.DefaultSelector() as ready, line:
        ready.register(0, selectors.EVENT_READ)
        ready.register(line, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                data = os.read(key.fd, 1 << 16)
                if key.fileobj is line:
                    if not data:
                        return 0
                    while data:
                        data = data[os.write(1, data) :]
                elif data:
                    line.sendall(data)
                else:
                    ready.unregister(0)
                    line.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

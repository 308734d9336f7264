"""Whether a port is healthy: one look at it."""

from __future__ import annotations

import http.client
import socket

from cynthus.agent.ports import LOOPBACK

PATIENCE = 2.0
"""Seconds for each part of an answer."""
_HANGS_UP = 0.3
"""Seconds after which a connection that still stands has been taken by main.py."""
_DEAF = "nobody takes the connection in the container; main.py must listen on 0.0.0.0 there, not on 127.0.0.1"


def problem(port: int, path: str | None, *, inside: bool) -> str:
    """Why it is not healthy; '' where it is."""
    try:
        return _knock(port, inside=inside) if path is None else _get(port, path)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except ConnectionError as error:
        # Docker's proxy takes every connection, and hangs up where there is nobody in the container.
        return _DEAF if inside else _said(error)
    except OSError as error:
        return _said(error)
    except http.client.HTTPException:
        return "what answers is no HTTP"


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"User-Agent": "cynthus"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"GET {path} is answered with {status}"


def _knock(port: int, *, inside: bool) -> str:
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        if not inside:
            return ""
        connection.settimeout(_HANGS_UP)
        try:
            return "" if connection.recv(1) else _DEAF
        except TimeoutError:
            return ""


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

"""Times as they are written into records."""

from __future__ import annotations

import time


def stamp(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC, with milliseconds."""
    whole, part = divmod(int(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{part:03d}Z"


def mint_run(seconds: float, salt: bytes) -> str:
    """A run's id, `YYYYMMDD-HHMMSS-xxxx` in UTC: sorts by time; `salt` (two bytes) keeps two in one second apart."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds)) + f"-{salt.hex()}"

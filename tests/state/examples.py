"""Values that the tests of the records use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.run import Run, RunState, Version
from cynthus.state.index import Entry

if TYPE_CHECKING:
    from pathlib import Path

ID = "weather-0a1b2c"
RUN = Run(
    id="20260102-030405-beef",
    deployment=ID,
    created_at="2026-01-02T03:04:05Z",
    version=Version("e1", "s1"),
    fingerprint="f1",
).moved(RunState.PROVISIONING, at="2026-01-02T03:04:06Z", reason="the hosts stand")
HOST = Host("local", "localhost", "localhost", None, 22, 0, ConnectionInfo("local"))
REMOTE = Host("gpu-1", "192.0.2.7", "10.0.0.7", "ubuntu", 2222, 8, ConnectionInfo("ssh", proxy_jump="jump"))
ENTRY = Entry(
    id=ID,
    name="weather",
    target="local",
    folder="/somewhere/weather",
    runtime="venv",
    home=f"/data/{ID}",
    created_at="2026-01-02T03:04:05Z",
    phase="up",
    hosts=(HOST, REMOTE),
    last_run=RUN,
    updated_at="2026-01-02T03:05:00Z",
    per_hour=0.75,
)


def entry(id: str = ID, **changes: object) -> Entry:  # noqa: A002 - the field's own name
    return replace(ENTRY, id=id, **changes)  # each test says which field it means


def run_at(minute: int, salt: str = "beef") -> Run:
    return replace(RUN, id=f"20260102-03{minute:02d}05-{salt}")


def in_folder(folder: Path) -> Entry:
    return entry(folder=str(folder))

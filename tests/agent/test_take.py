"""What a host takes of a sender that may be anybody."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.agent.take import Taken, take

if TYPE_CHECKING:
    from pathlib import Path

ID = "0123456789abcdef"
OLD = 1_600_000_000_123_456_789
"""A time of change with nanoseconds."""


def announced(folders: object, *, checkpoints: object = "checkpoints", links: object = None) -> bytes:
    links = {} if links is None else links
    return json.dumps({"folders": folders, "checkpoints": checkpoints, "links": links}).encode()


def taken(home: Home, line: bytes, members: bytes = b"") -> Taken:
    return take(home, io.BytesIO(line + b"\n" + members), io.BytesIO())


def stream(*members: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return packed.getvalue()


def member(name: str, *, kind: bytes = tarfile.REGTYPE, changed_at: str | None = str(OLD)) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, "/etc/passwd"
    made.size = 1 if kind == tarfile.REGTYPE else 0
    made.pax_headers = {} if changed_at is None else {"CYNTHUS.mtime_ns": changed_at}
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", "weather-abcdef")


WANTED = announced({ID: [["a", 1, OLD]]})


def test_what_is_announced_is_taken(home: Home) -> None:
    assert taken(home, WANTED, stream(member(f"{ID}/a"))) == Taken(changed=True, files=1, bytes=1)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a/", ".."])
def test_a_path_that_leads_out_is_refused(home: Home, path: str) -> None:
    with pytest.raises(Failure, match="leads out of its folder"):
        taken(home, announced({ID: [[path, 1, OLD]]}))


@pytest.mark.parametrize("name", ["..", "../0123456789abcdef", "", "a", ID.upper(), ID + "\n"])
def test_a_folder_that_is_none_of_ours_is_refused(home: Home, name: str) -> None:
    with pytest.raises(Failure, match="leads out of its folder"):
        taken(home, announced({name: []}))


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"3", b'{"folders": {}}', announced(3), announced({ID: 3}), announced({ID: [3]}),
     announced({ID: [["a"]]}), announced({ID: [["a", "x", 1]]}), announced({ID: [["a", 1, None]]}),
     announced({}, links=3)],
)  # fmt: skip
def test_a_listing_that_is_none_is_refused(home: Home, line: bytes) -> None:
    with pytest.raises(Failure, match="not announced"):
        taken(home, line)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_checkpoints_that_would_lead_out_are_refused(home: Home, path: str) -> None:
    for line in (announced({}, checkpoints=path), announced({}, links={path: "a"})):
        with pytest.raises(Failure, match="leads out of its folder"):
            taken(home, line)


@pytest.mark.parametrize("name", [f"{ID}/b", "a", f"{ID}/../a", f"/{ID}/a"])
def test_a_file_that_was_not_asked_for_is_refused(home: Home, name: str) -> None:
    with pytest.raises(Failure, match="not asked for"):
        taken(home, WANTED, stream(member(name)))


def test_a_file_that_comes_twice_is_refused(home: Home) -> None:
    with pytest.raises(Failure, match="not asked for"):
        taken(home, WANTED, stream(member(f"{ID}/a"), member(f"{ID}/a")))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_is_refused(home: Home, kind: bytes) -> None:
    with pytest.raises(Failure, match="is no file"):
        taken(home, WANTED, stream(member(f"{ID}/a", kind=kind)))
    assert not (home.data / ID / "a").exists()


@pytest.mark.parametrize("changed_at", [None, "", "x", "1.5", "--1"])
def test_a_file_without_its_time_of_change_is_refused(home: Home, changed_at: str | None) -> None:
    with pytest.raises(Failure, match="is no file that was sent as it should be"):
        taken(home, WANTED, stream(member(f"{ID}/a", changed_at=changed_at)))


@pytest.mark.parametrize("members", [b"", stream(), stream(member(f"{ID}/a"))[:1500], b"x" * 2000])
def test_a_stream_that_ends_too_early_is_refused(home: Home, members: bytes) -> None:
    with pytest.raises(Failure, match="cut off"):
        taken(home, WANTED, members)
    assert not [path for path in home.folder.rglob("*") if path.is_file()]

"""What the tests of fetching share: a host that fetches, what it wants, and archives good and bad."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

from cynthus.agent import fetch, wanted
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.agent.wanted import Wanted


def asking(address: str, **changes: object) -> Wanted:
    """A file that is wanted."""
    return wanted.parse({
        "scheme": "https", "kind": "file", "name": address, "pin": "", "files": [], "sha256": None, "unpack": False,
        "size": None, "text": address, **changes,
    })  # fmt: skip


def bring(home: Home, *listed: Wanted, tokens: Mapping[str, str] | None = None) -> list[fetch.Fetched]:
    """What came of fetching."""
    return fetch.fetch(home, fetch.Asked(listed, tokens or {}, {}), {})


def refusal(home: Home, *listed: Wanted) -> Failure:
    """How fetching fails."""
    try:
        bring(home, *listed)
    except Failure as failure:
        return failure
    raise AssertionError("it was fetched")


def lying(home: Home) -> list[str]:
    """What is there under its final name."""
    return sorted(each.name for each in home.data.iterdir() if each.is_dir() and not each.name.startswith("."))


def content(home: Home, one: Wanted) -> dict[str, bytes]:
    """The files that came, by path."""
    folder = home.data / one.id
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(*members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w:gz") -> bytes:
    """A tar file of files, and of members that are more than that."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for each in members:
            if isinstance(each, tarfile.TarInfo):
                archive.addfile(each)
                continue
            info = tarfile.TarInfo(each[0])
            info.size = len(each[1])
            archive.addfile(info, io.BytesIO(each[1]))
    return stream.getvalue()


def linked(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A member that is a link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def sum_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def said(*listed: Wanted, **tokens: str) -> bytes:
    """What the verb `fetch` reads."""
    documents: list[dict[str, Any]] = [each._asdict() for each in listed]
    return json.dumps({"fetch": documents, "tokens": tokens, "settings": {}}).encode()


def home_at(folder: Path) -> Home:
    return Home(folder / "home", "weather-abcdef")

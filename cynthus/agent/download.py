"""A file that comes over HTTPS: gone on with after a cut, patient where it is asked to wait, and checked."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cynthus import web
from cynthus.agent.failure import CONTENT_WRONG, DISK_FULL, DOWNLOAD, REFERENCE_UNKNOWN, TOKEN_NEEDED, Failure
from cynthus.agent.telling import share

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.agent.wanted import Wanted

    Tell = Callable[[str], None]

_CHUNK = 1 << 20
_TRIES = 6
"""How often in a row nothing may arrive."""
_MOST_TRIES = 500
_SILENCE = 60.0
_LONGEST_WAIT = 900.0
"""Seconds. Who is asked to wait longer should know, and come back."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_AGAIN = "run the command again: what has arrived stays"


class _Cut(Exception):
    """It did not come to its end, and may with another try; `wait` is how many seconds the server wants to have."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _Part(NamedTuple):
    """A file that has arrived up to some byte, and a note of which content it is of."""

    body: Path
    note: Path

    @property
    def size(self) -> int:
        return self.body.stat().st_size if self.body.exists() else 0

    def known(self) -> str:
        try:
            return str(json.loads(self.note.read_bytes())["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def forget(self) -> None:
        self.body.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def download(wanted: Wanted, body: Path, tell: Tell, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Bring the file to `body`, which may hold its beginning.

    Raises:
        Failure: it is not there, is not given to us, is not what it should be, or does not come to its end.
        OSError: it cannot be written.
    """
    part = _Part(body, body.with_name(f"{body.name}.json"))
    left = _TRIES
    for _ in range(_MOST_TRIES):
        before = part.size
        try:
            _fetch(wanted, part, tell)
            break
        except _Cut as cut:
            grown = part.size > before
            left = _TRIES if grown else left - 1
            if not left or (cut.wait or 0) > _LONGEST_WAIT:
                raise _given_up(wanted, cut) from None
            wait = cut.wait if cut.wait is not None else 0.1 if grown else 2.0 ** (_TRIES - left) / 4
            tell(f"{cut}; trying again" + (f" in {wait:.0f} s" if wait >= 1 else ""))
            sleep(wait)
    _check_sum(wanted, part)
    part.note.unlink(missing_ok=True)


def _given_up(wanted: Wanted, cut: _Cut) -> Failure:
    hint = _AGAIN if cut.wait is None else f"it asks to wait {cut.wait:.0f} s: {_AGAIN}"
    return Failure(f"{wanted.text} could not be fetched: {cut}", hint=hint, code=DOWNLOAD)


def _check_sum(wanted: Wanted, part: _Part) -> None:
    if wanted.sha256 is None:
        return
    digest = hashlib.sha256()
    with open(part.body, "rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
    if digest.hexdigest() != wanted.sha256:
        part.forget()
        raise Failure(
            f"{wanted.text} has the SHA-256 {digest.hexdigest()}, not {wanted.sha256}",
            hint="if it was changed on purpose, write the new sum after `sha256:`", code=CONTENT_WRONG,
        )


def _fetch(wanted: Wanted, part: _Part, tell: Tell) -> None:
    """One try, from where the last one ended."""
    try:
        with web.ask(wanted.name, _headers(part), timeout=_SILENCE) as answer:
            _take(wanted, part, answer, tell)
    except urllib.error.HTTPError as error:
        with error:
            _refused(wanted, part, error)
    except web.UnsafeRedirect as target:
        raise Failure(
            f"{wanted.text} leads to {target}, over a line that anybody can change",
            hint="name an address that stays with https://", code=DOWNLOAD,
        ) from None
    except urllib.error.URLError as error:
        raise _Cut(f"nobody answers at {urlsplit(wanted.name).netloc}: {error.reason}") from None
    except http.client.HTTPException as error:
        raise _Cut(f"the connection was cut: {error}") from None


def _headers(part: _Part) -> dict[str, str]:
    known = part.known()
    if part.size and known:
        return {"Range": f"bytes={part.size}-", "If-Range": known}
    # Of a content that cannot be told from another one nobody knows how it goes on.
    part.forget()
    return {}


def _take(wanted: Wanted, part: _Part, answer: Any, tell: Tell) -> None:
    _insist_on_pin(wanted, part, answer)
    start, total = 0, _number(answer.headers.get("Content-Length"))
    if answer.status == 206:
        match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != part.size:
            part.forget()
            raise _Cut("the server sent another part than it was asked for")
        start, total = part.size, _number(match[2])
    insist_on_room(wanted.text, part.body.parent, (total or 0) - start)
    validator = web.validator(answer.headers, for_range=True)
    with open(part.body, "r+b" if start else "wb") as output:
        output.truncate(start)
        output.seek(start)
        part.note.write_text(json.dumps({"validator": validator}))
        _copy(wanted, answer, output, total, tell)


def _copy(wanted: Wanted, answer: Any, output: IO[bytes], total: int | None, tell: Tell) -> None:
    here, told = output.tell(), 0.0
    while True:
        try:
            piece = answer.read1(_CHUNK)
        except OSError as error:
            # Not one of the disk: those are raised below.
            raise _Cut(f"the connection was cut: {error}") from None
        if not piece:
            break
        output.write(piece)
        here += len(piece)
        if time.monotonic() > told + 0.5:
            told = time.monotonic()
            tell(f"{wanted.text}: {share(here, total)}")
    output.flush()
    os.fsync(output.fileno())
    if total is not None and here != total:
        raise _Cut(f"the connection was cut after {here} of {total} bytes")


def _insist_on_pin(wanted: Wanted, part: _Part, answer: Any) -> None:
    """See that it is the content that was shown before anybody said yes."""
    found = web.validator(answer.headers)
    if wanted.sha256 is None and wanted.pin and found != wanted.pin:
        part.forget()
        raise Failure(
            f"{wanted.text} was changed since it was looked at", hint="run the command again", code=CONTENT_WRONG
        )


def insist_on_room(text: str, folder: Path, coming: int | None) -> None:
    """See that so many bytes more fit on the disk.

    Raises:
        Failure: they do not.
    """
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if (coming or 0) > free:
        raise Failure(
            f"{text} needs {(coming or 0) / 1e6:.1f} MB more, and {folder} has {free / 1e6:.1f} MB",
            hint="make room on that disk and run the command again", code=DISK_FULL,
        )


def _refused(wanted: Wanted, part: _Part, error: urllib.error.HTTPError) -> None:
    """Raises: _Cut or Failure, but for what has arrived as a whole already."""
    code = error.code
    if code == 416:
        whole = error.headers.get("Content-Range", "").rpartition("/")[2]
        if whole == str(part.size):
            return
        part.forget()
        raise _Cut("what has arrived does not fit what is there now")
    if code in (429, 503):
        raise _Cut(f"the server asks to wait ({code})", web.wait_of(error.headers))
    if code in (401, 403, 407):
        raise Failure(
            f"{wanted.text} is not given to everybody ({code})", code=TOKEN_NEEDED,
            hint="Cynthus sends no password to a web server: bring the file yourself and name its path",
        )
    if code in (404, 410):
        raise Failure(
            f"there is no {wanted.text} ({code})", hint="look at the address in a browser", code=REFERENCE_UNKNOWN
        )
    if code >= 500 or code == 408:
        raise _Cut(f"the server failed ({code})")
    raise Failure(f"{wanted.text} is refused ({code} {error.reason})", hint="look at it in a browser", code=DOWNLOAD)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None

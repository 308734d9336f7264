"""What lies under a name in a bucket of Google: the objects that are meant, what pins them, and the files they become.

Standard library only: the host agent carries this module too.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus import web

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

EMULATOR = "STORAGE_EMULATOR_HOST"
"""The variable of Google's own libraries that says where the service is, if it is not where it always is."""
FIELDS = "name,size,generation,crc32c"
_ALL_OF_IT = 200
"""The status OK; an answer with a part has 206."""
_USUAL = "https://storage.googleapis.com"
_GENERATION = re.compile(r"[1-9][0-9]{0,19}")
_LONGEST_STEP, _LONGEST_PATH = 255, 4000
"""Bytes that Linux takes as a name, and a bit less than what it takes as a path."""


class Unfit(ValueError):
    """Objects that cannot lie side by side as files, or an address that nobody should ask; the text says why."""


class Object(NamedTuple):
    """One object, of one generation. `crc32c` is Google's word in base64, '' where it does not tell it."""

    name: str
    size: int
    generation: str
    crc32c: str


def told(resource: Mapping[str, object]) -> Object:
    """What Google's JSON says of an object.

    Raises:
        KeyError, ValueError: it says nothing of one.
    """
    size, generation = int(str(resource["size"])), str(int(str(resource["generation"])))
    return Object(str(resource["name"]), size, generation, str(resource.get("crc32c") or ""))


def split(name: str) -> tuple[str, str]:
    """The bucket, and what is meant in it: '' for all of it; with a slash at its end it is a folder for sure."""
    bucket, _, path = name.partition("/")
    return bucket, path


def prefix_of(path: str) -> str:
    """How the names of all objects below a folder begin."""
    return f"{path.rstrip('/')}/" if path else ""


def is_generation(pin: str) -> bool:
    """Whether a pin is of one object: that of a folder is a SHA-256."""
    return _GENERATION.fullmatch(pin) is not None


def chosen(listed: Iterable[Object], prefix: str, patterns: Sequence[str]) -> dict[str, Object]:
    """The objects that are meant, by the path that each has as a file; no pattern means all.

    What other programs keep as a "folder" (a name that ends with a slash, and nothing in it) is none.

    Raises:
        Unfit: one cannot be a file, or not beside another one.
    """
    found: dict[str, Object] = {}
    for one in listed:
        path = one.name[len(prefix) :]
        if one.size == 0 and (not path or path.endswith("/")):
            continue
        if patterns and not any(fnmatch.fnmatchcase(path, each) for each in patterns):
            continue
        insist_on_path(path, one.name)
        found[path] = one
    _insist_on_folders(found)
    return found


def insist_on_path(path: str, name: str) -> None:
    """See that an object can be a file of that path.

    Raises:
        Unfit: it cannot.
    """
    steps = path.split("/")
    lengths = [len(each.encode(errors="surrogatepass")) for each in steps]
    if any(each in ("", ".", "..") for each in steps) or "\0" in path:
        raise Unfit(f"the object {name!r} has a name that no file can have")
    if max(lengths) > _LONGEST_STEP or sum(lengths) + len(steps) > _LONGEST_PATH:
        raise Unfit(f"the object {name[:60]!r}... has a longer name than a file can have")


def _insist_on_folders(found: Mapping[str, Object]) -> None:
    for path, one in found.items():
        parent = path.rpartition("/")[0]
        while parent:
            if parent in found:
                raise Unfit(f"{found[parent].name!r} is an object and, for {one.name!r}, a folder")
            parent = parent.rpartition("/")[0]


def pin_of(objects: Iterable[Object]) -> str:
    """What stands for all of them as they are now. One that is written again is another, even with the same content."""
    digest = hashlib.sha256()
    for one in sorted(objects):
        digest.update(json.dumps(list(one)).encode() + b"\n")
    return digest.hexdigest()


def endpoint(environment: Mapping[str, str]) -> str:
    """Where the service is.

    Raises:
        Unfit: it would be asked over a line that anybody can change.
    """
    named = environment.get(EMULATOR, "").strip().rstrip("/")
    address = named if "://" in named else f"http://{named}" if named else _USUAL
    if not web.is_safe(address):
        raise Unfit(f"{EMULATOR} is {named}, over a line that anybody can change")
    return address


def rest(response: Any, begin: int, piece: int) -> Iterator[bytes]:
    """What an answer of `requests` gives from that byte on, in pieces of at most that size.

    A cache on the way may give all of an object to who asks for a part.
    """
    skip = begin if response.status_code == _ALL_OF_IT else 0
    for data in response.raw.stream(piece, decode_content=False):
        if len(data) > skip:
            yield data[skip:]
        skip = max(0, skip - len(data))

"""What a host has saved in its bucket, for another one to go on with. `cynthus.operations.saved_tree` reads the same
for people, by the same rules."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus.agent.bucket import Saved
from cynthus.agent.take import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.agent.bucket import Bucket
    from cynthus.agent.layout import Keys


class Checkpoint(NamedTuple):
    """One that was complete, with its files by their paths; `whole` where all of them are there."""

    name: str
    files: dict[str, Saved]
    whole: bool


def checkpoints(bucket: Bucket, keys: Keys) -> Iterator[Checkpoint]:
    """Those that the host has listed, the newest first.

    Raises:
        OSError: the bucket cannot be read.
    """
    there = _below(bucket, keys.checkpoints)
    for entry in document(bucket, keys.complete).get("complete", ()):
        name, listed = str(entry["name"]), dict(entry["files"])
        if name in listed and name in there and there[name].checksum:
            # A file is replaced as a whole, and says itself what it is; that may not have come to the list.
            listed[name] = (there[name].size, there[name].checksum)
        whole = all(path in there and there[path].size == size for path, (size, _) in listed.items())
        files = {path: there[path]._replace(checksum=str(each)) for path, (_, each) in listed.items() if path in there}
        yield Checkpoint(name, files, whole)


def outputs(bucket: Bucket, keys: Keys) -> dict[str, Saved]:
    """Once the newest attempt has ended and all of it is there, its host has listed what that is. Else what is there:
    of a name that is a file's and a folder's, the folder's is the later one.

    Raises:
        OSError: the bucket cannot be read.
    """
    there, listed = _below(bucket, keys.outputs), document(bucket, keys.outputs_list).get("files", {})
    attempts = bucket.found(f"{keys.run}attempts/")
    newest = max((int(number) for name in attempts if (number := name.partition("/")[0]).isdigit()), default=0)
    if f"{newest}/exit" not in attempts:
        folders = {path[:end] for path in there for end, letter in enumerate(path) if letter == "/"}
        return {path: one for path, one in there.items() if path not in folders}
    return {
        path: there[path]._replace(checksum=there[path].checksum or str(checksum))
        for path, (size, checksum) in listed.items() if path in there and there[path].size == size
    }


def document(bucket: Bucket, key: str) -> dict[str, Any]:
    """A list that the host has made; an empty one where it has made none.

    Raises:
        OSError: it cannot be read, or somebody has damaged it.
    """
    size, data = bucket.size(key), b""
    while size is not None and len(data) < size:
        data += bucket.piece(key, len(data), Saved(size))
    try:
        return dict(json.loads(data or b"{}"))
    except (ValueError, TypeError):
        raise OSError(errno.EINVAL, "somebody has damaged it", f"{bucket.address}/{key}") from None


def _below(bucket: Bucket, prefix: str) -> dict[str, Saved]:
    return {path: one for path, one in bucket.found(prefix).items() if not leads_out(path)}

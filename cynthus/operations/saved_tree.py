"""What a host has saved in its bucket, as the files that it had: `cynthus.agent.layout` tells where that lies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cynthus.agent.layout import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.storage.base import Bucket, Stored


class SavedFile(Struct, frozen=True):
    """One file: the objects that hold it, in order (of a log in parts there are several), with its bytes. `checksum` is
    its SHA-256 where the host has said it."""

    parts: tuple[Stored, ...]
    size: int
    checksum: str | None = None

    @property
    def mtime_ns(self) -> int:
        """When the file was changed last, else something that tells the object from a later one."""
        last = self.parts[-1]
        if last.mtime_ns is not None:
            return last.mtime_ns
        return int(last.version) * 1000 if last.version.isdigit() else 0

    @property
    def mode(self) -> int:
        found = self.parts[-1].mode
        return 0o644 if found is None else found


class SavedTree:
    """That of one host of a deployment, below `prefix` in the bucket. It is looked at once: whose machine is gone
    writes nothing more."""

    def __init__(self, bucket: Bucket, prefix: str, deployment: str, rank: int) -> None:
        self.bucket = bucket
        self._host = f"{prefix}{deployment}/{rank}/"
        self._rank = str(rank)
        self._files: dict[tuple[str, ...], dict[str, SavedFile]] = {}

    @property
    def holds_any(self) -> bool:
        """Whether anything of the host is there."""
        return next(iter(self.bucket.list(self._host)), None) is not None

    def runs(self) -> list[str]:
        """The runs of which something is there."""
        begin = f"{self._host}runs/"
        return sorted({each.key[len(begin) :].partition("/")[0] for each in self.bucket.list(begin)})

    def below(self, words: tuple[str, ...]) -> Mapping[str, SavedFile]:
        """The files of a folder that is saved, by their paths below it; `words` lead to it from the host's home."""
        if words not in self._files:
            self._files[words] = dict(self._look(words))
        return self._files[words]

    def file(self, words: tuple[str, ...]) -> SavedFile | None:
        """One file."""
        for length in _LENGTHS:
            if _is_saved(words[:length]):
                return self.below(words[:length]).get("/".join(words[length:]))
        return None

    def _look(self, words: tuple[str, ...]) -> Iterator[tuple[str, SavedFile]]:
        if words == ("checkpoints",):
            yield from self._checkpoints()
        elif len(words) == _OUTPUTS and _is_saved(words):
            yield from self._outputs(self._keys(words[1]))
        elif len(words) == _ATTEMPT and _is_saved(words):
            yield from self._attempt(self._keys(words[1], words[3]))

    def _keys(self, run: str = "", attempt: str = "") -> Keys:
        folder = f"{self._host}runs/{run}/"
        return Keys(self._host, folder, f"{folder}attempts/{attempt}/")

    def _checkpoints(self) -> Iterator[tuple[str, SavedFile]]:
        """Those that are complete: half of one is of no use to anybody, and would be taken for whole at home."""
        keys = self._keys()
        there = self._objects(keys.checkpoints)
        for entry in self._document(keys.complete).get("complete", ()):
            listed = entry["files"]
            name = entry["name"]
            if name in listed and name in there and there[name].checksum:
                # A file is replaced as a whole, and says itself what it is; that may not have come to the list.
                listed = {name: (there[name].size, there[name].checksum)}
            if all(name in there and there[name].size == size for name, (size, _) in listed.items()):
                yield from ((name, _single(there[name], checksum)) for name, (_, checksum) in listed.items())

    def _outputs(self, keys: Keys) -> Iterator[tuple[str, SavedFile]]:
        """Once an attempt has ended and all of it is there, its host has listed what that is. Else what is there."""
        there = self._objects(keys.outputs)
        listed = self._document(keys.outputs_list).get("files", {})
        whole = self._ended(keys)
        for name, one in there.items():
            size, checksum = listed.get(name, (None, None))
            if size == one.size:
                yield name, _single(one, checksum)
            elif not whole and not _has_below(there, name):
                yield name, _single(one, None)

    def _ended(self, keys: Keys) -> bool:
        """Whether the newest attempt has written down its end, which comes after the list. One whose machine was taken
        back may not have come to that, and the next one has begun with what was there."""
        attempts = self._objects(f"{keys.run}attempts/")
        begun = [int(number) for name in attempts if (number := name.partition("/")[0]).isdigit()]
        return bool(begun) and f"{max(begun)}/exit" in attempts

    def _attempt(self, keys: Keys) -> Iterator[tuple[str, SavedFile]]:
        there = self._objects(keys.attempt)
        parts = tuple(one for name, one in sorted(there.items()) if name.startswith("log/"))
        if parts:
            # Each begins at the byte that its name says.
            yield "log", SavedFile(parts, int(parts[-1].key.rpartition("/")[2]) + parts[-1].size)
        yield from ((name, _single(one, None)) for name, one in there.items() if "/" not in name)

    def _objects(self, prefix: str) -> dict[str, Stored]:
        return {each.key[len(prefix) :]: each for each in self.bucket.list(prefix)}

    def _document(self, key: str) -> dict[str, Any]:
        """A list that the host has made; an empty one where it has not, or somebody has damaged it."""
        if not any(each.key == key for each in self.bucket.list(key)):
            return {}
        try:
            value = json.loads(b"".join(self.bucket.get(key)))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


_OUTPUTS, _ATTEMPT = 3, 4
_LENGTHS = (1, _OUTPUTS, _ATTEMPT)
"""How many words lead to a folder that is saved."""


def _is_saved(words: tuple[str, ...]) -> bool:
    return (
        words == ("checkpoints",)
        or (len(words) == _OUTPUTS and words[::2] == ("runs", "outputs"))
        or (len(words) == _ATTEMPT and words[::2] == ("runs", "attempts"))
    )


def _single(one: Stored, checksum: str | None) -> SavedFile:
    return SavedFile((one,), one.size, checksum or one.checksum)


def _has_below(there: Mapping[str, Stored], name: str) -> bool:
    """Whether what was a file became a folder later. In a bucket both are there."""
    return any(each.startswith(f"{name}/") for each in there)

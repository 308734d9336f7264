"""The objects of a bucket as Google keeps them, in memory: generations, preconditions, pages of a list."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, structs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google_crc32c import Checksum

_PRECONDITION = "At least one of the pre-conditions you specified did not hold."


class Refusal(Exception):
    """What is answered in place of a result."""

    def __init__(
        self, status: int, message: str, *, reason: str = "invalid", more: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.more = more or {}
        """What else stands in the error."""


class Content:
    """Bytes that arrive, with the two hashes that Google keeps."""

    def __init__(self) -> None:
        from google_crc32c import Checksum

        self.data = bytearray()
        self._crc: Checksum = Checksum()
        # Google's word, and no secret depends on it.
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hashed = 0

    def add(self, piece: bytes | memoryview) -> None:
        self.data += piece

    def hash(self, until: int) -> None:
        """What is not hashed yet, up to there."""
        if until > self._hashed:
            with memoryview(self.data) as view, view[self._hashed : until] as fresh:
                self._md5.update(fresh)
                self._crc.update(bytes(fresh))
            self._hashed = until

    def hashes(self) -> dict[str, str]:
        """By their names in a resource, in base64."""
        self.hash(len(self.data))
        found = {"crc32c": self._crc.digest(), "md5Hash": self._md5.digest()}
        return {name: base64.b64encode(digest).decode() for name, digest in found.items()}


class Held(Struct, frozen=True):
    """One object, of one generation."""

    name: str
    content: bytes | bytearray
    generation: int
    hashes: Mapping[str, str]
    properties: Mapping[str, object]
    """What whoever put it said: metadata, contentType."""
    metageneration: int = 1

    def resource(self, bucket: str) -> dict[str, object]:
        return {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "bucket": bucket,
            "contentType": "application/octet-stream",
            "storageClass": "STANDARD",
            **self.properties,
            "name": self.name,
            "size": str(len(self.content)),
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "etag": f"{self.generation}/{self.metageneration}",
            **self.hashes,
        }


class Keeper(Protocol):
    """Has the objects of a bucket where they outlive the process."""

    def keep(self, held: Held) -> None:
        """This one is there now, in the place of what had its name."""
        ...

    def drop(self, held: Held) -> None:
        """It is gone."""
        ...


class _Nowhere:
    def keep(self, held: Held) -> None:
        """In memory is enough."""

    def drop(self, held: Held) -> None:
        """It was nowhere else."""


class Objects:
    """Those of one bucket. `held` are there from the beginning; what changes is told to `keeper`."""

    def __init__(self, keeper: Keeper | None = None, held: Iterable[Held] = ()) -> None:
        self._held: dict[str, Held] = {each.name: each for each in held}
        self._names: list[str] = sorted(self._held)
        self._lock = threading.RLock()
        self._generation = max((each.generation for each in self._held.values()), default=0)
        self._keeper = keeper or _Nowhere()

    def __len__(self) -> int:
        return len(self._held)

    def compare(self, name: str, query: Mapping[str, str]) -> Held | None:
        """What is there, if it is as the query wants it.

        Raises:
            Refusal: 412 where it is not, and 404 where it names a generation that is not there.
        """
        found = self._held.get(name)
        wanted = query.get("generation")
        if found and wanted and int(wanted) != found.generation:
            found = None
        generation = found.generation if found else 0
        metageneration = found.metageneration if found else 0
        holds = (
            int(query.get("ifGenerationMatch", generation)) == generation,
            int(query.get("ifGenerationNotMatch", -1)) != generation,
            int(query.get("ifMetagenerationMatch", metageneration)) == metageneration,
        )
        if not all(holds):
            raise Refusal(412, _PRECONDITION, reason="conditionNotMet")
        return found

    def find(self, name: str, query: Mapping[str, str]) -> Held:
        """Raises: Refusal."""
        found = self.compare(name, query)
        if found is None:
            raise Refusal(404, f"No such object: {name}", reason="notFound")
        return found

    def put(self, name: str, content: Content, properties: Mapping[str, object], query: Mapping[str, str]) -> Held:
        """Raises: Refusal."""
        hashes = content.hashes()
        for kind, calculated in hashes.items():
            if properties.get(kind, calculated) != calculated:
                raise Refusal(400, f"Provided {kind} {properties[kind]} doesn't match calculated {kind} {calculated}.")
        told = {key: value for key, value in properties.items() if key in ("metadata", "contentType")}
        with self._lock:
            self.compare(name, query)
            # As Google does it, of the clock; two in the same microsecond are two all the same.
            self._generation = max(self._generation + 1, time.time_ns() // 1000)
            if name not in self._held:
                insort(self._names, name)
            held = self._held[name] = Held(name, content.data, self._generation, hashes, told)
            self._keeper.keep(held)
            return held

    def patch(self, name: str, changes: Mapping[str, object], query: Mapping[str, str]) -> Held:
        """Raises: Refusal."""
        with self._lock:
            found = self.find(name, query)
            held = self._held[name] = structs.replace(
                found, properties={**found.properties, **changes}, metageneration=found.metageneration + 1
            )
            self._keeper.keep(held)
            return held

    def delete(self, name: str, query: Mapping[str, str]) -> None:
        """Raises: Refusal."""
        with self._lock:
            found = self.find(name, query)
            del self._held[name]
            del self._names[bisect_left(self._names, name)]
            self._keeper.drop(found)

    def page(self, prefix: str, after: str, most: int) -> tuple[list[Held], str]:
        """Those that come next in a list, and where the page after them goes on ('' if there is none)."""
        with self._lock:
            begin = bisect_left(self._names, max(prefix, after))
            found = []
            for name in self._names[begin : begin + most + 1]:
                if not name.startswith(prefix):
                    break
                found.append(self._held[name])
        return found[:most], found[most].name if len(found) > most else ""

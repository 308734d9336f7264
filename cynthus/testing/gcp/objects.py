"""The objects of a simulated cloud's buckets: kept in a folder beside the state, and let in by IAM."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from cynthus.testing.gcp.refusals import denied, refusal
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.gcs_objects import Held, Objects

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.testing.gcp.store import Document
    from cynthus.testing.gcp.world import World
    from cynthus.testing.gcs_faults import Fault, Request

_PERMISSIONS = {"GET": "get", "HEAD": "get", "PATCH": "update", "DELETE": "delete"}


class CloudObjects(FakeGcs):
    """A storage whose buckets are resources of a cloud."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._folder = world.store.path.with_name(world.store.path.name + ".objects")
        self._open: dict[str, tuple[str, Objects]] = {}
        self._opening = threading.Lock()

    def objects(self, bucket: str) -> Objects:
        there = self._world.store.get("buckets", bucket)
        if there is None:
            raise refusal(404, "The specified bucket does not exist.")
        with self._opening:
            generation, found = self._open.get(bucket, ("", Objects()))
            if generation != there["generation"]:
                keeper = Folder(self._world, self._folder / there["generation"], bucket)
                found = Objects(keeper, keeper.held())
                self._open[bucket] = (there["generation"], found)
            return found

    def admit(self, request: Request, authorization: str) -> Fault:
        # Faults come first: who is overloaded does not look at tokens.
        fault = self._world.faults.next(request)
        self.requests.append(request)
        if not fault.status:
            self._permit(request, authorization)
        return fault

    def _permit(self, request: Request, authorization: str) -> None:
        bucket, found = _bucket(request.path), None
        if not bucket or "upload_id" in request.query:
            return
        who = self._world.principals.who(authorization)
        self._world.project.admit("storage", "")
        there = self._world.store.get("buckets", bucket)
        if there is None and self._world.store.get("others", bucket) is None:
            raise refusal(404, "The specified bucket does not exist.")
        needed = ["list" if request.lists else _PERMISSIONS.get(request.method, "create")]
        if request.upload:
            found = self._world.store.get("objects", f"{bucket}/{request.name}")
            needed = ["create", "delete"] if found is not None else ["create"]
        for each in needed:
            permission = f"storage.objects.{each}"
            if there is None or not self._world.policies.allows(who, permission, f"buckets/{bucket}"):
                raise denied("storage", permission, f"{bucket}/o/{request.name}", who.email)


class Folder:
    """The objects of one bucket as files, named by their generations."""

    def __init__(self, world: World, folder: Path, bucket: str) -> None:
        self._store = world.store
        self._folder = folder
        self._bucket = bucket

    def held(self) -> list[Held]:
        """Those that are there."""
        return [self._read(key, told) for key, told in self._store.items("objects", f"{self._bucket}/")]

    def keep(self, held: Held) -> None:
        key = f"{self._bucket}/{held.name}"
        before = self._store.get("objects", key)
        path = self._folder / str(held.generation)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(".new")
            beside.write_bytes(held.content)
            os.replace(beside, path)
        told = {"generation": held.generation, "metageneration": held.metageneration}
        self._store.put("objects", key, {**told, "hashes": dict(held.hashes), "properties": dict(held.properties)})
        if before is not None and before["generation"] != held.generation:
            (self._folder / str(before["generation"])).unlink(missing_ok=True)

    def drop(self, held: Held) -> None:
        self._store.remove("objects", f"{self._bucket}/{held.name}")
        (self._folder / str(held.generation)).unlink(missing_ok=True)
        if not self._store.keys("objects", f"{self._bucket}/", most=1):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, key: str, told: Document) -> Held:
        content = (self._folder / str(told["generation"])).read_bytes()
        return msgspec.convert({**told, "name": key.partition("/")[2], "content": b""}, _Kept).held(content)


class _Kept(msgspec.Struct):
    name: str
    generation: int
    metageneration: int
    hashes: dict[str, str]
    properties: dict[str, object]

    def held(self, content: bytes) -> Held:
        return Held(self.name, content, self.generation, self.hashes, self.properties, self.metageneration)


def _bucket(path: str) -> str:
    """The bucket of whose objects a path is; '' where it is of none."""
    rest = path.removeprefix("/upload").removeprefix("/download").removeprefix("/storage/v1/b/")
    parts = rest.split("/")
    is_of_object = rest != path and len(parts) > 1 and parts[1] == "o"
    return unquote(parts[0]) if is_of_object else ""

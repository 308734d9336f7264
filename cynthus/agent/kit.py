"""What a host that cannot see the app's folder needs of it, as one file: the spec, the source and the requirements."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import archive, context, data, makers, requirements
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

_SPEC = ".cynthus/spec.json"
_SOURCE = ".cynthus/source.tar.gz"
"""Beside what comes from the app's folder, where nothing is called so."""
_DIGEST = ".cynthus/kit.sha256"
_CUT = "bring it again: it was cut off"


class Packed(NamedTuple):
    """A kit that is ready to go. `large` are files of the source over 100 MB."""

    path: Path
    changed: bool
    large: tuple[str, ...]


class Received(NamedTuple):
    """A kit that has arrived: the folder that stands for the app's, and what to run, in it."""

    changed: bool
    folder: Path
    spec: Path
    source: Path


def pack(folder: Path, spec: Spec, document: Mapping[str, object], packed: Path | None, kit: Path) -> Packed:
    """Write the kit of an app whose source is in the archive `packed` (None: what lies in `folder` now).

    The same content gives the same bytes.

    Raises:
        Failure: something cannot be read, or lies outside of the folder.
        OSError: the kit cannot be written.
    """
    kit.parent.mkdir(parents=True, exist_ok=True)
    large: tuple[str, ...] = ()
    if packed is None:
        made = archive.pack(folder, spec, kit.parent)
        packed, large = made.path, made.large
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, _SPEC, json.dumps(_seen_from_the_host(folder, spec, document), indent=2).encode())
        for path in _needed(folder, spec):
            _add(tar, path.relative_to(folder).as_posix(), path.read_bytes(), program=os.access(path, os.X_OK))
        # Last: it says that all the rest is there.
        _add(tar, _SOURCE, packed.read_bytes())
    content = stream.getvalue()
    changed = not kit.exists() or kit.read_bytes() != content
    if changed:
        write_atomic(kit, content, mode=0o600)
    return Packed(kit, changed, large)


def receive(home: Home, kit: Path) -> Received:
    """Unpack a kit in the deployment's home, in the place of the last one. Whoever makes an environment of that one is
    ended: its files would change under it.

    Raises:
        Failure: it is no kit, or what makes an environment does not end.
        OSError: it cannot be written.
    """
    import shutil

    target = home.folder / "brought"
    digest = hashlib.sha256(kit.read_bytes()).hexdigest()
    with suppress(OSError):
        if (target / _DIGEST).read_text() == digest:
            return Received(changed=False, folder=target, spec=target / _SPEC, source=target / _SOURCE)
    fresh = home.folder / f".brought.{os.urandom(4).hex()}.part"
    fresh.mkdir(parents=True)
    try:
        with tarfile.open(kit, "r:") as tar:
            for member in tar:
                _extract(tar, member, fresh, kit)
        if not (fresh / _SOURCE).exists():
            raise Failure(f"{kit} cannot be unpacked: its end is missing", hint=_CUT)
        (fresh / _DIGEST).write_text(digest)
        with makers.ended(home):
            if target.exists():
                shutil.rmtree(target)
            os.replace(fresh, target)
    except tarfile.TarError as error:
        raise Failure(f"{kit} cannot be unpacked: {error}", hint=_CUT) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Received(changed=True, folder=target, spec=target / _SPEC, source=target / _SOURCE)


def _seen_from_the_host(folder: Path, spec: Spec, document: Mapping[str, object]) -> dict[str, object]:
    """The document with data entries that lie beside what was brought."""
    entries = []
    for entry, written in zip(spec.data, _dicts(document["data"])):  # noqa: B905 - an entry each
        if entry.wanted is not None:
            entries.append(written)
            continue
        source = data.source_of(entry, folder)
        inner = f"/{source.name}" if source.is_file() else ""
        entries.append({**written, "from": f"../data/{data.name_of(entry, folder)}{inner}", "mode": "mount"})
    return {**document, "data": entries}


def _dicts(value: object) -> list[dict[str, object]]:
    return [dict(each) for each in value] if isinstance(value, list) else []


def _needed(folder: Path, spec: Spec) -> Iterator[Path]:
    """The requirements file, an empty one too, for the spec names it, and everything that it names; or the user's own
    Dockerfile, and what its build may take."""
    if spec.dockerfile is not None:
        seen = context.of(spec, folder)
        yield from dict.fromkeys(Path(os.path.normpath(seen.root / each)) for each in (seen.dockerfile, *seen.files))
    file = None if spec.requirements is None else folder / spec.requirements
    named = requirements.everything(file) if file else ()
    for each in dict.fromkeys(Path(os.path.normpath(path)) for path in named):
        if not each.is_relative_to(folder):
            raise Failure(
                f"{file} names {each}, which lies outside of {folder}",
                hint="put it into the folder: nothing else is brought to the host", code=ENVIRONMENT,
            )
        yield each


def _add(tar: tarfile.TarFile, name: str, content: bytes, *, program: bool = False) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o700 if program else 0o600
    tar.addfile(member, io.BytesIO(content))


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, kit: Path) -> None:
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None or member.name.startswith("/") or ".." in member.name.split("/"):
        raise Failure(f"{kit}: {member.name!r} does not belong into a kit", hint="bring it again")
    path = target / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as output:
        while piece := stream.read(1 << 20):
            output.write(piece)
    if member.mode & 0o100:
        path.chmod(0o755)


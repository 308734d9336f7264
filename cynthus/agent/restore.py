"""What the machine before had saved in the bucket comes to a host on which nothing has begun, so that main.py goes on
as if it were that machine.

It arrives in a folder of its own, each file under another name until it is whole, and takes its place only as a whole.
Whoever is killed meanwhile goes on with what is missing. Links are in no bucket, so none come back.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus import objects
from cynthus.agent import checkpoints, departure, layout, saved, standing
from cynthus.agent.bucket import Folder, Stopped
from cynthus.agent.crowd import side_by_side
from cynthus.agent.data import remove_others
from cynthus.agent.download import insist_on_room
from cynthus.agent.failure import BUCKET, Failure, of_system
from cynthus.agent.ledger import Ledger, sign_of
from cynthus.files import read_json, write_atomic, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cynthus.agent.bucket import Bucket, Saved
    from cynthus.agent.home import Home, RunFolder
    from cynthus.agent.layout import Keys
    from cynthus.agent.ledger import Sign
    from cynthus.agent.saved import Checkpoint
    from cynthus.agent.spec import Spec

_CHUNK = 1 << 20
_WHAT = "what the machine before saved"


class Restored(NamedTuple):
    """What came back: checkpoints and the newest of them, outputs, and files and bytes of all. `left_out` says of what
    was not as it should be why it did not."""

    checkpoints: int
    newest: str | None
    outputs: int
    files: int
    bytes: int
    left_out: list[str]


class _File(NamedTuple):
    """One that is to come from `key` to `place`."""

    key: str
    place: Path
    one: Saved


def restore(
    home: Home, spec: Spec, run: RunFolder, rank: int, environment: Mapping[str, str], *, patience: float = 30.0
) -> Restored | None:
    """Bring back complete checkpoints and the run's outputs; None where something has begun here: a host that stands
    keeps its own.

    Raises:
        Failure: the bucket cannot be read.
        OSError: something cannot be written.
    """
    if any(departure.begun(each) for one in home.runs() for each in one.attempts()):
        return None
    told = read_json(run.restored)
    if told is None:
        # From now on nothing starts before all is here.
        home.restoring.mkdir(exist_ok=True)
        told = _Restoring(home, spec, run, rank, environment, patience).done()._asdict()
        write_json(run.restored, told)
    if home.restoring.exists():
        shutil.rmtree(home.restoring)
    return Restored(**told)  # type: ignore[arg-type]  # we wrote it


class _Restoring:
    """One host's. `come` is what has come, by its place."""

    def __init__(
        self, home: Home, spec: Spec, run: RunFolder, rank: int, environment: Mapping[str, str], patience: float
    ) -> None:
        self._home = home
        self._run = run
        self._keys: Keys = layout.keys(run.attempt(1, rank))
        self._fatal: list[OSError] = []
        self._left_out: list[str] = []
        self._come: dict[Path, tuple[Sign, str]] = {}
        try:
            self._bucket = _opened(spec, environment, lambda: not self._fatal, patience)
        except OSError as error:
            raise self._told(error) from None

    def done(self) -> Restored:
        """All that there is is here afterwards."""
        folder, outputs = self._home.restoring / "checkpoints", self._home.restoring / "outputs"
        try:
            complete = {
                each.name: self._files(self._keys.checkpoints, folder, each.files)
                for each in saved.checkpoints(self._bucket, self._keys) if self._is_whole(each)
            }
            others = self._files(self._keys.outputs, outputs, saved.outputs(self._bucket, self._keys))
            wanted = [file for files in complete.values() for file in files]
            for place, files in ((folder, wanted), (outputs, others)):
                remove_others(place, _paths(place, files))
            self._fetch([*wanted, *others])
            began = saved.document(self._bucket, self._keys.began)
        except OSError as error:
            raise self._told(error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            where = f"{self._bucket.address}/{self._keys.host}"
            raise self._told(OSError(errno.EINVAL, "somebody has damaged what is listed there", where)) from None
        finally:
            self._bucket.close()
        whole = {name: files for name, files in complete.items() if self._all_came(f"checkpoint {name}", files)}
        others = [file for file in others if self._all_came(str(file.place.relative_to(outputs)), [file])]
        checks = [file for files in whole.values() for file in files]
        # All of it at once, as it takes its place.
        os.sync()
        self._settle(outputs, others, self._run.outputs, self._run.sent)
        if checks:
            self._begin(began, folder, checks)
            self._settle(folder, checks, self._home.checkpoints, self._home.checkpoints_sent)
        size = sum(file.one.size for file in (*checks, *others))
        count = len(checks) + len(others)
        return Restored(len(whole), next(iter(whole), None), len(others), count, size, self._left_out)

    def _fetch(self, files: list[_File]) -> None:
        """Raises: OSError, the first."""
        coming = self._home.restoring / "coming"
        coming.mkdir(exist_ok=True)
        missing = sum(file.one.size for file in files if not _same(file))
        insist_on_room(_WHAT, coming, missing - sum(each.stat().st_size for each in coming.iterdir()))
        for file, result in side_by_side(self._bucket.lanes, self._calls(files, coming)):
            try:
                come = result()
            except Stopped:
                continue
            except OSError as error:
                self._fatal.append(error)
                continue
            if come is not None:
                self._come[file.place] = come
        if self._fatal:
            raise self._fatal[0]

    def _calls(
        self, files: list[_File], coming: Path
    ) -> Iterator[tuple[_File, Callable[[], tuple[Sign, str] | None]]]:
        for file in files:
            if self._fatal:
                return
            name = f"{file.key}\n{file.one.version}".encode(errors="surrogateescape")
            yield file, partial(_bring, self._bucket, file, coming / hashlib.sha256(name).hexdigest()[:32])

    def _is_whole(self, checkpoint: Checkpoint) -> bool:
        if not checkpoint.whole:
            self._left_out.append(f"checkpoint {checkpoint.name}: not all of it is in the bucket")
        return checkpoint.whole

    def _files(self, prefix: str, folder: Path, found: Mapping[str, Saved]) -> list[_File]:
        return [_File(prefix + path, folder / path, one) for path, one in found.items()]

    def _all_came(self, name: str, files: list[_File]) -> bool:
        wrong = [file.key for file in files if file.place not in self._come]
        if wrong:
            self._left_out.append(f"{name}: {wrong[0]} in the bucket has another SHA-256 than was written down")
        return not wrong

    def _begin(self, began: dict[str, Any], folder: Path, files: list[_File]) -> None:
        """As the machine before began, so that home tells what was changed there since; where it has not said so, as
        one that began with what it has now."""
        if began:
            write_atomic(self._home.checkpoints_begun, json.dumps(began).encode() + b"\n")
            return
        signs = {str(file.place.relative_to(folder)): self._come[file.place][0] for file in files}
        checkpoints.record(
            self._home.checkpoints_begun, {path: [[sign.size, sign.mtime_ns]] for path, sign in signs.items()}
        )

    def _settle(self, come: Path, files: list[_File], target: Path, sent: Path) -> None:
        """Put a folder in its place, in that of what came from home, with what its sender should know."""
        if not files:
            return
        remove_others(come, _paths(come, files))
        ledger = Ledger(sent, self._bucket.address)
        for file in files:
            ledger.note(str(file.place.relative_to(come)), *self._come[file.place])
        ledger.keep()
        with suppress(FileNotFoundError):
            os.replace(target, self._home.restoring / f"{come.name}.{os.urandom(4).hex()}")
        os.replace(come, target)

    def _told(self, error: OSError) -> Failure:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return of_system(error)
        where = error.filename or self._home.restoring
        return Failure(
            f"{_WHAT} cannot be read: {where}: {error.strerror or error}",
            hint="mend that and run the command again: what has arrived stays", code=BUCKET,
        )


def _paths(folder: Path, files: list[_File]) -> set[str]:
    return {str(file.place.relative_to(folder)) for file in files}


def _opened(spec: Spec, environment: Mapping[str, str], go_on: Callable[[], bool], patience: float) -> Bucket:
    known = standing.Standing(
        str(spec.bucket), storage=spec.storage or environment.get(objects.EMULATOR, ""), metadata=spec.metadata or ""
    )
    if not standing.in_google(known.bucket):
        return Folder(Path(known.bucket), "", go_on)
    from cynthus.agent import gcs_bucket

    return gcs_bucket.connect(known, go_on, patience=patience)


def _bring(bucket: Bucket, file: _File, coming: Path) -> tuple[Sign, str] | None:
    """What tells it from another version, and its SHA-256; None where that is not the one that was written down."""
    one = file.one
    if _same(file):
        # Of an earlier try: whoever pulls a plug may leave a name without its content.
        os.replace(file.place, coming)
    with suppress(FileNotFoundError):
        coming.chmod(0o600)
    # What was garbled on its way is so once.
    for _ in range(2):
        checksum = _came(bucket, file, coming)
        if one.checksum in ("", checksum):
            coming.chmod(one.mode & 0o777)
            if one.mtime_ns is not None:
                os.utime(coming, ns=(one.mtime_ns, one.mtime_ns))
            file.place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(coming, file.place)
            return sign_of(file.place.stat()), checksum
        coming.unlink()
    return None


def _same(file: _File) -> bool:
    try:
        found = file.place.lstat()
    except FileNotFoundError:
        return False
    return (found.st_size, found.st_mtime_ns) == (file.one.size, file.one.mtime_ns)


def _came(bucket: Bucket, file: _File, coming: Path) -> str:
    """The SHA-256 of all of it, once it has arrived; from where an earlier try ended."""
    digest = hashlib.sha256()
    with open(coming, "ab+") as stream:
        stream.seek(0)
        while data := stream.read(_CHUNK):
            digest.update(data)
        while (begin := stream.tell()) < file.one.size:
            data = bucket.piece(file.key, begin, file.one)
            stream.write(data)
            digest.update(data)
    return digest.hexdigest()

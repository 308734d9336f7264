"""What of a folder belongs to the app's source."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent import dockerignore, ignore
from cynthus.agent.failure import SOURCE, Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Protocol

    class Entry(Protocol):
        """One entry of the data, by its path as written."""

        @property
        def path(self) -> str: ...
        @property
        def wanted(self) -> object: ...

    class Layout(Protocol):
        """Where the parts of an app lie in its folder; a Spec says so, too."""

        @property
        def source(self) -> str: ...
        @property
        def outputs(self) -> str: ...
        @property
        def checkpoints(self) -> str: ...
        @property
        def data(self) -> Sequence[Entry]: ...
        @property
        def preprocess(self) -> Sequence[str]: ...

NEVER = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", "__pycache__", ".cynthus", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    ".ipynb_checkpoints", "node_modules", ".DS_Store",
})
"""Names that nobody means when they speak of a source."""


BULK = 1_000_000_000
"""Bytes from which a file of such a kind is left out unless a .gitignore brings it back: `!model.pt`."""
_BULKY = (
    ".7z", ".arrow", ".avi", ".bin", ".bz2", ".ckpt", ".csv", ".db", ".gguf", ".gz", ".h5", ".hdf5", ".img", ".iso",
    ".jsonl", ".mdb", ".mkv", ".mov", ".mp4", ".npy", ".npz", ".onnx", ".parquet", ".pt", ".pth", ".qcow2", ".rar",
    ".safetensors", ".sqlite", ".tar", ".tfrecord", ".tgz", ".tsv", ".vdi", ".vmdk", ".wav", ".xz", ".zip", ".zst",
)  # fmt: skip
"""Data, weights, archives and disks: not what anybody means by a source once they are that large."""


class Item(NamedTuple):
    """One entry: its path below the source, what lstat says, and a link's target ('' for no link)."""

    path: str
    found: os.stat_result
    target: str

    @property
    def executable(self) -> bool:
        return bool(self.found.st_mode & 0o100)


def listing(
    folder: Path, spec: Layout, left_out: list[str] | None = None, *, meant: Collection[str] = ()
) -> list[Item]:
    """All folders, files and links of the source, in order of path. What is left out for its size is added to
    `left_out`; the paths that are `meant` are not.

    Raises:
        Failure: the source is no folder, something in it cannot be read, or a link leads out of it.
    """
    source = Path(os.path.normpath(folder / spec.source))
    walk = _Walk(folder, source, spec, strict=True, meant=meant)
    items = sorted(walk.items(source, ""), key=lambda item: item.path)
    if left_out is not None:
        left_out += sorted(walk.bulky)
    for item in items:
        if item.target:
            _refuse_outside(source, item)
    return items


def seen(folder: Path, spec: Layout) -> Iterator[Item]:
    """The same in any order, without what cannot be listed: packing tells of it."""
    source = Path(os.path.normpath(folder / spec.source))
    return _Walk(folder, source, spec, strict=False).items(source, "")


def files(folder: Path, spec: Layout) -> tuple[str, ...]:
    """The paths of the source's files, for a look at them."""
    return tuple(sorted(item.path for item in seen(folder, spec) if stat.S_ISREG(item.found.st_mode)))


class _Walk:
    def __init__(self, folder: Path, source: Path, spec: Layout, *, strict: bool, meant: Collection[str] = ()) -> None:
        self._source = source
        self._strict = strict
        self._prefix = "" if source == folder else os.path.relpath(source, folder) + "/"
        self._docker = dockerignore.read(folder / ".dockerignore")
        self._own = _reserved(spec, self._prefix)
        self._rules: list[ignore.Rules] = []
        self._meant = meant
        self.bulky: list[str] = []
        for above in _way(folder, source):
            self._enter(above, "" if above == folder else os.path.relpath(above, folder) + "/")

    def items(self, folder: Path, below: str) -> Iterator[Item]:
        depth = len(self._rules)
        if below:
            self._enter(folder, self._prefix + below)
        for entry in _scan(folder, strict=self._strict):
            path = below + entry.name
            found = _stat(entry, strict=self._strict)
            if found is None:
                continue
            is_folder = stat.S_ISDIR(found.st_mode)
            if self._out(path, entry.name, is_folder=is_folder):
                continue
            if is_folder:
                inner = list(self.items(Path(entry.path), path + "/"))
                if inner or not self._docker.ignored(self._prefix + path):
                    yield Item(path, found, "")
                yield from inner
            elif self._docker.ignored(self._prefix + path):
                continue
            elif self._bulky(path, entry.name, found):
                self.bulky.append(path)
            else:
                yield from _file(Path(entry.path), path, found, strict=self._strict)
        del self._rules[depth:]

    def _enter(self, folder: Path, below: str) -> None:
        rules = ignore.read(folder / ".gitignore", below)
        if rules is not None:
            self._rules.append(rules)

    def _bulky(self, path: str, name: str, found: os.stat_result) -> bool:
        small = found.st_size < BULK or not stat.S_ISREG(found.st_mode)
        if small or path in self._meant or not name.lower().endswith(_BULKY):
            return False
        return not ignore.brought_back(self._rules, self._prefix + path)

    def _out(self, path: str, name: str, *, is_folder: bool) -> bool:
        if name in NEVER or path in self._own:
            return True
        if is_folder and (self._source / path / "pyvenv.cfg").exists():
            # A virtual environment, whatever it is called: it belongs to this machine.
            return True
        whole = self._prefix + path
        if is_folder and self._docker.ignored(whole) and not self._docker.bring_back:
            return True
        return ignore.ignored(self._rules, whole, is_folder=is_folder)


def _reserved(spec: Layout, prefix: str) -> frozenset[str]:
    """Paths below the source where Cynthus itself or the run writes, or where the data is."""
    data = [os.path.normpath(entry.path) for entry in spec.data if entry.wanted is None]
    # Whoever has tried the command at home has its result there.
    own = ["prepared"] if spec.preprocess else []
    in_folder = ["infra", spec.outputs, spec.checkpoints, *own, *data]
    below = [path.removeprefix(prefix) for path in in_folder if path.startswith(prefix)]
    return frozenset([*below, *own, os.path.normpath(spec.outputs), os.path.normpath(spec.checkpoints)])


def _way(folder: Path, source: Path) -> list[Path]:
    """The folders from the app's to the source, both included: their .gitignore files concern the source."""
    between = [source, *source.parents]
    return between[: between.index(folder) + 1][::-1] if folder in between else [source]


def _scan(folder: Path, *, strict: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        if not strict:
            return []
        raise unreadable(str(folder), error) from None


def _stat(entry: os.DirEntry[str], *, strict: bool) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError as error:
        # It is gone since its folder was listed.
        if not strict:
            return None
        raise unreadable(entry.path, error) from None


def _file(file: Path, path: str, found: os.stat_result, *, strict: bool) -> Iterator[Item]:
    """Files and links; sockets, pipes and devices are no source."""
    if stat.S_ISLNK(found.st_mode):
        yield Item(path, found, os.readlink(file))  # noqa: PTH115 - a Path would write the target in another way
    elif stat.S_ISREG(found.st_mode):
        if strict and not os.access(file, os.R_OK):
            raise unreadable(str(file), PermissionError(13, "Permission denied"))
        yield Item(path, found, "")


def leads_outside(path: str, target: str) -> bool:
    """Whether a link at `path` below the source leads out of it, by what it says and not by what is there."""
    lands = os.path.normpath(PurePosixPath(path).parent / target)
    return target.startswith("/") or lands == ".." or lands.startswith("../")


def _refuse_outside(source: Path, item: Item) -> None:
    if leads_outside(item.path, item.target):
        raise Failure(
            f"{source / item.path} is a link that leads out of the source, to {item.target}",
            hint="put a copy in its place, name it in .gitignore, or bring what it leads to as `data:`",
            code=SOURCE,
        )


def unreadable(path: str, error: OSError) -> Failure:
    """A file or folder of the source cannot be read."""
    # Without main.py there is nothing to run.
    leave_out = "" if path.endswith("/main.py") else ", or name it in .gitignore to leave it out"
    return Failure(
        f"{path}: {(error.strerror or str(error)).lower()}", hint=f"mend its permissions{leave_out}", code=SOURCE
    )

"""Bringing outputs home: only what changed, whole files or none, and never twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cynthus.core.run import RunState
from cynthus.errors import NothingToPull, PullFailed
from cynthus.files import write_atomic
from cynthus.operations.at_work import at_work
from cynthus.operations.follow import CHUNK, read_log
from cynthus.operations.site import agents, locate, newest_run

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

    from cynthus.core.progress import Progress
    from cynthus.core.run import Run
    from cynthus.operations.host_agent import HostAgent
    from cynthus.operations.site import Site
    from cynthus.operations.tools import Tools
    from cynthus.targets.base import FileEntry


@dataclass(frozen=True)
class Pulled:
    """What came home: files copied now, their bytes, and how many lie there in all."""

    run: Run
    folder: Path
    copied: int
    bytes: int
    total: int


def pull(tools: Tools, where: str | None, *, target: str | None = None, run_id: str | None = None) -> Pulled:
    """The verb: bring home the outputs and the log of a run (the newest where none is named).

    Raises:
        NothingToPull: there is no run, or nothing of it is on its host any more.
        PullFailed: a file could not be read or written.
    """
    site = locate(tools, where, target=target)
    run = site.runs.load(run_id) if run_id else newest_run(site)
    if run is None:
        raise NothingToPull(f"{site.name} has no run yet", hint=f"start one with `cynthus up {site.folder}`")
    there = agents(tools, site)
    if not there or not there[0].present:
        at_home = f"; what came home is in {site.folder / 'outputs' / run.id}" if run.pulled else ""
        said = f"nothing of {site.name} is on its host any more{at_home}"
        raise NothingToPull(said, hint="`cynthus run` starts anew")
    with at_work(tools, site, "pull"):
        return collect(site, run, there[0], tools.progress)


def collect(site: Site, run: Run, agent: HostAgent, progress: Progress) -> Pulled:
    """Copy what the run has written and remember, once it has ended, that all of it is home.

    Raises:
        PullFailed: a file could not be read or written; what came home before it stays.
    """
    folder = site.folder / "outputs" / run.id
    with progress.step("Bring outputs home") as step:
        source = agent.run_folder(run.id) / "outputs"
        try:
            files = agent.connection.files(source)
            changed = [file for file in files if not _same(folder / file.path, file)]
            for file in changed:
                step.activity(file.path)
                _fetch(agent, source / file.path, folder / file.path, file)
            fetch_log(site, run, agent)
        except OSError as error:
            raise PullFailed(
                f"{error.filename or folder}: {(error.strerror or str(error)).lower()}",
                hint="nothing was removed; mend that and run `cynthus pull` again",
            ) from error
        if files:
            _point_latest(folder)
        step.result(_summary(len(changed), len(files), folder, site.folder))
    if run.state.ended and not run.pulled:
        run = replace(run, pulled=True)
        site.runs.save(run)
    return Pulled(run, folder, len(changed), sum(file.size for file in changed), len(files))


def not_at_home(site: Site, run: Run, agent: HostAgent) -> tuple[int, int]:
    """How many files, and bytes, of the run are not at home yet."""
    if run.pulled or run.state in (RunState.QUEUED, RunState.PROVISIONING):
        return 0, 0
    folder = site.folder / "outputs" / run.id
    files = agent.connection.files(agent.run_folder(run.id) / "outputs")
    missing = [file for file in files if not _same(folder / file.path, file)]
    return len(missing), sum(file.size for file in missing)


def fetch_log(site: Site, run: Run, agent: HostAgent) -> None:
    """Bring the log home, so that it can still be read when the host is gone: only what was added."""
    copy = site.paths.log(run.id)
    size = agent.connection.size(agent.log(run.id, run.attempt))
    if size is None:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy, "ab") as stream:
        stream.writelines(read_log(agent.connection, agent.log(run.id, run.attempt), stream.tell()))
        stream.flush()
        os.fsync(stream.fileno())


def _same(path: Path, file: FileEntry) -> bool:
    try:
        here = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return here.st_size == file.size and here.st_mtime_ns == file.mtime_ns


def _fetch(agent: HostAgent, source: PurePosixPath, path: Path, file: FileEntry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        with open(partial, "wb") as stream:
            while data := agent.connection.read(source, offset=stream.tell(), limit=CHUNK):
                stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.chmod(file.mode | 0o600)
        os.utime(partial, ns=(file.mtime_ns, file.mtime_ns))
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _point_latest(folder: Path) -> None:
    """outputs/latest -> the run that was pulled last. Where links cannot be made, a file names it."""
    link, fresh = folder.parent / "latest", folder.parent / ".latest.part"
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(folder.name)
        os.replace(fresh, link)
    except OSError:
        write_atomic(folder.parent / "latest.txt", f"{folder.name}\n".encode())


def _summary(changed: int, total: int, folder: Path, base: Path) -> str:
    if not total:
        return "main.py wrote none"
    shown = folder.relative_to(base)
    return f"{total} file{'s' * (total != 1)} in {shown}/" if changed else f"{shown}/ had everything already"

"""The only place that starts a process. A command is a value; what to do with it is said here.

Standard library only, and no dataclass, whose module takes longer to import than the agent has work: the host agent
carries this module too. (ansible-runner starts ansible-playbook itself.)
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


_PAUSE = 0.01
"""Seconds between two looks at a command that has this terminal."""


Started = subprocess.Popen[bytes]
"""A process that `start` has started."""


class Command(NamedTuple):
    """What to run. `env` is the whole environment (None: this process's own); `stdin` is fed to it and closed."""

    argv: tuple[str, ...]
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    stdin: bytes = b""

    def __str__(self) -> str:
        return " ".join(self.argv)


class Completed(NamedTuple):
    """What came of a command. `returncode` is negative where a signal ended it."""

    returncode: int
    stdout: bytes
    stderr: bytes


class CommandTimeout(Exception):
    """The command did not end in time and was killed."""


def run(command: Command, *, timeout: float | None = None) -> Completed:
    """Run to the end and capture what it prints.

    Raises:
        OSError: the program cannot be started (FileNotFoundError: it is not there).
        CommandTimeout: it took longer than `timeout` seconds; its whole process group was killed.
    """
    process = subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    # Leaving the block closes the pipes unread: a child of it in a session of its own may hold them open for long.
    with process:
        try:
            stdout, stderr = process.communicate(command.stdin or None, timeout=timeout)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            raise CommandTimeout(f"no end after {timeout:g} s: {command}") from None
        except BaseException:
            kill_group(process.pid)
            raise
    return Completed(process.returncode, stdout, stderr)


def attach(command: Command) -> int:
    """Run with this terminal as its own (an interactive shell, say) and give its exit code.

    A Ctrl-C reaches it by the terminal, and what that means is for it to say: we wait on.

    Raises:
        OSError: the program cannot be started.
    """
    with subprocess.Popen(command.argv, cwd=command.cwd, env=command.env) as process:
        while not ended(process):
            with suppress(KeyboardInterrupt):
                time.sleep(_PAUSE)
        return process.returncode


def start(
    command: Command,
    *,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    inherit: tuple[int, ...] = (),
    fed: bool = False,
) -> subprocess.Popen[bytes]:
    """Start in a session of its own, so that a Ctrl-C in our terminal does not reach it, and do not wait.

    The output goes to files and never to a pipe of ours: a program whose reader was killed must not die of SIGPIPE.
    `inherit` are descriptors that it gets besides: a lock, say, that must last as long as the program does. `fed`: its
    stdin is a pipe that the caller writes to and closes.

    Raises:
        OSError: the program cannot be started.
    """
    return subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=inherit,
    )


class Conversation:
    """A program that answers questions, started in a session of its own. Its stderr goes to a file.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(self, command: Command, *, stderr: IO[bytes]) -> None:
        self._process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=command.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

    def say(self, data: bytes) -> bool:
        """Whether it could be said: the program reads as long as it lives."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe, as asked for above
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Nothing more will be said."""
        assert self._process.stdin is not None  # noqa: S101 - as above
        with suppress(OSError):
            self._process.stdin.close()

    def hear_line(self) -> bytes:
        """The next line of its answers; one without an end was cut off."""
        assert self._process.stdout is not None  # noqa: S101 - as above
        return self._process.stdout.readline()

    def hear(self, size: int) -> bytes:
        """The next `size` bytes; fewer were cut off."""
        assert self._process.stdout is not None  # noqa: S101 - as above
        return self._process.stdout.read(size)

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        return not ended(self._process)

    def await_end(self, seconds: float) -> None:
        """Wait for its end, but not longer than that."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def close(self) -> None:
        """End it."""
        kill_group(self._process.pid)
        with suppress(OSError), self._process:
            self._process.wait()


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended; its `returncode` is known then.

    Popen.poll takes a lock without waiting. An interrupt right after that leaves it taken, and poll says "not yet" for
    ever (CPython 3.11, subprocess.py, `_internal_poll`).
    """
    if process.returncode is None and hasattr(os, "waitid"):
        try:
            found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # somebody else has reaped it
            return process.poll() is not None
        if found is None:
            return False
        # Noted before it is reaped, so that an interrupt in between loses nothing.
        process.returncode = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        with suppress(ChildProcessError):
            os.waitpid(process.pid, 0)
    return process.poll() is not None


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Leave a process that still runs to itself. It is reaped when it ends, if we are still there then."""
    import threading

    threading.Thread(target=process.wait, name=f"reaper of {process.pid}", daemon=True).start()


def kill_group(pid: int, number: int = signal.SIGKILL) -> None:
    """Signal the process group that `pid` leads; one that is gone already is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def birth(pid: int) -> str | None:
    """When `pid` was born, in the kernel's own count, or None if there is no such process.

    A pid is used again; pid and birth together are not, until the next boot. Linux: field 22 of /proc/PID/stat
    (proc(5)); elsewhere what `ps` says. A zombie counts as gone.
    """
    if Path("/proc/self").is_dir():
        try:
            with open(f"/proc/{pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    answer = run(Command(("ps", "-o", "lstart=", "-p", str(pid))))
    return answer.stdout.decode().strip() or None


def mentioning(word: str) -> tuple[tuple[int, str], ...]:
    """Processes of this user that have `word` on their command line: pid and command line, cut to its beginning.

    We and our children are left out.

    Linux: /proc/PID/cmdline (proc(5)); elsewhere nothing is found.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            own = folder.stat().st_uid == os.getuid()
        except OSError:
            continue
        if own and word.encode() in line and os.getpid() not in (int(folder.name), _parent(folder)):
            shown = line.replace(b"\0", b" ").decode(errors="replace").strip()
            found.append((int(folder.name), shown if len(shown) <= 120 else f"{shown[:117]}..."))
    return tuple(found)


def _parent(folder: Path) -> int:
    """The pid of a process's parent; 0 where it has ended (field 4 of /proc/PID/stat)."""
    try:
        return int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def alive(pid: int, born: str) -> bool:
    """Whether the very process that had `pid` when it was `born` still runs."""
    return birth(pid) == born

"""A program that waits for our word: its pid is on disk before it has done anything."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from cynthus.process import Command

_GO = b"g"


class Held:
    """A process in a session of its own, just before it becomes the program.

    If we die before `release`, it ends without having begun: no program runs that no record tells of.
    """

    def __init__(self, command: Command, *, output: int) -> None:
        gate, self._gate = os.pipe()
        self._answer, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            _become(command, gate, answer, output)
        os.close(gate)
        os.close(answer)

    def release(self) -> str:
        """Let it begin. Gives '' or, where the program cannot be started, the system's reason; then it ends by itself.

        Raises:
            BrokenPipeError: it was killed while it waited.
        """
        try:
            os.write(self._gate, _GO)
            with open(self._answer, "rb") as stream:
                return stream.read().decode(errors="replace")
        finally:
            os.close(self._gate)


def _become(command: Command, gate: int, answer: int, output: int) -> NoReturn:
    """In the child. Never comes back: an exception would run the parent's code a second time."""
    code = 127
    try:
        os.setsid()
        if os.read(gate, 1) == _GO:
            _prepare(output)
            if command.cwd is not None:
                os.chdir(command.cwd)
            environment = os.environ if command.env is None else command.env
            os.execvpe(command.argv[0], command.argv, environment)  # noqa: S606 - without a shell
    except FileNotFoundError:
        os.write(answer, b"no such program, or its interpreter is missing")
    except OSError as error:
        code = 126
        os.write(answer, (error.strerror or str(error)).lower().encode())
    finally:
        os._exit(code)


def _prepare(output: int) -> None:
    """What a program may take for granted: plain descriptors 0 to 2 and no signal blocked or ignored."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for number in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGTERM", "SIGPIPE", "SIGCHLD", "SIGXFSZ"):
        signal.signal(getattr(signal, number), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

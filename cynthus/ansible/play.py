"""One run of ansible-playbook under ansible-runner."""

from __future__ import annotations

import os
import queue
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from cynthus.errors import AnsibleError

if TYPE_CHECKING:
    from ansible_runner.config.runner import RunnerConfig

    from cynthus.ansible.client import Activity
    from cynthus.ansible.stop import Stop

Event = Mapping[str, object]


class Play:
    """Runs in a thread of its own, so that a Ctrl-C meets us and never the inside of ansible-runner.

    Its events are handed over and handled in the caller's thread. Leaving the `with` block before the end stops the
    play and waits for it; after a Ctrl-C `announce` is told why that may take a while.
    """

    def __init__(self, config: RunnerConfig, stop: Stop, *, announce: Activity) -> None:
        self._config = config
        self._stop = stop
        self._announce = announce
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="play")
        self._end: Future[int | None] = Future()

    def __enter__(self) -> Self:
        self._end = self._thread.submit(self._run)
        self._end.add_done_callback(lambda _: self._events.put(None))
        return self

    def events(self) -> Iterator[Event]:
        """The events as they come, to the end."""
        while (event := self._events.get()) is not None:
            yield event

    def rc(self) -> int | None:
        """The exit code of ansible-playbook; None where a signal ended it.

        Raises:
            OSError: its files could not be written.
            AnsibleError: ansible-runner lost hold of it.
        """
        return self._end.result()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.ask()
        try:
            if kind is KeyboardInterrupt:
                self._announce("stopping: waiting for Ansible to end")
        except KeyboardInterrupt:
            self._stop.hurry()
        finally:
            while not self._end.done():
                self._wait()
            self._stop.clean()
            self._thread.shutdown()

    def _wait(self) -> None:
        try:
            for _ in self.events():
                pass
        except KeyboardInterrupt:  # again
            self._stop.hurry()

    def _run(self) -> int | None:
        from ansible_runner.exceptions import AnsibleRunnerException
        from ansible_runner.runner import Runner
        from pexpect.exceptions import ExceptionPexpect  # type: ignore[import-untyped]  # it ships none

        _quiet_known_warnings()
        runner = Runner(self._config, cancel_callback=self._stop, event_handler=self._hand_over)
        ours = os.getpid()
        try:
            runner.run()
        except (AnsibleRunnerException, ExceptionPexpect) as problem:
            raise AnsibleError(f"ansible-runner failed: {problem}", hint="run the command again") from problem
        finally:
            # If we are killed right after pexpect has forked, its child finds no terminal, raises up to here, and would
            # wait for work for ever, as a second one of us.
            if os.getpid() != ours:
                os._exit(1)
        rc: int | None = runner.rc
        return rc

    def _hand_over(self, event: Event) -> bool:
        self._events.put(event)
        return False  # and do not write it to disk


def _quiet_known_warnings() -> None:
    """Two habits of ansible-runner that newer Pythons warn of and that we cannot change."""
    # pexpect forks while our threads run. The child does nothing before it execs but set up its terminal.
    warnings.filterwarnings("ignore", r".*use of forkpty\(\) may lead to deadlocks", DeprecationWarning)
    warnings.filterwarnings("ignore", r"codecs\.open\(\) is deprecated", DeprecationWarning, "ansible_runner")

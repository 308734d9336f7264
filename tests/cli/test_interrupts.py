from __future__ import annotations

import sys

from cynthus.process import Command, Completed, run

PROGRAM = """\
import signal
import time

from cynthus.cli.interrupts import keep


class Last:
    def __del__(self):
        {dies}


keep()
try:
    {makes}
    time.sleep(20)
    print("slept on")
except KeyboardInterrupt as error:
    print("heard of it", *error.args)
"""


def ended(dies: str, *, makes: str = "Last()") -> Completed:
    """A program that keeps its interrupts, after an object of it has died so."""
    code = PROGRAM.format(dies=dies, makes=makes)
    return run(Command((sys.executable, "-c", code)), timeout=60)


def test_an_interrupt_in_a_finaliser_is_heard_of() -> None:
    assert ended("signal.raise_signal(signal.SIGINT)").stdout == b"heard of it\n"


def test_one_in_the_callback_of_a_weak_reference_is_heard_of() -> None:
    makes = "import weakref; seen = weakref.ref(Last(), lambda _: signal.raise_signal(signal.SIGINT))"
    assert ended("pass", makes=makes).stdout == b"heard of it\n"


def test_one_that_is_dropped_again_and_again_is_heard_of_in_the_end() -> None:
    # The second dies while the interrupt of the first is on its way, and so on.
    assert ended("signal.raise_signal(signal.SIGINT)", makes="[Last() for _ in range(20)].clear()").stdout == (
        b"heard of it\n"
    )


def test_what_it_says_is_kept() -> None:
    assert ended("raise KeyboardInterrupt('SIGTERM')").stdout == b"heard of it SIGTERM\n"


def test_nothing_is_printed_of_it() -> None:
    assert ended("signal.raise_signal(signal.SIGINT)").stderr == b""


def test_other_errors_in_a_finaliser_are_told_as_always() -> None:
    answer = ended("raise ValueError('odd')", makes="Last(); raise KeyboardInterrupt")
    assert b"Exception ignored in" in answer.stderr


PUTS_AWAY = """\
import signal

from cynthus.cli.interrupts import undisturbed

try:
    with undisturbed():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
        print("put away")
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("and heard of the next")
"""


def test_what_puts_things_away_is_not_disturbed_and_then_all_is_as_before() -> None:
    answer = run(Command((sys.executable, "-c", PUTS_AWAY)), timeout=60)
    assert answer.stdout == b"put away\nand heard of the next\n", answer

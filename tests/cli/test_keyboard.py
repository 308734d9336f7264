from __future__ import annotations

import os
import pty
import select
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.cli import keyboard

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal on stdin; what is written to the descriptor is typed there."""
    master, slave = pty.openpty()
    with open(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield master
    os.close(master)


@contextmanager
def handled(number: int) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_the_answer_is_the_line_without_its_end(keys: int) -> None:
    os.write(keys, b"yes\n")
    assert keyboard.read_answer() == "yes"


def test_what_was_typed_ahead_answers_the_next_question(keys: int) -> None:
    os.write(keys, b"y\nn\n")
    assert [keyboard.read_answer(), keyboard.read_answer()] == ["y", "n"]


def test_what_is_typed_unseen_is_not_shown(keys: int) -> None:
    with keyboard.unseen():
        os.write(keys, b"correct horse\n")
        assert keyboard.read_answer() == "correct horse"
    os.write(keys, b"seen\n")
    assert keyboard.read_answer() == "seen"
    assert os.read(keys, 100) == b"seen\r\n"


def test_the_end_of_the_input_is_an_interrupt(keys: int) -> None:
    os.write(keys, b"\x04")
    with pytest.raises(KeyboardInterrupt):
        keyboard.read_answer()


def test_a_signal_ends_the_wait_for_a_key(keys: int) -> None:
    with handled(signal.SIGALRM):
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            keyboard.read_answer()


def test_a_signal_that_comes_before_the_wait_is_not_lost() -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with keyboard._signal_pipe() as ear:
            signal.raise_signal(signal.SIGALRM)
            assert select.select([ear], [], [], 0)[0] == [ear]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_afterwards_signals_go_where_they_went_before() -> None:
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    before = signal.set_wakeup_fd(mouth)
    try:
        with keyboard._signal_pipe():
            pass
        assert signal.set_wakeup_fd(before) == mouth
    finally:
        os.close(ear)
        os.close(mouth)

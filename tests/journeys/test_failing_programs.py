"""main.py may do what it likes: what it did is told, and nothing of it stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.user import processes_with

if TYPE_CHECKING:
    from tests.journeys.user import Ended, User

EXITS = "import sys; print('before'); open('outputs/x', 'w').write('saved'); sys.exit(3)\n"
KILLED = "import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
FORKS = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
print("parent ends")
"""
STUBBORN = """\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(600)
"""
BINARY = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3 + b'no line end')\n"


def up(user: User, main: str, **files: str) -> Ended:
    return user.cynthus("up", user.folder(main=main, **files), "-y")


def test_an_exit_code_of_its_own_becomes_ours(user: User) -> None:
    assert up(user, EXITS).code == 3


def test_its_options_are_not_taken_for_ours(user: User) -> None:
    folder = user.folder(main=EXITS)
    answer = user.cynthus("up", folder, "-y", "--", "--check", "--debug")
    assert (answer.code, "Traceback" in answer.err) == (3, False), answer


def test_detached_a_run_that_fails_at_once_is_told(user: User) -> None:
    answer = user.cynthus("up", user.folder(main=EXITS), "-y", "--detach")
    assert (answer.code, "exit code 3" in answer.err) == (3, True), answer


def test_logs_that_were_to_be_followed_tell_how_it_ended_before(user: User) -> None:
    up(user, EXITS)
    assert user.cynthus("logs", "-f", user.place / "app").code == 3


def test_its_own_exit_code_is_said(user: User) -> None:
    assert "exit code 3" in up(user, EXITS).err


def test_what_it_wrote_before_it_failed_is_at_home(user: User) -> None:
    up(user, EXITS)
    assert (user.place / "app/outputs/latest/x").read_text() == "saved"


def test_its_traceback_is_its_own_output(user: User) -> None:
    ended = up(user, "raise ValueError('a wrong number')\n")
    assert "ValueError: a wrong number" in ended.out
    assert "Traceback" not in ended.err


def test_a_signal_that_killed_it_is_named(user: User) -> None:
    ended = up(user, KILLED)
    assert (ended.code, ended.out) == (3, "before\n")
    assert "signal 9" in ended.err


def test_children_that_it_leaves_end_with_it(user: User) -> None:
    ended = up(user, FORKS)
    assert ended.code == 0, ended
    assert processes_with(user.status(user.place / "app")["id"]) == []


def test_one_that_ignores_sigterm_is_killed_after_its_grace(user: User) -> None:
    folder = user.folder(main=STUBBORN, cynthus_yaml="limits: {stop_grace: 1s}\n")
    with user.typing("up", folder, "-y") as typed:
        typed.until("on\n")
        assert user.cynthus("cancel", folder).code == 0
        assert typed.ended().code == 5
    assert processes_with(user.status(folder)["id"]) == []


def test_binary_output_arrives_as_it_is(user: User) -> None:
    folder = user.folder(main=BINARY)
    user.cynthus("up", folder, "-y")
    run = user.status(folder)["run"]["id"]
    log = folder / ".cynthus" / user.status(folder)["id"] / "runs" / run / "log"
    assert log.read_bytes() == bytes(range(256)) * 3 + b"no line end"


def test_a_run_is_ended_at_its_deadline(user: User) -> None:
    ended = up(user, "import time; time.sleep(600)\n", cynthus_yaml="limits: {max_duration: 1s}\n")
    assert ended.code == 3
    assert "max_duration" in ended.err


def test_a_program_that_is_not_there_is_said_to_be(user: User) -> None:
    ended = up(user, "", cynthus_yaml="run: [no-such-program, main.py]\n")
    assert ended.code == 3
    assert "no-such-program" in ended.err


REQUIREMENTS = "--no-index\nno-such-package-anywhere\n"


def test_requirements_that_do_not_install_are_told_in_the_installers_words(user: User) -> None:
    ended = up(user, "print('never')\n", requirements_txt=REQUIREMENTS)
    assert (ended.code, ended.out) == (1, "")
    assert "no-such-package-anywhere" in ended.err
    assert "CYN-421" in ended.err


def test_after_mended_requirements_up_goes_on(user: User) -> None:
    up(user, "print('at last')\n", requirements_txt=REQUIREMENTS)
    (user.place / "app/requirements.txt").write_text("")
    assert user.cynthus("up", user.place / "app", "-y").out == "at last\n"


@pytest.mark.slow
def test_a_million_lines_arrive_in_order(user: User) -> None:
    ended = up(user, "for i in range(1_000_000): print(i)\n")
    assert ended.out == "".join(f"{i}\n" for i in range(1_000_000))

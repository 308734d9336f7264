"""Starting processes, and what is left of them."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from cynthus.process import (
    Command,
    CommandTimeout,
    Conversation,
    attach,
    birth,
    ended,
    kill_group,
    let_go,
    mentioning,
    run,
    start,
)
from tests.processes import descriptors, pid_in, sh, started, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

# run


def test_both_outputs_and_the_exit_code_are_captured() -> None:
    answer = run(sh("echo out; echo err >&2; exit 3"))
    assert (answer.returncode, answer.stdout, answer.stderr) == (3, b"out\n", b"err\n")


def test_a_signal_is_a_negative_exit_code() -> None:
    assert run(sh("kill -KILL $$")).returncode == -signal.SIGKILL


def test_input_is_fed_and_closed() -> None:
    assert run(Command(("cat",), stdin=b"a\x00\xff")).stdout == b"a\x00\xff"


def test_without_input_there_is_none_to_wait_for() -> None:
    assert run(Command(("cat",)), timeout=30).stdout == b""


def test_input_that_nobody_reads_does_not_matter() -> None:
    assert run(Command(("true",), stdin=bytes(1 << 20))).returncode == 0


def test_much_goes_in_and_out_at_the_same_time() -> None:
    data = os.urandom(4 << 20)
    assert run(Command(("cat",), stdin=data)).stdout == data


def test_much_on_both_outputs_does_not_block() -> None:
    answer = run(sh("head -c 2000000 /dev/zero; head -c 2000000 /dev/zero >&2; head -c 2000000 /dev/zero"))
    assert (len(answer.stdout), len(answer.stderr)) == (4_000_000, 2_000_000)


def test_no_word_is_ever_read_by_a_shell() -> None:
    assert run(Command(("printf", "%s|", "$HOME", "a b", "*", ";id"))).stdout == b"$HOME|a b|*|;id|"


def test_an_environment_that_is_given_is_the_whole_one() -> None:
    assert run(Command(("/usr/bin/env",), env={"ONLY": "this"})).stdout == b"ONLY=this\n"


def test_without_one_it_gets_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_A_TEST", "1")
    assert b"OF_A_TEST=1\n" in run(Command(("env",))).stdout


def test_it_starts_in_the_folder_that_is_named(tmp_path: Path) -> None:
    assert run(Command(("pwd", "-P"), cwd=tmp_path)).stdout.decode().strip() == str(tmp_path.resolve())


def test_it_leads_a_session_of_its_own() -> None:
    program = "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))"
    assert run(Command((sys.executable, "-c", program))).stdout == b"True\n"


def test_a_program_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(FileNotFoundError):
        run(Command(("/no/such/program",)))


def test_a_program_that_may_not_be_started_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    with pytest.raises(PermissionError):
        run(Command((str(tmp_path / "plain"),)))


def test_a_command_reads_like_one() -> None:
    assert str(Command(("terraform", "plan"))) == "terraform plan"


# timeouts


def test_a_command_that_takes_too_long_is_named() -> None:
    with pytest.raises(CommandTimeout, match=r"no end after 0\.2 s: sleep 600"):
        run(Command(("sleep", "600")), timeout=0.2)


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(CommandTimeout):
        run(sh('trap "" TERM; sleep 600 & echo $! > "$1"; wait', str(tmp_path / "pid")), timeout=1)
    child = pid_in(tmp_path / "pid")
    wait_for(lambda: birth(child) is None, "the end of the child")


def test_a_child_that_has_left_the_group_does_not_make_us_wait(tmp_path: Path) -> None:
    keeps_the_pipe = 'setsid sh -c \'echo $$ > "$1"; exec sleep 600\' sh "$1" & wait'
    begin = time.monotonic()
    with pytest.raises(CommandTimeout):
        run(sh(keeps_the_pipe, str(tmp_path / "pid")), timeout=1)
    took = time.monotonic() - begin
    os.kill(pid_in(tmp_path / "pid"), signal.SIGKILL)
    assert took < 100


def test_a_timeout_leaves_no_pipe_open() -> None:
    # What tests before this one have left goes first.
    gc.collect()
    before = descriptors()
    with pytest.raises(CommandTimeout):
        run(Command(("sleep", "600")), timeout=0.1)
    gc.collect()
    assert descriptors() == before


# interrupts


INTERRUPTED = """
import sys
from cynthus.process import Command, run
try:
    run(Command(("sh", "-c", 'sleep 600 & echo $! > "$1"; wait', "sh", sys.argv[1])))
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_an_interrupt_kills_the_command_with_its_children(tmp_path: Path) -> None:
    with started(Command((sys.executable, "-W", "error", "-c", INTERRUPTED, str(tmp_path / "pid")))) as process:
        child = pid_in(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 7
    wait_for(lambda: birth(child) is None, "the end of the child")


# attach


def test_an_attached_command_gives_its_exit_code() -> None:
    assert attach(sh("exit 9")) == 9


def test_an_attached_command_stays_in_our_session() -> None:
    program = f"import os; raise SystemExit(os.getsid(0) != {os.getsid(0)})"
    assert attach(Command((sys.executable, "-c", program))) == 0


ATTACHED = """
import fcntl, os, sys, termios
from cynthus.process import Command, attach
terminal = int(sys.argv[2])
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
os.dup2(terminal, 0)
script = 'trap "touch interrupted" INT; echo $$ > pid; while [ ! -e go ]; do sleep 0.05; done; exit 5'
sys.exit(attach(Command(("sh", "-c", script), cwd=sys.argv[1])))
"""


def test_a_ctrl_c_is_left_to_the_attached_command(tmp_path: Path) -> None:
    keyboard, terminal = os.openpty()
    with open(keyboard, "wb", buffering=0) as typed, open(terminal, "rb"), open(tmp_path / "out", "wb") as out:
        argv = (sys.executable, "-c", ATTACHED, str(tmp_path), str(terminal))
        process = start(Command(argv), stdout=out, stderr=out, inherit=(terminal,))
        pid_in(tmp_path / "pid")
        typed.write(b"\x03")
        wait_for((tmp_path / "interrupted").exists, "an interrupt by the terminal")
        (tmp_path / "go").touch()
        assert process.wait(timeout=30) == 5, (tmp_path / "out").read_text()


# start


def test_what_was_started_leads_a_session_of_its_own() -> None:
    with started(Command(("sleep", "600"))) as process:
        assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_what_was_started_writes_to_the_files_that_are_named(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out, open(tmp_path / "err", "wb") as err:
        start(sh("echo out; echo err >&2"), stdout=out, stderr=err).wait()
    assert ((tmp_path / "out").read_text(), (tmp_path / "err").read_text()) == ("out\n", "err\n")


def test_what_was_started_has_no_input(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out:
        assert start(Command(("cat",)), stdout=out, stderr=out).wait() == 0


OUTLIVES = """
import os, sys
from cynthus.process import Command, start
with open(os.devnull, "wb") as nowhere:
    process = start(Command(("sleep", "600")), stdout=nowhere, stderr=nowhere)
with open(sys.argv[1], "w") as pid:
    print(process.pid, file=pid)
process.wait()
"""


def test_what_was_started_outlives_us(tmp_path: Path) -> None:
    with started(Command((sys.executable, "-c", OUTLIVES, str(tmp_path / "pid")))) as process:
        child = pid_in(tmp_path / "pid")
        kill_group(process.pid)
        process.wait()
    living = birth(child) is not None
    os.kill(child, signal.SIGKILL)
    assert living


def test_a_descriptor_can_be_handed_down() -> None:
    read, write = os.pipe()
    with open(read, "rb") as stream, open(os.devnull, "wb") as nowhere:
        with open(write, "wb"):
            program = (sys.executable, "-c", f"import os; os.write({write}, b'here')")
            process = start(Command(program), stdout=nowhere, stderr=nowhere, inherit=(write,))
            process.wait()
        assert stream.read() == b"here"


# let_go


def test_what_was_let_go_is_reaped_when_it_ends(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out:
        process = start(Command(("sleep", "600")), stdout=out, stderr=out)
    pid = process.pid
    let_go(process)
    del process
    gc.collect()  # an object of a running process would warn now
    still_there = birth(pid) is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of its last trace")
    assert still_there


LETS_GO = """
import os
from cynthus.process import Command, let_go, start
with open(os.devnull, "wb") as nowhere:
    process = start(Command(("sleep", "600")), stdout=nowhere, stderr=nowhere)
let_go(process)
print(process.pid)
"""


def test_what_was_let_go_does_not_keep_us() -> None:
    answer = run(Command((sys.executable, "-W", "error", "-c", LETS_GO)), timeout=30)
    pid = int(answer.stdout)
    living = birth(pid) is not None
    os.kill(pid, signal.SIGKILL)
    assert (living, answer.returncode, answer.stderr) == (True, 0, b"")


# threads


def test_several_threads_may_run_commands_at_once() -> None:
    said: list[bytes] = []
    threads = [Thread(target=lambda n=n: said.append(run(sh(f"echo {n}")).stdout)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [f"{n}\n".encode() for n in range(8)]


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", -9)])
def test_how_a_process_has_ended_is_known(script: str, code: int) -> None:
    with open(os.devnull, "wb") as nowhere:
        process = start(Command(("sh", "-c", script)), stdout=nowhere, stderr=nowhere)
    wait_for(lambda: ended(process), "its end")
    assert process.returncode == code


def test_a_process_that_runs_has_not_ended() -> None:
    with open(os.devnull, "wb") as nowhere:
        process = start(Command(("sleep", "60")), stdout=nowhere, stderr=nowhere)
    assert not ended(process)
    kill_group(process.pid)
    wait_for(lambda: ended(process), "its end")


def test_an_end_is_seen_although_an_interrupt_has_left_the_lock_of_popen_taken() -> None:
    with open(os.devnull, "wb") as nowhere:
        process = start(Command(("true",)), stdout=nowhere, stderr=nowhere)
    process._waitpid_lock.acquire()  # type: ignore[attr-defined]  # what an interrupt inside of poll() does
    wait_for(lambda: ended(process), "its end")
    assert process.returncode == 0


def test_processes_are_found_by_a_word_on_their_command_line(tmp_path: Path) -> None:
    with open(os.devnull, "wb") as nowhere:
        sleeper = f"'{sys.executable}' -c 'import time; time.sleep(60)' \"$1\" & echo $! >\"$1/pid\"; wait"
        process = start(sh(sleeper, str(tmp_path)), stdout=nowhere, stderr=nowhere)
    # Not the shell between us: it is our own child.
    grandchild = pid_in(tmp_path / "pid")
    wait_for(lambda: mentioning(str(tmp_path)), "its command line")
    assert [pid for pid, _ in mentioning(str(tmp_path))] == [grandchild]
    kill_group(process.pid)
    wait_for(lambda: ended(process), "its end")


def test_a_word_that_nobody_has_finds_nothing(tmp_path: Path) -> None:
    assert mentioning(str(tmp_path / "nobody")) == ()


# conversations

ECHO = 'while read -r line; do echo "$line"; done'


@contextmanager
def talking(command: Command, said: Path) -> Iterator[Conversation]:
    with open(said, "wb") as stderr:
        talk = Conversation(command, stderr=stderr)
    try:
        yield talk
    finally:
        talk.close()


def test_each_question_is_answered_before_the_next(tmp_path: Path) -> None:
    with talking(sh(ECHO), tmp_path / "said") as talk:
        for word in (b"one\n", b"two\n"):
            assert talk.say(word)
            assert talk.hear_line() == word


def test_bytes_are_heard_as_they_are(tmp_path: Path) -> None:
    data = os.urandom(1 << 20)
    with talking(Command(("cat",)), tmp_path / "said") as talk:
        writer = Thread(target=talk.say, args=(data,))
        writer.start()
        assert talk.hear(len(data)) == data
        writer.join()


def test_an_answer_that_was_cut_off_is_shorter(tmp_path: Path) -> None:
    with talking(sh("printf half"), tmp_path / "said") as talk:
        assert talk.hear(100) == b"half"
        assert talk.hear_line() == b""


def test_who_has_ended_can_be_told_nothing(tmp_path: Path) -> None:
    with talking(Command(("true",)), tmp_path / "said") as talk:
        talk.await_end(30)
        assert not talk.say(bytes(1 << 20))


def test_who_is_told_no_more_may_come_to_an_end(tmp_path: Path) -> None:
    with talking(sh("cat >/dev/null; echo last words"), tmp_path / "said") as talk:
        talk.say(b"something\n")
        talk.end()
        assert talk.hear_line() == b"last words\n"


def test_the_end_is_not_awaited_longer_than_was_said(tmp_path: Path) -> None:
    with talking(Command(("sleep", "600")), tmp_path / "said") as talk:
        begin = time.monotonic()
        talk.await_end(0.1)
        assert time.monotonic() - begin < 60


def test_what_it_says_beside_goes_to_the_file(tmp_path: Path) -> None:
    with talking(sh("echo problem >&2"), tmp_path / "said") as talk:
        talk.await_end(30)
    assert (tmp_path / "said").read_text() == "problem\n"


def test_a_closed_conversation_ends_its_program_and_the_children(tmp_path: Path) -> None:
    with talking(sh('sleep 600 & echo $! > "$1"; wait', str(tmp_path / "pid")), tmp_path / "said"):
        child = pid_in(tmp_path / "pid")
    wait_for(lambda: birth(child) is None, "the end of the child")


def test_a_conversation_can_be_closed_while_something_is_unsaid(tmp_path: Path) -> None:
    with talking(Command(("sleep", "600")), tmp_path / "said") as talk:
        writer = Thread(target=talk.say, args=(bytes(1 << 20),))
        writer.start()
    writer.join(30)
    assert not writer.is_alive()


def test_a_conversation_with_nobody_is_an_error_of_the_system(tmp_path: Path) -> None:
    with open(tmp_path / "said", "wb") as said, pytest.raises(FileNotFoundError):
        Conversation(Command(("/no/such/program",)), stderr=said)

"""Programs that behave badly in the place of Terraform."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.core.plan import Change
from cynthus.errors import (
    TerraformError,
    TerraformFailed,
    TerraformMissing,
    TerraformTimeout,
)
from cynthus.process import birth
from cynthus.terraform.adapter import Timing
from cynthus.terraform.binary import Binary
from cynthus.terraform.execution import STOPPING, Patience
from tests.terraform.roots import cli, diagnosed, pretender, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT = Timing(Patience(timeout=0.3, grace=0.03))
HANGS = "time.sleep(600)"
DEAF = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
(here / "pid").write_text(str(os.getpid()))
time.sleep(600)
"""
STOPS = """
def stop(number, frame):
    (here / "stopped").touch()
    sys.exit(1)
signal.signal(signal.SIGINT, stop)
(here / "started").touch()
time.sleep(600)
"""


def deaf_pid(folder: Path) -> int:
    wait_for(lambda: (folder / "pid").exists() and (folder / "pid").read_text(), "the start of Terraform")
    return int((folder / "pid").read_text())


def remote(folder: Path) -> None:
    """Make the state of a root look as if it lay in a bucket."""
    (folder / ".terraform").mkdir()
    (folder / ".terraform" / "terraform.tfstate").write_text('{"version": 3, "backend": {"type": "gcs"}}')


def test_a_terraform_that_hangs_is_a_timeout(tmp_path: Path) -> None:
    with pytest.raises(TerraformTimeout, match="did not end in time"):
        cli(tmp_path, pretender(tmp_path, HANGS), timing=SHORT).plan(tmp_path / "plan")


def test_a_timeout_asks_terraform_to_stop(tmp_path: Path) -> None:
    binary = pretender(tmp_path, STOPS)
    with pytest.raises(TerraformTimeout):
        cli(tmp_path, binary, timing=Timing(Patience(timeout=2, grace=5))).apply(tmp_path / "plan")
    assert (tmp_path / "stopped").exists()


def test_a_timeout_says_that_terraform_is_being_waited_for(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(TerraformTimeout):
        cli(tmp_path, pretender(tmp_path, HANGS), timing=SHORT, activity=told.append).apply(tmp_path / "plan")
    assert told == [STOPPING]


def test_work_that_ends_well_after_its_time_is_no_failure(tmp_path: Path) -> None:
    body = """
def end(number, frame):
    print(json.dumps({"type": "outputs", "outputs": {"word": {"value": "x"}}}))
    sys.exit(0)
signal.signal(signal.SIGINT, end)
time.sleep(600)
"""
    terraform = cli(tmp_path, pretender(tmp_path, body), timing=Timing(Patience(timeout=2, grace=5)))
    assert terraform.apply(tmp_path / "plan") == {"word": "x"}


def test_a_deaf_terraform_with_a_local_state_is_killed(tmp_path: Path) -> None:
    terraform = cli(tmp_path, pretender(tmp_path, DEAF), timing=Timing(Patience(timeout=2, grace=0.03)))
    with pytest.raises(TerraformTimeout, match="was killed"):
        terraform.apply(tmp_path / "plan")
    assert birth(deaf_pid(tmp_path)) is None


def test_a_deaf_terraform_with_a_remote_state_is_left_alone(tmp_path: Path) -> None:
    remote(tmp_path)
    terraform = cli(tmp_path, pretender(tmp_path, DEAF), timing=Timing(Patience(timeout=2, grace=0.03)))
    with pytest.raises(TerraformTimeout) as caught:
        terraform.apply(tmp_path / "plan")
    pid = deaf_pid(tmp_path)
    try:
        assert (birth(pid) is not None, f"process {pid} is still at work" in caught.value.message) == (True, True)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_terraform_that_was_left_alone_is_reaped_when_it_ends(tmp_path: Path) -> None:
    remote(tmp_path)
    terraform = cli(tmp_path, pretender(tmp_path, DEAF), timing=Timing(Patience(timeout=2, grace=0.03)))
    with pytest.raises(TerraformTimeout):
        terraform.apply(tmp_path / "plan")
    pid = deaf_pid(tmp_path)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of its last trace")


def test_a_terraform_that_hangs_while_reading_the_state_is_a_timeout(tmp_path: Path) -> None:
    with pytest.raises(TerraformTimeout, match="only read the state"):
        cli(tmp_path, pretender(tmp_path, HANGS), timing=SHORT).outputs()


def test_a_terraform_that_is_killed_names_the_signal(tmp_path: Path) -> None:
    with pytest.raises(TerraformFailed, match="SIGKILL"):
        cli(tmp_path, pretender(tmp_path, "os.kill(os.getpid(), 9)")).apply(tmp_path / "plan")


def test_a_plan_whose_report_is_cut_is_refused(tmp_path: Path) -> None:
    binary = pretender(tmp_path, """sys.stdout.write('{"type": "version", "terraf'); sys.exit(2)""")
    with pytest.raises(TerraformError, match="middle of its report"):
        cli(tmp_path, binary).plan(tmp_path / "plan")


def test_a_plan_whose_report_is_cut_leaves_no_plan(tmp_path: Path) -> None:
    binary = pretender(tmp_path, """(here / "plan").touch(); print("{"); sys.exit(2)""")
    with pytest.raises(TerraformError):
        cli(tmp_path, binary).plan(tmp_path / "plan")
    assert not (tmp_path / "plan").exists()


def test_an_apply_whose_report_is_cut_takes_the_outputs_from_the_state(tmp_path: Path) -> None:
    body = """print('{"type": "outp' if verb == "apply" else '{"word": {"value": "x", "sensitive": false}}')"""
    assert cli(tmp_path, pretender(tmp_path, body)).apply(tmp_path / "plan") == {"word": "x"}


@pytest.mark.parametrize("text", ["half {", "[]", '"x"', ""])
def test_outputs_that_are_no_json_object_are_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(TerraformError, match="something else than JSON"):
        cli(tmp_path, pretender(tmp_path, f"print({text!r})")).outputs()


def test_plain_text_between_events_is_no_trouble(tmp_path: Path) -> None:
    body = """
print("a provider talks \\udcff".encode(errors="surrogateescape").decode(errors="replace"))
os.write(1, b"\\xff\\xfe\\x00 [1, 2]\\n")
print(json.dumps({"type": "change_summary"}))
"""
    assert cli(tmp_path, pretender(tmp_path, body)).plan(tmp_path / "plan").empty


def test_a_hundred_thousand_lines_do_not_hide_the_last(tmp_path: Path) -> None:
    body = """
for number in range(100_000):
    print(json.dumps({"type": "log", "@message": "line %d" % number}))
print(json.dumps({"type": "planned_change", "change": {"action": "create", "resource": {"addr": "a.b"}}}))
print(json.dumps({"type": "change_summary"}), end="")
sys.exit(2)
"""
    assert cli(tmp_path, pretender(tmp_path, body)).plan(tmp_path / "plan").changes == (Change("a.b", "create"),)


def test_noise_on_stderr_is_no_failure(tmp_path: Path) -> None:
    body = """sys.stderr.write("warning! " * 100_000); print(json.dumps({"type": "change_summary"}))"""
    assert cli(tmp_path, pretender(tmp_path, body)).plan(tmp_path / "plan").empty


def test_a_failure_without_events_shows_the_end_of_stderr(tmp_path: Path) -> None:
    body = """sys.stderr.write("noise\\n" * 1000 + "flag provided but not defined\\n"); sys.exit(1)"""
    with pytest.raises(TerraformFailed) as caught:
        cli(tmp_path, pretender(tmp_path, body)).plan(tmp_path / "plan")
    assert (caught.value.details[-1], len(caught.value.details)) == ("flag provided but not defined", 40)


def test_a_failure_without_a_word_says_the_exit_code(tmp_path: Path) -> None:
    with pytest.raises(TerraformFailed, match="exit code 7"):
        cli(tmp_path, pretender(tmp_path, "sys.exit(7)")).apply(tmp_path / "plan")


def test_a_failure_names_the_log(tmp_path: Path) -> None:
    with pytest.raises(TerraformFailed) as caught:
        cli(tmp_path, pretender(tmp_path, "sys.exit(7)")).apply(tmp_path / "plan")
    assert "000001-apply.jsonl" in caught.value.hint


def test_logs_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    with pytest.raises(TerraformError, match="logs"):
        cli(tmp_path, pretender(tmp_path, "")).apply(tmp_path / "plan")


def test_a_state_that_could_not_be_saved_is_pointed_at(tmp_path: Path) -> None:
    body = "(here / 'errored.tfstate').touch()\n" + diagnosed("Failed to save state")
    with pytest.raises(TerraformFailed) as caught:
        cli(tmp_path, pretender(tmp_path, body)).apply(tmp_path / "plan")
    assert "terraform state push errored.tfstate" in caught.value.hint


def _no_such_file(folder: Path) -> Binary:
    return Binary(folder / "gone", "terraform")


def _not_executable(folder: Path) -> Binary:
    (folder / "plain").write_text("#!/bin/sh\n")
    return Binary(folder / "plain", "terraform")


def _no_program(folder: Path) -> Binary:
    (folder / "garbage").write_bytes(b"\x00\x01\x02")
    (folder / "garbage").chmod(0o755)
    return Binary(folder / "garbage", "terraform")


@pytest.mark.parametrize("broken", [_no_such_file, _not_executable, _no_program])
@pytest.mark.parametrize("verb", ["init", "resources"])
def test_a_program_that_cannot_be_started_is_missing(
    tmp_path: Path, broken: Callable[[Path], Binary], verb: str
) -> None:
    with pytest.raises(TerraformMissing, match="cannot be started"):
        getattr(cli(tmp_path, broken(tmp_path)), verb)()


def test_a_listener_that_fails_does_not_leave_terraform_alone(tmp_path: Path) -> None:
    body = """print(json.dumps({"type": "state_lock_acquire"}), flush=True)""" + STOPS

    def closed(_: str) -> None:
        wait_for((tmp_path / "started").exists, "the start of Terraform")
        raise BrokenPipeError("the reader has gone")

    with pytest.raises(BrokenPipeError):
        cli(tmp_path, pretender(tmp_path, body), activity=closed).apply(tmp_path / "plan")
    assert (tmp_path / "stopped").exists()


def test_a_state_that_asks_for_init_twice_is_not_asked_a_third_time(tmp_path: Path) -> None:
    body = """
with open("verbs", "a") as verbs:
    print(verb, file=verbs)
sys.stderr.write('Error: run "terraform init"')
sys.exit(verb != "init")
"""
    with pytest.raises(TerraformFailed):
        cli(tmp_path, pretender(tmp_path, body)).resources()
    assert (tmp_path / "verbs").read_text().split() == ["state", "init", "state"]


def test_a_plan_that_asks_for_init_makes_the_next_init_a_real_one(tmp_path: Path) -> None:
    terraform = cli(
        tmp_path, pretender(tmp_path, """sys.stderr.write("run terraform init"); sys.exit(verb != "init")""")
    )
    terraform.init()
    with pytest.raises(TerraformFailed):
        terraform.plan(tmp_path / "plan")
    assert terraform.init()


def test_its_input_is_closed(tmp_path: Path) -> None:
    body = """
print(json.dumps({"type": "change_summary"}))
sys.exit(1 if sys.stdin.read() else 0)
"""
    assert cli(tmp_path, pretender(tmp_path, body)).plan(tmp_path / "plan").empty

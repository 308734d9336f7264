"""Which error a failed play is."""

from __future__ import annotations

import json

import pytest

from cynthus.ansible.events import Events, Failure
from cynthus.ansible.failure import play_error
from cynthus.errors import (
    AnsibleError,
    CynthusError,
    DiskFull,
    EnvironmentFailed,
    GpusFailed,
    HostUnfit,
    HostUnreachable,
    PasswordWrong,
    PythonMissing,
    SourceUnreadable,
    TaskFailed,
)


def failed(result: dict[str, object], *, action: str = "ansible.builtin.command", unreachable: bool = False) -> Failure:
    return Failure("h", "image", "Make it", action, unreachable, result)


def said(code: str, **more: object) -> Failure:
    return failed({"rc": 1, "stdout": json.dumps({"error": {"code": code, "message": "no luck", **more}})})


def error_of(*failures: Failure, rc: int | None = 2, lines: tuple[str, ...] = ()) -> CynthusError:
    events = Events(lambda _: None, failures=list(failures))
    events.lines.extend(lines)
    return play_error(events, rc)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("CYN-421", EnvironmentFailed), ("CYN-220", SourceUnreadable), ("CYN-135", PythonMissing), ("CYN-504", DiskFull)],
)
def test_the_agents_code_names_the_class(code: str, kind: type[CynthusError]) -> None:
    assert type(error_of(said(code))) is kind


@pytest.mark.parametrize("code", ["CYN-000", "CYN-110", ""])
def test_a_code_that_names_no_class_of_its_own_is_a_failed_task(code: str) -> None:
    assert type(error_of(said(code))) is TaskFailed


def test_the_agents_words_are_kept() -> None:
    error = error_of(said("CYN-421", hint="mend it", details=["one", "two"]))
    assert (error.message, error.hint, error.details) == ("no luck", "mend it", ("one", "two"))


def test_an_error_without_a_hint_still_has_one() -> None:
    assert error_of(said("CYN-421")).hint


def test_the_words_of_a_command_are_its_last_line() -> None:
    error = error_of(failed({"rc": 1, "msg": "non-zero return code", "stderr": "warming up\nno luck\n"}))
    assert error.message == "image: Make it: failed on h: no luck"


def test_all_that_a_command_said_is_in_the_details() -> None:
    error = error_of(failed({"msg": "non-zero return code", "stderr": "warming up\nno luck\n", "stdout": "noise"}))
    assert error.details == ("warming up", "no luck")


def test_what_the_message_says_already_is_not_said_again() -> None:
    assert error_of(failed({"msg": "my own"})).details == ()


def test_a_command_that_said_nothing_is_not_left_without_a_word() -> None:
    assert error_of(failed({})).message.endswith("no reason was given")


def test_hidden_output_stays_hidden() -> None:
    assert "hidden" in error_of(failed({"censored": "the output has been hidden"})).message


def test_output_that_looks_like_json_but_is_not_is_shown_as_it_is() -> None:
    assert error_of(failed({"msg": "non-zero return code", "stdout": '{"error": {'})).details == ('{"error": {',)


def test_an_error_that_is_no_object_is_shown_as_it_is() -> None:
    assert type(error_of(failed({"stdout": '{"error": "x"}'}))) is TaskFailed


def test_the_task_that_only_repeats_the_failure_is_not_the_failure() -> None:
    repeated = failed({"msg": "no luck (CYN-421). mend it"}, action="ansible.builtin.fail")
    assert type(error_of(said("CYN-421"), repeated)) is EnvironmentFailed


def test_a_later_failure_counts_more_than_one_that_was_rescued() -> None:
    assert "late" in error_of(failed({"msg": "early"}), failed({"msg": "late"})).message


def test_a_fail_task_with_words_of_its_own_is_the_failure() -> None:
    error = error_of(failed({"msg": "early"}), failed({"msg": "give up"}, action="ansible.builtin.fail"))
    assert "give up" in error.message


def test_a_host_out_of_reach_is_named() -> None:
    error = error_of(failed({"msg": "Connection refused"}, unreachable=True), rc=4)
    assert (type(error), error.message) == (HostUnreachable, "h cannot be reached: Connection refused")


def test_a_full_disk_on_the_host_is_said_to_be_full() -> None:
    words = "OSError: [Errno 28] No space left on device: '/tmp/x'"
    assert type(error_of(failed({"msg": words}))) is DiskFull


def test_a_full_disk_under_ansible_itself_is_said_to_be_full() -> None:
    assert type(error_of(rc=1, lines=("[Errno 28] No space left on device",))) is DiskFull


def test_what_ansible_itself_complains_of_is_shown() -> None:
    error = error_of(rc=4, lines=("[ERROR]: no such playbook",))
    assert (type(error), error.details) == (AnsibleError, ("[ERROR]: no such playbook",))


def test_an_ansible_without_complaints_is_shown_with_the_last_that_it_printed() -> None:
    events = Events(lambda _: None)
    events.take({"event": "playbook_on_play_start", "stdout": "PLAY [Bring it up] ***\n"})
    assert play_error(events, 1).details == ("PLAY [Bring it up] ***",)


def test_an_ansible_that_printed_nothing_is_said_to_have_printed_nothing() -> None:
    error = error_of(rc=1)
    assert error.message == "ansible-playbook ended with exit code 1 and printed nothing"
    assert "own words" not in error.hint


@pytest.mark.parametrize("rc", [None, -9])
def test_an_ansible_that_was_killed_is_said_to_be(rc: int | None) -> None:
    assert "killed" in error_of(rc=rc).message


def test_what_ssh_says_in_parting_is_not_why_a_command_failed() -> None:
    parting = "Shared connection to h closed.\r\n"
    said = {"rc": 100, "msg": "non-zero return code", "stderr": parting, "stdout": "no luck"}
    assert error_of(failed(dict(said))).message.endswith(": no luck")


SPOKEN = "the driver has gone (CYN-433). reboot it\nNVRM: no luck\n"


def spoken(message: str) -> Failure:
    return failed({"msg": message}, action="ansible.builtin.fail")


def test_a_sentence_with_a_code_is_the_error_of_that_code() -> None:
    error = error_of(spoken(SPOKEN))
    assert (type(error), error.message, error.hint, error.details) == (
        GpusFailed, "h: the driver has gone", "reboot it", ("NVRM: no luck",)
    )  # fmt: skip


def test_a_sentence_with_a_code_counts_more_than_the_task_whose_words_it_repeats() -> None:
    assert type(error_of(failed({"msg": "NVRM: no luck"}), spoken(SPOKEN))) is GpusFailed


def test_only_a_task_that_fails_on_purpose_is_taken_at_its_word() -> None:
    assert type(error_of(failed({"msg": SPOKEN}))) is TaskFailed


def test_a_sentence_without_a_hint_has_one_all_the_same() -> None:
    assert error_of(spoken("it broke (CYN-433).")).hint


@pytest.mark.parametrize("words", [
    "Missing sudo password", "plain is not in the sudoers file.", "plain is not allowed to execute '/bin/sh' as root",
    "Timeout (12s) waiting for privilege escalation prompt: ",
    "Timed out waiting for become success or become password",
])
def test_a_user_who_cannot_become_root_is_said_to_be_one(words: str) -> None:
    error = error_of(failed({"msg": words}))
    assert (type(error), "sudo" in error.hint) == (HostUnfit, True)


def test_a_wrong_password_is_said_to_be_one() -> None:
    assert type(error_of(failed({"msg": "Incorrect sudo password"}))) is PasswordWrong

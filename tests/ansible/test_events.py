"""What the events of ansible-runner come to."""

from __future__ import annotations

from cynthus.ansible.client import TaskResult
from cynthus.ansible.events import Events


def events(*told: tuple[str, dict[str, object]]) -> tuple[Events, list[str]]:
    """The events `told`, taken, and what activity heard."""
    heard: list[str] = []
    taken = Events(heard.append)
    for kind, data in told:
        taken.take({"event": kind, "event_data": data})
    return taken, heard


TASK: dict[str, object] = {"host": "h", "role": "image", "task": "Make it", "task_action": "ansible.builtin.command"}
CHECK = {**TASK, "task_action": "ansible.builtin.validate_argument_spec"}


def test_a_task_is_told_with_its_role() -> None:
    assert events(("playbook_on_task_start", TASK))[1] == ["image: Make it"]


def test_a_task_of_no_role_is_told_alone() -> None:
    assert events(("playbook_on_task_start", {"task": "Make it"}))[1] == ["Make it"]


def test_the_check_of_a_roles_arguments_is_nobodys_business() -> None:
    taken, heard = events(("playbook_on_task_start", CHECK), ("runner_on_ok", CHECK))
    assert (taken.tasks, heard) == ([], [])


def test_a_task_that_ended_well_is_a_result() -> None:
    taken, _ = events(("runner_on_ok", {**TASK, "res": {"changed": True, "stdout": "done"}}))
    assert taken.tasks == [TaskResult("h", "image", "Make it", changed=True, stdout="done")]


def test_hidden_output_stays_hidden() -> None:
    taken, _ = events(("runner_on_ok", {**TASK, "res": {"censored": "hidden"}}))
    assert taken.tasks == [TaskResult("h", "image", "Make it", changed=False, stdout="")]


def test_a_failure_that_the_playbook_ignores_is_none() -> None:
    taken, _ = events(("runner_on_failed", {**TASK, "ignore_errors": True, "res": {"msg": "no"}}))
    assert taken.failures == []


def test_a_failure_knows_where_it_happened() -> None:
    taken, _ = events(("runner_on_failed", {**TASK, "ignore_errors": None, "res": {"msg": "no"}}))
    assert [(failure.where, failure.host, failure.unreachable) for failure in taken.failures] == [
        ("image: Make it", "h", False)
    ]


def test_a_host_out_of_reach_is_a_failure_of_its_own_kind() -> None:
    taken, _ = events(("runner_on_unreachable", {**TASK, "res": {"msg": "refused"}}))
    assert [failure.unreachable for failure in taken.failures] == [True]


def test_a_play_without_hosts_is_noticed() -> None:
    assert events(("playbook_on_no_hosts_matched", {}))[0].no_hosts


def test_what_ansible_says_itself_is_kept_without_colours() -> None:
    taken, _ = events()
    taken.take({"event": "error", "stdout": "\x1b[0;31m[ERROR]: no such playbook\x1b[0m\r\n\r\n"})
    assert list(taken.lines) == ["[ERROR]: no such playbook"]


def test_only_the_last_lines_are_kept() -> None:
    taken, _ = events()
    taken.take({"event": "verbose", "stdout": "\n".join(str(number) for number in range(1000))})
    assert taken.lines[-1] == "999"
    assert len(taken.lines) < 100


def test_an_event_of_an_unknown_kind_or_shape_does_no_harm() -> None:
    taken, heard = events()
    for event in ({}, {"event": "EOF"}, {"event": "runner_on_ok", "event_data": None}, {"event": "runner_on_ok"}):
        taken.take(event)
    assert (heard, taken.failures) == ([], [])

"""From what a play left behind to the error that says it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cynthus.errors import (
    AnsibleError,
    CynthusError,
    DiskFull,
    HostError,
    HostUnfit,
    HostUnreachable,
    PasswordWrong,
    TaskFailed,
    error_of_code,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cynthus.ansible.events import Events, Failure

_FULL = "No space left on device"
_AGAIN = "mend that and run the command again: a play does only what is still missing"
_TAIL = 20
_SPOKEN = re.compile(r"(?P<message>.+) \((?P<code>CYN-\d{3})\)\. ?(?P<hint>.*)")
_BARE = "non-zero return code"
_PARTING = re.compile(r"^(Shared connection|Connection) to \S+ closed\.\s*$", re.MULTILINE)
"""What ssh says at the end of a command that had a terminal."""
_WRONG_PASSWORD = re.compile("Incorrect sudo password")
_NO_PASSWORD = re.compile("Missing sudo password|sudo: (a password|interactive authentication) is required")
_NO_SUDO = re.compile("not in the sudoers file|may not run sudo|is not allowed to execute")
_UNHEARD = re.compile("waiting for (privilege escalation|become)")
"""Ansible looks for words that the sudo in Rust, which newer Ubuntus have, does not say."""


def play_error(events: Events, rc: int | None) -> CynthusError:
    """The error of a play that ended with the exit code `rc` (None: a signal ended it) and `events`."""
    failure = _decisive(events.failures)
    if failure is None:
        return _own_error(events, rc)
    if failure.unreachable:
        return HostUnreachable(
            f"{failure.host} cannot be reached: {_words(failure)}",
            hint="check that the machine stands and that this one may connect to it, then run the command again",
        )
    return agent_error(failure.result) or _spoken_error(failure) or _task_error(failure)


def agent_error(result: Mapping[str, object]) -> CynthusError | None:
    """The error that our agent printed, in the class that its code names; None where it printed none."""
    problem = _agent_problem(result)
    if problem is None:
        return None
    details = problem.get("details")
    return error_of_code(str(problem.get("code")), TaskFailed)(
        str(problem.get("message") or "the agent reported an error without a message"),
        hint=str(problem.get("hint") or _AGAIN),
        details=[str(line) for line in details] if isinstance(details, list) else (),
    )


def _agent_problem(result: Mapping[str, object]) -> Mapping[str, object] | None:
    stdout = result.get("stdout")
    if not isinstance(stdout, str) or not stdout.lstrip().startswith("{"):
        return None
    try:
        problem = json.loads(stdout).get("error")
    except ValueError:
        return None
    return problem if isinstance(problem, dict) else None


def _spoken_error(failure: Failure) -> CynthusError | None:
    """The error that a role said in a sentence with its code, for whoever plays it by hand; None where it said none."""
    spoken = _spoken(failure)
    if spoken is None:
        return None
    rest = str(failure.result["msg"]).strip().splitlines()[1:]
    return error_of_code(spoken["code"], TaskFailed)(
        f"{failure.host}: {spoken['message']}",
        hint=spoken["hint"] or _AGAIN,
        details=[line.rstrip() for line in rest if line.strip()][-_TAIL:],
    )


def _spoken(failure: Failure) -> re.Match[str] | None:
    return _SPOKEN.match(str(failure.result.get("msg") or "").strip()) if failure.action.endswith("fail") else None


def _decisive(failures: Sequence[Failure]) -> Failure | None:
    """The failure to report: the last one, but for a `fail` task that only says again what went wrong before it."""
    for place in range(len(failures) - 1, -1, -1):
        failure = failures[place]
        if not any(_repeats(failure, earlier) for earlier in failures[:place]):
            return failure
    return None


def _repeats(failure: Failure, earlier: Failure) -> bool:
    # On another host, too: where one fails, Ansible lets all others fail with the same result.
    if not failure.action.endswith("fail"):
        return False
    problem = _agent_problem(earlier.result)
    if problem is None and _spoken(failure):
        return False
    words = str(problem.get("message")) if problem else _words(earlier)
    return words in str(failure.result.get("msg", ""))


def _task_error(failure: Failure) -> CynthusError:
    words = _words(failure)
    details = _said(failure.result)
    if refused := _refused_by_sudo(failure, (words, *details)):
        return refused
    if any(_FULL in text for text in (words, *details)):
        return DiskFull(
            f"no room left on {failure.host}, at {failure.where}", hint="make room and run the command again"
        )
    if details == [failure.result.get("msg")]:  # which is in the message already
        details = []
    return TaskFailed(f"{failure.where}: failed on {failure.host}: {words}", hint=_AGAIN, details=details)


def _refused_by_sudo(failure: Failure, said: Sequence[str]) -> HostError | None:
    if any(_WRONG_PASSWORD.search(text) for text in said):
        return PasswordWrong(
            f"{failure.host}: sudo does not take the password that was given",
            hint="type it again, or mend CYNTHUS_SUDO_PASSWORD: it is that of the user who connects",
        )
    if any(_NO_PASSWORD.search(text) for text in said):
        return HostUnfit(
            f"{failure.host}: sudo asks for a password, at {failure.where}",
            hint="give it with CYNTHUS_SUDO_PASSWORD, or let the user use sudo without one",
        )
    if any(_UNHEARD.search(text) for text in said):
        return HostUnfit(
            f"{failure.host}: Ansible and this host's sudo do not understand each other, at {failure.where}",
            hint="install the package `sudo` there in place of sudo-rs, or let the user use sudo without a password",
        )
    if any(_NO_SUDO.search(text) for text in said):
        return HostUnfit(
            f"{failure.host}: the user may not become root, at {failure.where}",
            hint="connect as a user who may use sudo, or have somebody do it who may",
            details=said[1:],
        )
    return None


def _words(failure: Failure) -> str:
    """In one line why it failed."""
    censored = failure.result.get("censored")
    if isinstance(censored, str):
        return "its output is hidden (no_log)"
    message = str(failure.result.get("msg") or "").strip()
    if message and message != _BARE:
        return message.splitlines()[0]
    said = _said(failure.result)
    return said[-1] if said else message or "no reason was given"


def _said(result: Mapping[str, object]) -> list[str]:
    """The last lines of what the command wrote, stderr before stdout."""
    for name in ("stderr", "module_stderr", "stdout", "module_stdout", "msg"):
        text = result.get(name)
        lines = _PARTING.sub("", text).strip().splitlines() if isinstance(text, str) else []
        if lines:
            return [line.rstrip() for line in lines[-_TAIL:]]
    return []


def _own_error(events: Events, rc: int | None) -> CynthusError:
    """Ansible itself did not get along: a playbook, an inventory or a setting that it cannot use."""
    if any(_FULL in line for line in events.lines):
        return DiskFull("no room left for Ansible's own files", hint="make room in memory (/dev/shm) or in TMPDIR")
    if events.no_hosts:
        message = "the inventory has no host for this play"
    elif rc is None or rc < 0:
        message = "ansible-playbook was killed"
    else:
        message = f"ansible-playbook ended with exit code {rc}"
    details = tuple(events.lines or events.printed)
    if not details:
        return AnsibleError(f"{message} and printed nothing", hint="run the command again; `cynthus doctor` checks it")
    return AnsibleError(message, hint="mend what Ansible names in its own words", details=details)

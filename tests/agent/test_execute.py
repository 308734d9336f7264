from __future__ import annotations

from typing import TYPE_CHECKING

from tests.agent.host import RUN

if TYPE_CHECKING:
    from tests.agent.host import Host


def printed(host: Host, *words: str) -> str:
    answer = host.call("exec", "--", *words)
    assert answer.returncode == 0, (answer.stdout + answer.stderr).decode()
    return answer.stdout.decode().strip()


def test_a_command_has_the_runs_environment(host: Host) -> None:
    host.bring("")
    assert printed(host, "python", "-c", "import sys; print(sys.prefix)").startswith(str(host.home.environments))


def test_a_command_works_in_the_runs_folder(host: Host) -> None:
    host.bring("")
    assert printed(host, "python", "-c", "import os; print(os.getcwd())") == str(host.run.app)


def test_a_command_has_the_variables_of_the_spec(host: Host) -> None:
    host.spec(env={"A": "b"})
    host.bring("")
    program = "import os; print(os.environ['A'], os.environ['CYNTHUS_RUN_ID'])"
    assert printed(host, "python", "-c", program) == f"b {RUN}"


def test_the_exit_code_of_a_command_comes_back(host: Host) -> None:
    host.bring("")
    assert host.call("exec", "--", "python", "-c", "raise SystemExit(9)").returncode == 9


def test_words_reach_a_command_as_they_are(host: Host) -> None:
    host.bring("")
    words = ["a b", "$HOME", "--home", "'", "\n", ""]
    assert printed(host, "python", "-c", "import sys; print(sys.argv[1:])", *words) == str(words)


def test_a_command_reads_what_is_sent_to_it(host: Host) -> None:
    host.bring("")
    answer = host.call("exec", "--", "python", "-c", "print(input())", stdin=b"hi\n")
    assert answer.stdout == b"hi\n"


def test_a_command_that_is_not_there_is_said_to_be_so(host: Host) -> None:
    host.bring("")
    assert host.not_become("--", "no-such-program").startswith("no-such-program: no such file or directory\n  next: ")


def test_without_a_command_there_is_nothing_to_do(host: Host) -> None:
    host.bring("")
    assert "no command" in host.not_become()


def test_without_a_run_there_is_nothing_to_be_beside(host: Host) -> None:
    assert "there is no run" in host.not_become("--", "true")

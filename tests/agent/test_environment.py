from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import environment, interpreter, lock, spec
from cynthus.agent.failure import Failure
from cynthus.process import Command, birth, kill_group, start
from tests.agent.host import Host, document, until
from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY = "./wheels/tiny-1.0-py3-none-any.whl\n"


@pytest.fixture
def host(tmp_path: Path, program: Path) -> Iterator[Host]:
    """A host with an app that wants a package that lies beside it; no index is asked."""
    made = Host(tmp_path / "a host", program, {**os.environ, "PIP_NO_INDEX": "1"}, requirements="requirements.txt")
    wheel(made.folder / "wheels", "tiny")
    made.file("requirements.txt", TINY)
    yield made
    made.ask("remove")


def made_of(host: Host) -> list[str]:
    return sorted(each.name for each in host.home.environments.iterdir() if each.is_dir())


def test_what_the_app_requires_is_there(host: Host) -> None:
    host.end("import tiny\nprint(tiny.VERSION)")
    assert host.log == "1.0\n"


def test_an_environment_is_made_once(host: Host) -> None:
    first, second = host.ask("environment"), host.ask("environment")
    assert (first["changed"], second["changed"], second["environment"]) == (True, False, first["environment"])


def test_the_next_run_uses_the_same(host: Host) -> None:
    first = host.ask("environment")
    host.file("main.py", "print('other')")
    assert host.ask("environment") == {**first, "changed": False}


def test_changed_requirements_are_another_environment(host: Host) -> None:
    first = host.ask("environment")
    wheel(host.folder / "wheels", "small")
    host.file("requirements.txt", TINY + "./wheels/small-1.0-py3-none-any.whl\n")
    second = host.ask("environment")
    assert (second["changed"], made_of(host)) == (True, sorted([first["environment"], second["environment"]]))


def test_a_changed_package_beside_the_app_is_another_environment(host: Host) -> None:
    host.ask("environment")
    wheel(host.folder / "wheels", "tiny", body="VERSION = 'mended'\n")
    host.end("import tiny\nprint(tiny.VERSION)")
    assert host.log == "mended\n"


def test_without_requirements_nothing_is_installed(host: Host) -> None:
    host.file("requirements.txt", "# none\n\n")
    host.end("import importlib.metadata\nprint(list(importlib.metadata.distributions()))")
    assert host.log == "[]\n"


def test_packages_of_the_machine_are_not_seen(host: Host) -> None:
    ended = host.end("import pytest")
    assert (ended["exit_code"], "ModuleNotFoundError" in host.log) == (1, True)


def test_the_environment_names_its_python(host: Host) -> None:
    assert Path(host.ask("environment")["python"]).is_file()


def test_requirements_that_do_not_install_are_an_error_with_pips_words(host: Host) -> None:
    host.file("requirements.txt", "no-such-package==9.9\n")
    refused = host.refused("environment")
    assert refused["code"] == "CYN-421"
    assert any("no-such-package" in line for line in refused["details"])


def test_all_that_pip_said_stays_in_a_file(host: Host) -> None:
    host.file("requirements.txt", "no-such-package==9.9\n")
    refused = host.refused("environment")
    log = Path(refused["hint"].rpartition("is in ")[2])
    assert "no-such-package" in log.read_text()


def test_what_did_not_install_leaves_nothing_half_made(host: Host) -> None:
    host.file("requirements.txt", "no-such-package==9.9\n")
    host.refused("environment")
    assert made_of(host) == []


def test_an_environment_cannot_be_used_before_it_is_made(host: Host) -> None:
    host.file("main.py")
    host.ask("source")
    refused = host.refused("start")
    assert ("environment" in refused["message"], host.attempt.record.exists()) == (True, False)


def test_a_damaged_environment_is_made_again(host: Host) -> None:
    made = host.ask("environment")
    (host.home.environments / made["environment"] / "bin/python").unlink()
    assert host.ask("environment")["changed"]
    host.end("import tiny\nprint('fine')")
    assert host.log == "fine\n"


def test_two_at_once_make_one(host: Host) -> None:
    host.argv("environment")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: host.ask("environment"), range(2)))
    assert sorted(answer["changed"] for answer in answers) == [False, True]


SLOW_PIP = """\
#!/bin/sh
# Stands in for uv: says something, notes that it was called, then takes its time.
echo "Downloading torch (2.1 GB)"
echo "$$" > "{note}"
exec sleep 600
"""


@contextmanager
def killed_while_it_installs(host: Host, place: Path) -> Iterator[int]:
    """An agent that installs; it is killed at the end, and its installer, whose pid is given, is not."""
    note, tools = place / "note", place / "tools"
    tools.mkdir()
    (tools / "uv").write_text(SLOW_PIP.format(note=note))
    (tools / "uv").chmod(0o755)
    plain = {name: value for name, value in host.environment.items() if not name.startswith("PIP_")}
    slow = {**plain, "PATH": f"{tools}:{os.environ['PATH']}", "UV_NO_INDEX": "1"}
    with open(os.devnull, "wb") as nothing:
        installing = start(Command(host.argv("environment"), env=slow), stdout=nothing, stderr=nothing)
    until(lambda: note.exists() and note.read_text())
    yield int(note.read_text())
    kill_group(installing.pid)
    installing.wait()


def test_while_it_installs_one_can_look_on(host: Host, tmp_path: Path) -> None:
    current = host.home.environments / "current.log"
    with killed_while_it_installs(host, tmp_path) as installer:
        assert current.read_text() == "Downloading torch (2.1 GB)\n"
    os.kill(installer, signal.SIGKILL)
    until(lambda: birth(installer) is None)
    # Of the one that was killed nothing is shown when the next begins.
    host.ask("environment")
    assert not current.is_symlink()


@pytest.mark.parametrize("line", [TINY, "no-such-package==9.9\n"], ids=["installed", "failed"])
def test_after_an_installation_there_is_nothing_to_look_at(host: Host, line: str) -> None:
    host.file("requirements.txt", line)
    host.call("environment")
    assert not (host.home.environments / "current.log").is_symlink()


@pytest.mark.crash
def test_an_installation_that_was_killed_is_begun_anew(host: Host, tmp_path: Path) -> None:
    with killed_while_it_installs(host, tmp_path) as installer:
        pass
    # The lock is still held by what was installing: nobody builds in the same place as long as it lives.
    (held,) = host.home.environments.glob("*.lock")
    assert lock.held(held)
    os.kill(installer, signal.SIGKILL)
    until(lambda: birth(installer) is None)
    assert host.ask("environment")["changed"]
    host.end("import tiny\nprint('whole')")
    assert host.log == "whole\n"


def identified(tmp_path: Path, **changes: object) -> str:
    return environment.identify(spec.parse(document(**changes)), tmp_path)


@pytest.mark.parametrize("change", [{"python": "3.99"}, {"base": "x"}, {"runtime": "container"}])
def test_all_that_decides_what_is_in_it_is_in_its_name(tmp_path: Path, change: dict[str, object]) -> None:
    assert identified(tmp_path) != identified(tmp_path, **change)


@pytest.mark.parametrize("change", [{"command": ["x"]}, {"env": {"A": "b"}}, {"deployment": "b-123456"}, {"gpus": 1}])
def test_nothing_else_is(tmp_path: Path, change: dict[str, object]) -> None:
    assert identified(tmp_path) == identified(tmp_path, **change)


def test_this_python_is_the_same_as_no_python_named(tmp_path: Path) -> None:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert identified(tmp_path) == identified(tmp_path, python=own)


def test_a_python_that_is_nowhere_is_an_error(host: Host) -> None:
    host.environment = {"PATH": "/usr/bin:/bin"}
    host.spec(python="3.99")
    assert host.refused("environment")["code"] == "CYN-135"


def test_a_requirements_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no such file"):
        identified(tmp_path, requirements="requirements.txt")


def test_in_a_registry_the_python_of_the_machine_is_no_part_of_a_name(tmp_path: Path) -> None:
    in_registry: dict[str, object] = {"runtime": "container", "base": "mine:1", "repository": "localhost:5000/app"}
    of_this_machine = identified(tmp_path, **{**in_registry, "python": interpreter.own_version()})
    assert identified(tmp_path, **in_registry) != of_this_machine

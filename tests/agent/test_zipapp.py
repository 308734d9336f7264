from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus import __version__
from cynthus.agent import zipapp
from cynthus.process import Command, run
from tests.agent.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def interpreter(version: str) -> str:
    """A Python of that version; a name on PATH that is only a version switcher's is none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pyenv = sorted(root.glob(f"versions/{version}.*/bin/python"))
    for each in (shutil.which(f"python{version}"), *map(str, pyenv)):
        if each and run(Command((each, "-I", "-S", "-c", VERSION))).stdout.decode().strip() == version:
            return each
    pytest.skip(f"there is no Python {version} on this machine")


@pytest.fixture
def other(request: pytest.FixtureRequest, tmp_path: Path, program: Path) -> Iterator[Host]:
    """A host whose Python is of another version."""
    made = Host(tmp_path / "host", program, os.environ)
    made.python = (interpreter(request.param), "-I", "-S")
    yield made
    made.ask("remove")


def test_the_program_is_the_same_every_time() -> None:
    assert zipapp.content() == zipapp.content()


def test_the_program_knows_no_time_and_no_user() -> None:
    with zipfile.ZipFile(io.BytesIO(zipapp.content())) as archive:
        told = {(each.date_time, each.external_attr, each.create_system) for each in archive.infolist()}
    assert told == {((1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3)}


def test_the_program_is_small(program: Path) -> None:
    """Every rendered folder carries it and every host gets it. It grows with what a host is asked for: buckets,
    registries and preprocessing brought a fifth of it, machines that delete themselves a thirtieth, and that they read
    buckets with nothing installed, or go on with what a machine before had saved there, a fiftieth each."""
    assert program.stat().st_size < 660_000


def test_the_program_can_be_started_by_its_name(program: Path) -> None:
    answer = run(Command((str(program), "version"), env={"PATH": os.environ["PATH"]}))
    assert __version__.encode() in answer.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_the_program_runs_on_every_python(program: Path, version: str) -> None:
    answer = run(Command((interpreter(version), "-I", "-S", str(program), "version"), env={}))
    assert f'"python": "{version}.'.encode() in answer.stdout, answer.stderr.decode()


@pytest.mark.parametrize("other", VERSIONS, indirect=True)
def test_a_run_goes_through_on_every_python(other: Host) -> None:
    ended = other.end("print('x')")
    assert (ended["exit_code"], other.log) == (0, "x\n")


def test_an_app_gets_the_python_that_it_wants(host: Host) -> None:
    wanted = "3.12"
    host.environment["PATH"] = f"{Path(interpreter(wanted)).parent}:{os.environ['PATH']}"
    host.end("import sys\nprint('%d.%d' % sys.version_info[:2])", python=wanted)
    assert host.log == "3.12\n"


def test_the_program_leaves_itself_in_the_home(host: Host, program: Path) -> None:
    host.ask("environment")
    assert host.home.program.read_bytes() == program.read_bytes()


def test_the_program_in_the_home_does_what_the_first_did(host: Host) -> None:
    host.end("print('x')")
    words = (*host.python, str(host.home.program), "status", "--home", str(host.home.folder), "--run", host.run.id)
    assert b'"EXITED"' in run(Command(words, env=host.environment)).stdout


def test_the_program_writes_no_bytecode_into_the_home(host: Host) -> None:
    host.ask("environment")
    assert not list(host.home.folder.glob("__pycache__"))

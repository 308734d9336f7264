from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.agent.host import Host
from tests.state.disks import fill, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POISON = {
    "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere/x.py", "PYTHONWARNINGS": "error",
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONOPTIMIZE": "2", "PYTHONUNBUFFERED": "", "PYTHONIOENCODING": "ascii",
    "VIRTUAL_ENV": "/nowhere", "TF_LOG": "trace", "ANSIBLE_CONFIG": "/nowhere", "CYNTHUS_RUN_ID": "wrong",
    "LC_ALL": "C", "PIP_TARGET": "/nowhere", "PIP_PREFIX": "/nowhere",
}  # fmt: skip


@pytest.fixture
def poisoned(tmp_path: Path, program: Path) -> Iterator[Host]:
    made = Host(tmp_path / "it's a \"host\" $HOME é", program, {**os.environ, **POISON})
    yield made
    made.ask("remove")


def test_the_users_python_settings_do_not_reach_main(poisoned: Host) -> None:
    poisoned.end("import os\nprint(sorted(n for n in os.environ if n.startswith(('PYTHON', 'TF_', 'ANSIBLE_'))))")
    assert poisoned.log == "['PYTHONUNBUFFERED']\n"


def test_a_run_works_whatever_its_folder_is_called(poisoned: Host) -> None:
    poisoned.file("data/x", "seven")
    ended = poisoned.end(
        "open('outputs/y', 'w').write(open('data/x').read())", data=[{"name": None, "from": "data", "mode": "mount"}]
    )
    assert (ended["exit_code"], (poisoned.run.outputs / "y").read_text()) == (0, "seven")


def test_without_home_and_path_a_run_works(tmp_path: Path, program: Path) -> None:
    bare = Host(tmp_path / "bare", program, {})
    try:
        ended = bare.end("import os\nprint('HOME' in os.environ)")
        assert (ended["exit_code"], bare.log) == (0, "False\n")
    finally:
        bare.ask("remove")


def test_without_a_home_option_the_users_data_folder_is_it(host: Host) -> None:
    environment = {**host.environment, "XDG_DATA_HOME": str(host.root / "share")}
    words = [word for word in host.argv("environment") if word not in ("--home", str(host.home.folder))]
    answer = run(Command(tuple(words), env=environment))
    assert answer.returncode == 0, answer.stdout
    assert (host.root / "share/cynthus" / host.home.deployment / "deployment.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\xff", '{"schema": 1}', '{"schema": 2}'])
def test_a_spec_that_makes_no_sense_is_refused(host: Host, text: str) -> None:
    words = host.argv("environment")
    (host.root / "spec.json").write_text(text)
    answer = run(Command(words, env=host.environment))
    assert (answer.returncode, answer.stderr, b'"error"' in answer.stdout) == (1, b"", True)


@pytest.mark.parametrize("words", [(), ("no-verb",), ("status",), ("status", "--run"), ("status", "x"), ("help",)])
def test_a_command_line_that_makes_no_sense_is_refused(host: Host, words: tuple[str, ...], program: Path) -> None:
    answer = run(Command((*host.python, str(program), *words), env=host.environment))
    assert (answer.returncode, answer.stderr, b'"hint"' in answer.stdout) == (1, b"", True)


def test_a_reader_that_has_gone_is_no_traceback(host: Host, program: Path) -> None:
    line = " ".join(f"'{word}'" for word in (*host.python, str(program), "version"))
    answer = run(Command(("sh", "-c", f"{{ sleep 0.3; {line}; }} | true"), env=host.environment))
    assert answer.stderr == b""


def test_a_run_id_cannot_lead_out_of_the_home(host: Host) -> None:
    host.bring("")
    answer = run(Command((*host.argv("version")[:-1], "status", "--home", str(host.home.folder), "--run", "../../x")))
    assert b"is no run's id" in answer.stdout


def test_the_end_is_written_down_on_a_full_disk(tmp_path: Path, program: Path) -> None:
    with mounted(tmp_path / "small", "size=48m") as disk:
        made = Host(disk / "host", program, os.environ)
        made.begin("import time\nwhile not __import__('os').path.exists('outputs/full'): time.sleep(0.01)\nexit(6)")
        (made.run.outputs / "full.part").write_text("")
        os.replace(made.run.outputs / "full.part", made.run.outputs / "going")
        fill(disk)
        os.replace(made.run.outputs / "going", made.run.outputs / "full")
        ended = made.ended()
        (disk / "filler").unlink()
        made.ask("remove")
    assert ended["exit_code"] == 6


def test_a_full_disk_is_said_to_be_one(tmp_path: Path, program: Path) -> None:
    with mounted(tmp_path / "small", "size=1m") as disk:
        made = Host(disk / "host", program, os.environ)
        made.spec()
        made.argv("source")
        fill(disk)
        assert made.refused("environment")["code"] == "CYN-504"

"""The agent's code is compiled once and kept, and what is kept can be damaged, deleted or somebody else's."""

from __future__ import annotations

import marshal
import os
import py_compile
import zlib
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import bytecode, verbs, zipapp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.host import Host


def kept(host: Host) -> list[Path]:
    """The files of code that are kept for the host's user."""
    return sorted(bytecode.place(host.environment).glob("*/*"))


def plant(host: Host, module: str, source: str) -> None:
    """Put code in the place of a module's that is kept, with a checksum that is right."""
    (file,) = [each for each in kept(host) if each.name == module]
    code = marshal.dumps(compile(source, module, "exec"))
    file.write_bytes(zlib.crc32(code).to_bytes(4, "big") + code)


def forget(host: Host) -> None:
    for each in kept(host):
        each.unlink()


def test_what_was_compiled_is_kept(host: Host) -> None:
    host.ask("version")
    assert "cynthus.agent.verbs" in [each.name for each in kept(host)]


def test_what_is_kept_is_what_runs(host: Host) -> None:
    host.ask("version")
    plant(host, "cynthus.agent.verbs", "raise SystemExit(42)")
    assert host.call("version").returncode == 42
    forget(host)


@pytest.mark.parametrize("harm", [lambda data: b"", lambda data: bytes(len(data)), lambda data: data[:-9]])
def test_what_is_damaged_is_compiled_again(host: Host, harm: Callable[[bytes], bytes]) -> None:
    host.ask("version")
    whole = {each: each.read_bytes() for each in kept(host)}
    for each, data in whole.items():
        each.write_bytes(harm(data))
    host.ask("version")
    assert {each: each.read_bytes() for each in kept(host)} == whole


def test_what_others_can_write_is_not_run(host: Host) -> None:
    host.ask("version")
    plant(host, "cynthus.agent.verbs", "raise SystemExit(42)")
    kept(host)[0].parent.chmod(0o777)
    host.ask("version")


def test_another_program_has_its_own(host: Host, tmp_path: Path) -> None:
    host.ask("version")
    ours = {each.parent for each in kept(host)}
    bytecode.hand_over(b"another program", dict, host.environment)
    assert len(set(bytecode.place(host.environment).iterdir()) - ours) == 1


def test_of_many_programs_the_newest_few_are_kept(host: Host) -> None:
    place = bytecode.place(host.environment)
    for age in range(9, 0, -1):
        bytecode.hand_over(f"release {age}".encode(), lambda: {"module": b"code"}, host.environment)
        newest = max(place.iterdir(), key=lambda each: each.stat().st_mtime_ns)
        os.utime(newest, (1e9 - age, 1e9 - age))
    host.ask("version")
    assert len(list(place.iterdir())) == 4
    assert "cynthus.agent.verbs" in [each.name for each in kept(host)]


def test_code_that_is_handed_over_is_what_runs(host: Host) -> None:
    code = marshal.dumps(compile("raise SystemExit(42)", "verbs", "exec"))
    bytecode.hand_over(zipapp.content(), lambda: {"cynthus.agent.verbs": code}, host.environment)
    assert host.call("version").returncode == 42
    forget(host)


def test_what_python_has_kept_beside_the_modules_can_be_handed_over() -> None:
    py_compile.compile(verbs.__file__)
    assert marshal.loads(zipapp.compiled()["cynthus.agent.verbs"]).co_filename == verbs.__file__


def test_a_user_without_a_home_has_nothing_kept(host: Host) -> None:
    del host.environment["HOME"]
    host.ask("version")
    assert kept(host) == []


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(host: Host) -> None:
    (host.root / "user").write_text("a file")
    host.ask("version")

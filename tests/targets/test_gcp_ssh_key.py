"""The SSH key whose public half a machine of Google Cloud is told."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import FolderNotWritable, UsageError
from cynthus.process import Command, run
from cynthus.targets.gcp.ssh_key import USUAL, home_of_user, public_half
from tests.damage import like_everybody

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0 ann@desk"

needs_openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen on this machine")


@pytest.fixture
def home(tmp_path: Path) -> Callable[[], Path]:
    """Somebody's, which is not that of whoever runs the tests."""
    return lambda: tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(key: str, home: Callable[[], Path] = home_of_user) -> UsageError:
    with pytest.raises(UsageError) as caught:
        public_half(key, home=home)
    return caught.value


@needs_openssh
def test_the_usual_key_is_made_where_it_is_missing(tmp_path: Path, home: Callable[[], Path]) -> None:
    line = public_half(USUAL, home=home)
    assert line.startswith("ssh-ed25519 AAAA")
    assert line.endswith(" cynthus")
    answer = run(Command(("ssh-keygen", "-y", "-f", str(tmp_path / ".ssh/cynthus"))))
    assert answer.stdout.decode().split()[1] == line.split()[1]


@needs_openssh
def test_nobody_else_can_read_what_was_made(tmp_path: Path, home: Callable[[], Path]) -> None:
    public_half(USUAL, home=home)
    assert (mode(tmp_path / ".ssh"), mode(tmp_path / ".ssh/cynthus")) == (0o700, 0o600)


@needs_openssh
def test_the_usual_key_is_made_once(home: Callable[[], Path]) -> None:
    assert public_half(USUAL, home=home) == public_half(USUAL, home=home)


def test_a_key_below_the_home_is_found_where_ssh_finds_it(tmp_path: Path, home: Callable[[], Path]) -> None:
    (tmp_path / "lab.pub").write_text(f"{LINE}\n")
    assert public_half("~/lab", home=home) == LINE


def test_the_home_is_that_of_the_password_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/elsewhere")
    assert home_of_user() == Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_a_key_anywhere_else_is_taken_as_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "lab.key.pub").write_text(f"\n{LINE}\nanother line\n")
    assert public_half(str(tmp_path / "lab.key")) == LINE


def test_another_key_than_the_usual_one_is_not_made(tmp_path: Path) -> None:
    found = refusal(str(tmp_path / "lab"))
    assert f"{tmp_path}/lab.pub: no such file" in found.message
    assert f"`ssh-keygen -y -f {tmp_path}/lab > {tmp_path}/lab.pub`" in found.hint
    assert list(tmp_path.iterdir()) == []


def test_the_usual_key_without_its_public_half_is_left_as_it_is(tmp_path: Path, home: Callable[[], Path]) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/cynthus").write_text("mine")
    assert "cynthus.pub: no such file" in refusal(USUAL, home).message
    assert (tmp_path / ".ssh/cynthus").read_text() == "mine"


def test_the_command_of_a_hint_can_be_typed_as_it_is(tmp_path: Path) -> None:
    assert f"-f '{tmp_path}/my lab'" in refusal(f"{tmp_path}/my lab").hint


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lab.pub").write_bytes(content)
    assert "there is no key in it" in refusal(str(tmp_path / "lab")).message


@pytest.mark.parametrize("content", ["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "hello", "ssh-ed25519"])
def test_what_is_no_public_half_goes_nowhere(tmp_path: Path, content: str) -> None:
    (tmp_path / "lab.pub").write_text(content)
    found = refusal(str(tmp_path / "lab"))
    assert "is not the public half" in found.message
    assert content not in f"{found.message} {found.hint} {found.details}"


def test_a_home_that_cannot_be_written_to_is_told(tmp_path: Path, home: Callable[[], Path]) -> None:
    tmp_path.chmod(0o500)
    try:
        with like_everybody(), pytest.raises(FolderNotWritable):
            public_half(USUAL, home=home)
    finally:
        tmp_path.chmod(0o700)


def test_a_key_that_cannot_be_made_is_told_in_the_words_of_ssh_keygen(
    tmp_path: Path, home: Callable[[], Path]
) -> None:
    # A link to nowhere: nothing is there, and nothing can be made there.
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/cynthus").symlink_to("/no/such/folder/key")
    assert "ssh-keygen made no key" in refusal(USUAL, home).message

"""The folder of a play is private, and gone afterwards."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.private import own_files, private_folder, sweep, sweep_leftovers
from cynthus.errors import AnsibleError, DiskFull
from cynthus.process import Command, birth, run

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_can_read_the_folder(tmp_path: Path) -> None:
    with private_folder(tmp_path / "tmpfs") as folder:
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent, folder.parent.parent)}
    assert modes == {0o700}


def test_the_folder_is_gone_afterwards(tmp_path: Path) -> None:
    with private_folder(tmp_path / "tmpfs") as folder:
        (folder / "env").mkdir()
        (folder / "env/extravars").write_text("x")
    assert not folder.exists()


def test_the_folder_is_gone_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(KeyError), private_folder(tmp_path / "tmpfs") as folder:
        raise KeyError
    assert not folder.exists()


def test_two_plays_have_folders_of_their_own(tmp_path: Path) -> None:
    with private_folder(tmp_path / "tmpfs") as one, private_folder(tmp_path / "tmpfs") as other:
        assert one != other


def test_what_a_dead_process_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    program = "import os,sys;from cynthus.process import birth;print(f'{os.getpid()}-{birth(os.getpid())}-1')"
    name = run(Command((sys.executable, "-c", program))).stdout.decode().strip()
    left = tmp_path / "tmpfs/ansible" / name
    with private_folder(tmp_path / "tmpfs"):
        pass
    left.mkdir()
    (left / "extravars").write_text("a value")
    with private_folder(tmp_path / "tmpfs"):
        assert not left.exists()


def test_what_a_living_process_uses_is_left_alone(tmp_path: Path) -> None:
    used = tmp_path / f"{os.getpid()}-{birth(os.getpid())}-7"
    used.mkdir()
    sweep(tmp_path)
    assert used.exists()


def test_there_may_be_nothing_to_sweep(tmp_path: Path) -> None:
    sweep_leftovers(tmp_path / "tmpfs")
    assert not (tmp_path / "tmpfs").exists()


def test_a_folder_that_others_may_read_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / "ansible/1-1-1").mkdir(parents=True)
    (tmp_path / "ansible").chmod(0o755)
    tmp_path.chmod(0o700)
    with pytest.raises(AnsibleError, match="not a private folder"):
        sweep_leftovers(tmp_path)
    assert (tmp_path / "ansible/1-1-1").exists()


def test_a_pid_that_was_used_again_keeps_nothing_alive(tmp_path: Path) -> None:
    left = tmp_path / f"{os.getpid()}-1-1"
    left.mkdir()
    sweep(tmp_path)
    assert not left.exists()


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "tmpfs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnsibleError, match="not a private folder"), private_folder(tmp_path / "tmpfs"):
        pass


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tmpfs").mkdir()
    (tmp_path / "tmpfs").chmod(0o755)
    with pytest.raises(AnsibleError, match="not a private folder"), private_folder(tmp_path / "tmpfs"):
        pass


def test_a_file_in_the_place_of_the_folder_is_said_to_be_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "tmpfs").touch()
    with pytest.raises(AnsibleError, match="tmpfs"), private_folder(tmp_path / "tmpfs"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_to_be_full(tmp_path: Path, number: int) -> None:
    with pytest.raises(DiskFull, match=tmp_path.name), own_files(tmp_path):
        raise OSError(number, os.strerror(number))

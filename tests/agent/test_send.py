"""Data goes to a host file by file, and only what is missing there: both halves, over a pipe."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import data, spec
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.agent.send import send
from tests.agent.host import document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OLD = 1_600_000_000_123_456_789
"""A time of change with nanoseconds."""


class Sending:
    """A folder with data and a host beside it. `ssh` is the command line that leads there."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder / "app"
        self.home = Home(folder / "home", "weather-abcdef")
        self.spec = spec.parse(document(data=[{"name": None, "from": "data", "mode": "copy"}]))
        self.ssh: tuple[str, ...] = ("sh", "-c")
        self.take = (sys.executable, "-I", "-S", str(program), "take", "--deployment", "weather-abcdef",
                     "--home", str(self.home.folder))  # fmt: skip

    def file(self, path: str, content: bytes = b"1") -> Path:
        file = self.folder / "data" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def go(self) -> Mapping[str, Any]:
        return send(self.folder, self.spec, self.ssh, self.take)

    def through(self, script: str) -> None:
        """Lead there through a script that gets the command as $1."""
        self.ssh = ("sh", "-c", script, "sh")

    @property
    def there(self) -> Path:
        return self.home.data / data.name_of(self.spec.data[0], self.folder)

    def arrived(self) -> dict[str, bytes]:
        files = (path for path in self.there.rglob("*") if path.is_file())
        return {path.relative_to(self.there).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def sending(tmp_path: Path, program: Path) -> Sending:
    made = Sending(tmp_path, program)
    made.file("a")
    made.file("deep/b", b"22")
    return made


def test_all_arrives_the_first_time(sending: Sending) -> None:
    assert sending.go() == {"changed": True, "files": 2, "bytes": 3}
    assert sending.arrived() == {"a": b"1", "deep/b": b"22"}


def test_nothing_goes_twice(sending: Sending) -> None:
    sending.go()
    assert sending.go() == {"changed": False, "files": 0, "bytes": 0}


def test_only_what_changed_goes_again(sending: Sending) -> None:
    sending.go()
    sending.file("a", b"333")
    assert sending.go() == {"changed": True, "files": 1, "bytes": 3}
    assert sending.arrived()["a"] == b"333"


def test_what_is_gone_goes_there_too(sending: Sending) -> None:
    sending.go()
    (sending.folder / "data/a").unlink()
    assert sending.go() == {"changed": True, "files": 0, "bytes": 0}
    assert sending.arrived() == {"deep/b": b"22"}


def test_times_of_change_arrive_to_the_nanosecond(sending: Sending) -> None:
    os.utime(sending.folder / "data/a", ns=(OLD, OLD))
    sending.go()
    assert (sending.there / "a").stat().st_mtime_ns == OLD


def test_a_file_from_before_the_epoch_arrives(sending: Sending) -> None:
    os.utime(sending.folder / "data/a", ns=(-OLD, -OLD))
    sending.go()
    assert (sending.there / "a").stat().st_mtime_ns == -OLD


def test_nothing_of_it_can_be_written_and_programs_stay_programs(sending: Sending) -> None:
    (sending.folder / "data/a").chmod(0o750)
    sending.go()
    modes = [stat.S_IMODE((sending.there / name).stat().st_mode) for name in ("a", "deep/b")]
    assert modes == [0o554, 0o444]


@pytest.mark.parametrize("name", ["a b", "it's", "a\nb", "ü😀", "-x", "$HOME", ".hidden", "x" * 250, "d/" * 90 + "x"])
def test_a_file_may_be_called_anything(sending: Sending, name: str) -> None:
    sending.file(name, b"called so")
    sending.go()
    assert sending.arrived()[name] == b"called so"


def test_a_name_that_is_no_text_arrives(sending: Sending) -> None:
    name = os.fsdecode(b"\xff\xfe")
    sending.file(name)
    sending.go()
    assert (sending.there / name).exists()
    assert not sending.go()["changed"]


def test_a_file_may_become_a_folder_and_a_folder_a_file(sending: Sending) -> None:
    sending.go()
    (sending.folder / "data/a").unlink()
    (sending.folder / "data/deep/b").unlink()
    (sending.folder / "data/deep").rmdir()
    sending.file("a/inner")
    sending.file("deep")
    sending.go()
    assert set(sending.arrived()) == {"a/inner", "deep"}


def test_a_single_file_arrives_below_its_name(sending: Sending) -> None:
    (sending.folder / "x.csv").write_text("1,2")
    sending.spec = spec.parse(document(data=[{"name": None, "from": "x.csv", "mode": "copy"}]))
    sending.go()
    assert sending.arrived() == {"x.csv": b"1,2"}


def test_what_a_login_script_prints_is_no_answer(sending: Sending) -> None:
    sending.through('echo "Welcome to the lab"; echo; echo 42; eval "$1"')
    assert sending.go()["files"] == 2


# checkpoints


def saved(sending: Sending, path: str, text: str) -> Path:
    file = sending.folder / "checkpoints" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_deployment_that_is_made_anew_begins_with_saved_checkpoints(sending: Sending) -> None:
    saved(sending, "step/1", "one")
    (sending.folder / "checkpoints/latest").symlink_to("step/1")
    assert sending.go()["files"] == 3
    there = sending.home.folder / "brought/checkpoints"
    assert ((there / "latest").readlink().as_posix(), (there / "latest").read_text()) == ("step/1", "one")


def test_what_a_pull_left_that_was_cut_off_is_no_checkpoint(sending: Sending) -> None:
    saved(sending, ".0a1b2c3d.part", "half")
    saved(sending, "step", "7")
    sending.go()
    assert [path.name for path in (sending.home.folder / "brought/checkpoints").iterdir()] == ["step"]


def test_a_checkpoint_can_be_written_over(sending: Sending) -> None:
    saved(sending, "1", "one").chmod(0o444)
    sending.go()
    assert (sending.home.folder / "brought/checkpoints/1").stat().st_mode & 0o200


def test_a_deployment_that_has_checkpoints_keeps_its_own(sending: Sending) -> None:
    saved(sending, "1", "of home")
    sending.home.checkpoints.mkdir(parents=True)
    assert sending.go()["files"] == 2
    assert not (sending.home.folder / "brought/checkpoints").exists()


# what goes wrong


def test_after_a_cut_what_had_arrived_does_not_go_again(sending: Sending) -> None:
    sending.file("deep/z", bytes(1 << 20))
    sending.through('dd bs=4096 count=60 2>/dev/null | eval "$1"')
    with pytest.raises(Failure, match="cut off") as caught:
        sending.go()
    assert "what has arrived stays" in caught.value.hint
    assert set(sending.arrived()) == {"a", "deep/b"}
    sending.through('eval "$1"')
    assert sending.go() == {"changed": True, "files": 1, "bytes": 1 << 20}


def test_a_host_that_hangs_up_is_told_with_the_last_words_of_ssh(sending: Sending) -> None:
    sending.through("echo 'Permission denied (publickey).' >&2; exit 255")
    with pytest.raises(Failure, match=r"the host did not take it: Permission denied \(publickey\)"):
        sending.go()


def test_a_host_that_hangs_up_in_the_middle_says_why(sending: Sending) -> None:
    sending.file("z", bytes(1 << 22))
    problem = json.dumps({"error": {"code": "CYN-504", "message": "no space", "hint": "make room", "details": []}})
    sending.through(f"""read line; echo '{{"want": {{"{sending.there.name}": ["z"]}}}}'; echo '{problem}'""")
    with pytest.raises(Failure, match="no space") as caught:
        sending.go()
    assert caught.value.code == "CYN-504"


def test_data_that_is_missing_is_told_before_anything_goes(sending: Sending) -> None:
    sending.spec = spec.parse(document(data=[{"name": None, "from": "gone", "mode": "copy"}]))
    sending.ssh = ("no-such-program-of-ours",)
    with pytest.raises(Failure, match="gone"):
        sending.go()

"""What every `cynthus.targets.base.Connection` promises, as tests.

A test class inherits from `ConnectionContract` and says how a host is reached::

    class TestMine(ConnectionContract):
        def reach(self, folder): ...
"""

from __future__ import annotations

import hashlib
import stat
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cynthus.process import CommandTimeout
from cynthus.targets.connection import Sum

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

    from cynthus.process import Completed
    from cynthus.targets.connection import Connection

GARBLED = bytes(range(256))
OLD = 1_600_000_000_123_456_789
"""A time of change with nanoseconds."""

PUT = """
import os, pathlib, sys
path, mode, time = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
path.parent.mkdir(parents=True, exist_ok=True)
path.write_bytes(sys.stdin.buffer.read())
path.chmod(mode)
os.utime(path, ns=(time, time))
"""

SOCKET = "import socket; socket.socket(socket.AF_UNIX).bind('socket')"


@dataclass(frozen=True)
class Reach:
    """A way to a host, and an empty folder there."""

    connection: Connection
    folder: PurePosixPath

    def shell(self, script: str, *words: str) -> Completed:
        """Run a script of `sh` in the folder."""
        return self.connection.run(("sh", "-c", f'cd "$0" && {script}', str(self.folder), *words))

    def put(self, path: str, data: bytes, *, mode: int = 0o644) -> PurePosixPath:
        """Make a file below the folder with what the host itself has: python."""
        target = self.folder / path
        argv = (self.connection.python, "-I", "-S", "-c", PUT, str(target), str(mode), str(OLD))
        answer = self.connection.run(argv, stdin=data)
        assert answer.returncode == 0, answer.stderr.decode()
        return target

    def paths(self) -> list[str]:
        return [entry.path for entry in self.connection.files(self.folder)]


class ConnectionContract(ABC):
    """Each test gets an empty folder of this machine for whatever the connection needs."""

    @abstractmethod
    def reach(self, folder: Path) -> Reach:
        """A way to a host that has `sh` and python."""

    # folders

    def test_the_folders_in_a_folder_are_named_in_order(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        for path in ("b/x", "a/y", "file"):
            reach.put(path, b"")
        assert reach.connection.folders(reach.folder) == ("a", "b")

    def test_a_folder_that_is_not_there_has_no_folders(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        assert reach.connection.folders(reach.folder / "none") == ()

    # run

    def test_both_outputs_and_the_exit_code_come_back(self, tmp_path: Path) -> None:
        answer = self.reach(tmp_path).shell("echo out; echo err >&2; exit 7")
        assert (answer.returncode, answer.stdout, answer.stderr) == (7, b"out\n", b"err\n")

    def test_bytes_go_in_and_come_out_as_they_are(self, tmp_path: Path) -> None:
        assert self.reach(tmp_path).connection.run(("cat",), stdin=GARBLED).stdout == GARBLED

    def test_input_that_is_never_read_is_no_trouble(self, tmp_path: Path) -> None:
        assert self.reach(tmp_path).connection.run(("true",), stdin=bytes(1 << 20)).returncode == 0

    def test_without_input_a_command_reads_nothing(self, tmp_path: Path) -> None:
        assert self.reach(tmp_path).connection.run(("cat",), timeout=30).stdout == b""

    @pytest.mark.parametrize("word", ["a b", "$HOME", "it's", '"', "", "*", "a\nb", ";id", "\u2028 ü", "-n"])
    def test_a_word_arrives_as_it_is(self, tmp_path: Path, word: str) -> None:
        assert self.reach(tmp_path).shell('printf "<%s>" "$1"', word).stdout.decode() == f"<{word}>"

    def test_a_command_that_takes_too_long_is_given_up(self, tmp_path: Path) -> None:
        with pytest.raises(CommandTimeout, match=r"0\.3 s"):
            self.reach(tmp_path).connection.run(("sleep", "600"), timeout=0.3)

    def test_much_output_comes_back_whole(self, tmp_path: Path) -> None:
        assert len(self.reach(tmp_path).shell("head -c 3000000 /dev/zero").stdout) == 3_000_000

    def test_its_python_is_one(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        assert reach.connection.run((reach.connection.python, "-c", "print(6 * 7)")).stdout == b"42\n"

    # size and read

    def test_the_size_of_a_file(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        assert reach.connection.size(reach.put("a", b"12345")) == 5

    @pytest.mark.parametrize("path", ["gone", "file/below", "gone/below"])
    def test_what_is_not_there_has_no_size(self, tmp_path: Path, path: str) -> None:
        reach = self.reach(tmp_path)
        reach.put("file", b"x")
        assert reach.connection.size(reach.folder / path) is None

    def test_a_file_is_read_as_it_is(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        assert reach.connection.read(reach.put("a", GARBLED)) == GARBLED

    @pytest.mark.parametrize(
        ("offset", "limit", "expected"),
        [(0, 3, b"012"), (4, None, b"456789"), (4, 2, b"45"), (8, 100, b"89"), (10, 1, b""), (99, 5, b""), (2, 0, b"")],
    )
    def test_a_part_of_a_file_is_read(self, tmp_path: Path, offset: int, limit: int | None, expected: bytes) -> None:
        reach = self.reach(tmp_path)
        assert reach.connection.read(reach.put("a", b"0123456789"), offset=offset, limit=limit) == expected

    @pytest.mark.parametrize("path", ["gone", "file/below", "gone/below"])
    def test_what_is_not_there_cannot_be_read(self, tmp_path: Path, path: str) -> None:
        reach = self.reach(tmp_path)
        reach.put("file", b"x")
        assert reach.connection.read(reach.folder / path) is None

    def test_a_folder_is_no_file_to_read(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        with pytest.raises(OSError, match=r"[Dd]irectory"):
            reach.connection.read(reach.folder)

    def test_many_files_are_read_in_one_go(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        wanted = [(reach.put("a", GARBLED), 1000), (reach.folder / "missing", 5), (reach.put("b", b"0123456789"), 4)]
        assert reach.connection.read_several(wanted) == (GARBLED, None, b"0123")

    def test_one_of_many_that_cannot_be_read_does_not_keep_back_the_others(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        folder, file = reach.connection.read_several([(reach.folder, 5), (reach.put("a", b"1"), 5)])
        assert (type(folder), file) == (IsADirectoryError, b"1")

    # sums

    @pytest.mark.parametrize(("offset", "size", "part"), [(0, 10, b"0123456789"), (3, 4, b"3456"), (8, 99, b"89")])
    def test_the_checksum_of_a_part_of_a_file(self, tmp_path: Path, offset: int, size: int, part: bytes) -> None:
        reach = self.reach(tmp_path)
        wanted = [(reach.put("a", b"0123456789"), offset, size)]
        assert reach.connection.sums(wanted) == (Sum(hashlib.sha256(part).hexdigest(), len(part), OLD),)

    def test_of_what_cannot_be_read_there_is_no_checksum(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.shell("mkfifo pipe")
        wanted = [(reach.folder / "gone", 0, 5), (reach.folder, 0, 5), (reach.folder / "pipe", 0, 5)]
        assert reach.connection.sums(wanted) == (None, None, None)

    def test_nobody_waits_at_a_pipe(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.shell("mkfifo pipe")
        with pytest.raises(OSError, match=r"[Rr]egular"):
            reach.connection.read(reach.folder / "pipe")

    # files

    def test_files_are_listed_in_the_order_of_their_paths(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        for path in ("b", "a/z", "a/b/c", "a.txt"):
            reach.put(path, b"")
        assert reach.paths() == ["a.txt", "a/b/c", "a/z", "b"]

    def test_a_file_is_listed_with_its_size_time_and_mode(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.put("a", b"123", mode=0o750)
        (entry,) = reach.connection.files(reach.folder)
        assert (entry.path, entry.size, entry.mtime_ns, stat.S_IMODE(entry.mode)) == ("a", 3, OLD, 0o750)

    @pytest.mark.parametrize("name", ["a b", "it's", "a\nb", "ü", "-x", "$HOME", ".hidden"])
    def test_a_file_may_be_called_anything(self, tmp_path: Path, name: str) -> None:
        reach = self.reach(tmp_path)
        reach.put(name, b"")
        assert reach.paths() == [name]

    def test_a_file_is_listed_as_no_link(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.put("a", b"")
        assert [entry.link for entry in reach.connection.files(reach.folder)] == [None]

    def test_pipes_and_sockets_are_no_files(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.put("a", b"")
        made = reach.shell('mkfifo pipe && exec "$1" -c "$2"', reach.connection.python, SOCKET)
        assert made.returncode == 0, made.stderr.decode()
        assert reach.paths() == ["a"]

    def test_a_second_name_of_a_file_is_a_file(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.put("a", b"12")
        reach.shell("ln a b")
        assert [(entry.path, entry.size, entry.link) for entry in reach.connection.files(reach.folder)] == [
            ("a", 2, None), ("b", 2, None),
        ]  # fmt: skip

    @pytest.mark.parametrize("target", ["a", "./a", "a/../a", "gone", ".", "..", "/", "/no such", "link", "a\nü", "-n"])
    def test_a_link_is_listed_with_what_it_says(self, tmp_path: Path, target: str) -> None:
        reach = self.reach(tmp_path)
        reach.put("a", b"")
        reach.shell('ln -s -- "$1" link', target)
        assert [(entry.path, entry.link) for entry in reach.connection.files(reach.folder)] == [
            ("a", None), ("link", target),
        ]  # fmt: skip

    def test_a_link_to_a_folder_is_not_followed(self, tmp_path: Path) -> None:
        reach = self.reach(tmp_path)
        reach.put("real/a", b"")
        reach.shell("mkdir listed; ln -s ../real listed/link")
        assert [entry.path for entry in reach.connection.files(reach.folder / "listed")] == ["link"]

    @pytest.mark.parametrize("path", ["gone", "file", "empty"])
    def test_where_no_folder_is_there_are_no_files(self, tmp_path: Path, path: str) -> None:
        reach = self.reach(tmp_path)
        reach.put("file", b"x")
        reach.shell("mkdir empty")
        assert reach.connection.files(reach.folder / path) == ()

    # command

    def test_the_command_for_a_terminal_does_the_same(self, tmp_path: Path) -> None:
        from cynthus.process import run

        command = self.reach(tmp_path).connection.command(("printf", "<%s>", "a b"), tty=False)
        assert run(command).stdout == b"<a b>"

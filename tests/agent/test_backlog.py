from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.backlog import Tree, newest_complete_first
from cynthus.agent.ledger import Ledger, Sign, sign_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    folder = tmp_path / "saved"
    folder.mkdir()
    return Tree(folder, "prefix/", Ledger(tmp_path / "ledger", "/bucket"))


def write(tree: Tree, name: str, *, at: int = 0, text: str = "x") -> Path:
    file = tree.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (at, at))
    return file


def ready(tree: Tree) -> list[str]:
    return [each.name for each in tree.waiting.values() if each.ready]


def order(tree: Tree) -> list[str]:
    return [each.name for each in newest_complete_first(tree.waiting.values())]


def send(tree: Tree, *names: str) -> None:
    for name in names:
        tree.note(tree.waiting[name], f"sum of {name}")


def test_a_file_is_ready_at_the_second_look(tree: Tree) -> None:
    write(tree, "a/b")
    tree.look(quiet=False)
    assert (list(tree.waiting), ready(tree)) == (["a/b"], [])
    tree.look(quiet=False)
    assert ready(tree) == ["a/b"]


def test_after_the_end_the_first_look_is_enough(tree: Tree) -> None:
    write(tree, "a")
    tree.look(quiet=True)
    assert ready(tree) == ["a"]


def test_a_file_that_was_put_in_the_place_of_another_is_ready_at_once(tree: Tree) -> None:
    write(tree, "a")
    tree.look(quiet=False)
    fresh = write(tree, "part", text="y")
    time.sleep(0.02)
    fresh.replace(tree.folder / "a")
    tree.look(quiet=False)
    assert ready(tree) == ["a"]


def test_one_that_is_written_under_the_name_of_another_is_not(tree: Tree) -> None:
    file = write(tree, "a")
    tree.look(quiet=False)
    kept = file.rename(tree.folder.parent / "kept")
    with file.open("w") as stream:
        stream.write("half of it")
        stream.flush()
        now = file.stat()
        os.utime(file, ns=(now.st_atime_ns, now.st_ctime_ns + 10**9))
        tree.look(quiet=False)
    assert (ready(tree), kept.exists()) == ([], True)


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_changed_waits_for_another_look(tree: Tree, change: str) -> None:
    write(tree, "a")
    tree.look(quiet=False)
    if change == "size":
        write(tree, "a", text="xy")
    else:
        write(tree, "a", at=1)
    tree.look(quiet=False)
    assert ready(tree) == []


def test_what_was_sent_waits_no_more(tree: Tree) -> None:
    write(tree, "a")
    write(tree, "b", text="123")
    tree.look(quiet=True)
    send(tree, "b")
    assert (list(tree.waiting), tree.saved) == (["a"], 3)
    tree.look(quiet=True)
    assert (list(tree.waiting), tree.saved) == (["a"], 3)


def test_what_was_sent_and_changed_waits_again(tree: Tree) -> None:
    write(tree, "a")
    tree.look(quiet=True)
    send(tree, "a")
    write(tree, "a", at=5)
    tree.look(quiet=True)
    assert list(tree.waiting) == ["a"]


def test_links_and_pipes_are_left_out(tree: Tree) -> None:
    (tree.folder / "loop").symlink_to(tree.folder)
    (tree.folder / "link").symlink_to("nowhere")
    os.mkfifo(tree.folder / "pipe")
    tree.look(quiet=True)
    assert tree.waiting == {}


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "nothing", "", Ledger(tmp_path / "ledger", "/bucket"))
    tree.look(quiet=True)
    assert tree.waiting == {}


def test_the_newest_checkpoint_comes_first_and_as_a_whole(tree: Tree) -> None:
    for name, at in {"step-1/a": 10, "step-2/a": 20, "step-2/b": 5, "last.pt": 15}.items():
        write(tree, name, at=at)
    tree.look(quiet=True)
    assert order(tree) == ["step-2/a", "step-2/b", "last.pt", "step-1/a"]


def test_a_checkpoint_that_is_being_written_waits_as_a_whole(tree: Tree) -> None:
    write(tree, "step-1/a", at=10)
    write(tree, "step-2/a", at=20)
    tree.look(quiet=False)
    write(tree, "step-2/b", at=21)
    tree.look(quiet=False)
    assert order(tree) == ["step-1/a"]


def test_a_checkpoint_is_complete_when_all_of_it_is_there(tree: Tree) -> None:
    for name, at in {"step-1/a": 10, "step-2/a": 20, "step-2/b": 20}.items():
        write(tree, name, at=at)
    tree.look(quiet=True)
    send(tree, "step-1/a", "step-2/a")
    assert tree.complete() == [{"name": "step-1", "files": {"step-1/a": [1, "sum of step-1/a"]}}]
    send(tree, "step-2/b")
    assert [each["name"] for each in tree.complete() if isinstance(each, dict)] == ["step-2", "step-1"]


# the ledger


SIGN = Sign(1, 2, 3)


def test_a_ledger_remembers(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger", "/bucket")
    first.note("a\nb\udcff", SIGN, "sum")
    first.keep()
    again = Ledger(tmp_path / "ledger", "/bucket")
    assert (again.sent("a\nb\udcff"), again.told("a\nb\udcff"), again.sent("b")) == (SIGN, [1, "sum"], None)


def test_of_another_bucket_it_knows_nothing(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger", "/bucket")
    first.note("a", SIGN, "sum")
    first.keep()
    assert Ledger(tmp_path / "ledger", "/other").sent("a") is None


@pytest.mark.parametrize("rest", ["", '["b", 1, 2', '{"b": 1}\n', "[1, 2]\n", "\0\0\0\0\n", '["c", "1", 2, 3, "x"]\n'])
def test_a_line_that_was_cut_off_costs_that_line(tmp_path: Path, rest: str) -> None:
    first = Ledger(tmp_path / "ledger", "/bucket")
    first.note("a", SIGN, "sum")
    first.keep()
    with open(tmp_path / "ledger", "a") as stream:
        stream.write(rest)
    again = Ledger(tmp_path / "ledger", "/bucket")
    again.note("d", SIGN, "sum")
    again.keep()
    last = Ledger(tmp_path / "ledger", "/bucket")
    assert [last.sent(name) for name in ("a", "b", "c", "d")] == [SIGN, None, None, SIGN]


def test_a_ledger_that_is_no_text_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"\xff\xfe")
    assert Ledger(tmp_path / "ledger", "/bucket").sent("a") is None


def test_a_sign_is_of_a_version(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = sign_of((tmp_path / "a").stat())
    os.utime(tmp_path / "a", ns=(0, 1))
    assert sign_of((tmp_path / "a").stat()) != before

"""A write that is cut off before any one of its changes: no edit is lost, and the next write goes on rightly."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.process import Command, run
from cynthus.render.disk import Hands
from tests.render.folders import MAIN, Folder, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.render.folder import Rendered

pytestmark = pytest.mark.crash

BEFORE = some(gone__tf="gone\n", notes__md="edited later\n")
"""What was rendered at first."""

AFTER = some(
    MAIN.replace("line 2\n", "line two\n"),
    gone__tf=None,
    notes__md="edited later\n",
    fresh__tf="fresh\n",
    terraform__tfvars__json='{"gpus": 0, "new": 1}\n',
)
"""The new version: changes, removes and adds files."""

LAST = some(
    MAIN.replace("line 2\n", "line zwei\n").replace("line 4\n", "line vier\n"),
    gone__tf="back again\n",
    notes__md="edited later\n",
    fresh__tf="fresher\n",
    terraform__tfvars__json='{"gpus": 0, "new": 2}\n',
)
"""Another version, wanted when the write of AFTER was cut off."""

MORE_THAN_ENOUGH = 200


class Cut(BaseException):
    """What a kill is to the code: nothing runs after it."""


class Fragile(Hands):
    """Hands that are cut off before change number `last`, counted from 0."""

    def __init__(self, last: int) -> None:
        self._left = last

    def _count(self) -> None:
        if self._left == 0:
            raise Cut
        self._left -= 1

    def write(self, path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
        self._count()
        super().write(path, content, mode=mode, durable=durable)

    def move(self, source: Path, path: Path) -> None:
        self._count()
        super().move(source, path)

    def remove(self, path: Path) -> None:
        self._count()
        super().remove(path)

    def remove_folder(self, path: Path) -> None:
        self._count()
        super().remove_folder(path)

    def remove_empty(self, folder: Path, *, up_to: Path) -> None:
        self._count()
        super().remove_empty(folder, up_to=up_to)


def edit(folder: Folder) -> Folder:
    """Edits that merge with AFTER, and a file that is gone."""
    folder.edit("line 8\n", "my line 8\n")
    folder.edit("line 9\n", "line 9\nmy last line\n")
    folder.edit("edited later", "edited by me", "notes.md")
    (folder.root / "terraform.tfvars.json").write_text('{"gpus": 5, "mine": 1}\n')
    (folder.root / "README.md").unlink()
    return folder


def cut_off(folder: Folder, files: Rendered, last: int) -> bool:
    """Write, cut off before change `last`; whether there were that many."""
    try:
        replace(folder.workspace, hands=Fragile(last)).write(files)
    except Cut:
        return True
    return False


def prepared(folder: Folder) -> Folder:
    folder.write(BEFORE)
    return edit(folder)


def cloned(folder: Folder) -> Folder:
    """The same in a fresh clone, with the edits that can be kept there: of files that do not change."""
    folder.write(BEFORE)
    folder.edit("edited later", "edited by me", "notes.md")
    (folder.root / "README.md").unlink()
    return folder.clone(folder.home.with_name("clone"))


def contents(folder: Folder) -> dict[str, object]:
    """Every file of the folder; JSON by what it means, as merging may write it in another form."""
    files = {path.relative_to(folder.root).as_posix(): path.read_text() for path in folder.root.rglob("*.*")}
    return {path: json.loads(text) if path.endswith(".json") else text for path, text in files.items()}


def wanted(folder: Folder, make: Callable[[Folder], Folder], *versions: Rendered) -> dict[str, object]:
    """The folder as it is when nothing is cut off."""
    other = make(Folder(folder.home.with_name("wanted")))
    for files in versions:
        other.write(files)
    return contents(other)


@pytest.mark.parametrize("make", [prepared, cloned, lambda folder: folder], ids=["edited", "clone", "fresh"])
@pytest.mark.parametrize(
    "then", [(AFTER,), (LAST,), (BEFORE,), (LAST, AFTER)], ids=["go on", "another", "go back", "there and back"]
)
def test_wherever_a_write_is_cut_off_the_next_one_comes_to_the_same_end(
    tmp_path: Path, make: Callable[[Folder], Folder], then: tuple[Rendered, ...]
) -> None:
    end = wanted(Folder(tmp_path / "app"), make, *then)
    cuts = 0
    for last in range(MORE_THAN_ENOUGH):
        folder = make(Folder(tmp_path / str(last) / "app"))
        if not cut_off(folder, AFTER, last):
            break
        cuts += 1
        for files in then:
            folder.write(files)
        assert contents(folder) == end, f"cut off before change {last}"
        assert set(folder.write(then[-1]).values()) <= {"same", "kept", "deleted-by-user"}
    assert 10 < cuts < MORE_THAN_ENOUGH


@pytest.mark.parametrize("first", [0, 7, 14, 21])
def test_a_write_that_is_cut_off_again_and_again_comes_to_its_end(tmp_path: Path, first: int) -> None:
    folder = prepared(Folder(tmp_path / "app"))
    for last in [first, *range(MORE_THAN_ENOUGH)]:
        if not cut_off(folder, AFTER, last):
            break
    assert contents(folder) == wanted(folder, prepared, AFTER)


@pytest.mark.parametrize("second", [1, 2, 4, 6])
def test_a_write_may_be_cut_off_while_it_takes_over_from_one_that_was(tmp_path: Path, second: int) -> None:
    end = wanted(Folder(tmp_path / "app"), prepared, LAST)
    for first in range(MORE_THAN_ENOUGH):
        folder = prepared(Folder(tmp_path / str(first) / "app"))
        if not cut_off(folder, AFTER, first):
            break
        cut_off(folder, LAST, second)
        folder.write(LAST)
        assert contents(folder) == end, f"cut off before changes {first} and {second}"


def test_no_edit_is_ever_lost_on_the_way(tmp_path: Path) -> None:
    for last in range(MORE_THAN_ENOUGH):
        folder = prepared(Folder(tmp_path / str(last) / "app"))
        if not cut_off(folder, AFTER, last):
            break
        assert "my line 8\nline 9\nmy last line\n" in folder.text()
        assert "edited by me" in folder.text("notes.md")
        assert '"gpus": 5' in folder.text("terraform.tfvars.json")
        assert not (folder.root / "README.md").exists()


def test_edits_are_told_rightly_after_a_cut(tmp_path: Path) -> None:
    for last in range(MORE_THAN_ENOUGH):
        folder = prepared(Folder(tmp_path / str(last) / "app"))
        if not cut_off(folder, AFTER, last):
            break
        shown = {edit.path: edit.diff for edit in folder.workspace.edits()}
        lines = [line for line in shown["main.tf"].splitlines()[2:] if line[0] in "+-"]
        assert lines == ["-line 8", "+my line 8", "+my last line"], f"cut off before change {last}"


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.render.folders import Folder
from tests.render.test_kill import AFTER
moves = 0
real = os.replace
def replace(source, target):
    global moves
    moves += 1
    if moves == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = replace
Folder(Path(sys.argv[1])).write(AFTER)
"""


@pytest.mark.parametrize("number", range(1, 20, 3))
def test_a_real_kill_in_the_middle_of_a_file_leaves_no_rest(tmp_path: Path, number: int) -> None:
    folder = prepared(Folder(tmp_path / "app"))
    ended = run(Command((sys.executable, "-c", KILLED, str(folder.home), str(number)), cwd=Path(__file__).parents[2]))
    assert ended.returncode in (0, -signal.SIGKILL)
    folder.write(AFTER)
    assert contents(folder) == wanted(folder, prepared, AFTER)
    assert not list(folder.root.rglob("*.part"))


def test_half_written_files_of_others_are_left_alone(tmp_path: Path) -> None:
    folder = prepared(Folder(tmp_path / "app"))
    cut_off(folder, AFTER, 8)
    (folder.root / ".mine.part").write_text("mine")
    (folder.root / ".notes.txt.0123abcd.part").write_text("mine")
    (folder.root / ".main.tf.0123abcd.part").write_text("half")
    folder.write(AFTER)
    assert sorted(path.name for path in folder.root.glob(".*.part")) == [".mine.part", ".notes.txt.0123abcd.part"]
    assert [path.name for path in (folder.home / ".cynthus/pristine/.cynthus").iterdir()] == ["rendered.json"]

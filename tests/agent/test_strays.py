"""Files that main.py wrote outside of its outputs and checkpoints are counted, and nothing else is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import strays, version
from cynthus.agent.home import Home
from tests import damage as damages

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import RunFolder
    from tests.agent.host import Host


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run whose source has one file."""
    made = Home(tmp_path / "home", "weather-abcdef").run("r1")
    made.app.mkdir(parents=True)
    (made.app / "main.py").write_text("print('x')\n")
    strays.note(made.app, made.listing)
    return made


def paths(run: RunFolder) -> list[str]:
    found = strays.look(run)
    assert found is not None
    return sorted(path for path, _ in found.largest)


def test_one_whose_name_is_no_utf_8_keeps_no_end_from_being_told(host: Host) -> None:
    ended = host.end("open(b'\\xff.bin', 'w').write('x' * 99)")
    assert ended["exit_code"] == 0
    (told,) = json.loads(host.attempt.strays.read_text())["runs"]
    assert told["largest"] == [{"path": os.fsdecode(b"\xff.bin"), "bytes": 99}]


def test_what_the_source_brought_does_not_count(run: RunFolder) -> None:
    assert strays.look(run) == strays.Strays(0, 0, complete=True, largest=())


def test_a_new_file_counts_with_its_bytes(run: RunFolder) -> None:
    (run.app / "deep").mkdir()
    (run.app / "deep/model.pt").write_bytes(b"12345")
    assert strays.look(run) == strays.Strays(1, 5, complete=True, largest=(("deep/model.pt", 5),))


def test_a_file_of_the_source_that_was_changed_counts(run: RunFolder) -> None:
    (run.app / "main.py").write_text("print('y')\n")
    assert paths(run) == ["main.py"]


def test_a_file_of_the_source_that_was_deleted_does_not(run: RunFolder) -> None:
    (run.app / "main.py").unlink()
    assert paths(run) == []


@pytest.mark.parametrize("path", ["__pycache__/main.cpython-311.pyc", "pkg/__pycache__/x.pyc", ".git/HEAD", ".venv/x"])
def test_what_programs_leave_in_any_folder_does_not(run: RunFolder, path: str) -> None:
    (run.app / path).parent.mkdir(parents=True)
    (run.app / path).touch()
    assert paths(run) == []


def test_a_virtual_environment_of_any_name_does_not(run: RunFolder) -> None:
    (run.app / "mine").mkdir()
    (run.app / "mine/pyvenv.cfg").touch()
    (run.app / "mine/python").touch()
    assert paths(run) == []


def test_what_lies_behind_a_link_does_not(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs/x").touch()
    (run.app / "outputs").symlink_to(tmp_path / "outputs")
    assert paths(run) == []


def test_what_a_mount_lies_on_does_not(run: RunFolder) -> None:
    version.write(run, version.Version("e", "s", "image", (version.Mount("words.txt", "/somewhere"),)))
    (run.app / "data").mkdir()
    (run.app / "data/words.txt").touch()
    (run.app / "data/mine.txt").touch()
    assert paths(run) == ["data/mine.txt"]


def test_the_largest_are_named(run: RunFolder) -> None:
    for size in range(1, 6):
        (run.app / f"{size}").write_bytes(b"x" * size)
    found = strays.look(run)
    assert found is not None
    assert (found.files, found.bytes, found.largest) == (5, 15, (("5", 5), ("4", 4), ("3", 3)))


def test_a_name_that_is_not_utf8_is_known_again(run: RunFolder) -> None:
    (run.app / os.fsdecode(b"\xff")).touch()
    strays.note(run.app, run.listing)
    assert paths(run) == []


def test_a_huge_tree_is_not_looked_at_to_its_end(run: RunFolder) -> None:
    for number in range(20):
        (run.app / str(number)).touch()
    found = strays.look(run, most=10)
    assert found is not None
    assert (found.files <= 10, found.complete) == (True, False)


def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_empty(run: RunFolder) -> None:
    (run.app / "closed").mkdir(mode=0)
    with damages.like_everybody():
        found = strays.look(run)
    assert found is not None
    assert not found.complete


@pytest.mark.parametrize("harm", [damages.truncated, damages.another_type, damages.wrong_fields, damages.a_folder])
def test_without_a_listing_nobody_knows(run: RunFolder, harm: Any) -> None:
    harm(run.listing)
    assert strays.look(run) is None


def test_the_verb_tells_of_a_run(host: Host) -> None:
    host.end("open('model.pt', 'w').write('123')\nopen('outputs/x', 'w').write('1')\nopen('checkpoints/y', 'w')\n")
    told = {"run": host.run.id, "files": 1, "bytes": 3, "complete": True, "largest": [{"path": "model.pt", "bytes": 3}]}
    assert host.ask("strays", "--run", host.run.id) == {"runs": [told]}
    assert host.ask("strays") == {"runs": [told]}


def test_of_a_run_that_writes_where_it_should_there_is_nothing_to_tell(host: Host) -> None:
    host.file("data/words.txt", "seven")
    host.file("helper.py", "NAME = 'outputs/x'\n")
    host.end(
        "import helper\nopen(helper.NAME, 'w').write(open('data/words.txt').read())\n",
        data=[{"name": None, "from": "data", "mode": "copy"}],
    )
    assert host.ask("strays") == {"runs": []}

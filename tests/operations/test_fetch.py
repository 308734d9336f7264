from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cynthus.operations.fetch import fetch_folder
from cynthus.targets.local.connection import LocalConnection
from tests.operations.host import Recorder

if TYPE_CHECKING:
    from cynthus.targets.base import FileEntry


class Rotating(LocalConnection):
    """A host on which a file is gone as soon as it was listed."""

    def files(self, folder: PurePosixPath) -> tuple[FileEntry, ...]:
        found = super().files(folder)
        for file in found:
            Path(folder / file.path).unlink()
        return found


def test_a_file_that_is_gone_since_it_was_listed_leaves_the_copy_at_home_alone(tmp_path: Path) -> None:
    host, home = tmp_path / "host", tmp_path / "home"
    for folder, text in ((host, "newer"), (home, "good copy")):
        folder.mkdir()
        (folder / "step").write_text(text)
    with Recorder().step("fetch") as step:
        fetch_folder(Rotating({}), PurePosixPath(host), home, step)
    assert [(path.name, path.read_text()) for path in home.iterdir()] == [("step", "good copy")]

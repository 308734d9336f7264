from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import FolderNotWritable
from cynthus.operations.init import init

if TYPE_CHECKING:
    from pathlib import Path


def test_a_place_that_cannot_be_written_is_named_as_the_user_knows_it(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(FolderNotWritable) as caught:
        init(tmp_path / "taken", name="app")
    assert caught.value.message.startswith(f"cannot write {tmp_path}/taken/cynthus.yaml: ")

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.failure import Failure
from cynthus.agent.steps import Steps

if TYPE_CHECKING:
    from pathlib import Path


def test_what_went_wrong_before_is_no_reason_for_what_goes_wrong_now(tmp_path: Path) -> None:
    with open(tmp_path / "lock", "wb") as lock, Steps(tmp_path / "log", lock.fileno(), dict(os.environ)) as steps:
        for word in ("denied", "refused"):
            with pytest.raises(Failure) as failed:
                steps.run(("sh", "-c", f"echo {word}; exit 1"), "it failed")
    assert failed.value.details == ("refused",)
    assert (tmp_path / "log").read_text() == "denied\nrefused\n"

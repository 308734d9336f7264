from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from cynthus.terraform.logs import KEPT, new_log

if TYPE_CHECKING:
    from pathlib import Path


def test_logs_are_numbered_in_the_order_of_the_commands(tmp_path: Path) -> None:
    names = [new_log(tmp_path / "logs", verb).stdout.name for verb in ("init", "plan")]
    assert names == ["000001-init.jsonl", "000002-plan.jsonl"]


def test_a_log_has_two_private_files(tmp_path: Path) -> None:
    log = new_log(tmp_path, "plan")
    assert [stat.S_IMODE(file.stat().st_mode) for file in (log.stdout, log.stderr)] == [0o600, 0o600]


def test_only_the_newest_logs_stay(tmp_path: Path) -> None:
    for _ in range(KEPT + 5):
        new_log(tmp_path, "plan")
    numbers = sorted(int(file.name[:6]) for file in tmp_path.glob("*.jsonl"))
    assert numbers == list(range(6, KEPT + 6))


def test_the_stderr_of_an_old_log_goes_with_it(tmp_path: Path) -> None:
    for _ in range(KEPT + 5):
        new_log(tmp_path, "plan")
    assert len(list(tmp_path.glob("*.stderr"))) == KEPT


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "000001-notes.txt").touch()
    for _ in range(KEPT + 5):
        new_log(tmp_path, "plan")
    assert (tmp_path / "000001-notes.txt").exists()

"""A process of its own that drives Terraform, for tests to interrupt and to kill.

`python -m tests.terraform.driver ROOT BINARY KIND` applies ROOT/saved.tfplan. It writes what it is told into
ROOT/activity, one line each, and at its end ROOT/result.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cynthus.errors import CynthusError
from cynthus.process import Command, start
from cynthus.terraform.binary import Binary
from tests.terraform.roots import cli, wait_for

if TYPE_CHECKING:
    import subprocess
    from typing import Any

REPOSITORY = Path(__file__).parents[2]


def drive(root: Path, binary: Binary) -> subprocess.Popen[bytes]:
    """Start a driver."""
    argv = (sys.executable, "-m", "tests.terraform.driver", str(root), str(binary.path), binary.kind)
    with open(root / "driver.out", "wb") as out:
        return start(Command(argv, cwd=REPOSITORY), stdout=out, stderr=out)


def stopping(root: Path) -> int:
    """How often the driver has been told that Terraform is being waited for."""
    told = root / "activity"
    return told.read_text().count("stopping") if told.exists() else 0


def result(root: Path, driver: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What came of it, once it has ended."""
    wait_for(lambda: driver.poll() is not None, "the end of the driver")
    try:
        value: dict[str, Any] = json.loads((root / "result.json").read_text())
    except FileNotFoundError:
        raise AssertionError((root / "driver.out").read_text()) from None
    return value


def main(root: Path, binary: Binary) -> None:
    with open(root / "activity", "w", buffering=1) as told:
        try:
            terraform = cli(root, binary, activity=lambda text: print(text, file=told))
            outputs = terraform.apply(root / "saved.tfplan")
            answer: dict[str, object] = {"error": None, "outputs": dict(outputs)}
        except CynthusError as error:
            answer = {"error": type(error).__name__, "message": error.message, "details": error.details}
    (root / "result.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Binary(Path(sys.argv[2]), sys.argv[3]))  # type: ignore[arg-type] # argv holds texts

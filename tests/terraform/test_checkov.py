"""checkov finds nothing in the roots of Google Cloud but what a comment in the file says is so, and why."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.render.folders import Folder, gcp

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.cloud]

SKIP = re.compile(r" *#checkov:skip=(CKV_GCP_[0-9]+): .+\n")


@pytest.fixture(params=["base", "compute"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = Folder(tmp_path)
    folder.write(gcp(request.param, spot=True, nodes=2))
    return folder.root


def failures(root: Path) -> set[str]:
    """The checks that fail, of many that it makes."""
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("no checkov on PATH: `pip install checkov` in an environment of its own (300 MB)")
    words = ("--directory", str(root), "--framework", "terraform", "--skip-download", "--output", "json")
    results = json.loads(run(Command((checkov, *words)), timeout=200).stdout)["results"]
    assert len(results["passed_checks"]) >= 10
    return {each["check_id"] for each in results["failed_checks"]}


def test_no_check_fails(root: Path) -> None:
    assert failures(root) == set()


def test_every_skip_is_needed(root: Path) -> None:
    written = set()
    for file in root.rglob("*.tf"):
        text = file.read_text()
        written |= set(SKIP.findall(text))
        file.write_text(SKIP.sub("", text))
    assert written
    assert failures(root) == written

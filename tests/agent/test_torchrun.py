"""What a run on several hosts is told is what torchrun wants to know: the example, with both ranks on this machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cynthus.agent import fellows
from cynthus.process import Command, run, start
from tests.needs import lacking

EXAMPLE = Path(__file__).parents[2] / "examples/distributed-torchrun"


@pytest.mark.slow
def test_two_hosts_learn_together(tmp_path: Path) -> None:
    installed = run(Command((sys.executable, "-m", "venv", str(tmp_path / "env"))))
    assert installed.returncode == 0, installed
    pip = (str(tmp_path / "env/bin/pip"), "install", "-q", "-r", str(EXAMPLE / "requirements.txt"))
    answer = run(Command(pip), timeout=900)
    if answer.returncode:
        lacking(f"no package index gives PyTorch: {answer.stderr.decode(errors='replace').strip()[-200:]}")
    (tmp_path / "outputs").mkdir()
    processes = []
    for rank in (0, 1):
        told = fellows.parse("127.0.0.1,127.0.0.1", rank).variables("20260102-030405-beef", 0)
        command = Command(
            (str(tmp_path / "env/bin/torchrun"), str(EXAMPLE / "main.py")), cwd=tmp_path, env={**os.environ, **told}
        )
        with open(tmp_path / f"log.{rank}", "wb") as log:
            processes.append(start(command, stdout=log, stderr=log))
    codes = [each.wait() for each in processes]
    logs = [(tmp_path / f"log.{rank}").read_text() for rank in (0, 1)]
    assert codes == [0, 0], logs
    learnt = json.loads((tmp_path / "outputs/line.json").read_text())
    assert (learnt["world"], round(learnt["slope"], 1), round(learnt["offset"], 1)) == (2, 3.0, 2.0), logs
    assert "rank 1 of 2: y = 3.0" in logs[1]

"""A whole rendered folder. `CYNTHUS_GOLDEN=write pytest tests/render/test_golden.py` writes it again: read the diff."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.render.folders import Folder, local, snapshot

GOLDEN = Path(__file__).with_name("golden")
REWRITE = os.environ.get("CYNTHUS_GOLDEN") == "write"


def test_the_rendered_folder_is_the_golden_one(tmp_path: Path) -> None:
    folder, golden = Folder(tmp_path), GOLDEN / "local-compute"
    folder.write(local())
    # Stored without its dot, or git would take it for one of this repository's.
    (folder.root / ".gitignore").rename(folder.root / "gitignore")
    if REWRITE:
        shutil.rmtree(golden, ignore_errors=True)
        shutil.copytree(folder.root, golden)
    assert snapshot(folder.root) == snapshot(golden)


def test_three_nodes_are_written_as_in_the_golden_file() -> None:
    golden = GOLDEN / "local-compute-three-nodes.main.tf"
    content = local(nodes=3).files["main.tf"]
    if REWRITE:
        golden.write_bytes(content)
    assert content == golden.read_bytes()


def test_the_same_input_gives_the_same_bytes() -> None:
    assert list(local().files.items()) == list(local().files.items())


def test_only_the_inventory_is_a_program() -> None:
    assert local().executable == {"inventory.py"}


def test_a_real_agent_is_a_program_too() -> None:
    assert "ansible/roles/agent/files/cynthus-agent.pyz" in local(agent=b"#!/usr/bin/env python3\n").executable

"""A whole rendered folder. `CYNTHUS_GOLDEN=write pytest tests/render/test_golden.py` writes it again: read the diff."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.render.folders import STATE, Folder, gcp, local, snapshot, ssh

if TYPE_CHECKING:
    from collections.abc import Mapping

GOLDEN = Path(__file__).with_name("golden")
TEMPLATES = Path(__file__).parents[2] / "templates"
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


def test_what_ssh_has_of_its_own_is_the_golden_one() -> None:
    gate = {"address": "gpu-box", "user": "me", "port": 2222, "key": "~/.ssh/lab", "proxy_jump": "gate"}
    golden = GOLDEN / "ssh-compute"
    own = {path: data for path, data in own_of_ssh({"address": "192.0.2.10"}, gate).items() if not is_of_a_role(path)}
    compare(own, golden)


def test_what_gcp_has_of_its_own_is_the_golden_one() -> None:
    # Ansible and what goes with it are those of `ssh`.
    others = ssh().files
    own = {path: data for path, data in gcp(nodes=2, backend=STATE).files.items() if others.get(path) != data}
    compare(own, GOLDEN / "gcp-compute")


def test_the_base_of_gcp_is_the_golden_one() -> None:
    others = gcp().files
    compare({path: data for path, data in gcp("base").files.items() if others.get(path) != data}, GOLDEN / "gcp-base")


def test_other_ways_in_are_the_golden_values() -> None:
    base, compute = gcp("base", access="public", ssh_from="203.0.113.7/32"), gcp(access="public", login="oslogin")
    for root, told in (("base", base), ("compute", compute)):
        usual = gcp(root).files
        compare({path: data for path, data in told.files.items() if usual[path] != data}, GOLDEN / f"gcp-{root}-public")


def test_the_roles_that_ssh_has_of_its_own_are_those_of_the_templates() -> None:
    roles = {path: data for path, data in own_of_ssh().items() if is_of_a_role(path)}
    assert {path.split("/")[2] for path in roles} == {"docker", "ledger", "lingering", "nvidia", "survey"}
    assert roles == {path: (TEMPLATES / path).read_bytes() for path in roles}


def compare(files: Mapping[str, bytes], golden: Path) -> None:
    """The files are those of the golden folder, all of them and no others."""
    if REWRITE:
        shutil.rmtree(golden, ignore_errors=True)
        for path, data in files.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_bytes(data)
    assert files == snapshot(golden)


def own_of_ssh(*machines: Mapping[str, object]) -> dict[str, bytes]:
    """The files that are not the same on the target `local`."""
    others = local().files
    return {path: data for path, data in ssh(*machines).files.items() if others.get(path) != data}


def is_of_a_role(path: str) -> bool:
    return path.startswith("ansible/roles/")


def test_the_same_input_gives_the_same_bytes() -> None:
    assert list(local().files.items()) == list(local().files.items())


def test_only_the_inventory_is_a_program() -> None:
    assert local().executable == {"inventory.py"}


def test_a_real_agent_is_a_program_too() -> None:
    assert "ansible/roles/agent/files/cynthus-agent.pyz" in local(agent=b"#!/usr/bin/env python3\n").executable

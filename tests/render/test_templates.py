from __future__ import annotations

import re
from pathlib import Path

import pytest

from cynthus.render.templates import ansible_files, module_files, root_files, templates

REPOSITORY = Path(__file__).parents[2]
TERRAFORM = REPOSITORY / "templates/terraform"


def test_a_checkout_has_its_templates_beside_the_package() -> None:
    assert templates() == REPOSITORY / "templates"


def test_a_root_lists_its_templates() -> None:
    assert "main.tf.j2" in root_files("local", "compute")


def test_what_tools_leave_behind_is_no_template() -> None:
    names = [*root_files("local", "compute"), *ansible_files("ssh")]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_hidden_files_are_templates_and_hidden_folders_are_not() -> None:
    names = [*root_files("local", "compute"), *ansible_files("ssh")]
    assert ".gitignore" in names
    assert not [name for name in names if re.search(r"(^|/)\.[^/]+/", name)]


def test_every_playbook_and_role_is_for_hosts_that_are_reached_over_the_network() -> None:
    source = TERRAFORM.parent / "ansible"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*.*") if "__pycache__" not in path.parts}
    assert set(ansible_files("ssh")) == {path for path in files if (source / path).is_file()}


def test_the_machine_at_hand_is_not_made_ready() -> None:
    more = set(ansible_files("ssh")) - set(ansible_files("local"))
    playbooks, roles = {"configure.yml", "purge.yml"}, {"ledger", "survey", "docker", "nvidia", "lingering"}
    assert {path.split("/")[1] for path in more} == playbooks | roles


def test_what_makes_the_app_run_is_for_every_target() -> None:
    assert {"playbooks/up.yml", "roles/agent/tasks/main.yml"} <= set(ansible_files("local"))


def test_only_modules_that_are_called_come_along() -> None:
    others = {"main.tf": b'source = "hashicorp/x/y"\n', "x.md": b'source = "./modules/local_host"\n'}
    assert not list(module_files(others))


def test_a_module_that_is_called_twice_comes_once() -> None:
    call = b'module "x" {\n  source = "./modules/local_host"\n}\n'
    paths = [path for path, _ in module_files({"main.tf": call * 2})]
    assert len(paths) == len(set(paths)) == 4


@pytest.mark.parametrize("path", sorted(TERRAFORM.rglob("*.j2")), ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_whatever_a_terraform_template_writes_goes_through_the_filter(path: Path) -> None:
    for written in re.findall(r"{{(.*?)}}", path.read_text()):
        assert written.strip().endswith("| hcl")


@pytest.mark.parametrize("path", sorted(TERRAFORM.rglob("*.tf*")), ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_nothing_runs_a_command_on_this_machine(path: Path) -> None:
    assert "local-exec" not in path.read_text()


@pytest.mark.parametrize(
    "path", sorted(TERRAFORM.rglob("variables.tf")), ids=lambda path: str(path.relative_to(TERRAFORM))
)
def test_every_variable_has_a_type_and_a_description(path: Path) -> None:
    for block in re.findall(r'^variable "\w+" {\n(.*?)^}', path.read_text(), re.MULTILINE | re.DOTALL):
        assert re.search(r"^  type +=", block, re.MULTILINE)
        assert re.search(r"^  description +=", block, re.MULTILINE)

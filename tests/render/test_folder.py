from __future__ import annotations

import json
from pathlib import Path

import pytest

from cynthus.core.placement import Placement
from cynthus.errors import InternalError
from cynthus.render import templates
from cynthus.render.folder import Rendered, render
from tests.render.folders import AGENT, HOSTILE, STATE, gcp, local


def text(path: str, *, nodes: int = 1) -> str:
    return local(nodes=nodes).files[path].decode()


@pytest.mark.parametrize("nodes", [1, 2, 5])
def test_each_node_is_a_module_call_of_its_own(nodes: int) -> None:
    assert text("main.tf", nodes=nodes).count('\nmodule "host-') == nodes


def test_nodes_change_main_tf_and_nothing_else() -> None:
    one, two = local(nodes=1).files, local(nodes=2).files
    assert {path for path in one if one[path] != two[path]} == {"main.tf"}


def test_a_value_changes_the_values_and_nothing_else() -> None:
    one, two = local().files, local(gpus=4).files
    assert {path for path in one if one[path] != two[path]} == {"terraform.tfvars.json"}


@pytest.mark.parametrize("root", ["base", "compute"])
def test_a_state_in_a_bucket_changes_the_structure_and_is_named_apart(root: str) -> None:
    here, there = gcp(root).files, gcp(root, backend=STATE).files
    assert {path for path in there if here.get(path) != there[path]} == {"versions.tf", "backend.tfbackend.json"}
    assert b'backend "gcs" {}' in there["versions.tf"]
    assert json.loads(there["backend.tfbackend.json"]) == STATE


def test_where_the_state_lies_is_nowhere_in_terraform_s_own_files() -> None:
    files = gcp(backend={"bucket": "${sentinel}", "prefix": "x"}).files
    assert [path for path, content in files.items() if b"sentinel" in content] == ["backend.tfbackend.json"]


def test_a_second_machine_is_a_second_module_call_and_nothing_else() -> None:
    one, two = gcp(nodes=1).files, gcp(nodes=2).files
    assert {path for path in one if one[path] != two[path]} == {"main.tf"}
    assert two["main.tf"].count(b'\nmodule "host-') == 2


def test_a_root_without_hosts_has_no_playbooks_and_what_git_needs() -> None:
    files = gcp("base").files
    assert {path.split("/")[0] for path in files} == {
        ".gitignore", "README.md", "main.tf", "modules", "outputs.tf", "terraform.tfvars.json", "variables.tf",
        "versions.tf",
    }  # fmt: skip
    assert files[".gitignore"] == gcp().files[".gitignore"]


def test_the_module_that_is_called_is_there_without_its_tests() -> None:
    modules = {path for path in local().files if path.startswith("modules/")}
    assert modules == {f"modules/local_host/{name}.tf" for name in ("main", "outputs", "variables", "versions")}


def test_playbooks_and_roles_are_taken_as_they_are() -> None:
    source = Path(__file__).parents[2] / "templates/ansible"
    for path, content in local().files.items():
        if path.startswith("ansible/") and path != AGENT:
            assert content == (source / path.removeprefix("ansible/")).read_bytes()


def test_every_role_and_playbook_of_the_target_is_there() -> None:
    found = {path for path in templates.ansible_files("local") if path.endswith(".yml")}
    assert {f"ansible/{path}" for path in found} < set(local().files)


def test_the_agent_lies_where_the_playbook_looks_for_it() -> None:
    assert local(agent=b"the agent").files[AGENT] == b"the agent"


def test_the_run_document_is_at_the_root() -> None:
    assert json.loads(local().files["run.json"])["command"] == ["python", "main.py"]


def test_values_arrive_in_the_file_of_values_as_they_are() -> None:
    assert json.loads(local(words=list(HOSTILE)).files["terraform.tfvars.json"])["words"] == list(HOSTILE)


def test_hostile_values_are_nowhere_but_among_the_values() -> None:
    mark = "${sentinel}"
    files = local(word=mark).files
    assert [path for path, content in files.items() if mark.encode() in content] == ["terraform.tfvars.json"]


def test_a_path_that_is_no_utf8_survives_the_run_document() -> None:
    name = b"d\xff".decode(errors="surrogateescape")
    files = render(
        target="local", root="compute", placement=Placement("local", "venv"), variables={}, run={"x": name}, agent=b""
    )
    assert json.loads(files.files["run.json"]) == {"x": name}


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        local(share=float("inf"))


def test_a_target_without_templates_is_a_defect() -> None:
    with pytest.raises(InternalError, match="mars/compute"):
        render(target="mars", root="compute", placement=Placement("mars", "venv"), variables={}, run={}, agent=b"")


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a//b", "./x", "", "custom.tf", "x_override.tf", "modules/m/override.tf", "my.auto.tfvars",
     "terraform.tfstate", ".terraform/x", ".terraform.lock.hcl", ".rendered.json"],
)  # fmt: skip
def test_what_is_not_ours_cannot_be_rendered(path: str) -> None:
    with pytest.raises(ValueError, match="never to be rendered"):
        Rendered({path: b""})


def test_what_is_made_for_the_deployment_is_told_from_templates() -> None:
    assert local().generated == {"terraform.tfvars.json", "run.json", AGENT}

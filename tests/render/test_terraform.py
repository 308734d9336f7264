"""The rendered folder and the modules, under each real Terraform of this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.terraform.outputs import hosts
from tests.render.folders import HOSTILE, ID, Folder, local, ssh
from tests.terraforms import installed, terraform

if TYPE_CHECKING:
    from cynthus.render.folder import Rendered
    from cynthus.terraform.binary import Binary

TEMPLATES = Path(__file__).parents[2] / "templates/terraform"


def versions(module: Path) -> str:
    return (module / "versions.tf").read_text()


MODULES = sorted(path for path in (TEMPLATES / "modules").iterdir() if "required_providers" not in versions(path))
"""Those that need nothing but Terraform; tests/terraform/test_google.py has the others."""


def applied(binary: Binary, root: Path) -> dict[str, Any]:
    """The outputs after an apply."""
    terraform(binary, root, "init", "-no-color")
    terraform(binary, root, "apply", "-auto-approve", "-no-color")
    values = json.loads(terraform(binary, root, "output", "-json"))
    return {name: output["value"] for name, output in values.items()}


EACH = {
    "local": local(),
    "local on three nodes": local(nodes=3),
    "ssh": ssh(),
    "ssh to two machines": ssh({"address": "a"}, {"address": "b", "user": "me"}),
}


@pytest.mark.parametrize("files", EACH.values(), ids=list(EACH))
def test_the_rendered_folder_is_formatted_and_valid(tmp_path: Path, binary: Binary, files: Rendered) -> None:
    folder = Folder(tmp_path)
    folder.write(files)
    terraform(binary, folder.root, "fmt", "-check", "-recursive", "-diff")
    terraform(binary, folder.root, "init", "-no-color")
    assert json.loads(terraform(binary, folder.root, "validate", "-json"))["diagnostics"] == []


def test_no_provider_is_downloaded(tmp_path: Path, binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local())
    terraform(binary, folder.root, "init", "-no-color")
    assert not (folder.root / ".terraform/providers").exists()


def test_the_outputs_are_what_ansible_needs(tmp_path: Path, binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local(nodes=2, gpus=1))
    outputs = applied(binary, folder.root)
    found = hosts(outputs)
    assert [(host.name, host.gpus, host.connection.kind, host.user) for host in found] == [
        ("host-0", 1, "local", None),
        ("host-1", 1, "local", None),
    ]
    assert outputs["deployment"] == ID


def test_machines_of_the_users_come_out_as_they_were_written(tmp_path: Path, binary: Binary) -> None:
    folder = Folder(tmp_path)
    gate = {"address": "b", "user": "me", "port": 2222, "key": "~/.ssh/lab", "proxy_jump": "gate"}
    folder.write(ssh({"address": "2001:db8::1"}, {**gate, "internal_address": "10.0.0.2"}, gpus=2))
    assert list(hosts(applied(binary, folder.root))) == [
        Host("host-0", "2001:db8::1", "2001:db8::1", None, 22, 2, ConnectionInfo("ssh")),
        Host("host-1", "b", "10.0.0.2", "me", 2222, 2, ConnectionInfo("ssh", proxy_jump="gate", key="~/.ssh/lab")),
    ]


def test_a_machine_may_have_another_port_without_being_made_anew(tmp_path: Path) -> None:
    folder, binary = Folder(tmp_path), installed()[0]
    folder.write(ssh())
    applied(binary, folder.root)
    folder.write(ssh({"address": "192.0.2.10", "port": 2222}))
    said = terraform(binary, folder.root, "plan", "-no-color")
    assert "Changes to Outputs" in said
    assert "Terraform will perform" not in said


def test_without_a_machine_nothing_is_made(tmp_path: Path) -> None:
    folder, binary = Folder(tmp_path), installed()[0]
    folder.write(ssh(machines={}))
    terraform(binary, folder.root, "init", "-no-color")
    said = terraform(binary, folder.root, "plan", "-no-color", "-input=false", fails=True)
    assert "At least one machine is needed" in said


def test_a_second_apply_changes_nothing(tmp_path: Path, binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local())
    applied(binary, folder.root)
    terraform(binary, folder.root, "plan", "-detailed-exitcode")


def test_hostile_values_evaluate_as_themselves(tmp_path: Path, binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local(words=list(HOSTILE), named={f"k{n}": word for n, word in enumerate(HOSTILE)}))
    (folder.root / "custom_words.tf").write_text(
        'variable "words" {\n  type = list(string)\n}\nvariable "named" {\n  type = map(string)\n}\n'
        'output "words" {\n  value = var.words\n}\noutput "named" {\n  value = var.named\n}\n'
        'output "sizes" {\n  value = [for word in var.words : length(base64encode(word))]\n}\n'
    )
    outputs = applied(binary, folder.root)
    assert outputs["words"] == list(HOSTILE)
    assert outputs["named"] == {f"k{n}": word for n, word in enumerate(HOSTILE)}
    assert outputs["sizes"] == [-(-len(word.encode()) // 3) * 4 for word in HOSTILE]


@pytest.mark.parametrize("word", ["", "Weather-1a2b3c", "weather", "${1+1}", 'x"-1a2b3c', "weather-1a2b3c\n"])
def test_an_id_that_is_none_is_refused_before_anything_is_made(
    tmp_path: Path, any_binary: Binary, word: str
) -> None:
    folder = Folder(tmp_path)
    folder.write(local(deployment=word))
    terraform(any_binary, folder.root, "init", "-no-color")
    assert "The id looks like weather-1a2b3c" in terraform(
        any_binary, folder.root, "plan", "-no-color", "-input=false", fails=True
    ).replace("\n│ ", " ")


@pytest.mark.parametrize("gpus", [-1, 0.5, "many", None])
def test_a_number_of_gpus_that_is_none_is_refused(tmp_path: Path, any_binary: Binary, gpus: object) -> None:
    folder = Folder(tmp_path)
    folder.write(local(gpus=gpus))
    terraform(any_binary, folder.root, "init", "-no-color")
    # null means the default for a variable that is not nullable
    terraform(any_binary, folder.root, "plan", "-no-color", "-input=false", fails=gpus is not None)


def test_what_the_user_adds_is_applied_with_it(tmp_path: Path, any_binary: Binary) -> None:
    folder = Folder(tmp_path)
    folder.write(local())
    (folder.root / "my.auto.tfvars").write_text("gpus = 3\n")
    assert applied(any_binary, folder.root)["hosts"][0]["gpus"] == 3


def test_the_templates_are_formatted(binary: Binary) -> None:
    terraform(binary, TEMPLATES, "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_module_passes_its_own_tests(tmp_path: Path, binary: Binary, module: Path) -> None:
    copy = tmp_path / module.name
    shutil.copytree(module, copy)
    terraform(binary, copy, "init", "-no-color")
    assert "0 failed" in terraform(binary, copy, "test", "-no-color")
    assert list((copy / "tests").glob("*.tftest.hcl"))

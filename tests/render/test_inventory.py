"""The inventory script, used as a person and as Ansible use it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from cynthus.process import Command, Completed, run
from tests.render.folders import HOSTILE

SCRIPT = Path(__file__).parents[2] / "templates/terraform/common/compute/inventory.py"

LOCAL: dict[str, Any] = {
    "name": "host-0", "address": "127.0.0.1", "internal_address": "127.0.0.1", "user": None, "port": 22, "gpus": 2,
    "connection": {"kind": "local"},
}  # fmt: skip
SSH: dict[str, Any] = {
    **LOCAL, "name": "far", "address": "2001:db8::1", "internal_address": "10.0.0.2", "user": "me", "port": 2222,
    "connection": {"kind": "ssh", "proxy_jump": "me@jump.example:2200"},
}  # fmt: skip


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copy(SCRIPT, folder)
    return folder / "inventory.py"


def ask(script: Path, *arguments: str, path: str = "/nowhere", **environment: str) -> Completed:
    """Run it far from its folder, with nothing in the environment but what is given."""
    argv = (sys.executable, str(script), *arguments)
    return run(Command(argv, cwd=Path("/"), env={"PATH": path, **environment}), timeout=60)


def listed(script: Path, **environment: str) -> Any:
    answer = ask(script, "--list", **environment)
    assert answer.returncode == 0, answer.stderr.decode()
    return json.loads(answer.stdout)


def refused(script: Path, **environment: str) -> str:
    """The one sentence with which it refuses."""
    answer = ask(script, "--list", **environment)
    assert (answer.returncode, answer.stdout) == (1, b"")
    said = answer.stderr.decode()
    assert said.startswith("inventory.py: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def state(script: Path, *hosts: dict[str, Any]) -> None:
    outputs = {"hosts": {"value": list(hosts)}} if hosts else {}
    script.with_name("terraform.tfstate").write_text(json.dumps({"version": 4, "outputs": outputs}))


def terraform(folder: Path, body: str, *, name: str = "terraform") -> str:
    """A folder for PATH with a program that pretends to be Terraform."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_local_hosts_run_with_the_python_that_runs_the_script(script: Path) -> None:
    state(script, LOCAL)
    assert listed(script)["_meta"]["hostvars"]["host-0"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "cynthus_gpus": 2,
        "cynthus_internal_address": "127.0.0.1",
        "cynthus_rank": 0,
        "cynthus_addresses": ["127.0.0.1"],
    }


def test_each_host_knows_its_place_and_the_addresses_of_all(script: Path) -> None:
    state(script, SSH, {**SSH, "name": "near", "address": "gate", "internal_address": None})
    variables = listed(script)["_meta"]["hostvars"]
    assert [variables[name]["cynthus_rank"] for name in ("far", "near")] == [0, 1]
    assert variables["far"]["cynthus_addresses"] == variables["near"]["cynthus_addresses"]
    assert variables["near"]["cynthus_addresses"][1] == "gate"


def test_hosts_over_ssh_have_all_that_ssh_needs(script: Path) -> None:
    state(script, SSH)
    variables = listed(script)["_meta"]["hostvars"]["far"]
    assert variables["ansible_host"] == "2001:db8::1"
    assert variables["ansible_port"] == 2222
    assert variables["ansible_user"] == "me"
    assert "-o ProxyJump=me@jump.example:2200" in variables["ansible_ssh_common_args"]


def far(script: Path, **connection: object) -> dict[str, Any]:
    """The variables of a host over SSH of which nothing is said but how to get in."""
    state(script, {**SSH, "user": None, "port": 22, "connection": {"kind": "ssh", **connection}})
    found: dict[str, Any] = listed(script)["_meta"]["hostvars"]["far"]
    return found


def option(variables: dict[str, Any], name: str) -> str:
    """What ssh is told about `name`."""
    words = shlex.split(variables["ansible_ssh_common_args"])
    (found,) = [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    return found


def test_what_is_not_said_ssh_decides(script: Path) -> None:
    variables = far(script, proxy_jump=None, key=None)
    assert not {"ansible_user", "ansible_port", "ansible_ssh_private_key_file"} & set(variables)
    assert "ProxyJump" not in variables["ansible_ssh_common_args"]


def test_who_logs_in_may_be_said_by_whoever_types(script: Path) -> None:
    state(script, {**SSH, "user": None}, {**SSH, "name": "other", "user": "bob"})
    told = listed(script, CYNTHUS_SSH_USER="ann_example_com")["_meta"]["hostvars"]
    assert {name: each["ansible_user"] for name, each in told.items()} == {"far": "ann_example_com", "other": "bob"}
    assert "ann_example_com" in told["far"]["cynthus_ssh"]


def test_a_user_that_something_would_interpret_is_refused_there_too(script: Path) -> None:
    state(script, {**SSH, "user": None})
    assert "the user of far is no plain word" in refused(script, CYNTHUS_SSH_USER="$(id)")


def test_the_key_of_a_host_is_pinned_beside_the_script(script: Path) -> None:
    variables = far(script)
    assert option(variables, "UserKnownHostsFile") == f'"{script.parent}/known_hosts"'
    assert option(variables, "HostKeyAlias") == "far.2001:db8::1"
    assert option(variables, "StrictHostKeyChecking") == "accept-new"


def test_our_agent_of_ssh_is_lent_to_no_host(script: Path) -> None:
    assert option(far(script), "ForwardAgent") == "no"


def test_a_percent_sign_in_the_folder_is_no_token_of_ssh(script: Path, tmp_path: Path) -> None:
    moved = script.parent.rename(tmp_path / "100%d")
    assert option(far(moved / script.name), "UserKnownHostsFile") == f'"{tmp_path}/100%%d/known_hosts"'


@pytest.mark.parametrize("name", ['a "b"', "a {{ b", "a {% b", "a ${b}"])
def test_a_folder_that_ssh_or_ansible_would_misread_is_refused(script: Path, tmp_path: Path, name: str) -> None:
    moved = script.parent.rename(tmp_path / name) / script.name
    assert "the path of this folder is no path that ssh can be told" in refused(moved, CYNTHUS_HOSTS=json.dumps([SSH]))


def test_a_key_is_named_to_ansible_as_it_is(script: Path) -> None:
    assert far(script, key="~/.ssh/id lab")["ansible_ssh_private_key_file"] == "~/.ssh/id lab"


@pytest.mark.parametrize("key", ["{{ x }}", "a\nb", 3, "${HOME}/x"])
def test_a_key_that_something_would_interpret_is_refused(script: Path, key: object) -> None:
    host = {**SSH, "connection": {"kind": "ssh", "key": key}}
    assert "the key of far is no path" in refused(script, CYNTHUS_HOSTS=json.dumps([host]))


def test_what_is_no_task_of_ansible_takes_the_same_way(script: Path) -> None:
    state(script, {**SSH, "connection": {**SSH["connection"], "key": "~/.ssh/lab"}})
    variables = listed(script)["_meta"]["hostvars"]["far"]
    words = variables["cynthus_ssh"]
    assert (words[0], words[-2:]) == ("ssh", ["--", "2001:db8::1"])
    assert shlex.join(words).count(variables["ansible_ssh_common_args"]) == 1
    assert [words[words.index(each) + 1] for each in ("-p", "-l", "-i")] == ["2222", "me", "~/.ssh/lab"]


def test_all_hosts_are_in_one_group_in_their_order(script: Path) -> None:
    state(script, SSH, LOCAL)
    assert listed(script)["cynthus"] == {"hosts": ["far", "host-0"]}


def test_one_host_can_be_asked_for(script: Path) -> None:
    state(script, LOCAL, SSH)
    assert json.loads(ask(script, "--host", "far").stdout)["ansible_host"] == "2001:db8::1"


def test_an_unknown_host_has_no_variables(script: Path) -> None:
    state(script, LOCAL)
    assert json.loads(ask(script, "--host", "other").stdout) == {}


def test_without_an_argument_it_lists(script: Path) -> None:
    state(script, LOCAL)
    assert json.loads(ask(script).stdout) == listed(script)


@pytest.mark.parametrize(
    "value", [[LOCAL], {"value": [LOCAL]}, {"hosts": {"value": [LOCAL]}}, {"hosts": [LOCAL]}],
    ids=["the list", "one output", "all outputs", "plain"],
)  # fmt: skip
def test_the_variable_may_hold_the_hosts_themselves(script: Path, value: object) -> None:
    assert listed(script, CYNTHUS_HOSTS=json.dumps(value))["cynthus"]["hosts"] == ["host-0"]


def test_the_variable_may_name_a_file(script: Path, tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text(json.dumps([LOCAL]))
    assert listed(script, CYNTHUS_HOSTS=str(tmp_path / "hosts.json"))["cynthus"]["hosts"] == ["host-0"]


def test_the_variable_goes_before_the_state(script: Path) -> None:
    state(script, LOCAL)
    assert listed(script, CYNTHUS_HOSTS=json.dumps([SSH]))["cynthus"]["hosts"] == ["far"]


def test_the_state_goes_before_asking_terraform(script: Path, tmp_path: Path) -> None:
    state(script, LOCAL)
    assert listed(script, path=terraform(tmp_path / "bin", "exit 9"))["cynthus"]["hosts"] == ["host-0"]


@pytest.mark.parametrize("name", ["terraform", "tofu"])
def test_terraform_is_asked_where_the_state_is_elsewhere(script: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "answer").write_text(json.dumps([SSH]))
    body = f"pwd > '{tmp_path}/seen'; echo \"$@\" >> '{tmp_path}/seen'; cat '{tmp_path}/answer'"
    path = terraform(tmp_path / "bin", body, name=name)
    assert listed(script, path=path)["cynthus"]["hosts"] == ["far"]
    assert (tmp_path / "seen").read_text().splitlines() == [str(script.parent), "output -json -no-color hosts"]


def test_an_empty_state_file_is_what_a_moved_state_leaves_behind(script: Path, tmp_path: Path) -> None:
    script.with_name("terraform.tfstate").touch()
    path = terraform(tmp_path / "bin", f"echo '{json.dumps([SSH])}'")
    assert listed(script, path=path)["cynthus"]["hosts"] == ["far"]


def test_only_opentofu_is_asked_where_the_state_is_encrypted(script: Path, tmp_path: Path) -> None:
    script.with_name("terraform.tfstate").write_text('{"serial": 1, "lineage": "a", "meta": {}, "encrypted_data": "x"}')
    terraform(tmp_path / "bin", "exit 9")
    path = terraform(tmp_path / "bin", f"echo '{json.dumps([SSH])}'", name="tofu")
    assert listed(script, path=path)["cynthus"]["hosts"] == ["far"]


def test_a_refusal_names_the_program_that_was_asked(script: Path, tmp_path: Path) -> None:
    path = terraform(tmp_path / "bin", "echo no >&2; exit 1", name="tofu")
    assert "run `tofu apply` first (`tofu output` said: no)" in refused(script, path=path)


def test_what_terraform_says_is_passed_on_in_the_one_sentence(script: Path, tmp_path: Path) -> None:
    path = terraform(tmp_path / "bin", 'echo "No state file\nwas found!" >&2; exit 1')
    assert "No state file was found!" in refused(script, path=path)


def test_half_an_answer_is_refused(script: Path, tmp_path: Path) -> None:
    assert "not JSON" in refused(script, path=terraform(tmp_path / "bin", "printf '[{'"))


def test_nothing_to_ask_is_said(script: Path) -> None:
    assert "no terraform or tofu on PATH" in refused(script)


def test_a_state_without_hosts_says_what_to_do(script: Path) -> None:
    state(script)
    assert "run `terraform apply` first" in refused(script)


@pytest.mark.parametrize("text", ["{", "[1]", "[]", '{"outputs": 3}', '{"outputs": {"hosts": {"value": {"a": 1}}}}'])
def test_a_broken_state_is_refused(script: Path, text: str) -> None:
    script.with_name("terraform.tfstate").write_text(text)
    refused(script)


def test_a_state_that_is_no_text_is_refused(script: Path) -> None:
    script.with_name("terraform.tfstate").write_bytes(b"\xff\xfe")
    assert "is no text" in refused(script)


def test_a_state_that_is_a_folder_is_refused(script: Path) -> None:
    script.with_name("terraform.tfstate").mkdir()
    assert "cannot read" in refused(script)


@pytest.mark.parametrize("value", ["/not/there.json", "[", '{"hosts": 3}', "[3]", "[{}]", "[" * 100_000])
def test_a_broken_variable_is_refused(script: Path, value: str) -> None:
    refused(script, CYNTHUS_HOSTS=value)


@pytest.mark.parametrize("field", ["name", "address", "user"])
@pytest.mark.parametrize("value", [*HOSTILE[:23], "-oProxyCommand=x", "{{ 1 }}", 3, ["x"]])
def test_text_that_something_would_interpret_is_refused(script: Path, field: str, value: object) -> None:
    assert "no plain word" in refused(script, CYNTHUS_HOSTS=json.dumps([{**SSH, field: value}]))


def test_a_jump_host_that_ssh_would_interpret_is_refused(script: Path) -> None:
    host = {**SSH, "connection": {"kind": "ssh", "proxy_jump": "x -oProxyCommand=y"}}
    assert "jump host of far" in refused(script, CYNTHUS_HOSTS=json.dumps([host]))


@pytest.mark.parametrize("port", [None, 0, 65536, "22", True, 22.5])
def test_a_port_that_is_none_is_refused(script: Path, port: object) -> None:
    assert "no port" in refused(script, CYNTHUS_HOSTS=json.dumps([{**SSH, "port": port}]))


@pytest.mark.parametrize("kind", [None, "docker"])
def test_another_kind_of_connection_is_refused(script: Path, kind: object) -> None:
    host = {**LOCAL, "connection": {"kind": kind}}
    assert "neither local nor ssh" in refused(script, CYNTHUS_HOSTS=json.dumps([host]))


IAP = {"kind": "iap", "instance_id": "77", "project": "acme-ml", "zone": "us-central1-a", "proxy_jump": None}


def test_googles_proxy_is_the_way_to_a_machine_behind_it(script: Path) -> None:
    command = option(far(script, **IAP), "ProxyCommand")
    assert command.startswith("gcloud compute start-iap-tunnel %h %p --listen-on-stdin")
    assert command.endswith("--project=acme-ml --zone=us-central1-a")


def test_where_cynthus_is_at_hand_it_leads_there_without_gcloud(script: Path, tmp_path: Path) -> None:
    state(script, {**SSH, "connection": IAP})
    path = terraform(tmp_path / "bin", "", name="cynthus")
    found = listed(script, path=path)["_meta"]["hostvars"]["far"]
    assert option(found, "ProxyCommand") == "cynthus iap-tunnel %h %p --project=acme-ml --zone=us-central1-a"


def test_the_key_of_a_machine_that_was_made_is_pinned_by_its_id(script: Path) -> None:
    assert option(far(script, **IAP), "HostKeyAlias") == "77"


def test_a_zone_that_a_shell_would_interpret_is_refused(script: Path) -> None:
    host = {**SSH, "connection": {**IAP, "zone": "x; y"}}
    assert "the zone of far is no plain word" in refused(script, CYNTHUS_HOSTS=json.dumps([host]))


def test_two_hosts_of_one_name_are_refused(script: Path) -> None:
    assert "two hosts are called host-0" in refused(script, CYNTHUS_HOSTS=json.dumps([LOCAL, LOCAL]))


def test_it_needs_the_standard_library_only(script: Path) -> None:
    state(script, LOCAL)
    answer = run(Command((sys.executable, "-I", "-S", str(script)), env={"PATH": os.defpath}))
    assert answer.returncode == 0

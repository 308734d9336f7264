#!/usr/bin/env python3
"""Tell Ansible about the hosts that Terraform made.

    ansible-playbook -i inventory.py ansible/playbooks/up.yml

The hosts are read from the first of these that is there: $CYNTHUS_HOSTS (the
JSON itself, or the path of a file with it), terraform.tfstate beside this
script, `terraform output` (or `tofu output`) in the folder of this script.
$CYNTHUS_SSH_USER is who logs in where a host does not say it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).absolute().parent
GROUP = "cynthus"
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:%@,\[\]-]*\Z")
"""What may stand in a name, an address, a user or a jump host: nothing that ssh, a shell or Ansible would interpret."""


PYTHON = "/usr/bin/python3"
"""On a host far away the system's own: it knows the system's packages."""


class Broken(Exception):
    """The hosts cannot be told; the message is one sentence that says why."""


def main(arguments: list[str]) -> int:
    """Answer `--list` or `--host NAME` as Ansible asks; without an argument, as `--list`."""
    try:
        found = checked(hosts())
        addresses = [host.get("internal_address") or host["address"] for host in found]
        variables = {
            # What each is among the others: main.py is told.
            host["name"]: {**connection(host), "cynthus_rank": rank, "cynthus_addresses": addresses}
            for rank, host in enumerate(found)
        }
    except (Broken, OSError, ValueError, RecursionError) as problem:
        sentence = " ".join(str(problem).split())
        sys.stderr.write(f"inventory.py: {sentence}\n")
        return 1
    if arguments[:1] == ["--host"]:
        answer = variables.get("".join(arguments[1:2]), {})
    else:
        answer = {GROUP: {"hosts": list(variables)}, "_meta": {"hostvars": variables}}
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    return 0


def hosts() -> list[Any]:
    """The output `hosts`, from wherever it is."""
    given = os.environ.get("CYNTHUS_HOSTS", "").strip()
    if given[:1] in ("[", "{"):
        return unpacked(parsed(given, "CYNTHUS_HOSTS"), "CYNTHUS_HOSTS")
    if given:
        return unpacked(parsed(text_of(given), given), given)
    state = HERE / "terraform.tfstate"
    # Terraform leaves an empty file behind where the state moved elsewhere.
    if state.exists() and state.stat().st_size:
        content = parsed(text_of(state), state)
        if isinstance(content, dict) and "encrypted_data" in content:
            return asked("tofu")
        return unpacked(content.get("outputs") if isinstance(content, dict) else None, state)
    return asked("terraform", "tofu")


def asked(*programs: str) -> list[Any]:
    """The output as Terraform gives it: the state may lie anywhere, and OpenTofu can encrypt it."""
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        words = " or ".join(programs)
        raise Broken(f"there is no terraform.tfstate here to be read, and no {words} on PATH to ask for the hosts")
    word = Path(program).name
    environment = dict(os.environ, TF_IN_AUTOMATION="1", TF_INPUT="0", CHECKPOINT_DISABLE="1")
    environment.pop("TF_LOG", None)
    command = [program, "output", "-json", "-no-color", "hosts"]
    try:
        answer = subprocess.run(
            command, cwd=HERE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        raise Broken(f"`{word} output` did not answer in two minutes") from None
    if answer.returncode:
        said = answer.stderr.decode("utf-8", "replace")
        raise Broken(f"there are no hosts: run `{word} apply` first (`{word} output` said: {said.strip()})")
    return unpacked(parsed(answer.stdout.decode("utf-8", "replace"), f"`{word} output`"), f"`{word} output`")


def unpacked(value: Any, source: Path | str) -> list[Any]:
    """The list of hosts: as it is, or as one output among others."""
    for key in ("hosts", "value"):
        if isinstance(value, dict) and key in value:
            value = value[key]
    if value is None or value == {}:
        raise Broken(f"there are no hosts in {source}: run `terraform apply` first")
    if not isinstance(value, list):
        raise Broken(f"{source} holds no list of hosts")
    return value


def checked(found: list[Any]) -> list[dict[str, Any]]:
    """The same hosts, once each is known to have what it must."""
    names = set()
    for number, host in enumerate(found):
        where = f"hosts[{number}]"
        if not isinstance(host, dict) or not isinstance(host.get("connection"), dict):
            raise Broken(f"{where} is no host")
        for field in ("name", "address"):
            plain(host.get(field), f"{where}.{field}")
        if host.get("internal_address") is not None:
            plain(host["internal_address"], f"{where}.internal_address")
        if host["name"] in names:
            raise Broken(f"two hosts are called {host['name']}")
        names.add(host["name"])
    return found


def connection(host: dict[str, Any]) -> dict[str, Any]:
    """The variables by which Ansible reaches a host."""
    kind = host["connection"].get("kind")
    common = {"cynthus_gpus": host.get("gpus", 0), "cynthus_internal_address": host.get("internal_address")}
    if kind == "local":
        return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **common}
    if kind in ("ssh", "iap"):
        return {**ssh(host), **common}
    raise Broken(f"the connection of {host['name']} is neither local nor ssh nor iap")


def ssh(host: dict[str, Any]) -> dict[str, Any]:
    """Host, port, user, and the way there."""
    port = host.get("port")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise Broken(f"{host['name']} has no port from 1 to 65535")
    variables = {"ansible_connection": "ssh", "ansible_host": host["address"], "ansible_python_interpreter": PYTHON}
    words = ["ssh", "-T", "-o", "BatchMode=yes", *options(host)]
    if port != 22:
        # The usual one is not said, so that a port in ~/.ssh/config counts.
        variables["ansible_port"] = port
        words += ["-p", str(port)]
    user = host.get("user") or os.environ.get("CYNTHUS_SSH_USER")
    if user is not None:
        variables["ansible_user"] = plain(user, f"the user of {host['name']}")
        words += ["-l", user]
    key = host["connection"].get("key")
    if key is not None:
        variables["ansible_ssh_private_key_file"] = path(key, f"the key of {host['name']}")
        words += ["-i", key]
    variables["ansible_ssh_common_args"] = shlex.join(options(host))
    # The same way for what is no task of Ansible's.
    variables["cynthus_ssh"] = [*words, "--", host["address"]]
    return variables


def options(host: dict[str, Any]) -> list[str]:
    """What ssh is told besides: where the host's key is pinned, and never to lend it our agent."""
    known = path(str(HERE / "known_hosts"), "the path of this folder").replace("%", "%%")
    settings = {
        "HostKeyAlias": alias(host),
        "UserKnownHostsFile": f'"{known}"',
        "HashKnownHosts": "no",
        "StrictHostKeyChecking": "accept-new",
        "ForwardAgent": "no",
        # A connection that has died is noticed after 15 seconds.
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "3",
    }
    if host["connection"]["kind"] == "iap":
        settings["ProxyCommand"] = tunnel(host)
    jump = host["connection"].get("proxy_jump")
    if jump is not None:
        settings["ProxyJump"] = plain(jump, f"the jump host of {host['name']}")
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def alias(host: dict[str, Any]) -> str:
    """What the host is called in known_hosts. Addresses and names are used again, the id of a machine is not."""
    instance = host["connection"].get("instance_id")
    if instance is not None:
        return plain(instance, f"the id of {host['name']}")
    return f"{host['name']}.{host['address']}"


def tunnel(host: dict[str, Any]) -> str:
    """The command that leads to a machine of Google Cloud by way of its Identity-Aware Proxy: that of Cynthus where it
    is there, else that of Google."""
    place = [plain(host["connection"].get(key), f"the {key} of {host['name']}") for key in ("project", "zone")]
    words = "cynthus iap-tunnel %h %p"
    if shutil.which("cynthus") is None:
        words = "gcloud compute start-iap-tunnel %h %p --listen-on-stdin --verbosity=warning"
    return f"{words} --project={place[0]} --zone={place[1]}"


def plain(text: object, where: str) -> str:
    """The text, if it is safe to hand on."""
    if not isinstance(text, str) or not PLAIN.match(text):
        raise Broken(f"{where} is no plain word: {json.dumps(text)[:80]}")
    return text


def path(text: object, where: str) -> str:
    """The path, if neither ssh nor Ansible would take a part of it for something else."""
    if not isinstance(text, str) or not text.isprintable() or re.search(r'"|\{[{%#]|\$\{', text):
        raise Broken(f"{where} is no path that ssh can be told: {json.dumps(text)[:80]}")
    return text


def parsed(text: str, source: Path | str) -> Any:
    """JSON, or a sentence about why it is none."""
    try:
        return json.loads(text)
    except ValueError as problem:
        raise Broken(f"{source} is not JSON: {problem}") from None


def text_of(path: Path | str) -> str:
    """The content of a file, or a sentence about why it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise Broken(f"cannot read {path}: {problem.strerror}") from None
    except ValueError:
        raise Broken(f"{path} is no text") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

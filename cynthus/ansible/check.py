"""What `cynthus doctor` says about Ansible."""

from __future__ import annotations

from importlib.metadata import version

from cynthus.ansible.adapter import ansible_playbook, script_folders
from cynthus.core.finding import Finding
from cynthus.errors import AnsibleMissing


def check_ansible() -> Finding:
    """Which ansible-playbook would be used."""
    try:
        program = ansible_playbook(script_folders())
    except AnsibleMissing as error:
        return Finding("ansible", "error", error.message, error.hint)
    return Finding("ansible", "ok", f"ansible-core {version('ansible-core')} at {program}")

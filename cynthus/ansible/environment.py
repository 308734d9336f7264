"""The environment of a play. ansible-runner hands on, and writes down, all it finds: so this is an allow-list."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from cynthus.errors import AnsibleError
from cynthus.settings import GOOGLE_FILE, handed_on

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UTF8 = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
_TEMPLATE = re.compile(r"\{[{%#]|:")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]*)\})")


def play_environment(
    user: Mapping[str, str], *, home: Path, scripts: Path, root: Path, folder: Path, sockets: Path,
    runner: Mapping[str, str], google: Path | None = None,
) -> dict[str, str]:
    """The whole environment of ansible-playbook.

    `scripts` holds the programs of the Python that runs us, `root` the rendered files, `folder` is the play's own,
    `sockets` has those of connections that plays share, and `runner` is what ansible-runner's events need. `google` is
    a file with what leads through Google's proxy.

    Raises:
        AnsibleError: the path of `root` has the name of a variable in it, which Ansible would replace.
    """
    environment = {
        **handed_on(user),
        "HOME": str(home),
        "PATH": f"{scripts}{os.pathsep}{user.get('PATH') or os.defpath}",
        "LANG": _UTF8,
        "LC_ALL": _UTF8,  # Ansible refuses to start in anything but UTF-8
        **runner,
        **({GOOGLE_FILE: str(google)} if google else {}),
        **_ansible_settings(root, folder, sockets),
    }
    _refuse_variables(root, environment)
    return environment


def _ansible_settings(root: Path, folder: Path, sockets: Path) -> dict[str, str]:
    settings = {
        "ANSIBLE_CONFIG": str(_config(root, folder)),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        # Ansible's own place is in the user's home, and the path of a socket may have 107 bytes.
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOWS": "True",
        "ANSIBLE_NOCOLOR": "True",
        # A broken inventory is a warning otherwise, and the play does nothing and succeeds.
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
    }
    if _TEMPLATE.search(str(root)):
        settings["ANSIBLE_ROLES_PATH"] = str(_link_to_roles(root, folder))
    return settings


def _config(root: Path, folder: Path) -> Path:
    """The configuration file. Where there is none an empty one: else Ansible looks in the user's home and in /etc."""
    config = root / "ansible.cfg"
    if not config.is_file():
        config = folder / "ansible.cfg"
        config.touch(mode=0o600)
    return config


def _link_to_roles(root: Path, folder: Path) -> Path:
    """A way to the roles without braces and colons: Ansible reads `roles_path` as a template, split at colons."""
    link = folder / "roles"
    link.symlink_to(root / "ansible/roles")
    return link


def _refuse_variables(root: Path, environment: Mapping[str, str]) -> None:
    for match in _VARIABLE.finditer(str(root)):
        if (match[1] or match[2]) in environment:
            raise AnsibleError(
                f"Ansible cannot work in {root}: it would read {match[0]} in there as a variable",
                hint="rename the folder so that its path has no dollar sign",
            )

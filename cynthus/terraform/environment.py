"""The environment that Terraform runs in: the user's own, without what would change what Terraform does or says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ALWAYS = {
    "TF_IN_AUTOMATION": "1",  # no advice on which command to type next
    "TF_INPUT": "0",  # stdin is closed: a question would only be an obscure error
    "CHECKPOINT_DISABLE": "1",  # no call home for a newer version
}

UNLESS_SAID = {
    # Terraform and a provider live for seconds and make schemas of a thousand resources: collecting garbage is wasted
    # on these. It takes a fifth of the CPU, and saves 25 MB.
    "GOGC": "400",
}

KEPT = (
    "TF_APPEND_USER_AGENT",
    "TF_CLI_CONFIG_FILE",
    "TF_CLOUD_",
    "TF_ENCRYPTION",
    "TF_HTTP_",
    "TF_PLUGIN_CACHE_",
    "TF_PROVIDER_DOWNLOAD_RETRY",
    "TF_REGISTRY_",
    "TF_TOKEN_",
)
"""Beginnings of the TF_ variables that a user's way to registries, mirrors and state needs.

All others are dropped: TF_LOG floods stderr (and shows secrets), TF_DATA_DIR and TF_WORKSPACE lead to another state
than the one in the folder, TF_VAR_* and TF_CLI_ARGS* would change a plan without a trace in the folder.
"""

EMULATOR = "STORAGE_EMULATOR_HOST"
"""With this one Google's library for Go sends no token: who reads a state in a simulated cloud is then nobody."""
OF_STORAGE = ("GOOGLE_STORAGE_CUSTOM_ENDPOINT", "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT")
"""What names the same service to Terraform's provider and to its backend. They send the token."""

CONFIG_FILES = ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG")
"""The variable that names the user's CLI configuration, and its old name."""


def terraform_environment(user: Mapping[str, str]) -> dict[str, str]:
    """The whole environment for a Terraform process, made from the user's.

    PYTHON* is dropped too: it would reach our launcher and every program that a provider or provisioner starts.
    """
    environment = UNLESS_SAID | {name: value for name, value in user.items() if _passes(name)} | ALWAYS
    if any(name in environment for name in OF_STORAGE):
        environment.pop(EMULATOR, None)
    for name in CONFIG_FILES:
        # Terraform warns about a missing file on every command, and fails at one that it may not read. An empty one
        # means the same as a missing one; dropping the variable would not: Terraform would then read ~/.terraformrc.
        if name in environment and not _is_readable_file(environment[name]):
            environment[name] = os.devnull
    return environment


def unreadable(user: Mapping[str, str]) -> tuple[str, ...]:
    """The files that those variables name and that are kept from this user: Terraform runs without them."""
    return tuple(user[name] for name in CONFIG_FILES if name in user and _kept_away(user[name]))


def _kept_away(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116 - the path came as a text
    except PermissionError:
        return True
    except OSError:
        return False
    return not os.access(path, os.R_OK)


def _is_readable_file(path: str) -> bool:
    return os.access(path, os.R_OK) and os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where it may not look


def _passes(name: str) -> bool:
    if name.startswith("TF_"):
        return name.startswith(KEPT)
    return not name.startswith("PYTHON")

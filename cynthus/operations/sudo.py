"""The password that sudo asks for on hosts: from the environment, else from whoever is there, once a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.errors import PasswordNeeded, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cynthus.operations.tools import Tools


def sudo_password(tools: Tools, asking: Sequence[str]) -> str | None:
    """The one password for all hosts that ask for one; None where none does.

    Raises:
        PasswordNeeded: nobody gave one.
        UsageError: it is none that Ansible can be given.
    """
    if not asking:
        return None
    password = tools.settings.sudo_password or tools.person.password(f"Password for sudo on {', '.join(asking)}")
    if not password:
        raise PasswordNeeded(
            f"sudo asks for a password on {', '.join(asking)}, and there is neither a terminal to type it on nor "
            "CYNTHUS_SUDO_PASSWORD; nothing was changed",
            hint="set CYNTHUS_SUDO_PASSWORD, let the user use sudo without a password, or set `runtime: venv`, which "
            "installs nothing",
        )
    if password != password.strip():
        raise UsageError(
            "the password for sudo begins or ends with a space, which Ansible takes off it; nothing was changed",
            hint="type it again, or mend CYNTHUS_SUDO_PASSWORD; one that is really so has to be changed there",
        )
    return password

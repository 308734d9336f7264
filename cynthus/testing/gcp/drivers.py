"""A driver by its name: MODULE:NAME, of what is called and gives one."""

from __future__ import annotations

import importlib
from typing import Any

from cynthus.errors import UsageError
from cynthus.testing.gcp.machines import BootFailed


def driver_named(text: str) -> Any:
    """What boots hosts.

    Raises:
        UsageError: nothing of that name is there.
    """
    module, _, name = text.partition(":")
    hint = "name it as MODULE:NAME, of a module that Python finds (PYTHONPATH)"
    wrong = f"{text!r} names nothing that boots hosts"
    if not module or not name:
        raise UsageError(wrong, hint=hint)
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise UsageError(f"{wrong}: {error}", hint=hint) from None
    if not hasattr(found, name):
        raise UsageError(f"{wrong}: {module} has no {name}", hint=hint)
    try:
        return getattr(found, name)()
    except BootFailed as failed:
        raise UsageError(f"{text} boots no hosts: {failed}", hint="mend what it says, or go without") from None

"""A driver by its name: MODULE:NAME, of what is called and gives one."""

from __future__ import annotations

import importlib
from typing import Any

from cynthus.errors import UsageError


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
        make = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise UsageError(f"{wrong}: there is no module {error.name}", hint=hint) from None
    except AttributeError:
        raise UsageError(f"{wrong}: {module} has no {name}", hint=hint) from None
    return make()

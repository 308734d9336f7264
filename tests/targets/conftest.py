"""What the tests of targets ask for."""

from __future__ import annotations

from tests.bed.fixtures import bed
from tests.targets.gcp_user import alone

__all__ = ["alone", "bed"]

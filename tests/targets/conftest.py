"""What the tests of targets ask for."""

from __future__ import annotations

from tests.bed.fixtures import bed

__all__ = ["bed"]

"""Each real Terraform, as a fixture."""

from __future__ import annotations

from tests.terraforms import any_binary, binary

__all__ = ["any_binary", "binary"]

"""What it means when a place says no."""

from __future__ import annotations

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """For a person: what the place means, and what to do about it. `final`: while that holds, nothing can be made there
    at all."""

    message: str
    hint: str
    final: bool = False

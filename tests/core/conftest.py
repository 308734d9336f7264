"""How hypothesis works here: without a clock, because a busy machine is no defect."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("cynthus", deadline=None)
settings.load_profile("cynthus")
